"""Loopback servers that speak what the stores speak, as far as reading a secret goes, and remember what they were asked."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Said:
    """One answer to send."""

    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Loopback:
    """A server whose `answer` is given by whoever makes it."""

    def __init__(self, answer: Callable[[Asked], Said], tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                is_form = self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
                body = {name: values[-1] for name, values in parse_qs(raw.decode()).items()} if is_form else json.loads(raw or b"null")
                asked = Asked(
                    self.command,
                    parts.path,
                    {name: values[-1] for name, values in parse_qs(parts.query).items()},
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                )
                outer.asked.append(asked)
                said = answer(asked)
                content = b"" if said.content is None else json.dumps(said.content).encode()
                self.send_response(said.status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_LIST = _serve  # noqa: N815  the names that http.server calls

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that does not trust us goes away
        self._tls = tls is not None
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class VaultServer:
    """KV version 2 below the mount `secret`, and an AppRole login. `forced` is said instead of anything else."""

    token = "Yc7Hv-token-of-vault-K8s2"
    role = ("role-of-vault", "Ud4Rq-id-of-vault-9Dq1")

    def __init__(self) -> None:
        self.versions: dict[str, list[dict[str, Any] | None]] = {}
        self.forced: Said | None = None

    def answer(self, asked: Asked) -> Said:
        if self.forced is not None:
            return self.forced
        if asked.path == "/v1/auth/approle/login":
            good = (asked.body["role_id"], asked.body["secret_id"]) == self.role
            return Said(200, {"auth": {"client_token": self.token}}) if good else Said(400, {"errors": ["invalid role or secret ID"]})
        if asked.headers.get("x-vault-token") != self.token:
            return Said(403, {"errors": ["permission denied"]})
        kept = self.versions.get(asked.path.removeprefix("/v1/secret/data/"))
        number = int(asked.query.get("version", 0)) or len(kept or ())
        if not kept or number > len(kept):
            return Said(404, {"errors": []})
        values = kept[number - 1]
        about = {"version": number, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False}
        if values is None:
            about["deletion_time"] = "2026-02-01T00:00:00Z"
            return Said(404, {"data": {"data": None, "metadata": about}})
        return Said(200, {"data": {"data": values, "metadata": about}})


class KeyVaultServer:
    """Secrets by name and version, behind a challenge that names where a token is to be had."""

    token = "Fp3Aw-token-of-azure-Wc7p"

    def __init__(self, login: str = "https://login.example.net/tenant") -> None:
        self.login = login
        self.secrets: dict[str, dict[str, str]] = {}
        self.forced: Said | None = None

    def answer(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            # The client checks that the resource is the end of the host that it called.
            end = asked.headers["host"].partition(".")[2]
            challenge = f'Bearer authorization="{self.login}", resource="https://{end}"'
            return Said(401, {"error": {"code": "Unauthorized"}}, {"WWW-Authenticate": challenge})
        if self.forced is not None:
            return self.forced
        _, kind, name, *rest = asked.path.split("/")
        versions = self.secrets.get(name, {}) if kind == "secrets" else {}
        version = rest[0] if rest and rest[0] else next(reversed(versions), "")
        if version not in versions:
            return Said(404, {"error": {"code": "SecretNotFound", "message": f"{name} was not found"}})
        about = {"enabled": True, "created": 1767225600, "updated": 1767225600, "recoveryLevel": "Recoverable"}
        return Said(
            200, {"value": versions[version], "id": f"https://{asked.headers['host']}/secrets/{name}/{version}", "attributes": about}
        )


def managed_identity(asked: Asked) -> Said:
    """The endpoint on which Azure gives a machine of its own a token."""
    if asked.headers.get("x-identity-header") != "Ze6Md-header-of-azure-Bx4v":
        return Said(400, {"error": "no"})
    until = str(int(time.time()) + 3600)
    return Said(
        200, {"access_token": KeyVaultServer.token, "expires_on": until, "resource": asked.query["resource"], "token_type": "Bearer"}
    )


class EntraServer:
    """Where an application of Azure logs in with its secret."""

    host = "login.microsoftonline.com"
    tenant = "8a3c1f6e-0d52-4b7a-9f11-5a6b7c8d9e0f"
    client = "0f9e8d7c-6b5a-11f9-a7b4-52d0e6f1c3a8"
    secret = "Nk8Xs-secret-of-an-application-Vw2r"

    def answer(self, asked: Asked) -> Said:
        if asked.method == "GET":
            where = f"https://{self.host}/{self.tenant}"
            return Said(
                200,
                {
                    "issuer": f"{where}/v2.0",
                    "authorization_endpoint": f"{where}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{where}/oauth2/v2.0/token",
                },
            )
        given = asked.body
        good = asked.path == f"/{self.tenant}/oauth2/v2.0/token" and given["grant_type"] == "client_credentials"
        if good and (given["client_id"], given["client_secret"]) == (self.client, self.secret):
            return Said(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": KeyVaultServer.token})
        told = f"AADSTS7000215: Invalid client secret provided: {given.get('client_secret')}."
        return Said(401, {"error": "invalid_client", "error_description": told, "error_codes": [7000215]})
