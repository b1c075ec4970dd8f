"""Policies as folders of files: every problem at its place, in words that can be compared."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.model import Problem, Target
from reconciler.policy import load_policy

CASES = Path(__file__).resolve().parent.parent / "cases" / "policy"
UPDATE = os.environ.get("RECONCILER_UPDATE_CASES") == "1"  # read before the house fixture removes it
FOLDERS = sorted(folder for folder in CASES.iterdir() if folder.is_dir())


def target_at(folder: Path, policy: str = "policy.yaml") -> Target:
    return Target("prod", "emulator", str(folder), policy=policy)


def problems_of(folder: Path) -> tuple[Problem, ...]:
    try:
        load_policy(target_at(folder))
    except InputError as error:
        return tuple(sorted(error.problems, key=lambda one: one.order))
    return ()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    began = time.process_time()
    problems = problems_of(folder)
    seconds = time.process_time() - began
    text = "".join(f"{problem}\n" for problem in problems)
    if UPDATE:
        (folder / "problems.txt").write_bytes(text.encode())
    assert text == (folder / "problems.txt").read_bytes().decode()
    assert bool(problems) is not folder.name.startswith("sound-")
    assert seconds < 2
    for problem in problems:
        assert problem.source is not None
        assert problem.message.endswith(".")
        assert str(problem).isprintable()


def test_a_policy_that_is_not_there_a_folder_a_link_to_nothing_and_a_huge_one_are_problems(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge.yaml").write_text("version: 1\n" + "# filler\n" * 40_000, encoding="utf-8")
    (tmp_path / "wide.yaml").write_bytes("version: 1\n".encode("utf-16"))
    for name, told in (("none.yaml", "does not exist"), ("folder", "directory"), ("huge.yaml", "256 KiB"), ("wide.yaml", "UTF-8")):
        with pytest.raises(InputError) as error:
            load_policy(target_at(tmp_path, name))
        assert told in str(error.value.problems[0]), name


def test_a_target_without_a_policy_has_none(tmp_path: Path) -> None:
    assert load_policy(Target("prod", "emulator", str(tmp_path))) is None
