"""A loopback server that plays the vendor: state endpoint, login, keys, tokens, and a tenant that knows who it let in."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from reconciler.model import Limits, Secret, Timeouts
from reconciler.superoffice.callline import Call
from reconciler.superoffice.client import Client
from reconciler.superoffice.oauth import RefreshToken
from reconciler.superoffice.roothost import RootHost
from reconciler.superoffice.systemuser import SystemUser
from reconciler.superoffice.tenant import OnlineHome
from reconciler.superoffice.transport import Network
from tests.superoffice.scripted import PATIENT, RealClock

TENANT = "Cust12345"
APP_TOKEN = "app-token-canary-8Jw+/%"
SYSTEM_TOKEN = "Reconciler-canary-4Kd9s0vQ"
CLIENT_SECRET = "client-secret-canary-&=+%7"
REFRESH_TOKEN = "refresh-token-canary-Zp8"
CLAIM = "http://schemes.superoffice.net/identity/"
CONNECTIONS = [{"ErpConnectionId": 110, "DisplayName": "Visma", "DisplayDescription": None}]


@cache
def key(name: str) -> RSAPrivateKey:
    """One key per name for the whole run; making one takes a while."""
    return generate_private_key(65537, 2048)


@dataclass
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, Any, dict[str, str]]


def answer(status: int = 200, content: Any = None, **headers: str) -> Answer:
    """Status, content (JSON, or bytes as they are) and headers."""
    return status, content, {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Vendor:
    """Serves until the block ends. Members can be changed while it does.

    Attributes:
        state: members that the state endpoint says instead of the usual ones.
        claims, head: members of the token instead of the usual ones; None takes one away.
        signer: the name of the key that signs tokens; `published` those that are shown.
        asked: answers that are given once each, before anything else, by the last part of the path.
        valid: the tickets and access tokens that the tenant knows.
        once: whether each of them is good for one call only.
    """

    tls: ssl.SSLContext | None = None
    state: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    signer: str = "vendor"
    published: tuple[str, ...] = ("vendor",)
    expires_in: Any = 3600
    access_token: str = "8A:Cust12345.access-canary"
    asked: dict[str, list[Answer]] = field(default_factory=dict)
    valid: set[str] = field(default_factory=set)
    got: list[Got] = field(default_factory=list)
    issued: int = 0
    once: bool = False
    make_token: Callable[[dict[str, Any], dict[str, Any]], str] | None = None

    def __enter__(self) -> Self:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                vendor.answer(self)

            def do_POST(self) -> None:
                vendor.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.02), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"{'https://localhost' if self.tls else 'http://127.0.0.1'}:{self.server.server_port}"

    @property
    def api(self) -> str:
        return f"{self.url}/{TENANT}/api"

    def calls(self, last: str = "") -> list[Got]:
        """Requests whose path ends so."""
        return [one for one in self.got if one.path.partition("?")[0].endswith(last)]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        request = Got(handler.command, handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        with self.lock:
            self.got.append(request)
            status, content, headers = self.decide(request)
        octets = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(octets))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(octets)

    def decide(self, request: Got) -> Answer:
        last = request.path.partition("?")[0].rsplit("/", 1)[-1]
        if self.asked.get(last):
            return self.asked[last].pop(0)
        if request.path.startswith("/api/state/"):
            usual = {
                "ContextIdentifier": TENANT,
                "Endpoint": f"{self.url}/{TENANT}",
                "Api": self.api,
                "State": "Running",
                "IsRunning": True,
            }
            return answer(200, {**usual, "ValidUntil": "2099-01-01T00:00:00", **self.state})
        if last == "Authenticate":
            return self.log_in(request.json)
        if last == "jwks":
            return answer(200, {"keys": [public_key(name) for name in self.published]})
        if last == "tokens":
            return self.refresh(parse_qs(request.body.decode()))
        if last == "api" or request.path.endswith("/api/"):
            return answer(200, {"NetServerVersion": "10.3.5.1", "NetServerLabel": "10.3.5 release"})
        if request.headers.get("authorization", "") not in self.valid:
            return answer(401, b"<html>Who are you?</html>", Content_Type="text/html", WWW_Authenticate='Basic realm="x"')
        if self.once:
            self.valid.discard(request.headers["authorization"])
        return self.api_answer(last)

    def api_answer(self, last: str) -> Answer:
        answers: dict[str, Any] = {
            "GetAllConnections": CONNECTIONS,
            "ToggleErpConnectionActive": [],
            "currentPrincipal": {"Associate": "system", "FullName": "System User", "RoleName": "Admin", "FunctionRights": ["admin-all"]},
            "GetEngineStatus": {"IsRunning": True, "Interval": "00:05:00"},
            "GetAllConnectors": [],
        }
        return answer(200, answers[last]) if last in answers else answer(404, {"Message": "No route."})

    def log_in(self, body: Any) -> Answer:
        payload, _, signature = body["SignedSystemToken"].rpartition(".")
        try:
            key("app").public_key().verify(base64.b64decode(signature), payload.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return answer(200, {"IsSuccessful": False, "Token": None, "ErrorMessage": "Bad signature."})
        right = body["ApplicationToken"] == APP_TOKEN and payload.rpartition(".")[0] == SYSTEM_TOKEN and body["ReturnTokenType"] == "JWT"
        if not (right and body["ContextIdentifier"] == TENANT):
            return answer(200, {"IsSuccessful": False, "Token": None, "ErrorMessage": f"Unknown {body['ApplicationToken']}."})
        self.issued += 1
        ticket = f"7T:ticket-canary-{self.issued}"
        self.valid.add(f"SOTicket {ticket}")
        return answer(200, {"IsSuccessful": True, "Token": self.token(ticket), "ErrorMessage": None})

    def token(self, ticket: str) -> str:
        now = int(datetime.now(UTC).timestamp())
        usual = {"iss": "SuperOffice AS", "aud": "spn:123", "iat": now, "nbf": now, "exp": now + 300}
        usual |= {f"{CLAIM}serial": "123", f"{CLAIM}ctx": TENANT, f"{CLAIM}ticket": ticket}
        claims = {name: value for name, value in {**usual, **self.claims}.items() if value is not None}
        head = {name: value for name, value in {"kid": self.signer, **self.head}.items() if value is not None}
        if self.make_token:
            return self.make_token(claims, head)
        return jwt.encode(claims, key(self.signer), algorithm="RS256", headers=head)

    def refresh(self, form: dict[str, list[str]]) -> Answer:
        expected = {
            "grant_type": ["refresh_token"],
            "client_id": ["app"],
            "client_secret": [CLIENT_SECRET],
            "refresh_token": [REFRESH_TOKEN],
        }
        if form != expected:
            return answer(400, {"error": "invalid_grant", "error_description": f"Not known: {form}"})
        self.issued += 1
        token = f"{self.access_token}-{self.issued}"
        self.valid.add(f"Bearer {token}")
        return answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in, "id_token": "x"})


def public_key(name: str) -> dict[str, Any]:
    """A key as a JSON Web Key."""
    numbers = key(name).public_key().public_numbers()

    def text(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()

    return {"kty": "RSA", "use": "sig", "kid": name, "x5t": f"thumb-{name}", "n": text(numbers.n), "e": text(numbers.e)}


@dataclass
class Visitor:
    """A client of a vendor, with what it stands on."""

    vendor: Vendor
    clock: Any = field(default_factory=RealClock)
    lines: list[Call] = field(default_factory=list)
    kind: str = "system-user"
    timeouts: Timeouts = PATIENT
    limits: Limits = field(default_factory=Limits)
    emulated: bool = True
    ca: Any = None
    signs_with: str = "app"
    refresh_token: str = REFRESH_TOKEN
    app_token: str = APP_TOKEN

    def __post_init__(self) -> None:
        network = Network(self.timeouts.connect, self.ca)
        self.root = RootHost(
            self.vendor.url,
            network=network,
            read_seconds=self.timeouts.read,
            clock=self.clock,
            log=self.lines.append,
            jitter=lambda: 1.0,
        )
        self.home = OnlineHome(self.root, TENANT, emulated=self.emulated)
        if self.kind == "system-user":
            self.auth: Any = SystemUser(
                self.root, TENANT, app_token=Secret(self.app_token), system_token=Secret(SYSTEM_TOKEN), key=key(self.signs_with)
            )
        else:
            self.auth = RefreshToken(
                self.root, TENANT, client_id="app", client_secret=Secret(CLIENT_SECRET), refresh_token=Secret(self.refresh_token)
            )
        self.client = Client(
            self.home,
            self.auth,
            timeouts=self.timeouts,
            limits=self.limits,
            clock=self.clock,
            log=self.lines.append,
            jitter=lambda: 1.0,
            network=network,
        )
