"""Connections come, change their names and go; each of it once, proved, or not at all."""

from __future__ import annotations

import pytest

from reconciler.emulator import Call, Fault, FaultKind
from reconciler.errors import CheckFailed, InputError
from reconciler.model import Act, End, HazardName, UnitKind
from tests.scenarios.stage import CONNECTIONS, PASSWORD, VISMA, Stage, truth

SECOND = """\
  sweden:
    name: {en: Visma Sweden, sv: Visma Sverige}
    connector: visma
    active: true
    scope: {groups: [Sales], users: [ANNA]}
    config:
      Filename: F0001.xlsm
      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}
"""
ABSENT = CONNECTIONS.partition("  norway:\n")[0] + "  norway: {absent: true}\n"
DELETE = ("delete=connection/norway", "linked-records=connection/norway")
CREATION = "SaveConnection"


def names(stage: Stage) -> list[str]:
    return [str(row["DisplayName"]) for row in stage.emulator.inspect.connections(deleted=False)]


# ---- creation -----------------------------------------------------------------------------------------------------------


def test_a_creation_is_saved_inactive_tested_refreshed_activated_and_tested_again(applied: Stage) -> None:
    applied.write(CONNECTIONS + SECOND)
    assert applied.apply().exit_code == 0
    writes = [call.operation for call in applied.writes]
    assert writes == ["SaveConnection", "UpdateConnectionFields", "ToggleErpConnectionActive"]
    created = applied.calls(CREATION)[0].request["Connection"]
    assert (created["ErpConnectionId"], created["Active"], created["ConnectionId"]) == (0, False, None)
    assert set(created["ConfigFields"]) == set(applied.connection("Visma Norway")["ConfigFields"])
    row = applied.connection("Visma Sweden")
    assert (row["Active"], row["UserGroupAccessIds"], row["AssociateAccessIds"]) == (True, [1], [2])
    assert applied.plan().units == ()


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.HTML_AFTER, FaultKind.NULL_BODY, FaultKind.ERROR_500_AFTER])
def test_a_creation_whose_answer_was_lost_is_found_and_adopted(applied: Stage, kind: FaultKind) -> None:
    applied.write(CONNECTIONS + SECOND)
    applied.emulator.faults.add(Fault(CREATION, kind))
    assert applied.apply().exit_code == 0
    assert len(applied.calls(CREATION)) == 1
    assert len(names(applied)) == 2
    assert applied.plan().units == ()


def test_a_creation_that_lands_late_is_waited_for_and_adopted(applied: Stage) -> None:
    applied.write(CONNECTIONS + SECOND)
    applied.emulator.faults.add(Fault(CREATION, FaultKind.LATE, delay_s=100))
    assert applied.apply().exit_code == 0
    assert len(names(applied)) == 2


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.ERROR_500_BEFORE, FaultKind.REFUSED, FaultKind.TOO_MANY])
def test_a_creation_that_had_no_effect_is_sent_again_after_a_read_proved_it(applied: Stage, kind: FaultKind) -> None:
    applied.write(CONNECTIONS + SECOND)
    applied.emulator.faults.add(Fault(CREATION, kind))
    assert applied.apply().exit_code == 0
    first, second = (call.sequence for call in applied.calls(CREATION))
    lists = applied.calls("GetAllConnections", "archive/ErpConnection")  # the archive where the server has no such operation
    assert any(first < call.sequence < second for call in lists)
    assert len(names(applied)) == 2


def test_two_new_rows_of_the_name_are_a_conflict_and_none_is_touched(applied: Stage) -> None:
    """Somebody creates the same connection in the moment in which our answer is lost."""
    applied.write(CONNECTIONS + SECOND)
    connector = applied.connection("Visma Norway")["ErpConnectorId"]
    applied.emulator.faults.add(Fault(CREATION, FaultKind.DROP_AFTER))

    def twin(call: Call) -> None:
        if call.operation == CREATION:
            applied.emulator.edit.add_connection(connector, 'US:"Visma Sweden";SW:"Visma Sverige"', {"Filename": "F0002.xlsm"})

    applied.emulator.before_call = twin
    report = applied.apply()
    applied.emulator.before_call = None
    assert (report.exit_code, report.units[0].end) == (6, End.NEEDS_ATTENTION)
    assert "conflict" in report.units[0].reason.lower() or "Several" in report.units[0].reason
    assert [call.operation for call in applied.writes] == [CREATION]
    assert len(names(applied)) == 3


