"""Make a plan: a pure function of desired state, one reading of the tenant, and what the journal recorded.

In -> Out: `Inputs` -> `Plan`, or every problem found.
Effects: none.
Neighbours: called by `flow`, which also supplies the normalised live attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.errors import InputError, ReconcilerError
from reconciler.model import (
    Address,
    Attributes,
    Binding,
    Change,
    Desired,
    DesiredConnector,
    Live,
    NotChecked,
    Plan,
    Problem,
    Recorded,
    Snapshot,
    Source,
    Unit,
    UnitKind,
    Why,
)
from reconciler.plan.codec import digest_of, plan_digest, unit_digest, value_to_json
from reconciler.plan.connection import Planning, plan_connection, plan_replaced
from reconciler.plan.diff import diff, diff_snapshots
from reconciler.plan.guard import Policy, Scene, find_hazards
from reconciler.plan.identity import Identity
from reconciler.plan.order import in_order
from reconciler.plan.permits import counting, judged
from reconciler.plan.shared_fields import Sharer, shared_field_problems
from reconciler.plan.simulate import simulate
from reconciler.plan.steps import connector_steps
from reconciler.plan.tenant_wide import AUTOMATIC, PRIORITY, plan_automatic, plan_priority
from reconciler.wire import languages

__all__ = ["Inputs", "Policy", "make_plan"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a plan is made from.

    Attributes:
        before: the normalised live attributes of every address that `identity` matched.
        created, expires: ISO 8601 UTC texts.
        permissions: `name=address` texts given by the person who plans.
        refresh: connections whose fields are asked for again, whatever else changes.
        left: changes that are not to be made: their paths stay as they are live.
    """

    desired: Desired
    live: Live
    identity: Identity
    before: Snapshot
    recorded: Recorded
    policy: Policy
    tool_version: str
    created: str
    expires: str
    permissions: tuple[str, ...] = ()
    refresh: frozenset[Address] = frozenset()
    left: tuple[Change, ...] = ()


def make_plan(inputs: Inputs) -> Plan:
    """The plan that turns live into desired, proved by playing it.

    Raises:
        InputError: with every problem found; there is no plan then.
    """
    problems: list[Problem] = list(inputs.identity.problems)
    left = {
        address: frozenset(one.path for one in inputs.left if one.address == address) for address in {one.address for one in inputs.left}
    }
    agreed: dict[str, Attributes] = {}
    units: list[Unit] = []
    goals: dict[Address, Attributes | None] = {}
    not_checked: list[NotChecked] = []
    for connector in inputs.desired.connectors.values():
        if connector.address not in left or connector.address in inputs.before:
            _plan_connector(inputs, connector, units, goals, problems, agreed)
    planning = Planning(
        inputs.desired,
        inputs.live,
        inputs.identity,
        inputs.recorded,
        problems,
        not_checked,
        inputs.policy.deactivate_for,
        inputs.refresh,
        left,
        agreed,
    )
    for connection in inputs.desired.connections.values():
        if connection.address in left and connection.address not in inputs.before:
            continue
        before = inputs.before.get(connection.address)
        unit, goal = plan_connection(planning, connection, before)
        goals[connection.address] = goal
        units += [unit] if unit is not None else []
        units += plan_replaced(planning, connection, inputs.before)
    problems += _shared_fields(inputs, goals)
    _plan_tenant_wide(inputs, units, goals, problems, not_checked)
    if problems:
        raise InputError(sorted(problems, key=lambda one: one.order), "The plan cannot be made")
    ordered = in_order(replace(unit, digest=unit_digest(unit)) for unit in units)
    _prove(inputs.before, ordered, goals)
    return _assemble(inputs, ordered, goals, not_checked, agreed)


def _shared_fields(inputs: Inputs, goals: Mapping[Address, Attributes | None]) -> list[Problem]:
    sharers: dict[Address, Sharer] = {}
    described: set[int] = set()
    for one in inputs.desired.connections.values():
        goal, row = goals.get(one.address), inputs.identity.connections.get(one.address)
        if one.actors and goal is not None:
            described |= {row.id} if row is not None else set()
            sharers[one.address] = Sharer(one, inputs.live.mappings.get(row.id) if row is not None else None, goal)
    # A deletion comes last, so what is to be deleted still holds what it has.
    others = {
        f"#{row.id} {languages.shown(row.name, inputs.desired.language)}".strip(): inputs.live.flows.get(row.id, frozenset())
        for row in inputs.live.listed
        if row.id not in described
    }
    return shared_field_problems(sharers, others)


