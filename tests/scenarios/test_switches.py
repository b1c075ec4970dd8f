"""The same story under every answer that public documents leave open: whatever SuperOffice turns out to do, it ends well."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Call, Fault, FaultKind, Switches
from reconciler.errors import CheckFailed, InputError, RunError, TargetError
from reconciler.model import End, Plan
from reconciler.plan.codec import from_bytes, to_bytes
from tests.mappings.test_switches import BELOW
from tests.scenarios.stage import CONNECTIONS, VISMA, Stage, staged, truth

# Every switch that bears on connectors and connections, with the values that are not its default.
MATTERS: dict[str, tuple[Any, ...]] = {
    "agent_granted": (False,),
    "invalid_data": ("error_object", "server_error"),
    "connector_unreachable": ("error_object", "null"),
    "too_long": ("truncate",),
    "all_connections": ("full",),
    "secrets_on_read": ("masked", "blank"),
    "deleted_connection_read": ("null",),
    "connectors_list_deleted": (True,),
    "save_honours_active": (False,),
    "save_active_checked": (True,),
    "save_honours_deleted": (False,),
    "save_honours_timestamp": (False,),
    "blank_timestamp": ("keeps",),
    "save_honours_connector": (False,),
    "config_change_while_active": ("accept",),
    "missing_config_keys": ("kept",),
    "blank_keeps_secret": (True,),
    "save_requires_test": (True,),
    "refused_save_keeps_row": (False,),
    "refused_save_answer": ("row",),
    "save_refreshes_fields": (True,),
    "all_access_clears_lists": (True,),
    "access_save_resets_flags": (False,),
    "delete_active": ("refuse",),
    "delete_linked": ("refuse",),
    "delete_connector_in_use": ("refuse", "delete"),
    "deleted_connections_count": (True,),
    "test_by_config_takes": ("connection",),
    "unreachable_url": ("server_error",),
    "toggle_tests_connection": (True,),
    "toggle_refuses_missing_fields": (True,),
    "refresh_while_active": ("refuse",),
    "auto_map": ("empty", "off"),
}
# Under these the story ends early; each has a test of its own below.
ENDS_EARLY = {"agent_granted", "test_by_config_takes"}

SETTINGS = [("all", "default"), *((name, value) for name, values in MATTERS.items() for value in values)]
SWEDEN = """\
  sweden:
    name: {en: Visma Sweden, sv: Visma Sverige}
    connector: visma
    active: true
    scope: {groups: [Sales], users: [ANNA]}
    config:
      Filename: F0001.xlsm
      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}
"""
DELETE = ("delete=connection/sweden", "linked-records=connection/sweden")


@pytest.fixture(params=[one for one in SETTINGS if one[0] not in ENDS_EARLY], ids=lambda one: f"{one[0]}={one[1]}")
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A tenant with one switch turned."""
    name, value = request.param
    with staged(tmp_path, switches={} if name == "all" else {name: value}, text=CONNECTIONS + SWEDEN) as made:
        yield made


def test_every_switch_is_sorted() -> None:
    """A new switch has to be put to the test, here or with what lies below connections."""
    known = {field.name: field.default for field in dataclasses.fields(Switches)}
    assert MATTERS.keys() | BELOW.keys() == known.keys()
    assert [name for suite in (MATTERS, BELOW) for name, values in suite.items() if known[name] in values] == []


def test_create_change_fail_refuse_and_delete(stage: Stage) -> None:
    """Whatever is turned: every step of the story ends as it does by default, and in between a plan is empty."""
    assert stage.apply().exit_code == 0
    assert stage.plan().units == ()

    stage.emulator.tick()
    stage.change(
        ("IntegerField: 12", "IntegerField: 13"),
        ("nb: Visma Norge", "nb: Visma Noreg"),
        ("scope: {groups: [Sales], users: [ANNA]}", "scope: everyone"),
    )
    assert stage.apply().exit_code == 0
    assert stage.plan().units == ()
    norway, sweden = stage.connection("Visma Norway"), stage.connection("Visma Sweden")
    assert (norway["Active"], sweden["Active"], sweden["AllAccess"]) == (True, True, True)
    assert (norway["ConfigFields"]["IntegerField"], norway["MostRecentTimestamp"]) == ("[I:13]", "tx-00000001")

    before = truth(stage)
    stage.change(("IntegerField: 13", "IntegerField: 14"))
    stage.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    report = stage.apply()
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert truth(stage) == before

    stage.emulator.clear_calls()
    stage.change(("IntegerField: 14", "IntegerField: 13"), ("item2", "no-such-item"), ("Filename: F0003.xlsm", "Filename: none.xlsm"))
    with pytest.raises(CheckFailed, match="The candidate is bad"):
        stage.apply("points-elsewhere=connection/norway")
    assert (stage.writes, truth(stage)) == ([], before)

    stage.write(CONNECTIONS.replace("12", "13", 1).replace("nb: Visma Norge", "nb: Visma Noreg") + "  sweden: {absent: true}\n")
    assert stage.apply(*DELETE, "points-elsewhere=connection/norway").exit_code == 0
    assert [row["DisplayName"] for row in stage.emulator.inspect.connections(deleted=False)] == ['NO:"Visma Noreg";US:"Visma Norway"']
    assert stage.plan().units == ()


