"""The test of the tests: each planted bug makes the checker report a violation, and without the bug the same trial has none."""

from __future__ import annotations

import pytest

from tests.faults.bugs import BUGS, found_by_checker
from tests.faults.stage import Stage


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(stage: Stage, name: str) -> None:
    without, found = found_by_checker(stage, name)
    assert without == [], "without the bug nothing is wrong"
    assert {one.rule for one in found} & BUGS[name].rules, [str(one) for one in found]
