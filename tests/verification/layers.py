"""Which runs there are: every layer as batches of cases, made from the code's own calls and from the table of faults.

    singles     every call of every plan fails once, in every way that makes a difference
    persistent  the same, and every call after it fails so too
    outages     six calls in a row fail, more than a read is repeated
    recoveries  `recover --back` is harmed, after an outage left a run open
    pairs       one call of the update plan fails, and then a later one, in the run that this makes

A batch is small, so that work can stop and go on at any time; its cases follow from its name alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tests.faults.matrix import KINDS, RECOVERIES, Cell, cells
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.faults.trial import Trial, attempt
from tests.verification.plans import enter

__all__ = ["LAYERS", "PAIRED", "Batch", "Case", "batches", "cases"]

enter()

LAYERS = ("singles", "outages", "persistent", "recoveries", "pairs")
# The update plan, as it goes well and as it is rolled back: all of its calls meet pairs of faults.
PAIRED = ("update", "update-back")
SIZE = 40
# A second fault that lasts shows nothing new beside the first layer; of one call, every kind that the promise names.
SECONDS = tuple(
    name for name, kind in KINDS.items() if kind.asked or name.startswith(("reasons", "ignored-active", "ignored-config", "stale"))
)


@dataclass(frozen=True)
class Case:
    """One run: a plan (or a recovery), and what fails in it, in order."""

    layer: str
    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        return f"{self.layer}: {' + '.join(map(str, self.cells))}"

    def run(self, stage: Stage, *, again: bool) -> Trial:
        """Try it. `again`: what did not come about is applied once more, without harm."""
        if len(self.cells) == 1:
            return self.cells[0].run(stage, again=again)
        return attempt(stage, self.cells[0].scenario, *(cell.harm for cell in self.cells), again=again)


@dataclass(frozen=True)
class Batch:
    """Some cases of one layer, one plan and one kind of (first) fault; `part` counts from 0."""

    layer: str
    scenario: str
    kind: str
    part: int = 0

    def __str__(self) -> str:
        return f"{self.layer}/{self.scenario}/{self.kind}/{self.part}"


def batches(stage: Stage, layers: tuple[str, ...] = LAYERS) -> Iterator[Batch]:
    """All there are, in a fixed order."""
    for layer in layers:
        for scenario in _scenarios(layer):
            for kind in KINDS:
                count = sum(1 for _ in _cells(stage, layer, scenario, kind))
                size = 1 if layer == "pairs" else SIZE
                for part in range(-(-count // size)):
                    yield Batch(layer, scenario, kind, part)


def cases(stage: Stage, batch: Batch) -> Iterator[Case]:
    """The cases of a batch, in order."""
    found = _cells(stage, batch.layer, batch.scenario, batch.kind)
    if batch.layer != "pairs":
        for cell in islice(found, batch.part * SIZE, (batch.part + 1) * SIZE):
            yield Case(batch.layer, (cell,))
        return
    first = next(islice(found, batch.part, None))
    yield from (Case("pairs", (first, second)) for second in _seconds(stage, first))


def _scenarios(layer: str) -> tuple[str, ...]:
    if layer == "recoveries":
        return tuple(RECOVERIES)
    return PAIRED if layer == "pairs" else tuple(SCENARIOS)


def _cells(stage: Stage, layer: str, scenario: str, kind: str) -> Iterator[Cell]:
    if layer == "outages":
        yield from (cell for cell in cells(stage, scenario, kind) if cell.lasting not in (1, None))
        return
    once = [cell for cell in cells(stage, scenario, kind) if cell.lasting == 1]
    if layer == "persistent":
        # A read that is stale for good, or a tenant that is slow for good, is no outage: nothing could ever be proved.
        once = [] if kind == "stale-read" else [Cell(cell.scenario, cell.kind, cell.position, None) for cell in once]
    yield from once


def _seconds(stage: Stage, first: Cell) -> Iterator[Cell]:
    """Every later call of the run that the first fault makes, and every kind that can make a difference there."""
    prepared = stage.prepare(first.scenario)
    stage.begin(prepared)
    account = stage.apply(prepared, first.harm, before=prepared.before)
    sent = [(call.operation, call.writes) for call in account.calls]
    for place, (operation, writes) in enumerate(sent, 1):
        for name in SECONDS:
            if place > first.position and KINDS[name].differs(operation, writes=writes, asked=False):
                yield Cell(first.scenario, name, place)
