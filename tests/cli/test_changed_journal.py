"""A journal that somebody changed after it was written: commands say so, and none of them takes that for a bug of the tool."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import flow
from reconciler.flow.new_file import write_new
from reconciler.journal.lease import acquire, holder
from reconciler.journal.store import journal_path, open_store
from reconciler.journal.stored import split
from tests.cli.conftest import Folder
from tests.journal.bodies import StepClock, body
from tests.journal.places import tamper

TARGET = "emulator"
Change = Callable[[dict[str, Any]], object]


def change(folder: Folder, kind: str, change: Change) -> None:
    """Change what the first event of a kind says, in the canonical text, so that only its hash does not fit any more."""
    place = journal_path(folder.path)
    with closing(sqlite3.connect(place)) as file:
        seq, small, large = file.execute("SELECT seq, body, bulk FROM event WHERE kind = ? ORDER BY seq", (kind,)).fetchone()
    said = {**json.loads(small), **json.loads(large or "{}")}
    change(said)
    body, bulk = (text.replace("'", "''") for text in split(kind, said))
    tamper(str(place), f"UPDATE event SET body = '{body}', bulk = '{bulk}' WHERE seq = {seq}")


CHANGES: Mapping[str, tuple[str, Change]] = {
    "a test without its phase": ("test", lambda said: said.pop("phase")),
    "a test with another sort of time": ("test", lambda said: said.update(seconds="long")),
    "an actor that is text": ("run-opened", lambda said: said.update(actor="anna")),
    "an actor that is a list": ("run-opened", lambda said: said.update(actor=["anna"])),
    "a reason that is a number": ("run-opened", lambda said: said.update(why=7)),
    "a plan that is none": ("run-opened", lambda said: said.update(plan=None)),
    "a plan that is text": ("run-opened", lambda said: said.update(plan="none")),
    "units of another form": ("run-opened", lambda said: said["plan"].update(units=["x"])),
    "permits of another form": ("run-opened", lambda said: said["plan"].update(permits=7)),
    "controls of another form": ("run-opened", lambda said: said["controls"].update(limits=True)),
    "an outcome of another form": ("outcome", lambda said: said.update(outcome=7, detail=True)),
    "an end of another form": ("unit-closed", lambda said: said.update(end=True)),
    "a row without a text": ("bound", lambda said: said.update(guid=7)),
}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("show", "RUN"),
    ("show", "RUN", "--format", "markdown"),
    ("status",),
    ("history",),
    ("plan",),
    ("drift",),
)
REPORTS: tuple[tuple[str, ...], ...] = (
    ("audit", "report", "RUN"),
    ("audit", "report", "RUN", "--format", "json"),
    ("audit", "report"),
    ("audit", "exceptions"),
    ("audit", "exceptions", "--format", "json"),
    ("audit", "changes"),
    ("audit", "review", "RUN", "--reason", "looked"),
    ("journal", "check"),
)


@pytest.mark.parametrize("what", CHANGES)
def test_what_no_command_can_read_any_more_is_told_as_a_changed_journal(applied: Folder, what: str) -> None:
    run = json.loads(applied.run("history", "--format", "json").out)["runs"][0]["run"]
    change(applied, *CHANGES[what])
    assert applied.run("audit", "verify").code == 3
    refused = 0
    for words in COMMANDS:
        done = applied.run(*(run if word == "RUN" else word for word in words))
        assert done.code in (0, 1), (words, done.err)
        if done.code == 1:
            assert "reconciler audit verify" in done.err, (words, done.err)
            refused += 1
    for words in REPORTS:
        done = applied.run(*(run if word == "RUN" else word for word in words))
        assert done.code == 3, (words, done.err)
        assert "was changed: its content does not match its hash" in done.out + done.err, words
        refused += "cannot be told in a report" in done.err
    assert refused, "the change has to be one that some command stumbles over"


def test_a_report_still_shows_a_run_of_which_only_words_were_changed(applied: Folder) -> None:
    run = json.loads(applied.run("history", "--format", "json").out)["runs"][0]["run"]
    change(applied, "run-opened", lambda said: said.update(why={"ticket": "CHG-FORGED"}))
    told = applied.run("audit", "report", run)
    assert (told.code, "CHG-FORGED" in told.out) == (3, True)
    assert "was changed: its content does not match its hash" in told.out


def test_an_exception_that_somebody_wrote_away_does_not_let_a_nightly_check_pass(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write()
    with open_store(journal_path(folder.path), clock=StepClock()) as store:
        journal = store.journal(TARGET, "20261122-143005-0000")
        glass = {"reason": "ERP down", "passed": ["It is not approved."]}
        journal.append("run-opened", body("run-opened", plan={"units": []}, break_glass=glass))
        journal.append("run-closed", body("run-closed"))
    nightly = ("audit", "exceptions", "--check", "--kind", "break-glass")
    listed = folder.run(*nightly)
    assert (listed.code, "break-glass@1" in listed.out) == (3, True)
    change(folder, "run-opened", lambda said: said.pop("break_glass"))
    text = folder.run(*nightly)
    assert (text.code, "break-glass@1" in text.out) == (3, False)
    assert "The journal cannot be trusted. None of its events is known to hold: Event 1 was changed" in " ".join(text.out.split())
    told = json.loads(folder.run(*nightly, "--format", "json").out)
    assert (told["exit_code"], told["exceptions"], told["chain"]["sound"]) == (3, [], False)
    table = folder.run("audit", "changes")
    assert (table.code, table.out.startswith('"run"'), "The journal cannot be trusted." in table.err) == (3, True, True)
    monkeypatch.setenv("LOGNAME", "berit")
    before = (folder.path / ".reconciler" / "journal.db").read_bytes()
    refused = folder.run("audit", "review", "20261122-143005-0000", "--reason", "looked")
    assert (refused.code, "Nothing was reviewed." in refused.err) == (3, True)
    assert (folder.path / ".reconciler" / "journal.db").read_bytes() == before


def test_an_error_of_the_tool_stays_one_while_the_journal_holds(applied: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> None:
        raise KeyError("phase")

    monkeypatch.setattr(flow, "run_view", fails, raising=False)
    for words in (("show", "2"), ("audit", "report", "2")):
        done = applied.run(*words)
        assert (done.code, "This is a bug in reconciler" in done.err) == (70, True), words


def test_evidence_is_refused_in_a_sentence(applied: Folder) -> None:
    change(applied, "run-opened", lambda said: said.update(actor="anna"))
    done = applied.run("audit", "export", "-o", "evidence.zip")
    assert "Journal cannot be trusted: Event 1 was changed: its content does not match its hash." in done.err


def test_a_check_tells_the_break_where_not_even_the_open_runs_can_be_told(applied: Folder) -> None:
    change(applied, "run-closed", lambda said: said.update(exit_code=6))
    change(applied, "unit-closed", lambda said: said.update(unit=7, end="needs-attention"))
    done = applied.run("journal", "check")
    assert (done.code, "was changed: its content does not match its hash" in done.out) == (3, True)


def test_no_lease_is_broken_under_a_journal_that_could_not_say_so(applied: Folder) -> None:
    place = journal_path(applied.path)
    clock = StepClock()
    clock.wall += timedelta(days=1)
    with open_store(place, clock=clock) as store:
        had = acquire(store, TARGET, "held", "anna", 300.0, clock)
        journal = store.journal(TARGET, "held")
        journal.append("run-opened", body("run-opened", fencing=had.fencing))
        journal.append("note", body("note"))
    change(applied, "note", lambda said: said.pop("text"))
    done = applied.run("lease", "--break", "anna", "--reason", "gone")
    assert (done.code, "reconciler audit verify" in done.err) == (1, True)
    with open_store(place, clock=clock) as store:
        kept = holder(store, TARGET)
        assert kept is not None
        assert (kept.held, kept.fencing) == (True, had.fencing)


def test_a_file_that_could_not_be_written_whole_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_new(tmp_path / "journal.jsonl", b"{}\n", "export-file")
    assert caught.value.filename == str(tmp_path / "journal.jsonl")
    assert list(tmp_path.iterdir()) == []
