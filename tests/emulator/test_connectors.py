"""Operations on connectors, and the connectors' own side."""

from __future__ import annotations

import pytest

from reconciler.emulator import Emulator
from tests.emulator.api import FORTNOX, VISMA, WEB, Api

SPARE = "https://spare.example.com/visma/ErpConnectorWS.svc"


def _get(api: Api, key: int) -> dict[str, object] | None:
    found: dict[str, object] | None = api.ok("GetErpSyncConnectorEntity", query=f"?erpSyncConnectorEntityId={key}")
    return found


def test_a_blank_connector_is_offered_and_not_stored(api: Api) -> None:
    blank = api.ok("CreateDefaultErpSyncConnectorEntity")
    assert (blank["ErpConnectorId"], blank["DisplayName"], blank["URL"], blank["Deleted"]) == (0, "", "", False)
    assert api.ok("GetAllConnectors") == []


def test_a_connector_is_created_with_a_bare_body_and_listed_with_its_url(api: Api) -> None:
    key = api.connector()
    assert _get(api, key) == {
        "ErpConnectorId": key,
        "DisplayName": "Visma",
        "URL": VISMA,
        "Deleted": False,
        "TableRight": None,
        "FieldProperties": {},
    }
    listed = api.ok("GetAllConnectors")
    assert [(one["Id"], one["Name"], one["ToolTip"]) for one in listed] == [(key, "Visma", VISMA)]


def test_saving_replaces_the_whole_connector(api: Api) -> None:
    key = api.connector()
    assert api.ok("SaveErpSyncConnectorEntity", {"ErpConnectorId": key, "DisplayName": "New"})["URL"] == ""
    assert api.ok("SaveErpSyncConnectorEntity", {"ErpConnectorId": 999, "DisplayName": "New"}) is None
    assert _get(api, 999) is None


def test_two_creations_make_two_connectors(api: Api) -> None:
    assert api.connector() != api.connector()


def test_deleting_is_a_flag_and_answers_nothing(api: Api, emulator: Emulator) -> None:
    key = api.connector()
    assert api.ok("CanDeleteErpSyncConnectorEntity", {"ErpSyncConnectorId": key}) == "NoError"
    assert api.post("DeleteErpSyncConnectorEntity", query=f"?erpSyncConnectorEntityId={key}").status == 204
    assert (_get(api, key) or {})["Deleted"] is True
    assert api.ok("GetAllConnectors") == []
    assert api.ok("CanDeleteErpSyncConnectorEntity", {"ErpSyncConnectorId": key}) == "ErrorNotFound"
    assert api.post("DeleteErpSyncConnectorEntity", query="?erpSyncConnectorEntityId=999").status == 204
    emulator.switches.connectors_list_deleted = True
    assert len(api.ok("GetAllConnectors")) == 1


@pytest.mark.parametrize(("reading", "status", "deleted"), [("ignore", 204, False), ("refuse", 400, False), ("delete", 204, True)])
def test_a_connector_in_use_is_not_deletable(
    api: Api, emulator: Emulator, connection: int, reading: str, status: int, deleted: bool
) -> None:
    """What a delete does all the same is open: a switch."""
    key = api.read(connection)["ErpConnectorId"]
    emulator.switches.set("delete_connector_in_use", reading)
    assert api.ok("CanDeleteErpSyncConnectorEntity", {"ErpSyncConnectorId": key}) == "ErrorConnectorHasConnections"
    assert api.post("DeleteErpSyncConnectorEntity", query=f"?erpSyncConnectorEntityId={key}").status == status
    assert emulator.inspect.connector(key)["Deleted"] is deleted


def test_deleted_connections_count_only_with_the_switch(api: Api, emulator: Emulator, connection: int) -> None:
    key = api.read(connection)["ErpConnectorId"]
    emulator.edit.delete(connection)
    assert api.ok("CanDeleteErpSyncConnectorEntity", {"ErpSyncConnectorId": key}) == "NoError"
    emulator.switches.deleted_connections_count = True
    assert api.ok("CanDeleteErpSyncConnectorEntity", {"ErpSyncConnectorId": key}) == "ErrorConnectorHasConnections"


