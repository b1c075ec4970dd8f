"""A journal moves to another store whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InputError, JournalError, RefusedError
from reconciler.journal.chain import event_hash
from reconciler.journal.lease import acquire
from reconciler.journal.store import Store, journal_path, open_store
from reconciler.journal.transfer import export_lines, import_lines
from tests.journal.bodies import RUN, TARGET, A, StepClock, body
from tests.journal.places import open_at, tamper


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """A local journal with a run of two targets; the one of TARGET is open."""
    (tmp_path / "old").mkdir()
    with open_store(journal_path(tmp_path / "old"), clock=StepClock()) as store:
        for target, run in (("test", "r0"), (TARGET, RUN)):
            journal = store.journal(target, run)
            journal.append("run-opened", body("run-opened", fencing=4))
            journal.append("unit-opened", body("unit-opened"))
            journal.append("intent", body("intent"))
        yield store


def test_what_was_exported_is_there_after_the_import_and_an_open_run_can_be_recovered(source: Store, place: str) -> None:
    lines = list(export_lines(source))
    with open_at(place) as store:
        moved = import_lines(store, lines, "journal.jsonl")
        assert (moved.events, moved.added, moved.head) == (6, 6, source.head())
        assert list(store.events()) == list(source.events())
        assert store.recorded(TARGET) == source.recorded(TARGET)
        assert store.verify([source.head()]).sound
        lease = acquire(store, TARGET, RUN, "anna", 60.0, StepClock())
        assert lease.fencing == 5
        journal = store.journal(TARGET, RUN)
        journal.append("recovery-opened", body("recovery-opened", fencing=lease.fencing))
        journal.append("outcome", body("outcome", intent=6, outcome="unknown"))
        lease.release()
        assert list(export_lines(store))[: len(lines) - 1] == lines[:-1]


def test_an_import_adds_what_is_new_and_nothing_twice(source: Store, place: str) -> None:
    with open_at(place) as store:
        import_lines(store, export_lines(source), "x")
        assert import_lines(store, export_lines(source), "x").added == 0
        source.journal(TARGET, RUN).append("note", body("note"))
        assert import_lines(store, export_lines(source), "x").added == 1
        assert store.verify([source.head()]).sound


def test_a_journal_with_other_events_is_left_alone(source: Store, place: str) -> None:
    with open_at(place) as store:
        store.journal("other", "r9").append("run-opened", body("run-opened"))
        with pytest.raises(RefusedError, match="does not begin with"):
            import_lines(store, export_lines(source), "x")
        assert store.targets() == ("other",)


def test_nothing_is_imported_while_somebody_may_write(source: Store, place: str) -> None:
    with open_at(place) as store:
        lease = acquire(store, "elsewhere", "r1", "anna", 60.0, StepClock())
        with pytest.raises(RefusedError, match="elsewhere is held"):
            import_lines(store, export_lines(source), "x")
        lease.release()
        assert import_lines(store, export_lines(source), "x").added == 6


def test_a_file_that_was_cut_off_changed_or_is_something_else_imports_nothing(source: Store, place: str) -> None:
    lines = list(export_lines(source))
    wrong = [lines[:-1], lines[1:], lines[:2] + lines[3:], [], ["hello\n"], ["[]\n"] * 3, [lines[0], lines[-1]]]
    for number in range(1, len(lines) - 1):
        event = json.loads(lines[number])
        changes = (
            {"body": {**event["body"], "unit": "connection/x"}},
            {"at": "x"},
            {"kind": "noop"},
            {"seq": 9},
            {"hash": "x"},
            {"body": 7},
        )
        wrong += [[*lines[:number], json.dumps({**event, **change}) + "\n", *lines[number + 1 :]] for change in changes]
    with open_at(place) as store:
        for one in wrong:
            with pytest.raises(InputError, match=r"journal-export|x:"):
                import_lines(store, one, "x")
        assert list(store.events()) == []


Written = tuple[Any, Any, str, Any, Any]


def exported(*events: Written) -> list[str]:
    """An export of events that hold, whatever they say: target, run, kind, time and body of each."""
    lines, prev = [json.dumps({"format": "reconciler-journal-export", "version": 1})], ""
    for seq, (target, run, kind, at, said) in enumerate(events, start=1):
        about = {"seq": seq, "target": target, "run": run, "kind": kind, "at": at, "body": said, "prev": prev}
        prev = event_hash(**about)
        lines.append(json.dumps({**about, "hash": prev}))
    return [*lines, json.dumps({"events": len(events), "head": prev})]


AT = "2026-11-22T14:30:05.000001Z"
OPENED = body("run-opened")


def opened(**changed: Any) -> Written:
    return TARGET, RUN, "run-opened", AT, {**OPENED, **changed}


def then(kind: str, **changed: Any) -> Written:
    return TARGET, RUN, kind, AT, body(kind, **changed)


def nested(levels: int) -> list[Any]:
    found: list[Any] = []
    for _level in range(levels):
        found = [found]
    return found


MISSHAPEN: Mapping[str, tuple[list[Written], int, str]] = {
    "a target that is a number": ([(5, RUN, "run-opened", AT, OPENED)], 2, "target is of another sort than string."),
    "a target that is none": ([(None, RUN, "run-opened", AT, OPENED)], 2, "target is of another sort than string."),
    "a target that no database keeps": ([("a\0b", RUN, "run-opened", AT, OPENED)], 2, "target holds a character that a store cannot keep."),
    "a target that is no text": ([("a\udcff", RUN, "run-opened", AT, OPENED)], 2, "target holds a character that a store cannot keep."),
    "a run that is a list": ([(TARGET, [RUN], "run-opened", AT, OPENED)], 2, "run is of another sort than string."),
    "a time that is a number": ([(TARGET, RUN, "run-opened", 7, OPENED)], 2, "at is of another sort than string."),
    "a time that is none": ([(TARGET, RUN, "run-opened", "2026-13-22T14:30:05.000001Z", OPENED)], 2, "at is no time."),
    "a fencing that no store keeps": ([opened(fencing=2**70)], 2, "body.fencing is not between 0 and"),
    "a fencing after which no lease fits": ([opened(fencing=2**31 - 1)], 2, "body.fencing is not between 0 and"),
    "a fencing with a point": ([opened(fencing=1.0)], 2, "body.fencing is of another sort than integer."),
    "an actor that is text": ([opened(actor="anna")], 2, "body.actor is of another sort than object."),
    "an identity that is text": (
        [opened(actor={"user": "anna", "identity": "x"})],
        2,
        "body.actor.identity is of another sort than object.",
    ),
    "a plan that is none": ([opened(plan=None)], 2, "body.plan is of another sort than object."),
    "a plan without its members": ([opened(plan={"format": "reconciler/plan/v1", "units": []})], 2, "body.plan is no plan."),
    "a plan of another format, with other units": ([opened(plan={"units": 7})], 2, "body.plan is no plan."),
    "a reason that is a number": ([opened(why=7)], 2, "body.why is of another sort than object."),
    "a body nested too deep": ([opened(why={"d": nested(900)})], 2, "It is nested more than 100 levels deep."),
    "a test that took a text": ([opened(), then("test", seconds="long")], 3, "body.seconds is of another sort than number."),
    "a test that took forever": ([opened(), then("test", seconds=10**400)], 3, "It holds a number that is too large."),
    "a phase that there is not": ([opened(), then("test", phase="none")], 3, "body.phase is none of the values that may stand there."),
    "a body that lacks a member": ([opened(), (TARGET, RUN, "note", AT, {})], 3, "body lacks text."),
    "another kind": ([opened(), (TARGET, RUN, "erased", AT, {})], 3, "kind is none of the values that may stand there."),
    "what may not come now": ([opened(), then("outcome")], 3, "unit connection/visma-no is new"),
    "a run of two targets": ([opened(), ("other", RUN, "note", AT, body("note"))], 3, "its run belongs to another target."),
}


@pytest.mark.parametrize("what", MISSHAPEN)
def test_events_that_match_their_hashes_but_are_none_are_refused_with_their_line(tmp_path: Path, what: str) -> None:
    events, line, told = MISSHAPEN[what]
    with open_store(journal_path(tmp_path), clock=StepClock()) as store:
        with pytest.raises(InputError) as caught:
            import_lines(store, exported(*events), "x")
        assert f"The event in line {line} " in str(caught.value)
        assert told in str(caught.value)
        assert list(store.events()) == []
        assert import_lines(store, exported(opened(), then("note")), "x").added == 2
        assert store.verify().sound


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    lines = [line.replace('"CANARY"', number) for line in exported(opened(plan={"limit": "CANARY"}))]
    with (
        open_store(journal_path(tmp_path), clock=StepClock()) as store,
        pytest.raises(InputError, match=r"line 2 .* a number that is not finite"),
    ):
        import_lines(store, lines, "x")


def test_what_is_no_json_or_does_not_match_is_told_with_its_line(tmp_path: Path) -> None:
    lines = exported(opened(), then("note"))
    with open_store(journal_path(tmp_path), clock=StepClock()) as store:
        with pytest.raises(InputError, match=r"Line 3 is no JSON\."):
            import_lines(store, [lines[0], "\n", "{\n", *lines[2:]], "x")
        with pytest.raises(InputError, match="Line 4: Event 2 was changed"):
            import_lines(store, [lines[0], "\n", lines[1], lines[2].replace("a note", "another"), lines[3]], "x")


@pytest.mark.parametrize("kind", ["sync-priority", "automatic-sync"])
def test_a_write_to_what_a_tenant_has_once_is_imported(tmp_path: Path, kind: str) -> None:
    """Its intent names the kind of its address, which is neither a connection's nor a connector's."""
    events = [opened(), then("unit-opened"), then("intent", object=kind)]
    with open_store(journal_path(tmp_path), clock=StepClock()) as store:
        assert import_lines(store, exported(*events), "x").added == 3


def test_a_journal_that_does_not_hold_is_not_exported(source: Store, tmp_path: Path) -> None:
    tamper(str(journal_path(tmp_path / "old")), f"UPDATE event SET body = replace(body, '{A}', 'connection/y') WHERE seq = 2")
    with pytest.raises(JournalError):
        list(export_lines(source))
