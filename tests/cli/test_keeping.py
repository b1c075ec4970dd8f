"""The lease and the journal, as a person sees and handles them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.clock import SystemClock
from reconciler.journal.lease import acquire
from reconciler.journal.store import journal_path, open_store
from tests.cli.conftest import CANARY, Folder


def test_nobody_holds_the_lease_after_a_run(applied: Folder) -> None:
    shown = applied.run("lease")
    assert shown.code == 0
    assert "Lease of emulator: nobody holds it.\n" in shown.out
    assert "covers the processes of this machine that share its folder" in " ".join(shown.out.split())
    assert applied.run("lease", "--break", "anna").code == 1
    document = json.loads(applied.run("lease", "--format", "json").out)
    assert (document["format"], document["lease"]["held"], document["shared"]) == ("reconciler/lease/v1", False, False)


def test_a_lease_that_is_held_is_shown_refuses_others_and_is_broken_by_its_holders_name(applied: Folder) -> None:
    with open_store(journal_path(applied.path), clock=SystemClock()) as store:
        acquire(store, "emulator", "run-of-anna", "anna", 600.0, SystemClock())
        shown = applied.run("lease")
        for text in ("held by anna, for ", "run    run-of-anna", ", process ", "If that run has died: reconciler lease --break anna\n"):
            assert text in shown.out
        applied.change("IntegerField: 12", "IntegerField: 13")
        refused = applied.run("apply", "--yes")
        assert refused.code == 7
        assert "reconciler lease --break anna" in " ".join(refused.err.split())
        wrong = applied.run("lease", "--break", "bert")
        assert wrong.code == 1
        assert "held by 'anna', not by 'bert'" in " ".join(wrong.err.split())
        assert applied.run("lease", "--break", "anna", "--reason", "the runner is gone").code == 0
        assert applied.run("apply", "--yes").code == 0


def test_the_journal_is_checked_against_a_head_that_was_kept(applied: Folder) -> None:
    head = json.loads(applied.run("journal", "check", "--format", "json").out)["head"]
    good = applied.run("journal", "check", "--anchor", head)
    assert good.code == 0
    assert "hold, from the first to the head" in " ".join(good.out.split())
    bad = applied.run("journal", "check", "--anchor", "0" * 64)
    assert bad.code == 3
    assert "is not in it" in bad.out


def test_a_journal_moves_through_a_file(applied: Folder, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    assert applied.run("journal", "export", "-o", "journal.jsonl").code == 0
    file = applied.path / "journal.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    assert CANARY not in file.read_text(encoding="utf-8")
    assert applied.run("journal", "export").out == file.read_text(encoding="utf-8")
    again = applied.run("journal", "export", "-o", "journal.jsonl")
    assert again.code == 1
    assert "is there already" in again.err
    head = json.loads(applied.run("journal", "check", "--format", "json").out)["head"]
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    moved = applied.run("journal", "import", str(file))
    assert moved.code == 0, moved.err
    assert json.loads(applied.run("journal", "check", "--format", "json").out)["head"] == head
    assert applied.run("history").code == 0
    assert Path(".reconciler/journal.db").exists()


def test_arguments_that_do_not_fit_are_a_wrong_command_line(folder: Folder) -> None:
    for wrong in (("import",), ("check", "x"), ("export", "--anchor", "x"), ("check", "-o", "x"), ("sell",)):
        assert folder.run("journal", *wrong).code == 64
    assert folder.run("journal", "import", "missing.jsonl").code == 1