def test_deleted_in_a_save_restores_or_is_ignored(api: Api, emulator: Emulator, connector: int) -> None:
    body = {"ErpConnectorId": connector, "DisplayName": "Visma", "URL": VISMA, "Deleted": True}
    assert api.ok("SaveErpSyncConnectorEntity", body)["Deleted"] is True
    assert api.ok("SaveErpSyncConnectorEntity", {**body, "Deleted": False})["Deleted"] is False
    emulator.switches.save_honours_deleted = False
    assert api.ok("SaveErpSyncConnectorEntity", body)["Deleted"] is False


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (VISMA, "NoError"),
        (VISMA + "?ConnectorName=Test.Excel", "NoError"),
        (VISMA + "?ConnectorName=Other", "ErrorNotFound"),
        (SPARE, "NoError"),
        (VISMA.replace("connectors", "CONNECTORS") + "/", "NoError"),
        (FORTNOX, "NoError"),
        (WEB, "NoError"),
        ("app://test-excel", "NoError"),
        ("https://nowhere.example.com/x", "ErrorNotFound"),
        ("", "ErrorNotFound"),
    ],
)
def test_an_address_is_tested_by_whether_a_connector_answers(api: Api, url: str, answer: str) -> None:
    assert api.ok("TestConnectorUrl", {"Url": url}) == answer


def test_a_connector_that_is_down_answers_nothing(api: Api, emulator: Emulator, connector: int, connection: int) -> None:
    emulator.edit.connector_down(VISMA)
    assert api.ok("TestConnectorUrl", {"Url": VISMA}) == "ErrorNotFound"
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is False
    assert api.ok("TestConnectionByConfig", {"ErpConnectionId": connector, "ConfigFields": {}}) is False
    assert api.refresh(connection) is False
    assert api.post("GetConfigurationFields", {"ErpConnectorId": connector}).status == 500
    emulator.switches.connector_unreachable = "null"
    assert api.ok("GetConfigurationFields", {"ErpConnectorId": connector}) is None
    emulator.switches.connector_unreachable = "error_object"
    assert api.ok("GetConfigurationFields", {"ErpConnectorId": connector})["Error"] is True
    emulator.switches.unreachable_url = "server_error"
    assert api.post("TestConnectorUrl", {"Url": VISMA}).status == 500
    emulator.edit.connector_down(VISMA, False)
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is True


def test_the_reference_connector_asks_for_its_eight_fields(api: Api, connector: int) -> None:
    fields = {field["FieldKey"]: field for field in api.ok("GetConfigurationFields", {"ErpConnectorId": connector})}
    assert {key: field["FieldType"] for key, field in fields.items()} == {
        "Filename": "Text",
        "CheckboxField": "Checkbox",
        "DateField": "Date",
        "DoubleField": "Double",
        "IntegerField": "Integer",
        "PasswordField": "Password",
        "TextField": "Text",
        "ListField": "List",
    }
    assert (fields["Filename"]["Access"], fields["Filename"]["MaxLength"], fields["Filename"]["Rank"]) == ("Mandatory", 500, 0)
    assert fields["PasswordField"]["DefaultValue"] == "[password]"


def test_a_slow_connector_delays_only_its_own_callers(api: Api, emulator: Emulator, connector: int) -> None:
    emulator.edit.connector_slow(VISMA, 0.2)
    before = emulator.clock.monotonic()
    assert api.ok("TestConnectorUrl", {"Url": FORTNOX}) == "NoError"
    assert emulator.clock.monotonic() - before < 0.2
    api.ok("GetConfigurationFields", {"ErpConnectorId": connector})
    assert emulator.clock.monotonic() - before >= 0.2


def test_a_forgetful_connector_is_sent_the_config_again_once(api: Api, emulator: Emulator, connection: int) -> None:
    """Its UNKNOWN_CONNECTION_ID makes SuperOffice resend what it stored and ask once more."""
    emulator.edit.forget_in_connector(connection)
    assert emulator.inspect.remembered_by_connector(connection) is None
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is True
    assert emulator.inspect.remembered_by_connector(connection) == api.read(connection)["ConfigFields"]
    emulator.edit.forget_in_connector(connection)
    emulator.edit.connector_refuses_save(VISMA)
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is False


def test_another_connector_can_answer_at_a_new_address(api: Api, emulator: Emulator) -> None:
    emulator.edit.answer_at("https://new.example.com/x", "Test.Sql")
    assert api.ok("TestConnectorUrl", {"Url": "https://new.example.com/x"}) == "NoError"


def test_a_moved_connector_keeps_what_it_knew(api: Api, emulator: Emulator, connection: int) -> None:
    key = api.read(connection)["ErpConnectorId"]
    api.ok("SaveErpSyncConnectorEntity", {"ErpConnectorId": key, "DisplayName": "Visma", "URL": SPARE})
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is True
    emulator.edit.set_url(key, "https://nowhere.example.com/x")
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is False
