"""When a unit fails: what is undone, what is left alone, what goes on, and what refuses to start afterwards."""

from __future__ import annotations

import _thread

import pytest

from reconciler.emulator import Call, Fault, FaultKind
from reconciler.errors import CheckFailed, LeaseHeld, OpenRun
from reconciler.journal.lease import acquire
from reconciler.model import End
from tests.scenarios.stage import TARGET, Stage, truth
from tests.scenarios.test_calls import several

SAVE, TOGGLE = "SaveConnection", "ToggleErpConnectionActive"


@pytest.fixture
def three(stage: Stage) -> Stage:
    """Three applied connections, of which each gets a new Norwegian name."""
    stage.write(several(3))
    assert stage.apply().exit_code == 0
    stage.change(*((f"nb: Norge {number}", f"nb: Noreg {number}") for number in range(3)))
    stage.emulator.clear_calls()
    return stage


def ends(report) -> list[End]:
    return [unit.end for unit in report.units]


def fail_second_save(stage: Stage) -> None:
    stage.emulator.faults.add(Fault(SAVE, FaultKind.FORBIDDEN, nth=2))


def test_after_the_first_failure_the_rest_stays_untouched(three: Stage) -> None:
    fail_second_save(three)
    report = three.apply()
    assert (report.exit_code, ends(report)) == (5, [End.AS_DESIRED, End.AS_BEFORE, End.UNTOUCHED])
    assert [unit.written for unit in report.units] == [True, True, False]
    assert "Noreg 0" in three.connection("Norway 0")["DisplayName"]
    assert "Norge 2" in three.connection("Norway 2")["DisplayName"]


def test_keep_going_runs_the_others(three: Stage) -> None:
    fail_second_save(three)
    report = three.apply(keep_going=True)
    assert (report.exit_code, ends(report)) == (5, [End.AS_DESIRED, End.AS_BEFORE, End.AS_DESIRED])


def test_a_signal_stops_a_run_that_keeps_going_although_another_unit_had_failed_first(three: Stage) -> None:
    """The first failure said that the run goes on; a signal in a later unit still ends it there."""
    saves: list[int] = []

    def asked(call: Call) -> None:
        if call.operation == SAVE:
            saves.append(call.request["Connection"]["ErpConnectionId"])
            if len(set(saves)) == 2 and saves.count(saves[-1]) == 1:
                _thread.interrupt_main()

    three.emulator.faults.add(Fault(SAVE, FaultKind.FORBIDDEN, nth=1))
    three.emulator.before_call = asked
    report = three.apply(keep_going=True)
    assert (report.exit_code, ends(report)[0], ends(report)[2]) == (5, End.AS_BEFORE, End.UNTOUCHED)
    assert len(set(saves)) == 2
    assert "Norge 2" in three.connection("Norway 2")["DisplayName"]


def test_keep_going_still_stops_when_something_needs_attention(three: Stage) -> None:
    """The second save and every read after it are lost, so nobody knows what it did."""
    three.emulator.faults.add(Fault(SAVE, FaultKind.DROP_AFTER, nth=2))

    def blind(call: Call) -> None:
        if call.operation == SAVE and call.request["Connection"]["ErpConnectionId"] == second:
            three.emulator.faults.add(Fault("GetConnection", FaultKind.DROP_BEFORE, times=None))

    second = three.connection("Norway 1")["ErpConnectionId"]
    three.emulator.before_call = blind
    report = three.apply(keep_going=True)
    assert (report.exit_code, ends(report)) == (6, [End.AS_DESIRED, End.NEEDS_ATTENTION, End.UNTOUCHED])


def test_atomic_also_rolls_back_what_was_done(three: Stage) -> None:
    before = truth(three)
    fail_second_save(three)
    report = three.apply(atomic=True)
    assert (report.exit_code, ends(report)) == (5, [End.AS_BEFORE, End.AS_BEFORE, End.UNTOUCHED])
    assert truth(three) == before
    assert len(three.plan().units) == 3


def test_atomic_does_not_overwrite_what_somebody_changed_meanwhile(three: Stage) -> None:
    first = three.connection("Norway 0")["ErpConnectionId"]

    def somebody(call: Call) -> None:
        if call.operation == SAVE and call.request["Connection"]["ErpConnectionId"] != first:
            three.emulator.edit.rename(first, 'US:"Norway 0";NO:"Somebody else was here"')

    three.emulator.before_call = somebody
    fail_second_save(three)
    report = three.apply(atomic=True)
    assert (report.exit_code, ends(report)) == (6, [End.NEEDS_ATTENTION, End.AS_BEFORE, End.UNTOUCHED])
    assert "Somebody else was here" in three.connection("Norway 0")["DisplayName"]


