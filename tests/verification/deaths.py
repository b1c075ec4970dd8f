"""The deaths at every boundary of every plan (`kills`) as a layer, with every choice that a person has, and deaths of the recovery itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.verification.kills import Death, kill_and_recover, told, unsettled
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["CHOICES", "batches", "perform"]

CHOICES = ("", "back", "forward", "accept-current", "park")
"""The first one stands for what is recommended."""
STEP = 5
PARTS = 4
OF_RECOVERIES = "recovery"
MINDS = (("back", "forward"), ("forward", "back"))
"""A recovery dies, and a person chooses otherwise."""


def batches(_stage: Stage) -> Iterator[Batch]:
    """Every fifth boundary each; and for each plan the deaths of its recovery."""
    for name in SCENARIOS:
        yield from (Batch("kills", name, choice or "recommended", part) for choice in CHOICES for part in range(STEP))
        yield Batch("kills", name, OF_RECOVERIES, 0)
        yield from (Batch("kills", name, "-then-".join(mind), part) for mind in MINDS for part in range(PARTS))


def perform(stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """One result for each death."""
    boundaries = kill_and_recover(stage, batch.scenario, 0).passed
    if batch.kind == OF_RECOVERIES:
        places = range(boundaries // 3, boundaries + 1, max(1, boundaries // 4))
        return [_judged(batch, death, "") for death in _of_recoveries(stage, batch.scenario, places, ("", ""))]
    mind = next((mind for mind in MINDS if "-then-".join(mind) == batch.kind), None)
    if mind is not None:
        at = (batch.part + 1) * boundaries // (PARTS + 1)
        return [
            _judged(batch, death, death.choices[-1] if death.choices else "")
            for death in _of_recoveries(stage, batch.scenario, (at,), mind)
        ]
    choice = "" if batch.kind == "recommended" else batch.kind
    places = range(1 + batch.part, boundaries + 1, STEP)
    return [_judged(batch, kill_and_recover(stage, batch.scenario, at, choice=choice), choice) for at in places]


def _of_recoveries(stage: Stage, name: str, places: Iterable[int], mind: tuple[str, str]) -> Iterator[Death]:
    """Runs that died there; their recovery dies at each of its boundaries, until it has no more, and another one follows."""
    for at in places:
        during = 1
        while True:
            death = kill_and_recover(stage, name, at, choice=mind[0], during=during, then=mind[1])
            yield death
            if len(death.choices) < 2:
                break
            during += 1


def _judged(batch: Batch, death: Death, choice: str) -> dict[str, Any]:
    bad = [told(death)] if unsettled(death, choice) or not death.at else []
    return outcome(
        "kills", f"{batch.scenario}/{batch.kind} at {death.at}", bad, kills=max(1, len(death.choices)), recoveries=len(death.choices)
    )
