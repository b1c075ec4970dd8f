"""Few calls: a plan of everything that is already so costs what DESIGN §13 allows, and no more."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.mappings.workbench import Workbench
from tests.mappings.worlds import budget, fill, many, naive

SIZES = (10, 100, 1000) if os.environ.get("RECONCILER_EDITS") == "all" else (10, 100)


@pytest.mark.parametrize("count", SIZES)
def test_a_plan_of_everything_that_is_already_so(bench: Workbench, count: int, record_property: Callable[[str, object], None]) -> None:
    document = many(count)
    fill(bench.emulator, document)
    bench.emulator.clear_calls()
    assert bench.plan(document).units == ()
    calls = Counter(call.operation for call in bench.emulator.calls)
    fields = bench.emulator.inspect.rows("ErpField")
    declared = {one["ErpConnectionActorTypeId"] for one in bench.emulator.inspect.rows("ErpConnectionActorType") if one["IsActive"]}
    singly = naive(count, sum(1 for row in fields if row["ErpConnectionActorTypeId"] in declared))
    allowed = budget(count, len(fields))
    record_property(
        "figure",
        f"calls of a no-op plan of everything, {count} connections: {calls.total()} of {allowed:.0f} (naive: {singly})",
    )
    assert calls.total() <= allowed, calls


def test_an_older_server_costs_what_the_formula_allows(bench: Workbench) -> None:
    """Archives stand in for the two lists that it does not have."""
    bench.emulator.switches.set("lists_everything", value=False)
    document = many(10)
    fill(bench.emulator, document)
    bench.emulator.clear_calls()
    assert bench.plan(document).units == ()
    assert len(bench.emulator.calls) <= budget(10, len(bench.emulator.inspect.rows("ErpField")))
