"""Bad input and good input as folders of files: every problem at its place, in words that can be compared, and fast."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from reconciler.desired import load_desired, load_target
from reconciler.errors import InputError
from reconciler.model import Problem
from tests.desired.cases import CASES, Case, all_cases

UPDATE = os.environ.get("RECONCILER_UPDATE_CASES") == "1"  # read before the house fixture removes it
SECONDS = 0.5
NOBODY = 65534
CANARY = "hunter2"


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Imports and the schema are read once in a process, and are not what the time limit is about."""
    for name in ("sound-shipped-form", "unknown-key"):
        with suppress(InputError):
            load_desired([CASES / name / "connections.yaml"])


@contextmanager
def as_ordinary_user(case: Case) -> Iterator[None]:
    """Root can read everything; step down for a while where this runs as root and rights are the point."""
    if sys.platform == "win32" or os.geteuid() != 0 or not case.name.startswith("unreadable"):
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def problems_of(case: Case) -> tuple[Problem, ...]:
    try:
        with as_ordinary_user(case):
            target = load_target(case.target, directory=Path(), environ={}) if case.target else None
            load_desired(case.files, target=target)
    except InputError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every problem of the input is told, in order, with its place and the next step; nothing else happens."""
    if case.posix_only and os.name != "posix":
        pytest.skip("needs a POSIX system")
    case.copy_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    case.prepare()
    before = sorted(path.name for path in tmp_path.rglob("*"))
    started = time.process_time()
    problems = problems_of(case)
    seconds = time.process_time() - started
    text = "".join(f"{problem}\n" for problem in problems)
    if UPDATE:
        case.golden.write_bytes(text.encode())
    assert text == case.golden.read_bytes().decode()
    assert bool(problems) is not case.name.startswith("sound-")
    assert seconds < SECONDS
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    for problem in problems:
        assert problem.code == problem.code.lower()
        assert problem.message.endswith(".")
        assert problem.hint == "" or problem.hint.endswith((".", "?", ")"))
        assert CANARY not in str(problem)
        assert problem.source is not None
        assert str(problem).isprintable()


def test_there_are_many_cases() -> None:
    bad = [case for case in all_cases() if not case.name.startswith("sound-")]
    assert len(bad) >= 60
