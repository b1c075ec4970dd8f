"""The rules of the wire: paths, bodies, names, statuses, languages, $select, login."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator import Emulator
from reconciler.emulator.dispatch import AGENT
from reconciler.emulator.operations import OPERATIONS
from tests.emulator.api import VISMA, Api

VOID = {
    "DeleteConnection",
    "DeleteErpSyncConnectorEntity",
    "MoveErpFieldItem",
    "ConnectActor",
    "ValidateArchiveColumnConfig",
    "ForceResyncBatchTask",
    "ChangeEngineInterval",
}
BODIES: dict[str, Any] = {
    "SaveConnection": {"Connection": {"ErpConnectionId": 999}},
    "SaveActorTypeMapping": {"Mapping": {"ErpConnectionId": 999}},
    "SaveConnectionListMappings": {"ListMapping": {"ErpConnectionId": 999}},
    "SaveDefaultValueInfo": {"ErpSyncDefaultValue": {"ErpFieldId": 999}},
    "SaveErpSyncConnectorEntity": {"ErpConnectorId": 999},
    "ChangeEngineInterval": {"Interval": "00:10:00"},
}


def test_the_agent_has_49_operations() -> None:
    assert len(OPERATIONS) == 49
    assert AGENT == "agents/erpsync/"


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_answers_a_post(api: Api, operation: str) -> None:
    """Void ones with 204 and no body, the others with 200 and JSON, also for ids that nothing has."""
    query = "?erpSyncConnectorEntityId=999" if operation.endswith("ErpSyncConnectorEntity") else ""
    reply = api.post(operation, BODIES.get(operation, {}), query)
    assert reply.status == (204 if operation in VOID else 200), reply.body
    assert reply.body == b"" if operation in VOID else reply.json is not Ellipsis


@pytest.mark.parametrize(
    "operation",
    [
        "GetConnection",
        "GetErpSyncConnectionSummary",
        "GetActorTypeMapping",
        "GetDefaultValueInfo",
        "GetConfigurationFields",
        "GetConnectionListMappings",
        "GetErpConnectionConfigFields",
        "ToggleErpConnectionActive",
    ],
)
def test_an_unknown_id_answers_null(api: Api, operation: str) -> None:
    ids = dict.fromkeys(("ErpConnectionId", "ErpSyncConnectionId", "ErpConnectorId", "ErpFieldId"), 999)
    assert api.ok(operation, {**ids, "ActorType": "Customer"}) is None


@pytest.mark.parametrize("operation", ["SaveConnection", "GetAllConnections"])
def test_a_get_describes_and_does_not_run(api: Api, emulator: Emulator, operation: str) -> None:
    reply = api.send("GET", f"/api/v1/Agents/ErpSync/{operation}")
    assert (reply.status, reply.json["Operation"]) == (200, operation)
    assert len(emulator.history) == 0


def test_names_are_read_in_any_case_and_unknown_ones_are_ignored(api: Api) -> None:
    saved = api.ok("saveErpSyncConnectorEntity", {"displayName": "Visma", "uRL": VISMA, "somethingElse": 1})
    assert (saved["DisplayName"], saved["URL"]) == ("Visma", VISMA)


def test_every_carrier_has_its_rights_members(api: Api, connection: int) -> None:
    for carrier in (api.read(connection), api.mapping(connection), api.field(connection, "NAME"), api.ok("GetEngineStatus")):
        assert carrier["TableRight"] is None
        assert carrier["FieldProperties"] == {}


@pytest.mark.parametrize(
    ("operation", "raw"),
    [
        ("GetConnection", b"{"),
        ("GetConnection", b"[1]"),
        ("GetConnection", b'{"ErpConnectionId": "one"}'),
        ("GetConnection", b'{"ErpConnectionId": 3000000000}'),
        ("GetConnection", b'{"ErpConnectionId": true}'),
        ("GetConnection", b'{"ErpConnectionId": null}'),
        ("GetAllConnections", b'{"IncludeDeleted": "yes"}'),
        ("SaveConnection", b"{}"),
        ("SaveConnection", b'{"Connection": {"DisplayName": 5}}'),
        ("GetActorTypeMapping", b'{"ErpConnectionId": 1, "ActorType": "Nobody"}'),
        ("SaveErpConnectionSyncPriorities", b'{"ErpConnectionIds": ["x"]}'),
        ("GetConnection", b"\xff\xfe"),
        ("GetConnection", b"[" * 100_000),
        ("ChangeEngineInterval", b'{"Interval": "soon"}'),
    ],
)
def test_a_malformed_body_is_answered_400(api: Api, operation: str, raw: bytes) -> None:
    reply = api.send("POST", f"/api/v1/Agents/ErpSync/{operation}", raw=raw)
    assert reply.status == 400
    assert set(reply.json) == {"Message", "MessageDetail"}


def test_a_query_id_that_is_missing_is_malformed(api: Api) -> None:
    assert api.post("GetErpSyncConnectorEntity").status == 400


def test_query_names_are_read_in_any_case(api: Api, connector: int) -> None:
    assert api.ok("GetErpSyncConnectorEntity", query=f"?ErpSyncConnectorEntityID={connector}")["URL"] == VISMA


def test_enums_travel_as_names_and_are_read_as_names_or_numbers(api: Api, connection: int) -> None:
    for sent in ("Customer", "customer", 1):
        assert api.ok("GetCrmActorType", {"ErpConnectionId": connection, "ErpActorType": sent}) == "Contact"


def test_select_nulls_the_rest(api: Api, connection: int) -> None:
    seen = api.ok("GetConnection", {"ErpConnectionId": connection}, "?$select=displayname,ErpConnectionId")
    assert {name for name, value in seen.items() if value is not None} == {"DisplayName", "ErpConnectionId"}
    assert set(seen) == set(api.read(connection))
    assert [one["DisplayName"] for one in api.ok("GetAllConnections", {}, "?$select=ErpConnectionId")] == [None]


MULTI = 'US:"Norway";NO:"Norge"'


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, MULTI),
        ({"SO_Language": "*"}, MULTI),
        ({"SO_Language": "x", "Accept_Language": "nb"}, MULTI),
        ({"Accept_Language": "*"}, MULTI),
        ({"Accept_Language": "nb-NO,en;q=0.5"}, "Norge"),
        ({"Accept_Language": "no"}, "Norge"),
        ({"Accept_Language": "en-US"}, "Norway"),
        ({"SO_Language": "en", "Accept_Language": "nb"}, "Norway"),
        ({"Accept_Language": "de"}, "Norway"),
        ({"SO_Language": "NO"}, "Norge"),
    ],
)
def test_a_language_reduces_multi_language_texts(api: Api, connector: int, headers: dict[str, str], shown: str) -> None:
    """Raw without a language or with `*` or `x`; SO-Language wins over Accept-Language."""
    key = api.connection(connector, MULTI)["ErpConnectionId"]
    assert api.ok("GetConnection", {"ErpConnectionId": key}, **headers)["DisplayName"] == shown


def test_texts_that_only_look_multi_language_stay(api: Api, connector: int) -> None:
    for text in ("US:Norway", 'USA:"x"', 'us:"x"', "plain"):
        key = api.connection(connector, text)["ErpConnectionId"]
        assert api.ok("GetConnection", {"ErpConnectionId": key}, SO_Language="nb")["DisplayName"] == text
    key = api.connection(connector, 'ERP US:"one";NO:"en"; end', DisplayDescription='US:"d";NO:"b";')["ErpConnectionId"]
    shown = api.ok("GetConnection", {"ErpConnectionId": key}, SO_Language="nb")
    assert (shown["DisplayName"], shown["DisplayDescription"]) == ("ERP en end", "b")


def test_config_values_and_connector_names_are_not_translated(api: Api, connector: int) -> None:
    config = api.config(connector, Filename="F0001.xlsm", TextField=MULTI)
    key = api.connection(connector, config=config)["ErpConnectionId"]
    assert api.ok("GetConnection", {"ErpConnectionId": key}, SO_Language="nb")["ConfigFields"]["TextField"] == MULTI
    named = api.connector(name=MULTI)
    assert api.ok("GetErpSyncConnectorEntity", query=f"?erpSyncConnectorEntityId={named}", SO_Language="nb")["DisplayName"] == MULTI


@pytest.mark.parametrize("login", ["admin:wrong", "nobody:admin", ":"])
def test_a_wrong_login_gets_an_html_page(emulator: Emulator, login: str) -> None:
    api = Api(emulator, login)
    for path in ("/api/v1/Agents/ErpSync/GetEngineStatus", "/emulator/reset"):
        reply = api.send("POST", path)
        assert (reply.status, reply.headers["content-type"].split(";")[0]) == (401, "text/html")
        assert reply.headers["www-authenticate"].startswith("Basic")
    assert api.send("GET", "/api").status == 200
    api.http.close()


def test_an_application_without_the_agent_is_forbidden(api: Api, emulator: Emulator) -> None:
    emulator.switches.agent_granted = False
    assert api.post("GetEngineStatus").status == 403
    assert api.get("User/currentPrincipal")["Associate"] == "ADMIN"


def test_unknown_paths_are_404(api: Api) -> None:
    for path in ("/api/v1/Agents/ErpSync/Nothing", "/api/v1/Agents/Contact/GetContact", "/elsewhere", "/api/v2"):
        assert api.send("POST", path, {}).status == 404


def test_a_connection_serves_many_requests_and_several_at_once(api: Api, emulator: Emulator) -> None:
    others = [Api(emulator) for _ in range(5)]
    for one in (api, *others) * 3:
        assert one.ok("GetAllConnections", {}) == []
    for one in others:
        one.http.close()
    assert len(emulator.calls) == 18


def test_nonsense_on_the_socket_hurts_nobody(api: Api, emulator: Emulator) -> None:
    for sent in (b"\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"GET / HTTP/1.1\r\nbroken\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", int(emulator.url.rsplit(":", 1)[1].strip("/")))) as raw:
            raw.sendall(sent)
            raw.shutdown(socket.SHUT_WR)
            raw.recv(65536)
    assert api.ok("GetAllConnections", {}) == []


def test_the_emulator_listens_on_this_machine_only(emulator: Emulator) -> None:
    assert emulator.url.startswith("http://127.0.0.1:")


def test_the_emulator_uses_nothing_of_the_client() -> None:
    """Its readings are its own, so that the two cannot be wrong in the same way."""
    for path in (Path(__file__).parents[2] / "reconciler" / "emulator").rglob("*.py"):
        imports = [line for line in path.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith(("import ", "from "))]
        assert all("reconciler.emulator" in line for line in imports if "reconciler" in line), path
