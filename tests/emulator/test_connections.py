"""Connections: creating, replacing, reading, testing, deleting, toggling."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from reconciler.emulator import Emulator
from tests.emulator.api import VISMA, Api


def _save(api: Api, carrier: dict[str, Any], **change: Any) -> Any:
    return api.ok("SaveConnection", {"Connection": {**carrier, **change}})


# ---- creating ----


def test_a_creation_gets_a_key_and_a_guid_of_the_servers_making(api: Api, connector: int) -> None:
    mine = "11111111-1111-1111-1111-111111111111"
    made = api.connection(connector, ConnectionId=mine)
    assert made["ConnectionId"] != mine
    assert str(uuid.UUID(made["ConnectionId"])) == made["ConnectionId"]
    again = _save(api, made, ConnectionId=mine)
    assert again["ConnectionId"] == made["ConnectionId"]


def test_a_retried_creation_makes_a_second_connection(api: Api, connector: int) -> None:
    one, two = api.connection(connector), api.connection(connector)
    assert one["ErpConnectionId"] != two["ErpConnectionId"]
    assert one["DisplayName"] == two["DisplayName"]


def test_keys_are_never_used_again(api: Api, emulator: Emulator, connector: int) -> None:
    emulator.switches.refused_save_keeps_row = False
    emulator.edit.connector_refuses_save(VISMA)
    assert api.post("SaveConnection", {"Connection": {"ErpConnectorId": connector}}).status == 400
    assert emulator.inspect.connections() == []
    emulator.edit.connector_refuses_save(VISMA, False)
    assert api.connection(connector)["ErpConnectionId"] == 102


def test_ids_of_different_things_differ(api: Api, connection: int) -> None:
    """An id of the wrong kind is never right by luck."""
    connector = api.read(connection)["ErpConnectorId"]
    field = api.field(connection, "NAME")["ErpFieldId"]
    assert len({connector, connection, field}) == 3


def test_saving_with_an_unknown_id_answers_null(api: Api, connector: int) -> None:
    assert api.ok("SaveConnection", {"Connection": {"ErpConnectionId": 999, "ErpConnectorId": connector}}) is None


@pytest.mark.parametrize(("reading", "status"), [("bad_request", 400), ("error_object", 200), ("server_error", 500)])
def test_data_that_cannot_be_stored_is_refused_as_the_switch_says(api: Api, emulator: Emulator, reading: str, status: int) -> None:
    emulator.switches.set("invalid_data", reading)
    reply = api.post("SaveConnection", {"Connection": {"ErpConnectorId": 999, "DisplayName": "x"}})
    assert (reply.status, reply.json["Error"]) == (status, True)
    assert emulator.inspect.connections() == []


def test_texts_that_are_too_long_are_refused_or_cut(api: Api, emulator: Emulator, connector: int) -> None:
    long = "x" * 255
    sent: dict[str, Any] = {"ErpConnectorId": connector, "DisplayName": long, "ConfigFields": api.config(connector, Filename="F0001.xlsm")}
    assert api.post("SaveConnection", {"Connection": sent}).status == 400
    assert emulator.inspect.connections() == []
    config = {**sent["ConfigFields"], "TextField": "y" * 1024}
    assert api.post("SaveConnection", {"Connection": {**sent, "DisplayName": "x", "ConfigFields": config}}).status == 400
    emulator.switches.too_long = "truncate"
    assert _save(api, sent)["DisplayName"] == "x" * 254


# ---- replacing ----


def test_what_a_save_omits_becomes_false_or_empty(api: Api, connector: int) -> None:
    made = api.connection(connector, DisplayDescription="d", UserGroupAccessIds=[1, 3], AssociateAccessIds=[2])
    assert (made["AllAccess"], made["UserGroupAccessIds"], made["AssociateAccessIds"]) == (True, [1, 3], [2])
    short = {name: made[name] for name in ("ErpConnectionId", "ErpConnectorId", "DisplayName", "ConfigFields")}
    seen = _save(api, short)
    assert (seen["AllAccess"], seen["UserGroupAccessIds"], seen["AssociateAccessIds"], seen["DisplayDescription"]) == (False, [], [], "")


def test_an_omitted_active_switches_off(api: Api, emulator: Emulator, connection: int) -> None:
    api.toggle(connection)
    carrier = api.read(connection)
    assert carrier["Active"] is True
    del carrier["Active"]
    assert _save(api, carrier)["Active"] is False
    api.toggle(connection)
    emulator.switches.save_honours_active = False
    assert _save(api, carrier)["Active"] is True


def test_a_save_that_activates_can_be_checked(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.set_actor(connection, "Customer", True)
    carrier = {**api.read(connection), "Active": True}
    emulator.switches.save_active_checked = True
    assert api.post("SaveConnection", {"Connection": carrier}).status == 400
    emulator.switches.save_active_checked = False
    assert _save(api, carrier)["Active"] is True


def test_deleted_in_a_save_deletes_and_restores(api: Api, emulator: Emulator, connection: int) -> None:
    carrier = api.read(connection)
    assert _save(api, carrier, Deleted=True)["Deleted"] is True
    assert _save(api, carrier)["Deleted"] is False
    emulator.switches.save_honours_deleted = False
    assert _save(api, carrier, Deleted=True)["Deleted"] is False


def test_a_stale_save_puts_the_cursor_back(api: Api, emulator: Emulator, connection: int) -> None:
    """The engine moved it between the read and the save: a lost update, unless the server ignores the member."""
    emulator.edit.set_cursor(connection, "tx-00000005")
    carrier = api.read(connection)
    emulator.edit.set_cursor(connection, "tx-00000009")
    assert _save(api, carrier)["MostRecentTimestamp"] == "tx-00000005"
    assert _save(api, carrier, MostRecentTimestamp="")["MostRecentTimestamp"] == ""
    emulator.edit.set_cursor(connection, "tx-00000009")
    emulator.switches.blank_timestamp = "keeps"
    assert _save(api, carrier, MostRecentTimestamp=None)["MostRecentTimestamp"] == "tx-00000009"
    emulator.switches.save_honours_timestamp = False
    assert _save(api, carrier)["MostRecentTimestamp"] == "tx-00000009"


def test_a_save_can_move_a_connection_to_another_connector(api: Api, emulator: Emulator, connection: int) -> None:
    other, carrier = api.connector(name="Other"), api.read(connection)
    assert _save(api, carrier, ErpConnectorId=other)["ErpConnectorId"] == other
    emulator.switches.save_honours_connector = False
    assert _save(api, carrier)["ErpConnectorId"] == other


def test_config_values_are_replaced_wholly_or_merged(api: Api, emulator: Emulator, connection: int) -> None:
    carrier = api.read(connection)
    less = {key: value for key, value in carrier["ConfigFields"].items() if key != "TextField"}
    reply = api.post("SaveConnection", {"Connection": {**carrier, "ConfigFields": less}})
    assert reply.status == 400  # the connector wants exactly its keys; the row is stored without the key all the same
    assert api.read(connection)["ConfigFields"] == less
    _save(api, carrier)
    emulator.switches.missing_config_keys = "kept"
    assert _save(api, carrier, ConfigFields=less)["ConfigFields"] == carrier["ConfigFields"]


def test_a_blank_password_overwrites_or_keeps(api: Api, emulator: Emulator, connection: int) -> None:
    carrier = api.read(connection)
    carrier["ConfigFields"]["PasswordField"] = "secret-1"
    _save(api, carrier)
    blank = {**carrier, "ConfigFields": {**carrier["ConfigFields"], "PasswordField": ""}}
    assert _save(api, blank)["ConfigFields"]["PasswordField"] == ""
    _save(api, carrier)
    emulator.switches.blank_keeps_secret = True
    assert _save(api, blank)["ConfigFields"]["PasswordField"] == "secret-1"


def test_config_of_an_active_connection_is_refused_unless_the_switch_accepts_it(api: Api, emulator: Emulator, connection: int) -> None:
    api.toggle(connection)
    carrier = api.read(connection)
    assert _save(api, carrier, DisplayName="New name", AllAccess=False)["DisplayName"] == "New name"
    changed = {**carrier["ConfigFields"], "TextField": "changed"}
    assert api.post("SaveConnection", {"Connection": {**carrier, "ConfigFields": changed}}).status == 400
    assert api.read(connection)["ConfigFields"] == carrier["ConfigFields"]
    emulator.switches.config_change_while_active = "accept"
    assert _save(api, carrier, ConfigFields=changed)["ConfigFields"] == changed


@pytest.mark.parametrize(("reading", "shown"), [("clear", "secret-1"), ("masked", "********"), ("blank", "")])
def test_secrets_are_read_as_the_switch_says_and_stored_in_clear(
    api: Api, emulator: Emulator, connector: int, reading: str, shown: str
) -> None:
    made = api.connection(connector, config=api.config(connector, Filename="F0001.xlsm", PasswordField="secret-1"))
    emulator.switches.set("secrets_on_read", reading)
    key = made["ErpConnectionId"]
    seen = api.read(key)
    assert seen["ConfigFields"]["PasswordField"] == shown
    assert seen["ConfigFields"]["Filename"] == "F0001.xlsm"
    assert api.ok("GetErpConnectionConfigFields", {"ErpConnectionId": key}) == seen["ConfigFields"]
    assert emulator.inspect.connection(key)["ConfigFields"]["PasswordField"] == "secret-1"
    _save(api, seen)
    assert emulator.inspect.connection(key)["ConfigFields"]["PasswordField"] == shown  # echoing a masked read destroys the secret


# ---- the connector's part in a save ----


def test_a_save_is_stored_first_and_told_to_the_connector_then(api: Api, emulator: Emulator, connector: int) -> None:
    emulator.edit.connector_refuses_save(VISMA)
    sent = {"ErpConnectorId": connector, "DisplayName": "Orphan", "ConfigFields": api.config(connector)}
    assert api.post("SaveConnection", {"Connection": sent}).status == 400
    (orphan,) = emulator.inspect.find("Orphan")
    assert emulator.inspect.remembered_by_connector(orphan["ErpConnectionId"]) is None
    emulator.switches.refused_save_answer = "row"
    assert api.connection(connector)["ErpConnectionId"] > orphan["ErpConnectionId"]


def test_a_connector_can_refuse_single_keys(api: Api, emulator: Emulator, connector: int) -> None:
    emulator.edit.connector_refuses_keys(VISMA, ["DateField"])
    assert api.post("SaveConnection", {"Connection": {"ErpConnectorId": connector, "ConfigFields": api.config(connector)}}).status == 400
    emulator.edit.connector_refuses_keys(VISMA, [])
    assert api.connection(connector)


def test_a_save_can_demand_a_passing_test(api: Api, emulator: Emulator, connector: int) -> None:
    emulator.switches.save_requires_test = True
    bad = {"ErpConnectorId": connector, "ConfigFields": api.config(connector, Filename="missing.xlsm")}
    assert api.post("SaveConnection", {"Connection": bad}).status == 400
    assert emulator.inspect.connections() == []
    assert api.connection(connector)


def test_a_save_can_refresh_the_fields(api: Api, emulator: Emulator, connector: int) -> None:
    first = api.connection(connector)["ErpConnectionId"]
    assert emulator.inspect.connection(first)["Actors"] == {}
    emulator.switches.save_refreshes_fields = True
    second = api.connection(connector)["ErpConnectionId"]
    assert set(emulator.inspect.connection(second)["Actors"]) == {"Customer", "Supplier", "Person", "Project"}


# ---- scope ----


def test_unknown_groups_and_users_are_refused(api: Api, connection: int) -> None:
    carrier = api.read(connection)
    for member in ("UserGroupAccessIds", "AssociateAccessIds"):
        assert api.post("SaveConnection", {"Connection": {**carrier, member: [1, 99]}}).status == 400


def test_all_access_can_clear_the_lists(api: Api, emulator: Emulator, connection: int) -> None:
    carrier = {**api.read(connection), "UserGroupAccessIds": [1], "AssociateAccessIds": [2, 3]}
    assert _save(api, carrier)["AssociateAccessIds"] == [2, 3]
    emulator.switches.all_access_clears_lists = True
    assert _save(api, carrier)["AssociateAccessIds"] == []


@pytest.mark.parametrize("resets", [True, False])
def test_saving_a_scope_resets_the_hidden_flags(api: Api, emulator: Emulator, connection: int, resets: bool) -> None:
    carrier = {**api.read(connection), "AllAccess": False, "UserGroupAccessIds": [1]}
    _save(api, carrier)
    emulator.edit.set_access_flags(connection, can_connect=False, can_create_erp=False)
    emulator.switches.access_save_resets_flags = resets
    _save(api, carrier, DisplayName="renamed")
    assert [row["CanConnect"] for row in emulator.inspect.connection(connection)["Access"]] == [resets]


# ---- reading ----


def test_the_list_of_connections_is_names_only(api: Api, emulator: Emulator, connection: int) -> None:
    (strict,) = api.ok("GetAllConnections", {})
    filled = {name for name, value in strict.items() if value not in (None, 0, False, {})}
    assert filled == {"ErpConnectionId", "DisplayName", "DisplayDescription"}
    emulator.switches.all_connections = "full"
    (full,) = api.ok("GetAllConnections", {})
    assert full == {**api.read(connection), "ConfigFields": None}


def test_deleted_connections_are_listed_on_request_and_read_with_their_flag(api: Api, emulator: Emulator, connection: int) -> None:
    assert api.post("DeleteConnection", {"ErpConnectionId": connection}).status == 204
    assert api.ok("GetAllConnections", {}) == []
    assert len(api.ok("GetAllConnections", {"IncludeDeleted": True})) == 1
    assert api.read(connection)["Deleted"] is True
    emulator.switches.deleted_connection_read = "null"
    assert api.ok("GetConnection", {"ErpConnectionId": connection}) is None


def test_the_summary_names_its_id_differently(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.set_default(connection, "Customer", "CatErp", value="A")
    seen = api.ok("GetErpSyncConnectionSummary", {"ErpSyncConnectionId": connection}, SO_Language="en")
    assert seen["LastSync"] == "0001-01-01T00:00:00"
    customer = seen["Actors"][0]
    assert (customer["ActorType"], customer["HasMappings"], customer["Defaults"]) == ("Customer", True, "Category")
    assert customer["Mappings"].startswith("Name, Postal address 1")


# ---- testing ----


def test_a_candidate_is_tested_under_the_connectors_id(api: Api, emulator: Emulator, connector: int, connection: int) -> None:
    good, bad = api.config(connector, Filename="F0002.xlsm"), api.config(connector, Filename="missing.xlsm")

    def tested(key: int, config: dict[str, str]) -> Any:
        return api.ok("TestConnectionByConfig", {"ErpConnectionId": key, "ConfigFields": config})

    assert [tested(connector, good), tested(connector, bad), tested(connection, good)] == [True, False, False]
    emulator.switches.test_by_config_takes = "connection"
    assert [tested(connection, good), tested(connection, bad), tested(connector, good)] == [True, False, False]


def test_a_candidate_needs_exactly_the_declared_keys(api: Api, connector: int) -> None:
    config = api.config(connector, Filename="F0001.xlsm")
    for wrong in (
        {**config, "Extra": "1"},
        {key: value for key, value in config.items() if key != "ListField"},
        {**config, "Filename": ""},
    ):
        assert api.ok("TestConnectionByConfig", {"ErpConnectionId": connector, "ConfigFields": wrong}) is False


def test_tests_of_unknown_and_deleted_connections_fail(api: Api, emulator: Emulator, connection: int) -> None:
    assert api.ok("TestConnectionById", {"ErpConnectionId": 999}) is False
    emulator.edit.delete(connection)
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is False


def test_a_password_that_expires_in_the_erp_fails_the_stored_test_and_passes_a_new_candidate(
    api: Api, emulator: Emulator, connector: int, connection: int
) -> None:
    emulator.edit.set_password_in_erp("F0001.xlsm", "new")
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is False
    assert "password" in emulator.inspect.why_tests_failed()[-1]
    config = api.config(connector, Filename="F0001.xlsm", PasswordField="new")
    assert api.ok("TestConnectionByConfig", {"ErpConnectionId": connector, "ConfigFields": config}) is True
    _save(api, api.read(connection), ConfigFields=config)
    assert api.ok("TestConnectionById", {"ErpConnectionId": connection}) is True


# ---- deleting ----


def test_deleting_is_a_flag_tells_the_connector_and_can_be_repeated(api: Api, emulator: Emulator, connection: int) -> None:
    for key in (connection, connection, 999):
        assert api.post("DeleteConnection", {"ErpConnectionId": key}).status == 204
    assert emulator.inspect.connection(connection)["Deleted"] is True
    assert emulator.inspect.remembered_by_connector(connection) is None
    assert [call.effect for call in emulator.calls if call.operation == "DeleteConnection"] == [True, False, False]


def test_deleting_can_be_refused_for_active_or_linked_connections(api: Api, emulator: Emulator, connection: int) -> None:
    api.toggle(connection)
    emulator.switches.delete_active = "refuse"
    assert api.post("DeleteConnection", {"ErpConnectionId": connection}).status == 400
    api.toggle(connection)
    emulator.edit.link_record(connection)
    emulator.edit.add_quote_connection(connection)
    emulator.switches.delete_linked = "refuse"
    assert api.post("DeleteConnection", {"ErpConnectionId": connection}).status == 400
    emulator.switches.delete_linked = "accept"
    assert api.post("DeleteConnection", {"ErpConnectionId": connection}).status == 204


# ---- toggling ----


def test_the_toggle_flips_and_never_sets(api: Api, emulator: Emulator, connection: int) -> None:
    assert [api.toggle(connection), api.read(connection)["Active"]] == [[], True]
    assert [api.toggle(connection), api.read(connection)["Active"]] == [[], False]
    calls = [call for call in emulator.calls if call.operation == "ToggleErpConnectionActive"]
    assert [(call.active_before, call.active_after) for call in calls] == [(False, True), (True, False)]


def test_a_mandatory_field_needs_a_direction_in_an_active_actor_type(api: Api, emulator: Emulator, connection: int) -> None:
    assert api.toggle(connection) == []  # no actor type is active yet
    api.toggle(connection)
    emulator.edit.set_actor(connection, "Customer", True)
    (reason,) = api.toggle(connection)
    assert "NAME" in reason
    assert api.read(connection)["Active"] is False
    emulator.edit.map_field(connection, "Customer", "NAME", to_erp=True)
    assert api.toggle(connection) == []


def test_switching_off_needs_no_rules(api: Api, emulator: Emulator, connection: int) -> None:
    api.toggle(connection)
    emulator.edit.set_actor(connection, "Customer", True)
    emulator.edit.connector_down(VISMA)
    assert api.toggle(connection) == []


def test_a_deleted_connection_cannot_be_activated(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.delete(connection)
    assert len(api.toggle(connection)) == 1


def test_the_toggle_can_test_the_connection(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.connector_fails_tests(VISMA)
    assert api.toggle(connection) == []
    api.toggle(connection)
    emulator.switches.toggle_tests_connection = True
    assert "test failed" in api.toggle(connection)[0]
    emulator.edit.connector_fails_tests(VISMA, False)
    assert api.toggle(connection) == []


def test_the_toggle_can_refuse_fields_that_went_missing(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.set_actor(connection, "Person", True)
    emulator.edit.map_field(connection, "Person", "LASTNAME", to_crm=True)
    emulator.edit.drop_field("Test.Excel", "Person", "LASTNAME")
    assert api.refresh(connection)
    emulator.switches.toggle_refuses_missing_fields = True
    assert "LASTNAME" in api.toggle(connection)[0]
    emulator.switches.toggle_refuses_missing_fields = False
    assert api.toggle(connection) == []


def test_an_older_server_has_no_list_of_everything(api: Api, emulator: Emulator, connector: int) -> None:
    """Servers before NetServer 10.1.5; what there is of them is read through archives."""
    emulator.switches.set("lists_everything", value=False)
    for operation in ("GetAllConnections", "GetAllConnectors", "TryConnectActor"):
        assert api.post(operation).status == 404
    emulator.switches.set("lists_everything", value=True)
    assert api.ok("GetAllConnectors")
