"""`--format` on the command line: one document on standard output, the exit code as ever, and the log readable beside it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import FILE, Folder

BEGINS = {
    "markdown": "<!-- reconciler:plan target=emulator -->\n\n## Plan for `emulator`: ",
    "html": "<!DOCTYPE html>\n",
    "junit": '<testsuites name="reconciler plan on emulator" tests="2" failures="0" errors="0" time="0.000">\n',
    "sarif": '{\n  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",\n  "version": "2.1.0",\n',
    "github": "::notice title=Plan for emulator::2 to create.\n",
    "gitlab": '{\n  "create": 2,\n  "update": 0,\n  "delete": 0\n}\n',
    "azure": "Plan for emulator: 2 to create.\n",
}


@pytest.mark.parametrize("form", BEGINS)
def test_a_plan_in_every_format_and_the_saved_one_shown_again_is_the_same(folder: Folder, form: str) -> None:
    folder.write()
    done = folder.run("--format", form, "plan", "-o", "plan.json")
    assert done.code == 0
    assert done.out.startswith(BEGINS[form])
    assert ("+ create  connection/visma-no" in done.err) == (form in ("github", "azure"))
    again = folder.run("show", "plan.json", "--format", form)
    assert (again.code, again.out) == (0, done.out)


def test_a_saved_plan_is_shown_as_text_with_the_command_that_runs_it(folder: Folder) -> None:
    folder.write()
    folder.run("plan", "-o", "plan.json")
    shown = folder.run("show", "plan.json").out
    assert shown.startswith("Plan for emulator: 2 to create.\n")
    assert shown.endswith("Next:  reconciler apply plan.json\n")
    (folder.path / "plan.json").write_text("{}", encoding="utf-8")
    assert folder.run("show", "plan.json").code == 4


@pytest.mark.parametrize("form", ["markdown", "html", "junit", "sarif", "github", "gitlab", "azure"])
def test_what_an_apply_did_in_every_format(folder: Folder, form: str) -> None:
    folder.write()
    done = folder.run("apply", "--yes", "--format", form)
    assert done.code == 0, done.err
    said = {
        "markdown": "2 as desired",
        "html": "2 as desired",
        "junit": 'tests="2" failures="0"',
        "sarif": '"results": []',
        "gitlab": "[]",
        "github": "::notice title=Run ",
        "azure": "2 as desired.",
    }
    assert said[form] in done.out
    assert "+ create  connection/visma-no" in done.err
    nothing = folder.run("apply", "--yes", "--format", form)
    assert nothing.code == 0
    assert nothing.out


def test_a_run_as_a_page_for_an_auditor(applied: Folder) -> None:
    run = json.loads(applied.run("history", "--format", "json").out)["runs"][0]["run"]
    page = applied.run("show", run, "--format", "html").out
    assert "What the plan was to change" in page
    assert "TestConnectionByConfig" in page or "test with the new configuration" in page
    assert ET.fromstring(applied.run("show", run, "--format", "junit").out).get("tests") == "2"
    refused = applied.run("show", run, "--format", "sarif")
    assert (refused.code, refused.out) == (64, "")


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("github", "::error file=connections.yaml,line="),
        ("azure", "##vso[task.logissue type=error;sourcepath=connections.yaml;linenumber="),
        ("markdown", "<!-- reconciler:validate target= -->"),
        ("html", "<!DOCTYPE html>"),
    ],
)
def test_problems_are_told_in_the_format_that_was_asked_for(folder: Folder, form: str, begins: str) -> None:
    folder.write(FILE.replace("active: true", "active: perhaps"))
    done = folder.run("validate", "--format", form)
    assert done.code == 1
    assert done.out.startswith(begins)
    assert "1 problem found" in done.err
    assert (
        folder.run("plan", "--format", form)
        .out.replace("reconciler:plan target=emulator", "reconciler:validate target=")
        .startswith(begins)
    )


def test_places_are_told_from_the_root_of_the_checkout(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder.path / "customers" / "acme"
    deep.mkdir(parents=True)
    (deep / "connections.yaml").write_text(FILE.replace("active: true", "active: perhaps"), encoding="utf-8")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder.path))
    monkeypatch.chdir(deep)
    assert folder.run("validate", "--format", "github").out.startswith("::error file=customers/acme/connections.yaml,line=")
    issues = json.loads(folder.run("validate", "--format", "gitlab").out)
    assert issues[0]["location"]["path"] == "customers/acme/connections.yaml"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path(folder.path) / "elsewhere"))
    assert folder.run("validate", "--format", "github").out.startswith("::error file=connections.yaml,line=")


def test_files_out_of_form_are_marked(folder: Folder) -> None:
    folder.write(FILE.replace("  visma:\n", "  visma:    # spaced\n"))
    done = folder.run("fmt", "--check", "--format", "github")
    assert done.code in (0, 3)
    assert bool(done.out) == (done.code == 3)


def test_tests_in_every_format(applied: Folder) -> None:
    assert applied.run("test", "--format", "github").out == ""
    assert 'failures="0"' in applied.run("test", "--format", "junit").out
    assert "| passed | `connection/visma-no` |" in applied.run("test", "--format", "markdown").out
