"""A connector changes for every connection on it, whether or not a file mentions them."""

from __future__ import annotations

import pytest

from reconciler.emulator import Call, Fault, FaultKind
from reconciler.errors import CheckFailed
from reconciler.model import End, HazardName
from tests.scenarios.stage import FORTNOX, PASSWORD, SPARE, VISMA, Stage, staged, truth

MOVED = (f"url: {VISMA}", f"url: {SPARE}")
MOVES_SECRETS = "moves-secrets=connector/visma"
SAVE = "SaveErpSyncConnectorEntity"
NOWHERE = "https://nowhere.example.com/ErpConnectorWS.svc"


@pytest.fixture
def two(applied: Stage) -> Stage:
    """One connection of ours and one of somebody else, on the same connector."""
    connector = applied.connection("Visma Norway")["ErpConnectorId"]
    applied.emulator.edit.add_connection(
        connector, "Not ours", {"Filename": "F0003.xlsm", "PasswordField": PASSWORD}, active=True, all_access=False, groups=[1]
    )
    return applied


def test_a_new_name_is_one_save_and_no_test(two: Stage) -> None:
    two.change(("name: Visma Business", "name: Visma Business NG"))
    assert two.apply().exit_code == 0
    assert [call.operation for call in two.writes] == [SAVE]
    assert [call.operation for call in two.calls() if call.operation.startswith("Test")] == []
    assert [row["DisplayName"] for row in two.emulator.inspect.connectors()] == ["Visma Business NG"]
    assert two.plan().units == ()


def test_renamed_from_finds_a_connector_that_no_journal_knows(stage: Stage) -> None:
    stage.emulator.edit.add_connector("Old Visma", VISMA)
    stage.change(("    name: Visma Business\n", "    name: Visma Business\n    renamed_from: Old Visma\n"))
    assert stage.apply().exit_code == 0
    assert [row["DisplayName"] for row in stage.emulator.inspect.connectors()] == ["Visma Business"]
    assert stage.plan().units == ()


def test_a_connector_is_never_found_by_its_url(stage: Stage) -> None:
    stage.emulator.edit.add_connector("Somebody's connector", VISMA)
    assert stage.apply().exit_code == 0
    assert len(stage.emulator.inspect.connectors()) == 2


def test_another_host_needs_permission_because_it_would_be_sent_the_secrets(two: Stage) -> None:
    two.change(MOVED)
    assert [hazard.permission for hazard in two.plan().stopping] == [MOVES_SECRETS]
    with pytest.raises(CheckFailed):
        two.apply()
    assert two.writes == []
    assert two.calls("TestConnectorUrl", "TestConnectionByConfig") == []


def test_another_path_on_the_same_host_needs_none(two: Stage) -> None:
    two.change((f"url: {VISMA}", f"url: {VISMA}?ConnectorName=Test.Excel"))
    assert HazardName.MOVES_SECRETS not in {hazard.name for hazard in two.plan().hazards}
    assert two.apply().exit_code == 0


def test_a_new_url_is_asked_first_and_every_connection_is_tested_before_and_after(two: Stage) -> None:
    two.change(MOVED)
    assert two.apply(MOVES_SECRETS).exit_code == 0
    seen = [call.operation for call in two.calls() if call.operation.startswith("Test") or call.writes]
    assert seen == ["TestConnectorUrl", "TestConnectionById", "TestConnectionById", SAVE, "TestConnectionById", "TestConnectionById"]
    assert [row["URL"] for row in two.emulator.inspect.connectors()] == [SPARE]
    assert two.plan().units == ()


def test_one_connection_of_three_that_fails_at_the_new_url_brings_the_old_one_back(two: Stage) -> None:
    connector = two.connection("Visma Norway")["ErpConnectorId"]
    two.emulator.edit.add_connection(connector, "A third one", {"Filename": "F0001.xlsm", "PasswordField": PASSWORD}, active=True)
    before, not_ours = truth(two), two.connection("Not ours")["ErpConnectionId"]

    def only_one_fails(call: Call) -> None:
        if call.operation == "TestConnectionById":
            two.emulator.edit.connector_fails_tests(SPARE, call.request["ErpConnectionId"] == not_ours)

    two.emulator.before_call = only_one_fails
    two.change(MOVED)
    report = two.apply(MOVES_SECRETS)
    assert (report.exit_code, report.units[0].end, report.units[0].rolled_back) == (5, End.AS_BEFORE, True)
    assert "Not ours" in report.units[0].reason
    assert truth(two) == before
    tested_last = [call.request["ErpConnectionId"] for call in two.calls("TestConnectionById")][-3:]
    assert sorted(tested_last) == sorted(row["ErpConnectionId"] for row in two.emulator.inspect.connections())


def test_a_connection_that_failed_before_the_move_may_fail_after_it(two: Stage) -> None:
    two.emulator.edit.set_config(two.connection("Not ours")["ErpConnectionId"], "Filename", "gone.xlsm")
    two.change(MOVED)
    assert two.apply(MOVES_SECRETS).exit_code == 0


