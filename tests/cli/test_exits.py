"""The exit codes of commands that only read, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.cli import exits
from reconciler.model import Hazard, HazardName, TestResult
from tests.report import samples

BARRIER = samples.ELSEWHERE
PERMITTED = replace(BARRIER, permitted=True)
NOTICE = samples.notice(HazardName.TAKES_OVER, samples.VISMA, "Text.")


@pytest.mark.parametrize(
    ("units", "hazards", "detailed", "code"),
    [
        (0, (), False, 0),
        (0, (), True, 0),
        (1, (), False, 0),
        (1, (), True, 2),
        (1, (NOTICE, PERMITTED), False, 0),
        (1, (NOTICE, PERMITTED), True, 2),
        (1, (BARRIER,), False, 3),
        (1, (BARRIER,), True, 3),
        (1, (BARRIER, PERMITTED), True, 3),
        (0, (BARRIER,), True, 3),
    ],
)
def test_a_plan(units: int, hazards: tuple[Hazard, ...], detailed: bool, code: int) -> None:
    plan = samples.plan(*[samples.rename()] * units, hazards=hazards)
    assert exits.of_plan(plan, detailed=detailed) == code


@pytest.mark.parametrize(("passed", "code"), [([], 0), ([True], 0), ([True, True], 0), ([True, False], 3), ([None], 3)])
def test_tests(passed: list[bool | None], code: int) -> None:
    assert exits.of_tests(TestResult(one) for one in passed) == code


@pytest.mark.parametrize(("problems", "code"), [(0, 0), (1, 1), (60, 1)])
def test_validation(problems: int, code: int) -> None:
    assert exits.of_validate(problems) == code


@pytest.mark.parametrize(("units", "code"), [(0, 0), (1, 6)])
def test_a_bare_recover(units: int, code: int) -> None:
    assert exits.of_recover(units) == code


@pytest.mark.parametrize(
    ("code", "lost", "writes", "end"),
    [(0, False, False, 0), (0, True, False, 1), (2, True, False, 1), (3, True, False, 3), (0, True, True, 0), (5, True, True, 5)],
)
def test_output_that_could_not_be_delivered(code: int, lost: bool, writes: bool, end: int) -> None:
    assert exits.of_output(code, lost=lost, writes=writes) == end
