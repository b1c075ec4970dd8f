"""Read what lies below a connection while it runs, and compare it with what the plan found or wants.

Effects: reads through the ports.
Neighbours: called by `preflight` and `connection`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.apply.context import Context
from reconciler.apply.mapping_writes import remapped
from reconciler.apply.row_writes import settled_default
from reconciler.apply.running import Running
from reconciler.live.actors import actors_attributes
from reconciler.live.mappings import Below, WantedActors, read_mappings
from reconciler.model import ACTOR_TYPES, Attributes, ErpField, FieldType, Value, same


def read_below(context: Context, running: Running, rows: dict[tuple[str, str], ErpField] | None = None) -> Attributes:
    """The `actors` attributes of the connection, for the actor types that the plan mentions; empty where it mentions none.

    Args:
        rows: filled with the stored field rows, by the wire's actor type and key.
    """
    wanted = (running.unit.wants or {}).get("actors", {})
    if not wanted or not running.row_id:
        return {}
    items = any("items" in field for actor in wanted.values() for field in actor.get("fields", {}).values())
    below = read_mappings(context.mappings, {running.row_id: WantedActors(frozenset(wanted), items)}, parallel=1)
    if running.observed_below is None and not items:
        below = _with_lists_to_lose(context, running, below)
    if rows is not None:
        rows.update({(row.actor_type, row.key): row for row in below.mappings[running.row_id].fields})
    running.crm_items.update(below.crm_items)
    running.observed_below = running.observed_below or below.mappings[running.row_id]
    return actors_attributes(below.mappings[running.row_id], below.crm_items, context.language)


def _with_lists_to_lose(context: Context, running: Running, below: Below) -> Below:
    """The lists, too, where a list field gets another CRM field: SuperOffice forgets its pairs, and a rollback has to bring them back."""
    mappings = below.mappings[running.row_id]
    loses = any(
        field.field_type is FieldType.LIST and field.list_reference and remapped(running, actor, field.key)
        for actor, mapping in mappings.actors.items()
        if mapping is not None
        for field in mapping.fields
    )
    if not loses:
        return below
    lists = context.mappings.list_mappings(running.row_id)
    return replace(below, mappings={running.row_id: replace(mappings, lists=lists)})


def missing_below(context: Context, running: Running, wants: Attributes) -> tuple[str, ...]:
    """Paths below the connection that are not as wanted, read now; empty when all hold."""
    wanted = wants.get("actors", {})
    if not wanted:
        return ()
    rows: dict[tuple[str, str], ErpField] = {}
    found = read_below(context, running, rows)
    settled = {actor: _settled(actor, change, rows) for actor, change in wanted.items()}
    return tuple(f"actors.{path}" for path in _differences(settled, found))


def _settled(actor: str, change: Attributes, rows: Mapping[tuple[str, str], ErpField]) -> Attributes:
    """What is wanted of an actor type, its defaults by the types that the fields turned out to have."""
    fields = {}
    for key, field in change.get("fields", {}).items():
        row = rows.get((ACTOR_TYPES[actor], key))
        fields[key] = field if row is None or "default" not in field else {**field, "default": settled_default(field["default"], row)}
    return {**change, "fields": fields} if fields else change


def moved_below(context: Context, running: Running) -> tuple[str, ...]:
    """Managed paths below the connection that are not as the plan found them, read now."""
    before = (running.unit.before or {}).get("actors")
    wanted = (running.unit.wants or {}).get("actors", {})
    if not before or not wanted or running.unit.row is None:
        return ()
    now = read_below(context, running)
    return tuple(f"actors.{path}" for path in _moved(wanted, before, now))


def _differences(wanted: Mapping[str, Value], found: Mapping[str, Value]) -> list[str]:
    """Leaves of `wanted` that `found` does not have; defaults, orders and display sets are leaves."""
    paths = []
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping) and key != "default":
            paths += [f"{key}.{path}" for path in _differences(value, there)]
        elif key == "rank" and isinstance(there, tuple) and isinstance(value, tuple):
            paths += [] if there[: len(value)] == value else [key]
        elif not same(value, there):
            paths.append(key)
    return paths


def _moved(wanted: Mapping[str, Value], before: Mapping[str, Value], now: Mapping[str, Value]) -> list[str]:
    """Leaves named by `wanted` at which two readings differ."""
    paths = []
    for key, value in wanted.items():
        if key not in before and key not in now:
            continue
        one, other = before.get(key), now.get(key)
        if isinstance(value, Mapping) and isinstance(one, Mapping) and isinstance(other, Mapping) and key != "default":
            paths += [f"{key}.{path}" for path in _moved(value, one, other)]
        elif not same(one, other):
            paths.append(key)
    return paths
