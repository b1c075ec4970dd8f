"""A period of days or moments, against which events are held by the time that their writers' clocks gave them.

Effects: none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reconciler.errors import UsageProblem

__all__ = ["Period", "period_of"]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on, up to and without another; each empty where the period has no such end. ISO 8601 UTC, as events have it.

    Attributes:
        words: how it was given, for people.
    """

    begin: str = ""
    end: str = ""
    words: str = "all the time that the journal covers"

    def holds(self, at: str) -> bool:
        """Whether a moment lies in it."""
        return self.begin <= at and (not self.end or at < self.end)


def period_of(begin: str | None, end: str | None) -> Period:
    """The period between two days, both of them in it, or two moments.

    Raises:
        UsageProblem: one is neither a day nor a moment, or the first comes after the last.
    """
    first = "" if begin is None else _moment(begin, "--from")
    last = "" if end is None else _moment(end, "--to", whole=True)
    if first and last and last <= first:
        raise UsageProblem("There is no such period", f"It begins with {begin} and ends with {end}.", "Give the earlier one to --from.")
    parts = [
        f"from {begin}" if begin else "",
        f"to {end}, both days included" if end and _DAY.fullmatch(end) else f"to {end}" if end else "",
    ]
    words = " ".join(part for part in parts if part)
    return Period(first, last, f"{words}, in UTC" if words else Period().words)


def _moment(text: str, option: str, *, whole: bool = False) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageProblem("Not a day", f"{option} {text}: expected a day such as 2026-11-30, or a moment in ISO 8601.", "") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if whole and _DAY.fullmatch(text):
        moment += timedelta(days=1)
    return moment.strftime(_FORM)
