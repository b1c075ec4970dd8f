"""Every case of bad input through the real command line: its exit code, its place, its next step, and nothing written."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from tests.cli.conftest import FILE, Folder
from tests.desired.cases import Case, all_cases

CANARY = "hunter2"
NOBODY = 65534
SECONDS = 0.5
CASES = [case for case in all_cases() if os.name == "posix" or not case.posix_only]


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


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything is imported once, before the time is taken and before root steps down: Python itself may lie where only root reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("warm"))
        for text in (FILE, FILE.replace("true", "yes")):
            Path("connections.yaml").write_text(text, encoding="utf-8")
            for command in ("validate", "plan", "apply"):
                run([command])
                run([command, "--format", "json"])


def names(path: Path) -> list[str]:
    return sorted(str(found.relative_to(path)) for found in path.rglob("*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_validate(case: Case, folder: Folder) -> None:
    case.copy_to(folder.path)
    case.prepare()
    expected = case.golden.read_text(encoding="utf-8").splitlines()
    before = names(folder.path)
    started = time.process_time()
    with as_ordinary_user(case):
        done = folder.run("validate", *case.arguments)
    seconds = time.process_time() - started
    assert names(folder.path) == before
    assert CANARY not in done.out + done.err
    assert "Traceback" not in done.err
    assert all(char.isprintable() for char in (done.out + done.err).replace("\n", ""))
    assert seconds < SECONDS
    if not expected:
        assert (done.code, done.err) == (0, "")
        return
    assert (done.code, done.out) == (1, "")
    # The golden file has the message and the hint on one line; the command puts the source line between them.
    told = [line for line in done.err.splitlines() if line]
    for line in expected:
        place, _, rest = line.partition(": ")
        found = [one for one in told if one.startswith(f"{place}: ") and rest.startswith(one.partition(": ")[2])]
        assert found, line
        hint = rest.removeprefix(max(found, key=len).partition(": ")[2]).strip()
        assert not hint or f"    hint: {hint}" in told, line


@pytest.mark.parametrize("case", [case for case in CASES if not case.name.startswith("sound-")][::8], ids=lambda case: case.name)
def test_plan_and_apply_refuse_the_same_and_begin_nothing(case: Case, folder: Folder) -> None:
    case.copy_to(folder.path)
    case.prepare()
    with as_ordinary_user(case):
        for command in (("plan",), ("apply", "--yes")):
            done = folder.run(*command, *case.arguments)
            assert done.code in (1, 64)
            assert "Traceback" not in done.err
            assert CANARY not in done.out + done.err
    assert not (folder.path / ".reconciler" / "journal.db").exists()


@pytest.mark.parametrize("case", CASES[::16], ids=lambda case: case.name)
def test_machines_get_every_problem_with_its_place(case: Case, folder: Folder) -> None:
    case.copy_to(folder.path)
    case.prepare()
    with as_ordinary_user(case):
        done = folder.run("validate", "--format", "json", *case.arguments)
    document = json.loads(done.out)
    expected = case.golden.read_text(encoding="utf-8").splitlines()
    assert len(document["problems"]) == len(expected)
    assert all(problem["file"] and problem["code"] and problem["message"] for problem in document["problems"])
    assert CANARY not in done.out


def test_a_target_that_does_not_exist(folder: Folder) -> None:
    folder.write()
    done = folder.run("plan", "--target", "prdo")
    assert done.code in (1, 64)
    assert "prdo" in done.err


def test_ci_needs_a_target(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write()
    monkeypatch.setenv("CI", "true")
    done = folder.run("plan")
    assert done.code == 64
    assert "--target" in done.err


def test_no_file_at_all(folder: Folder) -> None:
    done = folder.run("plan")
    assert done.code == 1
    assert "connections.yaml" in done.err


def test_as_a_process_of_its_own_it_ends_soon_and_quietly(folder: Folder) -> None:
    folder.write(FILE.replace("active: true", "active: no"))
    done = folder.spawn("validate")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("connections.yaml:13:13: ")
