"""A journal moves to another store whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import InputError, JournalError, RefusedError
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


def test_a_journal_that_does_not_hold_is_not_exported(source: Store, tmp_path: Path) -> None:
    tamper(str(journal_path(tmp_path / "old")), f"UPDATE event SET body = replace(body, '{A}', 'connection/y') WHERE seq = 2")
    with pytest.raises(JournalError):
        list(export_lines(source))
