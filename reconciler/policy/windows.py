"""Change windows: stretches of time on the wall clock of a named time zone, every week or once.

Effects: reads the time zones of the system (or of the package tzdata).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKLY: Final = re.compile(rf"({'|'.join(DAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])")
_ONCE: Final = re.compile(r"20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment on the wall clock up to, and not including, another one: both in the week, or both on a day."""

    begins: str
    ends: str

    @property
    def problem(self) -> str:
        """What is wrong with it, as a full sentence; empty when nothing is."""
        weekly = [bool(_WEEKLY.fullmatch(one)) for one in (self.begins, self.ends)]
        if not all(weekly) and not all(_moment(one) for one in (self.begins, self.ends)):
            return "A window begins and ends in the week (`friday 16:00`), or at two moments (`2026-12-18T16:00`)."
        if self.begins == self.ends or (not any(weekly) and self.begins > self.ends):
            return "This window ends before it begins."
        return ""

    def holds(self, local: datetime) -> bool:
        """Whether it is open at a time of its zone's wall clock."""
        if not _WEEKLY.fullmatch(self.begins):
            begins, ends = datetime.fromisoformat(self.begins), datetime.fromisoformat(self.ends)
            return begins <= local.replace(tzinfo=None) < ends
        now, first, last = (local.weekday() * 24 + local.hour) * 60 + local.minute, _minute(self.begins), _minute(self.ends)
        return first <= now < last if first < last else now >= first or now < last


def local_time(now: datetime, zone: str) -> datetime:
    """A moment on the wall clock of a zone.

    Raises:
        KeyError, ValueError, OSError: there is no such zone here.
    """
    return now.astimezone(ZoneInfo(zone))


def _minute(text: str) -> int:
    """The minute of the week, from Monday."""
    day, _, clock = text.partition(" ")
    return (DAYS.index(day) * 24 + int(clock[:2])) * 60 + int(clock[3:])


def _moment(text: str) -> bool:
    try:
        return bool(_ONCE.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False
