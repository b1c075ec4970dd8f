"""An exception that nobody foresaw, told as one of ours: a bug must not keep a unit from an end that is true.

Effects: none of its own.
Neighbours: used by `run` and `recover` around everything that may have written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconciler.errors import ReconcilerError, RunError

T = TypeVar("T")


def told(act: Callable[[], T]) -> T:
    """What `act` returns.

    Raises:
        RunError: something that is not ours was raised. Its own text may hold values, so only its kind and place are told.
        ReconcilerError: what `act` raises of ours.
    """
    try:
        return act()
    except ReconcilerError:
        raise
    except Exception as bug:
        raise RunError("Unexpected error", f"{type(bug).__name__}{_place(bug)}. This is a bug in reconciler.", "Please report it.") from bug


def _place(bug: Exception) -> str:
    place = bug.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f" at {place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else ""
