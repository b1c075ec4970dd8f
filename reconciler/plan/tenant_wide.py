"""Plan the two units that are about the whole tenant: the order of connections under load, and automatic synchronisation.

In -> Out: what the file says and what is live -> a `Unit` for each, or None.
Effects: none (problems are collected in what is handed in).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model import (
    Act,
    Address,
    Attributes,
    AutomaticSync,
    Change,
    Desired,
    Engine,
    NotChecked,
    Problem,
    Source,
    Step,
    Unit,
    UnitKind,
    Value,
    Why,
)
from reconciler.plan.diff import diff

PRIORITY = Address(("sync-priority",))
AUTOMATIC = Address(("automatic-sync",))
# How the file and plans call SuperOffice's own place in the order; the tenant stores it as 0.
SUPEROFFICE = "SuperOffice"
# The column that stores the order. Source: SuperOffice docs, database table ErpConfiguration, ConnectionRank (254 characters).
MAX_ORDER_LENGTH = 254


def priority_attributes(order: tuple[int, ...], names: Mapping[int, str]) -> Attributes:
    """The live order by address text, `SuperOffice`, or `#<id>` for a connection that no file claims."""
    return {"order": tuple(SUPEROFFICE if key == 0 else names.get(key, f"#{key}") for key in order)}


def engine_attributes(engine: Engine) -> Attributes:
    """`on`, and `interval` in seconds."""
    return {"on": engine.running, "interval": engine.interval_s}


def plan_priority(
    desired: Desired, before: Attributes | None, ids: Mapping[str, int], problems: list[Problem], not_checked: list[NotChecked]
) -> tuple[Unit | None, Attributes | None]:
    """The unit that saves the order, and the order there will be: listed ones first, the rest as they are.

    Args:
        ids: of connections that exist, by address text; the others are created by this plan.
    """
    if desired.sync_priority is None or before is None:
        return None, before
    listed = tuple(SUPEROFFICE if one.value == SUPEROFFICE else str(Address.connection(one.value)) for one in desired.sync_priority)
    live: tuple[str, ...] = before["order"]
    if SUPEROFFICE in listed and SUPEROFFICE not in live:
        not_checked.append(
            NotChecked(PRIORITY, ("order",), "the tenant does not show SuperOffice's own place, so it is saved but not compared")
        )
        listed = tuple(one for one in listed if one != SUPEROFFICE)
    order = (*listed, *(one for one in live if one not in listed))
    stored = ";".join(
        str(ids.get(one, 999_999 if one.startswith("connection/") else 0)) if not one.startswith("#") else one[1:] for one in order
    )
    if len(stored) > MAX_ORDER_LENGTH:
        message = f"The order takes {len(stored)} characters where SuperOffice keeps it, and {MAX_ORDER_LENGTH} are allowed."
        problems.append(Problem("priority-too-long", message, desired.sync_priority[0].source, "List fewer connections.", PRIORITY))
    goal: Attributes = {"order": order}
    source = desired.sync_priority[0].source if desired.sync_priority else None
    changes = diff(PRIORITY, before, goal, sources={("order",): source} if source is not None else None)
    if not changes:
        return None, goal
    steps = (
        Step(1, Act.PRIORITY, PRIORITY, Why.DESIRED, {}, goal, "a read shows this order", "save the observed order", calls=2),
        Step(2, Act.VERIFY, PRIORITY, Why.PROOF, check="the order is as the file says", no_inverse="it writes nothing"),
    )
    return _unit(PRIORITY, before, goal, goal, changes, steps, source), goal


def plan_automatic(wanted: AutomaticSync | None, before: Attributes | None) -> tuple[Unit | None, Attributes | None]:
    """The unit that turns automatic synchronisation on or off or changes its interval."""
    if wanted is None or before is None:
        return None, before
    written = {name: mark for name, mark in (("on", wanted.on), ("interval", wanted.interval_s)) if mark is not None}
    wants: dict[str, Value] = {name: mark.value for name, mark in written.items()}
    goal = {**before, **wants}
    changes = diff(AUTOMATIC, before, goal, sources={(name,): mark.source for name, mark in written.items()})
    if not changes:
        return None, goal
    sets = {change.path[0]: change.after for change in changes}
    steps = []
    if "interval" in sets:
        steps.append(
            Step(
                0,
                Act.INTERVAL,
                AUTOMATIC,
                Why.DESIRED,
                {},
                {"interval": sets["interval"]},
                "a read shows the interval",
                "set the old one",
                calls=2,
            )
        )
    if "on" in sets:
        steps.append(
            Step(0, Act.ENGINE, AUTOMATIC, Why.DESIRED, {}, {"on": sets["on"]}, "a read shows it, sooner or later", "turn it back", calls=2)
        )
    steps.append(Step(0, Act.VERIFY, AUTOMATIC, Why.PROOF, check="it is as the file says", no_inverse="it writes nothing"))
    numbered = tuple(replace(step, number=number) for number, step in enumerate(steps, 1))
    return _unit(AUTOMATIC, before, wants, sets, changes, numbered, wanted.source), goal


def _unit(
    address: Address,
    before: Attributes,
    wants: Attributes,
    sets: Attributes,
    changes: tuple[Change, ...],
    steps: tuple[Step, ...],
    source: Source | None,
) -> Unit:
    return Unit(
        address=address,
        kind=UnitKind.UPDATE,
        row=None,
        connector="",
        connector_id=None,
        before=before,
        wants=wants,
        sets=sets,
        secrets={},
        changes=changes,
        steps=steps,
        source=source,
    )
