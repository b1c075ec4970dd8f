"""The engine's own bounds, each of which keeps a rule from costing more than a moment."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.model import Source
from reconciler.policy.cel import Engine

NAMES = {
    "who.actor": "string",
    "who.ci": "bool",
    "count.units": "int",
    "time.now": "timestamp",
    "units": "rows",
    "who.approvers": "strings",
}
VALUES: dict[str, Any] = {
    "who.actor": "anna",
    "who.ci": True,
    "count.units": 2,
    "time.now": datetime(2026, 11, 22, tzinfo=UTC),
    "units": [{"address": f"connection/{number}", "number": number} for number in range(300)],
    "who.approvers": ["bo"],
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(NAMES, Source("policy.yaml"))


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ('who.actor == "anna" && who.ci', True),
        ('"bo" in who.approvers', True),
        ("units.exists(u, u.number == 299)", True),
        ('time.now < timestamp("2026-01-01T00:00:00Z")', False),
        ("units[1].number == 1", True),
        ('has(units[0].nothing) || who.actor.startsWith("b")', False),
    ],
)
def test_what_holds(engine: Engine, expression: str, answer: bool) -> None:
    assert engine.check(expression) is None
    assert engine.evaluate(expression, VALUES) is answer


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("units[0].nothing == 1", "Key not found"),
        ("units[999].number == 1", "Index error"),
        ("1 / (count.units - 2) == 1", "divide by zero"),
        ("count.units + 9223372036854775807 > 0", "overflow"),
        ("units.all(a, units.all(b, a.number + b.number >= 0))", "budget"),
        ("units.map(a, units.map(b, units.map(c, c))).size() > 0", "budget"),
        ("units[0].address", "a rule says yes or no"),
    ],
)
def test_what_cannot_be_evaluated_says_why_and_takes_a_moment(engine: Engine, expression: str, told: str) -> None:
    began = time.process_time()
    answer = engine.evaluate(expression, VALUES)
    assert isinstance(answer, str)
    assert told in answer
    assert time.process_time() - began < 2


def test_a_value_that_is_missing_cannot_be_evaluated(engine: Engine) -> None:
    without = {name: value for name, value in VALUES.items() if name != "units"}
    assert isinstance(engine.evaluate("units.size() > 2", without), str)
    assert engine.evaluate("count.units > 1", without) is True


def test_a_regular_expression_takes_linear_time(engine: Engine) -> None:
    began = time.process_time()
    assert engine.evaluate('who.actor.matches("^(a+)+$")', {**VALUES, "who.actor": "a" * 50_000 + "!"}) is False
    assert time.process_time() - began < 2


def test_texts_that_no_encoding_has_are_evaluated(engine: Engine) -> None:
    assert engine.evaluate('who.actor == "anna"', {**VALUES, "who.actor": "\ud800"}) is False
    assert isinstance(engine.evaluate("units[0].number == 1", {**VALUES, "units": [{"number": 2**80}]}), (str, bool))


def test_commands_that_need_no_policy_do_not_load_the_engine() -> None:
    script = "import sys, reconciler.flow.planning, reconciler.cli.plan; sys.exit('cel_expr_python' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
