"""What a change costs, counted by the tenant: writes, toggles, and calls while users do without the connection."""

from __future__ import annotations

import pytest

from reconciler.emulator import Call
from tests.scenarios.stage import CONNECTIONS, VISMA, Stage

TOGGLE, SAVE, REFRESH = "ToggleErpConnectionActive", "SaveConnection", "UpdateConnectionFields"


def between_toggles(calls: list[Call]) -> list[str]:
    """The operations after the toggle-off and before the toggle-on."""
    off, on = (at for at, call in enumerate(calls) if call.operation == TOGGLE)
    return [call.operation for call in calls[off + 1 : on]]


def test_a_config_change_costs_six_calls_after_the_toggle_off(applied: Stage) -> None:
    """DESIGN 6: read, save, read, refresh, fields read, toggle."""
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    assert applied.apply().exit_code == 0
    assert between_toggles(applied.calls()) == ["GetConnection", SAVE, "GetConnection", REFRESH, "archive/ErpField"]


def test_a_config_change_toggles_off_once_and_on_once(applied: Stage) -> None:
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    assert applied.apply().exit_code == 0
    toggles = applied.calls(TOGGLE)
    assert [(call.active_before, call.active_after) for call in toggles] == [(True, False), (False, True)]
    assert [call.operation for call in applied.writes] == [TOGGLE, SAVE, REFRESH, TOGGLE]
    assert applied.connection("Visma Norway")["ConfigFields"]["IntegerField"] == "[I:13]"


def test_several_config_fields_share_one_window(applied: Stage) -> None:
    applied.change(("IntegerField: 12", "IntegerField: 13"), ('"0012"', '"0013"'), ("item2", "item3"), ("12.5", "-3.25"))
    assert applied.apply().exit_code == 0
    assert [call.operation for call in applied.writes] == [TOGGLE, SAVE, REFRESH, TOGGLE]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("nb: Visma Norge", "nb: Visma Noreg", id="one language of the name"),
        pytest.param("{en: Visma Norway, nb: Visma Norge}", "Visma Norway", id="the whole name"),
        pytest.param("nb: Visma Norge}", "nb: Visma Norge, sv: Visma Norge}", id="one more language"),
        pytest.param("description: Company F0003", "description: {en: Company F0003, nb: Firma F0003}", id="description"),
        pytest.param("description: Company F0003", 'description: ""', id="an empty description"),
        pytest.param("scope: everyone", "scope: {groups: [Sales], users: [ANNA]}", id="scope"),
    ],
)
def test_name_description_and_scope_are_saved_while_active(applied: Stage, old: str, new: str) -> None:
    """One save, no toggle, no refresh; the connection is active all the time."""
    applied.change((old, new))
    assert applied.apply().exit_code == 0
    assert [call.operation for call in applied.writes] == [SAVE]
    assert applied.calls(SAVE)[0].request["Connection"]["Active"] is True
    assert applied.connection("Visma Norway")["Active"] is True
    assert applied.plan().units == ()


def test_switching_off_and_on_needs_no_save(applied: Stage) -> None:
    applied.change(("active: true", "active: false"))
    assert applied.apply().exit_code == 0
    assert [call.operation for call in applied.writes] == [TOGGLE]
    applied.emulator.clear_calls()
    applied.change(("active: false", "active: true"))
    assert applied.apply().exit_code == 0
    assert [call.operation for call in applied.writes] == [TOGGLE]


def test_a_config_change_of_a_connection_that_goes_off_is_saved_inside_and_not_toggled_again(applied: Stage) -> None:
    applied.change(("active: true", "active: false"), ("IntegerField: 12", "IntegerField: 13"))
    assert applied.apply().exit_code == 0
    assert [call.operation for call in applied.writes] == [TOGGLE, SAVE, REFRESH]


def several(count: int) -> str:
    """A file with so many connections that differ in name and one number."""
    head, _, connection = CONNECTIONS.partition("connections:\n")
    return head + "connections:\n" + "".join(several_one(connection, number) for number in range(count))


def several_one(connection: str, number: int) -> str:
    return (
        connection.replace("norway:", f"c{number}:").replace("Visma Norway", f"Norway {number}").replace("Visma Norge", f"Norge {number}")
    )


def test_connections_that_are_not_in_the_plan_get_no_write(stage: Stage) -> None:
    stage.write(several(4))
    foreign = stage.emulator.edit.add_connector("Somebody's", VISMA)
    stage.emulator.edit.add_connection(foreign, "Not ours", {"Filename": "F0001.xlsm"}, active=True)
    assert stage.apply().exit_code == 0
    stage.emulator.clear_calls()
    stage.change(("nb: Norge 2", "nb: Noreg 2"))
    assert stage.apply().exit_code == 0
    written = {call.request["Connection"]["ErpConnectionId"] for call in stage.writes}
    assert written == {stage.connection("Norway 2")["ErpConnectionId"]}
    not_ours = stage.connection("Not ours")["ErpConnectionId"]
    assert not [call for call in stage.calls("GetConnection") if call.request["ErpConnectionId"] == not_ours]


def test_applying_what_is_there_writes_nothing(applied: Stage) -> None:
    """Nor does it test anything: a test reaches the ERP."""
    assert applied.plan().units == ()
    assert applied.apply().exit_code == 0
    assert applied.writes == []
    assert [call.operation for call in applied.calls() if call.operation.startswith("Test")] == []


def test_a_plan_of_fifty_unchanged_connections_takes_at_most_two_calls_each_and_ten(stage: Stage) -> None:
    """Both the first look at a tenant that this journal does not know, and every later one."""
    connector = stage.emulator.edit.add_connector("Visma Business", VISMA)
    config = {
        "Filename": "F0003.xlsm", "IntegerField": "[I:12]", "CheckboxField": "[I:1]", "DateField": "[DT:01/31/2026 00:00:00.0000000]",
        "DoubleField": "[F:12.5]", "TextField": "0012", "ListField": "item2", "PasswordField": "winter-2026",
    }  # fmt: skip
    for number in range(50):
        name = f'NO:"Norge {number}";US:"Norway {number}"'
        stage.emulator.edit.add_connection(connector, name, config, description="Company F0003", active=True, refresh_fields=False)
    stage.write(several(50).replace(", version: 1", ""))
    first = stage.plan()
    assert (len(first.units), len(first.unchanged)) == (0, 51)
    assert len(stage.calls()) <= 2 * 50 + 10
    assert stage.apply().exit_code == 0
    stage.emulator.clear_calls()
    assert stage.plan().units == ()
    assert len(stage.calls()) <= 2 * 50 + 10
    assert stage.writes == []
