"""Plan one ERP connection: its goal, its changes, what a save has to carry, and its steps.

In -> Out: one desired connection and its live attributes -> a `Unit`, or None when nothing is to be done.
Effects: none (problems are collected in the `Planning` that is handed in).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.model import (
    Act,
    Address,
    Attributes,
    Binding,
    Change,
    Desired,
    DesiredConnection,
    Live,
    NotChecked,
    Problem,
    Recorded,
    SecretRef,
    Snapshot,
    Unit,
    UnitKind,
    Value,
    Why,
    same,
)
from reconciler.plan.actors import actors_goal
from reconciler.plan.declared import Declaration, env_name, without_quotes
from reconciler.plan.diff import diff, value_at
from reconciler.plan.field_rules import activation_problems
from reconciler.plan.goal import Goal, Names, connection_goal, fill_declared
from reconciler.plan.ground import ActorsGoal, Ground
from reconciler.plan.identity import Identity
from reconciler.plan.steps import Shape, connection_steps, window_calls

# Provider name of a secret whose value comes from the encrypted journal; no file can name it.
JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Planning:
    """What planning any connection needs; `problems`, `not_checked` and `agreed` collect what is found on the way.

    Attributes:
        left: paths that are to stay as they are live, whatever the file says.
        agreed: what every connection that needs nothing is to have, and has.
    """

    desired: Desired
    live: Live
    identity: Identity
    recorded: Recorded
    problems: list[Problem]
    not_checked: list[NotChecked]
    deactivate_for: frozenset[str] = frozenset({"config", "mappings"})
    refresh: frozenset[Address] = frozenset()
    left: Mapping[Address, frozenset[tuple[str, ...]]] = field(default_factory=dict)
    agreed: dict[str, Attributes] = field(default_factory=dict)

    def connector_id(self, connector: str) -> int | None:
        """The tenant's id of a connector as plans call it; None while it does not exist."""
        if connector.startswith("#"):
            return int(connector[1:])
        row = self.identity.connectors.get(Address.parse(connector)) if connector else None
        return row.id if row is not None else None

    def connector_url(self, connector_id: int | None) -> str:
        """Where a connector points now; empty while it does not exist."""
        row = self.live.connectors.get(connector_id) if connector_id is not None else None
        return row.url if row is not None else ""

    def declaration(self, connector_id: int | None) -> Declaration:
        """What the connector declares; nothing when it is silent or does not exist yet."""
        return Declaration(self.live.fields.get(connector_id) if connector_id is not None else None)


def plan_connection(planning: Planning, one: DesiredConnection, before: Attributes | None) -> tuple[Unit | None, Attributes | None]:
    """The unit for one connection and the attributes it will have; (None, attributes) when nothing is to be done.

    The second value is None when the connection is to be absent.
    """
    row = planning.identity.connections.get(one.address)
    if one.absent:
        return (
            _deletion(planning, one.address, Binding(row.id, row.guid), before, one) if row is not None and before is not None else None
        ), None
    connector = _connector_of(one, before)
    connector_id = planning.connector_id(connector)
    declaration = planning.declaration(connector_id)
    names = Names(planning.live.groups or {}, planning.live.users or {}, planning.desired.language)
    problems_before = len(planning.problems)
    if row is None:
        _check_creation(one, planning.problems)
    goal = connection_goal(one, before, declaration, names, planning.recorded, planning.problems)
    planning.not_checked.extend(goal.not_checked)
    left = planning.left.get(one.address, frozenset())
    goal.leave((path for path in left if path[0] != "actors"), before)
    if _will_save(one, before, goal):
        fill_declared(goal, one.address, declaration, planning.problems, one.source)
    below = _below(planning, one, before, goal) if one.actors else None
    goal.leave((path for path in left if path[0] == "actors"), before)
    if len(planning.problems) > problems_before:
        return None, goal.attributes
    why = Why.CREATED if before is None else Why.DESIRED
    changes = diff(one.address, before, goal.attributes, whys=goal.whys, sources=goal.sources, otherwise=why)
    if not changes:
        planning.agreed[str(one.address)] = _wants(one, goal, {}, ())
        return None, goal.attributes
    shape = Shape(
        one.address,
        UnitKind.UPDATE if before is not None else UnitKind.CREATE,
        bool(before and before["active"]),
        bool(goal.attributes["active"]),
        _sets(one, before, goal, changes),
        late=frozenset(below.late) if below is not None else frozenset(),
        maps_inactive="mappings" in planning.deactivate_for,
        forced_refresh=one.address in planning.refresh,
    )
    return _unit(planning, one, shape, goal, changes, before, connector, declaration), goal.attributes


