"""Exit codes of the commands that only read; those of a run are computed by `apply.exits` and carried by its report.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model import Drift, Plan, TargetCheck, TestResult
    from reconciler.plan.compare import Comparison

__all__ = ["of_compare", "of_drift", "of_fmt", "of_output", "of_plan", "of_recover", "of_target_check", "of_tests", "of_validate"]


def of_validate(problems: int) -> int:
    """1 with a problem, 0 without."""
    return 1 if problems else 0


def of_plan(plan: Plan, *, detailed: bool) -> int:
    """3 while a barrier is not permitted or the policy denies, else 2 with changes where that was asked for, else 0."""
    if plan.stopping or plan.denied:
        return 3
    return 2 if detailed and plan.units else 0


def of_tests(results: Iterable[TestResult]) -> int:
    """3 when a test did not pass; no answer is not a pass."""
    return 0 if all(result.ok for result in results) else 3


def of_target_check(found: TargetCheck) -> int:
    """3 while something is missing or could not be asked."""
    return 0 if found.is_ready else 3


def of_recover(open_units: int) -> int:
    """6 while a run is open; shown only, nothing was settled."""
    return 6 if open_units else 0


def of_compare(found: Comparison, *, detailed: bool) -> int:
    """2 with differences where that was asked for, else 0."""
    return 2 if detailed and found.differs else 0


def of_drift(found: Drift, *, detailed: bool) -> int:
    """2 with drift where that was asked for, else 0."""
    return 2 if detailed and found.found else 0


def of_fmt(changed: Iterable[bool], *, check: bool) -> int:
    """3 when a file is not in canonical form and was only looked at, else 0."""
    return 3 if check and any(changed) else 0


def of_output(code: int, *, lost: bool, writes: bool) -> int:
    """1 when the data of a reading command could not be delivered; a command that may have written keeps the truth about the target."""
    return 1 if lost and code in (0, 2) and not writes else code
