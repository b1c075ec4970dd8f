"""Faults: what can go wrong with a call, on which call, and how often.

Effects: none.
Neighbours: tests and `control` add faults; `service` asks which one hits a call.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


class FaultKind(enum.Enum):
    """Every way a call can fail. `After` means that the effect happens, `before` that it never does."""

    REFUSED = "refused"
    """The connection is reset before anything is processed; no effect."""
    DROP_BEFORE = "drop-before"
    """The request is read, nothing happens, the connection closes without an answer."""
    DROP_AFTER = "drop-after"
    """The effect happens, then the connection closes without an answer."""
    LATE = "late"
    """The connection closes without an answer; the effect lands `delay_s` later, or at `land_late()` where that is None."""
    ERROR_500_BEFORE = "error-500-before"
    """500 with an error object; no effect."""
    ERROR_500_AFTER = "error-500-after"
    """500 with an error object; the effect happened."""
    BAD_GATEWAY_BEFORE = "bad-gateway-before"
    """502 from something in between; no effect."""
    BAD_GATEWAY_AFTER = "bad-gateway-after"
    """502 from something in between; the effect happened."""
    UNAVAILABLE = "unavailable"
    """503 with Retry-After where `retry_after_s` is given; no effect."""
    TOO_MANY = "too-many"
    """429 with Retry-After where `retry_after_s` is given; no effect."""
    UNAUTHORIZED = "unauthorized"
    """401 with an HTML page; no effect."""
    FORBIDDEN = "forbidden"
    """403; no effect."""
    MISDIRECTED = "misdirected"
    """421, as when a tenant has moved to another host; no effect."""
    REDIRECT = "redirect"
    """307 to `location`; no effect."""
    HTML_BEFORE = "html-before"
    """200 with an HTML page; no effect."""
    HTML_AFTER = "html-after"
    """200 with an HTML page; the effect happened."""
    NULL_BODY = "null-body"
    """200 with `null`; the effect happened unless `effect` is False."""
    ERROR_OBJECT_200 = "error-object-200"
    """200 with an error object; no effect unless `effect` is True."""
    TRUNCATED = "truncated"
    """Half the body, while Content-Length announces all of it; the effect happened."""
    HUGE_BODY = "huge-body"
    """A valid JSON text padded to `size_bytes`; the effect happened."""
    SLOW = "slow"
    """Nothing happens for `delay_s`, then all is well."""
    DRIP = "drip"
    """All is well, but the body comes a few bytes at a time, spread over `delay_s`."""
    STALE_READ = "stale-read"
    """A read answers as before the last change."""
    REASONS_WITHOUT_FLIP = "reasons-without-flip"
    """The toggle answers with a reason and flips nothing."""
    REASONS_WITH_FLIP = "reasons-with-flip"
    """The toggle flips and answers with a reason all the same."""
    ERROR_BODY = "error-body"
    """An error in one of the shapes that official material shows: `shape`, with `status`; no effect unless `effect` is True."""
    GZIP_BOMB = "gzip-bomb"
    """A small body that unpacks to `size_bytes` of valid JSON; the effect happened."""
    IGNORED_FIELD = "ignored-field"
    """A save answers 200 but leaves the member `field` as it was."""


HAPPENS = frozenset({
    FaultKind.DROP_AFTER, FaultKind.ERROR_500_AFTER, FaultKind.BAD_GATEWAY_AFTER, FaultKind.HTML_AFTER, FaultKind.NULL_BODY,
    FaultKind.TRUNCATED, FaultKind.HUGE_BODY, FaultKind.SLOW, FaultKind.DRIP, FaultKind.STALE_READ, FaultKind.REASONS_WITH_FLIP,
    FaultKind.GZIP_BOMB,
    FaultKind.IGNORED_FIELD,
})  # fmt: skip
"""Kinds in which the effect happens unless a fault says otherwise."""


SHAPES: dict[str, tuple[int, Any]] = {
    "not-found": (
        404,
        {"Error": True, "ErrorType": "SoNotFoundException", "ErrorMessage": "It was not found.", "ErrorSource": "SuperOffice"},
    ),
    "argument": (400, {"Error": True, "ErrorType": "ArgumentException", "Message": "It is not valid.", "ErrorSource": "SuperOffice"}),
    "parameter": (400, {"Message": "The request is invalid.", "MessageDetail": "A parameter is wrong."}),
    "http-error": (404, {"$type": "System.Web.Http.HttpError, System.Web.Http", "Message": "No resource was found."}),
    "right": (403, {"Error": True, "ErrorType": "SoSentryException", "Message": "A right is missing.", "ErrorSource": "SuperOffice"}),
    "null": (200, None),
    "page": (401, "401 - Unauthorized"),
    "text": (500, "The service is unavailable."),
    "nothing": (500, None),
}
"""Names of error bodies: the status that each is seen with, and its content. `page` is HTML, `text` plain, `nothing` no body at all.

