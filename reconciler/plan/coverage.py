"""What of a new plan was approved with an earlier one: the units that are the same, byte for byte, and that did not run yet.

A unit's digest covers its address, row, content, references of secrets, the state that it starts from, and every step; what it does not
cover (target, limits, policy, tool, hazards, permissions, expiry) is held against the approved plan here. What comes out is made of the
approved plan's own units, so that nothing in it depends on who wrote the new file.

In -> Out: a new plan, an approved one and the digests that ran -> the plan that may run, and the units that may not, each with why.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.errors import CheckFailed
from reconciler.model import Address, Hazard, Plan, Unit
from reconciler.plan.codec import plan_digest
from reconciler.plan.guard import limit_of

__all__ = ["Covered", "covered_by"]

_AGAIN = "Let somebody else review a change with this plan in its comment, then apply it."


@dataclass(frozen=True, slots=True)
class Covered:
    """What may run.

    Attributes:
        plan: only what was approved, with a digest of its own.
        left: units of the new plan that may not run, and why, as a sentence without its subject.
    """

    plan: Plan
    left: tuple[tuple[Unit, str], ...]


def covered_by(approved: Plan, plan: Plan, *, ran: frozenset[str], now: datetime) -> Covered:
    """The part of a plan that an approval of an earlier plan covers.

    Args:
        ran: digests of units that ended under this approval other than as before or untouched: each is good for one such end.

    Raises:
        CheckFailed: nothing of it is covered.
    """
    _same_ground(approved, plan, now)
    offered = {unit.digest: unit for unit in approved.units if unit.digest not in ran}
    why = {str(unit.address): _objection(unit, offered, ran, approved, plan) for unit in plan.units}
    for unit in plan.units:
        if why.get(unit.connector) and not why[str(unit.address)]:
            why[str(unit.address)] = "its connector's change is not covered"
    asked = {unit.digest for unit in plan.units if not why[str(unit.address)]}
    units = tuple(unit for unit in approved.units if unit.digest in asked and unit.digest in offered)
    left = tuple((unit, why[str(unit.address)]) for unit in plan.units if why[str(unit.address)])
    if not units:
        raise _refusal(" ".join(f"{unit.address}: {reason}." for unit, reason in left) or "It has no units.")
    return Covered(_narrowed(approved, plan, units), left)


def _same_ground(approved: Plan, plan: Plan, now: datetime) -> None:
    """What stands under every unit must be what was approved."""
    named = {"target": "target", "target_digest": "limits or policy of the target", "tool_version": "version of reconciler"}
    other = [text for name, text in named.items() if getattr(approved, name) != getattr(plan, name)]
    if other:
        raise _refusal(f"It does not have the same {' and '.join(other)} as the plan that was approved.")
    if approved.stopping:
        raise _refusal("The plan that was approved has a barrier that is not permitted.")
    if now > datetime.fromisoformat(approved.expires):
        raise _refusal(f"The plan that was approved was good until {approved.expires}.")
    known = {unit.address for unit in plan.units}
    news = [hazard for hazard in plan.hazards if hazard.address not in known and not _shown_of_whole(hazard, approved)]
    if news:
        raise _refusal(f"The plan that was approved did not show {', '.join(sorted(hazard.permission for hazard in news))}.")


def _shown_of_whole(hazard: Hazard, approved: Plan) -> bool:
    """Whether the approved plan showed a hazard of the whole, and had it permitted if it is a barrier.

    That its permit is used up by now says nothing: it let this approval through, which is carried out in parts. A limit counts no more
    units of a part than of the whole, so only what it allows has to be the same.
    """
    return any(
        (replace(hazard, text=one.text) if limit_of(hazard) and limit_of(hazard) == limit_of(one) else hazard)
        == replace(one, permitted=hazard.permitted)
        for one in approved.hazards
    )


def _objection(unit: Unit, offered: Mapping[str, Unit], ran: frozenset[str], approved: Plan, plan: Plan) -> str:
    if unit.digest in ran:
        return "it ran under this approval already"
    if unit.digest not in offered:
        known = any(one.address == unit.address for one in approved.units)
        return "it is not the change that was approved" if known else "the plan that was approved does not have it"
    mine = [hazard for hazard in plan.hazards if hazard.address == unit.address]
    if stopping := [hazard.permission for hazard in mine if hazard.stops]:
        return f"nothing permits {', '.join(sorted(stopping))} now"
    news = [hazard.permission for hazard in mine if hazard not in approved.hazards]
    return f"the plan that was approved did not show {', '.join(sorted(news))}" if news else ""


def _narrowed(approved: Plan, plan: Plan, units: tuple[Unit, ...]) -> Plan:
    """A plan of these units in which nothing stands that was not approved, apart from what only informs."""
    run: set[Address] = {unit.address for unit in units}
    whole = {hazard.address for hazard in plan.hazards} - {unit.address for unit in (*plan.units, *approved.units)}
    permits = tuple(one for one in approved.permits if one.permit.address in run | whole)
    narrowed = replace(
        plan,
        units=units,
        permits=permits,  # so that one that is used up or over stops here as it would stop the approved plan
        hazards=tuple(hazard for hazard in approved.hazards if hazard.address in run | whole),
        permissions=tuple(one for one in approved.permissions if one in plan.permissions),
        bindings={address: row for address, row in plan.bindings.items() if approved.bindings.get(address) == row},
        agreed={address: wants for address, wants in plan.agreed.items() if approved.agreed.get(address) == wants},
        drift=(),
        expires=min(plan.expires, approved.expires, key=datetime.fromisoformat),
    )
    return replace(narrowed, digest=plan_digest(narrowed))


def _refusal(why: str) -> CheckFailed:
    return CheckFailed("The plan is not approved", f"Another plan was approved, and this one goes further. {why}", _AGAIN)
