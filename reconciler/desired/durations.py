"""Durations as people write them: `30s`, `5m`, `24h`; and, for what is kept, `90d` and `7y`.

Effects: none.
"""

from __future__ import annotations

import math
import re

_DURATION = re.compile(r"([1-9][0-9]{0,6})([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


_KEPT = re.compile(r"([1-9][0-9]{0,3})([dy])")
_DAYS_PER_YEAR = 365.25


def days(text: str) -> int | None:
    """The length in whole days, years rounded up; None when the text is not one."""
    found = _KEPT.fullmatch(text)
    return None if found is None else math.ceil(int(found[1]) * (1 if found[2] == "d" else _DAYS_PER_YEAR))


def seconds(text: str) -> float | None:
    """The length in seconds; None when the text is not a duration."""
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]
