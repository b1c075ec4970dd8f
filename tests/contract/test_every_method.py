"""Every method of the ErpSync agent of SuperOffice's own client works against the emulator, and gets what it declares."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator import Emulator, Switches
from reconciler.emulator.operations import OPERATIONS
from tests.contract.fill import VISMA, VISMA_PASSWORD
from tests.contract.vendor import play

Day = dict[str, Any]

pytestmark = pytest.mark.xdist_group("every-method")  # one worker runs this module, so that the script is played once

UNKNOWN_ID = {""}  # the answer itself is null
NULLS = {
    "GetErpSyncConnectorEntity": UNKNOWN_ID,
    "GetConnection": UNKNOWN_ID,
    "GetActorTypeMapping": UNKNOWN_ID,
    "GetDefaultValueInfo": UNKNOWN_ID,
    "GetErpFieldValues": UNKNOWN_ID,
    "GetConnectionListMappings": {".ErpListItemMappings[].ErpCrmListItemMappings[].CrmListItem"},
    "SaveConnectionListMappings": {".ErpListItemMappings[].ErpCrmListItemMappings[].CrmListItem"},
    "GetAllConnections": {
        f"[].{name}" for name in ("ConnectionId", "MostRecentTimestamp", "ConfigFields", "UserGroupAccessIds", "AssociateAccessIds")
    },
}
"""Where an answer holds null. Everywhere else a text is a text and a list a list; rights (TableRight) are never told."""


def live_through(emulator: Emulator) -> Day:
    """Play the script."""
    given = {
        "url": VISMA,
        "name": 'US:"Visma Norway";NO:"Visma Norge"',
        "config": {"Filename": "F0003.xlsm", "PasswordField": VISMA_PASSWORD},
        "groups": [1, 3],
        "users": [2],
        "items": [9001, 9002],
    }
    day: Day = play("every_method.mjs", emulator, given)
    assert emulator.errors == []
    return day


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as made:
        yield made


@pytest.fixture(scope="module")
def day(emulator: Emulator) -> Day:
    return live_through(emulator)


def calls_of(day: Day, operation: str) -> list[dict[str, Any]]:
    return [call for call in day["calls"] if call["operation"] == operation]


def nulls(call: dict[str, Any]) -> set[str]:
    return {place for place in call["nulls"] if not place.endswith("TableRight")}


def test_every_method_is_called_and_reaches_an_operation_of_its_own(day: Day, emulator: Emulator, record_property: Any) -> None:
    """The list of methods is the class's own; the operations are those that the emulator saw."""
    methods = set(day["reflected"])
    assert methods == set(day["declared"])
    assert methods == {call["method"] for call in day["calls"]}
    reached = {call["method"]: call["operation"] for call in day["calls"]}
    assert len(set(reached.values())) == len(methods)
    assert {call.operation for call in emulator.calls} == set(reached.values()) == set(OPERATIONS)
    told = f"{len(methods)} methods of the vendor's own client ({day['version']}) against the emulator, in {len(day['calls'])} calls"
    record_property("figure", told)
    assert tuple(int(part) for part in day["version"].split(".")) >= (12, 4)


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_its_answers_are_what_the_client_declares(day: Day, operation: str) -> None:
    """Members and their types, on the wire and as the caller gets them; the status; where null may stand."""
    calls = calls_of(day, operation)
    assert calls
    void = OPERATIONS[operation].void
    assert {(call["verb"], call["status"], call["returns"] == "void") for call in calls} == {("post", 204 if void else 200, void)}
    assert [problem for call in calls for problem in call["problems"]] == []
    assert set().union(*(nulls(call) for call in calls)) == NULLS.get(operation, set())
    assert void or any(call["result"] is not None for call in calls)