Source: SuperOffice docs, errors of the REST and the agents WebAPI; tests of the vendor's TypeScript client; ASP.NET's HttpError.
"""


@dataclass(frozen=True)
class Fault:
    """One thing that is going to go wrong.

    Attributes:
        operation: an operation (`SaveConnection`, `MDOList/usergroup`), `*` for every call, `write` or `read`.
        kind: how it goes wrong.
        nth: the first call that is hit, counting the calls that match from when the fault was added.
        times: how many calls in a row are hit; None means all from then on.
        delay_s: for LATE, SLOW and DRIP; None with LATE waits for `land_late()`.
        effect: overrides whether the effect happens, for the kinds that answer something else.
        field: the member that IGNORED_FIELD leaves alone.
        retry_after_s: Retry-After of TOO_MANY and UNAVAILABLE.
        location: where REDIRECT points.
        reason: what the REASONS kinds answer.
        size_bytes: how long a HUGE_BODY is, and how long a GZIP_BOMB unpacks to.
        shape: the shape of an ERROR_BODY, one of `SHAPES`.
        status: the status of an ERROR_BODY; None takes the one that its shape is seen with.
    """

    operation: str
    kind: FaultKind
    nth: int = 1
    times: int | None = 1
    delay_s: float | None = None
    effect: bool | None = None
    field: str = ""
    retry_after_s: int | None = None
    location: str = "http://elsewhere.invalid/"
    reason: str = "The connection could not be activated."
    size_bytes: int = 64 * 1024 * 1024
    shape: str = "argument"
    status: int | None = None

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"{self.shape!r} is not a shape of an error; there are {', '.join(SHAPES)}")

    def happens(self) -> bool:
        """Whether the call's effect takes place."""
        return self.kind in HAPPENS if self.effect is None else self.effect

    def matches(self, operation: str, writes: bool) -> bool:
        """Whether a call counts for this fault."""
        if self.operation in ("*", "write", "read"):
            return self.operation == "*" or (self.operation == "write") == writes
        return self.operation.lower() == operation.lower()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Fault:
        """From JSON.

        Raises:
            ValueError: no such kind, or a member that faults do not have.
        """
        try:
            return cls(**{**content, "kind": FaultKind(str(content["kind"]).lower().replace("_", "-"))})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a fault: {error}") from error
        except ValueError as error:
            kinds = ", ".join(kind.value for kind in FaultKind)
            raise ValueError(f"{content['kind']!r} is not a kind of fault; there are {kinds}") from error


@dataclass
class _Waiting:
    fault: Fault
    seen: int = 0
    row: int | None = None


@dataclass
class Faults:
    """The faults that wait for their call, and those that hit one."""

    fired: list[tuple[int, Fault]] = field(default_factory=list)
    """(sequence of the call, fault), oldest first."""
    when_spent: Callable[[int], None] | None = None
    _waiting: list[_Waiting] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, row: int | None = None) -> None:
        """Let a fault wait; `row` is its key in the state file, where it was stored there."""
        with self._lock:
            self._waiting.append(_Waiting(fault, row=row))

    def clear(self) -> None:
        """No more faults; what fired is forgotten too."""
        with self._lock:
            self._waiting.clear()
            self.fired.clear()

    @property
    def waiting(self) -> list[Fault]:
        """Faults that may still hit a call."""
        with self._lock:
            return [one.fault for one in self._waiting]

    def stored_rows(self) -> set[int]:
        """The keys in the state file of the faults that wait."""
        with self._lock:
            return {one.row for one in self._waiting if one.row is not None}

    def wants_previous(self) -> bool:
        """Whether a stale read may come, so that the version before the last change must be kept."""
        return any(one.fault.kind is FaultKind.STALE_READ for one in self._waiting)

    def choose(self, operation: str, writes: bool, sequence: int) -> Fault | None:
        """Count a call for every fault that matches it, and return the first fault whose turn it is."""
        if not self._waiting:
            return None
        with self._lock:
            chosen: Fault | None = None
            for one in list(self._waiting):
                if not one.fault.matches(operation, writes):
                    continue
                one.seen += 1
                last = None if one.fault.times is None else one.fault.nth + one.fault.times - 1
                if chosen is None and one.seen >= one.fault.nth and (last is None or one.seen <= last):
                    chosen = one.fault
                    self.fired.append((sequence, chosen))
                if last is not None and one.seen >= last:
                    self._waiting.remove(one)
                    if one.row is not None and self.when_spent is not None:
                        self.when_spent(one.row)
            return chosen
