"""After a partial failure the units that still match go on under the same approval; anything else needs a new one.

Played with the commands of a pipeline, against a tenant and a forge on loopback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from reconciler.emulator import Fault, FaultKind
from tests.forge.scripted import ScriptedForge
from tests.scenarios.stage import TARGET, Stage
from tests.scenarios.test_calls import several


class Pipeline:
    """The commands that a pipeline types for pull request 7."""

    def __init__(self, stage: Stage, forge: ScriptedForge, capsys: pytest.CaptureFixture[str]) -> None:
        self.stage, self.forge, self._capsys = stage, forge, capsys
        self.said = ""

    def type(self, *arguments: str) -> int:
        """One command; what it said is kept, what the tenant heard before it is forgotten."""
        self.stage.emulator.clear_calls()
        self._capsys.readouterr()
        code = run(arguments)
        shown = self._capsys.readouterr()
        self.said, self.out = shown.err, shown.out
        return code

    def plan(self, name: str = "plan.json") -> None:
        assert self.type("--target", TARGET, "--format", "markdown", "plan", "-o", name) == 0, self.said
        Path("plan.md").write_text(self.out, encoding="utf-8")

    def comment(self) -> None:
        assert self.type("comment", "plan.md", "--key", f"plan/{TARGET}", "--plan", "plan.json") == 0, self.said

    def apply(self, *more: str, name: str = "plan.json") -> int:
        return self.type("apply", name, "--require-approval", *more)

    def written(self) -> set[str]:
        """The names of the connections that the last command saved."""
        return {str(call.request["Connection"]["DisplayName"]) for call in self.stage.calls("SaveConnection")}


PERMIT = "permits:\n  - {hazard: limits, address: target/stage, until: 2099-01-31, ticket: CHG-7}\n"


@pytest.fixture
def pipeline(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Pipeline]:
    """Three changes were planned, commented and approved; the first was applied, the second rolled back, the third left alone."""
    yield from in_part(stage, monkeypatch, capsys)


@pytest.fixture
def permitted(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Pipeline]:
    """The same where the target allows one change, and a reviewed permit lets all three through."""
    yield from in_part(stage, monkeypatch, capsys, "limits: {max_changed: 1}", permits=PERMIT)


def in_part(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *limits: str, permits: str = ""
) -> Iterator[Pipeline]:
    """Play it, with these limits and permits."""
    stage.write(several(3))
    assert stage.apply().exit_code == 0
    stage.write_targets(*limits)
    stage.write((stage.folder / "connections.yaml").read_text(encoding="utf-8") + permits)
    stage.change(*((f"nb: Norge {number}", f"nb: Noreg {number}") for number in range(3)))
    monkeypatch.chdir(stage.folder)
    for name in ("GITHUB_EVENT_PATH", "GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedForge() as forge:
        said = {"GITHUB_REPOSITORY": "acme/erp", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_TOKEN": "token", "GITHUB_API_URL": forge.url}
        for name, value in {**stage.environ, **said}.items():
            monkeypatch.setenv(name, value)
        made = Pipeline(stage, forge, capsys)
        made.plan()
        made.comment()
        forge.review("bo")
        stage.emulator.faults.add(Fault("SaveConnection", FaultKind.FORBIDDEN, nth=2))
        assert made.apply() == 5, made.said
        stage.emulator.faults.clear()
        yield made


def test_what_is_left_goes_on_in_a_new_plan_without_a_second_approval(pipeline: Pipeline) -> None:
    pipeline.plan("again.json")
    assert pipeline.apply(name="again.json") == 3  # what was rolled back is not tried again unasked
    assert "It failed before" in pipeline.said
    assert pipeline.apply("--retry-failed", name="again.json") == 0, pipeline.said
    assert "covers what is the same" in pipeline.said
    assert {"Noreg 1" in name or "Noreg 2" in name for name in pipeline.written()} == {True}
    assert len(pipeline.written()) == 2
    assert pipeline.type("--target", TARGET, "history", "--format", "json") == 0
    newest = json.loads(pipeline.out)["runs"][-1]["run"]
    assert pipeline.type("--target", TARGET, "show", newest, "--format", "json") == 0
    approval = json.loads(pipeline.out)["opening"]["actor"]["approval"]
    assert (approval["reviewer"], approval["covers"], approval["verified"]) == ("bo", "units", True)
    assert approval["digest"] == json.loads(Path("plan.json").read_bytes())["digest"]


def test_a_unit_that_nobody_approved_stays_untouched_and_the_exit_code_says_so(pipeline: Pipeline) -> None:
    pipeline.stage.change(("nb: Noreg 1", "nb: Noreg 666"))
    pipeline.plan("again.json")
    assert pipeline.apply(name="again.json") == 5
    assert "Left untouched: connection/c1, not approved: it is not the change that was approved." in pipeline.said
    assert [("Noreg 2" in name) for name in pipeline.written()] == [True]
    assert "Norge 1" in pipeline.stage.connection("Norway 1")["DisplayName"]

    pipeline.plan("third.json")
    assert pipeline.apply(name="third.json") == 3
    assert "it is not the change that was approved" in pipeline.said
    assert pipeline.stage.calls() == []


def test_a_row_that_somebody_edited_meanwhile_is_not_what_was_approved(pipeline: Pipeline) -> None:
    third = pipeline.stage.connection("Norway 2")["ErpConnectionId"]
    pipeline.stage.emulator.edit.describe(third, "Somebody was here")
    pipeline.plan("again.json")
    assert pipeline.apply("--retry-failed", name="again.json") == 5
    assert "Left untouched: connection/c2" in pipeline.said
    assert [("Noreg 1" in name) for name in pipeline.written()] == [True]


def put_back(pipeline: Pipeline, number: int) -> None:
    """Somebody undoes by hand what was applied, so that the same change is due again."""
    row = pipeline.stage.connection(f"Norway {number}")
    pipeline.stage.emulator.edit.rename(row["ErpConnectionId"], row["DisplayName"].replace(f"Noreg {number}", f"Norge {number}"))


def test_a_unit_runs_once_under_an_approval(pipeline: Pipeline) -> None:
    put_back(pipeline, 0)
    pipeline.plan("again.json")
    units = {unit["digest"] for unit in json.loads(Path("again.json").read_bytes())["units"]}
    assert units == {unit["digest"] for unit in json.loads(Path("plan.json").read_bytes())["units"]}
    assert pipeline.apply("--retry-failed", name="again.json") == 5
    assert "Left untouched: connection/c0, not approved: it ran under this approval already." in pipeline.said
    assert "Norge 0" in pipeline.stage.connection("Norway 0")["DisplayName"]

    put_back(pipeline, 2)
    assert pipeline.apply() == 4  # the approved plan never ran this unit itself, and yet it is used up
    assert "A later plan ran" in pipeline.said
    assert pipeline.stage.calls() == []


def test_nothing_goes_on_where_the_approval_or_its_ground_is_gone(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(why: str) -> None:
        assert pipeline.apply("--retry-failed", name="again.json") == 3, pipeline.said
        assert why in pipeline.said
        assert pipeline.stage.calls() == []

    pipeline.plan("again.json")
    head, pipeline.forge.head = pipeline.forge.head, "0" * 40
    refused("and the change ends with 000000000000")
    pipeline.forge.head = head
    monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "bo")
    refused("it is of the one who runs this")
    monkeypatch.delenv("GITHUB_TRIGGERING_ACTOR")
    pipeline.forge.review("bo", "CHANGES_REQUESTED")
    refused("Nobody has approved it")
    pipeline.forge.review("bo")

    pipeline.stage.write_targets("limits: {max_changed: 7}")
    pipeline.plan("again.json")
    refused("limits or policy of the target")
    pipeline.stage.write_targets()
    pipeline.plan("again.json")
    for file in (pipeline.stage.folder / ".reconciler").glob("journal.db*"):
        file.unlink()
    refused("does not name the digest")


def test_a_digest_in_the_words_of_a_file_approves_nothing(pipeline: Pipeline) -> None:
    """Who writes the description decides what the comment says, but not which plan the comment is of."""
    pipeline.stage.change(("nb: Noreg 1", "nb: Noreg 666"))
    pipeline.plan("evil.json")
    evil = json.loads(Path("evil.json").read_bytes())["digest"]
    text = (pipeline.stage.folder / "connections.yaml").read_text(encoding="utf-8")
    text = text.replace("nb: Noreg 666", "nb: Noreg 1").replace("description: Company F0003", f"description: See {evil}", 1)
    pipeline.stage.write(text)
    pipeline.plan()
    pipeline.comment()
    pipeline.forge.review("bo")
    assert evil in pipeline.forge.comments[0].body
    assert pipeline.apply("--retry-failed", name="evil.json") == 3
    assert "does not name the digest" in pipeline.said
    assert pipeline.stage.calls() == []


def test_a_permit_of_the_whole_goes_on_counting_under_the_approval_that_it_was_part_of(permitted: Pipeline) -> None:
    """It counts once: for what was approved with it, in however many parts that is carried out, and for nothing else."""
    assert permitted.type("--target", TARGET, "plan", "-o", "again.json") == 3  # for another approval it is used up
    assert "limits=target/stage" in permitted.out
    assert permitted.apply("--retry-failed", name="again.json") == 0, permitted.said
    assert len(permitted.written()) == 2
