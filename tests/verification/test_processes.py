"""Real processes that are asked to stop, lose their terminal, are paused beyond their lease, are killed, or start together."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.emulator import Call
from reconciler.errors import OpenRun
from tests.journal.places import clear
from tests.scenarios.stage import Stage, truth
from tests.verification.syscalls import OPENING, TIMEOUTS, expire, fresh, killed_at, settle_and_apply

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")]
WHOLE = os.environ.get("RECONCILER_KILLS") == "all"


@dataclass
class Gate:
    """Lets a process wait at a call, after it arrived and before it has its effect, until it is let through."""

    stage: Stage
    operation: str
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, call: Call) -> None:
        if call.operation == self.operation and not self.opened.is_set():
            self.reached.set()
            self.opened.wait(20)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Stage]:
    """The same, for one test."""
    with fresh(tmp_path) as stage:
        yield stage


def start(stage: Stage, *arguments: str, **given: object) -> subprocess.Popen[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given}
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.Popen(command, cwd=stage.folder, env={**inherited, **stage.environ}, text=True, **streams)  # type: ignore[call-overload]


def at_the_save(stage: Stage, **given: object) -> tuple[subprocess.Popen[str], Gate]:
    """An apply whose save is on its way."""
    gate = Gate(stage, "SaveConnection")
    stage.emulator.before_call = gate
    process = start(stage, "--target", "stage", "apply", "--yes", **given)
    assert gate.reached.wait(30), process.communicate()
    return process, gate


def last_exit(stage: Stage) -> int | None:
    with stage.session() as session:
        return session.runs()[-1].exit_code


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"] if WHOLE else ["SIGTERM"])
def test_the_first_signal_cuts_the_call_and_rolls_back(scene: Stage, name: str) -> None:
    before = truth(scene)
    process, gate = at_the_save(scene)
    process.send_signal(getattr(signal, name))
    gate.opened.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, out + err
    assert f"{name} was received" in " ".join(out.split())
    assert truth(scene) == before
    assert scene.plan("no-way-back=connection/norway").units != ()


def test_a_second_signal_stops_at_once_and_leaves_the_rest_to_recover(scene: Stage) -> None:
    """Whoever goes on pressing Ctrl-C does not lose the exit code, which says that a write had begun."""
    before = truth(scene)
    process, gate = at_the_save(scene)
    for _ in range(1000):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    gate.opened.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 6, out + err
    assert "reconciler --target stage recover" in out + err
    assert scene.recover("back").exit_code == 5
    assert truth(scene) == before


def test_a_terminal_that_vanishes_is_a_signal_like_any_other(scene: Stage) -> None:
    before = truth(scene)
    ours, theirs = os.openpty()
    process, gate = at_the_save(scene, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=_take_terminal)
    os.close(theirs)
    os.close(ours)
    gate.opened.set()
    assert process.wait(60) == 5
    assert last_exit(scene) == 5
    assert truth(scene) == before


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_under_nohup_a_vanished_terminal_stops_nothing(scene: Stage) -> None:
    process, gate = at_the_save(scene, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    gate.opened.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err


def test_a_process_that_was_paused_beyond_its_lease_sends_nothing_more(scene: Stage) -> None:
    """Meanwhile another one recovered: that is what the paused one finds."""
    before = truth(scene)
    process, gate = at_the_save(scene)
    process.send_signal(signal.SIGSTOP)
    expire(scene)
    gate.opened.set()
    assert scene.recover("back").exit_code == 5
    assert truth(scene) == before
    writes = len(scene.writes)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 6, out + err
    assert "taken over" in out + err or "Lease lost" in out + err
    assert len(scene.writes) == writes
    assert truth(scene) == before
    with scene.session() as session:
        assert session.store(create=False).verify().sound
        assert not session.recorded().open_runs


def test_a_killed_process_leaves_its_lease_to_the_next_one_of_this_machine(scene: Stage) -> None:
    before = truth(scene)
    process, gate = at_the_save(scene)
    process.kill()
    process.communicate()
    gate.opened.set()
    with pytest.raises(OpenRun):
        scene.apply()
    assert scene.recover("back").exit_code == 5
    assert truth(scene) == before


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_of_two_that_start_together_exactly_one_writes(scene: Stage, store: str, request: pytest.FixtureRequest) -> None:
    if store == "postgres":
        address: str = request.getfixturevalue("postgres_address")
        clear(address)
        scene.environ["SHARED"] = address
        scene.write_targets(TIMEOUTS, "journal: {url: {secret: env:SHARED}}")
    gate = Gate(scene, "SaveConnection")
    scene.emulator.before_call = gate
    permit = ("--allow", "no-way-back=connection/norway")
    both = [start(scene, "--target", "stage", "apply", "--yes", *permit) for _ in range(2)]
    assert gate.reached.wait(30)
    loser = wait_for_one(both)
    gate.opened.set()
    winner = both[1 - both.index(loser)]
    out, err = winner.communicate(timeout=60)
    assert winner.returncode == 0, out + err
    assert loser.returncode == 7, loser.communicate()
    assert len([call for call in scene.writes if call.operation == "SaveConnection"]) == 1
    for process in both:
        process.communicate()


def wait_for_one(processes: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    for _ in range(300):
        for process in processes:
            if process.poll() is not None:
                return process
        try:
            processes[0].wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("nobody gave up")


# --- SIGKILL at the n-th system call ------------------------------------------------------------------------------------

NTH = [("fsync,fdatasync", 14), ("pwrite64", 45), ("sendto", 22), ("recvfrom", 24)]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace kills at a system call")
@pytest.mark.parametrize(("calls", "nth"), NTH)
def test_a_process_that_is_killed_at_a_system_call_is_settled(scene: Stage, calls: str, nth: int) -> None:
    before = truth(scene)
    assert killed_at(scene, calls, nth, "apply", "--yes")
    settle_and_apply(scene, before)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace kills at a system call")
def test_a_recovery_that_is_killed_at_a_system_call_is_settled_by_the_next(scene: Stage) -> None:
    before = truth(scene)
    assert killed_at(scene, *OPENING, "apply", "--yes")
    expire(scene)
    assert killed_at(scene, "sendto", 8, "recover", "--back")
    settle_and_apply(scene, before)
