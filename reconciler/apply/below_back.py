"""The way back below a connection: order, defaults, items and mappings return to what was found before they were written.

Effects: writes the target through `ensure`; reads.
Neighbours: called by `rollback`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from reconciler.apply.context import Context
from reconciler.apply.foreign import default_as_left, order_as_left, pairs_of, settings, strange_fields, strange_pairs
from reconciler.apply.list_writes import planned_pairs, save_items
from reconciler.apply.mapping_writes import remapped, save_mapping
from reconciler.apply.row_writes import default_written, field_row, move_to, order_of, save_default, settled_default
from reconciler.apply.running import Running
from reconciler.errors import ConflictError
from reconciler.live.actors import default_of
from reconciler.model import ACTOR_TYPES, Act, ActorMapping, Attributes, FieldType, Mappings

BELOW = frozenset({Act.MAP, Act.ITEMS, Act.DEFAULT, Act.RANK})
NEEDS_INACTIVE = frozenset({Act.MAP, Act.ITEMS})


def check_below(context: Context, running: Running) -> None:
    """See that everything below that was written holds ours, or what was found, before the first write of the way back.

    Raises:
        ConflictError: something holds neither, so it is somebody else's work.
    """
    strange: list[str] = []
    for actor, start in running.starts.items() if Act.MAP in running.wrote else ():
        fresh = context.mappings.actor_mapping(running.row_id, ACTOR_TYPES[actor])
        strange += [] if fresh is None else [f"{actor} {key}" for key in strange_fields(fresh, start, _written(running, actor))]
    strange += _strange_pairs(context, running)
    for actor, key in running.default_starts if Act.DEFAULT in running.wrote else ():
        row = field_row(context, running, actor, key)
        default_as_left(running, actor, row, settled_default(default_written(running, actor, key), row))
    for actor in running.rank_held:
        order_as_left(running, actor, tuple(key for key, _ in order_of(context, running, actor)))
    if strange:
        raise ConflictError(
            "Somebody else is at work", f"{', '.join(strange)} of {running.name} was changed by somebody else after this run wrote it."
        )


def _strange_pairs(context: Context, running: Running) -> list[str]:
    forgotten = {
        field.id
        for actor, start in running.starts.items()
        for field in start.fields
        if Act.MAP in running.wrote and field.field_type is FieldType.LIST and remapped(running, actor, field.key)
    }
    if Act.ITEMS not in running.wrote and not forgotten:
        return []
    if Act.ITEMS in running.wrote and not running.wrote_pairs:
        running.wrote_pairs.update(planned_pairs(context, running))  # a recovery knows them from the plan
    before = running.observed_below.lists if running.observed_below is not None else None
    found = pairs_of(before) if before is not None else {}
    return strange_pairs(context.mappings.list_mappings(running.row_id), found, running.wrote_pairs, frozenset(forgotten))


def put_back_mapped(context: Context, running: Running, step: int) -> None:
    """Put mappings and then list items back, because another CRM field makes SuperOffice forget the pairs of a list.

    The connection is inactive by now if it has to be.

    Raises:
        ConflictError: a field that we wrote holds neither our value nor the one found.
    """
    for actor, start in running.starts.items():
        sets = _written(running, actor)
        save_mapping(context, running, actor, partial(_restored, start=start, sets=sets), step=step, sets=sets, rollback=True)
    wanted = _pairs_before(running)
    if wanted:
        save_items(context, running, wanted, step=step, sets={"restore": sorted(wanted)}, rollback=True)
    running.residue += [
        f"{actor} {key}, perhaps without its list items: SuperOffice did not show them, because the connector does not report the field,"
        " so they could not be put back"
        for actor, key in _unseen_lists(running)
    ]


def _unseen_lists(running: Running) -> list[tuple[str, str]]:
    """List fields that got another CRM field and whose pairs no read showed, because the connector does not report them any more."""
    below = running.observed_below
    shown = {one.field_id for one in below.lists.lists} if below is not None and below.lists is not None else set()
    return [
        (actor, field.key)
        for actor, start in running.starts.items()
        for field in start.fields
        if field.missing_in_erp and field.crm and field.list_reference and field.id not in shown and remapped(running, actor, field.key)
    ]


def put_back_ordered(context: Context, running: Running, step: int) -> None:
    """Put order and defaults back."""
    for actor, order in running.rank_starts.items():
        move_to(context, running, actor, order, step=step, rollback=True)
    for (actor, key), start in running.default_starts.items():
        save_default(context, running, actor, key, default_of(start), step=step, rollback=True)


def differs_below(context: Context, running: Running) -> tuple[str, ...]:
    """What is not as it was found, as paths; read now."""
    found = []
    for actor, start in running.starts.items():
        sets = _written(running, actor).get("fields", {})
        fresh = context.mappings.actor_mapping(running.row_id, ACTOR_TYPES[actor])
        if fresh is None or settings(fresh, sets) != settings(start, sets):
            found.append(f"actors.{actor}")
    for (actor, key), row in running.default_starts.items():
        if default_of(field_row(context, running, actor, key)) != default_of(row):
            found.append(f"actors.{actor}.fields.{key}.default")
    for actor, order in running.rank_starts.items():
        if tuple(key for key, _ in order_of(context, running, actor)) != order:
            found.append(f"actors.{actor}.rank")
    pairs = _pairs_before(running)
    lists = context.mappings.list_mappings(running.row_id).lists if pairs else ()
    now = {one.field_id: {item.erp_key: item.crm_id for item in one.items} for one in lists}
    found += [f"the items of field #{key}" for key, items in pairs.items() if items.items() - now.get(key, {}).items()]
    return tuple(found)


def _pairs_before(running: Running) -> dict[int, dict[str, int | None]]:
    """Item pairs by field as they were found, of lists that were written and of fields that got another CRM field."""
    below = running.observed_below
    before = below.lists if below is not None and below.lists is not None else running.lists_start
    if before is None:
        return {}
    written = _written_lists(running) if Act.ITEMS in running.wrote else set()
    pairs = {one.field_id: {item.erp_key: item.crm_id for item in one.items} for one in before.lists}
    lost = {
        field.id
        for actor, start in running.starts.items()
        for field in start.fields
        if remapped(running, actor, field.key) and any(key is not None for key in pairs.get(field.id, {}).values())
    }
    return {key: items for key, items in pairs.items() if key in written | lost}


def _written(running: Running, actor: str) -> Attributes:
    for step in running.unit.steps:
        if step.act is Act.MAP and actor in step.sets["actors"]:
            sets: Attributes = step.sets["actors"][actor]
            return sets
    return {}


def _written_lists(running: Running) -> set[int]:
    """Ids of the fields whose items the plan writes."""
    keys = {
        (ACTOR_TYPES[actor], key)
        for step in running.unit.steps
        if step.act is Act.ITEMS
        for actor, sets in step.sets["actors"].items()
        for key in sets["fields"]
    }
    below: Mappings | None = running.observed_below
    rows = below.fields if below is not None else ()
    ids = {row.id for row in rows if (row.actor_type, row.key) in keys}
    return ids | {field.id for start in running.starts.values() for field in start.fields if (start.erp, field.key) in keys}


def _restored(fresh: ActorMapping, *, start: ActorMapping, sets: Attributes) -> ActorMapping:
    before = {one.key: one for one in start.fields}
    strange = strange_fields(fresh, start, sets)
    if strange:
        raise ConflictError("Somebody else is at work", f"{', '.join(strange)} was mapped otherwise after this run wrote it.")
    fields = tuple(
        replace(
            one,
            crm=before[one.key].crm,
            to_crm=before[one.key].to_crm,
            to_erp=before[one.key].to_erp,
            in_tab=before[one.key].in_tab,
            in_search=before[one.key].in_search,
        )
        if one.key in sets.get("fields", {}) and one.key in before
        else one
        for one in fresh.fields
    )
    return replace(fresh, active=start.active if "sync" in sets else fresh.active, fields=fields)