def _below(planning: Planning, one: DesiredConnection, before: Attributes | None, goal: Goal) -> ActorsGoal:
    """Lay the desired actors over the live ones, and check what an activation would check."""
    row = planning.identity.connections.get(one.address)
    refreshes = before is None or one.address in planning.refresh or not same(before["config"], goal.attributes["config"])
    ground = Ground(
        one.address,
        planning.live.mappings.get(row.id) if row is not None else None,
        planning.live.crm_items,
        planning.desired.language,
        refreshes,
        planning.live.crm_fields,
        planning.live.crm_lists,
    )
    below = actors_goal(one, (before or {}).get("actors", {}), ground, planning.problems)
    if below.attributes or "actors" in (before or {}):
        goal.attributes = {**goal.attributes, "actors": below.attributes}
    goal.managed |= below.managed
    goal.sources |= below.sources
    goal.whys |= below.whys
    planning.not_checked.extend(below.not_checked)
    if below.late:
        listed = ", ".join(f"{actor} {key}" for actor, key in sorted(below.late))
        planning.not_checked.append(NotChecked(one.address, ("actors",), f"checked after the refresh that brings these fields: {listed}"))
    if goal.attributes["active"] is True:
        planning.problems.extend(activation_problems(one, below, ground))
    return below


def plan_replaced(planning: Planning, one: DesiredConnection, before: Snapshot) -> tuple[Unit, ...]:
    """The deletion of the old row when a connection moves to another connector (the creation is the unit of its address)."""
    row = planning.identity.replaced.get(one.address)
    address = one.address.replaced
    attributes = before.get(address)
    if row is None or attributes is None:
        return ()
    return (_deletion(planning, address, Binding(row.id, row.guid), attributes, one),)


def _connector_of(one: DesiredConnection, before: Attributes | None) -> str:
    if one.connector is not None:
        return str(Address.connector(one.connector.value))
    return str(before["connector"]) if before is not None else ""


def _check_creation(one: DesiredConnection, problems: list[Problem]) -> None:
    for name, value in (("name", one.name), ("connector", one.connector), ("scope", one.scope)):
        if value is None:
            message = f"{one.address} does not exist yet, and a new connection needs `{name}`."
            problems.append(Problem("creation-incomplete", message, one.source, f"Add `{name}:`.", one.address))


def _will_save(one: DesiredConnection, before: Attributes | None, goal: Goal) -> bool:
    """Whether anything but `active` differs, before the declared keys are completed."""
    if before is None:
        return True
    return any(change.path != ("active",) for change in diff(one.address, before, goal.attributes, whys=goal.whys))


def _sets(one: DesiredConnection, before: Attributes | None, goal: Goal, changes: tuple[Change, ...]) -> Attributes:
    """Only what differs, in the shape that a save overlays: languages and config keys one by one."""
    if before is None:
        return goal.attributes
    sets: dict[str, Value] = {}
    for change in changes:
        top = change.path[0]
        if top == "config":
            sets.setdefault("config", {})[change.path[1]] = change.after
        elif top in ("name", "description"):
            written = one.name if top == "name" else one.description
            assert written is not None
            sets[top] = goal.written(top, written.value)
        elif top == "actors":
            _nest(sets, change.path, change.after)
            if change.path[-1] == "crm":
                _pairs_again(sets, change.path[:-1], value_at(goal.attributes, change.path[:-1]))
        else:
            sets[top] = goal.attributes[top]
    return sets


def _pairs_again(sets: dict[str, Value], path: tuple[str, ...], field: Attributes) -> None:
    """Another CRM field makes SuperOffice forget the pairs of a list, so every pair that is to be is saved, also an equal one."""
    for key, item in field.get("items", {}).items():
        if field["crm"] and item:
            _nest(sets, (*path, "items", key), item)


def _nest(into: dict[str, Value], path: tuple[str, ...], value: Value) -> None:
    """Put a value at a path, making the mappings on the way."""
    for part in path[:-1]:
        into = into.setdefault(part, {})
    into[path[-1]] = value


