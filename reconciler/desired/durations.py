"""Durations as people write them: `30s`, `5m`, `24h`.

Effects: none.
"""

from __future__ import annotations

import re

_DURATION = re.compile(r"([1-9][0-9]{0,6})([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float | None:
    """The length in seconds; None when the text is not a duration."""
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]
