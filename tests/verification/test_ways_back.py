"""Recoveries while the connector is silent, after edits of what the run made, and on reads that lag: each of these ended wrongly once."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

import tests.verification.catalogue  # it completes the scenarios
from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.errors import RefusedError
from reconciler.flow.going_back import make_rollback_plan
from reconciler.model import End, RunReport
from reconciler.session import Session
from tests.faults.checker import judge
from tests.faults.scenarios import DENMARK, ENVIRON, SCENARIOS, SPARE, VISMA, Files, ids_of
from tests.faults.stage import Account, Harm, Prepared, Stage
from tests.faults.truth import Expected
from tests.verification.kills import Mortal, die

assert tests.verification.catalogue.MORE

CREATED = "connection/visma-dk"


def died(stage: Stage, name: str, at: int, *, keeping: str = "") -> Prepared:
    """Let a run die at a boundary; `keeping`: the emulator keeps earlier answers of this operation, so that one can be stale later."""
    prepared = stage.prepare(name)
    stage.begin(prepared)

    def act(session: Session) -> RunReport:
        if keeping:
            stage.emulator.faults.add(Fault(keeping, FaultKind("stale-read"), nth=9999, times=1))
        return flow.apply_plan(session, prepared.plan, **prepared.scenario.options)

    assert die(stage, prepared, Mortal(at), act), f"{name} lived past {at}"
    stage.kept.expire()
    return prepared


def written(account: Account) -> list[str]:
    return [call.operation for call in account.calls if call.writes]


def end_of(account: Account, address: str) -> tuple[End, str]:
    assert account.report is not None
    (unit,) = [unit for unit in account.report.units if str(unit.address) == address]
    return unit.end, unit.reason


def config_of(stage: Stage, row: int) -> dict[str, Any]:
    config: dict[str, Any] = stage.emulator.inspect.connection(row)["ConfigFields"]
    return config


@pytest.mark.parametrize(("name", "at"), [("update", 26), ("update-off", 14), ("three", 26)])
def test_a_way_back_does_not_empty_the_configuration_while_the_connector_is_silent(stage: Stage, name: str, at: int) -> None:
    """A save sends what the connector declares: without its answer that was nothing at all."""
    prepared = died(stage, name, at)
    row = prepared.expected[0].row
    assert row
    stage.emulator.edit.connector_down(VISMA)
    account = stage.recover(prepared, "back")
    assert account.code == 6
    assert "SaveConnection" not in written(account)
    assert "The connector does not tell its fields" in end_of(account, prepared.expected[0].address)[1]
    stage.emulator.edit.connector_down(VISMA, False)
    account = stage.recover(prepared, "back")
    assert account.code == 5
    assert account.after is not None
    assert account.after.connections[row] == prepared.before.connections[row]


@pytest.mark.parametrize("at", [14, 18, 24])
def test_a_language_that_somebody_edited_after_our_save_is_not_put_back(stage: Stage, at: int) -> None:
    prepared = died(stage, "metadata", at)
    row = ids_of(stage.emulator)["fortnox-se"]
    ours = stage.emulator.inspect.connection(row)["DisplayName"]
    theirs = ours.replace("Fortnox Ruotsi", "Uusi nimi")
    assert theirs != ours
    stage.emulator.edit.rename(row, theirs)
    account = stage.recover(prepared, "back")
    assert account.code == 6
    assert "name of connection/fortnox-se was changed by somebody else" in end_of(account, "connection/fortnox-se")[1]
    assert stage.emulator.inspect.connection(row)["DisplayName"] == theirs


@pytest.mark.parametrize(("name", "at"), [("update", 24), ("three", 26)])
def test_of_what_was_accepted_half_done_a_rollback_says_that_no_way_leads_back(stage: Stage, name: str, at: int) -> None:
    prepared = died(stage, name, at)
    assert stage.recover(prepared, "accept-current").code == 0
    with stage.session({**ENVIRON, **prepared.scenario.environ}) as session:
        run = list(session.store(create=False).events())[-1].run
        try:
            said = " ".join(make_rollback_plan(session, run)[1])
        except RefusedError as error:
            said = error.detail
    assert "connection/visma-no was accepted half done" in said
    assert "untouched, or was rolled back" not in said


@pytest.mark.parametrize("choice", ["back", "forward"])
@pytest.mark.parametrize("edit", ["describe", "activate"])
@pytest.mark.parametrize("at", [15, 18, 22])
def test_a_creation_that_somebody_worked_on_since_it_was_read_is_not_deleted(stage: Stage, at: int, edit: str, choice: str) -> None:
    prepared = died(stage, "create", at)
    row = _denmark(stage, prepared)
    if edit == "describe":
        stage.emulator.edit.describe(row, "By hand")
    else:
        stage.emulator.edit.set_active(row, True)
    account = stage.recover(prepared, choice)
    now = stage.emulator.inspect.connection(row)
    assert not now["Deleted"]
    if edit == "describe":
        assert (account.code, now["DisplayDescription"]) == (6, "By hand")
        assert "description of connection/visma-dk" in end_of(account, CREATED)[1]
    else:
        assert now["Active"]
        assert account.code == (6 if choice == "back" else 0)


@pytest.mark.parametrize("choice", ["back", "forward"])
@pytest.mark.parametrize("at", [11, 15, 18])
def test_a_creation_that_somebody_renamed_is_neither_called_as_before_nor_created_again(stage: Stage, at: int, choice: str) -> None:
    prepared = died(stage, "create", at)
    row = _denmark(stage, prepared)
    stage.emulator.edit.rename(row, "Kept by hand")
    account = stage.recover(prepared, choice)
    assert account.code == 6
    assert f"#{row}" in end_of(account, CREATED)[1]
    assert _denmark(stage, prepared) == row
    assert not stage.emulator.inspect.connection(row)["Deleted"]


@pytest.mark.parametrize("at", [15, 18])
def test_accepting_a_creation_that_somebody_renamed_keeps_it_bound(stage: Stage, at: int) -> None:
    prepared = died(stage, "create", at)
    stage.emulator.edit.rename(_denmark(stage, prepared), "Kept by hand")
    account = stage.recover(prepared, "accept-current")
    assert (account.code, end_of(account, CREATED)[0]) == (0, End.NEEDS_ATTENTION)


def _denmark(stage: Stage, prepared: Prepared) -> int:
    """The one row that the run created."""
    (row,) = [
        one["ErpConnectionId"] for one in stage.emulator.inspect.connections() if one["ErpConnectionId"] not in prepared.before.connections
    ]
    return int(row)


@pytest.mark.parametrize("choice", ["back", "forward"])
@pytest.mark.parametrize("at", [11, 13, 15, 18, 20])
def test_a_created_connector_that_somebody_renamed_is_not_deleted(stage: Stage, at: int, choice: str) -> None:
    prepared = died(stage, "connectors", at)
    row = ids_of(stage.emulator)["Tripletex"]
    stage.emulator.edit.rename_connector(row, "Kept by hand")
    account = stage.recover(prepared, choice)
    assert account.code == 6
    assert stage.emulator.inspect.connector(row)["DisplayName"] == "Kept by hand"
    assert not stage.emulator.inspect.connector(row)["Deleted"]


@pytest.mark.parametrize("at", [22, 25, 31])
def test_one_stale_read_is_no_proof_that_a_connector_has_its_old_address(stage: Stage, at: int) -> None:
    prepared = died(stage, "url", at, keeping="GetErpSyncConnectorEntity")
    account = stage.recover(prepared, "back", Harm("stale-read", of="GetErpSyncConnectorEntity"))
    assert account.code == 5
    assert stage.emulator.inspect.connector(ids_of(stage.emulator)["Visma Business"])["URL"] == VISMA


@pytest.mark.parametrize("at", [24, 25])
def test_a_recovery_sends_no_toggle_again_on_one_stale_read(stage: Stage, at: int) -> None:
    prepared = died(stage, "onoff", at, keeping="GetConnection")
    row = ids_of(stage.emulator)["visma-is"]
    assert stage.emulator.inspect.connection(row)["Active"]
    account = stage.recover(prepared, "forward", Harm("stale-read", of="GetConnection"))
    assert (account.code, "ToggleErpConnectionActive" in written(account)) == (0, False)
    assert stage.emulator.inspect.connection(row)["Active"]


@pytest.mark.parametrize(("at", "choice"), [(16, "forward"), (30, "back")])
def test_a_recovery_sends_no_save_to_where_somebody_moved_the_connector(stage: Stage, at: int, choice: str) -> None:
    prepared = died(stage, "update", at)
    stage.emulator.edit.set_url(ids_of(stage.emulator)["Visma Business"], SPARE)
    account = stage.recover(prepared, choice)
    assert (account.code, written(account)) == (6, [])
    assert "no longer points where the plan found it" in end_of(account, "connection/visma-no")[1]


@pytest.mark.parametrize("at", [16, 40, 64])
def test_what_somebody_switched_off_is_not_switched_on_again_by_a_way_forward(stage: Stage, at: int) -> None:
    """The run died among defaults and ranks, before any toggle of its own."""
    prepared = died(stage, "mappings", at)
    row = ids_of(stage.emulator)["visma-no"]
    stage.emulator.edit.set_active(row, False)
    account = stage.recover(prepared, "forward")
    assert (account.code, written(account)) == (6, [])
    assert "was switched off by somebody else" in end_of(account, "connection/visma-no")[1]
    assert not stage.emulator.inspect.connection(row)["Active"]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> str:
    """A creation on a connector that its own plan creates, with a value whose type only the connector knows."""

    def change(files: Files) -> None:
        files["connectors"] = {"visma": files["connectors"]["visma"]}
        files["connections"] = {"visma-dk": copy.deepcopy(DENMARK)}
        files["connections"]["visma-dk"]["config"].update({"DoubleField": 2, "IntegerField": "7"})

    def expected(ids: Mapping[str, int]) -> tuple[Expected, ...]:
        connector, connection = SCENARIOS["fresh"].expected(ids)
        return connector, replace(connection, config={**(connection.config or {}), "DoubleField": "[F:2.0]", "IntegerField": "[I:7]"})

    monkeypatch.setitem(SCENARIOS, "typed", replace(SCENARIOS["fresh"], name="typed", change=change, expected=expected))
    return "typed"


def test_a_value_whose_type_the_connector_told_is_as_desired(stage: Stage, typed: str) -> None:
    prepared = stage.prepare(typed)
    stage.begin(prepared)
    account = stage.apply(prepared, before=prepared.before)
    assert account.code == 0, account.error
    assert [str(one) for one in judge(account, prepared)] == []


@pytest.mark.parametrize(("choice", "code"), [("back", 5), ("forward", 0), ("accept-current", 0)])
@pytest.mark.parametrize("at", [33, 37, 41])
def test_a_value_whose_type_the_connector_told_is_nobody_elses_work(stage: Stage, typed: str, at: int, choice: str, code: int) -> None:
    prepared = died(stage, typed, at)
    account = stage.recover(prepared, choice)
    assert account.code == code, account.report and [unit.reason for unit in account.report.units]
