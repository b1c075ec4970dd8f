"""The tests of a run, as its events tell them.

In -> Out: the body of a `test` event -> `Tested`; several of them -> one sentence.
Neighbours: collected by `progress` and by `show`; put into words for the run report and the timeline.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.report.untrusted import shortened
from reconciler.report.values import seconds_text

__all__ = ["Tested", "phase_text", "verdict_text", "verdicts_text"]

_PHASES = {
    "rehearse": "as it was",
    "candidate": "with the new configuration",
    "url": "at the new URL",
    "test": "afterwards",
    "retest": "once more",
}


@dataclass(frozen=True, slots=True)
class Tested:
    """One test of a run.

    Attributes:
        unit: the unit it was made for, as address text; empty when it was made for the run.
        address: what was tested.
        phase: `rehearse`, `candidate`, `url`, `test` or `retest`.
        passed: None when no answer came.
    """

    __test__ = False  # pytest must not collect this class

    unit: str
    address: str
    phase: str
    passed: bool | None
    seconds: float
    detail: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Tested:
        """Read the body of a `test` event."""
        unit, address = str(body.get("unit") or ""), str(body.get("address") or body.get("unit") or "")
        return cls(
            unit, address, str(body.get("phase", "")), body.get("passed"), float(body.get("seconds") or 0.0), str(body.get("detail") or "")
        )


def phase_text(phase: str) -> str:
    """When a test was made, in words."""
    return _PHASES.get(phase, phase)


def verdict_text(passed: bool | None) -> str:
    """`passed`, `failed` or `no answer`."""
    return "no answer" if passed is None else "passed" if passed else "failed"


def verdicts_text(tests: Iterable[Tested], *, created: bool = False) -> str:
    """`tested as it was: passed (0.3 s); afterwards: failed (1.2 s), the connector said ...`; empty without a test.

    Args:
        created: they are all the tests of a new connection, which is tested before its activation and after it.
    """
    parts = [
        f"{phase}{_whose(test)}: {verdict_text(test.passed)} ({seconds_text(test.seconds)})"
        + (f", {shortened(test.detail, 200)}" if test.detail else "")
        for phase, test in _in_phases(tests, created=created)
    ]
    return f"tested {'; '.join(parts)}" if parts else ""


def _in_phases(tests: Iterable[Tested], *, created: bool) -> Iterator[tuple[str, Tested]]:
    """Each test, and when it was made. A new connection is activated once its first test has passed."""
    passed = False
    for test in tests:
        is_own = created and test.phase == "test"
        yield ("after activation" if passed else "as created, inactive") if is_own else phase_text(test.phase), test
        passed = passed or (is_own and test.passed is True)


def _whose(test: Tested) -> str:
    """A connector's unit tests connections, so they are named."""
    return f" {test.address}" if test.address and test.address != test.unit else ""