def test_a_creation_that_fails_before_its_first_activation_is_deleted_again(applied: Stage) -> None:
    before = truth(applied)
    applied.write(CONNECTIONS + SECOND)
    applied.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP))
    report = applied.apply()
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert "soft-deleted" in report.units[0].residue[0]
    assert truth(applied) == before


def test_a_creation_that_fails_after_its_activation_is_switched_off_and_left_to_a_person(applied: Stage) -> None:
    """Records may hang on it by then."""
    applied.write(CONNECTIONS + SECOND)

    def fail_from_now_on(call: Call) -> None:
        if call.operation == "ToggleErpConnectionActive":
            applied.emulator.edit.connector_fails_tests(VISMA)

    applied.emulator.before_call = fail_from_now_on
    report = applied.apply()
    applied.emulator.before_call = None
    assert (report.exit_code, report.units[0].end) == (6, End.NEEDS_ATTENTION)
    assert applied.connection("Visma Sweden")["Active"] is False
    assert report.units[0].next_step == "reconciler recover"


def test_a_creation_needs_name_connector_and_scope(stage: Stage) -> None:
    stage.write(CONNECTIONS.partition("  norway:\n")[0] + "  norway: {active: true}\n")
    with pytest.raises(InputError) as refused:
        stage.plan()
    assert {problem.code for problem in refused.value.problems} == {"creation-incomplete"}
    assert len(refused.value.problems) == 3


def test_a_soft_deleted_connection_of_the_name_is_no_obstacle(applied: Stage) -> None:
    applied.emulator.edit.delete(applied.connection("Visma Norway")["ErpConnectionId"])
    made = applied.plan()
    assert [unit.kind for unit in made.units] == [UnitKind.CREATE]
    permissions = {hazard.permission for hazard in made.stopping}
    assert permissions == {"recreate=connection/norway", "empty=target/stage"}
    assert applied.apply(*permissions).exit_code == 0
    assert applied.plan().units == ()


# ---- names --------------------------------------------------------------------------------------------------------------


def test_a_new_name_is_an_update_because_the_journal_knows_the_row(applied: Stage) -> None:
    guid = applied.connection("Visma Norway")["ConnectionId"]
    applied.change(("{en: Visma Norway, nb: Visma Norge}", "{en: Mamut Norway, nb: Mamut Norge}"))
    assert applied.apply().exit_code == 0
    assert applied.connection("Mamut Norway")["ConnectionId"] == guid
    assert [call.operation for call in applied.writes] == ["SaveConnection"]


def test_a_name_that_somebody_changed_is_put_back(applied: Stage) -> None:
    applied.emulator.edit.rename(applied.connection("Visma Norway")["ErpConnectionId"], "Renamed by hand")
    assert applied.apply().exit_code == 0
    assert len(names(applied)) == 1
    assert applied.connection("Visma Norway")["DisplayName"] == 'NO:"Visma Norge";US:"Visma Norway"'


def test_renamed_from_finds_a_connection_that_no_journal_knows(stage: Stage) -> None:
    connector = stage.emulator.edit.add_connector("Visma Business", VISMA)
    config = {"Filename": "F0003.xlsm", "PasswordField": PASSWORD}
    key = stage.emulator.edit.add_connection(connector, "Old name", config, active=True)
    stage.change(("    description: Company F0003\n", "    description: Company F0003\n    renamed_from: Old name\n"))
    made = stage.plan("no-way-back=connection/norway")
    assert [(unit.kind, unit.row and unit.row.id) for unit in made.units] == [(UnitKind.UPDATE, key)]
    assert stage.apply("no-way-back=connection/norway").exit_code == 0
    assert stage.connection("Visma Norway")["ErpConnectionId"] == key
    assert stage.plan().units == ()


def test_a_key_that_moves_changes_nothing_in_the_tenant(applied: Stage) -> None:
    """The key is our own name. What the journal knows of the old key, it knows of the new one."""
    applied.change(("  norway:\n", "  nord:\n    moved_from: norway\n"))
    made = applied.plan()
    assert (made.units, made.hazards) == ((), ())
    assert applied.apply().exit_code == 0
    assert applied.writes == []
    applied.change(("    moved_from: norway\n", ""))
    assert applied.plan().units == ()


def test_a_key_that_moved_away_is_free_for_another_connection(applied: Stage) -> None:
    applied.change(("  norway:\n", "  nord:\n    moved_from: norway\n"))
    assert applied.apply().exit_code == 0
    applied.change(("    moved_from: norway\n", ""))
    applied.write((applied.folder / "connections.yaml").read_text(encoding="utf-8") + SECOND.replace("  sweden:", "  norway:"))
    assert [(str(unit.address), unit.kind) for unit in applied.plan().units] == [("connection/norway", UnitKind.CREATE)]


