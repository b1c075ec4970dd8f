"""The life of a change on GitLab and on Azure DevOps, played through the lines of the files that `init` writes.

Against a scripted forge and the embedded SuperOffice. Neither service itself was asked: what GitLab and Azure make of the files is held
against their public schemas in test_files.py.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.pipelines import pipeline_for
from tests.forge.scripted import ScriptedForge
from tests.journal.children import posix_only
from tests.pipelines.played import CANARY, TOKEN, AzureAgent, GitLabRunner, Player

PACKAGE = f"reconciler[postgres] @ git+https://git.example.com/acme/reconciler@{'1f' * 20}"
pytestmark = [posix_only, pytest.mark.slow]


def watched(player: Player) -> Iterator[Player]:
    """A player of whom no job, report or comment says a secret."""
    yield player
    everything = player.said + "".join(one.body for one in player.forge.comments)
    everything += "".join(file.read_text(encoding="utf-8") for file in player.folder.glob("job-*/reconciler-reports/*"))
    assert CANARY not in everything
    assert TOKEN not in everything


@pytest.fixture(name="gitlab")
def a_gitlab_runner(tmp_path: Path) -> Iterator[Player]:
    with ScriptedForge(bot="project_42_bot") as forge:
        yield from watched(GitLabRunner(tmp_path, forge, pipeline_for("gitlab", PACKAGE, target="emulator")))


@pytest.fixture(name="azure")
def an_azure_agent(tmp_path: Path) -> Iterator[Player]:
    with ScriptedForge(bot="build-service") as forge:
        yield from watched(AzureAgent(tmp_path, forge, pipeline_for("azure-devops", PACKAGE, target="emulator")))


def test_gitlab_from_the_merge_request_to_the_nightly_drift(gitlab: GitLabRunner) -> None:
    checked = gitlab.run("reconciler-check-emulator", change=True)
    assert checked.code == 3  # the example is not in canonical form
    (finding, *_) = json.loads(checked.kept["reconciler-reports/code-quality.json"])
    assert finding["location"]["path"] == "connections.yaml"
    assert ET.fromstring(checked.kept["reconciler-reports/junit.xml"]).tag == "testsuites"

    planned = gitlab.run("reconciler-plan-emulator", change=True)
    assert planned.code == 0, planned.log
    assert json.loads(planned.kept["reconciler-reports/widget.json"]) == {"create": 2, "update": 0, "delete": 0}
    outputs = dict(line.split("=", 1) for line in planned.kept["reconciler-reports/outputs.env"].decode().splitlines())
    assert (outputs["RECONCILER_PENDING"], outputs["RECONCILER_EXIT_CODE"]) == ("true", "2")
    assert outputs["RECONCILER_DIGEST"] == json.loads(planned.kept["plan.json"])["digest"]
    (body,) = gitlab.comments()
    assert outputs["RECONCILER_DIGEST"] in body

    early = gitlab.run("reconciler-apply-emulator")
    assert (early.code, "Nobody has approved it" in early.log) == (3, True)
    gitlab.forge.review("bo")
    done = gitlab.run("reconciler-apply-emulator")
    assert done.code == 0, done.log
    assert "Approved by bo on gitlab, change 7." in done.log

    gitlab.by_hand("rename", "Visma Norway", "Somebody was here")
    found = gitlab.run("reconciler-drift-emulator")
    assert (found.code, "Somebody was here" in found.kept["reconciler-reports/drift.md"].decode()) == (2, True)
    assert "the journal keeps their digests" in found.log  # for `audit exceptions`
    assert gitlab.run("reconciler-recover-emulator").code == 0
    refused = gitlab.run("reconciler-settle-emulator", INPUT_CHOICE="back; echo pwned")
    assert (refused.code, "pwned" in refused.log) == (64, False)


def test_azure_from_the_pull_request_to_the_nightly_drift(azure: AzureAgent) -> None:
    planned = azure.run("check", "plan", change=True)
    assert planned.code == 0, planned.log
    assert "##vso[task.complete result=SucceededWithIssues;]" in planned.log
    assert "##vso[task.uploadsummary]" in planned.log
    assert len(azure.comments()) == 1

    name, files = azure.forge.kept[-1]
    azure.forge.keep(name, {"plan.json": files["plan.json"].replace(b"F0001.xlsm", b"F0666.xlsm")})
    other = azure.run("apply", "apply")
    assert (other.code, "altered" in other.log) == (4, True), other.log
    azure.forge.kept.pop()

    early = azure.run("apply", "apply")
    assert (early.code, "Nobody has approved it" in early.log) == (3, True)
    azure.forge.review("bo")
    done = azure.run("apply", "apply")
    assert done.code == 0, done.log
    assert "Approved by bo on azure, change 7." in done.log

    azure.by_hand("rename", "Visma Norway", "Somebody was here")
    found = azure.run("drift", "drift")
    assert (found.code, "result=SucceededWithIssues" in found.log) == (0, True), found.log
    assert "the journal keeps their digests" in found.log
    shown = azure.run("recover", "recover", choice="show")
    assert shown.code == 0, shown.log
