"""Death at random boundaries, with the journal on a PostgreSQL server: `kills`, from any plan, recovered as is recommended."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.kept import OnServer, served
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.verification.kills import Death, kill_and_recover, told, unsettled
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["KILLS", "PART", "batches", "on_server", "perform", "random_deaths"]

KILLS = 1000
PART = 50
SEED = 20261122
_LONGEST = 40
"""So many boundaries of a recovery are tried; where it has fewer, it is let live."""


@contextmanager
def on_server(address: str) -> Iterator[Stage]:
    """A stage of its own, with its journal in that database."""
    kept = OnServer(address)
    kept.put(None)
    stage = Stage(kept)
    try:
        yield stage
    finally:
        stage.close()
        kept.close()


def random_deaths(stage: Stage, part: int, count: int) -> Iterator[Death]:
    """Deaths at boundaries that only the part decides; every third recovery dies, too."""
    chooser = random.Random(f"{SEED} {part}")
    lengths: dict[str, int] = {}
    for number in range(count):
        name = chooser.choice(list(SCENARIOS))
        if name not in lengths:
            lengths[name] = kill_and_recover(stage, name, 0).passed
        at = chooser.randint(1, lengths[name])
        yield kill_and_recover(stage, name, at, during=chooser.randint(1, _LONGEST) if number % 3 == 0 else 0)


def batches(_stage: Stage) -> Iterator[Batch]:
    """All of them, some dozens at a time."""
    yield from (Batch("server-kills", "any", "postgres", part) for part in range(KILLS // PART))


def perform(_stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """Kill, recover and judge."""
    found = []
    with served() as address, on_server(address) as stage:
        for death in random_deaths(stage, batch.part, PART):
            wrong = [told(death)] if unsettled(death, "") else []
            twice = int(len(death.choices) == 2)
            found.append(outcome("server-kills", f"{death.scenario} at {death.at}", wrong, kills=1 + twice, recoveries=len(death.choices)))
    return found
