"""Every call of `apply`, failed in every way, judged by the checker. `make faults` runs all of it (`tests.verification`)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.faults.matrix import SAMPLE, Cell, operations, sample
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Harm, Stage
from tests.faults.trial import attempt

PARTS = 10


def run_cells(stage: Stage, chosen: Iterable[Cell]) -> None:
    """Run each cell; all of them are run before the violations are shown. What is left over is applied again, once per operation."""
    bad: list[str] = []
    seen: set[tuple[object, ...]] = set()
    for cell in chosen:
        kind = (cell.scenario, cell.kind, cell.lasting, operations(stage, cell.scenario)[cell.position - 1])
        trial = cell.run(stage, again=kind not in seen and len(seen) % 5 == 0)
        seen.add(kind)
        assert trial.first.fired, f"{cell} hit nothing"
        bad += [f"{cell} {trial.operation} -> {trial.first.code}: {violation}" for violation in trial.violations]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_without_faults_everything_is_right(stage: Stage, scenario: str) -> None:
    trial = attempt(stage, scenario)
    assert trial.first.code == SCENARIOS[scenario].clean
    assert trial.violations == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_behind_the_last_call_hits_nothing(stage: Stage, scenario: str) -> None:
    """The positions of the matrix are all there are: the loop ends where the fault no longer fires."""
    trial = attempt(stage, scenario, Harm("drop-after", len(operations(stage, scenario)) + 1))
    assert trial.first.fired == 0
    assert trial.violations == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_fixed_sample_holds(stage: Stage, part: int) -> None:
    chosen = sample(stage)
    assert len(chosen) == SAMPLE
    run_cells(stage, chosen[part::PARTS])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["three", "url", "mappings"])
def test_a_slow_tenant_does_not_cost_the_right_to_write(stage: Stage, scenario: str) -> None:
    """Every call takes 19 s, so the whole takes longer than the lease lasts."""
    trial = attempt(stage, scenario, Harm("slow", times=None, delay_s=19.0), again=False)
    assert trial.first.code == SCENARIOS[scenario].clean
    assert trial.violations == []
