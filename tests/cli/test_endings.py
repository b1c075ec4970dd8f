"""How a command ends when something else than an error of ours stops it: a bug, a signal, the operating system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.cli.entry import Terminated
from tests.cli.conftest import CANARY, Folder

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does")


def broken(*_: object, **__: object) -> None:
    raise ValueError(f"holds {CANARY}")


def test_a_bug_is_one_sentence_without_its_text(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write()
    monkeypatch.setattr(flow, "make_plan", broken)
    done = folder.run("plan")
    assert (done.code, done.out) == (70, "")
    assert done.err.startswith("This is a bug in reconciler: ValueError at reconciler/cli/plan.py:")
    assert CANARY not in done.err
    assert "Traceback" not in done.err


def test_a_bug_after_a_write_had_begun_needs_attention(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(session: object, *_: object, **__: object) -> None:
        vars(session)["write_begun"] = True
        raise ValueError(CANARY)

    folder.write()
    monkeypatch.setattr(flow, "apply_plan", begun)
    done = folder.run("apply", "--yes")
    assert done.code == 6
    assert "reconciler recover" in done.err
    assert str(Path(".reconciler") / "journal.db") in done.err
    assert CANARY not in done.out + done.err


def test_a_bug_in_the_report_does_not_change_what_the_run_did(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.report import run_text

    folder.write()
    monkeypatch.setattr(run_text, "run_page", broken)
    done = folder.run("apply", "--yes")
    assert done.code == 0
    assert "This is a bug in reconciler" in done.err


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "Interrupted by SIGINT; nothing was written.\n"),
        (Terminated("SIGTERM"), 143, "Interrupted by SIGTERM; nothing was written.\n"),
        (
            PermissionError(13, "Permission denied", "/x/.reconciler"),
            1,
            "The operating system refused: /x/.reconciler: Permission denied.\n",
        ),
        (OSError("odd"), 70, "This is a bug in reconciler: OSError at "),
        (RecursionError(), 70, "This is a bug in reconciler: RecursionError at "),
        (MemoryError(), 70, "This is a bug in reconciler: MemoryError at "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_stops_a_command(folder: Folder, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, said: str) -> None:
    def stop(*_: object, **__: object) -> None:
        raise raised

    folder.write()
    monkeypatch.setattr(flow, "make_plan", stop)
    done = folder.run("plan")
    assert (done.code, done.err.lstrip().startswith(said)) == (code, True), done.err


def test_an_interrupt_after_a_write_had_begun_needs_attention(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(session: object, *_: object, **__: object) -> None:
        vars(session)["write_begun"] = True
        raise KeyboardInterrupt

    folder.write()
    monkeypatch.setattr(flow, "apply_plan", begun)
    done = folder.run("apply", "--yes")
    assert done.code == 6
    assert "reconciler recover" in done.err


@POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_a_signal_while_reading(applied: Folder, name: str, code: int) -> None:
    slow = applied.run("emulator", "edit", "fault", "GetConnection", "slow", "--delay", "20", "--times", "0")
    assert slow.code == 0, slow.err
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "plan", "--debug"], cwd=applied.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    # The first line tells that the tenant is being read.
    first = process.stderr.readline()
    time.sleep(0.3)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out) == (code, ""), err
    assert f"Interrupted by {name}; nothing was written." in err
    assert "Traceback" not in first + err


@POSIX
def test_a_signal_that_is_ignored_stays_ignored(applied: Folder) -> None:
    program = (
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); from reconciler.cli.entry import run; code = run(['history']); "
        "sys.exit(code if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else 99)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=applied.path, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_no_bug(folder: Folder) -> None:
    folder.write()
    folder.path.chmod(0o555)
    try:
        done = folder.run("plan")
    finally:
        folder.path.chmod(0o755)
    assert done.code == 1
    assert "bug" not in done.err