# ---- where the story has another end ------------------------------------------------------------------------------------


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Any]:
    """Makes applied stages with switches turned afterwards."""
    with staged(tmp_path) as made:
        assert made.apply().exit_code == 0

        def turn(**switches: Any) -> Stage:
            for name, value in switches.items():
                made.emulator.switches.set(name, value)
            made.emulator.clear_calls()
            return made

        yield turn


CONFIG = ("IntegerField: 12", "IntegerField: 13")


def test_without_the_right_to_the_agent_nothing_is_written(scene: Any) -> None:
    stage = scene(agent_granted=False)
    stage.change(CONFIG)
    with pytest.raises(TargetError, match="does not allow") as refused:
        stage.apply()
    assert (refused.value.exit_code, "granted" in refused.value.hint, stage.writes) == (1, True, [])


def test_where_the_test_of_values_takes_another_id_nothing_is_written_and_the_other_id_is_not_tried(scene: Any) -> None:
    stage = scene(test_by_config_takes="connection")
    stage.change(("nb: Visma Norge", "nb: Visma Noreg"))
    with pytest.raises(CheckFailed, match="The tests contradict each other"):
        stage.apply()
    stage.change(CONFIG)
    with pytest.raises(CheckFailed):
        stage.apply()
    connector = stage.connection("Visma Norway")["ErpConnectorId"]
    assert {call.request["ErpConnectionId"] for call in stage.calls("TestConnectionByConfig")} == {connector}
    assert stage.writes == []


@pytest.mark.parametrize("linked", ["record", "quote connection"])
@pytest.mark.parametrize("setting", ["accept", "refuse"])
def test_a_deletion_that_superoffice_refuses_because_of_links_is_undone(scene: Any, setting: str, linked: str) -> None:
    stage = scene(delete_linked=setting)
    key = stage.connection("Visma Norway")["ErpConnectionId"]
    (stage.emulator.edit.link_record if linked == "record" else stage.emulator.edit.add_quote_connection)(key)
    before = truth(stage)
    stage.write(CONNECTIONS.partition("  norway:\n")[0] + "  norway: {absent: true}\n")
    report = stage.apply("delete=connection/norway", "linked-records=connection/norway")
    if setting == "accept":
        assert (report.exit_code, stage.emulator.inspect.connections(deleted=False)) == (0, [])
    else:
        assert (report.exit_code, report.units[0].end, truth(stage)) == (5, End.AS_BEFORE, before)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("in_use", ["ignore", "refuse", "delete"])
def test_a_connector_is_deleted_only_when_superoffice_says_that_it_can_be(scene: Any, in_use: str, counted: bool) -> None:
    stage = scene(delete_connector_in_use=in_use, deleted_connections_count=counted)
    stage.write("version: 1\nconnectors:\n  visma: {absent: true}\nconnections:\n  norway: {absent: true}\n")
    permissions = [hazard.permission for hazard in stage.plan().stopping]
    report = stage.apply(*permissions)
    ends = [unit.end for unit in report.units]
    assert (report.exit_code, ends) == ((5, [End.AS_DESIRED, End.UNTOUCHED]) if counted else (0, [End.AS_DESIRED] * 2))
    assert bool(stage.calls("DeleteErpSyncConnectorEntity")) is not counted
    assert len(stage.emulator.inspect.connectors(deleted=False)) == (1 if counted else 0)
    assert stage.emulator.inspect.connections(deleted=False) == []


