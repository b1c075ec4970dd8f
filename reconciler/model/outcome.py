"""How one call, one test, one unit can end.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.model.address import Address
from reconciler.model.recorded import RunEnd


class Outcome(StrEnum):
    """What we may believe after one write was sent (or not sent).

    Source: the three outcomes of Jepsen's histories (ok, fail, info): an exception may have happened or may still happen.
    """

    APPLIED = "applied"  # the server said so; a read has yet to prove it
    NOT_APPLIED = "not-applied"  # it surely did not happen: never sent, or refused before processing
    UNKNOWN = "unknown"  # it may have happened, or may still happen


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one write.

    Attributes:
        detail: what a person should know (the server's own words, cleaned; never a secret).
        reasons: why the server refused an activation, in its words.
        body: what the server returned for an applied write: a `Connection`, a `Connector`, or None.
        status: the HTTP status, None when no answer came.
        final: the server refused for a reason that repeating will not change (a bad request, a right that is missing).
    """

    outcome: Outcome
    detail: str = ""
    reasons: tuple[str, ...] = ()
    body: Any = None
    status: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class TestResult:
    """What a test answered: True, False, or None when no answer came (which counts as not passed).

    Attributes:
        seconds: how long it took.
        detail: why there is no answer, where there is none.
    """

    __test__ = False  # pytest must not collect this class

    passed: bool | None
    seconds: float = 0.0
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the test passed."""
        return self.passed is True


class End(StrEnum):
    """The state in which a unit was left. The first three are said only when a read after the last write proved them."""

    AS_DESIRED = "as-desired"
    AS_BEFORE = "as-before"
    UNTOUCHED = "untouched"
    NEEDS_ATTENTION = "needs-attention"


@dataclass(frozen=True, slots=True)
class UnitEnd:
    """How one unit of a run ended.

    Attributes:
        kind: `create`, `update` or `delete`.
        reason: why it did not end as desired, as a sentence; empty otherwise.
        rolled_back: a write of this unit was undone.
        written: at least one write of this unit was sent.
        next_step: the command that goes on from here, where one is needed.
        residue: what stays behind although the end is as before (rows that a refresh added, soft-deleted creations).
        not_readable: paths that the tenant does not show and that were proved by a fingerprint and a passing test.
        window_s: seconds the connection was inactive although it was active before and after; None without such a window.
        repair: the rehearsal failed and the candidate passed.
    """

    address: Address
    kind: str
    end: End
    reason: str = ""
    rolled_back: bool = False
    written: bool = False
    next_step: str = ""
    residue: tuple[str, ...] = ()
    not_readable: tuple[str, ...] = ()
    window_s: float | None = None
    repair: bool = False


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did, in the order of its units.

    Attributes:
        run: the run's id, for `show` and `recover`.
        exit_code: by DESIGN's table, computed from the unit ends.
        head: the hash of the journal's last event, to be anchored outside.
        stopped: why the run stopped as a whole, empty when it went through.
    """

    run: str
    target: str
    plan_digest: str
    units: tuple[UnitEnd, ...]
    exit_code: int
    head: str
    seconds: float
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One connection as `status` shows it.

    Attributes:
        address: how the file or the journal calls it; None when neither does.
        active: None when the row could not be read.
        last_sync, last_test: ISO texts; None for never or unknown. `last_test_passed` belongs to the latter.
        note: a sentence when something is worth knowing (deleted, not in the tenant, left inactive by a run).
    """

    address: Address | None
    name: str
    id: int
    active: bool | None
    last_sync: str | None = None
    last_test: str | None = None
    last_test_passed: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The whole of `status`: connections by name, open runs, and what to type next."""

    target: str
    rows: tuple[StatusRow, ...]
    open_runs: tuple[RunEnd, ...] = ()
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecoverUnit:
    """What is known of one unit of an unfinished run, and what to do about it.

    Attributes:
        known: sentences, oldest first: what was found, what was sent, what came of it.
        now: what users of the CRM see at this moment, as a sentence.
        recommended: `back`, `forward` or `accept-current`.
        why: the reason for the recommendation, as a sentence.
        by_hand: steps in the administration client; empty while the tenant answers.
    """

    run: str
    address: Address
    known: tuple[str, ...]
    now: str
    recommended: str
    why: str
    by_hand: tuple[str, ...] = ()