# ---- deletion -----------------------------------------------------------------------------------------------------------


def test_nothing_is_deleted_because_the_file_does_not_mention_it(applied: Stage) -> None:
    applied.write(CONNECTIONS.partition("  norway:\n")[0] + SECOND)
    assert applied.apply("maybe-same=connection/sweden").exit_code == 0
    assert len(names(applied)) == 2


def test_absent_needs_permission(applied: Stage) -> None:
    applied.write(ABSENT)
    made = applied.plan()
    assert {hazard.permission for hazard in made.stopping} == set(DELETE)
    for permissions in ((), DELETE[:1], DELETE[1:]):
        with pytest.raises(CheckFailed) as refused:
            applied.apply(*permissions)
        assert refused.value.exit_code == 3
    assert applied.writes == []


def test_absent_switches_off_and_deletes(applied: Stage) -> None:
    applied.write(ABSENT)
    assert applied.apply(*DELETE).exit_code == 0
    assert [call.operation for call in applied.writes] == ["ToggleErpConnectionActive", "DeleteConnection"]
    assert names(applied) == []
    applied.emulator.clear_calls()
    assert applied.plan().units == ()
    assert applied.apply().exit_code == 0
    assert applied.writes == []


def test_a_deletion_that_fails_leaves_the_connection_as_active_as_it_was(applied: Stage) -> None:
    before = truth(applied)
    applied.write(ABSENT)
    applied.emulator.faults.add(Fault("DeleteConnection", FaultKind.FORBIDDEN, times=None))
    report = applied.apply(*DELETE)
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert truth(applied) == before


def test_what_comes_back_under_a_deleted_key_is_activated_for_the_first_time(applied: Stage) -> None:
    applied.write(ABSENT)
    assert applied.apply(*DELETE).exit_code == 0
    applied.write(CONNECTIONS)
    made = applied.plan()
    assert [unit.kind for unit in made.units] == [UnitKind.CREATE]
    assert HazardName.STARTS_DATA_FLOW in {hazard.name for hazard in made.hazards}
    assert applied.apply().exit_code == 0
    assert applied.plan().units == ()


# ---- protection ---------------------------------------------------------------------------------------------------------


PROTECT = ("    scope: everyone\n", "    scope: everyone\n    protect: true\n")


def test_a_protected_connection_is_not_deactivated_even_for_a_moment(applied: Stage) -> None:
    applied.change(PROTECT, ("IntegerField: 12", "IntegerField: 13"))
    with pytest.raises(CheckFailed):
        applied.apply()
    assert applied.writes == []
    assert applied.apply("protected=connection/norway").exit_code == 0


def test_protection_does_not_stop_what_needs_no_deactivation(applied: Stage) -> None:
    applied.change(PROTECT, ("nb: Visma Norge", "nb: Visma Noreg"))
    assert applied.apply().exit_code == 0


# ---- another connector --------------------------------------------------------------------------------------------------


def test_a_connection_that_moves_to_another_connector_is_created_there_before_the_old_one_goes(applied: Stage) -> None:
    other = f"  other:\n    name: Other\n    url: {VISMA}\n"
    applied.change(("connections:\n", other + "connections:\n"), ("    connector: visma\n", "    connector: other\n"))
    made = applied.plan()
    assert [(str(unit.address), unit.kind) for unit in made.units] == [
        ("connector/other", UnitKind.CREATE),
        ("connection/norway", UnitKind.CREATE),
        ("connection/norway/replaced", UnitKind.DELETE),
    ]
    assert HazardName.REPLACE in {hazard.name for hazard in made.stopping}
    old = applied.connection("Visma Norway")["ErpConnectionId"]
    report = applied.apply(*(hazard.permission for hazard in made.stopping))
    assert report.exit_code == 0
    assert applied.connection("Visma Norway")["ErpConnectionId"] != old
    assert applied.plan().units == ()


def test_no_step_ever_saves_another_connector_onto_a_connection(applied: Stage) -> None:
    """Whether the API would allow it is not documented, so a move is never an update."""
    other = f"  other:\n    name: Other\n    url: {VISMA}\n"
    applied.change(("connections:\n", other + "connections:\n"), ("    connector: visma\n", "    connector: other\n"))
    updates = [unit for unit in applied.plan().units if unit.kind is UnitKind.UPDATE]
    assert [step for unit in updates for step in unit.steps if step.act is Act.SAVE] == []