@pytest.mark.parametrize("answer", ["ErrorNotFound", "server_error"])
@pytest.mark.parametrize("known", [False, True], ids=["new connector", "known connector"])
def test_a_url_where_nothing_answers_is_refused_with_nothing_written(tmp_path, answer: str, known: bool) -> None:
    with staged(tmp_path, switches={"unreachable_url": answer}) as stage:
        if known:
            assert stage.apply().exit_code == 0
            stage.emulator.clear_calls()
        stage.change((f"url: {VISMA}", f"url: {NOWHERE}"))
        with pytest.raises(CheckFailed, match="The candidate is bad") as refused:
            stage.apply(MOVES_SECRETS)
        assert refused.value.exit_code == 3
        assert stage.writes == []


def test_a_new_connector_goes_again_when_its_first_connection_cannot_work(stage: Stage) -> None:
    """Its candidate can only be tested once the connector exists; so this is not a refusal but a rollback."""
    stage.change(("Filename: F0003.xlsm", "Filename: no-such-file.xlsm"))
    report = stage.apply()
    assert report.exit_code == 5
    assert [unit.end for unit in report.units] == [End.AS_BEFORE, End.UNTOUCHED]
    assert stage.emulator.inspect.connectors(deleted=False) == []
    assert stage.calls("SaveConnection") == []
    stage.change(("Filename: no-such-file.xlsm", "Filename: F0003.xlsm"))
    with pytest.raises(CheckFailed, match="It failed before"):
        stage.apply()
    assert stage.apply(retry_failed=True).exit_code == 0


def test_another_connector_behind_the_url_that_cannot_take_the_connections_is_refused_or_undone(applied: Stage) -> None:
    """The tests run before the first write of the plan; what only fails at the new address fails after it and is undone."""
    before = truth(applied)
    applied.change((f"url: {VISMA}", f"url: {FORTNOX}"))
    report = applied.apply(MOVES_SECRETS)
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert truth(applied) == before


def test_a_connector_is_deleted_after_its_connections(applied: Stage) -> None:
    applied.write("version: 1\nconnectors:\n  visma: {absent: true}\nconnections:\n  norway: {absent: true}\n")
    made = applied.plan()
    assert [str(unit.address) for unit in made.units] == ["connection/norway", "connector/visma"]
    permissions = [hazard.permission for hazard in made.stopping]
    assert sorted(permissions) == ["delete=connection/norway", "delete=connector/visma", "linked-records=connection/norway"]
    assert applied.apply(*permissions).exit_code == 0
    assert applied.emulator.inspect.connectors(deleted=False) == []
    assert applied.calls("CanDeleteErpSyncConnectorEntity")


def test_a_connector_that_somebody_else_uses_is_not_deleted(two: Stage) -> None:
    """SuperOffice is asked and obeyed; the connection of ours is gone by then, and said to be."""
    two.write("version: 1\nconnectors:\n  visma: {absent: true}\nconnections:\n  norway: {absent: true}\n")
    report = two.apply(*(hazard.permission for hazard in two.plan().stopping))
    assert (report.exit_code, [unit.end for unit in report.units]) == (5, [End.AS_DESIRED, End.UNTOUCHED])
    assert two.calls("DeleteErpSyncConnectorEntity") == []
    assert len(two.emulator.inspect.connectors(deleted=False)) == 1


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.ERROR_500_AFTER])
def test_a_creation_of_a_connector_whose_answer_was_lost_is_adopted(stage: Stage, kind: FaultKind) -> None:
    stage.emulator.faults.add(Fault(SAVE, kind))
    assert stage.apply().exit_code == 0
    assert len(stage.emulator.inspect.connectors()) == 1


def test_config_and_url_change_in_one_plan(applied: Stage) -> None:
    """The connector first; the connection's own tests wait for it."""
    applied.change(MOVED, ("IntegerField: 12", "IntegerField: 13"))
    assert applied.apply(MOVES_SECRETS).exit_code == 0
    writes = [call.operation for call in applied.writes]
    assert writes == [SAVE, "ToggleErpConnectionActive", "SaveConnection", "UpdateConnectionFields", "ToggleErpConnectionActive"]
    assert applied.plan().units == ()


def test_a_bad_candidate_after_a_new_url_brings_the_old_url_back(applied: Stage) -> None:
    before = truth(applied)
    applied.change(MOVED, ("Filename: F0003.xlsm", "Filename: no-such-file.xlsm"))
    report = applied.apply(MOVES_SECRETS, "points-elsewhere=connection/norway")
    assert report.exit_code == 5
    assert [unit.end for unit in report.units] == [End.AS_BEFORE, End.UNTOUCHED]
    assert truth(applied) == before


def test_the_shipped_file_creates_two_connectors_and_three_connections(stage: Stage) -> None:
    from tests.house.checkout import ROOT

    stage.write((ROOT / "connections.yaml").read_text(encoding="utf-8"))
    stage.environ["FORTNOX_PASSWORD"] = "erp-password"
    report = stage.apply()
    assert (report.exit_code, len(report.units)) == (0, 6)  # the sync priority is the sixth
    assert all(row["Active"] for row in stage.emulator.inspect.connections())
    assert stage.plan().units == ()
