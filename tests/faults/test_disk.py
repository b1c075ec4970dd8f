"""The journal fails at every event of a run, once or from then on: nothing is sent without a record, and the exit is true."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.errors import JournalError
from reconciler.journal.store import RunJournal
from tests.faults.conftest import WHOLE
from tests.faults.stage import Stage
from tests.faults.trial import Trial, settle

SEED = 20260303


def broken(stage: Stage, patch: pytest.MonkeyPatch, name: str, nth: int, *, lasting: bool) -> tuple[Trial, int]:
    """Apply a scenario while the journal cannot take its n-th event; returns the trial and how many events were tried."""
    prepared = stage.prepare(name)
    stage.begin(prepared)
    append, tried = RunJournal.append, [0]

    def failing(journal: RunJournal, kind: str, body: Mapping[str, Any]) -> int:
        tried[0] += 1
        if tried[0] == nth or (lasting and tried[0] > nth):
            raise JournalError("Journal cannot be used", "the disk is full; nothing was recorded", "Free some space.")
        return append(journal, kind, body)

    with patch.context() as patched:
        patched.setattr(RunJournal, "append", failing)
        first = stage.apply(prepared, before=prepared.before)
    trial = Trial(name, (), first)
    settle(stage, prepared, trial, again=False)
    return trial, tried[0]


@pytest.mark.slow
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "for-good"])
@pytest.mark.parametrize("name", ["three", "update-back", "url"])
def test_a_journal_that_fails_stops_the_run_and_the_exit_is_true(
    stage: Stage, name: str, lasting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, events = broken(stage, monkeypatch, name, 0, lasting=False)
    places = list(range(1, events + 1))
    bad: list[str] = []
    for nth in places if WHOLE else random.Random(SEED).sample(places, 3):
        trial, _ = broken(stage, monkeypatch, name, nth, lasting=lasting)
        bad += [f"event {nth}: exit {trial.first.code} {violation}" for violation in trial.violations]
        if trial.first.code not in (1, 6):
            bad.append(f"event {nth}: exit {trial.first.code} ({trial.first.error})")
    assert not bad, "\n".join(bad)
