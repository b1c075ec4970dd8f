"""The kinds of events that a journal holds, and the event itself; `transitions` says what may follow what.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["RECORDS", "Body", "Choice", "Event", "Kind", "TestPhase", "Verdict"]

Body = Mapping[str, Any]


class Kind(StrEnum):
    """Every kind of event; `schemas/journal.schema.json` says what each body holds."""

    RUN_OPENED = "run-opened"
    RECOVERY_OPENED = "recovery-opened"  # on the id of a run that ended by itself or died
    UNIT_OPENED = "unit-opened"  # with the attributes observed before the first write: what a rollback goes back to
    INTENT = "intent"  # durable before the one request that it announces
    OUTCOME = "outcome"  # of the intent that waits
    SETTLED = "settled"  # waited until a late request must have landed or died
    OBSERVED = "observed"  # a read after an outcome
    NOOP = "noop"  # a read showed that nothing has to be sent
    TEST = "test"
    BOUND = "bound"  # an address stands for this row from now on
    UNBOUND = "unbound"
    SENT = "sent"  # these secrets are the ones last sent: proved, whatever the outcome said
    ACTIVATED = "activated"
    PARKED = "parked"  # switched off on purpose; no plan activates it again without permission
    ROLLBACK_OPENED = "rollback-opened"
    UNIT_CLOSED = "unit-closed"
    NOTE = "note"
    RUN_CLOSED = "run-closed"
    REVIEWED = "reviewed"  # somebody looked at what an audit lists, and says why it may stand
    LEASE_BROKEN = "lease-broken"
    TENANT_READ = "tenant-read"  # digests of what the tenant holds, so that the next read shows what changed between the two


RECORDS = frozenset({Kind.REVIEWED, Kind.LEASE_BROKEN, Kind.TENANT_READ})
"""Kinds that belong to no run: each stands in the account under an id of its own."""


class Verdict(StrEnum):
    """What a read said of what a step was to write. `unreadable` proves nothing and lifts no doubt."""

    AS_DESIRED = "as-desired"
    AS_BEFORE = "as-before"
    OTHER = "other"
    UNREADABLE = "unreadable"


class TestPhase(StrEnum):
    """When a test was made: before the first write (`rehearse`, `candidate`, `url`) or after the last (`test`, `retest`)."""

    __test__ = False  # pytest must not collect this class

    REHEARSE = "rehearse"
    CANDIDATE = "candidate"
    URL = "url"
    TEST = "test"
    RETEST = "retest"


class Choice(StrEnum):
    """How a person lets `recover` finish a run."""

    BACK = "back"
    FORWARD = "forward"
    PARK = "park"
    ACCEPT_CURRENT = "accept-current"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the account.

    Attributes:
        seq: counts from 1 over the whole store, all targets, without gaps.
        at: ISO 8601 UTC with microseconds, by the writer's wall clock; for people, never for deadlines.
        prev: the hash of the event before; empty for the first.
        hash: over everything above and `prev`, see `chain`.
    """

    seq: int
    target: str
    run: str
    kind: str
    at: str
    body: Body
    prev: str
    hash: str
