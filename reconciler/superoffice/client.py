"""One tenant over HTTP: login, headers, pace, deadlines, retries of what may be retried, and one line per call.

The retry policy is the operation's (`wire.operations`). A write is sent exactly once, whatever comes of it.

Source: SuperOffice docs, HTTP headers (`Accept-Language` and `SO-Language`: `*` leaves texts untranslated, without which a
later save would destroy languages), agents WebAPI (every agent call is a POST); custom app checklist (no more than 10 calls
per second); the official TypeScript client (how a base address becomes `.../api/v1/`).

Effects: network; waits on the clock it is given.
"""

from __future__ import annotations

import ipaddress
import json
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from urllib3.util import Url, parse_url

from reconciler import __version__
from reconciler.errors import TargetError
from reconciler.model import Limits, Secret, Timeouts
from reconciler.ports import Clock
from reconciler.superoffice.answers import Unreadable, read_json
from reconciler.superoffice.auth import Auth
from reconciler.superoffice.pace import Pace
from reconciler.superoffice.redact import Redactor
from reconciler.superoffice.transport import Exchange, NoReply, Reply, Transport
from reconciler.wire.operations import OPERATIONS, Kind, Operation

__all__ = ["Call", "Client"]

_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Accept-Language": "*",
    "SO-Language": "*",
    "User-Agent": f"reconciler/{__version__}",
}
_ATTEMPTS: Final = 4  # of one read
_ATTEMPTS_AT_CONNECTOR: Final = 2  # where a failure is most likely the connector's, and lasting
_PASSES: Final = frozenset({408, 429, 500, 502, 503, 504})  # statuses after which a read is worth repeating
_FIRST_PAUSE: Final = 0.25  # seconds before the second attempt; doubled for each further one, and jittered
_SHORTEST: Final = 0.1  # seconds for an attempt at the end of the budget
_LONGEST_PAUSE: Final = 30.0  # of what a server asks for in Retry-After


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange, for `--debug`: never headers, never bodies."""

    at: datetime
    operation: str
    status: int | None
    seconds: float
    attempt: int
    note: str = ""

    def __str__(self) -> str:
        told = self.status if self.status is not None else "no answer"
        line = f"{self.at:%Y-%m-%dT%H:%M:%S.%fZ} {self.operation} {told} {self.seconds * 1000:.0f} ms, attempt {self.attempt}"
        return f"{line} ({self.note})" if self.note else line


class Client:
    """Calls operations of one tenant; safe to use from several threads.

    Args:
        url: where SuperOffice is: `https://crm.example.com/SuperOffice`, with or without `/api` or `/api/v1`.
        auth: the login.
        timeouts, limits: as the target says.
        clock: waits and measures. Deadlines of sockets are kept by the system's own clock.
        log: told of every exchange.
        jitter: numbers from 0 to 1.

    Raises:
        TargetError: the address is not one to which credentials may be sent.
    """

    def __init__(
        self,
        url: str,
        auth: Auth,
        *,
        timeouts: Timeouts,
        limits: Limits,
        clock: Clock,
        log: Callable[[Call], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.auth = auth
        self.parallel = max(1, limits.parallel_reads)
        self.clock = clock
        self._timeouts = timeouts
        self._log = log
        self._jitter = jitter
        self._redactor = Redactor()
        self._pace = Pace(limits.calls_per_second, clock)
        self._slots = threading.BoundedSemaphore(self.parallel)
        self._transport = Transport(_base(url), connections=self.parallel, connect_seconds=timeouts.connect)

    def conceal(self, secrets: Iterable[Secret]) -> None:
        """Never show these in a text of the server, whether or not they were sent by us."""
        self._redactor.learn(secrets)

    def repeatable(
        self, key: str, *, body: Any = None, query: Mapping[str, str] | None = None, secrets: Iterable[Secret] = (), name: str = ""
    ) -> Exchange:
        """Call a read or a test, and repeat it as its kind allows, within twice its deadline.

        Args:
            name: what the operation's path names, where it names something.
        """
        operation = OPERATIONS[key].on(name)
        if operation.kind.is_write:
            raise ValueError(f"{key} is a write")
        self._redactor.learn(secrets)
        seconds = operation.deadline(self._timeouts)
        end = self.clock.monotonic() + 2 * seconds
        attempts = _ATTEMPTS_AT_CONNECTOR if operation.reaches_connector else _ATTEMPTS
        renewed = False
        attempt = 1
        while True:
            left = end - self.clock.monotonic()
            with self._slots:
                exchange = self._exchange(operation, body, query, max(_SHORTEST, min(seconds, left)), attempt, fresh=False)
            if isinstance(exchange, Reply) and exchange.status == 401 and not renewed and self.auth.renew():
                renewed = True
                continue
            pause = self._pause(exchange, attempt)
            if attempt >= attempts or not _passes(operation.kind, exchange) or self.clock.monotonic() + pause >= end:
                return exchange
            self.clock.sleep(pause)
            attempt += 1

    def once(self, key: str, *, body: Any = None, query: Mapping[str, str] | None = None, secrets: Iterable[Secret] = ()) -> Exchange:
        """Send a write, exactly once, on a connection of its own."""
        operation = OPERATIONS[key]
        if not operation.kind.is_write:
            raise ValueError(f"{key} is not a write")
        self._redactor.learn(secrets)
        exchange = self._exchange(operation, body, query, operation.deadline(self._timeouts), 1, fresh=True)
        if isinstance(exchange, Reply) and exchange.status == 429:
            self._pace.hold(self._pause(exchange, 1))
        return exchange

    def show(self, text: str) -> str:
        """Somebody else's text, fit to be shown: one line, bounded, without any secret that was sent."""
        self._redactor.learn(self.auth.secrets())
        return self._redactor.show(text)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    def _exchange(
        self, operation: Operation, body: Any, query: Mapping[str, str] | None, seconds: float, attempt: int, *, fresh: bool
    ) -> Exchange:
        path = operation.path
        if query:
            path += "?" + "&".join(f"{quote(name, safe='$')}={quote(value, safe=',')}" for name, value in query.items())
        headers = {**_HEADERS, **self.auth.headers()}
        content = None
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode("ascii")
            headers["Content-Type"] = "application/json; charset=utf-8"
        self._pace.take()
        at, began = self.clock.now(), self.clock.monotonic()
        exchange = self._transport.exchange(operation.method, path, headers, content, seconds=seconds, fresh=fresh)
        if self._log is not None:
            status, note = (None, self.show(exchange.why)) if isinstance(exchange, NoReply) else (exchange.status, "")
            self._log(Call(at, operation.name, status, self.clock.monotonic() - began, attempt, note))
        return exchange

    def _pause(self, exchange: Exchange, attempt: int) -> float:
        """Seconds until the next attempt: what the server asks for, bounded, or else growing and jittered."""
        pause = _FIRST_PAUSE * 2.0 ** (attempt - 1) * (0.5 + self._jitter() / 2)
        asked = _asked(exchange.retry_after, self.clock.now()) if isinstance(exchange, Reply) else 0.0
        return max(pause, min(asked, _LONGEST_PAUSE))


