"""Priority, the engine, links, and the calls that a configuration tool must never make."""

from __future__ import annotations

import pytest

from reconciler.emulator import Emulator
from tests.emulator.api import Api
from tests.emulator.conftest import VirtualClock


def _ranked(api: Api) -> list[int]:
    return [one["Id"] for one in api.get("MDOList/erpconnections?additional=useRank=true")]


def test_priorities_are_one_ordered_list_with_superoffice_as_zero(api: Api, emulator: Emulator, connector: int) -> None:
    first, second, third = (int(api.connection(connector)["ErpConnectionId"]) for _ in range(3))
    assert _ranked(api) == [0, first, second, third]
    assert api.ok("SaveErpConnectionSyncPriorities", {"ErpConnectionIds": [third, 0, first]}) is True
    assert _ranked(api) == [third, 0, first, second]
    assert emulator.inspect.engine()["ConnectionRank"] == f"{third};0;{first}"
    assert api.ok("SaveErpConnectionSyncPriorities", {"ErpConnectionIds": [999]}) is False
    assert _ranked(api) == [third, 0, first, second]


def test_what_happens_to_omitted_and_unknown_ids_is_a_switch(api: Api, emulator: Emulator, connector: int) -> None:
    first, second = (int(api.connection(connector)["ErpConnectionId"]) for _ in range(2))
    emulator.switches.priorities_omitted = "appended"
    emulator.switches.priorities_unknown_ids = "accept"
    assert api.ok("SaveErpConnectionSyncPriorities", {"ErpConnectionIds": [second, 999]}) is True
    assert emulator.inspect.engine()["ConnectionRank"] == f"{second};999;0;{first}"


def test_the_order_fits_254_characters(api: Api, emulator: Emulator) -> None:
    emulator.switches.priorities_unknown_ids = "accept"
    assert api.post("SaveErpConnectionSyncPriorities", {"ErpConnectionIds": list(range(1000, 1100))}).status == 400


def test_the_engines_switch_and_interval(api: Api, emulator: Emulator) -> None:
    status = api.ok("GetEngineStatus", SO_Language="en")
    assert (status["IsRunning"], status["StatusMessage"], status["Interval"]) == (True, "Automatic sync is turned on", "00:05:00")
    assert api.ok("ChangeEngineStatus", {"Run": False})["IsRunning"] is False
    for sent, shown in (("01:02:03", "01:02:03"), ("0:10", "00:10:00"), ("PT90M", "01:30:00"), ("PT5S", "00:00:05")):
        assert api.post("ChangeEngineInterval", {"Interval": sent}).status == 204
        assert api.ok("GetEngineStatus")["Interval"] == shown
    emulator.switches.interval_accepts = "clock"
    assert api.post("ChangeEngineInterval", {"Interval": "PT5M"}).status == 400


def test_a_change_of_the_engine_can_take_a_while_to_show(clock: VirtualClock) -> None:
    with Emulator(clock=clock) as emulator:
        api = Api(emulator)
        emulator.switches.engine_status_delay_s = 30
        assert api.ok("ChangeEngineStatus", {"Run": False})["IsRunning"] is True
        clock.sleep(31)
        assert api.ok("GetEngineStatus")["IsRunning"] is False
        api.http.close()


def test_a_tick_moves_the_cursors_of_active_connections_while_the_engine_runs(api: Api, emulator: Emulator, connector: int) -> None:
    keys = [int(api.connection(connector)["ErpConnectionId"]) for _ in range(3)]
    api.toggle(keys[0])
    api.toggle(keys[1])
    emulator.edit.delete(keys[1])
    assert emulator.tick() == [keys[0]]
    assert [api.read(key)["MostRecentTimestamp"] for key in keys] == ["tx-00000001", "", ""]
    assert {entry.by for entry in emulator.history.of("ErpConnection", keys[0]) if "MostRecentTimestamp" in entry.changed} == {
        "engine",
        "call",
    }
    emulator.edit.set_engine(running=False)
    assert emulator.tick() == []
    assert api.ok("SyncAll")["IsOk"] is False
    assert api.ok("ForceSyncAll")["IsOk"] is True
    assert api.read(keys[0])["MostRecentTimestamp"] == "tx-00000002"
    emulator.edit.set_engine(running=True, interval_s=60)
    assert api.ok("SyncAll") | {"TableRight": None} == api.ok("ForceSyncAll")


