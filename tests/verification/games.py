"""The games of `machine` as a layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.faults.stage import Stage
from tests.verification.layers import Batch
from tests.verification.machine import play
from tests.verification.results import outcome

__all__ = ["batches", "perform"]

BATCHES, EXAMPLES, STEPS = 20, 50, 20


def batches(_stage: Stage) -> Iterator[Batch]:
    """Each with a number that decides its games."""
    yield from (Batch("machine", "update", "games", part) for part in range(BATCHES))


def perform(_stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """Play; the shortest game that contradicts the reference is a violation."""
    try:
        play(batch.part, examples=EXAMPLES, steps=STEPS)
    except Exception as wrong:  # whatever contradicts the reference is told as a violation
        game = " · ".join(getattr(wrong, "__notes__", []))
        return [outcome("machine", f"games {batch.part}", [f"{type(wrong).__name__}: {wrong} {game}"[:2000]], games=EXAMPLES)]
    return [outcome("machine", f"games {batch.part}", [], games=EXAMPLES)]
