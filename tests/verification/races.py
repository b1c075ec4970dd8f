"""Two processes that apply at the same moment, again and again: exactly one writes, the other ends with 7 and without a write.

Both have planned the same change and wait for the word. The winner's first write is held until the loser has ended, so that they
surely overlap; who wins is left to them.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.emulator import Call
from tests.faults import stage as faults_stage
from tests.faults.kept import OnServer, served
from tests.scenarios.stage import CONNECTIONS, RealClock, Stage, staged
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["PART", "RACES", "STORES", "Race", "batches", "perform", "races"]

ROOT = Path(__file__).resolve().parents[2]
STORES = ("sqlite", "postgres")
RACES = 200
PART = 50
PATIENCE_S = 60.0
_WRITES = ["SaveConnection", "ToggleErpConnectionActive", "ToggleErpConnectionActive", "UpdateConnectionFields"]

_RACER = """
import json, sys
from pathlib import Path
from reconciler import flow
from reconciler.errors import ReconcilerError
folder, environ = Path(sys.argv[1]), json.loads(sys.argv[2])
while sys.stdin.readline():
    with flow.open_target("stage", directory=folder, environ=environ) as session:
        plan = flow.make_plan(session, flow.load(session, ()))
        print("ready", len(plan.units), flush=True)
        sys.stdin.readline()
        try:
            code = flow.apply_plan(session, plan).exit_code
        except ReconcilerError as error:
            code = error.exit_code
        print("ended", code, flush=True)
"""


@dataclass(frozen=True)
class Race:
    """How one came out: the exit code of whoever ended first, that of the other, and what was wrong."""

    first: int
    second: int
    wrong: tuple[str, ...]


class _Racer:
    """A process that plans and applies on the word."""

    def __init__(self, stage: Stage, said: queue.Queue[tuple[_Racer, list[str]]]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RACER, str(stage.folder), json.dumps(stage.environ)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self._said = said
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put((self, line.split()))

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listener.join(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def _stage(store: str, address: str) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="reconciler-race-") as folder, staged(Path(folder), clock=RealClock()) as stage:
        if store == "postgres":
            kept = OnServer(address)
            kept.put(None)
            kept.close()
            stage.environ["SHARED"] = address
            stage.write_targets("journal: {url: {secret: env:SHARED}}")
        assert stage.apply().exit_code == 0
        yield stage


def races(store: str, count: int, address: str = "") -> Iterator[Race]:
    """Let two processes race so often; `address` is that of the server."""
    said: queue.Queue[tuple[_Racer, list[str]]] = queue.Queue()
    with _stage(store, address) as stage:
        racers = [_Racer(stage, said) for _ in range(2)]
        loser_ended = threading.Event()

        def held(call: Call) -> None:
            if call.writes:
                loser_ended.wait(PATIENCE_S / 2)

        stage.emulator.before_call = held
        try:
            for number in range(count):
                stage.write(CONNECTIONS.replace("IntegerField: 12", f"IntegerField: {100 + number}"))
                stage.emulator.clear_calls()
                loser_ended.clear()
                for racer in racers if number % 2 else reversed(racers):
                    racer.go()
                ready = [said.get(timeout=PATIENCE_S)[1] for _ in racers]
                assert ready == [["ready", "1"]] * 2, ready
                for racer in racers if number % 3 else reversed(racers):
                    racer.go()
                _, first = said.get(timeout=PATIENCE_S)
                loser_ended.set()
                _, second = said.get(timeout=PATIENCE_S)
                yield Race(int(first[1]), int(second[1]), tuple(_wrong(stage, number, int(first[1]), int(second[1]))))
        finally:
            loser_ended.set()
            stage.emulator.before_call = None
            for racer in racers:
                racer.end()
        with stage.session() as session:
            assert session.store(create=False).verify().sound


def _wrong(stage: Stage, number: int, first: int, second: int) -> Iterator[str]:
    if (first, second) != (7, 0):
        yield f"they ended with {first} and {second}"
    writes = sorted(call.operation for call in stage.writes)
    if writes != _WRITES:
        yield f"these were sent: {writes}"
    (row,) = stage.emulator.inspect.connections(deleted=False)
    if not row["Active"] or row["ConfigFields"]["IntegerField"] != f"[I:{100 + number}]":
        yield f"it is active: {row['Active']}, and holds {row['ConfigFields']['IntegerField']}"


def batches(_stage: faults_stage.Stage) -> Iterator[Batch]:
    """All of them, on each store."""
    yield from (Batch("races", "update", store, part) for store in STORES for part in range(RACES // PART))


def perform(_stage: faults_stage.Stage, batch: Batch) -> list[dict[str, Any]]:
    """Race, and see who wrote."""

    def results(address: str = "") -> list[dict[str, Any]]:
        return [
            outcome("races", f"{batch.kind} {batch.part}.{number}", list(race.wrong), **{f"races_on_{batch.kind}": 1})
            for number, race in enumerate(races(batch.kind, PART, address))
        ]

    if batch.kind == "sqlite":
        return results()
    with served() as address:
        return results(address)
