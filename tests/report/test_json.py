"""The objects for machines: complete, ASCII, with their format and their target."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InputError, StalePlan
from reconciler.model import Address, Desired, DesiredConnection, Problem, RecoverUnit, RunReport, Source, Status, TestResult
from reconciler.report import json as objects
from reconciler.report.show_json import show_object
from tests.report import journalled
from tests.report.golden import check
from tests.report.test_lists_text import DONE, OPEN, ROWS
from tests.report.test_run_text import BACK, BAD, LEFT, OK, TESTS, report

PROBLEM = Problem("wrong-type", "A message.", Source("a.yaml", 3, 4), "Do this.", Address.connection("a"))
UNPLACED = Problem("unreadable", "A message.", Source("b.yaml"))
DESIRED = Desired("en", {}, {"a": DesiredConnection("a", Source("a.yaml", 1, 1))}, files=(("a.yaml", "d" * 64),))
UNIT = RecoverUnit("r", Address.connection("a"), ("known",), "now", "back", "why")
RESULTS: list[tuple[Address | str, TestResult]] = [
    (Address.connection("a"), TestResult(True, 0.5)),
    ("Old", TestResult(None, 30.0, "no answer")),
]
DOCUMENTS: dict[str, dict[str, Any]] = {
    "apply": objects.apply_object(report(OK, BACK, LEFT, BAD, code=6, stopped="x"), TESTS),
    "validate": objects.validate_object(DESIRED, [], target="prod"),
    "invalid": objects.validate_object(None, [PROBLEM, UNPLACED], target=None),
    "test": objects.verdicts_object("prod", RESULTS, 3),
    "status": objects.status_object(Status("prod", ROWS, (OPEN,), ("reconciler recover",))),
    "history": objects.history_object("prod", [DONE, OPEN]),
    "show": show_object(journalled.view()),
    "recover": objects.recover_object("prod", [UNIT], 6),
    "recovered": objects.recovered_object(report(BACK, code=5), TESTS, "back"),
    "error": objects.error_object(StalePlan("The plan has expired", "Detail.", "Hint."), command="apply", target="prod"),
    "input-error": objects.error_object(InputError([PROBLEM]), command="plan", target=None),
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_shape_of_each_object(name: str) -> None:
    check(f"json-{name}.json", objects.json_text(DOCUMENTS[name]))


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_each_object_names_its_format_and_its_target(name: str) -> None:
    document = DOCUMENTS[name]
    assert document["format"].startswith("reconciler/")
    assert document["format"].endswith("/v1")
    assert "target" in document


@given(st.text(st.characters(codec=None)), st.booleans())
def test_every_character_survives_as_ascii_and_none_gives_orders(text: str, compact: bool) -> None:
    rendered = objects.json_text({"a": text, f"##vso[{text}": [text]}, compact=compact)
    assert rendered.isascii()
    assert rendered.replace("\n", "").isprintable()
    assert "##vso[" not in rendered
    assert json.loads(rendered) == {"a": text, f"##vso[{text}": [text]}


def test_compact_text_is_the_form_in_which_plans_are_saved() -> None:
    assert objects.json_text({"b": 1, "a": [True, None]}, compact=True) == '{"a":[true,null],"b":1}\n'


def test_a_run_without_units_is_an_object_too() -> None:
    assert objects.apply_object(RunReport("", "prod", "d", (), 0, "", 0.0))["units"] == []
