"""Decides, before anything else, which call a request is, whether this host answers it, and who sends it.

Effects: hands out and counts credentials; asks for a port when the tenant has a host that has none.
Neighbours: `service` asks it about every request; `emulator` gives it addresses.

Source: SuperOffice docs, Online environments and base URLs, check tenant status (421 for a wrong host), authentication schemes.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.emulator.clock import Clock
from reconciler.emulator.companions import RELEASE
from reconciler.emulator.dispatch import Answer, Request, Route, json_answer, page, resolve
from reconciler.emulator.door.online import Online
from reconciler.emulator.door.pace import Pace
from reconciler.emulator.door.sessions import Sessions, Who
from reconciler.emulator.door.switches import DoorSwitches

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from reconciler.emulator.door.login import Identity

ROOT = 0
"""The number of the un-numbered root among the hosts."""
_STATE = "/api/state/"
_AT_ROOT = {
    ("POST", "/login/api/partnersystemuser/authenticate"): "login",
    ("POST", "/login/common/oauth/tokens"): "oauth/tokens",
    ("GET", "/login/.well-known/jwks"): "jwks",
    ("GET", "/login/.well-known/openid-configuration"): "openid-configuration",
}


@dataclass(frozen=True)
class Entry:
    """A request that has arrived: what it asks for, and where.

    Attributes:
        route: what it is.
        request: the request with a path as the office knows it.
        host: the number of the host that was called.
    """

    route: Route
    request: Request
    host: int


class Door:
    """The door of one emulator.

    Args:
        online: the tenant that is played; None is an installation onsite.
        login: name and password, onsite.
        address: the base URL of a host by number, without a slash at the end; opens its port where it has none.
    """

    def __init__(
        self, online: Online | None, login: tuple[str, str], clock: Clock, switches: DoorSwitches, address: Callable[[int], str]
    ) -> None:
        self._online = online
        self.switches = switches
        self.sessions = Sessions(clock, switches, online.tenant if online else "Emulator")
        self._clock = clock
        self._address = address
        self._pace = Pace(clock, switches, self.now)
        self._basic = "Basic " + base64.b64encode(":".join(login).encode()).decode()

    # ---- for tests and controls --------------------------------------------------------------------------------

    def ticket(self, who: Who = "user") -> str:
        """A ticket that is good from now, as somebody gets who logs in some other way."""
        return self.sessions.ticket(who)

    def token(self, who: Who = "user") -> str:
        """An access token that is good from now."""
        return self.sessions.token(who)

    def expire(self) -> int:
        """Every ticket and token is over. Returns how many were still good."""
        return self.sessions.expire()

    def rotate_keys(self) -> None:
        """The identity provider signs with a new key; the earlier ones stay published."""
        self._identity.rotate()

    @cached_property
    def credentials(self) -> Online:
        """What an application needs to log in, with a private key that was made where none was given.

        Raises:
            LookupError: this emulator plays no Online tenant.
        """
        from reconciler.emulator.door.keys import pem

        return dataclasses.replace(self._played(), private_key=pem(self._app_key))

    @property
    def private_key_xml(self) -> str:
        """The application's key as the Developer Portal shows it.

        Raises:
            LookupError: this emulator plays no Online tenant.
        """
        from reconciler.emulator.door.keys import xml

        return xml(self._app_key)

    def secrets(self) -> set[str]:
        """Every value that is a credential, for hiding it."""
        online = self._online
        fixed = {online.client_secret, online.system_token, online.refresh_token} if online else set()
        return fixed | self.sessions.values()

    # ---- every request -----------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now() + timedelta(seconds=self.switches.clock_ahead_s)

    def enter(self, request: Request) -> Entry:
        """Find out what a request is for. Nothing happens and nobody is checked yet."""
        online = self._online
        if online is None:
            return Entry(resolve(request.method, request.path), request, ROOT)
        host, low = self._host(request), request.path.rstrip("/").lower()
        name = _AT_ROOT.get((request.method, low), "")
        if name or (request.method == "GET" and low.startswith(_STATE)):
            return Entry(Route(name or "state", "door"), request, host)
        prefix = f"/{online.tenant.lower()}"
        if low == f"{prefix}/api" or low.startswith(f"{prefix}/api/"):
            inside = dataclasses.replace(request, path=request.path[len(prefix) :])
            return Entry(resolve(inside.method, inside.path), inside, host)
        return Entry(Route(request.path, "nowhere"), request, host)

    def refusal(self, entry: Entry) -> Answer | None:
        """Why this host does not answer a request, whoever sends it; None when it does."""
        throttled = self._pace.refusal()
        if throttled is not None or self._online is None:
            return throttled
        if entry.route.kind == "nowhere":
            return page(404, "404 - Not Found")
        if entry.host != (ROOT if entry.route.kind == "door" else self.switches.tenant_host):
            return page(421, "421 Misdirected Request: wrong subdomain")
        if entry.route.kind != "door" and not self._is_running():
            return page(503, f"503 - The tenant is not available ({self.switches.tenant_state})")
        return None

    def who(self, request: Request) -> Who | None:
        """Who sends a request; None when its credential is none, unknown or over."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        scheme, value = scheme.lower(), value.strip()
        if scheme == "basic":
            return "user" if self._online is None and f"Basic {value}" == self._basic else None
        if scheme == "soticket":
            online = self._online
            if online and self.switches.app_token_required and request.headers.get("so-apptoken") != online.client_secret:
                return None
            return self.sessions.use_ticket(value)
        return self.sessions.use_token(value) if scheme == "bearer" else None

    def is_controller(self, authorization: str | None) -> bool:
        """Whether an Authorization header holds the login of the emulator's own controls; the scheme's case does not matter."""
        scheme, _, rest = (authorization or "").partition(" ")
        return f"{scheme.capitalize()} {rest.strip()}" == self._basic

    def answer(self, route: Route, request: Request) -> Answer:
        """Answer a request that is for the door itself: the tenant's state, a login, keys."""
        online = self._played()
        if route.operation == "state":
            return self._state(online, request)
        if route.operation == "jwks":
            return json_answer({"keys": [key.jwk() for key in self._identity.keys]})
        from reconciler.emulator.door.login import log_in
        from reconciler.emulator.door.oauth import metadata, tokens

        if route.operation == "openid-configuration":
            return json_answer(metadata(self._root()))
        if route.operation == "oauth/tokens":
            return tokens(request, root=self._root(), identity=self._identity, sessions=self.sessions, switches=self.switches)
        key = self._app_key.public_key()
        return log_in(request.body, identity=self._identity, app_key=key, sessions=self.sessions, switches=self.switches)

    def function_rights(self) -> tuple[str, ...]:
        """The function rights of whoever is logged in."""
        return ("admin-all",) if self.switches.function_rights == "administrator" else ()

    def refused_agent(self) -> Answer | None:
        """How the agent is refused in another way than the usual 403."""
        if self.switches.agent_refusal == "unauthorized":
            return page(401, "401 - Unauthorized")
        if self.switches.agent_refusal == "error_object":
            message = "The application has no access to the ErpSync agent."
            return json_answer({"Error": True, "ErrorType": "SoSentryException", "Message": message, "ErrorSource": "SuperOffice"})
        return None

    # ---- hosts -------------------------------------------------------------------------------------------------

    def api_url(self) -> str:
        """Where the API is now, without a slash at the end."""
        if self._online is None:
            return f"{self._address(ROOT)}/api"
        return f"{self._base(self.switches.tenant_host)}/{self._online.tenant}/api"

    def _root(self) -> str:
        return self._played().root_url.rstrip("/") or self._address(ROOT)

    def _base(self, number: int) -> str:
        names = self._played().host_urls
        return names[(number - 1) % len(names)].rstrip("/") if names else self._address(number)

    def _host(self, request: Request) -> int:
        """Which host was called: by the name in the request where hosts have names, else by the port."""
        names = self._played().host_urls
        if not names:
            return request.host
        called = request.headers.get("host", "").lower()
        wanted = self.switches.tenant_host
        if called == _authority(names[(wanted - 1) % len(names)]):
            return wanted
        return ROOT if called == _authority(self._root()) else -1

    # ---- answers -----------------------------------------------------------------------------------------------

    def _is_running(self) -> bool:
        return self.switches.tenant_state in ("Running", "OnlineMaintenance")

    def _state(self, online: Online, request: Request) -> Answer:
        asked = request.path.rstrip("/")[len(_STATE) :]
        if asked.lower() != online.tenant.lower():
            return json_answer({"Message": f"No tenant is called {asked}."}, 404)
        bases = {"foreign_host": "https://online2.superoffice.com.example.net", "plain_http": "http://online2.superoffice.com"}
        base = bases.get(self.switches.state_names) or self._base(self.switches.tenant_host)
        until = self.now().astimezone(UTC) + timedelta(seconds=self.switches.state_valid_s)
        content: dict[str, Any] = {
            "ContextIdentifier": online.tenant,
            "Endpoint": f"{base}/{online.tenant}",
            "State": self.switches.tenant_state,
            "IsRunning": self._is_running(),
            # Seven digits of a second, as .NET writes them.
            "ValidUntil": f"{until:%Y-%m-%dT%H:%M:%S.%f}0Z",
            "Api": f"{base}/{online.tenant}/api",
            "Version": RELEASE,
        }
        return json_answer(content)

    # ---- keys: made when they are first needed ------------------------------------------------------------------

    @cached_property
    def _app_key(self) -> rsa.RSAPrivateKey:
        from reconciler.emulator.door.keys import from_pem, generated

        given = self._played().private_key
        return from_pem(given) if given else generated("application")

    @cached_property
    def _identity(self) -> Identity:
        from reconciler.emulator.door.keys import signing_key
        from reconciler.emulator.door.login import Identity

        # The key that signs is not the first one listed, as after any rotation.
        return Identity(self._played(), [signing_key(1), signing_key(2)], self.now, self.api_url)

    def _played(self) -> Online:
        if self._online is None:
            raise LookupError("this emulator plays an installation onsite, not an Online tenant")
        return self._online


def _authority(url: str) -> str:
    return urlsplit(url).netloc.lower()
