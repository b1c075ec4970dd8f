"""Secrets under every way in which a tenant may show them: clear, masked, blank; with a fingerprint key and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.emulator.carriers import MASK
from reconciler.errors import CheckFailed, InputError
from reconciler.model import End, HazardName
from tests.scenarios.stage import PASSWORD, VISMA, Stage, staged, truth

POLICIES = ("clear", "masked", "blank")
BEHIND = "changed-behind-our-back-4711"
RAISED = (", version: 1}", ", version: 2}")
NO_WAY_BACK = "no-way-back=connection/norway"


@pytest.fixture(params=POLICIES)
def policy(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(tmp_path: Path, policy: str) -> Iterator[Stage]:
    with staged(tmp_path, switches={"secrets_on_read": policy}) as made:
        yield made


def sent_config(stage: Stage) -> list[dict[str, str]]:
    """The config values of every call that carried some: tests of candidates, and saves."""
    tests = [call.request["ConfigFields"] for call in stage.calls("TestConnectionByConfig")]
    return tests + [call.request["Connection"]["ConfigFields"] for call in stage.calls("SaveConnection")]


def fail_activation(stage: Stage) -> None:
    """Let the toggle that switches it on again be refused."""
    stage.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))


def test_a_second_plan_is_empty(applied: Stage) -> None:
    made = applied.plan()
    assert (made.units, made.hazards, made.not_checked) == ((), (), ())


def test_what_was_read_of_a_password_is_never_sent(applied: Stage) -> None:
    """Not when it is shown in clear, not the mask, not the blank; whatever is saved or tested carries the value from its reference."""
    row = applied.connection("Visma Norway")["ErpConnectionId"]
    applied.emulator.edit.set_config(row, "PasswordField", BEHIND)
    applied.emulator.edit.set_password_in_erp("F0003.xlsm", None)
    for change in (
        ("IntegerField: 12", "IntegerField: 13"),
        ("nb: Visma Norge", "nb: Visma Noreg"),
        ("scope: everyone", "scope: {users: [ANNA]}"),
    ):
        applied.change(change)
        assert applied.apply().exit_code == 0
    carried = sent_config(applied)
    assert len(carried) == 6
    assert {config["PasswordField"] for config in carried} == {PASSWORD}
    sent = json.dumps([call.request for call in applied.calls()])
    assert BEHIND not in sent
    assert MASK not in sent


def test_a_failed_change_is_rolled_back_to_the_letter(applied: Stage) -> None:
    before = truth(applied)
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    fail_activation(applied)
    report = applied.apply()
    assert [(unit.end, unit.rolled_back) for unit in report.units] == [(End.AS_BEFORE, True)]
    assert report.exit_code == 5
    assert truth(applied) == before


def test_a_failed_change_of_the_password_is_rolled_back_to_the_old_password(applied: Stage) -> None:
    """With a key the journal holds the old value, encrypted."""
    before = truth(applied)
    applied.emulator.edit.set_password_in_erp("F0003.xlsm", None)
    applied.change(RAISED)
    applied.environ["VISMA_PASSWORD"] = "summer-2026"
    fail_activation(applied)
    report = applied.apply()
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert truth(applied) == before
    assert truth(applied)["connections"][0]["ConfigFields"]["PasswordField"] == PASSWORD


def test_after_a_rollback_the_same_plan_is_made_again(applied: Stage) -> None:
    """What was rolled back was not sent for good: the new version still counts as a change."""
    applied.emulator.edit.set_password_in_erp("F0003.xlsm", None)
    applied.change(RAISED)
    applied.environ["VISMA_PASSWORD"] = "summer-2026"
    planned = applied.plan()
    fail_activation(applied)
    assert applied.apply().exit_code == 5
    again = applied.plan()
    assert [unit.digest for unit in again.units] == [unit.digest for unit in planned.units]
    assert applied.apply(retry_failed=True).exit_code == 0
    assert applied.connection("Visma Norway")["ConfigFields"]["PasswordField"] == "summer-2026"
    assert applied.plan().units == ()


def test_an_expired_password_is_repaired(applied: Stage) -> None:
    """The rehearsal fails, the candidate passes: that is what a repair looks like."""
    applied.emulator.edit.set_password_in_erp("F0003.xlsm", "spring-2027")
    applied.environ["VISMA_PASSWORD"] = "spring-2027"
    applied.change(RAISED)
    report = applied.apply()
    assert (report.exit_code, report.units[0].repair) == (0, True)
    assert applied.plan().units == ()


def test_a_repair_that_fails_later_is_back_when_the_test_fails_as_it_did(applied: Stage) -> None:
    before = truth(applied)
    applied.emulator.edit.set_password_in_erp("F0003.xlsm", "spring-2027")
    applied.environ["VISMA_PASSWORD"] = "spring-2027"
    applied.change(RAISED)
    fail_activation(applied)
    report = applied.apply()
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert truth(applied) == before


def test_a_bad_candidate_is_refused_and_nothing_is_written(applied: Stage) -> None:
    before = truth(applied)
    applied.change(RAISED)
    applied.environ["VISMA_PASSWORD"] = "not-the-password"
    with pytest.raises(CheckFailed, match="The candidate is bad") as refused:
        applied.apply()
    assert refused.value.exit_code == 3
    assert applied.writes == []
    assert truth(applied) == before
    assert applied.plan().units != ()


def test_an_erp_that_is_down_is_told_from_a_bad_candidate(applied: Stage) -> None:
    applied.emulator.edit.connector_fails_tests(VISMA)
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    with pytest.raises(CheckFailed, match="Nothing works"):
        applied.apply()
    assert applied.writes == []


def test_a_password_that_changed_without_a_new_version_stops_before_the_first_write(applied: Stage) -> None:
    applied.environ["VISMA_PASSWORD"] = "rotated-in-the-vault"
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    with pytest.raises(CheckFailed, match="A secret changed unannounced") as refused:
        applied.apply()
    assert "version" in refused.value.hint
    assert applied.writes == []
    assert applied.calls("TestConnectionByConfig") == []


def test_plan_and_validate_need_no_secret_value(applied: Stage) -> None:
    """Neither those of the file nor the key of the target."""
    applied.environ.clear()
    applied.change(("IntegerField: 12", "IntegerField: 13"), RAISED)
    assert len(applied.plan().units) == 1
    flow.validate(applied.folder, applied.environ, (str(applied.folder / "connections.yaml"),), "stage")
    applied.emulator.clear_calls()
    with pytest.raises(InputError):
        applied.apply()
    assert applied.writes == []


# ---- without a key: nothing can be compared, and what changes cannot be restored ---------------------------------------


@pytest.fixture
def keyless(stage: Stage) -> Stage:
    stage.write_targets(key=False)
    assert stage.apply().exit_code == 0
    stage.emulator.clear_calls()
    return stage


def test_without_a_key_a_second_plan_is_empty_too(keyless: Stage) -> None:
    assert keyless.plan().units == ()


def test_without_a_key_a_change_beside_the_password_is_rolled_back_to_the_letter(keyless: Stage) -> None:
    before = truth(keyless)
    keyless.change(("IntegerField: 12", "IntegerField: 13"))
    fail_activation(keyless)
    assert keyless.apply().exit_code == 5
    assert truth(keyless) == before


@pytest.mark.parametrize("change", [RAISED, ("env:VISMA_PASSWORD, version: 1", "env:OTHER, version: 1")], ids=["version", "reference"])
def test_without_a_key_a_changed_password_is_refused_beforehand(keyless: Stage, change: tuple[str, str]) -> None:
    keyless.change(change)
    keyless.environ["OTHER"] = PASSWORD
    made = keyless.plan()
    assert [(hazard.name, hazard.permission) for hazard in made.stopping] == [(HazardName.NO_WAY_BACK, NO_WAY_BACK)]
    with pytest.raises(CheckFailed) as refused:
        keyless.apply()
    assert refused.value.exit_code == 3
    assert keyless.writes == []


def test_without_a_key_a_repair_goes_through_with_the_permission(keyless: Stage) -> None:
    keyless.emulator.edit.set_password_in_erp("F0003.xlsm", "spring-2027")
    keyless.environ["VISMA_PASSWORD"] = "spring-2027"
    keyless.change(RAISED)
    report = keyless.apply(NO_WAY_BACK)
    assert (report.exit_code, report.units[0].repair) == (0, True)


def test_without_a_key_the_permission_lets_no_bad_candidate_through(keyless: Stage) -> None:
    keyless.environ["VISMA_PASSWORD"] = "not-the-password"
    keyless.change(RAISED)
    with pytest.raises(CheckFailed, match="The candidate is bad"):
        keyless.apply(NO_WAY_BACK)
    assert keyless.writes == []


def test_without_a_key_a_failed_change_of_the_password_needs_attention(keyless: Stage) -> None:
    """It was permitted, so it is tried; the end is not called "as before", because the old password is gone."""
    keyless.emulator.edit.set_password_in_erp("F0003.xlsm", None)
    keyless.environ["VISMA_PASSWORD"] = "summer-2026"
    keyless.change(RAISED)
    fail_activation(keyless)
    report = keyless.apply(NO_WAY_BACK)
    assert (report.exit_code, report.units[0].end) == (6, End.NEEDS_ATTENTION)
    assert "PasswordField" in report.units[0].reason


# ---- connections that somebody else made: their password was never sent from here ---------------------------------------


@pytest.fixture
def foreign(stage: Stage) -> Stage:
    """A connection as the file describes it, which this journal has never touched."""
    connector = stage.emulator.edit.add_connector("Visma Business", VISMA)
    config = {
        "Filename": "F0003.xlsm", "IntegerField": "[I:12]", "CheckboxField": "[I:1]", "DateField": "[DT:01/31/2026 00:00:00.0000000]",
        "DoubleField": "[F:12.5]", "TextField": "0012", "ListField": "item2", "PasswordField": PASSWORD,
    }  # fmt: skip
    name = 'NO:"Visma Norge";US:"Visma Norway"'
    stage.emulator.edit.add_connection(connector, name, config, description="Company F0003", active=True)
    stage.emulator.clear_calls()
    return stage


def test_a_password_that_was_never_sent_is_not_checked_without_a_version(foreign: Stage) -> None:
    foreign.change((", version: 1", ""))
    made = foreign.plan()
    assert made.units == ()
    assert [one.path for one in made.not_checked] == [("config", "PasswordField")]
    assert foreign.apply().exit_code == 0
    assert foreign.writes == []


def test_a_password_that_was_never_sent_is_a_change_with_a_version(foreign: Stage) -> None:
    made = foreign.plan()
    assert [change.path for change in made.units[0].changes] == [("config", "PasswordField")]
    assert {hazard.name for hazard in made.hazards} == {HazardName.TAKES_OVER, HazardName.NO_WAY_BACK}
    with pytest.raises(CheckFailed):
        foreign.apply()
    assert foreign.writes == []
    assert foreign.apply(NO_WAY_BACK).exit_code == 0
    assert foreign.plan().units == ()


def test_what_a_tenant_shows_of_a_foreign_password_is_not_sent_for_want_of_better(foreign: Stage) -> None:
    """A save has to carry the field. Without a reference in the file that is a problem, with the line to add."""
    foreign.change(("      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}\n", ""), ("IntegerField: 12", "IntegerField: 13"))
    with pytest.raises(InputError) as refused:
        foreign.plan()
    assert [problem.code for problem in refused.value.problems] == ["config-missing"]
    assert "PasswordField: {secret:" in refused.value.problems[0].hint


def test_a_secret_that_the_file_no_longer_writes_comes_from_the_journal(applied: Stage) -> None:
    applied.change(("      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}\n", ""), ("IntegerField: 12", "IntegerField: 13"))
    del applied.environ["VISMA_PASSWORD"]
    assert applied.apply().exit_code == 0
    assert {config["PasswordField"] for config in sent_config(applied)} == {PASSWORD}
    assert applied.plan().units == ()


def values(stage: Stage) -> dict[str, Any]:
    return dict(stage.connection("Visma Norway")["ConfigFields"])
