"""The test of the tests: each seeded mistake makes the test fail that is there to catch it.

`RECONCILER_BUGS=all` tries every one of them, each in a process of its own; the gate tries a fixed few. That the tests pass without a
mistake is seen by the gate, which runs them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.faults.bugs import BUGS
from tests.faults.seeded import ROOT, SEEDED, caught

WHOLE = os.environ.get("RECONCILER_BUGS") == "all"
SAMPLE = ("believes_a_200", "believes_one_read", "drops_the_digest_check", "ignores_the_lease")


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDED if WHOLE else SAMPLE)
def test_a_seeded_mistake_makes_its_test_fail(name: str) -> None:
    found, told = caught(name, SEEDED[name].test)
    assert found, told


def test_a_test_that_passes_is_not_taken_for_one_that_fails() -> None:
    assert not caught(None, SEEDED["believes_a_200"].test)[0]


def test_there_are_enough_mistakes_and_each_names_a_test_that_exists(record_property: Callable[[str, object], None]) -> None:
    assert not BUGS.keys() & SEEDED.keys()
    assert len(SEEDED) >= 15
    for mistake in SEEDED.values():
        path, _, test = mistake.test.partition("::")
        assert f"def {test.partition('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8"), mistake.test
    record_property("figure", f"seeded mistakes: {len(SEEDED)} for tests of their own, {len(BUGS)} for the checker")