def test_the_check_of_answers_finds_what_differs(emulator: Emulator) -> None:
    """A check that accepts everything would prove nothing."""
    engine = {"IsRunning": True, "StatusMessage": "", "Interval": "00:05:00", "TableRight": None, "FieldProperties": {}}
    status = "carriers.ErpSyncEngineStatus"
    cases: list[tuple[Any, str, list[str]]] = [
        (engine, status, []),
        ({**engine, "Interval": "PT5M"}, status, ['.Interval: a duration expected, not "PT5M"']),
        ({**engine, "IsRunning": None}, status, [".IsRunning: true or false expected, not null"]),
        ({**engine, "Running": True}, status, [".Running: ErpSyncEngineStatus has no such member"]),
        (
            {name: value for name, value in engine.items() if name != "StatusMessage"},
            status,
            [".StatusMessage: missing in ErpSyncEngineStatus"],
        ),
        ([engine], status, [f": ErpSyncEngineStatus expected, not {json.dumps([engine], separators=(',', ':'))}"]),
        ({"a": "1", "b": 2}, "carriers.StringDictionary", ["{b}: a text expected, not 2"]),
        ([1, 1.5, True], "number[]", ["[]: a whole number expected, not 1.5", "[]: a whole number expected, not true"]),
        ("Maybe", "enums.ErpSyncResponseCode", [': ErpSyncResponseCode expected, not "Maybe"']),
        ("yes", "void", [': nothing expected, not "yes"']),
    ]
    assert play("check.mjs", emulator, [[value, kind] for value, kind, _ in cases]) == [problems for _, _, problems in cases]


def test_a_server_that_fills_all_members_of_a_listing_satisfies_the_client_too() -> None:
    with Emulator(switches=Switches(all_connections="full", secrets_on_read="masked")) as full:
        day = live_through(full)
    assert [problem for call in day["calls"] for problem in call["problems"]] == []
    assert {place for call in calls_of(day, "GetAllConnections") for place in nulls(call)} == {"[].ConfigFields"}
    assert day["seen"]["config"]["PasswordField"] == "********"


def test_the_emulator_read_what_the_client_sent(day: Day, emulator: Emulator) -> None:
    """The client posts names in camel case; nothing of it is lost. One call more was made by a second agent."""
    sent = Counter((call["operation"], repr(call["sent"]), call["status"]) for call in day["calls"])
    got = Counter((call.operation, repr(call.request), call.status or 0) for call in emulator.calls)
    assert sorted((got - sent).elements()) == [("GetConnection", repr({"erpConnectionId": day["ids"]["first"]}), 200)]
    assert sent - got == Counter()
    queries = {call.operation: set(call.query) for call in emulator.calls if call.query}
    with_query = ("GetErpSyncConnectorEntity", "DeleteErpSyncConnectorEntity")
    assert queries == {operation: {"erpsyncconnectorentityid"} for operation in with_query}


def test_connectors(day: Day) -> None:
    seen, key = day["seen"], day["ids"]["connector"]
    assert seen["urls"] == ["NoError", "ErrorNotFound"]
    connector = seen["connector"]
    assert (connector["erpConnectorId"], connector["displayName"], connector["uRL"]) == (key, "Visma Business", VISMA)
    assert seen["noConnector"] is None
    assert seen["connectors"] == [{"id": key, "name": "Visma Business", "toolTip": VISMA}]
    assert seen["mayDelete"] == ["ErrorConnectorHasConnections", "NoError", "ErrorNotFound"]


def test_connections(day: Day) -> None:
    seen, ids = day["seen"], day["ids"]
    connection = seen["connection"]
    assert connection["displayName"] == 'US:"Visma Norway";NO:"Visma Norge"'
    assert seen["inNorwegian"] == "Visma Norge"
    assert (connection["active"], connection["allAccess"], connection["deleted"]) == (False, False, False)
    assert (connection["userGroupAccessIds"], connection["associateAccessIds"]) == ([1, 3], [2])
    assert connection["configFields"] == seen["config"]
    assert (seen["config"]["Filename"], seen["config"]["IntegerField"]) == ("F0003.xlsm", "[I:0]")
    assert seen["noConnection"] is None
    assert len({*seen["guids"], ""}) == 3
    assert seen["testsByConfig"] == seen["testsById"] == seen["refreshed"] == [True, False]
    assert seen["left"] == [[], [ids["first"], ids["second"]]]
    assert seen["deleted"] is True


