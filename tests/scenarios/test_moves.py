"""A connection that moves to another connector is never lost on the way, and a saved plan goes on only where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Call, Emulator, Fault, FaultKind
from reconciler.errors import InputError, StalePlan
from reconciler.model import End, Plan, RunReport, UnitKind
from tests.scenarios.stage import SPARE, VISMA, Stage
from tests.scenarios.test_calls import several

OTHER = f"  other:\n    name: Other\n    url: {SPARE}\n"
MOVE = [("connection/norway", UnitKind.CREATE), ("connection/norway/replaced", UnitKind.DELETE)]


@pytest.fixture
def moving(applied: Stage) -> Stage:
    """The file moves the connection to a second connector."""
    applied.change(("connections:\n", OTHER + "connections:\n"), ("    connector: visma\n", "    connector: other\n"))
    return applied


def permitted(stage: Stage) -> Plan:
    """A plan with every barrier let through."""
    return stage.plan(*(hazard.permission for hazard in stage.plan().stopping))


def run(stage: Stage, plan: Plan, *, saved: bool = True, **options: Any) -> RunReport:
    with stage.session() as session:
        return flow.apply_plan(session, plan, saved=saved, **options)


def fail_tests(stage: Stage, operation: str) -> None:
    """From now on one kind of test fails on the spare connector, and the other passes."""

    def before(call: Call) -> None:
        if call.operation.startswith("TestConnection"):
            _fails(stage.emulator, SPARE, fails=call.operation == operation)

    stage.emulator.before_call = before


def works_again(stage: Stage) -> None:
    stage.emulator.before_call = None
    _fails(stage.emulator, SPARE, fails=False)


def _fails(emulator: Emulator, url: str, *, fails: bool) -> None:
    if emulator.office.connectors.condition(url).fail_tests is not fails:
        emulator.edit.connector_fails_tests(url, fails)


def live(stage: Stage) -> list[str]:
    """On which connectors there are live connections."""
    names = {row["ErpConnectorId"]: row["DisplayName"] for row in stage.emulator.inspect.connectors()}
    return sorted(names[row["ErpConnectorId"]] for row in stage.emulator.inspect.connections(deleted=False))


def units(plan: Plan) -> list[tuple[str, UnitKind]]:
    return [(str(unit.address), unit.kind) for unit in plan.units]


def spare(stage: Stage) -> None:
    """The connector that is moved to is there already, so nothing but the connection is planned."""
    stage.emulator.edit.add_connector("Other", SPARE)


@pytest.mark.parametrize("keep_going", [False, True])
def test_the_old_row_stays_where_the_new_one_could_not_be_created_and_the_move_is_planned_again(moving: Stage, *, keep_going: bool) -> None:
    spare(moving)
    plan = permitted(moving)
    fail_tests(moving, "TestConnectionById")
    report = run(moving, plan, keep_going=keep_going)
    assert [unit.end for unit in report.units] == [End.AS_BEFORE, End.UNTOUCHED]
    reason = "connection/norway, which takes its place, was not created" if keep_going else "an earlier unit stopped the run"
    assert (report.exit_code, report.units[1].reason, live(moving)) == (5, reason, ["Visma Business"])
    works_again(moving)
    with moving.session() as session:
        assert [str(row.address) for row in flow.status(session).rows] == ["connection/norway"]
    with pytest.raises(StalePlan) as stale:
        run(moving, plan)
    assert stale.value.exit_code == 4
    assert live(moving) == ["Visma Business"]
    again = permitted(moving)
    assert units(again) == MOVE
    assert run(moving, again, retry_failed=True, saved=False).exit_code == 0
    assert live(moving) == ["Other"]
    assert moving.plan().units == ()


def test_the_file_may_take_back_a_move_that_was_rolled_back(moving: Stage) -> None:
    spare(moving)
    plan = permitted(moving)
    fail_tests(moving, "TestConnectionById")
    assert run(moving, plan).exit_code == 5
    works_again(moving)
    moving.change(("    connector: other\n", "    connector: visma\n"))
    assert UnitKind.CREATE not in {unit.kind for unit in permitted(moving).units}
    assert UnitKind.DELETE not in {unit.kind for unit in permitted(moving).units}
    assert run(moving, permitted(moving), saved=False).exit_code == 0
    assert (live(moving), moving.plan().units) == (["Visma Business"], ())


@pytest.fixture
def halfway(moving: Stage) -> tuple[Stage, Plan]:
    """The new row is there, and the deletion of the old one was refused."""
    spare(moving)
    plan = permitted(moving)
    moving.emulator.faults.add(Fault("DeleteConnection", FaultKind.FORBIDDEN, nth=1))
    report = run(moving, plan)
    assert [unit.end for unit in report.units] == [End.AS_DESIRED, End.AS_BEFORE]
    moving.emulator.faults.clear()
    assert live(moving) == ["Other", "Visma Business"]
    return moving, plan


def test_a_move_that_stopped_halfway_ends_with_the_next_plan(halfway: tuple[Stage, Plan]) -> None:
    stage, _ = halfway
    assert units(stage.plan()) == MOVE[1:]
    assert {hazard.name.value for hazard in stage.plan().stopping} >= {"delete"}
    assert run(stage, permitted(stage), retry_failed=True, saved=False).exit_code == 0
    assert (live(stage), stage.plan().units) == (["Other"], ())


def test_a_move_that_stopped_halfway_is_not_turned_round_in_silence(halfway: tuple[Stage, Plan]) -> None:
    stage, _ = halfway
    stage.change(("    connector: other\n", "    connector: visma\n"))
    with pytest.raises(InputError) as refused:
        stage.plan()
    assert [problem.code for problem in refused.value.problems] == ["claimed-twice"]
    new = next(row for row in stage.emulator.inspect.connections(deleted=False) if row["ErpConnectorId"] != 1)
    stage.emulator.edit.delete(new["ErpConnectionId"])
    assert run(stage, permitted(stage), saved=False).exit_code == 0
    assert (live(stage), stage.plan().units) == (["Visma Business"], ())


def test_a_saved_plan_deletes_the_old_row_only_beside_a_new_one(moving: Stage) -> None:
    spare(moving)
    plan = permitted(moving)
    stopped = moving.connection("Visma Norway")["ErpConnectionId"]

    def edited(call: Call) -> None:
        if call.operation == "TestConnectionById" and call.request.get("ErpConnectionId") != stopped:
            moving.emulator.before_call = None
            moving.emulator.edit.set_config(stopped, "IntegerField", "[I:99]")

    moving.emulator.before_call = edited
    report = run(moving, plan)
    assert [unit.end for unit in report.units] == [End.AS_DESIRED, End.UNTOUCHED]
    moving.emulator.edit.set_config(stopped, "IntegerField", "[I:12]")
    new = next(row["ErpConnectionId"] for row in moving.emulator.inspect.connections(deleted=False) if row["ErpConnectionId"] != stopped)
    moving.emulator.edit.delete(new)
    with pytest.raises(StalePlan, match="so the old row stays"):
        run(moving, plan)
    assert live(moving) == ["Visma Business"]


def test_atomic_leaves_a_new_row_whose_old_one_is_gone_and_what_it_stands_on(moving: Stage) -> None:
    moving.emulator.edit.add_connector("Unused", VISMA)
    moving.change(("  other:\n", "  unused:\n    name: Unused\n    absent: true\n  other:\n"))
    plan = permitted(moving)
    moving.emulator.faults.add(Fault("DeleteErpSyncConnectorEntity", FaultKind.FORBIDDEN, nth=1))
    report = run(moving, plan, atomic=True)
    ends = {str(unit.address): (unit.end, unit.reason) for unit in report.units}
    left = "another unit failed, and this one is not undone: "
    assert ends["connector/other"] == (End.AS_DESIRED, f"{left}connection/norway stays, and is on it")
    assert ends["connection/norway"] == (End.AS_DESIRED, f"{left}the row whose place it takes is deleted")
    assert ends["connector/unused"][0] is End.AS_BEFORE
    assert (report.exit_code, live(moving)) == (5, ["Other"])
    moving.emulator.faults.clear()
    assert run(moving, permitted(moving), saved=False, retry_failed=True).exit_code == 0


# ---- a saved plan whose connector's unit was rolled back ----------------------------------------------------------------


def test_a_saved_plan_whose_connector_was_rolled_back_is_stale(stage: Stage) -> None:
    stage.change((f"url: {VISMA}", f"url: {SPARE}"))
    plan = permitted(stage)
    fail_tests(stage, "TestConnectionByConfig")
    assert run(stage, plan).exit_code == 5
    works_again(stage)
    with pytest.raises(StalePlan, match="does not exist: its creation was rolled back") as stale:
        run(stage, plan)
    assert stale.value.exit_code == 4
    with stage.session() as session:
        assert session.recorded().open_runs == ()
    assert run(stage, permitted(stage), saved=False, retry_failed=True).exit_code == 0


@pytest.mark.parametrize("moved", [False, True])
def test_a_saved_plan_goes_on_only_at_the_url_that_it_moves_a_connector_to(stage: Stage, *, moved: bool) -> None:
    stage.write(several(2))
    assert stage.apply().exit_code == 0
    stage.change((f"url: {VISMA}", f"url: {SPARE}"), ("nb: Norge 0", "nb: Noreg 0"), ("nb: Norge 1", "nb: Noreg 1"))
    plan = permitted(stage)
    if moved:
        stage.emulator.faults.add(Fault("SaveConnection", FaultKind.FORBIDDEN, nth=1))
    else:
        fail_tests(stage, "TestConnectionById")
    report = run(stage, plan)
    assert report.units[0].end is (End.AS_DESIRED if moved else End.AS_BEFORE)
    works_again(stage)
    stage.emulator.faults.clear()
    stage.emulator.clear_calls()
    if moved:
        again = run(stage, plan)
        assert [(str(unit.address), unit.end) for unit in again.units] == [
            ("connection/c1", End.AS_DESIRED),
            ("connection/c0", End.UNTOUCHED),
        ]
        assert again.exit_code == 5
        return
    with pytest.raises(StalePlan, match="where the plan moves it"):
        run(stage, plan)
    assert stage.writes == []


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", ["connection/norway/replaced", "connection/norway"])
@pytest.mark.parametrize("choice", ["back", "forward"])
def test_a_move_that_died_as_the_new_row_was_bound_is_settled_and_goes_on(moving: Stage, at: str, choice: str) -> None:
    spare(moving)
    plan = permitted(moving)
    old = moving.connection("Visma Norway")["ErpConnectionId"]

    def dies(kind: str, body: Mapping[str, Any]) -> None:
        if kind == "bound" and body["address"] == at:
            raise Died

    with pytest.raises(Died):
        run(moving, plan, listener=dies)
    assert live(moving) == ["Other", "Visma Business"]
    moving.recover(choice)
    assert old in {row["ErpConnectionId"] for row in moving.emulator.inspect.connections(deleted=False)}
    assert live(moving) == (["Visma Business"] if choice == "back" else ["Other", "Visma Business"])
    assert units(moving.plan()) == (MOVE if choice == "back" else MOVE[1:])
    assert run(moving, permitted(moving), saved=False, retry_failed=True).exit_code == 0
    assert (live(moving), moving.plan().units) == (["Other"], ())


# ---- a move that died, beside somebody else and other choices -----------------------------------------------------------


def died_when(stage: Stage, plan: Plan, kind: str, unit: str) -> None:
    def dies(event: str, body: Mapping[str, Any]) -> None:
        if event == kind and body.get("unit") == unit:
            raise Died

    with pytest.raises(Died):
        run(stage, plan, listener=dies)


def test_a_way_back_before_the_new_row_was_bound_leaves_the_old_one_to_its_address(moving: Stage) -> None:
    """It forgot the binding of the old row, which nothing stood for afterwards."""
    spare(moving)
    died_when(moving, permitted(moving), "observed", "connection/norway")
    assert moving.recover("back").exit_code == 5
    assert live(moving) == ["Visma Business"]
    assert units(moving.plan()) == MOVE


def test_a_way_forward_deletes_the_old_row_only_beside_the_new_one(moving: Stage) -> None:
    spare(moving)
    old = moving.connection("Visma Norway")["ErpConnectionId"]
    died_when(moving, permitted(moving), "outcome", "connection/norway/replaced")
    new = next(row["ErpConnectionId"] for row in moving.emulator.inspect.connections(deleted=False) if row["ErpConnectionId"] != old)
    moving.emulator.edit.delete(new)
    report = moving.recover("forward")
    ends = {str(unit.address): (unit.end, unit.reason) for unit in report.units}
    assert (report.exit_code, ends["connection/norway/replaced"][0]) == (6, End.NEEDS_ATTENTION)
    assert "so the old row stays" in ends["connection/norway/replaced"][1]
    assert live(moving) == ["Visma Business"]


@pytest.mark.parametrize("choice", ["accept-current", "park"])
def test_a_saved_plan_does_not_delete_the_old_row_beside_a_new_one_that_is_off(moving: Stage, choice: str) -> None:
    spare(moving)
    plan = permitted(moving)
    died_when(moving, plan, "activated", "connection/norway")
    assert moving.recover("back").exit_code == 6
    assert moving.recover(choice).exit_code == 0
    with pytest.raises(StalePlan, match="not as the plan wants it"):
        run(moving, plan)
    assert live(moving) == ["Other", "Visma Business"]


def test_a_key_that_moved_away_takes_the_rest_of_its_move_with_it(halfway: tuple[Stage, Plan]) -> None:
    stage, _ = halfway
    stage.change(("  norway:\n", "  norge:\n    moved_from: norway\n"))
    assert units(stage.plan()) == [("connection/norge/replaced", UnitKind.DELETE)]
    assert run(stage, permitted(stage), retry_failed=True, saved=False).exit_code == 0
    assert (live(stage), stage.plan().units) == (["Other"], ())
