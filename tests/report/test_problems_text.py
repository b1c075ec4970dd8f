"""Problems with their place and line; a line that may hold a secret is never repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InputError, StalePlan
from reconciler.model import Problem, Source
from reconciler.report.problems_text import bug_page, error_page, excerpt, problems_page, usage_page
from tests.report.golden import check

CANARY = "hunter2"


def problem(line: int, column: int, message: str, hint: str = "") -> Problem:
    return Problem("a-code", message, Source("connections.yaml", line, column), hint)


def test_all_problems_in_the_order_of_their_places() -> None:
    problems = [
        problem(14, 13, "`active` must be true or false.", "Write true, without quotes."),
        problem(3, 1, "The key `name` stands twice."),
        problem(20, 24, "A secret stands here in clear.", "Write {secret: env:NAME} and set NAME."),
        Problem("unreadable", "overlay.yaml cannot be read.", Source("overlay.yaml")),
        Problem("no-place", "The folder cannot be read."),
    ]
    lines = {
        problems[0].source: "    active: yes",
        problems[1].source: "name: Visma Norge æøå",
        problems[2].source: f"        PasswordField: {CANARY}",
    }
    shown = {source: line for source, line in lines.items() if source is not None}
    text = problems_page(problems, lines=shown).text()
    check("problems.txt", text)
    assert CANARY not in text


def test_one_problem_with_words_of_its_own() -> None:
    page = problems_page(
        [Problem("run-not-found", "The journal of prod has no run 'x'.", None, "See the runs with: reconciler history")],
        summary="Run not found",
    )
    assert page.text() == "Run not found:\nThe journal of prod has no run 'x'.\n    hint: See the runs with: reconciler history\n"


def test_the_count_is_said_once() -> None:
    error = InputError([problem(1, 1, "One."), problem(2, 1, "Two.")])
    assert problems_page(error.problems, summary=error.summary).text().endswith("\n\n2 problems found.\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("    active: yes", "    active: yes"),
        ("  name: {en: Visma, nb: Norge}", "  name: {en: Visma, nb: Norge}"),
        ("    - name: x", "    - name: x"),
        (f"  PasswordField: {CANARY}", "  PasswordField:"),
        (f"config: {{PasswordField: {CANARY}}}", "config:"),
        (f"name: {{en: x, pwd: {CANARY}}}", "name:"),
        (f"  password: {CANARY}", "  password:"),
        (f"url: https://me:{CANARY}@host", "url:"),
        (f"- {CANARY}", None),
        (CANARY, None),
        (f'"PasswordField": {CANARY}', None),
        (f"? {CANARY}", None),
        (f"{{a: {CANARY}", None),
        ("", None),
    ],
)
def test_a_line_is_repeated_only_as_far_as_it_holds_no_value_of_others(line: str, shown: str | None) -> None:
    assert excerpt(line) == shown


@given(
    st.sampled_from(["PasswordField", "Pw", "secret", "token", "app_token", "config", "url", "key", "x y"]),
    st.text(max_size=30),
    st.text(max_size=5),
)
def test_what_stands_after_a_foreign_key_is_never_shown(key: str, value: str, lead: str) -> None:
    shown = excerpt(f"{lead}{key}: {value}{CANARY}")
    assert shown is None or CANARY not in shown


@given(st.text(), st.integers(1, 50), st.booleans())
def test_no_source_line_breaks_the_page(line: str, column: int, colour: bool) -> None:
    found = problem(3, column, "A message.")
    text = problems_page([found], lines={found.source: line} if found.source else {}).text(colour=colour)
    assert all(char.isprintable() for char in text.replace("\n", "").replace("\x1b", ""))


def test_an_error_says_what_why_and_what_next() -> None:
    assert error_page(StalePlan("The plan has expired", "It was good until noon.", "Make a new one.")).text() == (
        "The plan has expired: It was good until noon.\nhint: Make a new one.\n"
    )
    assert error_page(StalePlan("The plan has expired")).text() == "The plan has expired.\n"


def test_a_wrong_command_line() -> None:
    assert usage_page("There is no command 'aply'.", hint="Did you mean 'apply'?", usage="Type `reconciler --help`.").text() == (
        "There is no command 'aply'.\nhint: Did you mean 'apply'?\nType `reconciler --help`.\n"
    )


def test_a_bug_tells_where_and_what_now() -> None:
    assert bug_page("KeyError", "reconciler/flow.py:12 (plan)", journal="/x/journal.db").text() == (
        "This is a bug in reconciler: KeyError at reconciler/flow.py:12 (plan).\nJournal: /x/journal.db\n"
    )
    assert "reconciler recover" in bug_page("KeyError", "x", run_begun=True).text()
