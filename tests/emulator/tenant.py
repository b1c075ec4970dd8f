"""An Online tenant as a raw client sees it: standard library and `cryptography` only, nothing of the real client."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from reconciler.emulator import Emulator
from tests.emulator.api import Reply

LOGIN = "/Login/api/PartnerSystemUser/Authenticate"
JWKS = "/login/.well-known/jwks"
TOKENS = "/login/common/oauth/tokens"
CLAIM = "http://schemes.superoffice.net/identity/"
WHO = "/v1/User/currentPrincipal"


def fetch(
    url: str, method: str = "GET", content: Any = None, raw: bytes | None = None, tls: ssl.SSLContext | None = None, **headers: str
) -> Reply:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    assert parts.hostname
    made: http.client.HTTPConnection
    if parts.scheme == "https":
        made = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=10, context=tls)
    else:
        made = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    body = raw if raw is not None else None if content is None else json.dumps(content).encode()
    try:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        made.request(
            method,
            parts.path + (f"?{parts.query}" if parts.query else ""),
            body,
            {"Accept": "application/json", "Content-Type": "application/json", **more},
        )
        response = made.getresponse()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        made.close()


class Application:
    """What a registered application does, step by step."""

    def __init__(self, emulator: Emulator, tls: ssl.SSLContext | None = None) -> None:
        self.emulator = emulator
        self.tls = tls
        self.root = emulator.url.rstrip("/")
        self.own = emulator.door.credentials
        key = serialization.load_pem_private_key(self.own.private_key.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key

    def state(self, tenant: str | None = None) -> Any:
        reply = fetch(f"{self.root}/api/state/{tenant or self.own.tenant}", tls=self.tls)
        assert reply.status == 200, reply
        return reply.json

    def signed(self, at: datetime | None = None, token: str | None = None) -> str:
        payload = f"{token or self.own.system_token}.{at or datetime.now(UTC):%Y%m%d%H%M}"
        return f"{payload}.{base64.b64encode(self.key.sign(payload.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()}"

    def log_in(self, **changes: Any) -> Reply:
        content = {
            "SignedSystemToken": self.signed(),
            "ApplicationToken": self.own.client_secret,
            "ContextIdentifier": self.own.tenant,
            "ReturnTokenType": "JWT",
        }
        return fetch(self.root + LOGIN, "POST", {**content, **changes}, tls=self.tls)

    def ticket(self) -> str:
        return str(claims(self.log_in().json["Token"])[f"{CLAIM}ticket"])

    def published(self) -> list[dict[str, str]]:
        return list(fetch(self.root + JWKS, tls=self.tls).json["keys"])

    def tokens(self, **changes: str) -> Reply:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.own.client_id,
            "client_secret": self.own.client_secret,
            "refresh_token": self.own.refresh_token,
            **changes,
        }
        return fetch(
            self.root + TOKENS, "POST", raw=urlencode(form).encode(), tls=self.tls, Content_Type="application/x-www-form-urlencoded"
        )

    def get(self, path: str = WHO, authorization: str = "", **headers: Any) -> Reply:
        """A GET at the address that the state gives."""
        return fetch(self.state()["Api"] + path, tls=self.tls, Authorization=authorization, **headers)

    def get_with(self, ticket: str, path: str = WHO) -> Reply:
        return self.get(path, f"SOTicket {ticket}", SO_AppToken=self.own.client_secret)

    def agent(self, operation: str, ticket: str, content: Any = None) -> Reply:
        url = f"{self.state()['Api']}/v1/Agents/ErpSync/{operation}"
        return fetch(url, "POST", content or {}, tls=self.tls, Authorization=f"SOTicket {ticket}", SO_AppToken=self.own.client_secret)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def header(token: str) -> Any:
    return json.loads(decoded(token.partition(".")[0]))


def claims(token: str) -> Any:
    _, said, _ = token.split(".")
    return json.loads(decoded(said))


def verified_by(token: str, jwk: dict[str, str]) -> bool:
    """Whether a key of the JWKS made the signature."""
    content, _, signature = token.rpartition(".")
    number = [int.from_bytes(decoded(jwk[name]), "big") for name in ("e", "n")]
    try:
        rsa.RSAPublicNumbers(*number).public_key().verify(decoded(signature), content.encode(), padding.PKCS1v15(), hashes.SHA256())
    except Exception:
        return False
    return True
