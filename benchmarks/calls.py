"""Calls and time of a plan in which nothing differs, against a client that makes one call per entity.

    python benchmarks/calls.py [CONNECTIONS…]

The naive client reads the same tenant as a per-resource provider does: each connection and its configuration, each actor type, each
list mapping and the default of each field by a call of its own, with the same transport and the same concurrency.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reconciler import flow
from reconciler.session import Session
from tests.mappings.workbench import Workbench
from tests.mappings.worlds import budget, many

PARALLEL = 4


def _naive(session: Session) -> None:
    """One call per entity."""
    gateway = session.gateway
    client = gateway._client
    rows = list(gateway.list_connections(include_deleted=False))
    for connector in gateway.list_connectors():
        gateway.config_fields(connector.id)

    def read(key: int) -> None:
        gateway.connection(key)
        ids = [one.id for name in ("Customer", "Person") if (mapping := gateway.actor_mapping(key, name)) for one in mapping.fields]
        gateway.list_mappings(key)
        for field_id in ids:
            client.repeatable("GetDefaultValueInfo", {"ErpFieldId": field_id})

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(read, [row.id for row in rows]))


def measure(count: int) -> str:
    """One line."""
    bench = Workbench()
    try:
        document = many(count)
        report = bench.apply(bench.plan(document))
        assert report.exit_code == 0, report.stopped
        fields = len(bench.emulator.inspect.rows("ErpField"))
        with bench.session() as session:
            desired = flow.load(session, ())
            bench.emulator.clear_calls()
            started = time.perf_counter()
            assert flow.make_plan(session, desired).units == ()
            ours, our_calls = time.perf_counter() - started, len(bench.emulator.calls)
            bench.emulator.clear_calls()
            started = time.perf_counter()
            _naive(session)
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
