"""The test of the tests as a layer: every planted mistake has to be found, by the checker or by the test that is named for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.faults.bugs import BUGS, found_by_checker
from tests.faults.seeded import SEEDED, caught
from tests.faults.stage import Stage
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["batches", "perform"]


def batches(_stage: Stage) -> Iterator[Batch]:
    """One for each mistake."""
    yield from (Batch("mistakes", "checker", name) for name in BUGS)
    yield from (Batch("mistakes", "test", name) for name in SEEDED)


def perform(stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """Plant it, and see whether it is found."""
    if batch.scenario == "checker":
        without, violations = found_by_checker(stage, batch.kind)
        found = not without and bool({one.rule for one in violations} & BUGS[batch.kind].rules)
    else:
        found, _ = caught(batch.kind, SEEDED[batch.kind].test)
    missed = [] if found else [f"mistakes: {batch.kind} was not found"]
    return [outcome("mistakes", f"{batch.scenario}/{batch.kind}", missed, planted=1, caught=int(found))]
