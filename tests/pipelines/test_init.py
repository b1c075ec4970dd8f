"""The pipeline file that `init` writes: one file, pinned, least rights, and nothing of a stranger's in a script."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Folder, folder

__all__ = ["folder"]

ACTION = f"acme/reconciler/.github/actions/reconciler@{'1f' * 20}"
PLACE = Path(".github/workflows/reconciler.yml")


def written(folder: Folder) -> dict[str, Any]:
    done = folder.run("init", "--github", "--action", ACTION)
    assert done.code == 0, done.err
    found: dict[str, Any] = yaml.load((folder.path / PLACE).read_text(encoding="utf-8"), yaml.BaseLoader)
    return found


def test_one_file_is_written_and_never_a_second_time(folder: Folder) -> None:
    written(folder)
    (folder.path / PLACE).write_text("mine\n", encoding="utf-8")
    again = folder.run("init", "--github", "--action", ACTION)
    assert (again.code, (folder.path / PLACE).read_text(encoding="utf-8")) == (1, "mine\n")


@pytest.mark.parametrize(
    "action", ["", "acme/reconciler@main", "acme/reconciler/.github/actions/reconciler@v1", "x@" + "0" * 40, "a/b@${{ github.sha }}"]
)
def test_an_action_that_is_not_named_at_a_commit_is_refused(folder: Folder, action: str) -> None:
    assert folder.run("init", "--github", "--action", action).code == 64
    assert folder.files() == {}


def test_every_action_is_pinned_and_no_expression_stands_in_a_script(folder: Folder) -> None:
    steps = [step for job in written(folder)["jobs"].values() for step in job["steps"]]
    used = {step["uses"] for step in steps if "uses" in step}
    assert ACTION in used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in used)
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_only_the_apply_may_write_to_a_tenant_and_it_is_never_cancelled(folder: Folder) -> None:
    jobs = written(folder)["jobs"]
    assert jobs["apply"]["concurrency"] == {"group": "reconciler-apply", "cancel-in-progress": "false"}
    assert {name: job.get("environment") for name, job in jobs.items()} == {
        "check": None,
        "plan": "reconciler-plan",
        "apply": "reconciler-apply",
        "drift": "reconciler-plan",
    }
    assert [name for name, job in jobs.items() if "write" in job["permissions"].values()] == ["plan", "apply"]


def test_the_checker_of_workflows_finds_nothing(folder: Folder) -> None:
    written(folder)
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--persona", "pedantic", str(folder.path / PLACE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
