"""What the events of a target add up to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.journal.events import Event
from reconciler.journal.fold import KINDS, Fold
from reconciler.model import Binding, Recorded, SecretRef, SentSecret, Settled
from tests.journal.bodies import RUN, TARGET, A, Account, B, good_run, secret
from tests.journal.legal import legal_events

KEY = (A, "PasswordField")
OLD, NEW = secret(version="1", fingerprint="k:old", sealed="old"), secret(version="2", fingerprint="k:new", sealed="new")


def sent(entry: dict[str, str], *, in_doubt: bool = False) -> SentSecret:
    return SentSecret(SecretRef("env", "VISMA_PASSWORD", entry["version"]), entry["fingerprint"], entry["sealed"], in_doubt)


def fold(events: list[Event]) -> Fold:
    made = Fold()
    for event in events:
        made.add(event)
    return made


def recorded(account: Account) -> Recorded:
    return fold(account.events).recorded(elsewhere={}, head="")


def opened(*, secrets: dict[str, str] | None = None) -> Account:
    """A unit under way; what is given was sent for it before."""
    account = Account()
    account.add("run-opened")
    account.add("unit-opened")
    if secrets:
        account.add("sent", fields={"PasswordField": secrets})
    return account


def test_a_good_run() -> None:
    account = good_run(Account())
    assert recorded(account) == Recorded(
        bindings={A: Binding(7, "6f1c")},
        secrets={KEY: SentSecret(SecretRef("env", "VISMA_PASSWORD", "3"), "k:f1", "c2VhbGVk")},
        applied=frozenset({A}),
        ever_activated=frozenset({A}),
        begun={"p1": frozenset({A})},
        window_seconds={A: 3.5},
        settled={A: Settled(RUN, A, "d1")},
    )
    (run,) = fold(account.events).runs()
    assert (run.run, run.exit_code, run.plan_digest, run.actor) == (RUN, 0, "p1", "anna@build-7")
    assert (run.started, run.ended) == (account.events[0].at, account.events[-1].at)
    assert run.units == {A: "as-desired", B: "untouched"}


@pytest.mark.parametrize(
    ("outcomes", "then"),
    [
        ([], sent(OLD)),
        (["applied"], sent(NEW)),
        (["unknown"], sent(NEW, in_doubt=True)),
        ([None], sent(NEW, in_doubt=True)),
        (["not-applied"], sent(OLD)),
        (["unknown", "applied"], sent(NEW)),
        (["unknown", "not-applied"], sent(NEW, in_doubt=True)),
        (["not-applied", "unknown"], sent(NEW, in_doubt=True)),
    ],
)
def test_what_was_sent_last_follows_from_the_outcomes(outcomes: list[str | None], then: SentSecret) -> None:
    account = opened(secrets=OLD)
    for outcome in outcomes:
        if outcome is None:
            account.add("intent", secrets={"PasswordField": NEW})
        else:
            account.write(outcome=outcome, verdict="as-before", secrets={"PasswordField": NEW})
    assert recorded(account).secrets == {KEY: then}


@pytest.mark.parametrize(
    ("outcome", "then"), [("not-applied", {}), ("unknown", {KEY: sent(NEW, in_doubt=True)}), ("applied", {KEY: sent(NEW)})]
)
def test_a_secret_that_was_never_sent_before(outcome: str, then: dict[tuple[str, str], SentSecret]) -> None:
    account = opened()
    account.write(outcome=outcome, secrets={"PasswordField": NEW})
    assert recorded(account).secrets == then


def test_sent_settles_every_doubt() -> None:
    account = opened(secrets=OLD)
    account.write(outcome="unknown", secrets={"PasswordField": NEW})
    account.add("sent", fields={"PasswordField": OLD})
    assert recorded(account).secrets == {KEY: sent(OLD)}


def test_a_write_that_carries_the_value_already_there_leaves_no_doubt() -> None:
    account = opened(secrets=NEW)
    account.write(outcome="unknown", secrets={"PasswordField": NEW})
    assert recorded(account).secrets == {KEY: sent(NEW)}


@pytest.mark.parametrize("before", [{**NEW, "fingerprint": ""}, {**NEW, "fingerprint": "k:else"}, {**NEW, "version": "1"}])
def test_without_proof_that_it_is_the_same_value_there_is_doubt(before: dict[str, str]) -> None:
    account = opened(secrets=before)
    account.write(outcome="unknown", secrets={"PasswordField": {**NEW, "fingerprint": before["fingerprint"] and NEW["fingerprint"]}})
    assert recorded(account).secrets[KEY].in_doubt


def test_bindings_come_and_go() -> None:
    account = opened()
    account.add("bound", id=7, guid="g7")
    account.add("bound", address="connector/visma", id=3, guid="")
    account.add("bound", id=8, guid="g8")
    assert recorded(account).bindings == {A: Binding(8, "g8"), "connector/visma": Binding(3, "")}
    account.add("unbound")
    assert recorded(account).bindings == {"connector/visma": Binding(3, "")}


def test_a_digest_counts_as_rolled_back_until_it_is_closed_otherwise() -> None:
    account = opened()
    account.write()
    account.add("rollback-opened")
    account.write(rollback=True)
    account.add("unit-closed", end="as-before", rolled_back=True, applied=False)
    account.add("run-closed", exit_code=5, ends={A: "as-before", B: "untouched"})
    assert recorded(account).rolled_back == {"u1"}

    untouched = Account(run="r2", after=account)
    untouched.add("run-opened")
    untouched.add("unit-closed", end="untouched", applied=False)
    untouched.add("run-closed", exit_code=4)
    assert recorded(untouched).rolled_back == {"u1"}

    again = good_run(Account(run="r3", after=untouched))
    assert recorded(again).rolled_back == frozenset()


def test_open_runs_are_those_that_ended_unfinished_oldest_first() -> None:
    one = Account(run="r1")
    one.add("run-opened")
    one.add("unit-opened")
    one.add("intent")
    two = Account(run="r2", after=one)
    two.add("run-opened")
    two.add("unit-opened")
    two.write()
    two.add("unit-closed", end="needs-attention")
    two.add("run-closed", exit_code=6, ends={A: "needs-attention"})
    three = good_run(Account(run="r3", after=two))
    died, ended = recorded(three).open_runs
    assert (died.run, died.exit_code, died.ended, died.units) == ("r1", None, None, {A: "open", B: "untouched"})
    assert (ended.run, ended.exit_code, ended.units) == ("r2", None, {A: "needs-attention", B: "untouched"})
    assert ended.ended is not None
    assert [run.exit_code for run in fold(three.events).runs()] == [None, None, 0]


@pytest.mark.parametrize(("code", "stays_open"), [(5, False), (0, False), (6, True), (1, True)])
def test_a_recovery_closes_the_run_or_leaves_it_open(code: int, stays_open: bool) -> None:
    account = opened()
    account.write()
    account.add("run-closed", exit_code=6, ends={A: "needs-attention"})
    account.add("recovery-opened", fencing=2)
    assert recorded(account).open_runs[0].units == {A: "open", B: "untouched"}
    account.add("observed", verdict="as-before")
    account.add("unit-closed", end="as-before", rolled_back=True)
    account.add("run-closed", exit_code=code, ends={A: "as-before"})
    assert bool(recorded(account).open_runs) is stays_open
    (run,) = fold(account.events).runs()
    assert run.exit_code == (None if stays_open else code)


def test_a_plan_is_begun_by_its_first_intent() -> None:
    account = opened()
    assert recorded(account).begun == {}
    account.add("unit-opened", unit=B)
    account.write(B)
    assert recorded(account).begun == {"p1": frozenset({B})}


def test_a_malformed_event_is_a_journal_error_and_not_a_traceback() -> None:
    event = good_run(Account()).events[2]
    with pytest.raises(JournalError, match="event 3 \\(unit-opened\\) does not have the form"):
        Fold().add(Event(event.seq, TARGET, RUN, event.kind, event.at, {}, "", ""))


@settings(max_examples=100, deadline=None)
@given(legal_events(), st.data())
def test_any_prefix_folds_and_folding_on_is_folding_at_once(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    parts = fold(events[:cut])
    first = parts.recorded(elsewhere={}, head="")
    assert len(first.open_runs) + sum(run.exit_code is not None for run in parts.runs()) == (cut > 0)
    for event in events[cut:]:
        parts.add(event)
    whole = fold([event for event in events if event.kind in KINDS])
    assert parts.recorded(elsewhere={}, head="h") == whole.recorded(elsewhere={}, head="h")
    assert parts.runs() == whole.runs()


def test_what_is_known_of_a_row_goes_with_it_to_another_address() -> None:
    account = good_run(Account())
    account = Account(run="r2", after=account)
    account.add("run-opened")
    account.add("bound", address=B)
    known = recorded(account)
    assert set(known.applied) == set(known.ever_activated) == set(known.bindings) == {B}
    assert {key: (sent.ref, sent.fingerprint, sent.sealed) for key, sent in known.secrets.items()} == {
        (B, "PasswordField"): (SecretRef("env", "VISMA_PASSWORD", "3"), "", "")
    }


def test_a_row_has_one_address_the_newest() -> None:
    account = Account()
    account.add("run-opened")
    account.add("bound", address=A, guid="g1")
    account.add("bound", address=B, guid="g1")
    fold = Fold()
    for event in account.events:
        fold.add(event)
    assert fold.bindings == {B: Binding(7, "g1")}
    account.add("bound", address=A, guid="g2")
    account.add("bound", address=B, guid="g1")
    account.add("bound", address=A, guid="")
    fold = Fold()
    for event in account.events:
        fold.add(event)
    assert fold.bindings == {A: Binding(7, ""), B: Binding(7, "g1")}