def _plan_connector(
    inputs: Inputs,
    one: DesiredConnector,
    units: list[Unit],
    goals: dict[Address, Attributes | None],
    problems: list[Problem],
    agreed: dict[str, Attributes],
) -> None:
    row = inputs.identity.connectors.get(one.address)
    before = inputs.before.get(one.address)
    left = {change.path for change in inputs.left if change.address == one.address}
    wants = {name: mark.value for name, mark in (("name", one.name), ("url", one.url)) if mark is not None and (name,) not in left}
    goals[one.address] = None if one.absent else {**(before or {}), **wants}
    if one.absent:
        if row is None:
            return
        kind, sets = UnitKind.DELETE, {}
    elif row is None:
        for missing in sorted({"name", "url"} - wants.keys()):
            message = f"{one.address} does not exist yet, and a new connector needs `{missing}`."
            problems.append(Problem("creation-incomplete", message, one.source, f"Add `{missing}:`.", one.address))
        kind, sets = UnitKind.CREATE, wants
    else:
        assert before is not None
        kind, sets = UnitKind.UPDATE, {name: value for name, value in wants.items() if before[name] != value}
        if not sets:
            agreed[str(one.address)] = wants
            return
    sources: dict[tuple[str, ...], Source] = {
        (name,): mark.source for name, mark in (("name", one.name), ("url", one.url)) if mark is not None
    }
    why = {UnitKind.CREATE: Why.CREATED, UnitKind.DELETE: Why.ABSENT}.get(kind, Why.DESIRED)
    on_it = sum(1 for other in inputs.live.connections.values() if row is not None and other.connector_id == row.id and not other.deleted)
    units.append(
        Unit(
            address=one.address,
            kind=kind,
            row=Binding(row.id) if row is not None else None,
            connector="",
            connector_id=None,
            before=before,
            wants=None if one.absent else wants,
            sets=sets,
            secrets={},
            changes=diff(one.address, before, goals[one.address], sources=sources, otherwise=why),
            steps=connector_steps(one.address, kind, sets, connections=on_it),
            source=one.source,
        )
    )


def _plan_tenant_wide(
    inputs: Inputs,
    units: list[Unit],
    goals: dict[Address, Attributes | None],
    problems: list[Problem],
    not_checked: list[NotChecked],
) -> None:
    ids = {str(address): row.id for address, row in inputs.identity.connections.items()}
    desired, left = inputs.desired, {(change.address, change.path) for change in inputs.left}
    if (PRIORITY, ("order",)) in left:
        desired = replace(desired, sync_priority=None)
    wanted = desired.automatic_sync
    if wanted is not None:
        on, interval = (AUTOMATIC, ("on",)) in left, (AUTOMATIC, ("interval",)) in left
        wanted = replace(wanted, on=None if on else wanted.on, interval_s=None if interval else wanted.interval_s)
    order, order_goal = plan_priority(desired, inputs.before.get(PRIORITY), ids, problems, not_checked)
    engine, engine_goal = plan_automatic(wanted, inputs.before.get(AUTOMATIC))
    units += [unit for unit in (order, engine) if unit is not None]
    goals |= {address: goal for address, goal in ((PRIORITY, order_goal), (AUTOMATIC, engine_goal)) if goal is not None}


def _prove(live: Snapshot, units: tuple[Unit, ...], goals: Mapping[Address, Attributes | None]) -> None:
    """Refuse to show a plan that would not do what it says: that is a bug here, never the person's fault."""
    simulated = simulate(live, units)
    wanted = {address: goal for address, goal in goals.items() if goal is not None}
    left = diff_snapshots({address: simulated[address] for address in wanted if address in simulated}, wanted)
    gone = [address for address, goal in goals.items() if goal is None and address in simulated]
    if left or gone:
        places = ", ".join(sorted({f"{change.address} {'.'.join(change.path)}" for change in left} | {str(one) for one in gone}))
        raise ReconcilerError(
            "The plan does not reach the desired state",
            f"Playing the plan on the live state leaves a difference at {places}. This is a bug in reconciler; nothing was written.",
            "Please report it with the output of `reconciler plan --format json`.",
        )


def _assemble(
    inputs: Inputs,
    units: tuple[Unit, ...],
    goals: Mapping[Address, Attributes | None],
    not_checked: list[NotChecked],
    agreed: Mapping[str, Attributes],
) -> Plan:
    changed = {unit.address for unit in units}
    rows = {address: Binding(row.id, row.guid) for address, row in inputs.identity.connections.items()}
    rows |= {address: Binding(row.id) for address, row in inputs.identity.connectors.items()}
    bindings = {str(address): bound for address, bound in sorted(rows.items()) if address not in changed}
    claimed = {row.id for row in (*inputs.identity.connections.values(), *inputs.identity.replaced.values())}
    now, used, written = datetime.fromisoformat(inputs.created), inputs.recorded.permits, inputs.desired.permits
    scene = Scene(inputs.desired, inputs.live, inputs.identity, inputs.recorded, units, inputs.policy)
    hazards = find_hazards(scene, (*inputs.permissions, *counting(written, used, now)))
    plan = Plan(
        tool_version=inputs.tool_version,
        target=inputs.policy.target,
        created=inputs.created,
        expires=inputs.expires,
        units=units,
        hazards=hazards,
        permissions=tuple(sorted(set(inputs.permissions))),
        bindings=bindings,
        unchanged=tuple(sorted(address for address in goals if address not in changed)),
        unmanaged=tuple(row.name for row in inputs.live.listed if row.id not in claimed),
        not_checked=tuple(sorted(not_checked, key=lambda one: (one.address, one.path))),
        live_connections=len(inputs.live.listed),
        desired_digest=inputs.desired.digest,
        live_digest=digest_of({str(address): value_to_json(one) for address, one in inputs.before.items()}),
        target_digest=inputs.policy.digest,
        agreed=dict(sorted(agreed.items())),
        drift=inputs.left,
        permits=judged(written, used, now, hazards),
        language=inputs.desired.language,
    )
    return replace(plan, digest=plan_digest(plan))
