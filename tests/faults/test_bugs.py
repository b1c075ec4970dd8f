"""The test of the tests: each planted bug makes the checker report a violation, and without the bug the same trial has none."""

from __future__ import annotations

import pytest

from tests.faults.bugs import BUGS
from tests.faults.checker import judge
from tests.faults.stage import Stage


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = BUGS[name]
    prepared = stage.prepare(bug.scenario)
    stage.begin(prepared)
    assert judge(stage.apply(prepared, *bug.harms), prepared) == [], "without the bug nothing is wrong"
    with monkeypatch.context() as patch:
        bug.plant(patch)
        stage.begin(prepared)
        first = stage.apply(prepared, *bug.harms)
    found = judge(first, prepared)
    assert {one.rule for one in found} & bug.rules, [str(one) for one in found]
