"""Nothing that a tenant or a file says leaves its place in a report. `RECONCILER_HOSTILE=all` runs a thousand plans instead of the gate's sample."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema

from reconciler.model import PermitState, Plan, Problem, Ruling, Source
from reconciler.report.formats import Writer
from reconciler.report.html import html_text
from reconciler.report.markdown import LIMIT, markdown_text
from reconciler.report.plan_document import plan_document
from reconciler.report.plan_text import plan_page
from tests.report import hostile
from tests.report.read_back import expected_markdown, hidden, orders, read_html, read_markdown, same_blocks

SCHEMAS = Path(__file__).parent / "schemas"
BATCH = 25
BATCHES = range(0, hostile.COUNT, BATCH)
FINDING = re.compile(r"::(?:error|warning|notice) (?:\w+=[^,:]*,)*\w+=[^,:]*::.*", re.DOTALL)
ISSUE = re.compile(r"##vso\[task\.logissue (?:\w+=[^;\]]*;)*\w+=[^;\]]*\].*", re.DOTALL)


@cache
def json_schema(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


def gitlab(part: str) -> Any:
    return {**json_schema("gitlab.json"), "$ref": f"#/$defs/{part}"}


def written(made: Plan, form: str) -> str:
    return Writer(form, "plan", made.target).plan(made, window_seconds={}, next_steps=[("Next", "reconciler apply plan.json")], exit_code=0)


def told_beside(made: Plan) -> int:
    """How many permits that do nothing, and rules that speak, a plan has."""
    speaking = 0 if made.policy is None else sum(1 for one in made.policy.verdicts if one.ruling is not Ruling.PASSED)
    return speaking + sum(1 for one in made.permits if one.state is not PermitState.PERMITS)


@pytest.mark.parametrize("first", BATCHES)
def test_markdown_is_read_as_exactly_the_blocks_that_were_meant(first: int) -> None:
    for seed in range(first, first + BATCH):
        document = plan_document(hostile.plan(seed), next_steps=[("Next", "reconciler apply plan.json")])
        text = markdown_text(document)
        assert len(text.encode("utf-8", "surrogatepass")) <= LIMIT
        same_blocks(read_markdown(text), expected_markdown(document))
        assert hidden(text) == []
        assert orders(text) == []
        assert not re.search(r"^/\w", text, re.MULTILINE)


@pytest.mark.parametrize("first", BATCHES)
def test_html_is_one_strict_page_without_a_script(first: int) -> None:
    for seed in range(first, first + BATCH):
        text = html_text(plan_document(hostile.plan(seed)))
        read_html(text)
        assert hidden(text) == []
        assert orders(text) == []


@pytest.mark.parametrize("first", BATCHES)
def test_machines_get_lines_of_ours_only_and_documents_of_their_schema(first: int) -> None:
    for seed in range(first, first + BATCH):
        made = hostile.plan(seed)
        commands = written(made, "github")
        assert hidden(commands) == []
        assert all(FINDING.fullmatch(line) for line in commands.splitlines())
        assert len(commands.splitlines()) == 1 + len(made.hazards) + len(made.not_checked) + told_beside(made)
        issues = written(made, "azure")
        assert hidden(issues) == []
        assert all(ISSUE.fullmatch(line) for line in orders(issues))
        assert all(not orders(line[2:]) for line in issues.splitlines())
        for form in ("json", "sarif", "gitlab", "junit"):
            text = written(made, form)
            assert (hidden(text), orders(text), text.isascii()) == ([], [], True)
            if form == "sarif" and seed % 5 == 0:
                jsonschema.Draft4Validator(json_schema("sarif-2.1.0-rtm.5.json")).validate(json.loads(text))
            elif form == "gitlab":
                jsonschema.Draft202012Validator(gitlab("terraform")).validate(json.loads(text))
            elif form == "junit":
                junit_schema().validate(text)


@pytest.mark.parametrize("first", BATCHES)
def test_text_holds_no_order_and_nothing_hidden(first: int) -> None:
    for seed in range(first, first + BATCH):
        text = plan_page(hostile.plan(seed)).text()
        assert (hidden(text), orders(text)) == ([], [])


ODD_FILE = "a,line=1::x\n::error::y;type=error]z%0A##vso[q]\u202e"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("github", r"::error file=a%2Cline=1%3A%3Ax\n%3A%3Aerror%3A%3Ay;type=error]z%250A\x23#vso[q]\u202e,line=2,col=3,title=odd::wrong"),
        (
            "azure",
            r"##vso[task.logissue type=error;sourcepath=a,line=1::x\n::error::y%3Btype=error%5Dz%AZP250A\x23#vso[q%5D\u202e;linenumber=2;columnnumber=3;code=odd]wrong",
        ),
    ],
)
def test_the_name_of_a_file_stays_one_property(form: str, line: str) -> None:
    problem = Problem("odd", "wrong", Source(ODD_FILE, 2, 3))
    assert Writer(form, "validate", "prod").problems(None, [problem]) == f"{line}\n"