def test_a_connector_that_counts_as_used_stays_and_the_report_says_what_to_write(scene: Any) -> None:
    """Nobody can ask before: until the connection is deleted, it counts itself. The way out is a file without the connector."""
    stage = scene(deleted_connections_count=True)
    stage.write("version: 1\nconnectors:\n  visma: {absent: true}\nconnections:\n  norway: {absent: true}\n")
    report = stage.apply("delete=connection/norway", "linked-records=connection/norway", "delete=connector/visma")
    told = (
        "SuperOffice refused: connector/visma cannot be deleted: SuperOffice says that connections are on it"
        " (ErrorConnectorHasConnections), and it may count deleted ones, which nothing takes away. Delete those that are left"
        " (`reconciler dump` shows whose they are), or take it out of the file: it does no harm unused."
    )
    assert (report.exit_code, report.units[1].end, report.units[1].reason) == (5, End.UNTOUCHED, told)
    stage.emulator.clear_calls()
    with pytest.raises(RunError) as refused:  # alone, it is refused before any write
        stage.apply("delete=connector/visma")
    assert (str(refused.value), stage.writes) == (told, [])
    stage.write("version: 1\nconnections:\n  norway: {absent: true}\n")
    assert (stage.plan().units, stage.apply().exit_code, stage.writes) == ((), 0, [])


def test_a_created_connector_that_may_not_go_again_is_left_with_the_way_to_close_the_run(tmp_path: Path) -> None:
    """`--atomic` takes back what was done: the connection goes, and counts all the same."""
    with staged(tmp_path, switches={"deleted_connections_count": True}) as stage:
        stage.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP))
        report = stage.apply(atomic=True)
        assert (report.exit_code, [unit.end for unit in report.units]) == (6, [End.NEEDS_ATTENTION, End.AS_BEFORE])
        assert report.units[0].reason.endswith("It does no harm unused; `reconciler recover --accept-current` leaves it there.")
        with stage.session() as session:
            (told,) = flow.recover_view(session)
        assert told.now == f"Its name is 'Visma Business' and its URL {VISMA}."
        assert stage.recover("accept-current").exit_code == 0
        assert [row["DisplayName"] for row in stage.emulator.inspect.connectors(deleted=False)] == ["Visma Business"]
        assert stage.apply(retry_failed=True).exit_code == 0


@pytest.mark.parametrize("answer", ["server_error", "error_object", "null"])
def test_a_plan_is_made_while_the_connector_is_down_and_says_what_it_could_not_check(scene: Any, answer: str) -> None:
    stage = scene(connector_unreachable=answer)
    stage.emulator.edit.connector_down(VISMA)
    assert stage.plan().units == ()
    stage.change(CONFIG)
    made = stage.plan()
    assert [one.path for one in made.not_checked] == [("config",)]
    assert [(change.path, change.after) for change in made.units[0].changes] == [(("config", "IntegerField"), 13)]
    with pytest.raises(CheckFailed, match="The connector is silent"):
        stage.apply()
    assert stage.writes == []


@pytest.mark.parametrize("text", ["yes", "0x1F", "12_3", "2026-02-01"])
def test_a_text_without_the_quotes_it_needs_is_refused_also_when_the_connector_was_down_for_the_plan(scene: Any, text: str) -> None:
    """As a value that changes, and as one that already stands there; with the quotes it is taken."""
    stage = scene(connector_unreachable="null")
    unquoted = ('TextField: "0012"', f"TextField: {text}")
    stage.change(unquoted)
    assert refused_after_a_silent_plan(stage) == []
    stage.change(unquoted[::-1], ('TextField: "0012"', f'TextField: "{text}"'))
    assert stage.apply_saved(silent_plan(stage)).exit_code == 0
    assert stage.plan().units == ()
    stage.change(CONFIG, (f'TextField: "{text}"', f"TextField: {text}"))
    assert refused_after_a_silent_plan(stage) == []


def silent_plan(stage: Stage) -> Plan:
    """Made while the connector is down, saved, and read back; the connector answers again."""
    stage.emulator.edit.connector_down(VISMA)
    made = from_bytes(to_bytes(stage.plan()))
    stage.emulator.edit.connector_down(VISMA, down=False)
    return made


def refused_after_a_silent_plan(stage: Stage) -> list[Call]:
    """What is written by an apply that tells the missing quotes in the words of a plan."""
    made = silent_plan(stage)
    stage.emulator.clear_calls()
    with pytest.raises(CheckFailed, match=r"TextField is of type Text: .* quote it"):
        stage.apply_saved(made)
    with pytest.raises(InputError, match=r"TextField is of type Text: .* quote it"):
        stage.plan()
    return stage.writes


