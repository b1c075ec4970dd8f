"""The exit code of a run, computed from how its units ended: it tells the state of the target.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.errors import ConflictError, Interrupted, JournalError, LeaseHeld, LeaseLost, ReconcilerError, RunError, StalePlan
from reconciler.model import End, UnitEnd

DONE = 0
STOPPED_SHORT = 5
NEEDS_ATTENTION = 6


def run_exit_code(ends: Iterable[UnitEnd], stopped: ReconcilerError | None) -> int:
    """One pure function of the ends and of what stopped the run.

    Args:
        ends: of every unit of the plan, those that never began included.
        stopped: the error that ended the run early; its own code counts only while nothing was written.
    """
    units = tuple(ends)
    if any(unit.end is End.NEEDS_ATTENTION for unit in units):
        return NEEDS_ATTENTION
    if all(unit.end is End.AS_DESIRED for unit in units):
        return DONE
    if any(unit.written for unit in units):
        return STOPPED_SHORT
    return _nothing_written(stopped)


def _nothing_written(stopped: ReconcilerError | None) -> int:
    if stopped is None:
        return STOPPED_SHORT
    if isinstance(stopped, Interrupted):
        return stopped.exit_code
    if isinstance(stopped, ConflictError):
        return StalePlan.exit_code
    if isinstance(stopped, LeaseLost):
        return LeaseHeld.exit_code
    return 1 if isinstance(stopped, (RunError, JournalError)) else stopped.exit_code
