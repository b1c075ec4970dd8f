"""What a job hands on: secrets to reconciler alone, values that cannot say more than they are, exit codes as each forge reads them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.pipelines.job import Job, main
from reconciler.pipelines.surroundings import Azure, GitHub, GitLab, surroundings_of

MARKS = {"GITHUB_REPOSITORY": GitHub, "CI_PROJECT_ID": GitLab, "SYSTEM_COLLECTIONURI": Azure}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, and no pipeline around it."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("GITHUB_", "INPUT_", "CI", "SYSTEM_", "BUILD_", "RECONCILER_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("mark", MARKS)
def test_the_forge_is_known_by_what_it_sets(mark: str, tmp_path: Path) -> None:
    assert type(surroundings_of({mark: "x"}, tmp_path)) is MARKS[mark]


def test_what_stands_in_one_secret_reaches_reconciler_alone_and_no_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/erp")
    monkeypatch.setenv("RECONCILER_ENV", "SO_APP_TOKEN=abc=def\n\n  SO_USER=anna \nnonsense\nEMPTY=\n=x\n")
    made = Job()
    assert {name: made.environ.get(name) for name in ("SO_APP_TOKEN", "SO_USER", "EMPTY", "RECONCILER_ENV")} == {
        "SO_APP_TOKEN": "abc=def",
        "SO_USER": "anna",
        "EMPTY": None,
        "RECONCILER_ENV": None,
    }
    assert "SO_APP_TOKEN" not in os.environ
    assert capsys.readouterr().out.splitlines() == ["::add-mask::abc=def", "::add-mask::anna"]


@pytest.mark.parametrize("mark", MARKS)
def test_a_value_says_one_thing_and_begins_no_command(
    mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = tmp_path / "outputs"
    forge = surroundings_of({mark: "x", "GITHUB_OUTPUT": str(outputs)}, tmp_path)
    forge.output("digest", "ab\nexit-code=0\r\n##vso[task.complete result=Succeeded;]")
    said = capsys.readouterr().out + "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("outputs*"))
    assert len(said.splitlines()) == 1
    assert said.count("##vso[") == (1 if mark == "SYSTEM_COLLECTIONURI" else 0)
    assert said.rstrip("\n").endswith("abexit-code0vsotask.completeresultSucceeded")


@pytest.mark.parametrize(
    ("mark", "of_plan", "of_drift"), [("GITHUB_REPOSITORY", 0, 0), ("CI_PROJECT_ID", 0, 2), ("SYSTEM_COLLECTIONURI", 0, 0)]
)
def test_a_pending_change_fails_a_job_only_where_nothing_else_would_tell(mark: str, of_plan: int, of_drift: int, tmp_path: Path) -> None:
    forge = surroundings_of({mark: "x"}, tmp_path)
    assert (forge.code(2, looking=False), forge.code(2, looking=True)) == (of_plan, of_drift)
    assert [forge.code(code, looking=True) for code in (0, 1, 3, 4, 5, 6, 7, 64, 70)] == [0, 1, 3, 4, 5, 6, 7, 64, 70]


@pytest.mark.parametrize(
    "arguments", [[], ["destroy"], ["apply", "--yes"], ["apply", "--require-approval", "x"], ["apply; echo pwned"], ["plan", "check"]]
)
def test_what_is_no_job_is_not_begun(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    assert main(arguments) == 64


@pytest.mark.parametrize("choice", ["destroy", "back --reason=x", "--back", "Back"])
def test_an_unknown_choice_settles_nothing(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUT_CHOICE", choice)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    assert main(["recover"]) == 64
