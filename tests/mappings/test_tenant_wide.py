"""What is shared: the order of connections, automatic synchronisation, and a connector with several connections."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Call, Fault, FaultKind
from tests.mappings.conftest import SPARE, VISMA, connection, customer
from tests.mappings.workbench import Document, Workbench, unlike


def three(document: Document) -> Document:
    """Three active connections on one connector."""
    document = copy.deepcopy(document)
    document["connections"] |= {
        "sweden": connection("Visma Sweden", "F0002.xlsm"),
        "denmark": connection("Visma Denmark", "F0003.xlsm"),
    }
    return document


@pytest.fixture
def shared(bench: Workbench, wanted: Document) -> Document:
    """The three, applied."""
    document = three(wanted)
    assert bench.apply(bench.plan(document)).exit_code == 0
    bench.emulator.clear_calls()
    return document


# --- a connector that moves ---------------------------------------------------------------------------------------------


def test_a_url_that_answers_for_two_of_three_is_put_back_and_proved(bench: Workbench, shared: Document) -> None:
    document = copy.deepcopy(shared)
    document["connectors"]["visma"]["url"] = SPARE
    plan, before = bench.plan(document), bench.truth()

    def not_for_denmark(call: Call) -> None:
        """At the new address the third one fails its test, as if its company were not there."""
        if call.operation == "TestConnectionById":
            row = bench.emulator.inspect.connection(call.request["ErpConnectionId"])
            bench.emulator.edit.connector_fails_tests(SPARE, "Denmark" in row["DisplayName"])

    bench.emulator.before_call = not_for_denmark
    report = bench.apply(plan)
    bench.emulator.before_call = None
    assert report.exit_code == 5, report
    assert "denmark" in str(report).lower()
    assert unlike(bench.truth(), before) == []
    operations = [call.operation for call in bench.emulator.calls]
    last_save = len(operations) - 1 - operations[::-1].index("SaveErpSyncConnectorEntity")
    assert operations[last_save:].count("TestConnectionById") >= 3  # all of them answer as before, at the old address
    assert not [call for call in bench.emulator.calls if call.operation == "ToggleErpConnectionActive"]


# --- the order ----------------------------------------------------------------------------------------------------------


def order(bench: Workbench) -> list[str]:
    names = {row["ErpConnectionId"]: row["DisplayName"].removeprefix("Visma ").lower() for row in bench.emulator.inspect.connections()}
    return [names.get(key, "SuperOffice") for key in bench.emulator.inspect.engine()["Order"]]


@pytest.mark.parametrize("omitted", ["appended", "dropped"])
def test_the_order_with_superoffice(bench: Workbench, shared: Document, omitted: str) -> None:
    bench.emulator.switches.set("priorities_omitted", omitted)
    document = {**shared, "sync_priority": ["denmark", "SuperOffice", "norway"]}
    plan = bench.plan(document)
    assert [(str(unit.address), [change.path for change in unit.changes]) for unit in plan.units] == [("sync-priority", [("order",)])]
    assert bench.apply(plan).exit_code == 0
    assert order(bench) == ["denmark", "SuperOffice", "norway", "sweden"]
    assert bench.plan(document).units == ()


def without_superoffice(bench: Workbench) -> None:
    """The tenant keeps no place of SuperOffice's own."""
    row = bench.emulator.inspect.engine()
    kept = ";".join(str(key) for key in row["Order"] if key)
    with bench.emulator.state.transaction(_author(bench)):
        bench.emulator.state.update("ErpConfiguration", 1, {"ConnectionRank": kept})


def _author(bench: Workbench) -> Any:
    from reconciler.emulator.state import SEED

    return SEED


def test_the_order_of_a_tenant_that_does_not_show_superoffice(bench: Workbench, shared: Document) -> None:
    without_superoffice(bench)
    assert "SuperOffice" not in order(bench)
    document = {**shared, "sync_priority": ["denmark", "SuperOffice", "norway"]}
    plan = bench.plan(document)
    assert any("SuperOffice's own place" in one.reason for one in plan.not_checked)
    assert bench.apply(plan).exit_code == 0
    assert [one for one in order(bench) if one != "SuperOffice"] == ["denmark", "norway", "sweden"]
    assert bench.plan(document).units == ()


def test_an_order_that_is_refused_stays(bench: Workbench, shared: Document) -> None:
    before = order(bench)
    plan = bench.plan({**shared, "sync_priority": ["denmark", "SuperOffice", "norway"]})
    report = bench.apply(plan, Fault("SaveErpConnectionSyncPriorities", FaultKind.FORBIDDEN))
    assert report.exit_code == 5, report
    assert order(bench) == before


# --- automatic synchronisation ------------------------------------------------------------------------------------------


@pytest.fixture
def slow_engine(bench: Workbench) -> Iterator[Workbench]:
    bench.emulator.switches.set("engine_status_delay_s", 25.0)
    yield bench
    bench.emulator.switches.set("engine_status_delay_s", 0.0)


def test_an_engine_that_shows_its_switch_late(slow_engine: Workbench, wanted: Document) -> None:
    document = {**wanted, "automatic_sync": {"on": False, "interval": "15m"}}
    begun = slow_engine.clock.seconds
    report = slow_engine.apply(slow_engine.plan(document))
    assert report.exit_code == 0, report
    assert slow_engine.clock.seconds - begun >= 25
    assert len([call for call in slow_engine.emulator.calls if call.operation == "ChangeEngineStatus"]) == 1
    assert slow_engine.plan(document).units == ()


def test_an_engine_that_never_follows_is_no_success(bench: Workbench, wanted: Document) -> None:
    bench.emulator.switches.set("engine_status_delay_s", 100_000.0)
    plan = bench.plan({**wanted, "automatic_sync": {"on": False, "interval": "15m"}})
    report = bench.apply(plan)
    assert report.exit_code in (5, 6), report
    assert bench.emulator.inspect.engine()["SyncInterval"] == 300 or report.exit_code == 6


# --- a connector that is silent -----------------------------------------------------------------------------------------


def test_lists_of_a_silent_connector_are_not_checked(bench: Workbench, wanted: Document) -> None:
    bench.emulator.edit.connector_down(VISMA)
    plan = bench.plan(wanted)
    assert plan.units == (), [(str(unit.address), [change.path for change in unit.changes]) for unit in plan.units]
    told = [one for one in plan.not_checked if "items" in one.path or "item" in one.reason]
    assert told, plan.not_checked


def test_other_changes_of_a_silent_connector_are_still_planned(bench: Workbench, wanted: Document) -> None:
    bench.emulator.edit.connector_down(VISMA)
    document = copy.deepcopy(wanted)
    customer(document)["IntField"]["default"] = {"value": 31}
    plan = bench.plan(document)
    assert [change.path for unit in plan.units for change in unit.changes] == [("actors", "customer", "fields", "IntField", "default")]
    report = bench.apply(plan)
    assert report.exit_code == 0, report


def test_a_status_of_the_whole(bench: Workbench, wanted: Document) -> None:
    """`drift` sees what somebody mapped behind our back, and what not."""
    (row,) = bench.emulator.inspect.find("Visma Norway")
    bench.emulator.edit.map_field(row["ErpConnectionId"], "Customer", "POSTALZIP", to_crm=True)
    bench.emulator.edit.map_field(row["ErpConnectionId"], "Customer", "POSTALAD1", to_crm=True)
    with bench.session() as session:
        plan = flow.make_plan(session, flow.load(session, ()))
    assert [change.path for unit in plan.units for change in unit.changes] == [("actors", "customer", "fields", "POSTALZIP", "direction")]
