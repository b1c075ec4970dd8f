"""SIGKILL by the kernel as a real process enters its n-th system call of a kind, in an apply and in the recovery after one.

The process is `python -m reconciler` under strace; its journal is a SQLite file. After each death the run is recovered with the choice
that is recommended, nothing may be in between, and what was asked for is applied.

Source: strace(1), "inject=set:signal=sig:when=expr": delivered on entering the call, counted in each thread on its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler import flow
from tests.faults.stage import Stage as Other
from tests.scenarios.stage import RealClock, Stage, staged, truth
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["CALLS", "OPENING", "TIMEOUTS", "batches", "expire", "fresh", "killed_at", "perform", "settle_and_apply"]

TIMEOUTS = "timeouts: {connect: 1s, read: 4s, connector: 4s, settle: 5s}"
CALLS = {"fsync,fdatasync": 60, "pwrite64": 120, "unlink": 30, "rename,renameat,renameat2": 10, "sendto": 50, "recvfrom": 60}
"""Kinds, and a number that no run has of them in one thread: beyond its last one a run is simply done."""
OPENING = ("sendto", 22)
"""Dies with the connection switched off, so that there is something to recover."""
PART = 10


@contextmanager
def fresh(folder: Path) -> Iterator[Stage]:
    """A tenant that was applied once, and a file that asks for a change of its configuration."""
    folder.mkdir(exist_ok=True)
    with staged(folder, clock=RealClock()) as stage:
        stage.write_targets(TIMEOUTS)
        assert stage.apply().exit_code == 0
        stage.change(("IntegerField: 12", "IntegerField: 13"))
        stage.emulator.clear_calls()
        yield stage


def expire(stage: Stage) -> None:
    file = sqlite3.connect(stage.folder / ".reconciler" / "journal.db")
    file.execute("UPDATE lease SET expires_at = 1")
    file.commit()
    file.close()


def killed_at(stage: Stage, calls: str, nth: int, *arguments: str) -> bool:
    """Run a command that the kernel kills as it enters its n-th such call; whether it came so far."""
    strace = str(shutil.which("strace"))
    inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    command = [strace, "-f", "-qq", "-o", os.devnull, "-e", f"trace={calls}", "-e", f"inject={calls}:signal=SIGKILL:when={nth}"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "reconciler", "--target", "stage", *arguments],
        cwd=stage.folder, env={**inherited, **stage.environ}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 5, -signal.SIGKILL, 128 + signal.SIGKILL), done.stderr
    return done.returncode not in (0, 5)


def settle_and_apply(stage: Stage, before: object) -> None:
    """Recover with the choice that is recommended, see that nothing is in between, and apply what was asked for."""
    with stage.session() as session:
        advised = {unit.recommended for unit in flow.recover_view(session)} or {"forward"}
        if session.recorded().open_runs:
            expire(stage)
            assert flow.recover(session, advised.pop()).exit_code in (0, 5)
        assert not session.recorded().open_runs
        assert session.store(create=False).verify().sound
    now = truth(stage)
    if now != before:
        assert stage.plan().units == ()
    stage.emulator.clear_calls()
    assert stage.apply(retry_failed=True).exit_code == 0
    (row,) = truth(stage)["connections"]
    assert (row["Active"], row["ConfigFields"]["IntegerField"], row["Connector"]["IntegerField"]) == (True, "[I:13]", "[I:13]")


def batches(_stage: Other) -> Iterator[Batch]:
    """Ten points each, of an apply and of a recovery."""
    for command in ("apply", "recover"):
        for calls, most in CALLS.items():
            yield from (Batch("syscalls", command, calls, part) for part in range(most // PART))


def perform(_stage: Other, batch: Batch) -> list[dict[str, Any]]:
    """Die, recover, apply; a point that the run does not have is no run."""
    found = []
    for nth in range(batch.part * PART + 1, (batch.part + 1) * PART + 1):
        with tempfile.TemporaryDirectory() as folder, fresh(Path(folder) / "scene") as stage:
            try:
                died = _die(stage, batch.scenario, batch.kind, nth)
            except Exception as wrong:  # whatever is not settled is told as a violation
                died, bad = True, [f"{type(wrong).__name__}: {wrong}"[:500]]
            else:
                bad = []
        if not died:
            break
        found.append(outcome("syscalls", f"{batch.scenario}/{batch.kind}/{nth}", bad, kills=1, recoveries=1))
    return found


def _die(stage: Stage, command: str, calls: str, nth: int) -> bool:
    before = truth(stage)
    if command == "apply":
        died = killed_at(stage, calls, nth, "apply", "--yes")
    else:
        assert killed_at(stage, *OPENING, "apply", "--yes")
        expire(stage)
        died = killed_at(stage, calls, nth, "recover", "--back")
    if died:
        settle_and_apply(stage, before)
    return died
