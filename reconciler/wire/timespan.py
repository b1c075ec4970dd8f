"""Time spans: text <-> whole seconds, in every form in which the API or its clients write one.

Source: SuperOffice docs, ErpSync agent swagger (Interval is a text); fixtures of the official TypeScript client (`00:00:00`) and
its code (reads `h:mm:ss` and `h:mm`, writes ISO 8601); .NET TimeSpan, constant format `[d.]hh:mm:ss[.fffffff]`, which reads
`24:00:00` as 24 days.

Effects: none.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LONGEST", "seconds_from", "text_of"]

LONGEST: Final = 24 * 3600 - 1
"""The longest span that every server reads alike in the form that is sent."""

_CLOCK: Final = re.compile(r"(?:(\d{1,5})\.)?(\d{1,5}):([0-5]?\d)(?::([0-5]?\d)(?:\.0{1,7})?)?", re.ASCII)
_ISO: Final = re.compile(
    r"P(?=.)(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,10})(?:\.0{1,9})?S)?)?", re.ASCII
)
_INT32: Final = 2**31


def seconds_from(text: str) -> int | None:
    """The seconds of `hh:mm:ss`, `h:mm`, `d.hh:mm:ss` or `PT5M`; None for anything else, also for parts of a second."""
    clock, iso = _CLOCK.fullmatch(text), _ISO.fullmatch(text)
    if clock is not None:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        weeks = 0
    elif iso is not None:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
    else:
        return None
    total = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if total < _INT32 else None


def text_of(seconds: int) -> str:
    """`hh:mm:ss`, the form that is sent.

    Raises:
        ValueError: negative, or a day and longer, which servers may read as days.
    """
    if not 0 <= seconds <= LONGEST:
        raise ValueError("an interval is from 0 seconds to 23:59:59")
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