@pytest.mark.parametrize(
    "operation", ["ForceResync", "ForceResyncNoBlankValues", "ForceResyncExternal", "ForceResyncExternalNoBlankValues"]
)
def test_resync_calls_are_logged_and_move_nothing(api: Api, emulator: Emulator, connection: int, operation: str) -> None:
    before = emulator.state.digest()
    answer = api.ok(operation, {"ErpConnectionId": connection, "InternalKeyIds": [], "ExternalKeys": [], "ErpActorType": "Customer"})
    assert (answer["IsOk"], answer["Status"]) == (True, "Ok")
    assert api.ok(operation, {"ErpConnectionId": 999})["Status"] == "Error"
    assert emulator.state.digest() == before
    assert [call.operation for call in emulator.calls][-2:] == [operation, operation]


def test_links_are_one_to_one_on_each_connection(api: Api, emulator: Emulator, connection: int) -> None:
    def link(operation: str, record: int, key: str) -> object:
        body = {"ErpConnectionId": connection, "CrmRecordId": record, "CrmActorType": "Contact", "ErpKey": key, "ErpActorType": "Customer"}
        reply = api.post(operation, body)
        return reply.status if reply.status == 204 else reply.json

    assert [link("CreateActorLink", 1, "A"), link("CreateActorLink", 1, "B"), link("TryConnectActor", 2, "A")] == [True, False, False]
    assert link("ConnectActor", 2, "B") == 204
    assert len(emulator.inspect.rows("ErpExternalKey")) == 2
    broken = {"ErpConnectionId": connection, "CrmRecordId": 1, "CrmActorType": "Contact"}
    assert [api.ok("BreakActorLink", broken), api.ok("BreakActorLink", broken)] == [True, False]


def test_what_a_record_shows_of_its_connections(api: Api, emulator: Emulator, connection: int) -> None:
    asked = {"CrmActorType": "Contact", "EntityId": 1}
    assert api.ok("GetConnectionsAndDisplayFields", asked) == []
    emulator.edit.set_actor(connection, "Customer", True)
    emulator.edit.map_field(connection, "Customer", "NAME", to_erp=True, show_in_tab=True)
    api.toggle(connection)
    created = {
        "ConnectionId": connection,
        "CrmEntityId": 1,
        "ErpActorType": "Customer",
        "CrmActorType": "Contact",
        "ErpFieldKeyValues": {"NAME": "x"},
    }
    assert api.ok("CreateErpActorFromCrm", created) is True
    (seen,) = api.ok("GetConnectionsAndDisplayFields", asked)
    assert (seen["Connected"], seen["ErpActorTypes"], [one["FieldKey"] for one in seen["ErpFields"]]) == (True, ["Customer"], ["NAME"])
    values = {"ErpConnectionId": connection, "CrmActorType": "Contact", "EntityId": 1, "FieldKeys": ["NAME", "CustNo"]}
    assert api.ok("GetErpFieldValues", values) == ["", ""]
    assert "NAME" in [one["CrmFieldKey"] for one in api.ok("GetFieldValuesFromCrm", {"RecordId": 1, "ActorTypeCrm": "Contact"})]
    erp = api.ok("GetFieldValuesFromErp", {"ErpConnectionId": connection, "ActorTypeErp": "Customer", "ErpKey": "CUS1"})
    assert ("NAME", True) in [(one["CrmFieldKey"], one["SyncToErp"]) for one in erp]
