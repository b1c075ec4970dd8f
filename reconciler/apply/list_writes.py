"""Save what the items of lists stand for: the whole container as it was just read, in which only what is planned differs.

Effects: writes the target through `ensure`; reads.
Neighbours: called by `below`, and by `below_back` on the way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.apply.context import Context
from reconciler.apply.ensure import Write, ensure
from reconciler.apply.foreign import pairs_as_found, pairs_of
from reconciler.apply.mapping_writes import remapped
from reconciler.apply.running import Running
from reconciler.errors import StepFailed
from reconciler.model import (
    ACTOR_TYPES,
    Act,
    Attributes,
    FieldMapping,
    ListItemMapping,
    ListMappings,
    Named,
)
from reconciler.plan.codec import value_to_json
from reconciler.wire.crm_items import item_ids, list_name


def set_items(context: Context, running: Running, actor: str, sets: Attributes, step: int) -> None:
    """Save the planned items of an actor type, their CRM items by name."""
    wanted: dict[int, Mapping[str, int | None]] = {}
    for key, written in sets["fields"].items():
        row = _listed_field(context, running, actor, key)
        name = list_name(row.list_reference)
        if name not in running.crm_items:
            running.crm_items[name] = tuple(context.mappings.crm_items(name))
        choices = running.crm_items[name]
        wanted[row.id] = {erp: crm_item_id(crm, choices, context.language, key) for erp, crm in written["items"].items()}
    save_items(context, running, wanted, step=step, sets=value_to_json({actor: sets}))


def planned_pairs(context: Context, running: Running) -> dict[int, dict[str, int | None]]:
    """The list items that the plan writes, by field id and ERP item, as far as the fields have a list now."""
    found: dict[int, dict[str, int | None]] = {}
    for step in running.unit.steps:
        for actor, sets in step.sets["actors"].items() if step.act is Act.ITEMS else ():
            for key, written in sets["fields"].items():
                row = _listed_field(context, running, actor, key)
                if row.list_reference:
                    choices = tuple(context.mappings.crm_items(list_name(row.list_reference)))
                    found[row.id] = {erp: crm_item_id(crm, choices, context.language, key) for erp, crm in written["items"].items()}
    return found


def _listed_field(context: Context, running: Running, actor: str, key: str) -> FieldMapping:
    """The row of a list field: as it was read when the unit was opened, so that no more calls than needed fall into the window.

    A field that was not mapped then, or did not exist, is read now: its list is known only once it is mapped.

    Raises:
        StepFailed: there is no such field.
    """
    opened = running.observed_below.actors.get(actor) if running.observed_below is not None else None
    for mapping in (None,) if remapped(running, actor, key) else (opened, None):
        found = mapping or context.mappings.actor_mapping(running.row_id, ACTOR_TYPES[actor])
        for one in found.fields if found is not None else ():
            if one.key == key and (mapping is None or one.list_reference):
                return one
    raise StepFailed("A field is not there", f"{running.name} has no {actor} field {key!r}.")


def crm_item_id(name: str, choices: tuple[Named, ...], language: str, field: str) -> int | None:
    """The id of a CRM item by name; None is "(No selection)".

    Raises:
        StepFailed: the list has no such item, or several.
    """
    if not name:
        return None
    found = item_ids(name, choices, language)
    if len(found) != 1:
        raise StepFailed("A list item is not there", f"The CRM list behind {field} has {len(found)} items called {name!r}.")
    return found[0]


def save_items(
    context: Context, running: Running, wanted: Mapping[int, Mapping[str, int | None]], *, step: int, sets: object, rollback: bool = False
) -> None:
    """Save list items by field id and ERP item key; everything else in the container is echoed.

    Raises:
        StepFailed: a field has no list, or a list no such ERP item.
    """
    start = context.mappings.list_mappings(running.row_id)
    present = pairs_of(start)
    for field_id, items in wanted.items():
        unknown = sorted(items.keys() - present.get(field_id, {}).keys())
        if unknown:
            raise StepFailed("A list item is not there", f"SuperOffice shows no ERP item {', '.join(unknown)} for field #{field_id}.")
    if not rollback:
        forgotten = {one.id for actor, mapping in running.starts.items() for one in mapping.fields if remapped(running, actor, one.key)}
        pairs_as_found(running, start, wanted, frozenset(forgotten))
        running.wrote_pairs.update({key: dict(items) for key, items in wanted.items()})
    if running.lists_start is None:
        running.lists_start = start
    running.wrote.add(Act.ITEMS)

    def held(found: ListMappings) -> dict[tuple[int, str], int | None]:
        return {
            (one.field_id, item.erp_key): item.crm_id
            for one in found.lists
            for item in one.items
            if item.erp_key in wanted.get(one.field_id, {})
        }

    goal = {(field_id, erp): crm for field_id, items in wanted.items() for erp, crm in items.items()}
    write: Write[ListMappings] = Write(
        unit=running.name,
        step=step,
        act=Act.ITEMS,
        operation="SaveConnectionListMappings",
        row_id=running.row_id,
        read=lambda: context.mappings.list_mappings(running.row_id),
        done=lambda found: held(found) == goal,
        before=lambda found: held(found) == held(start),
        send=lambda latest: context.mapping_writer.save_lists(with_items(latest, wanted)),
        seen=lambda found: f"{len(found.lists)} lists",
        sets=sets,
        rollback=rollback,
    )
    ensure(context, write, start)


def with_items(lists: ListMappings, wanted: Mapping[int, Mapping[str, int | None]]) -> ListMappings:
    """The container with some items changed."""

    def item(field_id: int, one: ListItemMapping) -> ListItemMapping:
        items = wanted.get(field_id, {})
        return replace(one, crm_id=items[one.erp_key]) if one.erp_key in items else one

    return replace(lists, lists=tuple(replace(one, items=tuple(item(one.field_id, pair) for pair in one.items)) for one in lists.lists))
