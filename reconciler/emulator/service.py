"""One call from arrival to delivery: login, the hook, the fault, the effect, the log.

Effects: whatever the call does; late effects wait in memory.
Neighbours: `app` hands in decoded requests and puts deliveries on the wire.
"""

from __future__ import annotations

import dataclasses
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.emulator.calls import Call, CallLog
from reconciler.emulator.dispatch import Answer, Request, Route, answer, json_answer, page
from reconciler.emulator.door.door import Door
from reconciler.emulator.faults import SHAPES, Fault, FaultKind, Faults
from reconciler.emulator.history import Author, History
from reconciler.emulator.office import Office
from reconciler.emulator.settings import Settings
from reconciler.emulator.state import State


@dataclass(frozen=True)
class Delivery:
    """How an answer goes out: whole, cut off before it (`cut`), reset, half of it, or slowly."""

    answer: Answer | None
    how: Literal["send", "cut", "reset", "half", "drip", "padded"] = "send"
    pause_s: float = 0.0
    size_bytes: int = 0


@dataclass
class _Late:
    call: Call
    route: Route
    request: Request
    due: float | None
    timer: threading.Timer | None = None


@dataclass
class Service:
    """Answers requests. `real_time` says whether late effects may use timers."""

    office: Office
    faults: Faults
    calls: CallLog
    history: History
    settings: Settings
    door: Door
    real_time: bool
    before_call: Callable[[Call], None] | None = None
    _late: list[_Late] = field(default_factory=list)
    _late_lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, request: Request) -> Delivery:
        """Answer one request."""
        self.settings.follow()
        entry = self.door.enter(request)
        route, request = entry.route, entry.request
        call = self.calls.begin(route.operation, route.writes, self.office.clock.now(), request.body, dict(request.query))
        call.host, call.scheme = entry.host, request.headers.get("authorization", "").partition(" ")[0].lower()
        if self.before_call is not None:
            self.before_call(call)
        refusal = self.door.refusal(entry)
        if refusal is not None:
            return self._logged(call, Delivery(refusal))
        if route.kind not in ("open", "door"):
            who = self.door.who(request)
            if who is None:
                return self._logged(call, Delivery(unauthorized()))
            if who != request.who:
                request = dataclasses.replace(request, who=who)
        fault = self.faults.choose(route.operation, route.writes, call.sequence)
        if fault is None:
            return self._logged(call, Delivery(self._perform(call, route, request)))
        call.fault = fault.kind.value
        return self._logged(call, self._with_fault(fault, call, route, request))

    def _logged(self, call: Call, delivery: Delivery) -> Delivery:
        if delivery.answer is not None:
            call.status, call.response = delivery.answer.status, delivery.answer.content
        return delivery

    # ---- the effect --------------------------------------------------------------------------------------------

    def _perform(self, call: Call, route: Route, request: Request, *, late: bool = False, ignoring: frozenset[str] = frozenset()) -> Answer:
        if route.kind == "door":
            return self.door.answer(route, request)
        if route.kind == "agent" and not self.office.switches.agent_granted and (refused := self.door.refused_agent()):
            return refused
        if route.kind == "open":
            request = dataclasses.replace(request, base=self.door.api_url().removesuffix("/api"))
        author = Author("late" if late else "call", route.operation, call.sequence, ignoring)
        toggled = _connection_id(request) if route.operation == "ToggleErpConnectionActive" else None
        if toggled is None:
            given = answer(self.office, route, request, author)
        else:
            call.active_before = self._active(toggled)
            given = answer(self.office, route, request, author)
            call.active_after = self._active(toggled)
        call.effect = self.history.has_effect(call.sequence)
        return given

    def _active(self, key: int) -> bool | None:
        row = self.office.state.row("ErpConnection", key)
        return row["Active"] if row else None

    # ---- faults ------------------------------------------------------------------------------------------------

    def _with_fault(self, fault: Fault, call: Call, route: Route, request: Request) -> Delivery:
        kind = fault.kind
        if kind is FaultKind.LATE:
            self._postpone(fault, call, route, request)
            return Delivery(None, "cut")
        if kind is FaultKind.SLOW:
            self.office.clock.sleep(fault.delay_s or 0.0)
        if kind is FaultKind.STALE_READ:
            return Delivery(self._stale(call, route, request))
        if kind is FaultKind.IGNORED_FIELD:
            return Delivery(self._perform(call, route, request, ignoring=frozenset({fault.field})))
        given = self._perform(call, route, request) if fault.happens() else None
        if kind is FaultKind.GZIP_BOMB and given is not None:
            return Delivery(packed(given, fault.size_bytes))
        if given is None or kind not in _ANSWERED_WHOLLY:
            return _instead(fault, given)
        how, pause = _ANSWERED_WHOLLY[kind], fault.delay_s or 0.0
        return Delivery(given, how, pause, fault.size_bytes if kind is FaultKind.HUGE_BODY else 0)

    def _stale(self, call: Call, route: Route, request: Request) -> Answer:
        """Answer from the version before the last change; before any change, as always. Writes are never stale."""
        earlier = self.office.state.previous
        if earlier is None or route.writes or route.kind == "door":
            return self._perform(call, route, request)
        past = State(None, self.office.clock, History())
        try:
            past.restore(earlier)
            connectors = dataclasses.replace(self.office.connectors, state=past)
            office = dataclasses.replace(self.office, state=past, connectors=connectors)
            return answer(office, route, request, Author("call", route.operation, call.sequence))
        finally:
            past.close()

    # ---- late effects ------------------------------------------------------------------------------------------

    def _postpone(self, fault: Fault, call: Call, route: Route, request: Request) -> None:
        due = None if fault.delay_s is None else self.office.clock.monotonic() + fault.delay_s
        late = _Late(call, route, request, due)
        call.landed = False
        with self._late_lock:
            self._late.append(late)
        if due is not None and self.real_time:
            late.timer = threading.Timer(fault.delay_s or 0.0, self.land)
            late.timer.daemon = True
            late.timer.start()

    def land(self, *, waiting_for_a_word: bool = False) -> int:
        """Let the effects happen that are due by the clock, and with a word also those without a time. Returns how many."""
        now = self.office.clock.monotonic()
        with self._late_lock:
            # A timer may ring a little before the clock says so.
            due = [one for one in self._late if (waiting_for_a_word if one.due is None else one.due <= now + 0.002)]
            self._late = [one for one in self._late if one not in due]
        for one in due:
            self._perform(one.call, one.route, one.request, late=True)
            one.call.landed = True
        return len(due)

    @property
    def late(self) -> list[Call]:
        """Calls whose effect has yet to land."""
        with self._late_lock:
            return [one.call for one in self._late]

    def forget_late(self) -> None:
        """The effects that wait never happen."""
        with self._late_lock:
            for one in self._late:
                if one.timer is not None:
                    one.timer.cancel()
            self._late.clear()


