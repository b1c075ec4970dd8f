"""The host of an Online environment, which is asked before a tenant is: state, login, keys, tokens.

Only the three hosts of the vendor exist, and for tests a loopback address. Redirects are refused, so that nothing that is sent here
is ever sent elsewhere.

Source: SuperOffice docs, environments (sod, qaonline, online; "login and token calls only at the roots"), tenant status.

Effects: network; waits on the clock it is given.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from urllib3.util import parse_url

from reconciler import __version__
from reconciler.errors import TargetError
from reconciler.ports import Clock
from reconciler.superoffice.answers import Unreadable, read_json
from reconciler.superoffice.callline import Call, answered
from reconciler.superoffice.outline import outline
from reconciler.superoffice.redact import Redactor
from reconciler.superoffice.repeats import ATTEMPTS, passes, pause_after
from reconciler.superoffice.transport import Exchange, Network, NoReply, Reply, Transport
from reconciler.wire.operations import Kind

__all__ = ["HOSTS", "RootHost", "json_of"]

HOSTS: Final[Mapping[str, str]] = {name: f"https://{name}.superoffice.com" for name in ("sod", "qaonline", "online")}
"""The host of each environment."""

_STATE: Final = "api/state/{tenant}"
_LOGIN: Final = "Login/api/PartnerSystemUser/Authenticate"
_KEYS: Final = "login/.well-known/jwks"
_TOKENS: Final = "login/common/oauth/tokens"


class RootHost:
    """Asks the host of an environment; safe to use from several threads.

    Args:
        url: one of `HOSTS`, or the loopback address of an emulator.
        network: how it is reached.
        read_seconds: the deadline of one exchange.
        clock, log, jitter: as for the client.
    """

    def __init__(
        self,
        url: str,
        *,
        network: Network,
        read_seconds: float,
        clock: Clock,
        log: Callable[[Call], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.clock = clock
        self.redactor = Redactor()
        self._host = parse_url(url).netloc or ""
        self._seconds = read_seconds
        self._log = log
        self._jitter = jitter
        self._transport = Transport(parse_url(url.rstrip("/")), connections=1, network=network)

    def state(self, tenant: str) -> Reply:
        """What the state endpoint says of a tenant; needs no login."""
        return self._ask(f"state of {tenant}", "GET", _STATE.replace("{tenant}", quote(tenant, safe="")))

    def keys(self) -> Reply:
        """The public keys with which tokens are signed."""
        return self._ask("signing keys", "GET", _KEYS)

    def log_in(self, body: Mapping[str, str], secrets: Iterable[str]) -> Reply:
        """Exchange a signed system user token for a ticket."""
        self.redactor.learn(secrets)
        content = json.dumps(body).encode("ascii")
        return self._ask("system user login", "POST", _LOGIN, content, "application/json; charset=utf-8", tuple(body))

    def tokens(self, form: Mapping[str, str], secrets: Iterable[str]) -> Reply:
        """Exchange a refresh token for an access token. In the body, since addresses are kept in logs."""
        self.redactor.learn(secrets)
        content = urlencode(form).encode("ascii")
        return self._ask("access token", "POST", _TOKENS, content, "application/x-www-form-urlencoded", tuple(form))

    def show(self, text: str) -> str:
        """Somebody else's text, fit to be shown."""
        return self.redactor.show(text)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    def _ask(self, name: str, method: str, path: str, content: bytes | None = None, kind: str = "", members: tuple[str, ...] = ()) -> Reply:
        """One question, repeated as a read is: nothing here changes a tenant.

        Raises:
            TargetError: no answer, or a redirect.
        """
        end = self.clock.monotonic() + 2 * self._seconds
        attempt = 1
        while True:
            exchange = self._exchange(name, method, path, content, kind, members, attempt)
            pause = pause_after(exchange, attempt, now=self.clock.now(), jitter=self._jitter)
            # A page where JSON is expected is told by whoever asked; a refusal (4xx) may well be a page.
            again = isinstance(exchange, NoReply) or exchange.status != 200
            if not (again and attempt < ATTEMPTS and passes(Kind.READ, exchange)) or self.clock.monotonic() + pause >= end:
                break
            self.clock.sleep(pause)
            attempt += 1
        if isinstance(exchange, NoReply):
            detail = f"The {name} was asked for at {self._host}, and there was no answer: {self.show(exchange.why)}."
            raise TargetError("SuperOffice Online cannot be reached", detail, exchange.hint or _HINT, operation=name)
        if 300 <= exchange.status < 400:
            detail = f"The {name} was asked for at {self._host}, which answered {exchange.status}: a redirect, which is never followed."
            raise TargetError("SuperOffice Online cannot be reached", detail, _HINT, operation=name, status=exchange.status)
        return exchange

    def _exchange(
        self, name: str, method: str, path: str, content: bytes | None, kind: str, members: tuple[str, ...], attempt: int
    ) -> Exchange:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"reconciler/{__version__}"}
        if content is not None:
            headers["Content-Type"] = kind
        at, began = self.clock.now(), time.monotonic()
        exchange = self._transport.exchange(method, path, headers, content, seconds=self._seconds, fresh=content is not None)
        if self._log is not None:
            status, note, got = answered(exchange, show=self.show, hides_texts=content is not None)
            sent = outline(dict.fromkeys(members, ""), show=self.show, hides_texts=True) if members else ""
            self._log(Call(at, name, status, time.monotonic() - began, attempt, note, self._host, sent, got))
        return exchange


_HINT: Final = "Check `environment` of the target, the network of this machine and `proxy`; status.superoffice.com tells of outages."


def json_of(reply: Reply) -> Any:
    """The JSON of an answer; None where it holds none."""
    try:
        return read_json(reply)
    except Unreadable:
        return None
