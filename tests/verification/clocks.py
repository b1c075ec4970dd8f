"""The wall clock is set, hours back or forward: before any call of a run, or between a run that died and its recovery.

Our own clock and the journal's jump together, as they do on one machine. Leases expire by the journal's clock, and their holder knows
the time that has passed by a clock that is never set; whichever of the two says that it is over, nothing more may be sent. Events keep
their order, whatever times they carry. The checker judges as always.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from reconciler.emulator import Call, Emulator
from reconciler.journal.sqlite_file import SqliteFile
from tests.faults.matrix import operations
from tests.faults.scenarios import Hook
from tests.faults.stage import Stage
from tests.faults.trial import Trial, settle
from tests.verification.kills import kill_and_recover, told, unsettled
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["HOURS", "JUMPED", "Jump", "attempt_jump", "batches", "perform", "recover_after_jump"]

JUMPED = ("update", "update-back", "three", "create-back")
HOURS = (-26.0, -1.0, 1.0, 26.0)
SIZE = 20
DEATHS = 12
"""Deaths of each plan between which and their recovery the clock is set, spread evenly."""


@dataclass(frozen=True)
class Jump:
    """The clock is set before the n-th call of a plan."""

    scenario: str
    hours: float
    before: int

    def __str__(self) -> str:
        return f"clocks: {self.scenario}, {self.hours:+.0f} h before call {self.before}"


@contextmanager
def _setting(stage: Stage) -> Iterator[None]:
    """Let the journal's clock jump with the stage's, and set both right in the end."""
    honest = SqliteFile.now

    def now(self: SqliteFile) -> float:
        return honest(self) + stage.clock.set_s

    SqliteFile.now = now  # type: ignore[method-assign]
    try:
        yield
    finally:
        SqliteFile.now = honest  # type: ignore[method-assign]
        stage.clock.set_s = 0.0


def attempt_jump(stage: Stage, jump: Jump) -> tuple[Trial, bool]:
    """Apply with a jump in it, judge it, and settle and judge what is open; whether it jumped."""
    prepared = stage.prepare(jump.scenario)
    stage.begin(prepared)
    scenario, seen = prepared.scenario, [0]

    def jumping(emulator: Emulator, call: Call) -> None:
        if not call.sequence:  # the stage looks whether a connection works; no call of the run
            return
        seen[0] += 1
        if seen[0] == jump.before:
            stage.clock.set_s = jump.hours * 3600

    watched = replace(prepared, scenario=replace(scenario, hook=_both(scenario.hook, jumping)))
    with _setting(stage):
        first = stage.apply(watched, before=prepared.before)
        trial = Trial(jump.scenario, (), first)
        settle(stage, prepared, trial, again=False)
    return trial, seen[0] >= jump.before


def recover_after_jump(stage: Stage, name: str, hours: float, at: int) -> list[str]:
    """Die at a boundary, set the clock, and recover as is recommended; what was wrong."""
    with _setting(stage):
        death = kill_and_recover(stage, name, at, between=lambda: setattr(stage.clock, "set_s", hours * 3600))
    return [told(death)] if unsettled(death, "") else []


def _both(hook: Hook | None, other: Hook) -> Hook:
    def both(emulator: Emulator, call: Call) -> None:
        if hook is not None:
            hook(emulator, call)
        other(emulator, call)

    return both


def batches(stage: Stage) -> Iterator[Batch]:
    """Every jump before every call, and every jump between deaths and their recoveries."""
    for scenario in JUMPED:
        for hours in HOURS:
            for part in range(-(-len(operations(stage, scenario)) // SIZE)):
                yield Batch("clocks", scenario, f"{hours:+.0f}h", part)
            yield Batch("clocks", scenario, f"{hours:+.0f}h between")


def perform(stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """Run one, and judge."""
    hours = float(batch.kind.partition("h")[0])
    if batch.kind.endswith("between"):
        last = kill_and_recover(stage, batch.scenario, 0).passed
        places = range(1, last + 1, max(1, last // DEATHS))
        return [
            outcome(
                "clocks", f"{batch.scenario} {batch.kind}, died at {at}", recover_after_jump(stage, batch.scenario, hours, at), deaths=1
            )
            for at in places
        ]
    found = []
    for place in islice(range(1, len(operations(stage, batch.scenario)) + 1), batch.part * SIZE, (batch.part + 1) * SIZE):
        jump = Jump(batch.scenario, hours, place)
        trial, jumped = attempt_jump(stage, jump)
        one = outcome("clocks", str(jump).partition(": ")[2], [str(each) for each in trial.violations], jumps=1)
        found.append({**one, "hit": jumped, "code": trial.first.code, "after": [account.code for account in trial.then]})
    return found
