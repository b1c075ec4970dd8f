"""What was approved is what runs: the life of a pull request, played with the commands that a pipeline types."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Folder
from tests.forge.scripted import ScriptedForge


@pytest.fixture(name="forge")
def a_forge(monkeypatch: pytest.MonkeyPatch) -> ScriptedForge:
    """A forge on which this pipeline runs for pull request 7."""
    forge = ScriptedForge()
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/erp")
    monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
    monkeypatch.setenv("GITHUB_TOKEN", "forge-token-canary")
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    monkeypatch.delenv("GITHUB_TRIGGERING_ACTOR", raising=False)
    return forge


def planned(folder: Folder, number: int) -> None:
    """Somebody pushes: the pipeline plans, saves the plan and comments it."""
    text = folder.file.read_text(encoding="utf-8")
    folder.write(text.replace(next(line for line in text.splitlines() if "IntegerField" in line), f"      IntegerField: {number}"))
    shown = folder.run("plan", "-o", "plan.json", "--format", "markdown")
    assert shown.code == 0, shown.err
    (folder.path / "comment.md").write_text(shown.out, encoding="utf-8")
    assert folder.run("comment", "comment.md", "--key", "plan/emulator", "--plan", "plan.json").code == 0


def test_a_pull_request_from_the_first_push_to_the_apply(applied: Folder, forge: ScriptedForge, monkeypatch: pytest.MonkeyPatch) -> None:
    with forge:
        monkeypatch.setenv("GITHUB_API_URL", forge.url)
        planned(applied, 13)
        planned(applied, 14)
        assert len(forge.comments) == 1
        digest = json.loads((applied.path / "plan.json").read_text(encoding="utf-8"))["digest"]
        assert digest in forge.comments[0].body

        alone = applied.run("apply", "plan.json", "--require-approval")
        assert alone.code == 3
        assert "Nobody has approved it" in alone.err

        forge.review("anna")
        assert applied.run("apply", "plan.json", "--require-approval").code == 3

        forge.review("bo")
        forge.merger = "cai"
        monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "kari")
        done = applied.run("apply", "plan.json", "--require-approval")
        assert done.code == 0, done.err
        assert "Approved by bo on github, change 7." in done.err
    run = applied.run("history", "--format", "json")
    newest = json.loads(run.out)["runs"][-1]["run"]
    shown = applied.run("show", newest).out
    assert "by bo, verified on github change 7 by anna, 2026-11-22" in shown
    told = applied.run("audit", "report", newest, "--format", "json")
    page = applied.run("audit", "report", newest).out
    approval = json.loads(told.out)["opening"]["actor"]["approval"]
    assert {name: approval[name] for name in ("author", "reviewer", "executor", "merged_by")} == {
        "author": "anna",
        "reviewer": "bo",
        "executor": "kari",
        "merged_by": "cai",
    }
    assert "neither the author of the change (anna) nor the one who ran it (kari)" in " ".join(page.split())
    assert applied.run("audit", "changes").out.splitlines()[-1].count('"anna"') == 1


def test_a_push_after_the_approval_makes_it_worthless(applied: Folder, forge: ScriptedForge, monkeypatch: pytest.MonkeyPatch) -> None:
    with forge:
        monkeypatch.setenv("GITHUB_API_URL", forge.url)
        planned(applied, 13)
        forge.review("bo")
        planned(applied, 14)
        refused = applied.run("apply", "plan.json", "--require-approval")
        assert refused.code == 3
        assert "the plan was made after it" in refused.err


def test_a_forge_that_does_not_answer_lets_nothing_through(applied: Folder, forge: ScriptedForge, monkeypatch: pytest.MonkeyPatch) -> None:
    with forge:
        monkeypatch.setenv("GITHUB_API_URL", forge.url)
        planned(applied, 13)
        forge.review("bo")
        forge.mishaps = [(500, b"", {})] * 20
        refused = applied.run("apply", "plan.json", "--require-approval")
        assert refused.code == 1
        assert "forge-token-canary" not in refused.err


def test_an_approval_from_elsewhere_is_recorded_as_said(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("apply", "--yes", "--attest-approval", "CAB-17 by Kari").code == 0
    newest = json.loads(applied.run("history", "--format", "json").out)["runs"][-1]["run"]
    assert "as CAB-17 by Kari says; attested, not verified" in applied.run("show", newest).out


def test_without_a_saved_plan_there_is_nothing_that_was_approved(applied: Folder) -> None:
    assert applied.run("apply", "--yes", "--require-approval").code == 64
