"""Who changed what: each change compared three ways with what the files and the tenant last agreed on.

| last agreed, live, desired | attribution |
|---|---|
| live is as agreed, desired is not | intent: the file changed |
| desired is as agreed, live is not | drift: the tenant changed |
| neither is | both |

What a secret holds cannot be read, so a change of one is always intent: its reference or version in the file changed. So is a deletion.
Of something that was applied once and is gone, all is drift but what the file says otherwise by now.

In -> Out: a plan, what was last agreed on by address -> the plan with an attribution for each change.
Effects: none.
Neighbours: called by `flow`, which knows the journal and the repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.model import Attributes, Attribution, Change, Plan, Unit, UnitKind, Value, same
from reconciler.model.values import is_secret
from reconciler.plan.codec import plan_digest
from reconciler.plan.diff import put

__all__ = ["agreed_in", "attributed", "drifted", "with_news_only"]

_MISSING: Any = object()


def attributed(plan: Plan, last: Mapping[str, Attributes], *, otherwise: Attribution | None = None) -> Plan:
    """The plan with an attribution for each change.

    Args:
        last: what was last agreed on, by address text, in the form of a unit's `wants`.
        otherwise: of a value on which nothing was agreed.
    """
    if not plan.units:
        return plan
    units = tuple(replace(unit, changes=tuple(_attributed(unit, one, last, otherwise) for one in unit.changes)) for unit in plan.units)
    return _digested(replace(plan, units=units))


def with_news_only(plan: Plan, last: Mapping[str, Attributes]) -> Plan:
    """The plan without the agreements that the journal knows already."""
    left = {str(change.address) for change in plan.drift}
    agreed = {
        address: wants
        for address, wants in plan.agreed.items()
        if address not in left and (address not in last or not same(wants, last[address]))
    }
    return plan if len(agreed) == len(plan.agreed) else _digested(replace(plan, agreed=agreed))


def agreed_in(plan: Plan, address: str) -> Attributes | None:
    """What a plan that was run settled at an address, in the form of `wants`; None where it settled nothing.

    What the tenant had changed and the plan left alone is still what it was: that the file asks for something else.
    """
    wanted = [unit.wants for unit in plan.units if str(unit.address) == address]
    wants = wanted[0] if wanted else plan.agreed.get(address)
    for change in plan.drift if wants is not None else ():
        if str(change.address) == address:
            wants = put(wants, change.path, change.after)
    return wants


def drifted(plan: Plan) -> tuple[Change, ...]:
    """The changes that only take back what the tenant changed. A creation counts as a whole: somebody deleted what the file has."""
    found: list[Change] = []
    for unit in plan.units:
        drift = [one for one in unit.changes if one.attribution is Attribution.DRIFT]
        if unit.kind is UnitKind.UPDATE or len(drift) == len(unit.changes):
            found += drift
    return tuple(found)


def _attributed(unit: Unit, change: Change, last: Mapping[str, Attributes], otherwise: Attribution | None) -> Change:
    return replace(change, attribution=_attribution(unit, change, last.get(str(unit.address)), otherwise))


def _attribution(unit: Unit, change: Change, last: Attributes | None, otherwise: Attribution | None) -> Attribution | None:
    agreed = _at(last, change.path)
    if unit.kind is UnitKind.CREATE and last is not None:  # somebody deleted it, and all of it is brought back
        return Attribution.DRIFT if agreed is _MISSING or _agrees(agreed, change.after) else Attribution.BOTH
    if unit.kind is UnitKind.DELETE or is_secret(change.after):
        return Attribution.INTENT
    if agreed is _MISSING:
        return otherwise
    if _agrees(agreed, change.after):
        return Attribution.DRIFT
    return Attribution.INTENT if _agrees(agreed, change.before) else Attribution.BOTH


def _agrees(agreed: Value, value: Value) -> bool:
    """Whether a value is what was agreed on. What a creation agreed on was not decoded yet: then its spelling in the file is compared."""
    if isinstance(agreed, Mapping) and isinstance(value, Mapping):
        return agreed.keys() == value.keys() and all(_agrees(one, value[key]) for key, one in agreed.items())
    if isinstance(agreed, str) and isinstance(value, (bool, int, float)):
        return agreed == (str(value).lower() if isinstance(value, bool) else str(value))
    return same(agreed, value)


def _at(agreed: Value, path: tuple[str, ...]) -> Value:
    """What was agreed on at a path; `_MISSING` where nothing was."""
    for part in path:
        if not isinstance(agreed, Mapping) or part not in agreed:
            return _MISSING
        agreed = agreed[part]
    return agreed


def _digested(plan: Plan) -> Plan:
    return replace(plan, digest=plan_digest(plan))
