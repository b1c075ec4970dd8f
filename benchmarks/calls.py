"""Calls, time and processor time of a plan in which nothing differs, with everything declared: `python benchmarks/calls.py [CONNECTIONS…]`.

Beside it, in the same run: the same calls made by a bare loop of the same client at the same concurrency, and the client that a
per-resource provider would be, which makes one call per entity. Every answer takes 20 ms; the tenant is another process.

Budgets (ratios): calls within the formula; time at most 1.25, and processor time per call at most 2, of the bare loop.

The bare loop goes over connections that are open by then. So the plan is measured twice: as the first of its process, which imports the
journal, starts threads and opens connections (a constant, of about 30 ms), and again afterwards. Of the second and of the bare loop the
medians of several rounds are taken, in turn, so that the load of the machine, which is printed, reaches both alike.

What is measured is the client as it is installed, with bytecode, and a tenant that has answered others before: neither Python's compiler
nor the first queries of a server are a cost of a plan.
"""

from __future__ import annotations

import compileall
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import json

from reconciler import flow
from reconciler.clock import SystemClock
from reconciler.emulator import Emulator
from reconciler.session import Session
from tests.mappings.naive import PARALLEL, read_one_by_one
from tests.mappings.workbench import ENVIRON
from tests.mappings.worlds import budget, fill, many

LATENCY_S = 0.020
CALLS_IN_ALL = 1500  # of the rounds that are repeated
_TARGET: dict[str, Any] = {
    "kind": "emulator",
    "files": ["connections.yaml"],
    "journal": "local",
    "fingerprint_key": {"secret": "env:STAGE_KEY"},
    "limits": {"parallel_reads": PARALLEL},
}


def _serve(pipe: Connection, count: int, folder: str) -> None:
    """The tenant: filled, planned for once by another process than the one that is measured, then slow, until its parent is done."""
    with Emulator(erp_folder=Path(folder) / "erp").start() as emulator:
        fill(emulator, many(count))
        (Path(folder) / "targets.yaml").write_text(json.dumps({"targets": {"bench": {**_TARGET, "url": emulator.url}}}), encoding="utf-8")
        (Path(folder) / "connections.yaml").write_text(json.dumps(many(count)), encoding="utf-8")
        with _opened(folder) as session:
            flow.make_plan(session, flow.load(session, ()))
        emulator.before_call = lambda _: time.sleep(LATENCY_S)
        pipe.send(len(emulator.inspect.rows("ErpField")))
        pipe.recv()


def _opened(folder: str) -> AbstractContextManager[Session]:
    return flow.open_target("bench", directory=Path(folder), environ=ENVIRON, clock=SystemClock())


@contextmanager
def _tenant(count: int) -> Iterator[tuple[Session, int]]:
    """A session with the tenant's process, and how many fields are stored there."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = multiprocessing.get_context("spawn").Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, count, folder), daemon=True)
        server.start()
        fields = here.recv()
        with _opened(folder) as session:
            yield session, fields
        here.send("done")
        server.join(10)


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(count: int) -> str:
    """A paragraph about one size."""
    with _tenant(count) as (session, fields):
        client = session.gateway._client  # noqa: SLF001
        made: list[tuple[str, dict[str, Any]]] = []

        def noted(key: str, **more: Any) -> Any:
            made.append((key, more))
            return single(key, **more)

        def again() -> None:
            with ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(lambda one: single(one[0], **one[1]), made))

        desired, single = flow.load(session, ()), client.repeatable
        with mock.patch.object(client, "repeatable", noted):
            first = _timed(lambda: flow.make_plan(session, desired))
        rounds = max(1, min(9, CALLS_IN_ALL // len(made)))
        pairs = [(_timed(lambda: flow.make_plan(session, desired)), _timed(again)) for _ in range(rounds)]
        ours, bare = (_medians([pair[side] for pair in pairs]) for side in (0, 1))
        with mock.patch.object(client, "_exchange", wraps=client._exchange) as exchange:  # noqa: SLF001
            naive = _timed(lambda: read_one_by_one(session))
        calls, singly = len(made), exchange.call_count

    def line(name: str, calls: int, took: tuple[float, float], told: str) -> str:
        return f"      {name:12s} {calls:6d} calls {took[0]:7.2f} s, {took[1]:6.2f} s of processor{told}"

    def ratios(took: tuple[float, float]) -> str:
        return f": time {took[0] / bare[0]:.2f}, processor {took[1] / bare[1]:.2f} of the bare loop"

    return "\n".join(
        [
            f"{count:5d} connections, {fields} fields; medians of {rounds}; load {_load()}",
            line("first plan", calls, first, ratios(first)),
            line("plan", calls, ours, f"{ratios(ours)} (1.25 and 2 allowed; {budget(count, fields):.0f} calls)"),
            line("bare loop", calls, bare, ""),
            line("per resource", singly, naive, f": {singly / calls:.1f} times the calls, {naive[0] / ours[0]:.1f} times the time"),
        ]
    )


def _medians(took: list[tuple[float, float]]) -> tuple[float, float]:
    return median(one[0] for one in took), median(one[1] for one in took)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    compileall.compile_dir(Path(flow.__file__).parent.parent, quiet=1)  # as pip does; PYTHONDONTWRITEBYTECODE keeps Python itself from it
    for size in [int(text) for text in sys.argv[1:]] or [10, 100]:
        print(measure(size), flush=True)
