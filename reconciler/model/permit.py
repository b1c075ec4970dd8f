"""Permits: the way through a barrier that stands in the files, was reviewed with them, and counts once.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum

from reconciler.model.address import Address, Source


class PermitState(StrEnum):
    """What a permit of the files does in a plan."""

    PERMITS = "permits"  # it lets a barrier of this plan through
    NOT_NEEDED = "not-needed"  # no barrier of this plan asks for it
    EXPIRED = "expired"
    USED = "used"  # an earlier run was let through by it


@dataclass(frozen=True, slots=True)
class Permit:
    """One entry of `permits:`.

    Attributes:
        hazard: the name of a hazard.
        until: a day (to its end, in UTC) or a moment with its offset, ISO 8601, as it was written.
        reason, ticket: why; at least one of them is written.
        digest: over all of this without its place: a permit that is written again, word for word, is the same permit.
    """

    hazard: str
    address: Address
    until: str
    reason: str = ""
    ticket: str = ""
    source: Source | None = None
    digest: str = ""

    @property
    def permission(self) -> str:
        """What it permits, as `--allow` would say it."""
        return f"{self.hazard}={self.address}"

    @property
    def ends(self) -> datetime:
        """The last moment at which it permits, in UTC.

        Raises:
            ValueError: there is no such day.
        """
        if len(self.until) == len("2026-01-31"):
            return datetime.combine(datetime.fromisoformat(self.until), time.max, UTC)
        return datetime.fromisoformat(self.until).astimezone(UTC)

    def expired(self, now: datetime) -> bool:
        """Whether it no longer permits anything."""
        return now > self.ends


@dataclass(frozen=True, slots=True)
class JudgedPermit:
    """A permit, and what it does in a plan.

    Attributes:
        run: the run that used it up; empty unless `state` says that.
    """

    permit: Permit
    state: PermitState
    run: str = ""
