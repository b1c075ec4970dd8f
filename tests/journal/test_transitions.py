"""The table says what may follow what, and holds in every order of events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import JournalError
from reconciler.journal.events import RECORDS, Event, Kind
from reconciler.journal.transitions import TABLE, RunPhase, RunState, UnitPhase, advance, check, follow, transitions_markdown
from tests.journal.bodies import A, Account, B, body, good_run
from tests.journal.legal import candidates, is_legal, legal_events


def started(*, unit: bool = True) -> Account:
    account = Account()
    account.add("run-opened")
    if unit:
        account.add("unit-opened")
    return account


def refusal(account: Account, kind: str, /, **changed: Any) -> str:
    before = account.state
    with pytest.raises(JournalError) as caught:
        account.add(kind, **changed)
    assert account.state == before
    return caught.value.detail


def test_every_kind_has_a_rule() -> None:
    assert set(TABLE) == set(Kind)


def test_a_good_run_is_legal_and_closed() -> None:
    account = good_run(Account())
    assert account.state.phase is RunPhase.CLOSED
    assert {unit: state.phase for unit, state in account.state.units.items()} == {A: UnitPhase.DONE, B: UnitPhase.UNTOUCHED}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.RUN_OPENED and kind not in RECORDS])
def test_nothing_comes_before_the_run_is_opened(kind: str) -> None:
    assert "the run is new" in refusal(Account(), kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_follows_a_closed_run(kind: str) -> None:
    assert "the run is closed" in refusal(good_run(Account()), kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.RECOVERY_OPENED])
def test_only_a_recovery_follows_a_run_that_needs_attention(kind: str) -> None:
    account = started()
    account.add("run-closed", exit_code=6)
    assert "the run is ended" in refusal(account, kind)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"step": None, "kind": "intention"}, "no such kind"),
        ({"kind": "note"}, "lacks text"),
        ({"kind": "observed", "verdict": "fine"}, "verdict must be one of"),
        ({"kind": "observed", "verdict": ["as-desired"]}, "verdict must be one of"),
        ({"kind": "observed", "unit": None}, "unit must be an address"),
        ({"kind": "intent", "unit": [A]}, "unit must be an address"),
    ],
)
def test_malformed_events_are_refused(change: dict[str, Any], why: str) -> None:
    account = started()
    kind = change.pop("kind")
    content = {} if why == "lacks text" else {**(body(kind) if kind in set(Kind) else {}), **change}
    with pytest.raises(JournalError, match=why):
        check(account.state, kind, content)


@pytest.mark.parametrize("units", ["connection/a", [A, A], [A, 1], {A: 1}, None])
def test_units_are_a_list_of_different_addresses(units: object) -> None:
    assert "each once" in refusal(Account(), "run-opened", units=units)


@pytest.mark.parametrize("kind", ["intent", "observed", "noop", "settled", "sent", "activated", "rollback-opened"])
def test_a_unit_is_opened_first(kind: str) -> None:
    assert "is new" in refusal(started(unit=False), kind)


def test_a_unit_is_one_of_the_plan() -> None:
    assert "run-opened lists" in refusal(started(), "unit-opened", unit="connection/other")


def test_a_unit_is_opened_once() -> None:
    assert "is open" in refusal(started(), "unit-opened")


@pytest.mark.parametrize(
    "kind", [kind for kind, rule in TABLE.items() if not rule.while_waiting and kind not in ("run-opened", "recovery-opened", *RECORDS)]
)
def test_while_an_intent_waits_nothing_else_goes_on(kind: str) -> None:
    account = started()
    account.add("unit-opened", unit=B)
    account.add("intent")
    assert "has no outcome yet" in refusal(account, kind, **({"unit": B} if "unit" in TABLE[Kind(kind)].keys else {}))


@pytest.mark.parametrize("wrong", [{"intent": 1}, {"unit": B}, {"step": 2}, {"intent": None}])
def test_an_outcome_belongs_to_the_intent_that_waits(wrong: dict[str, Any]) -> None:
    account = started()
    account.add("unit-opened", unit=B)
    seq = account.add("intent")
    assert "the one intent that waits" in refusal(account, "outcome", **{"intent": seq, **wrong})
    account.add("outcome", intent=seq)
    assert "the one intent that waits" in refusal(account, "outcome", intent=seq)


@pytest.mark.parametrize("step", [1, 2])
def test_after_an_unknown_outcome_nothing_is_sent_before_a_read(step: int) -> None:
    account = started()
    account.write(outcome="unknown", verdict=None)
    assert "readable `observed`" in refusal(account, "intent", step=step)
    account.add("settled")
    account.add("noop")
    account.add("observed", verdict="unreadable")
    assert "readable `observed`" in refusal(account, "intent", step=step)
    account.add("observed", verdict="as-before")
    account.add("intent", step=step, attempt=2)


def test_the_doubt_of_one_unit_does_not_stop_another() -> None:
    account = started()
    account.write(outcome="unknown", verdict=None)
    account.add("unit-closed", end="needs-attention")
    account.add("unit-opened", unit=B)
    account.write(B)


def test_a_doubt_survives_the_crash_and_the_rollback() -> None:
    account = started()
    account.write(outcome="unknown", verdict=None)
    account.add("recovery-opened", choice="back")
    account.add("rollback-opened")
    assert "readable `observed`" in refusal(account, "intent", rollback=True)
    account.add("observed", verdict="as-before")
    account.add("intent", rollback=True)


def test_writes_of_a_rollback_say_so() -> None:
    account = started()
    assert "`rollback` is true" in refusal(account, "intent", rollback=True)
    account.write()
    account.add("rollback-opened")
    assert "`rollback` is true" in refusal(account, "intent", rollback=False)
    account.write(rollback=True, verdict="as-before")
    account.add("unit-closed", end="as-before", rolled_back=True)


@pytest.mark.parametrize("end", ["as-desired", "as-before"])
def test_an_end_is_proved_by_a_read_after_the_last_outcome(end: str) -> None:
    account = started()
    account.write(verdict=None)
    assert "need a read" in refusal(account, "unit-closed", end=end)
    account.add("observed", verdict="unreadable")
    assert "need a read" in refusal(account, "unit-closed", end=end)
    account.add("observed")
    account.add("unit-closed", end=end)


def test_a_rollback_proves_anew() -> None:
    account = started()
    account.write()
    account.add("rollback-opened")
    assert "need a read" in refusal(account, "unit-closed", end="as-before")
    account.add("noop")
    account.add("unit-closed", end="as-before")


def test_untouched_means_that_no_intent_was_journalled() -> None:
    account = started()
    account.write(outcome="not-applied")
    assert "without any intent" in refusal(account, "unit-closed", end="untouched")
    assert "without any intent" in refusal(account, "unit-closed", unit=B, end="as-desired")
    account.add("unit-closed", unit=B, end="untouched")


@pytest.mark.parametrize("end", ["as-desired", "as-before", "needs-attention", "untouched"])
def test_a_closed_unit_gets_no_write(end: str) -> None:
    account = started()
    if end != "untouched":
        account.write()
    account.add("unit-closed", end=end)
    phase = {"needs-attention": "attention", "untouched": "untouched"}.get(end, "done")
    assert f"is {phase}" in refusal(account, "intent")


def test_atomic_reopens_a_done_unit_for_its_rollback_only() -> None:
    account = started()
    account.write()
    account.add("unit-closed")
    account.add("rollback-opened")
    account.write(rollback=True)
    account.add("unit-closed", end="as-before", rolled_back=True)
    account.add("run-closed", exit_code=5, ends={A: "as-before", B: "untouched"})


@pytest.mark.parametrize("code", [0, 1, 3, 4, 5, 130, "0", None, True])
def test_a_run_ends_well_only_when_every_touched_unit_is_proved(code: object) -> None:
    account = started()
    account.write()
    assert "every touched unit closed and proved" in refusal(account, "run-closed", exit_code=code)
    account.add("unit-closed", end="needs-attention")
    assert "every touched unit closed and proved" in refusal(account, "run-closed", exit_code=code)
    account.add("run-closed", exit_code=6, ends={A: "needs-attention"})


def test_a_run_may_end_while_an_intent_waits_but_then_needs_attention() -> None:
    account = started()
    account.add("intent")
    assert "no intent waiting" in refusal(account, "run-closed", exit_code=0)
    account.add("run-closed", exit_code=6)
    assert account.state.phase is RunPhase.ENDED


def test_a_recovery_opens_and_a_note_is_kept_while_an_intent_waits_and_the_intent_gets_its_outcome_then() -> None:
    account = started()
    seq = account.add("intent")
    account.add("note")
    account.add("recovery-opened")
    assert "has no outcome yet" in refusal(account, "rollback-opened")
    account.add("outcome", intent=seq, outcome="unknown")
    account.add("rollback-opened")


def test_a_run_without_a_write_may_end_with_any_code() -> None:
    for code in (0, 1, 3, 4, 5, 130, 143):
        account = started()
        account.add("run-closed", exit_code=code)
        assert account.state.phase is RunPhase.CLOSED


@pytest.mark.parametrize("ends", [{A: "as-before"}, {A: "untouched"}, {A: "needs-attention"}, [A], None])
def test_the_ends_of_a_run_repeat_those_of_its_units(ends: object) -> None:
    account = started()
    account.write()
    account.add("unit-closed", end="as-desired")
    assert "`ends` repeats" in refusal(account, "run-closed", ends=ends)


@pytest.mark.parametrize(("code", "phase"), [(0, "closed"), (5, "closed"), (6, "ended"), (1, "ended"), (3, "ended"), (130, "ended")])
def test_what_needed_attention_is_closed_by_a_recovery_that_settles_it(code: int, phase: str) -> None:
    account = started()
    account.add("run-closed", exit_code=6)
    account.add("recovery-opened")
    account.add("run-closed", exit_code=code)
    assert account.state.phase == phase


def test_a_recovery_reopens_what_is_not_settled_and_nothing_else() -> None:
    account = Account()
    units = [f"connection/{name}" for name in "abcde"]
    account.add("run-opened", units=units)
    for unit in units[:4]:
        account.add("unit-opened", unit=unit)
    account.write(units[0])
    account.add("unit-closed", unit=units[0])
    account.write(units[1])
    account.add("unit-closed", unit=units[1], end="needs-attention")
    account.write(units[2])
    account.add("rollback-opened", unit=units[2])
    account.add("unit-closed", unit=units[3], end="untouched")
    account.add("run-closed", exit_code=6)
    account.add("recovery-opened", choice="forward", fencing=2)
    phases = {unit: account.state.units.get(unit) for unit in units}
    assert [state.phase.value if state else None for state in phases.values()] == ["done", "open", "open", "new", None]
    assert "need a read" in refusal(account, "unit-closed", unit=units[1], end="as-desired")
    account.add("unit-opened", unit=units[3])


@pytest.mark.parametrize(("choice", "allowed"), [("back", False), ("forward", False), ("accept-current", True), ("park", True)])
def test_only_an_accepting_recovery_ends_with_a_unit_that_is_neither(choice: str, allowed: bool) -> None:
    account = started()
    account.write()
    account.add("recovery-opened", choice=choice)
    account.add("observed", verdict="other")
    account.add("unit-closed", end="needs-attention")
    assert is_legal(account.state, "run-closed", body("run-closed", ends={A: "needs-attention"})) is allowed


def test_a_recovery_needs_a_fencing_number_that_is_not_older() -> None:
    account = Account()
    account.add("run-opened", fencing=7)
    assert "not lower" in refusal(account, "recovery-opened", fencing=6)
    assert "not lower" in refusal(account, "recovery-opened", fencing="8")
    account.add("recovery-opened", fencing=7)


def test_the_table_as_markdown_names_every_kind_and_rule() -> None:
    lines = transitions_markdown().splitlines()
    assert len(lines) == 2 + len(Kind)
    assert lines[2 + list(TABLE).index(Kind.INTENT)] == (
        "| `intent` | open | open or back | no | `rollback` is true exactly while the unit is being rolled back. "
        "After an unknown outcome of the unit, a readable `observed` of that unit came in between. |"
    )


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_tried_what_is_accepted_keeps_the_promise(data: st.DataObject) -> None:
    """Random events, most of them illegal; what the table lets through is judged by rules written down a second time."""
    state, accepted = RunState(), []
    for seq in range(1, 40):
        kind, content = data.draw(st.sampled_from(candidates(state)))
        if is_legal(state, kind, content):
            state = follow(state, seq, kind, content)
            accepted.append((seq, kind, content))
    judge(accepted)


@settings(max_examples=100, deadline=None)
@given(legal_events())
def test_legal_runs_keep_the_promise(events: list[Event]) -> None:
    judge([(event.seq, event.kind, dict(event.body)) for event in events])
    state = RunState()
    for event in events:
        state = advance(state, event.seq, event.kind, event.body)
    assert state.unfinished is (state.phase in (RunPhase.OPEN, RunPhase.ENDED))


def judge(events: list[tuple[int, str, dict[str, Any]]]) -> None:
    waiting: int | None = None
    opened: set[str] = set()
    intents: dict[str, list[int]] = {A: [], B: []}
    unknown: set[str] = set()
    read_after: dict[str, bool] = {A: False, B: False}
    closed: dict[str, str] = {}
    previous = ""
    for seq, kind, content in events:
        unit = str(content.get("unit"))
        assert previous != "run-closed" or kind == "recovery-opened"
        assert (previous == "") == (kind == "run-opened")
        match kind:
            case "unit-opened":
                opened.add(unit)
            case "recovery-opened":
                closed = {unit: end for unit, end in closed.items() if end in ("as-desired", "as-before")}
            case "rollback-opened":
                closed.pop(unit, None)
            case "intent":
                assert waiting is None
                assert unit in opened
                assert unit not in closed
                assert unit not in unknown
                waiting = seq
                intents[unit].append(seq)
                read_after[unit] = False
            case "outcome":
                assert content["intent"] == waiting == intents[unit][-1]
                waiting = None
                if content["outcome"] == "unknown":
                    unknown.add(unit)
            case "observed" if content["verdict"] != "unreadable":
                unknown.discard(unit)
                read_after[unit] = True
            case "noop":
                read_after[unit] = unit not in unknown
            case "unit-closed":
                closed[unit] = content["end"]
                assert content["end"] != "untouched" or not intents[unit]
                assert content["end"] not in ("as-desired", "as-before") or not intents[unit] or (read_after[unit] and unit not in unknown)
            case "run-closed" if content["exit_code"] != 6:
                assert waiting is None
                assert all(unit in closed for unit in (A, B) if intents[unit])
        previous = kind


@pytest.mark.parametrize("kind", sorted(RECORDS))
def test_a_record_belongs_to_no_run(kind: str) -> None:
    alone = Account(run="20261123-080000-0001")
    alone.add(kind)
    assert alone.state == RunState()
    assert "the run is open" in refusal(started(), kind)


@pytest.mark.parametrize(
    "wrong",
    [
        {"subjects": []},
        {"subjects": ["a", "a"]},
        {"subjects": "a"},
        {"subjects": [""]},
        {"subjects": [1]},
        {"actor": {}},
        {"actor": {"person": ""}},
        {"reason": " "},
    ],
)
def test_a_review_names_a_person_a_reason_and_what_was_reviewed(wrong: dict[str, Any]) -> None:
    assert "this does not hold" in refusal(Account(), "reviewed", **wrong)
