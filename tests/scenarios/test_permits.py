"""A permit in the files lets one barrier through, once, until its time is over; the journal remembers which run it was."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.errors import CheckFailed, StalePlan
from reconciler.model import End, PermitState, Plan
from reconciler.plan.codec import from_bytes, to_bytes, to_json
from reconciler.report.formats import Writer
from tests.scenarios.stage import CONNECTIONS, Stage

BARE = "  norway: {absent: true}\n"
DELETE = "  - {hazard: delete, address: connection/norway, until: 2026-01-31, ticket: CHG-1042}\n"
LINKED = "  - {hazard: linked-records, address: connection/norway, until: 2026-01-31, reason: Looked at by hand}\n"
GONE = CONNECTIONS.partition("  norway:")[0] + BARE + "permits:\n"


@pytest.fixture
def leaving(applied: Stage) -> Stage:
    """The connection is to be deleted, and two reviewed permits let that through."""
    applied.write(GONE + DELETE + LINKED)
    return applied


def states(plan: Plan) -> list[PermitState]:
    return [one.state for one in plan.permits]


def come_back(stage: Stage) -> None:
    """Somebody wants the connection again, and then again not; word for word as before."""
    stage.write(CONNECTIONS)
    assert stage.apply("maybe-same=connection/norway", "recreate=connection/norway").exit_code == 0
    stage.write(GONE + DELETE + LINKED)


def test_permits_let_their_barriers_through_and_say_so_in_the_plan(leaving: Stage) -> None:
    plan = leaving.plan()
    assert not plan.stopping
    assert plan.permissions == ()
    assert states(plan) == [PermitState.PERMITS] * 2
    assert [(one["hazard"], one["ticket"], one["source"]["line"]) for one in to_json(plan)["permits"]] == [
        ("delete", "CHG-1042", 11),
        ("linked-records", "", 12),
    ]
    report = leaving.apply()
    assert report.exit_code == 0
    assert [unit.end for unit in report.units] == [End.AS_DESIRED]


def test_a_permit_counts_once_and_the_next_plan_names_the_run_that_used_it(leaving: Stage) -> None:
    used_by = leaving.apply().run
    come_back(leaving)
    plan = leaving.plan()
    assert [hazard.permission for hazard in plan.stopping] == ["delete=connection/norway", "linked-records=connection/norway"]
    assert [(one.state, one.run) for one in plan.permits] == [(PermitState.USED, used_by)] * 2
    with pytest.raises(CheckFailed, match="not permitted"):
        leaving.apply()
    leaving.change(("CHG-1042", "CHG-1043"), ("Looked at by hand", "Looked at again"))
    assert leaving.apply().exit_code == 0


def test_a_saved_plan_whose_permit_another_plan_used_meanwhile_is_refused_before_any_write(leaving: Stage) -> None:
    saved = from_bytes(to_bytes(leaving.plan()))
    leaving.clock.sleep(1)  # so that the other plan is another one
    used_by = leaving.apply().run
    come_back(leaving)
    leaving.emulator.clear_calls()
    with pytest.raises(StalePlan, match=used_by):
        leaving.apply_saved(saved)
    assert leaving.writes == []


def test_a_saved_plan_whose_permit_expired_meanwhile_is_refused_before_any_write(leaving: Stage) -> None:
    leaving.change(("connection/norway, until: 2026-01-31, ticket", "connection/norway, until: 2026-01-01T01:00+00:00, ticket"))
    saved = leaving.plan()
    assert not saved.stopping
    leaving.clock.sleep(3601)
    leaving.emulator.clear_calls()
    assert leaving.plan().stopping[0].permission == "delete=connection/norway"
    leaving.emulator.clear_calls()
    with pytest.raises(StalePlan, match=r"delete=connection/norway \(good until 2026-01-01T01:00"):
        leaving.apply_saved(saved)
    assert leaving.writes == []


def test_a_run_that_stops_before_its_first_intent_uses_no_permit(leaving: Stage) -> None:
    plan = leaving.plan()
    row = int(leaving.connection("Visma Norway")["ErpConnectionId"])
    leaving.emulator.edit.describe(row, "changed")
    with pytest.raises(StalePlan):
        leaving.apply_saved(plan)
    assert states(leaving.plan()) == [PermitState.PERMITS] * 2


def test_the_same_saved_plan_goes_on_under_a_permit_that_its_first_run_used(applied: Stage) -> None:
    """One approval, carried out in parts: a limit is permitted for the plan, and its first unit fails."""
    second = (
        CONNECTIONS.partition("connections:\n")[2].replace("norway:", "sweden:").replace("Norway", "Sweden").replace("Norge", "Sverige")
    )
    applied.write(CONNECTIONS + second)
    assert applied.apply("maybe-same=connection/sweden").exit_code == 0
    applied.write_targets("limits: {max_changed: 1}")
    changed = (CONNECTIONS + second).replace("IntegerField: 12", "IntegerField: 13")
    applied.write(changed + "permits:\n  - {hazard: limits, address: target/stage, until: 2026-01-31, ticket: CHG-7}\n")
    saved = applied.plan()
    assert not saved.stopping
    applied.emulator.faults.add(Fault("SaveConnection", FaultKind.FORBIDDEN))
    first = applied.apply_saved(saved)
    assert [unit.end for unit in first.units][-1] is End.UNTOUCHED
    assert states(applied.plan()) == [PermitState.USED]
    second_run = applied.apply_saved(saved)
    assert [(unit.address.key, unit.end) for unit in second_run.units] == [("sweden", End.AS_DESIRED), ("norway", End.UNTOUCHED)]


def test_every_report_says_by_which_permit_a_barrier_was_let_through(leaving: Stage) -> None:
    leaving.write(leaving.folder.joinpath("connections.yaml").read_text(encoding="utf-8") + LINKED.replace("linked-records", "parked"))
    plan = leaving.plan()
    for name in ("markdown", "html", "sarif", "github"):
        text = Writer(name, "plan", None).plan(plan, window_seconds={}, next_steps=(), exit_code=0)
        assert "CHG-1042" in text, name
        assert "No barrier of this plan needs it" in text, name


def test_validate_says_that_a_permit_expired_and_a_plan_is_made_all_the_same(leaving: Stage) -> None:
    leaving.write(CONNECTIONS + "permits:\n" + DELETE.replace("2026-01-31", "2025-12-31"))
    typed = leaving.type("validate")
    assert typed.code == 1
    assert "connections.yaml:25:5: This permit expired: it was good until 2025-12-31." in typed.err, typed.err
    assert states(leaving.plan()) == [PermitState.EXPIRED]


def test_the_plan_tells_it_on_the_command_line_too(leaving: Stage, tmp_path: Path) -> None:
    leaving.change(("until: 2026-01-31, ticket", "until: 2099-01-31, ticket"), ("until: 2026-01-31, reason", "until: 2099-01-31, reason"))
    typed = leaving.type("--target", "stage", "plan", "--format", "json")
    assert typed.code == 0, typed.err
    assert [one["state"] for one in json.loads(typed.out)["permits"]] == ["permits", "permits"]
    with leaving.session() as session:
        assert flow.load(session, ()).permits[0].ticket == "CHG-1042"


def test_a_saved_plan_with_a_barrier_says_how_to_permit_it_and_that_way_leads_through(applied: Stage) -> None:
    """`apply plan.json` takes no --allow: what is permitted stands in the plan that was approved."""
    applied.write(GONE.partition("permits:")[0])
    assert applied.type("--target", "stage", "plan", "-o", "FILE").code == 3
    refused = applied.type("apply", "FILE")
    assert refused.code == 3
    told = " ".join(refused.err.split())
    assert "under `permits:`" in told
    assert applied.writes == []
    _, again, _ = told.split("`", 2)
    assert again.startswith("reconciler --target stage plan -o FILE --allow "), told
    typed = applied.type(*shlex.split(again)[1:])
    assert typed.code == 0, typed.err
    assert applied.type("apply", "FILE").code == 0
    assert "DeleteConnection" in {call.operation for call in applied.writes}