_ANSWERED_WHOLLY: dict[FaultKind, Literal["send", "half", "drip", "padded"]] = {
    FaultKind.SLOW: "send",
    FaultKind.DRIP: "drip",
    FaultKind.TRUNCATED: "half",
    FaultKind.HUGE_BODY: "padded",
}


def unauthorized() -> Answer:
    """What the server says without a valid login.

    Source: SuperOffice docs, setting up the REST API.
    """
    return page(401, "401 - Unauthorized", {"WWW-Authenticate": 'Basic realm="SuperOffice Username or Ticket"'})


def packed(given: Answer, size: int) -> Answer:
    """The same answer, gzipped, with so many blanks behind it that it unpacks to a size: still valid JSON."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    blanks, left = b" " * 65536, max(0, size - len(given.body))
    parts = [packer.compress(given.body)]
    while left > 0:
        parts.append(packer.compress(blanks[:left]))
        left -= len(blanks)
    body = b"".join((*parts, packer.flush()))
    return dataclasses.replace(given, body=body, headers={**given.headers, "Content-Encoding": "gzip"})


def error_body(fault: Fault) -> Answer:
    """An error in the shape that a fault names."""
    usual, content = SHAPES[fault.shape]
    status = fault.status or usual
    if fault.shape == "page":
        return page(status, content)
    if fault.shape in ("text", "nothing"):
        return Answer(status, (content or "").encode(), "text/plain; charset=utf-8", content=content)
    return json_answer(content, status)


def _connection_id(request: Request) -> int | None:
    body = request.body if isinstance(request.body, dict) else {}
    found = {str(name).lower(): value for name, value in body.items()}.get("erpconnectionid")
    return found if isinstance(found, int) else None


def _instead(fault: Fault, given: Answer | None) -> Delivery:
    """What goes out in place of the real answer."""
    kind = fault.kind
    if kind is FaultKind.REFUSED:
        return Delivery(None, "reset")
    if kind in (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER):
        return Delivery(None, "cut")
    retry = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    broken: dict[str, Any] = {
        "Error": True,
        "ErrorType": "SoServerException",
        "Message": "Something went wrong.",
        "ErrorSource": "SuperOffice",
    }
    answers: dict[FaultKind, Callable[[], Answer]] = {
        FaultKind.ERROR_500_BEFORE: lambda: json_answer(broken, 500),
        FaultKind.ERROR_500_AFTER: lambda: json_answer(broken, 500),
        FaultKind.BAD_GATEWAY_BEFORE: lambda: page(502, "502 Bad Gateway"),
        FaultKind.BAD_GATEWAY_AFTER: lambda: page(502, "502 Bad Gateway"),
        FaultKind.UNAVAILABLE: lambda: page(503, "503 Service Unavailable", retry),
        FaultKind.TOO_MANY: lambda: json_answer({"Message": "Too many requests."}, 429, retry),
        FaultKind.UNAUTHORIZED: unauthorized,
        FaultKind.FORBIDDEN: lambda: page(403, "403 - Forbidden"),
        FaultKind.MISDIRECTED: lambda: page(421, "421 Misdirected Request: wrong subdomain"),
        FaultKind.REDIRECT: lambda: Answer(307, headers={"Location": fault.location}),
        FaultKind.HTML_BEFORE: lambda: page(200, "Please log in"),
        FaultKind.HTML_AFTER: lambda: page(200, "Please log in"),
        FaultKind.NULL_BODY: lambda: json_answer(None),
        FaultKind.ERROR_OBJECT_200: lambda: json_answer(broken),
        FaultKind.ERROR_BODY: lambda: error_body(fault),
        FaultKind.REASONS_WITHOUT_FLIP: lambda: json_answer([fault.reason]),
        FaultKind.REASONS_WITH_FLIP: lambda: json_answer([fault.reason]),
    }
    return Delivery(answers[kind]() if kind in answers else given)
