"""One run in full."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.journal.events import Event
from reconciler.journal.transitions import UnitPhase
from reconciler.journal.view import view_run
from reconciler.model import Binding, SecretRef
from tests.journal.bodies import A, Account, B, body, good_run, secret
from tests.journal.legal import legal_events


def test_a_good_run() -> None:
    events = good_run(Account()).events
    view = view_run(events)
    assert (view.run, view.started, view.ended, view.exit_code) == (events[0].run, events[0].at, events[-1].at, 0)
    assert not view.unfinished
    assert view.waiting is None
    assert view.actor == "anna@build-7"
    assert view.plan == body("run-opened")["plan"]
    assert (view.first_seq, view.last_seq, view.head) == (1, len(events), events[-1].hash)
    assert view.bound == {A: Binding(7, "6f1c")}
    assert [test.phase for test in view.tests] == ["rehearse"]
    changed, other = view.units[A], view.units[B]
    assert (changed.digest, changed.kind, changed.row) == ("u1", "update", Binding(7, "6f1c"))
    assert changed.observed == body("unit-opened")["observed"]
    assert (changed.end, changed.applied, changed.activated, changed.window_s) == ("as-desired", True, True, 3.5)
    assert changed.sent["PasswordField"].ref == SecretRef("env", "VISMA_PASSWORD", "3")
    (attempt,) = changed.attempts
    assert (attempt.operation, attempt.outcome, attempt.in_doubt) == ("SaveConnection", "applied", False)
    assert [reading.verdict for reading in attempt.readings] == ["as-desired"]
    assert (other.end, other.touched, other.phase) == ("untouched", False, UnitPhase.UNTOUCHED)


def test_a_run_that_died_after_an_intent_shows_what_is_in_doubt() -> None:
    account = Account()
    account.add("run-opened")
    account.add("unit-opened")
    seq = account.add("intent", secrets={"PasswordField": secret()})
    view = view_run(account.events)
    assert view.unfinished
    assert (view.exit_code, view.ended) == (None, None)
    assert view.waiting is not None
    assert view.waiting.seq == seq
    assert view.waiting.in_doubt
    assert view.units[A].phase is UnitPhase.OPEN


def test_a_doubt_lasts_until_a_readable_read() -> None:
    account = Account()
    account.add("run-opened")
    account.add("unit-opened")
    account.write(outcome="unknown", verdict=None)
    account.add("settled")
    account.add("observed", verdict="unreadable")
    unit = view_run(account.events).units[A]
    assert unit.in_doubt is unit.attempts[0]
    assert unit.attempts[0].settled_s == 120.0
    account.add("observed", verdict="as-before")
    unit = view_run(account.events).units[A]
    assert unit.in_doubt is None
    assert not unit.attempts[0].in_doubt


def test_a_recovery_is_part_of_the_run() -> None:
    account = Account()
    account.add("run-opened")
    account.add("unit-opened")
    account.write()
    account.add("unit-closed", end="needs-attention", reason="the rollback failed", residue=["the connection is inactive"])
    account.add("note", text="the connection is inactive")
    account.add("run-closed", exit_code=6, ends={A: "needs-attention"})
    view = view_run(account.events)
    assert (view.exit_code, view.unfinished, view.units[A].end) == (6, True, "needs-attention")
    assert view.units[A].residue == ("the connection is inactive",)
    account.add("recovery-opened", choice="back", fencing=2)
    view = view_run(account.events)
    assert (view.units[A].phase, view.units[A].end) == (UnitPhase.OPEN, "")
    account.add("rollback-opened")
    account.write(rollback=True, verdict="as-before")
    account.add("unit-closed", end="as-before", rolled_back=True)
    account.add("unbound")
    account.add("run-closed", exit_code=5, ends={A: "as-before"})
    view = view_run(account.events)
    assert (view.exit_code, view.unfinished, view.units[A].end) == (5, False, "as-before")
    assert [attempt.rollback for attempt in view.units[A].attempts] == [False, True]
    assert [recovery.choice for recovery in view.recoveries] == ["back"]
    assert view.notes == ["the connection is inactive"]
    assert view.bound == {A: None}


def test_no_run_and_malformed_events_are_journal_errors() -> None:
    with pytest.raises(JournalError, match="no event"):
        view_run([])
    event = good_run(Account()).events[0]
    with pytest.raises(JournalError, match="does not have the form"):
        view_run([Event(1, event.target, event.run, "run-opened", event.at, {}, "", "")])


@settings(max_examples=100, deadline=None)
@given(legal_events(), st.data())
def test_any_prefix_of_a_run_can_be_shown(events: list[Event], data: st.DataObject) -> None:
    view = view_run(events[: data.draw(st.integers(1, len(events)))])
    assert set(view.units) == {A, B}
    for unit in view.units.values():
        waits = view.waiting is not None and view.waiting in unit.attempts
        assert (unit.in_doubt is not None) is (unit.state.doubt or waits)
        if unit.phase in (UnitPhase.DONE, UnitPhase.UNTOUCHED):
            assert unit.end
