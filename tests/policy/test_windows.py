"""Change windows follow the wall clock of their zone, through both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.policy.windows import Window, local_time

WEEKEND = Window("friday 16:00", "monday 00:00")
YEAR_END = Window("2026-12-18T16:00", "2027-01-04T08:00")


def oslo(text: str) -> datetime:
    return local_time(datetime.fromisoformat(text).replace(tzinfo=UTC), "Europe/Oslo")


@pytest.mark.parametrize(
    ("utc", "held"),
    [
        ("2026-11-20T14:59", False),  # Friday 15:59 in Oslo, winter
        ("2026-11-20T15:00", True),
        ("2026-07-03T13:59", False),  # Friday 15:59 in Oslo, summer
        ("2026-07-03T14:00", True),
        ("2026-10-25T01:30", True),  # Sunday, the hour that comes twice
        ("2026-11-22T22:59", True),
        ("2026-11-22T23:00", False),  # Monday 00:00
        ("2026-11-18T12:00", False),
    ],
)
def test_a_weekly_window(utc: str, held: bool) -> None:
    assert WEEKEND.holds(oslo(utc)) is held


def test_a_weekly_window_and_the_rest_of_the_week_never_overlap_and_leave_nothing_out() -> None:
    rest = Window(WEEKEND.ends, WEEKEND.begins)
    begin = datetime(2026, 3, 23, tzinfo=UTC)  # with the change of the clock on Sunday
    for minute in range(0, 8 * 24 * 60, 7):
        local = local_time(begin + timedelta(minutes=minute), "Europe/Oslo")
        assert WEEKEND.holds(local) is not rest.holds(local)


def test_a_window_of_days() -> None:
    held = [YEAR_END.holds(oslo(utc)) for utc in ("2026-12-18T14:59", "2026-12-18T15:00", "2027-01-04T06:59", "2027-01-04T07:00")]
    assert held == [False, True, True, False]
