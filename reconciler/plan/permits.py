"""What the permits of the files do in a plan: let a barrier through, or say why not.

In -> Out: permits, what the journal says was used, the moment of planning, the hazards -> judged permits.
Effects: none.
Neighbours: `plan` asks which permits count before the hazards are judged, and what became of each afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.model import Grade, Hazard, JudgedPermit, Permit, PermitState, UsedPermit

__all__ = ["counting", "judged"]


def counting(permits: Iterable[Permit], used: Mapping[str, UsedPermit], now: datetime) -> tuple[str, ...]:
    """What the permits that are neither expired nor used let through, as `name=address`."""
    return tuple(sorted(one.permission for one in permits if not one.expired(now) and one.digest not in used))


def judged(permits: Iterable[Permit], used: Mapping[str, UsedPermit], now: datetime, hazards: Iterable[Hazard]) -> tuple[JudgedPermit, ...]:
    """What each permit does, in the order of the files."""
    barriers = {one.permission for one in hazards if one.grade is Grade.BARRIER}
    found = []
    for one in permits:
        if one.digest in used:
            found.append(JudgedPermit(one, PermitState.USED, used[one.digest].run))
        elif one.expired(now):
            found.append(JudgedPermit(one, PermitState.EXPIRED))
        else:
            found.append(JudgedPermit(one, PermitState.PERMITS if one.permission in barriers else PermitState.NOT_NEEDED))
    return tuple(found)
