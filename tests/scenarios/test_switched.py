"""The scenarios are played under every switch by `make switches`; here: that its table adds up, and that it can fail."""

from __future__ import annotations

from tests.scenarios.switched import BEGIN, END, OTHERWISE, PAGE, Count, counted, merged, play, settings


def test_the_page_adds_up_and_every_setting_was_played() -> None:
    page = PAGE.read_text(encoding="utf-8")
    counts = counted(page)
    assert [one.setting for one in counts] == settings()
    assert f"{len(counts)} of {len(counts)} settings played, {sum(one.run for one in counts):,} scenarios run: " in page
    assert len({one.run for one in counts}) == 1
    assert [one for one in counts if one.run != one.passed + one.otherwise] == []
    assert {one.setting for one in counts if one.otherwise} == OTHERWISE.keys()


def test_what_is_played_again_takes_its_own_row_and_leaves_the_others() -> None:
    first, second, third = settings()[:3]
    page = merged(f"Before.\n{BEGIN}\n{END}\nAfter.\n", [Count(third, 5, 5), Count(first, 5, 4, 1), Count("gone=true", 5, 5)])
    page = merged(merged(page, [Count(second, 5, 3, 2)]), [Count(third, 6, 6)])
    assert counted(page) == [Count(first, 5, 4, 1), Count(second, 5, 3, 2), Count(third, 6, 6)]
    assert f"3 of {len(settings())} settings played, 16 scenarios run: 13 end as by default, 3 rightly in another way." in page
    assert (page.startswith("Before.\n"), page.endswith("\nAfter.\n")) == (True, True)


def test_a_scenario_that_ends_in_another_way_is_told() -> None:
    """Without the right to the agent nothing can be applied."""
    name = "test_absent_needs_permission"
    told = play("agent_granted=false", (f"tests/scenarios/test_connections.py::{name}",))
    assert (told.run, told.passed, told.otherwise, told.wrong) == (1, 0, 0, (name,))
