"""One tenant over HTTP: login, headers, pace, deadlines, retries of what may be retried, and one line per call.

The retry policy is the operation's (`wire.operations`). A write is sent exactly once, whatever comes of it.

Source: SuperOffice docs, HTTP headers (`Accept-Language` and `SO-Language`: `*` leaves texts untranslated, without which a
later save would destroy languages), agents WebAPI (every agent call is a POST); custom app checklist (no more than 10 calls
per second); the official TypeScript client (how a base address becomes `.../api/v1/`).

Effects: network; waits on the clock it is given.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from urllib3.util import Url, parse_url

from reconciler import __version__
from reconciler.errors import TargetError
from reconciler.model import Limits, Secret, Timeouts
from reconciler.ports import Clock
from reconciler.superoffice.auth import Auth
from reconciler.superoffice.callline import Call, answered
from reconciler.superoffice.outline import outline
from reconciler.superoffice.pace import Pace
from reconciler.superoffice.redact import Redactor
from reconciler.superoffice.repeats import ATTEMPTS, ahead_seconds, passes, pause_after
from reconciler.superoffice.tenant import FixedHome, Home
from reconciler.superoffice.transport import Exchange, Network, NoReply, Reply, Transport, is_loopback
from reconciler.wire.operations import OPERATIONS, Operation

__all__ = ["Client"]

_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Accept-Language": "*",
    "SO-Language": "*",
    "User-Agent": f"reconciler/{__version__}",
}
_NO_LOGIN: Final[Mapping[str, str]] = {}
_ATTEMPTS_AT_CONNECTOR: Final = 2  # where a failure is most likely the connector's, and lasting
_REFUSED_IN_A_ROW: Final = 2  # writes; after the first one a read renews the login, which is enough where tickets last
_SHORTEST: Final = 0.1  # seconds for an attempt at the end of the budget
_MAY_HAVE_STOPPED: Final = frozenset({None, 502, 503, 504})  # after which it is worth asking whether the tenant runs, and where


class Client:
    """Calls operations of one tenant; safe to use from several threads.

    Args:
        home: where SuperOffice is; an address such as `https://crm.example.com/SuperOffice`, with or without `/api` or `/api/v1`,
            for one that does not move.
        auth: the login.
        timeouts, limits: as the target says.
        clock: waits and measures. Deadlines of sockets are kept by the system's own clock.
        log: told of every exchange.
        jitter: numbers from 0 to 1.
        network: how hosts are reached; by default directly, with the authorities of the system.

    Attributes:
        ahead: seconds by which our clock was ahead of the server's at its last answer; None while it has not told its time.

    Raises:
        TargetError: the address is not one to which credentials may be sent.
    """

    def __init__(
        self,
        home: Home | str,
        auth: Auth,
        *,
        timeouts: Timeouts,
        limits: Limits,
        clock: Clock,
        log: Callable[[Call], None] | None = None,
        jitter: Callable[[], float] = random.random,
        network: Network | None = None,
    ) -> None:
        self.auth = auth
        self.parallel = max(1, limits.parallel_reads)
        self.clock = clock
        self.ahead: float | None = None
        self._timeouts = timeouts
        self._log = log
        self._jitter = jitter
        self._network = network or Network(timeouts.connect)
        self._redactor = Redactor()
        self._pace = Pace(limits.calls_per_second, clock)
        self._slots = threading.BoundedSemaphore(self.parallel)
        self._lock = threading.Lock()
        self._transports: dict[str, Transport] = {}
        self._refused_writes = 0  # with 401, in a row, although reads in between were let in
        self._home: Home = home if not isinstance(home, str) else FixedHome(home)
        if isinstance(home, str):
            self._transport_to(home)

    def conceal(self, secrets: Iterable[Secret]) -> None:
        """Never show these in a text of the server, whether or not they were sent by us."""
        self._redactor.learn(secrets)

    def repeatable(
        self,
        key: str | Operation,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        secrets: Iterable[Secret] = (),
        name: str = "",
    ) -> Exchange:
        """Call a read or a test, and repeat it as its kind allows, within twice its deadline.

        An expired login is renewed, and a tenant that moved is followed to where the state endpoint says it is: once each.

        Args:
            key: of the table; or a read that is not in it, for whoever explores a tenant.
            name: what the operation's path names, where it names something.

        Raises:
            TargetError: the login failed, or the tenant does not run; the operation itself was not carried out.
        """
        operation = (OPERATIONS[key] if isinstance(key, str) else key).on(name)
        if operation.kind.is_write:
            raise ValueError(f"{key} is a write")
        self._redactor.learn(secrets)
        seconds = operation.deadline(self._timeouts)
        end = self.clock.monotonic() + 2 * seconds
        attempts = _ATTEMPTS_AT_CONNECTOR if operation.reaches_connector else ATTEMPTS
        renewed = moved = asked = False
        attempt = 1
        while True:
            left = end - self.clock.monotonic()
            api, login = self._home.api(), _NO_LOGIN if operation.above else self.auth.headers()
            with self._slots:
                exchange = self._exchange(operation, body, query, api, login, max(_SHORTEST, min(seconds, left)), attempt, fresh=False)
            status = exchange.status if isinstance(exchange, Reply) else None
            if status == 401 and login and not renewed and self.auth.renew(login):
                renewed = True
                continue
            if status == 421 and not moved and self._home.again(api):
                moved = True
                continue
            pause = self._paused(exchange, attempt)
            if attempt >= attempts or not passes(operation.kind, exchange) or self.clock.monotonic() + pause >= end:
                return exchange
            if not asked and status in _MAY_HAVE_STOPPED:
                self._home.again(api)
                asked = True
            self.clock.sleep(pause)
            attempt += 1

    def once(self, key: str, *, body: Any = None, query: Mapping[str, str] | None = None, secrets: Iterable[Secret] = ()) -> Exchange:
        """Send a write, exactly once, on a connection of its own. Never raises for how it went.

        A login or an address that is missing is fetched before; after a 401 or a 421, which prove that nothing happened, nothing is
        sent again: the read that comes next renews what has to be renewed, and the caller decides. Where that read itself uses up
        what it renewed, the second write in a row is refused, too; from then on a write goes out with a login of its own.
        """
        operation = OPERATIONS[key]
        if not operation.kind.is_write:
            raise ValueError(f"{key} is not a write")
        self._redactor.learn(secrets)
        try:
            api, login = self._home.api(), self.auth.headers()
            self._transport_to(api)
            renewed = self._refused_writes >= _REFUSED_IN_A_ROW and self.auth.renew(login)
            login = self.auth.headers() if renewed else login
        except TargetError as error:
            return NoReply(False, f"{error.summary}: {error.detail}".rstrip("."))
        exchange = self._exchange(operation, body, query, api, login, operation.deadline(self._timeouts), 1, fresh=True)
        refused = isinstance(exchange, Reply) and exchange.status == 401
        if refused:  # a fresh login that is refused as well is not the remedy
            self._refused_writes = 0 if renewed else self._refused_writes + 1
        elif not renewed:
            self._refused_writes = 0
        self._paused(exchange, 1)
        return exchange

    def _paused(self, exchange: Exchange, attempt: int) -> float:
        """The pause that is due after an answer. Where the server asks to slow down, all calls do."""
        pause = pause_after(exchange, attempt, now=self.clock.now(), jitter=self._jitter)
        if isinstance(exchange, Reply) and exchange.status == 429:
            self._pace.hold(pause)
        return pause

    def show(self, text: str) -> str:
        """Somebody else's text, fit to be shown: one line, bounded, without any secret that was sent."""
        self._redactor.learn(self.auth.secrets())
        return self._redactor.show(text)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for transport in self._transports.values():
            transport.close()

    def _transport_to(self, api: str) -> Transport:
        with self._lock:
            if api not in self._transports:
                self._transports[api] = Transport(_base(api), connections=self.parallel, network=self._network)
            return self._transports[api]

    def _exchange(
        self,
        operation: Operation,
        body: Any,
        query: Mapping[str, str] | None,
        api: str,
        login: Mapping[str, str],
        seconds: float,
        attempt: int,
        *,
        fresh: bool,
    ) -> Exchange:
        path = operation.path if operation.above else f"v1/{operation.path}"
        if query:
            path += "?" + "&".join(f"{quote(name, safe='$')}={quote(value, safe=',')}" for name, value in query.items())
        headers = {**_HEADERS, **login}
        content = None
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode("ascii")
            headers["Content-Type"] = "application/json; charset=utf-8"
        transport = self._transport_to(api)
        self._pace.take()
        at, began = self.clock.now(), self.clock.monotonic()
        exchange = transport.exchange(operation.method, path, headers, content, seconds=seconds, fresh=fresh)
        if isinstance(exchange, Reply):
            ahead = ahead_seconds(exchange, self.clock.now())
            self.ahead = self.ahead if ahead is None else ahead
            if exchange.status != 401 and login:
                self.auth.accepted(login)
        if self._log is not None:
            status, note, got = answered(exchange, show=self.show)
            sent = "" if body is None else outline(body, show=self.show)
            host = urlsplit(api).netloc
            self._log(Call(at, operation.name, status, self.clock.monotonic() - began, attempt, note, host, sent, got))
        return exchange


def _base(url: str) -> Url:
    """Where `api/v1` is, refusing addresses to which credentials must not be sent."""
    parts = urlsplit(url)
    problem = ""
    if parts.scheme not in ("https", "http") or not parts.hostname:
        problem = "It must be an https:// address"
    elif parts.username or parts.password or parts.query or parts.fragment:
        problem = "It must not hold a login, a query or a fragment"
    elif parts.scheme == "http" and not is_loopback(parts.hostname):
        problem = "http:// sends the login in clear, so it is accepted on this machine only; use https://"
    if problem:
        raise TargetError("Target address cannot be used", f"{problem}.", "Change `url` of the target in targets.yaml.")
    path = parts.path.rstrip("/")
    if path.lower().endswith("/api/v1"):
        path = path[: -len("/v1")]
    elif not path.lower().endswith("/api"):
        path += "/api"
    return parse_url(f"{parts.scheme}://{parts.netloc}{path}")