def _passes(kind: Kind, exchange: Exchange) -> bool:
    """Whether a repetition is allowed and may help."""
    if isinstance(exchange, NoReply):
        return kind is Kind.READ or not exchange.sent
    if kind is Kind.TEST:
        return exchange.status == 429
    if exchange.status != 200:
        return exchange.status in _PASSES
    try:
        read_json(exchange)
    except Unreadable:  # a page of something in between
        return True
    return False


def _asked(retry_after: str, now: datetime) -> float:
    """Retry-After in seconds, from a number or a date; 0 for none, nonsense and the past. Source: RFC 9110 section 10.2.3."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError, IndexError):
        return 0.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _base(url: str) -> Url:
    """Where `api/v1` is, refusing addresses to which credentials must not be sent."""
    parts = urlsplit(url)
    problem = ""
    if parts.scheme not in ("https", "http") or not parts.hostname:
        problem = "It must be an https:// address"
    elif parts.username or parts.password or parts.query or parts.fragment:
        problem = "It must not hold a login, a query or a fragment"
    elif parts.scheme == "http" and not _is_loopback(parts.hostname):
        problem = "http:// sends the login in clear, so it is accepted on this machine only; use https://"
    if problem:
        raise TargetError("Target address cannot be used", f"{problem}.", "Change `url` of the target in targets.yaml.")
    path = parts.path.rstrip("/")
    if path.lower().endswith("/api/v1"):
        path = path[: -len("/v1")]
    elif not path.lower().endswith("/api"):
        path += "/api"
    return parse_url(f"{parts.scheme}://{parts.netloc}{path}/v1")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