def _unit(
    planning: Planning,
    one: DesiredConnection,
    shape: Shape,
    goal: Goal,
    changes: tuple[Change, ...],
    before: Attributes | None,
    connector: str,
    declaration: Declaration,
) -> Unit | None:
    steps = connection_steps(shape)
    row = planning.identity.connections.get(one.address)
    secrets = _secrets_to_send(planning, one, before, declaration) if shape.saves else {}
    if secrets is None:
        return None
    acts = {step.act for step in steps}
    if shape.saves and not declaration.known:
        reason = "the connector does not answer yet: types, defaults and passwords are settled when it does, before anything is sent"
        planning.not_checked.append(NotChecked(one.address, ("config",), reason))
    return Unit(
        address=one.address,
        kind=shape.kind,
        row=Binding(row.id, row.guid) if row is not None else None,
        connector=connector,
        connector_id=planning.connector_id(connector),
        before=before,
        wants=_wants(one, goal, shape.sets, changes),
        sets=shape.sets,
        secrets=secrets,
        changes=changes,
        steps=steps,
        rehearse=Act.REHEARSE in acts,
        candidate=Act.TEST_CONFIG in acts,
        window_calls=window_calls(steps),
        declared=declaration.known,
        unquoted=without_quotes(one, declared=declaration.known, late=shape.late),
        connector_url=planning.connector_url(planning.connector_id(connector)),
        source=one.source,
    )


def _wants(one: DesiredConnection, goal: Goal, sets: Attributes, changes: tuple[Change, ...]) -> Attributes:
    """Every managed attribute as it has to be in the end: what is compared when the unit is verified."""
    wants: dict[str, Value] = {}
    for path in sorted(goal.managed):
        if path[0] == "config":
            wants.setdefault("config", {})[path[1]] = goal.attributes["config"].get(path[1])
        elif path[0] in ("name", "description"):
            written = one.name if path[0] == "name" else one.description
            assert written is not None
            wants[path[0]] = goal.written(path[0], written.value)
        elif path[0] == "actors":
            _nest(wants, path, value_at(goal.attributes, path))
        else:
            wants[path[0]] = goal.attributes[path[0]]
    for change in changes:
        if change.path[0] == "actors":
            _nest(wants, change.path, change.after)
    if "config" in sets:
        wants["config"] = {**wants.get("config", {}), **sets["config"]}
    wants.setdefault("active", goal.attributes["active"])
    return wants


def _secrets_to_send(
    planning: Planning, one: DesiredConnection, before: Attributes | None, declaration: Declaration
) -> Mapping[str, SecretRef] | None:
    """For every field whose value a save may not take from a read: where the value comes from; None after a problem.

    That is every Password the connector declares, every key for which the file writes a reference, and every key for which
    one was sent and about which the file is silent by now.
    """
    written = {key: mark.value for key, mark in one.config.items() if isinstance(mark.value, SecretRef)}
    secrets: dict[str, SecretRef] = dict(written)
    stored = before["config"].keys() if before is not None else set()
    unsaid = {key for key in stored - one.config.keys() if (str(one.address), key) in planning.recorded.secrets}
    unsaid = {key for key in unsaid if not declaration.known or declaration.field(key) is not None}
    for key in sorted((declaration.password_keys() | unsaid) - written.keys()):
        sent = planning.recorded.secrets.get((str(one.address), key))
        if sent is not None and sent.sealed and not sent.in_doubt:
            secrets[key] = replace(sent.ref, provider=JOURNAL, name=f"{sent.ref.provider}:{sent.ref.name}")
            continue
        because = "is a Password field" if key in declaration.password_keys() else "was sent as a secret"
        message = f"A save of {one.address} has to send {key}, which {because}, and the file does not write it."
        hint = f"Add `{key}: {{secret: env:{env_name(one.address, key)}}}` below `config:`."
        planning.problems.append(Problem("config-missing", message, one.source, hint, one.address))
        return None
    return dict(sorted(secrets.items()))


def _deletion(planning: Planning, address: Address, row: Binding, before: Attributes, one: DesiredConnection) -> Unit:
    shape = Shape(address, UnitKind.DELETE, bool(before["active"]), active_after=False, sets={})
    connector = str(before["connector"])
    return Unit(
        address=address,
        kind=UnitKind.DELETE,
        row=row,
        connector=connector,
        connector_id=planning.connector_id(connector),
        before=before,
        wants=None,
        sets={},
        secrets={},
        changes=diff(address, before, None, otherwise=Why.ABSENT),
        steps=connection_steps(shape),
        source=one.source,
    )


__all__ = ["JOURNAL", "Planning", "plan_connection", "plan_replaced"]
