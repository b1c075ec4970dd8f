"""The scenarios are played under every switch by `make switches`; here: that its table adds up, and that it can fail."""

from __future__ import annotations

import re

from tests.scenarios.switched import OTHERWISE, PAGE, play, settings

ROW = re.compile(r"^\| `([^`]+)` \| (\d+) \| (\d+) \| (\d*) \|$", re.MULTILINE)


def test_the_page_adds_up_and_says_how_many_settings_were_played() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("<!-- switched: begin -->")[2]
    counts = {name: (int(run), int(passed), int(otherwise or 0)) for name, run, passed, otherwise in ROW.findall(table)}
    assert counts
    assert counts.keys() <= set(settings())
    assert f"{len(counts)} of {len(settings())} settings played" in table
    assert {name for name, (run, passed, otherwise) in counts.items() if run != passed + otherwise} == set()
    assert {name for name, (_, _, otherwise) in counts.items() if otherwise} == OTHERWISE.keys()


def test_a_scenario_that_ends_in_another_way_is_told() -> None:
    """Without the right to the agent nothing can be applied."""
    name = "test_absent_needs_permission"
    told = play("agent_granted=false", (f"tests/scenarios/test_connections.py::{name}",))
    assert (told.run, told.passed, told.otherwise, told.wrong) == (1, 0, (), (name,))
