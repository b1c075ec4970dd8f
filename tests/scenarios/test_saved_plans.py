"""A saved plan is used once, in time, on its own target, and only while the tenant is as it was found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.emulator import Call, Fault, FaultKind
from reconciler.errors import CheckFailed, StalePlan
from reconciler.model import End, Plan
from reconciler.plan.codec import to_bytes
from tests.scenarios.stage import SPARE, VISMA, Stage
from tests.scenarios.test_calls import several

CONFIG = ("IntegerField: 12", "IntegerField: 13")


@pytest.fixture
def planned(applied: Stage) -> Stage:
    """A plan for one config change lies in `plan.json`."""
    applied.change(CONFIG)
    save(applied)
    applied.emulator.clear_calls()
    return applied


def save(stage: Stage, *permissions: str) -> Path:
    path = stage.folder / "plan.json"
    with stage.session() as session:
        flow.save_plan(flow.make_plan(session, flow.load(session, ()), permissions=permissions), path)
    return path


def load(stage: Stage, **options: str) -> Plan:
    return flow.load_plan(stage.folder / "plan.json", **options)


def refused(stage: Stage, **options: bool) -> StalePlan:
    """Apply the saved plan, which must be refused as stale with nothing written."""
    with pytest.raises(StalePlan) as error:
        stage.apply_saved(load(stage), **options)
    assert error.value.exit_code == 4
    assert stage.writes == []
    return error.value


def test_it_runs_without_the_file_that_it_was_made_from(planned: Stage) -> None:
    (planned.folder / "connections.yaml").unlink()
    assert planned.apply_saved(load(planned)).exit_code == 0
    assert planned.connection("Visma Norway")["ConfigFields"]["IntegerField"] == "[I:13]"


def test_it_is_used_once(planned: Stage) -> None:
    assert planned.apply_saved(load(planned)).exit_code == 0
    planned.emulator.clear_calls()
    assert refused(planned).summary == "The plan is used up"


def test_it_expires(planned: Stage) -> None:
    planned.clock.sleep(timedelta(hours=24, seconds=1).total_seconds())
    assert refused(planned).summary == "The plan has expired"


def test_it_may_be_used_until_it_expires(planned: Stage) -> None:
    planned.clock.sleep(timedelta(hours=24).total_seconds())
    assert planned.apply_saved(load(planned)).exit_code == 0


def test_another_digest_than_expected_is_refused(planned: Stage) -> None:
    digest = load(planned).digest
    assert load(planned, expect_digest=digest).digest == digest
    assert load(planned, expect_digest=f"sha256:{digest}").digest == digest
    with pytest.raises(StalePlan, match="The plan is another one"):
        load(planned, expect_digest="0" * 64)


def test_an_altered_file_is_refused(planned: Stage) -> None:
    path = planned.folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"IntegerField":13', b'"IntegerField":14'))
    with pytest.raises(StalePlan, match="The plan was altered"):
        load(planned)


def test_it_belongs_to_its_target(planned: Stage) -> None:
    made = load(planned)
    with planned.session("emulator") as session, pytest.raises(StalePlan, match="another target"):
        flow.apply_plan(session, made, saved=True)


@pytest.mark.parametrize("change", ["limits: {max_changed: 5}", "barriers: [takes-over]", "connector_hosts: [connectors.example.com]"])
def test_limits_and_policy_are_part_of_it(planned: Stage, change: str) -> None:
    planned.write_targets(change)
    assert refused(planned).summary == "The plan is stale"


def row_of(stage: Stage) -> int:
    return int(stage.connection("Visma Norway")["ErpConnectionId"])


def connector_of(stage: Stage) -> int:
    return int(stage.connection("Visma Norway")["ErpConnectorId"])


def to_another_connector(stage: Stage) -> None:
    stage.emulator.edit.set_connector(row_of(stage), stage.emulator.edit.add_connector("Other", VISMA))


FOREIGN: dict[str, Callable[[Stage], object]] = {
    "name": lambda stage: stage.emulator.edit.rename(row_of(stage), 'NO:"Visma Norge";US:"Visma Norway";SW:"Ny"'),
    "description": lambda stage: stage.emulator.edit.describe(row_of(stage), "changed"),
    "active": lambda stage: stage.emulator.edit.toggle(row_of(stage)),
    "scope": lambda stage: stage.emulator.edit.set_scope(row_of(stage), groups=[1]),
    "the value that changes": lambda stage: stage.emulator.edit.set_config(row_of(stage), "IntegerField", "[I:99]"),
    "the value as planned": lambda stage: stage.emulator.edit.set_config(row_of(stage), "IntegerField", "[I:13]"),
    "another value": lambda stage: stage.emulator.edit.set_config(row_of(stage), "TextField", "changed"),
    "a value that is gone": lambda stage: stage.emulator.edit.set_config(row_of(stage), "TextField", None),
    "a value that is new": lambda stage: stage.emulator.edit.set_config(row_of(stage), "Extra", "new", tell_connector=False),
    "deleted": lambda stage: stage.emulator.edit.delete(row_of(stage)),
    "guid": lambda stage: stage.emulator.edit.set_guid(row_of(stage), "11111111-2222-3333-4444-555555555555"),
    "connector": to_another_connector,
    "a declared field more": lambda stage: stage.emulator.edit.change_config_field("Test.Excel", "Zone", default="north"),
}


@pytest.mark.parametrize("edit", FOREIGN)
def test_any_foreign_edit_of_what_it_touches_makes_it_stale(planned: Stage, edit: str) -> None:
    FOREIGN[edit](planned)
    planned.emulator.clear_calls()
    assert refused(planned).summary == "The plan is stale"
    assert planned.calls("TestConnectionById", "TestConnectionByConfig") == []


@pytest.mark.parametrize("edit", ["url", "connector deleted"])
def test_a_connector_that_somebody_pointed_elsewhere_makes_it_stale(planned: Stage, edit: str) -> None:
    if edit == "url":
        planned.emulator.edit.set_url(connector_of(planned), SPARE)
    else:
        planned.emulator.edit.delete_connector(connector_of(planned))
    refused(planned)


IRRELEVANT: dict[str, Callable[[Stage], object]] = {
    "cursor": lambda stage: stage.emulator.edit.set_cursor(row_of(stage), "tx-00000077"),
    "tick": lambda stage: stage.emulator.tick(),
    "another connection": lambda stage: stage.emulator.edit.add_connection(connector_of(stage), "Theirs"),
    "the same value in another form": lambda stage: stage.emulator.edit.set_config(row_of(stage), "DoubleField", "[F:12.50]"),
}


@pytest.mark.parametrize("edit", IRRELEVANT)
def test_what_it_does_not_touch_may_move(planned: Stage, edit: str) -> None:
    IRRELEVANT[edit](planned)
    assert planned.apply_saved(load(planned)).exit_code == 0


def test_a_creation_whose_name_somebody_took_is_stale(stage: Stage) -> None:
    connector = stage.emulator.edit.add_connector("Visma Business", VISMA)
    save(stage)
    stage.emulator.edit.add_connection(connector, 'US:"Visma Norway"')
    stage.emulator.clear_calls()
    refused(stage)


def test_a_creation_of_a_connector_whose_name_somebody_took_is_stale(stage: Stage) -> None:
    save(stage)
    stage.emulator.edit.add_connector("Visma Business", SPARE)
    stage.emulator.clear_calls()
    refused(stage)


@pytest.mark.parametrize("edit", ["rename_connector", "set_url", "delete_connector"])
def test_a_connector_that_changed_makes_the_plan_for_it_stale(applied: Stage, edit: str) -> None:
    applied.change(("name: Visma Business", "name: Visma NG"))
    save(applied)
    arguments = {"rename_connector": ["Renamed"], "set_url": [SPARE], "delete_connector": []}[edit]
    getattr(applied.emulator.edit, edit)(connector_of(applied), *arguments)
    applied.emulator.clear_calls()
    refused(applied)


def test_an_edit_between_the_check_and_the_first_write_stops_it(planned: Stage) -> None:
    """Not stale when it was checked, but before the first write: still nothing written, still 4."""

    def at_the_last_moment(call: Call) -> None:
        if call.operation == "TestConnectionByConfig":
            planned.emulator.edit.set_config(row_of(planned), "IntegerField", "[I:99]")

    planned.emulator.before_call = at_the_last_moment
    with pytest.raises(Exception, match="Somebody else is at work") as stopped:
        planned.apply_saved(load(planned))
    assert stopped.value.exit_code == 4  # type: ignore[attr-defined]
    assert planned.writes == []


def test_a_plan_that_is_not_permitted_is_not_applied(applied: Stage) -> None:
    applied.change(("Filename: F0003.xlsm", "Filename: F0001.xlsm"))
    save(applied)
    with pytest.raises(CheckFailed):
        applied.apply_saved(load(applied))
    assert applied.writes == []
    save(applied, "points-elsewhere=connection/norway")
    assert applied.apply_saved(load(applied)).exit_code == 0


def test_after_a_partial_failure_only_the_untouched_units_are_left(stage: Stage) -> None:
    stage.write(several(3))
    assert stage.apply().exit_code == 0
    for number in range(3):
        stage.change((f"nb: Norge {number}", f"nb: Noreg {number}"))
    save(stage)
    stage.emulator.clear_calls()
    second = stage.connection("Norway 1")["ErpConnectionId"]
    stage.emulator.faults.add(Fault("SaveConnection", FaultKind.FORBIDDEN, nth=2))
    report = stage.apply_saved(load(stage))
    assert [unit.end for unit in report.units] == [End.AS_DESIRED, End.AS_BEFORE, End.UNTOUCHED]
    assert report.exit_code == 5
    stage.emulator.clear_calls()
    again = stage.apply_saved(load(stage))
    ends = [(str(unit.address), unit.end, unit.reason) for unit in again.units]
    rolled_back = "it ran under this plan before and was rolled back; make a new plan for it"
    assert ends == [("connection/c2", End.AS_DESIRED, ""), ("connection/c1", End.UNTOUCHED, rolled_back)]
    assert again.exit_code == 5
    assert second not in {call.request["Connection"]["ErpConnectionId"] for call in stage.calls("SaveConnection")}
    stage.emulator.clear_calls()
    assert refused(stage).summary == "The plan is used up"


def test_equal_plans_made_at_different_times_are_two_plans_of_equal_units(applied: Stage) -> None:
    applied.change(CONFIG)
    first = applied.plan()
    applied.clock.sleep(60)
    second = applied.plan()
    assert first.digest != second.digest
    assert [unit.digest for unit in first.units] == [unit.digest for unit in second.units]


def test_the_same_input_at_the_same_time_gives_the_same_bytes(applied: Stage) -> None:
    applied.change(CONFIG)
    assert to_bytes(applied.plan()) == to_bytes(applied.plan())
