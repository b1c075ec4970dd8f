"""A signal at every moment of a run: 130 or 143 where nothing was written, else every end is proved; a second one may leave 6."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from reconciler import flow
from reconciler.model import RunReport
from reconciler.session import Session
from tests.faults.checker import Violation
from tests.faults.conftest import WHOLE
from tests.faults.signals import MOMENTS, Signal, Signals, Where
from tests.faults.stage import Harm, Prepared, Stage
from tests.faults.trial import Trial, settle

RUNS = ("three", "update-back", "create-back", "url") if WHOLE else ("three", "update-back")
SEED = 20260302


def interrupted(
    stage: Stage, patch: pytest.MonkeyPatch, name: str, *signals: Signal, harms: tuple[Harm, ...] = ()
) -> tuple[Trial, Signals]:
    """Apply a scenario and ask at the given moments; then do and judge what follows."""
    prepared = stage.prepare(name)
    stage.begin(prepared)
    asking = Signals(signals, stage.emulator)
    first = stage.run(prepared, "apply", _applying(prepared, asking), harms, before=prepared.before, during=lambda: asking.listening(patch))
    first.cut, first.unsent = frozenset(asking.cut), asking.unsent
    trial = Trial(name, harms, first)
    settle(stage, prepared, trial, again=False)
    if not any(event.kind == "intent" for event in first.events) and first.code not in (130, 143, prepared.scenario.clean):
        trial.violations.append(Violation("code", f"nothing was written, and the exit is {first.code} ({first.error})"))
    return trial, asking


def _applying(prepared: Prepared, asking: Signals) -> Callable[[Session], RunReport]:
    def act(session: Session) -> RunReport:
        asking.watch(session)
        try:
            return flow.apply_plan(session, prepared.plan, listener=asking.listener, **prepared.scenario.options)
        finally:
            asking.unwatch(session)

    return act


def moments(stage: Stage, patch: pytest.MonkeyPatch, name: str, where: Where) -> int:
    """How many moments of a kind a run without signals has."""
    return interrupted(stage, patch, name)[1].counts.get(where, 0)


def some(count: int, most: int) -> list[int]:
    """All positions where everything is run, else a fixed choice."""
    every = range(1, count + 1)
    return list(every) if WHOLE or count <= most else sorted(random.Random(SEED).sample(every, most))


@pytest.mark.slow
@pytest.mark.parametrize("where", MOMENTS)
@pytest.mark.parametrize("name", RUNS)
def test_the_first_signal_leaves_every_end_proved(stage: Stage, name: str, where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    bad: list[str] = []
    for nth in some(moments(stage, monkeypatch, name, where), 3):
        signal = Signal(where, nth, "SIGTERM", 143) if nth % 2 else Signal(where, nth)
        trial, asking = interrupted(stage, monkeypatch, name, signal)
        assert asking.asked == 1
        bad += [f"{signal}: {violation}" for violation in trial.violations]
        activated = any(event.kind == "activated" and event.body["unit"] == "connection/visma-dk" for event in trial.first.events)
        if trial.first.code not in (0, 5, signal.code) and not activated:
            bad.append(f"{signal}: exit {trial.first.code} ({trial.first.error})")
    assert not bad, "\n".join(bad)


@pytest.mark.slow
@pytest.mark.parametrize("where", MOMENTS)
@pytest.mark.parametrize("name", RUNS)
def test_a_second_signal_stops_at_once_and_the_exit_stays_true(
    stage: Stage, name: str, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one comes after the first write; the second one at any later moment of any kind."""
    chooser = random.Random(SEED)
    bad: list[str] = []
    count = moments(stage, monkeypatch, name, where)
    pairs = [(first, second, other) for first in range(count // 3, count) for second in range(1, 12) for other in MOMENTS]
    for nth, later, other in chooser.sample(pairs, min(len(pairs), 40 if WHOLE else 2)):
        first = Signal(where, nth)
        before = interrupted(stage, monkeypatch, name, first)[1].counts.get(other, 0)
        second = Signal(other, max(1, before - later), "SIGTERM", 143)
        trial, _ = interrupted(stage, monkeypatch, name, first, second)
        bad += [f"{first} {second}: exit {trial.first.code} {violation}" for violation in trial.violations]
    assert not bad, "\n".join(bad)
