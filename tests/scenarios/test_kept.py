"""What a save must not touch: it replaces the whole row, so everything that is not changed has to come back as it was read."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from reconciler.emulator import Call, Fault, FaultKind
from reconciler.model import End
from tests.scenarios.stage import Stage, staged, truth

NAME = 'SW:"Visma Norge SE";US:"Visma Norway";XX:"Unknown";NO:"Visma Norge";'
CONFIG, NAME_ONLY = ("IntegerField: 12", "IntegerField: 13"), ("nb: Visma Norge", "nb: Visma Noreg")


def key_of(stage: Stage) -> int:
    return int(stage.connection("Visma Norway")["ErpConnectionId"])


@pytest.mark.parametrize("change", [CONFIG, NAME_ONLY, ("description: Company F0003", "description: Company F3")])
def test_languages_that_the_file_does_not_name_keep_their_bytes(applied: Stage, change: tuple[str, str]) -> None:
    """Their order, codes that we do not know, and the semicolon at the end."""
    key = key_of(applied)
    applied.emulator.edit.rename(key, NAME)
    applied.change(change)
    assert applied.apply().exit_code == 0
    wanted = NAME.replace('"Visma Norge"', '"Visma Noreg"') if change is NAME_ONLY else NAME
    assert applied.connection("Visma Norway")["DisplayName"] == wanted


@pytest.mark.parametrize("change", [CONFIG, NAME_ONLY])
@pytest.mark.parametrize("everyone", [True, False])
def test_access_lists_that_the_file_does_not_manage_are_kept(applied: Stage, change: tuple[str, str], everyone: bool) -> None:
    """Also where everyone has access and the lists mean nothing, and for groups and users that were deleted since."""
    key = key_of(applied)
    applied.emulator.edit.set_scope(key, all_access=everyone, groups=[1, 4], users=[2, 4])
    applied.change(("    scope: everyone\n", ""), change)
    assert applied.apply().exit_code == 0
    row = applied.connection("Visma Norway")
    assert (row["AllAccess"], row["UserGroupAccessIds"], row["AssociateAccessIds"]) == (everyone, [1, 4], [2, 4])


def test_values_that_are_stored_in_another_form_are_equal_by_meaning_and_echoed_as_they_are(applied: Stage) -> None:
    key = key_of(applied)
    odd = {"IntegerField": "12", "DateField": "[D:31.01.2026]", "DoubleField": "[F:12.50]", "CheckboxField": "true"}
    for field, raw in odd.items():
        applied.emulator.edit.set_config(key, field, raw)
    assert applied.plan().units == ()
    applied.change(("item2", "item3"))
    assert applied.apply().exit_code == 0
    stored = applied.connection("Visma Norway")["ConfigFields"]
    assert {field: stored[field] for field in odd} == odd


def test_a_rollback_restores_values_in_the_form_in_which_they_were_stored(applied: Stage) -> None:
    key = key_of(applied)
    applied.emulator.edit.set_config(key, "IntegerField", "12")
    applied.emulator.edit.rename(key, NAME)
    before = truth(applied)
    applied.change(CONFIG, NAME_ONLY)
    applied.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    assert applied.apply().units[0].end is End.AS_BEFORE
    assert truth(applied) == before


# ---- the sync cursor: how far SuperOffice has read ----------------------------------------------------------------------


class Moving:
    """Moves the cursor right before the n-th call after a run has tested its candidate, and remembers where it then was.

    Attributes:
        force: put it somewhere whether or not the connection is active, as a round that was under way would.
        hit: the operation before which it was moved; empty when the run was over by then.
    """

    def __init__(self, stage: Stage, position: int, *, force: bool) -> None:
        self.stage, self.position, self.force = stage, position, force
        self.hit = ""
        self.key = key_of(stage)
        self.cursor = self.now()
        self.seen = -1
        stage.emulator.before_call = self.before_call

    def now(self) -> str:
        return str(self.stage.emulator.inspect.connection(self.key)["MostRecentTimestamp"])

    def before_call(self, call: Call) -> None:
        if self.seen >= 0 or call.operation == "TestConnectionByConfig":
            self.seen += 1
        if self.seen != self.position:
            return
        self.hit = call.operation
        if self.force:
            self.stage.emulator.edit.set_cursor(self.key, f"forced-{self.position}")
        else:
            self.stage.emulator.tick()
        self.cursor = self.now()


def every_boundary(stage: Stage, changes: Callable[[int], tuple[str, str]], *, force: bool) -> dict[str, bool]:
    """Apply one change per call boundary of a run, the cursor moved there; operation to whether it survived."""
    survived: dict[str, bool] = {}
    for position in itertools.count(1):
        stage.clock.sleep(1)  # a run's name has its second and four random digits: so many runs in one second may meet
        stage.change(changes(position))
        moving = Moving(stage, position, force=force)
        assert stage.apply().exit_code == 0
        stage.emulator.before_call = None
        if not moving.hit:
            return survived
        survived[moving.hit] = survived.get(moving.hit, True) and moving.now() == moving.cursor
    raise AssertionError("unreachable")


def number(position: int) -> tuple[str, str]:
    return (f"IntegerField: {position + 99 if position > 1 else 12}", f"IntegerField: {position + 100}")


def norwegian(position: int) -> tuple[str, str]:
    return (f"nb: Visma Norge{'' if position == 1 else position - 1}", f"nb: Visma Norge{position}")


def test_a_tick_at_any_moment_of_a_config_change_is_kept(applied: Stage) -> None:
    """While the connection is inactive nothing moves its cursor; before and after, it is read again in time."""
    survived = every_boundary(applied, number, force=False)
    assert {"ToggleErpConnectionActive", "SaveConnection", "UpdateConnectionFields", "TestConnectionById"} <= survived.keys()
    assert set(survived.values()) == {True}


def test_a_cursor_that_moves_while_inactive_is_kept_unless_it_moves_between_the_read_and_the_save(applied: Stage) -> None:
    """That one gap cannot be closed by a client: the API has no condition on a save."""
    survived = every_boundary(applied, number, force=True)
    assert {operation for operation, kept in survived.items() if not kept} == {"SaveConnection"}


def test_a_tick_during_a_change_of_the_name_is_kept_unless_it_comes_between_the_read_and_the_save(applied: Stage) -> None:
    """The named exception of the promise: an active connection is saved."""
    survived = every_boundary(applied, norwegian, force=False)
    assert {operation for operation, kept in survived.items() if not kept} == {"SaveConnection"}


def test_a_rollback_keeps_the_cursor_too(applied: Stage) -> None:
    for position in itertools.count(1):
        applied.clock.sleep(1)
        applied.change(number(position))
        moving = Moving(applied, position, force=False)
        applied.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))
        assert applied.apply().units[0].end is End.AS_BEFORE
        applied.emulator.before_call = None
        assert moving.now() == moving.cursor, moving.hit
        if not moving.hit:
            return


@pytest.mark.parametrize("setting", ["resets", "keeps"])
def test_no_save_ever_sends_a_blank_cursor_for_a_connection_that_has_one(tmp_path, setting: str) -> None:
    with staged(tmp_path, switches={"blank_timestamp": setting}) as stage:
        assert stage.apply().exit_code == 0
        stage.emulator.tick()
        stage.emulator.clear_calls()
        for change in (CONFIG, NAME_ONLY):
            stage.change(change)
            assert stage.apply().exit_code == 0
        saves = stage.calls("SaveConnection")
        assert [call.request["Connection"]["MostRecentTimestamp"] for call in saves] == ["tx-00000001"] * 2
