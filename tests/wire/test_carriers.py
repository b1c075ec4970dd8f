"""Carriers: a row survives the way out and back, and nothing is believed that has another type."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import ConfigField, Connection, Connector, FieldType, Listed, Named, Secret
from reconciler.wire import carriers
from reconciler.wire.carriers import WireError

ids = st.integers(1, 2**31 - 1)
connections = st.builds(
    Connection,
    id=ids,
    guid=st.uuids().map(str),
    connector_id=ids,
    name=st.text(),
    description=st.text(),
    active=st.booleans(),
    deleted=st.booleans(),
    cursor=st.none() | st.text(),
    everyone=st.booleans(),
    groups=st.lists(ids).map(tuple),
    users=st.lists(ids).map(tuple),
    config=st.dictionaries(st.text(min_size=1), st.text(), max_size=4),
)
CONNECTION: dict[str, Any] = {
    "ErpConnectionId": 110,
    "ErpConnectorId": 7,
    "DisplayName": 'US:"Visma";NO:"Visma Norge"',
    "DisplayDescription": None,
    "Active": True,
    "ConnectionId": "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    "MostRecentTimestamp": "2026-01-31T10:00:00",
    "ConfigFields": {"Filename": "F0001.xlsm", "PasswordField": None},
    "Deleted": False,
    "AllAccess": False,
    "UserGroupAccessIds": [3, 1],
    "AssociateAccessIds": None,
    "TableRight": None,
    "FieldProperties": {},
}
FIELD: dict[str, Any] = {
    "FieldKey": "PasswordField",
    "Rank": 0,
    "DisplayName": 'US:"Password"',
    "DisplayDescription": "",
    "FieldType": "Password",
    "ListName": None,
    "DefaultValue": "[password]",
    "MaxLength": 500,
    "Access": "Mandatory",
    "ShowInSearch": False,
    "TableRight": None,
    "FieldProperties": {},
}


@given(connections)
def test_a_connection_survives_the_way_out_and_back(connection: Connection) -> None:
    assert carriers.connection_from(json.loads(json.dumps(carriers.connection_to(connection, {})))) == connection


@given(st.builds(Connector, id=ids, name=st.text(), url=st.text(), deleted=st.booleans()))
def test_a_connector_survives_the_way_out_and_back(connector: Connector) -> None:
    assert carriers.connector_from(carriers.connector_to(connector)) == connector


def test_a_connection_is_always_sent_whole() -> None:
    connection = carriers.connection_from(CONNECTION)
    sent = carriers.connection_to(connection, {})
    assert sent.keys() == CONNECTION.keys()
    assert sent["UserGroupAccessIds"] == [3, 1]
    assert (sent["TableRight"], sent["FieldProperties"]) == (None, {})


def test_a_new_connection_has_no_guid() -> None:
    new = Connection(0, "", 7, "n", "", False, False, "", True, (), (), {})
    assert carriers.connection_to(new, {})["ConnectionId"] is None


def test_secrets_join_the_config_only_when_sent() -> None:
    connection = Connection(0, "", 7, "n", "", False, False, "", True, (), (), {"Filename": "a"})
    sent = carriers.connection_to(connection, {"PasswordField": Secret("hunter2")})
    assert sent["ConfigFields"] == {"Filename": "a", "PasswordField": "hunter2"}
    assert "hunter2" not in repr(connection)


def test_a_key_is_plain_or_secret_and_never_both() -> None:
    connection = Connection(0, "", 7, "n", "", False, False, "", True, (), (), {"PasswordField": "read"})
    with pytest.raises(ValueError, match="PasswordField"):
        carriers.connection_to(connection, {"PasswordField": Secret("hunter2")})


WRONG: dict[str, list[Any]] = {
    "ErpConnectionId": [None, "110", 1.5, True, 2**31, []],
    "Active": [None, 0, "true"],
    "AllAccess": [None, 1],
    "Deleted": [None, {}],
    "DisplayName": [1, ["a"], {}],
    "ConfigFields": [[], "x", {"a": 1}, {"a": {}}],
    "UserGroupAccessIds": [{}, ["1"], [True], [None], "1"],
}


@pytest.mark.parametrize(("member", "value"), [(member, value) for member, values in WRONG.items() for value in values])
def test_a_wrong_type_names_the_member_and_hides_the_value(member: str, value: Any) -> None:
    with pytest.raises(WireError) as caught:
        carriers.connection_from({**CONNECTION, member: value})
    assert f"ErpConnection.{member}: expected " in str(caught.value)


@pytest.mark.parametrize("member", [one for one in CONNECTION if one not in ("TableRight", "FieldProperties")])
def test_a_missing_member_is_no_answer(member: str) -> None:
    row = copy.deepcopy(CONNECTION)
    del row[member]
    with pytest.raises(WireError, match=rf"ErpConnection\.{member}: expected a member, found nothing"):
        carriers.connection_from(row)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for read in (
        carriers.connection_from,
        carriers.connector_from,
        carriers.listed_from,
        carriers.connector_ids_from,
        carriers.config_fields_from,
        carriers.user_groups_from,
        carriers.archive_page_from,
        carriers.associates_from,
        carriers.is_active_from,
        carriers.last_sync_from,
        carriers.login_from,
    ):
        try:
            read(value)
        except WireError as error:
            assert "canary" not in str(error)  # noqa: PT017


def test_no_value_is_quoted() -> None:
    with pytest.raises(WireError) as caught:
        carriers.connection_from({**CONNECTION, "Active": "canary-4711"})
    assert "canary" not in str(caught.value)


def test_the_list_of_connections_believes_ids_and_names_only() -> None:
    rows = [
        {"ErpConnectionId": 5, "DisplayName": "b", "DisplayDescription": None},
        {"ErpConnectionId": 2, "DisplayName": "a", "DisplayDescription": "d"},
    ]
    assert carriers.listed_from(rows) == (Listed(2, "a", "d"), Listed(5, "b"))


@pytest.mark.parametrize("rows", [None, {}, [None], [{"ErpConnectionId": 0, "DisplayName": "", "DisplayDescription": ""}]])
def test_a_list_that_is_none(rows: Any) -> None:
    with pytest.raises(WireError):
        carriers.listed_from(rows)


def test_two_rows_with_one_id_are_no_list() -> None:
    row = {"ErpConnectionId": 5, "DisplayName": "b", "DisplayDescription": None}
    with pytest.raises(WireError, match="once"):
        carriers.listed_from([row, row])


def test_config_fields_keep_the_connectors_order() -> None:
    other = {**FIELD, "FieldKey": "Filename", "FieldType": "Text", "Access": "ReadOnly", "MaxLength": 0, "DefaultValue": None}
    assert carriers.config_fields_from([FIELD, other]) == (
        ConfigField("PasswordField", FieldType.PASSWORD, 'US:"Password"', mandatory=True, default="[password]", max_length=500),
        ConfigField("Filename", FieldType.TEXT, 'US:"Password"', read_only=True),
    )


@pytest.mark.parametrize(
    "change", [{"FieldType": "Datetime"}, {"FieldType": None}, {"Access": "Hidden"}, {"FieldKey": ""}, {"MaxLength": None}]
)
def test_a_config_field_of_unknown_kind_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        carriers.config_fields_from([{**FIELD, **change}])


def test_one_key_declared_twice_is_refused() -> None:
    with pytest.raises(WireError):
        carriers.config_fields_from([FIELD, FIELD])


ASSOCIATE = {"PrimaryKey": "5", "EntityName": "associate", "associate.associate_id": 5, "associate.name": "ANNA", "associate.deleted": 0}


@pytest.mark.parametrize("json", [[ASSOCIATE], {"value": [ASSOCIATE]}, {"odata.nextLink": None, "value": [ASSOCIATE]}])
def test_archive_rows_come_as_a_list_or_as_odata(json: Any) -> None:
    assert carriers.archive_page_from(json) == ([ASSOCIATE], False)
    assert carriers.associates_from([ASSOCIATE]) == (Named(5, "ANNA"),)


def test_an_archive_says_that_there_is_more() -> None:
    assert carriers.archive_page_from({"odata.nextLink": "http://elsewhere/", "value": []}) == ([], True)


@pytest.mark.parametrize("json", [{"value": None}, {}, "x", None])
def test_a_page_in_another_shape_is_refused(json: Any) -> None:
    with pytest.raises(WireError):
        carriers.archive_page_from(json)


def test_associates_without_a_login_are_left_out() -> None:
    assert carriers.associates_from([{**ASSOCIATE, "associate.name": ""}]) == ()
    assert carriers.associates_from([{**ASSOCIATE, "associate.deleted": True}]) == (Named(5, "ANNA", deleted=True),)


@pytest.mark.parametrize("json", [{}, "x", [[]], [{"associate.name": "ANNA"}], [ASSOCIATE, ASSOCIATE]])
def test_associates_in_another_shape_are_refused(json: Any) -> None:
    with pytest.raises(WireError):
        carriers.associates_from(json)


def test_an_actor_type_that_is_not_there_is_not_active() -> None:
    assert carriers.is_active_from(None) is False
    assert carriers.is_active_from({"IsActive": True}) is True
    for wrong in ({"IsActive": None}, {"IsActive": 1}, {"Active": True}):
        with pytest.raises(WireError):
            carriers.is_active_from(wrong)


def test_a_connection_that_never_synchronised() -> None:
    assert carriers.last_sync_from({"LastSync": "0001-01-01T00:00:00"}) is None
    assert carriers.last_sync_from({"LastSync": None}) is None
    assert carriers.last_sync_from({"LastSync": "2026-01-31T10:00:00"}) == "2026-01-31T10:00:00"
