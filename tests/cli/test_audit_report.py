"""One run and the runs of a period, told to somebody who does not have this tool."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest

from tests.cli.conftest import CANARY, Folder
from tests.report.read_back import read_html, read_markdown


@pytest.fixture(autouse=True)
def a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR", "CI", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "anna")


def runs(folder: Folder) -> list[str]:
    return [one["run"] for one in json.loads(folder.run("history", "--format", "json").out)["runs"]]


def population(folder: Folder, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(folder.run("audit", "report", "--format", "json", *arguments).out)
    return found


@pytest.fixture(name="changed")
def a_second_run(applied: Folder) -> Folder:
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("apply", "--yes", "--ticket", "CHG-17", "--reason", "new limit", "--class", "normal").code == 0
    return applied


def test_a_run_is_told_in_sentences(changed: Folder) -> None:
    told = changed.run("audit", "report", runs(changed)[-1])
    assert told.code == 0
    for expected in (
        "Done: every unit is as desired, proved by a read.",
        r"Run by +anna \(account anna on ",
        "Ticket +CHG-17",
        "Reason +new limit",
        "Class of change +normal",
        "No approval by somebody else is recorded for this run.",
        "update connection/visma-no",
        r"The last read, at [0-9: -]+ UTC, proved that it is as the plan wants it\.",
        "config.IntegerField: 12 -> 13",
        "connection/visma-no  with the new configuration  passed",
        "All [0-9]+ events of the journal hold: they count from 1 without a gap",
        "reconciler audit verify --anchor [0-9a-f]{64}",
    ):
        assert re.search(expected, told.out), expected
    head = re.search(r"--anchor ([0-9a-f]{64})", told.out)
    assert head is not None
    assert changed.run("audit", "verify", "--anchor", head[1]).code == 0
    assert CANARY not in told.out


def test_the_same_stands_in_html_markdown_and_json(changed: Folder) -> None:
    run = runs(changed)[-1]
    page = changed.run("audit", "report", run, "--html").out
    assert page == changed.run("audit", "report", run, "--format", "html").out
    read_html(page)
    marked = changed.run("audit", "report", run, "--format", "markdown").out
    assert read_markdown(marked)
    for text in (page, marked):
        assert "CHG-17" in text
        assert "proved that it is as the plan wants it" in text
    told = json.loads(changed.run("audit", "report", run, "--format", "json").out)
    assert told["format"] == "reconciler/run-report/v1"
    assert told["chain"]["sound"] is True
    assert [one["kind"] for one in told["exceptions"]] == ["no-approval"]


def test_the_population_lists_every_run_and_what_stands_next_to_it(changed: Folder) -> None:
    everything = population(changed)
    assert [one["run"] for one in everything["runs"]] == runs(changed)
    assert everything["chain"]["sound"] is True
    assert everything["clock_went_back"] == []
    later = population(changed, "--from", "2099-01-01")
    assert (later["runs"], later["before"], later["after"]) == ([], runs(changed)[-1], None)
    earlier = population(changed, "--to", "2001-01-01")
    assert (earlier["runs"], earlier["before"], earlier["after"]) == ([], None, runs(changed)[0])
    text = changed.run("audit", "report").out
    assert "every one that began in the period is listed" in text
    assert "What it does not cover" in text


def test_a_report_on_a_journal_that_was_changed_says_so(changed: Folder) -> None:
    run = runs(changed)[0]
    database = sqlite3.connect(changed.path / ".reconciler" / "journal.db")
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE event SET at = replace(at, '2026', '2025') WHERE kind = 'run-opened'")
    database.commit()
    database.close()
    for arguments in ((run,), ()):
        told = changed.run("audit", "report", *arguments)
        assert told.code == 3
        assert "The journal cannot be trusted." in told.out


def test_a_run_and_a_period_do_not_go_together(changed: Folder) -> None:
    assert changed.run("audit", "report", runs(changed)[0], "--from", "2026-01-01").code == 64
    assert changed.run("audit", "report", "20000101").code == 1


def test_retention_says_which_runs_are_older_and_removes_nothing(folder: Folder) -> None:
    folder.write("targets: {emulator: {kind: emulator, retention: 1d}}", "targets.yaml")
    folder.write()
    assert folder.run("apply", "--yes", "--target", "emulator").code == 0
    assert "Retention is 1 day; no run is older." in folder.run("journal", "check", "--target", "emulator").out
    assert json.loads(folder.run("journal", "check", "--target", "emulator", "--format", "json").out)["retention"]["older_runs"] == 0


@pytest.mark.parametrize("wrong", ["7", "7 years", "0d", "1w", "-1d"])
def test_a_retention_is_days_or_years(folder: Folder, wrong: str) -> None:
    folder.write(f"targets: {{emulator: {{kind: emulator, retention: {wrong}}}}}", "targets.yaml")
    refused = folder.run("history", "--target", "emulator")
    assert refused.code == 1
    assert "days or years, such as 400d or 7y" in refused.err
