"""A retention says which runs need not be kept any longer, to the day, and takes nothing away: not from the journal, not from what runs know."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.flow import kept
from tests.scenarios.stage import Stage

DAY = 24 * 3600


@pytest.fixture
def old(applied: Stage) -> Stage:
    """One run in January 2026, by a clock of the tests; command lines go by the machine's, which is much later."""
    applied.write_targets("retention: 30d")
    return applied


def older(stage: Stage) -> int:
    with stage.session() as session:
        found = kept(session)
    assert found is not None
    return found.older


def test_a_run_is_older_from_the_day_after_its_last_one_on(old: Stage) -> None:
    assert older(old) == 0
    old.clock.sleep(30 * DAY + DAY - 1)
    assert older(old) == 0
    old.clock.sleep(1)
    assert older(old) == 1
    old.change(("IntegerField: 12", "IntegerField: 13"))
    assert old.apply().exit_code == 0
    assert older(old) == 1


def test_runs_of_other_targets_are_theirs(old: Stage) -> None:
    old.clock.sleep(40 * DAY)
    targets = (old.folder / "targets.yaml").read_text(encoding="utf-8")
    old.write(targets + targets.partition("targets:\n")[2].replace("  stage:", "  other:"), "targets.yaml")
    with old.session("other") as session:
        other = kept(session)
    assert other is not None
    assert (other.older, older(old)) == (0, 1)


@pytest.mark.parametrize("command", [("journal", "check"), ("audit", "verify")], ids=" ".join)
def test_both_checks_say_how_many_runs_are_older_and_how_to_archive_them(old: Stage, command: tuple[str, ...]) -> None:
    typed = old.type("--target", "stage", *command)
    assert typed.code == 0, typed.err
    told = " ".join(typed.out.split())
    assert "Retention is 30 days: 1 run that began before " in told
    assert "need not be kept any longer. Nothing is removed from a journal" in told
    assert "reconciler --target stage audit export -o evidence.zip" in told
    assert json.loads(old.type("--target", "stage", *command, "--format", "json").out)["retention"]["older_runs"] == 1


def test_what_is_older_stays_whole_and_in_use_and_the_archive_proves_it(old: Stage, tmp_path: Path) -> None:
    before = json.loads(old.type("--target", "stage", "journal", "check", "--format", "json").out)
    assert before["events"] > 0
    old.clock.sleep(400 * DAY)
    assert old.apply().exit_code == 0
    old.change(("IntegerField: 12", "IntegerField: 13"))
    plan = old.plan()
    assert plan.hazards == ()  # a connection that the journal has forgotten would be taken over
    after = json.loads(old.type("--target", "stage", "audit", "verify", "--anchor", before["head"], "--format", "json").out)
    assert (after["sound"], after["events"] >= before["events"]) == (True, True)
    assert old.type("--target", "stage", "audit", "export", "-o", "evidence.zip").code == 0
    with zipfile.ZipFile(old.folder / "evidence.zip") as evidence:
        evidence.extractall(tmp_path / "out")
    done = subprocess.run([sys.executable, "-I", "verify.py"], cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_retention_makes_no_plan_stale_and_is_listed_as_a_change_of_the_controls(old: Stage) -> None:
    old.change(("IntegerField: 12", "IntegerField: 13"))
    with old.session() as session:
        plan = flow.make_plan(session, flow.load(session, ()))
        assert flow.apply_plan(session, plan, saved=True).exit_code == 0
    old.change(("IntegerField: 13", "IntegerField: 14"))
    plan = old.plan()
    old.write_targets("retention: 7y")
    assert old.apply_saved(plan).exit_code == 0
    told = json.loads(old.type("--target", "stage", "audit", "exceptions", "--kind", "controls-changed", "--format", "json").out)
    assert "retention: 30 → 2557" in told["exceptions"][-1]["text"]