def test_mappings_lists_defaults_and_order(day: Day) -> None:
    seen = day["seen"]
    fields = {field["erpFieldKey"]: field for field in seen["mapping"]["fieldMappings"]}
    assert (seen["mapping"]["isActive"], seen["mapping"]["actorTypeErp"], seen["mapping"]["actorTypeCrm"]) == (True, "Customer", "Contact")
    assert [fields["NAME"][name] for name in ("syncToCrm", "syncToErp", "showInGui", "showInSearch")] == [True] * 4
    assert (fields["CustGr"]["crmFieldKey"], fields["CustGr"]["listReference"]) == ("BUSINESS", "table=business")
    assert fields["POSTALAD1"]["crmFieldKey"] == ""
    assert seen["noMapping"] is None
    assert seen["crmActorTypes"] == ["Contact", "Person", "Project", "Unknown"]
    (groups,) = (one for one in seen["lists"]["erpListItemMappings"] if one["erpListName"] == "CustomerGroup")
    chosen = {one["erpListItemId"]: (one["crmListItem"] or {}).get("id") for one in groups["erpCrmListItemMappings"]}
    assert chosen == {"A": 9001, "B": 9002, "C": None}
    default = seen["default"]
    assert (default["hasFirstSyncDefaultValue"], default["firstSyncDefaultValue"], default["promptUser"]) == (True, "[I:30]", True)
    assert (default["mandatory"], default["fieldType"], default["access"], seen["noDefault"]) == (False, "Integer", "Normal", None)
    before = [field["erpFieldKey"] for field in seen["mapping"]["fieldMappings"]]
    place = before.index("CustGr")
    assert seen["order"] == [*before[: place - 2], "CustGr", *before[place - 2 : place], *before[place + 1 :]]
    assert seen["fieldsForNew"] == ["NAME", "IntField"]
    assert seen["search"] == [True, False]


def test_going_live(day: Day) -> None:
    seen = day["seen"]
    assert len(seen["reasons"]) == 1
    assert "NAME" in seen["reasons"][0]
    assert (seen["activated"], seen["active"], seen["switchedOff"]) == ([], True, [])
    assert seen["prioritised"] == [True, False]
    assert [engine["isRunning"] for engine in seen["engine"]] == [False, False, True]
    assert seen["interval"] == 750
    summary = seen["summary"]
    assert (summary["active"], summary["deleted"]) == (True, False)
    assert {actor["actorType"]: actor["hasMappings"] for actor in summary["actors"]}["Customer"] is True


def test_records(day: Day) -> None:
    seen = day["seen"]
    assert {"NAME", "BUSINESS"} <= set(seen["crmFields"])
    assert seen["linked"] == seen["tried"] == seen["broken"] == [True, False]
    assert seen["made"] is True
    (display,) = seen["display"]
    assert (display["connected"], display["crmActorType"]) == (True, "Contact")
    assert (display["erpActorType"], display["erpActorTypes"]) == ("Customer", ["Customer"])
    assert [field["fieldKey"] for field in display["erpFields"]] == ["NAME"]
    assert seen["values"] == [["", ""], None]
    assert "BUSINESS" in seen["fromErp"]
    assert seen["synced"] == [[True, "Ok"]] * 6 + [[False, "Error"]]


def test_a_refusal_reaches_the_caller_as_one() -> None:
    """The client takes any 200 for success, so a refusal has to come with another status, and with words."""
    with Emulator() as made:
        connector = made.edit.add_connector("Visma", VISMA)
        made.edit.connector_down(VISMA)
        told = play("refusals.mjs", made, {"url": made.url, "connector": connector})
    assert told["login"]["status"] == 401
    assert (told["data"]["status"], told["data"]["message"]) == (400, "There is no connector with id 999.")
    assert (told["type"]["status"], told["type"]["message"]) == (400, "The request is invalid.")
    assert told["connector"]["status"] == 500
    assert told["connector"]["message"]
