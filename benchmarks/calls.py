"""Calls and time of a plan in which nothing differs, against a client that makes one call per entity.

    python benchmarks/calls.py [CONNECTIONS…]

The naive client reads the same tenant as a per-resource provider does: each connection and its configuration, each actor type, each
list mapping and the default of each field by a call of its own, with the same transport and the same concurrency.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reconciler import flow
from tests.mappings.naive import read_one_by_one
from tests.mappings.workbench import Workbench
from tests.mappings.worlds import budget, fill, many


def measure(count: int) -> str:
    """One line."""
    bench = Workbench()
    try:
        document = many(count)
        fill(bench.emulator, document)
        assert bench.plan(document).units == ()
        fields = len(bench.emulator.inspect.rows("ErpField"))
        with bench.session() as session:
            desired = flow.load(session, ())
            bench.emulator.clear_calls()
            started = time.perf_counter()
            assert flow.make_plan(session, desired).units == ()
            ours, our_calls = time.perf_counter() - started, len(bench.emulator.calls)
            bench.emulator.clear_calls()
            started = time.perf_counter()
            read_one_by_one(session)
            theirs, their_calls = time.perf_counter() - started, len(bench.emulator.calls)
    finally:
        bench.close()
    return (
        f"{count:5d} connections: {our_calls} calls (allowed {budget(count, fields):.0f}) in {ours:.2f} s; "
        f"one call per entity: {their_calls} calls in {theirs:.2f} s; ratio {their_calls / our_calls:.1f} calls, {theirs / ours:.1f} time"
    )


if __name__ == "__main__":
    for size in [int(text) for text in sys.argv[1:]] or [10, 100]:
        print(measure(size), flush=True)