def test_what_was_rolled_back_is_not_tried_again_by_itself(applied: Stage) -> None:
    """Neither alone nor among others; --retry-failed says so, a changed unit is another one."""
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    applied.emulator.faults.add(Fault(TOGGLE, FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    assert applied.apply().exit_code == 5
    applied.emulator.clear_calls()
    with pytest.raises(CheckFailed, match="It failed before") as refused:
        applied.apply()
    assert refused.value.exit_code == 3
    assert (applied.writes, applied.calls("TestConnectionByConfig")) == ([], [])
    applied.change(("IntegerField: 13", "IntegerField: 14"))
    assert applied.apply().exit_code == 0
    applied.change(("IntegerField: 14", "IntegerField: 13"))
    assert applied.apply().exit_code == 0


def test_retry_failed_tries_it_again(applied: Stage) -> None:
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    applied.emulator.faults.add(Fault(TOGGLE, FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    assert applied.apply().exit_code == 5
    assert applied.apply(retry_failed=True).exit_code == 0
    assert applied.plan().units == ()


def test_a_test_that_fails_once_after_the_change_is_made_again(applied: Stage) -> None:
    """An ERP may need a moment; two failures in a row roll back."""
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    seen = []

    def hiccup(call: Call) -> None:
        if call.operation == "TestConnectionById":
            seen.append(call)
            applied.emulator.edit.set_password_in_erp("F0003.xlsm", "busy" if len(seen) == 2 else None)

    applied.emulator.before_call = hiccup
    report = applied.apply()
    assert (report.exit_code, len(seen)) == (0, 3)


def test_a_change_that_breaks_the_connection_only_afterwards_is_rolled_back(applied: Stage) -> None:
    before = truth(applied)
    applied.change(("IntegerField: 12", "IntegerField: 13"))

    def breaks_with_the_new_value(call: Call) -> None:
        if call.operation == "TestConnectionById":
            stored = applied.connection("Visma Norway")["ConfigFields"]["IntegerField"]
            applied.emulator.edit.connector_fails_tests("https://connectors.example.com/visma/ErpConnectorWS.svc", stored == "[I:13]")

    applied.emulator.before_call = breaks_with_the_new_value
    report = applied.apply()
    assert (report.exit_code, ends(report), report.units[0].rolled_back) == (5, [End.AS_BEFORE], True)
    assert truth(applied) == before


# ---- what stands in the way of the next run -----------------------------------------------------------------------------


@pytest.fixture
def unfinished(applied: Stage) -> Stage:
    """The toggle-on got no answer and the tenant could not be read any more: a run is open, the connection inactive."""
    applied.change(("IntegerField: 12", "IntegerField: 13"))

    def blind(call: Call) -> None:
        if call.operation == "UpdateConnectionFields":
            applied.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.DROP_BEFORE, times=None))
            applied.emulator.faults.add(Fault("GetConnection", FaultKind.DROP_BEFORE, times=None))

    applied.emulator.before_call = blind
    report = applied.apply()
    assert (report.exit_code, ends(report)) == (6, [End.NEEDS_ATTENTION])
    applied.emulator.before_call = None
    applied.emulator.faults.clear()
    applied.emulator.clear_calls()
    return applied


def test_an_open_run_refuses_the_next_one(unfinished: Stage) -> None:
    with pytest.raises(OpenRun) as refused:
        unfinished.apply()
    assert (refused.value.exit_code, "recover" in refused.value.hint) == (6, True)
    assert unfinished.writes == []
    assert len(unfinished.plan().units) == 1


def test_recover_back_returns_to_what_was_found(unfinished: Stage) -> None:
    report = unfinished.recover("back")
    assert (report.exit_code, ends(report)) == (5, [End.AS_BEFORE])
    row = unfinished.connection("Visma Norway")
    assert (row["Active"], row["ConfigFields"]["IntegerField"]) == (True, "[I:12]")
    assert unfinished.recover("back").exit_code == 0
    assert unfinished.apply(retry_failed=True).exit_code == 0


def test_recover_accept_current_writes_nothing_and_closes_the_run(unfinished: Stage) -> None:
    report = unfinished.recover("accept-current")
    assert report.exit_code == 0
    assert unfinished.writes == []
    assert unfinished.connection("Visma Norway")["Active"] is False
    assert unfinished.recover("accept-current").exit_code == 0
    assert unfinished.apply().exit_code == 0
    assert unfinished.connection("Visma Norway")["Active"] is True
    assert unfinished.plan().units == ()


def test_a_lease_that_somebody_holds_refuses_the_run(applied: Stage) -> None:
    applied.change(("IntegerField: 12", "IntegerField: 13"))
    with applied.session() as session:
        held = acquire(session.store(create=True), TARGET, "run-of-somebody", "anna", 600, applied.clock)
        with pytest.raises(LeaseHeld) as refused:
            applied.apply()
        held.release()
    assert refused.value.exit_code == 7
    assert applied.writes == []
    assert applied.apply().exit_code == 0
