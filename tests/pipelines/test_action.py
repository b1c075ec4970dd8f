"""The life of a pull request, played through the shipped action's own script against a scripted forge and the embedded SuperOffice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.forge import marker_of
from tests.cli.conftest import FILE
from tests.forge.scripted import MERGED, ScriptedForge

SCRIPT = Path(__file__).resolve().parents[2] / ".github" / "actions" / "reconciler" / "run.py"
CANARY, TOKEN = "hunter2-canary", "forge-token-canary"


@dataclass
class Step:
    """What one step of a job left."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """A runner of GitHub's, as far as the action can see it."""

    def __init__(self, folder: Path, forge: ScriptedForge) -> None:
        self.folder, self.forge = folder, forge
        self.file = folder / "connections.yaml"
        self.file.write_text(FILE, encoding="utf-8")
        self.said = ""
        self.more: dict[str, str] = {}

    def step(self, command: str, *, event: str = "pull_request", **inputs: str) -> Step:
        """Run the action once."""
        output, summary = self.folder / "output", self.folder / "summary"
        for path in (output, summary):
            path.write_text("", encoding="utf-8")
        event_file = self.folder / "event.json"
        event_file.write_text(json.dumps({"pull_request": {"number": 7}} if event == "pull_request" else {}), encoding="utf-8")
        given = {"PLAN": "plan.json", "COMMENT": "true", "PACKAGE": "installed", "WORKING_DIRECTORY": str(self.folder), **inputs}
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "CI"))},
            **{f"INPUT_{name}": value for name, value in {"COMMAND": command, "TARGET": "emulator", **given}.items()},
            "GITHUB_REPOSITORY": "acme/erp",
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_SHA": MERGED if event == "push" else self.forge.head,
            "GITHUB_ACTOR": "anna",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "CI": "true",
            "VISMA_PASSWORD": CANARY,
            **self.more,
        }
        done = subprocess.run(
            [sys.executable, str(SCRIPT)],
            env=environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        found = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        step = Step(done.returncode, done.stdout + done.stderr, found, summary.read_text(encoding="utf-8"))
        self.said += step.log + step.summary
        return step

    def by_hand(self, *arguments: str) -> None:
        """A person types a command, past the pipeline."""
        environ = {**{name: value for name, value in os.environ.items() if not name.startswith("CI")}, "VISMA_PASSWORD": CANARY}
        subprocess.run([sys.executable, "-m", "reconciler", *arguments], cwd=self.folder, env=environ, check=True, capture_output=True)

    def push(self, old: str, new: str) -> None:
        """Somebody changes the file."""
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new), encoding="utf-8")

    def comments(self) -> list[str]:
        """What our comments say."""
        return [one.body for one in self.forge.comments if one.author == self.forge.bot]


@pytest.fixture(name="runner")
def a_runner(tmp_path: Path) -> Iterator[Runner]:
    with ScriptedForge() as forge:
        runner = Runner(tmp_path, forge)
        yield runner
        everything = runner.said + "".join(one.body for one in forge.comments)
        assert CANARY not in everything
        assert TOKEN not in everything


@pytest.mark.slow
def test_open_plan_push_approve_merge_apply(runner: Runner) -> None:
    subprocess.run([sys.executable, "-m", "reconciler", "fmt"], cwd=runner.folder, check=True, capture_output=True)
    checked = runner.step("check")
    assert checked.code == 0, checked.log

    first = runner.step("plan")
    assert (first.code, first.outputs["pending"], first.outputs["exit-code"]) == (0, "true", "2"), first.log
    assert "visma-no" in first.summary
    assert len(runner.comments()) == 1
    assert first.outputs["digest"] in runner.comments()[0]

    runner.push("IntegerField: 12", "IntegerField: 13")
    second = runner.step("plan")
    assert second.outputs["digest"] != first.outputs["digest"]
    assert len(runner.comments()) == 1
    assert second.outputs["digest"] in runner.comments()[0]

    early = runner.step("apply", event="push", REQUIRE_APPROVAL="true", EXPECT_DIGEST=second.outputs["digest"])
    assert (early.code, early.outputs["exit-code"]) == (3, "3")

    runner.forge.review("bo")
    plan = runner.folder / "plan.json"
    runner.forge.keep(f"plan-emulator-{runner.forge.head}", {"plan.json": plan.read_bytes()})
    plan.unlink()  # the job after the merge has a runner of its own
    done = runner.step("apply", event="push", REQUIRE_APPROVAL="true", EXPECT_DIGEST=second.outputs["digest"])
    assert done.code == 0, done.log
    assert "visma-no" in done.summary

    again = runner.step("plan")
    assert (again.code, again.outputs["pending"]) == (0, "false"), again.log
    assert "visma-no" not in runner.comments()[0].split("\n", 2)[2].split("<details>")[0]