def test_an_activation_that_tests_by_itself_and_fails_is_rolled_back(scene: Any) -> None:
    stage = scene(toggle_tests_connection=True)
    before = truth(stage)

    def broken_while_it_changes(call: Call) -> None:
        changed = stage.connection("Visma Norway")["ConfigFields"]["IntegerField"] == "[I:13]"
        stage.emulator.edit.connector_fails_tests(VISMA, changed)

    stage.emulator.before_call = broken_while_it_changes
    stage.change(CONFIG)
    report = stage.apply()
    assert (report.exit_code, report.units[0].end, truth(stage)) == (5, End.AS_BEFORE, before)


def test_a_creation_whose_activation_tests_by_itself_and_fails_was_never_active_and_is_deleted_again(scene: Any) -> None:
    """By default such a creation is active before its test fails, and a person decides; here nothing can hang on it."""
    stage = scene(toggle_tests_connection=True)
    before = truth(stage)
    stage.write(CONNECTIONS + SWEDEN)

    def fail_from_now_on(call: Call) -> None:
        if call.operation == "ToggleErpConnectionActive":
            stage.emulator.edit.connector_fails_tests(VISMA)

    stage.emulator.before_call = fail_from_now_on
    report = stage.apply()
    stage.emulator.before_call = None
    (unit,) = report.units
    assert (report.exit_code, unit.end, unit.rolled_back, truth(stage)) == (5, End.AS_BEFORE, True, before)
    assert unit.reason.startswith("SuperOffice refused: ToggleErpConnectionActive: The connection test failed: ")
    assert "soft-deleted" in unit.residue[0]
    assert [call.operation for call in stage.writes][-2:] == ["ToggleErpConnectionActive", "DeleteConnection"]


def test_a_rollback_to_values_that_no_longer_pass_and_may_not_be_saved_is_not_called_one(scene: Any) -> None:
    """A repair of an expired password fails at its activation, and the server saves only what passes its test."""
    stage = scene(save_requires_test=True)
    stage.emulator.edit.set_password_in_erp("F0003.xlsm", "spring-2027")
    stage.environ["VISMA_PASSWORD"] = "spring-2027"
    stage.change((", version: 1}", ", version: 2}"))
    stage.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    report = stage.apply()
    row = stage.connection("Visma Norway")
    assert (report.exit_code, report.units[0].end) == (6, End.NEEDS_ATTENTION)
    assert (row["Active"], row["ConfigFields"]["PasswordField"]) == (False, "spring-2027")


@pytest.mark.parametrize("kept", [True, False], ids=["row kept", "row not kept"])
def test_values_that_the_connector_refuses_are_not_called_applied(scene: Any, kept: bool) -> None:
    """SuperOffice stores first and tells the connector then: the row may hold what the connector never took.

    The candidate passed its test; only the save is refused, with words. (Where SuperOffice answers such a save with the row,
    as under `refused_save_answer: row`, no client can know.)
    """
    stage = scene(refused_save_keeps_row=kept)
    stage.change(CONFIG)

    def refuse_the_new_value(call: Call) -> None:
        if call.operation == "SaveConnection":
            stage.emulator.edit.connector_refuses_save(VISMA, call.request["Connection"]["ConfigFields"]["IntegerField"] == "[I:13]")

    stage.emulator.before_call = refuse_the_new_value
    report = stage.apply()
    row = stage.connection("Visma Norway")
    held = stage.emulator.inspect.remembered_by_connector(row["ErpConnectionId"])
    assert (report.exit_code, report.units[0].end, row["Active"], row["ConfigFields"]) == (5, End.AS_BEFORE, True, held)


@pytest.mark.parametrize("kept", [True, False], ids=["row kept", "row not kept"])
@pytest.mark.parametrize("answer", ["error", "row"])
def test_a_creation_that_the_connector_refuses_leaves_nothing_behind(scene: Any, answer: str, kept: bool) -> None:
    stage = scene(refused_save_answer=answer, refused_save_keeps_row=kept)
    before = truth(stage)
    stage.write(CONNECTIONS + SWEDEN)
    stage.emulator.edit.connector_refuses_save(VISMA)
    report = stage.apply()
    assert (report.exit_code, report.units[0].end) == (5, End.AS_BEFORE)
    assert truth(stage) == before
