"""A small client of the emulator for its own tests: standard library only, nothing of the real client."""

from __future__ import annotations

import base64
import http.client
import json
from dataclasses import dataclass
from typing import Any

from reconciler.emulator import Emulator

VISMA = "https://connectors.example.com/visma/ErpConnectorWS.svc"
FORTNOX = "https://connectors.example.com/fortnox/ErpConnectorWS.svc"
WEB = "https://connectors.example.com/tripletex/ErpConnectorWS.svc"
AGENT = "/api/v1/Agents/ErpSync/"


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """Calls over one keep-alive connection, raw texts unless a language is given."""

    def __init__(self, emulator: Emulator, login: str = "admin:admin", timeout: float = 10) -> None:
        self.emulator = emulator
        self.headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode(), "Content-Type": "application/json"}
        self.http = http.client.HTTPConnection("127.0.0.1", int(emulator.url.rsplit(":", 1)[1].strip("/")), timeout=timeout)

    def send(self, method: str, path: str, content: Any = None, raw: bytes | None = None, **headers: Any) -> Reply:
        body = raw if raw is not None else None if content is None else json.dumps(content).encode()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self.http.request(method, path, body, {**self.headers, **more})
            response = self.http.getresponse()
            return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException):
            self.http.close()
            raise

    def post(self, operation: str, content: Any = None, query: str = "", **headers: Any) -> Reply:
        return self.send("POST", f"{AGENT}{operation}{query}", content, **headers)

    def ok(self, operation: str, content: Any = None, query: str = "", **headers: Any) -> Any:
        """The result of a call that must answer 200 with JSON."""
        reply = self.post(operation, content, query, **headers)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json

    def get(self, path: str, **headers: Any) -> Any:
        reply = self.send("GET", "/api/v1/" + path, **headers)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json

    def control(self, name: str, **content: Any) -> Reply:
        return self.send("POST", f"/emulator/{name}", content)

    # ---- what many tests need ----

    def connector(self, url: str = VISMA, name: str = "Visma") -> int:
        return int(self.ok("SaveErpSyncConnectorEntity", {"DisplayName": name, "URL": url})["ErpConnectorId"])

    def config(self, connector: int, **values: str) -> dict[str, str]:
        fields = self.ok("GetConfigurationFields", {"ErpConnectorId": connector})
        return {**{field["FieldKey"]: field["DefaultValue"] for field in fields}, **values}

    def connection(self, connector: int, name: str = "Norway", **members: Any) -> dict[str, Any]:
        config = members.pop("config", None) or self.config(connector, Filename="F0001.xlsm")
        sent = {"ErpConnectorId": connector, "DisplayName": name, "AllAccess": True, "ConfigFields": config, **members}
        return dict(self.ok("SaveConnection", {"Connection": sent}))

    def toggle(self, connection: int) -> Any:
        return self.ok("ToggleErpConnectionActive", {"ErpConnectionId": connection})

    def read(self, connection: int) -> dict[str, Any]:
        return dict(self.ok("GetConnection", {"ErpConnectionId": connection}))

    def refresh(self, connection: int) -> bool:
        return bool(self.ok("UpdateConnectionFields", {"ErpConnectionId": connection}))

    def mapping(self, connection: int, actor: str = "Customer") -> dict[str, Any]:
        return dict(self.ok("GetActorTypeMapping", {"ErpConnectionId": connection, "ActorType": actor}))

    def field(self, connection: int, key: str, actor: str = "Customer") -> dict[str, Any]:
        return dict(next(one for one in self.mapping(connection, actor)["FieldMappings"] if one["ErpFieldKey"] == key))

    def map(self, connection: int, key: str, actor: str = "Customer", **members: Any) -> Reply:
        """Save the whole mapping with some members of one field changed."""
        mapping = self.mapping(connection, actor)
        for field in mapping["FieldMappings"]:
            if field["ErpFieldKey"] == key:
                field.update(members)
        return self.post("SaveActorTypeMapping", {"Mapping": mapping})