@pytest.mark.slow
def test_fail_roll_back_comment_try_again_drift_and_patch(runner: Runner) -> None:
    """The other half of the life, on a pull request with more comments than a page holds."""
    runner.by_hand("apply", "--yes")
    forge = runner.forge
    for number in range(130):
        forge.say("anna", f"Comment {number}")
    forge.say("mallory", f"{marker_of('plan/emulator')}\nNot by the pipeline.")
    runner.push("IntegerField: 12", "IntegerField: 13")
    planned = runner.step("plan")
    assert planned.code == 0, planned.log
    forge.review("bo")
    runner.by_hand("emulator", "edit", "fault", "SaveConnection", "forbidden")
    failed = runner.step("apply", event="push", REQUIRE_APPROVAL="true", EXPECT_DIGEST=planned.outputs["digest"])
    assert (failed.code, failed.outputs["exit-code"]) == (5, "5"), failed.log
    assert "as before" in failed.summary
    plan, apply = runner.comments()
    assert plan.startswith(marker_of("plan/emulator"))
    assert apply.startswith(marker_of("apply/emulator"))
    assert "as before" in apply

    runner.by_hand("emulator", "edit", "clear-faults")
    used = runner.step("apply", event="push", REQUIRE_APPROVAL="true", RETRY_FAILED="true")
    assert (used.code, "used up" in used.log) == (4, True)
    made = runner.step("plan", event="push", PLAN="again.json")
    assert (made.code, made.outputs["pending"]) == (0, "true"), made.log
    done = runner.step("apply", event="push", PLAN="again.json", REQUIRE_APPROVAL="true", RETRY_FAILED="true")
    assert done.code == 0, done.log
    plan, apply = runner.comments()
    assert ("as before" in apply, "as desired" in apply) == (False, True)  # what the failure said there is no longer so

    assert runner.step("drift", event="schedule").code == 0
    runner.by_hand("emulator", "edit", "rename", "Visma Norway", "Somebody was here")
    found = runner.step("drift", event="schedule")
    assert (found.outputs["exit-code"], found.outputs["pending"], "Somebody was here" in found.summary) == ("2", "true", True), found.log
    runner.by_hand("drift", "--write")
    assert "Somebody was here" in runner.file.read_text(encoding="utf-8")
    patched = runner.step("plan")
    assert (patched.code, patched.outputs["pending"]) == (0, "false"), patched.log
    assert len(runner.comments()) == 2
    assert runner.comments()[0] != plan
    assert [one.body for one in forge.comments if one.author == "mallory"] == [f"{marker_of('plan/emulator')}\nNot by the pipeline."]


@pytest.mark.slow
def test_an_altered_plan_fails_the_step_with_4(runner: Runner) -> None:
    planned = runner.step("plan")
    path = runner.folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b"F0001.xlsm", b"F0666.xlsm"))
    failed = runner.step("apply", event="push", EXPECT_DIGEST=planned.outputs["digest"])
    assert (failed.code, failed.outputs["exit-code"]) == (4, "4")
    assert "altered" in failed.log


@pytest.mark.slow
def test_a_fault_in_the_file_is_marked_on_its_line(runner: Runner) -> None:
    runner.push("connector: visma\n", "connector: vismo\n")
    checked = runner.step("check")
    assert checked.code == 1
    assert "::error file=connections.yaml,line=" in checked.log


@pytest.mark.slow
def test_a_fork_is_checked_without_a_credential_and_without_a_connection(runner: Runner) -> None:
    """Whoever opens a socket dies of it."""
    (runner.folder / "sitecustomize.py").write_text(
        "import os, socket\nsocket.socket.connect = socket.getaddrinfo = lambda *_, **__: os._exit(99)\n", encoding="utf-8"
    )
    runner.more = {"PYTHONPATH": str(runner.folder), "VISMA_PASSWORD": "", "GITHUB_TOKEN": ""}
    assert runner.step("plan").code == 99  # the trap works: a plan asks the tenant
    runner.by_hand("fmt")
    checked = runner.step("check")
    assert checked.code == 0, checked.log
    runner.push("connector: visma\n", "connector: vismo\n")
    checked = runner.step("check")
    assert (checked.code, "::error file=connections.yaml,line=" in checked.log) == (1, True)
    assert runner.forge.log == []


@pytest.mark.slow
def test_a_forge_that_is_away_costs_the_comment_and_nothing_else(runner: Runner) -> None:
    runner.forge.mishaps = [(503, b"", {})] * 9
    planned = runner.step("plan")
    assert planned.code == 0
    assert "::warning title=reconciler::The comment could not be written" in planned.log
    assert "visma-no" in planned.summary


def test_an_unknown_command_is_refused_before_anything_is_installed(runner: Runner) -> None:
    refused = runner.step("destroy; echo pwned")
    assert refused.code == 64
    assert "pwned" not in refused.log
