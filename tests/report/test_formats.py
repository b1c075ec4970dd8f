"""Every format of every subject: whole files, each held against the public schema of its format."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from reconciler.errors import InputError, ReconcilerError, StalePlan
from reconciler.model import Address, Plan, Problem, Source, TestResult
from reconciler.report.formats import Writer
from reconciler.report.invocation import Invocation
from tests.report import journalled, samples
from tests.report.golden import check
from tests.report.read_back import hidden, read_html, read_markdown
from tests.report.test_hostile import gitlab, json_schema, junit_schema
from tests.report.test_plan_text import FULL, NEXT
from tests.report.test_run_text import BACK, BAD, LEFT, OK, TESTS, report

FORMATS = ("json", "markdown", "html", "junit", "sarif", "github", "gitlab", "azure")
ENDINGS = {
    "json": "json",
    "markdown": "md",
    "html": "html",
    "junit": "xml",
    "sarif": "sarif",
    "github": "github.txt",
    "gitlab": "gitlab.json",
    "azure": "azure.txt",
}
PROBLEMS = (
    Problem("unknown-key", "There is no key 'nmae' here.", Source("connections.yaml", 12, 5), "Did you mean 'name'?"),
    Problem("missing-key", "A connection needs a name.", Source("overlays/my prod.yaml", 3), address=samples.VISMA),
    Problem("unreadable", "It cannot be read.", Source("gone.yaml")),
)
RESULTS: list[tuple[Address | str, TestResult]] = [
    (samples.VISMA, TestResult(passed=True, seconds=0.3)),
    (samples.FORTNOX, TestResult(passed=False, seconds=1.2, detail="wrong password")),
    ("Old", TestResult(passed=None, seconds=30.0, detail="no answer")),
]
FILES = [("connections.yaml", True), ("overlays/prod.yaml", False)]
INPUT, STALE = InputError(list(PROBLEMS)), StalePlan("The plan is stale", "Live state differs.", "reconciler plan -o plan.json")


def plan(form: str, made: Plan = FULL) -> str:
    return Writer(form, "plan", "prod").plan(made, window_seconds={}, next_steps=NEXT, exit_code=3)


def run(form: str, *units: Any, code: int = 5, stopped: str = "SuperOffice refused") -> str:
    places = {unit.address: unit.source for unit in FULL.units}
    return Writer(form, "apply", "prod").run(report(*units, code=code, stopped=stopped), TESTS, places=places, typed=Invocation("prod"))


SUBJECTS = {
    "plan": plan,
    "plan-nothing": lambda form: plan(form, samples.plan()),
    "run": lambda form: run(form, OK, BACK, LEFT),
    "run-attention": lambda form: run(form, OK, BAD, code=6),
    "run-nothing": lambda form: run(form, code=0, stopped=""),
    "problems": lambda form: Writer(form, "validate", "prod").problems(None, PROBLEMS),
    "valid": lambda form: Writer(form, "validate", None).problems(None, ()),
    "tests": lambda form: Writer(form, "test", "prod").tests(RESULTS, 3),
    "fmt-check": lambda form: Writer(form, "fmt").fmt(FILES, 3, check=True),
    "fmt": lambda form: Writer(form, "fmt").fmt(FILES, 0, check=False),
    "error-input": lambda form: Writer(form, "apply", "prod").error(INPUT),
    "error-stale": lambda form: Writer(form, "apply", "prod").error(STALE),
    "show": lambda form: Writer(form, "show", "prod").show(journalled.view()),
}
CASES = [(name, form) for name in SUBJECTS for form in FORMATS if name != "show" or form in ("json", "markdown", "html", "junit")]
GOLDEN = {"plan", "run", "problems", "tests", "fmt-check", "error-stale"}


@pytest.mark.parametrize(("name", "form"), CASES)
def test_every_document_is_valid_by_the_schema_of_its_format(name: str, form: str) -> None:
    text = SUBJECTS[name](form)
    if name in GOLDEN and form not in ("json", "html"):
        check(f"format-{name}.{ENDINGS[form]}", text)
    assert hidden(text) == []
    if form == "json":
        assert json.loads(text)["format"].startswith("reconciler/")
    elif form == "markdown":
        assert read_markdown(text)[1][0] == "h2"
    elif form == "html":
        read_html(text)
    elif form == "junit":
        junit_schema().validate(text)
    elif form == "sarif":
        jsonschema.Draft4Validator(json_schema("sarif-2.1.0-rtm.5.json")).validate(json.loads(text))
    elif form == "gitlab":
        jsonschema.Draft202012Validator(gitlab("terraform" if name.startswith("plan") else "code-quality")).validate(json.loads(text))


def test_the_schemas_refuse_what_is_not_of_their_format() -> None:
    """The checks above would be worth nothing with a schema that takes everything."""
    log = json.loads(plan("sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not jsonschema.Draft4Validator(json_schema("sarif-2.1.0-rtm.5.json")).is_valid(log)
    assert not junit_schema().is_valid(plan("junit").replace("<testcase ", "<case ").replace("</testcase>", "</case>"))
    assert not jsonschema.Draft202012Validator(gitlab("code-quality")).is_valid([{"description": "x"}])
    assert not jsonschema.Draft202012Validator(gitlab("terraform")).is_valid({"create": -1, "update": 0, "delete": 0})


def test_every_finding_keeps_a_fingerprint_of_its_own_that_outlives_a_moved_line() -> None:
    moved = [
        Problem(one.code, one.message, Source(one.source.file, one.source.line + 7, 1), one.hint, one.address)
        for one in PROBLEMS
        if one.source
    ]
    writer = Writer("gitlab", "validate", "prod")
    before, after = (json.loads(writer.problems(None, listed)) for listed in ((*PROBLEMS, PROBLEMS[0]), moved))
    assert len({one["fingerprint"] for one in before}) == 4
    assert {one["fingerprint"] for one in after} < {one["fingerprint"] for one in before}


def test_a_failed_plan_gives_no_widget_at_all() -> None:
    error: ReconcilerError = StalePlan("x", "y")
    assert Writer("gitlab", "plan", "prod").error(error) == ""


def test_links_of_sarif_cannot_be_made_by_a_message() -> None:
    problem = Problem("x", "see [here](https://evil.example) \\", Source("a.yaml", 1, 1))
    log = json.loads(Writer("sarif", "validate", None).problems(None, [problem]))
    assert log["runs"][0]["results"][0]["message"]["text"] == "see \\[here\\](https://evil.example) \\\\"


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/ø.yaml", "a%20b/%C3%B8.yaml"),
        ("C:\\x\\y.yaml", "file:///C:/x/y.yaml"),
        ("/x/y.yaml", "file:///x/y.yaml"),
        ("..\\up.yaml", "../up.yaml"),
    ],
)
def test_sarif_places_are_uris(file: str, uri: str) -> None:
    log = json.loads(Writer("sarif", "validate", None).problems(None, [Problem("x", "m", Source(file, 1, 1))]))
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
