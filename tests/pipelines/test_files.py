"""Every pipeline file of this repository, held against the public schema of its forge and against rules of our own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from reconciler.pipelines import pipeline_for
from tests.pipelines.test_init import ACTION, PACKAGE

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REUSABLE = [path for path in WORKFLOWS if path.name.startswith("reconciler-")]


def schema_of(name: str) -> jsonschema_rs.Validator:
    """The schema that the forge, or SchemaStore, publishes; check-jsonschema carries it along."""
    text = files("check_jsonschema.builtin_schemas.vendor").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(json.loads(text))


def workflow(text: str) -> Any:
    """`on` is a word here, not a truth."""
    return {{True: "on"}.get(name, name): value for name, value in yaml.safe_load(text).items()}


def gitlab(text: str) -> Any:
    """The last document: a component has its inputs in one before."""
    return list(yaml.safe_load_all(text))[-1]


def azure(text: str) -> Any:
    """Azure Pipelines reads every scalar as text; only the inputs of its tasks have types."""

    def typed(value: Any, *, inputs: bool = False) -> Any:
        if isinstance(value, dict):
            return {name: typed(one, inputs=inputs or name == "inputs") for name, one in value.items()}
        if isinstance(value, list):
            return [typed(one, inputs=inputs) for one in value]
        return {"true": True, "false": False}.get(value, value) if inputs else value

    return typed(yaml.load(text, yaml.BaseLoader))


CASES: dict[str, tuple[str, Callable[[str], Any], Callable[[], str]]] = {
    **{path.name: ("github-workflows", workflow, path.read_text) for path in WORKFLOWS},
    "action.yml": ("github-actions", yaml.safe_load, (ROOT / ".github/actions/reconciler/action.yml").read_text),
    "init --github": ("github-workflows", workflow, lambda: pipeline_for("github", ACTION)),
    "init --gitlab": ("gitlab-ci", gitlab, lambda: pipeline_for("gitlab", PACKAGE)),
    "init --azure-devops": ("azure-pipelines", azure, lambda: pipeline_for("azure-devops", PACKAGE)),
    "templates/azure-devops.yml": ("azure-pipelines", azure, (ROOT / "templates/azure-devops.yml").read_text),
}


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_what_its_forge_expects(name: str) -> None:
    schema, read, text = CASES[name]
    found = [f"{error.instance_path}: {error.message[:200]}" for error in schema_of(schema).iter_errors(read(text()))]
    assert found == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("init --gitlab", "when: manual", "when: by_hand"),
        ("init --gitlab", "    action: access", "    action: look"),
        ("init --azure-devops", "lockBehavior: sequential", "lockBehaviour: sequential"),
        ("init --azure-devops", "buildVersionToDownload", "buildVersion"),
        ("init --github", "cancel-in-progress: false", "cancel: false"),
    ],
)
def test_a_slip_in_a_file_is_found(name: str, old: str, new: str) -> None:
    """Else the test above would prove nothing."""
    schema, read, text = CASES[name]
    assert old in text()
    assert not schema_of(schema).is_valid(read(text().replace(old, new)))


def test_what_the_catalogue_finds_is_what_init_writes() -> None:
    """GitLab looks for components below `templates/`; the package carries the same files."""
    for place, name in (("reconciler.yml", "gitlab.yml"), ("azure-devops.yml", "azure.yml")):
        assert (ROOT / "templates" / place).read_bytes() == (ROOT / "reconciler" / "pipelines" / name).read_bytes()
    header, jobs = yaml.load_all((ROOT / "templates" / "reconciler.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    inputs = header["spec"]["inputs"]
    used = set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", json.dumps(jobs)))
    assert set(inputs) == used
    assert [name for name, one in inputs.items() if "default" not in one] == ["package"]
    assert all(one["description"] for one in inputs.values())


def scripts(value: Any) -> Iterator[str]:
    """Everything that a shell reads, in a file of any of the three."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name in {"run", "bash", "script", "before_script", "after_script", "powershell", "pwsh"}:
                yield from [one] if isinstance(one, str) else [str(line) for line in one]
            else:
                yield from scripts(one)
    elif isinstance(value, list):
        for one in value:
            yield from scripts(one)


@pytest.mark.parametrize("name", [*CASES, "templates/reconciler.yml"])
def test_no_input_becomes_part_of_a_script(name: str) -> None:
    text = CASES[name][2]() if name in CASES else (ROOT / name).read_text(encoding="utf-8")
    lines = list(scripts(list(yaml.load_all(text, yaml.BaseLoader))))
    assert lines or "uses" in text
    assert [line for line in lines if re.search(r"\$\{\{|\$\[\[|\$\(", line)] == []


def test_every_job_of_a_workflow_has_its_rights_and_its_end() -> None:
    for path in WORKFLOWS:
        found = workflow(path.read_text(encoding="utf-8"))
        assert found["permissions"] == {}, path.name
        assert "pull_request_target" not in found["on"], path.name
        for job in found["jobs"].values():
            assert "permissions" in job, path.name
            assert "timeout-minutes" in job or "uses" in job, path.name


def test_the_reusable_workflows_ask_for_no_more_than_they_need() -> None:
    jobs = {path.stem.removeprefix("reconciler-"): workflow(path.read_text(encoding="utf-8")) for path in REUSABLE}
    rights = {name: next(iter(one["jobs"].values()))["permissions"] for name, one in jobs.items()}
    assert rights == {
        "validate": {"contents": "read"},
        "plan": {"contents": "read", "pull-requests": "write"},
        "apply": {"actions": "read", "contents": "read", "id-token": "write", "pull-requests": "write"},
        "drift": {"contents": "read"},
        "recover": {"contents": "read"},
    }
    for name, one in jobs.items():
        (job,) = one["jobs"].values()
        assert list(one["on"]) == ["workflow_call"]
        assert ("environment" in job, "secrets" in (one["on"]["workflow_call"] or {})) == (name != "validate",) * 2
        assert (job.get("concurrency") == {"group": "reconciler-apply-${{ inputs.target }}", "cancel-in-progress": False}) == (
            name in {"apply", "recover"}
        )
    declared = set(jobs["plan"]["on"]["workflow_call"]["secrets"])
    assert declared == {"RECONCILER_JOURNAL", "RECONCILER_KEY", "RECONCILER_ENV"}


def test_this_project_runs_the_action_and_every_workflow_itself() -> None:
    jobs = workflow((ROOT / ".github/workflows/pipelines.yml").read_text(encoding="utf-8"))["jobs"]
    used = {job["uses"].rsplit("/", 1)[1] for job in jobs.values() if "uses" in job}
    assert used == {path.name for path in REUSABLE}
    steps = [step["with"]["command"] for step in jobs["action"]["steps"] if step.get("uses") == "$/.github/actions/reconciler"]
    assert steps == ["check", "plan", "apply", "drift", "recover"]


def test_the_example_passes_the_check_that_this_projects_own_pipeline_runs(tmp_path: Path) -> None:
    """The workflows above run on the file that the README runs."""
    (tmp_path / "connections.yaml").write_bytes((ROOT / "connections.yaml").read_bytes())
    for command in (["validate"], ["fmt", "--check"]):
        done = subprocess.run([sys.executable, "-m", "reconciler", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
