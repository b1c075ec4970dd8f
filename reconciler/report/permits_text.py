"""Permits in words: what let a barrier through, and which permits of the files do nothing in a plan.

In -> Out: a plan -> sentences.
Neighbours: called by every renderer of plans, so that each says the same.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model import Hazard, JudgedPermit, PermitState, Plan, Source

__all__ = ["IDLE", "IdlePermit", "grounds", "idle_permits"]

IDLE = "Permits that do nothing here"


@dataclass(frozen=True, slots=True)
class IdlePermit:
    """A permit that lets nothing of a plan through.

    Attributes:
        spent: it can never count again, so that it should be taken out.
        text: why, and what to do, as full sentences.
    """

    name: str
    address: str
    source: Source | None
    spent: bool
    text: str


def grounds(plan: Plan, hazard: Hazard) -> str:
    """By what a barrier is permitted, as a sentence; empty where nothing permits it."""
    if not hazard.permitted:
        return ""
    found = plan.permit_of(hazard)
    if found is None:
        return "Permitted on the command line, for this plan."
    permit = found.permit
    ticket = f" ({permit.ticket})" if permit.ticket else ""
    reason = f": {permit.reason.rstrip('.')}" if permit.reason else ""
    return f"Permitted once by {permit.source}, until {permit.until}{ticket}{reason}."


def idle_permits(plan: Plan) -> tuple[IdlePermit, ...]:
    """The permits of the files that let nothing through, in the order of the files."""
    needed = {one.permission for one in plan.stopping}
    return tuple(
        IdlePermit(
            one.permit.hazard, str(one.permit.address), one.permit.source, one.state is not PermitState.NOT_NEEDED, _why(one, needed)
        )
        for one in plan.permits
        if one.state is not PermitState.PERMITS
    )


def _why(judged: JudgedPermit, needed: set[str]) -> str:
    permit = judged.permit
    missing = permit.permission in needed
    if judged.state is PermitState.NOT_NEEDED:
        return "No barrier of this plan needs it. If that stays so, take it out."
    told = f"It expired: it was good until {permit.until}." if judged.state is PermitState.EXPIRED else f"It was used up by {judged.run}."
    return f"{told} {'The barrier needs a new one.' if missing else 'Take it out.'}"
