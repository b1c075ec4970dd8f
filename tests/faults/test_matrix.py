"""Every call of `apply`, failed in every way, judged by the checker. The gate runs a fixed sample, `make faults` everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from tests.faults.conftest import PROPERTY, WHOLE
from tests.faults.matrix import KINDS, RUNS, SAMPLE, Cell, Result, cells, operations, sample
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Harm, Stage
from tests.faults.trial import attempt

Record = Callable[[str, object], None]
PARTS = 10


def run_cells(stage: Stage, chosen: Iterable[Cell], record: Record) -> None:
    """Run each cell; all of them are run before the violations are shown. What is left over is applied again, once per operation."""
    results: list[Result] = []
    seen: set[tuple[object, ...]] = set()
    for cell in chosen:
        kind = (cell.scenario, cell.kind, cell.lasting, operations(stage, cell.scenario)[cell.position - 1])
        trial = cell.run(stage, again=kind not in seen and (WHOLE or len(seen) % 5 == 0))
        seen.add(kind)
        assert trial.first.fired, f"{cell} hit nothing"
        results.append(Result.of(cell, trial))
    record(PROPERTY, json.dumps([one.as_json() for one in results]))
    bad = [f"{one}: {text}" for one in results for text in one.violations]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_without_faults_everything_is_right(stage: Stage, scenario: str, record_property: Record) -> None:
    trial = attempt(stage, scenario)
    assert trial.first.code == SCENARIOS[scenario].clean
    assert trial.violations == []
    record_property(f"{PROPERTY}:calls", len(operations(stage, scenario)))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_behind_the_last_call_hits_nothing(stage: Stage, scenario: str) -> None:
    """The positions of the matrix are all there are: the loop ends where the fault no longer fires."""
    trial = attempt(stage, scenario, Harm("drop-after", len(operations(stage, scenario)) + 1))
    assert trial.first.fired == 0
    assert trial.violations == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_fixed_sample_holds(stage: Stage, part: int, record_property: Record) -> None:
    chosen = sample(stage)
    assert len(chosen) == SAMPLE
    run_cells(stage, chosen[part::PARTS], record_property)


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE, reason="RECONCILER_FAULTS=all, or `make faults`, runs the whole matrix")
@pytest.mark.parametrize(("scenario", "kind"), [(scenario, kind) for scenario in RUNS for kind in KINDS] if WHOLE else [("", "")])
def test_every_call_fails_once_and_the_end_is_true(stage: Stage, scenario: str, kind: str, record_property: Record) -> None:
    run_cells(stage, cells(stage, scenario, kind), record_property)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["three", "url", "mappings"])
def test_a_slow_tenant_does_not_cost_the_right_to_write(stage: Stage, scenario: str) -> None:
    """Every call takes 19 s, so the whole takes longer than the lease lasts."""
    trial = attempt(stage, scenario, Harm("slow", times=None, delay_s=19.0), again=False)
    assert trial.first.code == SCENARIOS[scenario].clean
    assert trial.violations == []
