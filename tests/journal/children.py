"""Other processes, and other users, for the tests of the journal."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534

PRELUDE = """
import os, sys, time
from pathlib import Path
from reconciler.journal.store import open_store
from tests.journal.places import open_at
from reconciler.journal.lease import acquire
from reconciler.errors import ReconcilerError
from tests.journal.bodies import A, B, TARGET, StepClock, body
place = sys.argv[1]
path = Path(place)
def say(*words):
    print(*words, flush=True)
"""


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a Python process that runs the script after the usual imports; it speaks by lines."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def answer(process: subprocess.Popen[str]) -> list[str]:
    """The words of the next line that a child says."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def ask(process: subprocess.Popen[str], *words: object) -> None:
    """Tell a child something, in one line."""
    assert process.stdin is not None
    process.stdin.write(" ".join(map(str, words)) + "\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> None:
    """Kill a child and close what leads to it."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that belongs to an ordinary user, also when the tests run as root."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield folder
        folder.chmod(0o700)


def as_ordinary_user(act: Callable[[], Any]) -> Any:
    """Call something as a user whose permissions count; what it returns or raises comes back."""
    if os.geteuid() != 0:
        return act()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: the child only runs `act`
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            result: tuple[bool, Any] = (True, act())
        except BaseException as error:
            result = (False, error)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(pid, 0)
    done, value = pickle.loads(content)
    if not done:
        raise value
    return value


posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
