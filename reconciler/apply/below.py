"""Run the steps below a connection: mappings, list items, defaults, order. Each is a full read, a change of what is planned, a save.

In -> Out: a `Running` and a step -> an error, or everything the step sets is proved by a read.
Effects: writes the target through `ensure`; reads.
Neighbours: called by `connection`; `below_back` is its way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.apply.context import Context
from reconciler.apply.ensure import Write, ensure
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, StepFailed
from reconciler.live.actors import DIRECTIONS, default_of
from reconciler.model import (
    ACTOR_TYPES,
    Act,
    ActorMapping,
    Attributes,
    DefaultValue,
    ErpField,
    FieldMapping,
    FieldType,
    ListItemMapping,
    ListMappings,
    Named,
    Step,
    Value,
    Why,
    same,
)
from reconciler.plan.codec import value_to_json
from reconciler.wire import values
from reconciler.wire.crm_items import item_ids, list_name

_FLAGS: Mapping[str, tuple[bool, bool]] = {name: flags for flags, name in DIRECTIONS.items()}


def run_below(context: Context, running: Running, step: Step) -> None:
    """Perform a step that sets something below the connection."""
    (actor, sets), *more = step.sets["actors"].items()
    assert not more, "a step is about one actor type"
    match step.act:
        case Act.MAP:
            save_mapping(context, running, actor, lambda start: mapped(start, sets), step=step.number, sets=sets)
        case Act.ITEMS:
            _items(context, running, actor, sets, step.number)
        case Act.DEFAULT:
            ((key, written),) = sets["fields"].items()
            save_default(context, running, actor, key, written["default"], step=step.number)
        case Act.RANK:
            move_to(context, running, actor, tuple(sets["rank"]), step=step.number)


# --- mappings --------------------------------------------------------------------------------------------------------


def mapped(start: ActorMapping, sets: Attributes) -> ActorMapping:
    """The mapping a save sends: the full array as read, with only the planned fields changed."""
    fields = tuple(_mapped_field(field, sets.get("fields", {}).get(field.key, {})) for field in start.fields)
    return replace(start, active=sets.get("sync", start.active), fields=fields)


def _mapped_field(field: FieldMapping, written: Mapping[str, Value]) -> FieldMapping:
    if "crm" in written:
        field = replace(field, crm=written["crm"])
    if "direction" in written:
        to_crm, to_erp = _FLAGS[written["direction"]]
        field = replace(field, to_crm=to_crm, to_erp=to_erp)
    if not field.crm:
        field = replace(field, to_crm=False, to_erp=False)
    if "show" in written:
        field = replace(field, in_tab="erp-tab" in written["show"], in_search="search" in written["show"])
    return field


def settings(mapping: ActorMapping, keys: Mapping[str, object]) -> tuple[bool, Mapping[str, object]]:
    """What a save may set of these fields (and of the actor type), for comparing two reads; the server's order says nothing."""
    fields = {one.key: (one.crm, one.to_crm, one.to_erp, one.in_tab, one.in_search) for one in mapping.fields if one.key in keys}
    return mapping.active, fields


def save_mapping(
    context: Context,
    running: Running,
    actor: str,
    target: Callable[[ActorMapping], ActorMapping],
    *,
    step: int,
    sets: Attributes,
    rollback: bool = False,
) -> None:
    """Save one actor type's mapping so that it becomes what `target` makes of the freshest read.

    Raises:
        StepFailed: the connection does not have the actor type or a field, or the rules forbid what is asked.
    """
    wire = ACTOR_TYPES[actor]
    keys: Mapping[str, object] = sets.get("fields", {})
    start = context.mappings.actor_mapping(running.row_id, wire)
    if start is None:
        raise StepFailed("The actor type is not there", f"The connector of {running.name} offers no {actor}.")
    running.starts.setdefault(actor, start)
    if not rollback:
        _check_rules(running, actor, start, sets)
    goal = target(start)
    running.wrote.add(Act.MAP)

    def read() -> ActorMapping:
        found = context.mappings.actor_mapping(running.row_id, wire)
        if found is None:
            raise ConflictError("Somebody else is at work", f"The actor type {actor} of {running.name} is gone.")
        return found

    write: Write[ActorMapping] = Write(
        unit=running.name,
        step=step,
        act=Act.MAP,
        operation="SaveActorTypeMapping",
        row_id=running.row_id,
        read=read,
        done=lambda found: settings(found, keys) == settings(goal, keys),
        before=lambda found: settings(found, keys) == settings(start, keys),
        send=lambda latest: context.mapping_writer.save_mapping(target(latest)),
        seen=lambda found: f"{len(found.fields)} fields",
        sets=value_to_json({actor: sets}),
        rollback=rollback,
    )
    stored = ensure(context, write, start).read
    unknown = [f"{one.key} > {one.crm}" for one in stored.fields if one.key in keys and one.crm and one.missing_in_crm]
    if unknown and not rollback:
        raise StepFailed("A CRM field is not there", f"SuperOffice does not know the CRM field of {', '.join(unknown)} of {running.name}.")


def _check_rules(running: Running, actor: str, start: ActorMapping, sets: Attributes) -> None:
    """What could not be checked before the fields existed."""
    rows = {one.key: one for one in start.fields}
    for key, written in sets.get("fields", {}).items():
        row = rows.get(key)
        if row is None:
            raise StepFailed(
                "A field is not there", f"The connector of {running.name} offers no {actor} field {key!r}, also after the refresh."
            )
        if _was_renamed(running, actor, key) and not row.missing_in_erp:
            raise StepFailed("A field is still there", f"The connector of {running.name} still reports {actor} {key}: it was not renamed.")
        direction = written.get("direction", DIRECTIONS[row.to_crm, row.to_erp])
        crm = written.get("crm", row.crm)
        if not {"crm", "direction"} & written.keys():
            continue  # what it was already is no matter of this plan
        if crm and direction != "none" and (row.access == "ReadOnly" or row.missing_in_erp):
            why = "is read-only in the ERP" if row.access == "ReadOnly" else "is no longer reported by the connector"
            raise StepFailed("A field cannot be synchronised", f"{actor} {key} of {running.name} {why}.")
        # The flag is about the CRM field that the row has now; of another one the server's own check tells.
        if crm and crm == row.crm and direction == "to-crm" and row.already_mapped:
            raise StepFailed(
                "A field cannot be synchronised", f"{actor} {key} is mapped on another connection too: one way to SuperOffice is forbidden."
            )


def _was_renamed(running: Running, actor: str, key: str) -> bool:
    """Whether the plan takes this field for one that the connector calls otherwise by now."""
    path = ("actors", actor, "fields", key, "crm")
    return any(change.path == path and change.why is Why.RENAMED and change.after == "" for change in running.unit.changes)


def remapped(running: Running, actor: str, key: str) -> bool:
    """Whether the plan gives a field another CRM field. SuperOffice then forgets the pairs of its list."""
    return any(
        "crm" in step.sets["actors"].get(actor, {}).get("fields", {}).get(key, {}) for step in running.unit.steps if step.act is Act.MAP
    )


# --- list items ------------------------------------------------------------------------------------------------------


def _items(context: Context, running: Running, actor: str, sets: Attributes, step: int) -> None:
    wanted: dict[int, Mapping[str, int | None]] = {}
    for key, written in sets["fields"].items():
        row = _listed_field(context, running, actor, key)
        name = list_name(row.list_reference)
        if name not in running.crm_items:
            running.crm_items[name] = tuple(context.mappings.crm_items(name))
        choices = running.crm_items[name]
        wanted[row.id] = {erp: crm_item_id(crm, choices, context.language, key) for erp, crm in written["items"].items()}
    save_items(context, running, wanted, step=step, sets=value_to_json({actor: sets}))


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
    present = {one.field_id: {item.erp_key for item in one.items} for one in start.lists}
    for field_id, items in wanted.items():
        unknown = sorted(items.keys() - present.get(field_id, set()))
        if unknown:
            raise StepFailed("A list item is not there", f"SuperOffice shows no ERP item {', '.join(unknown)} for field #{field_id}.")
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


# --- defaults --------------------------------------------------------------------------------------------------------


def field_row(context: Context, running: Running, actor: str, key: str) -> ErpField:
    """The stored row of a field, read now.

    Raises:
        StepFailed: there is none.
    """
    for row in context.mappings.erp_fields(running.row_id):
        if row.actor_type == ACTOR_TYPES[actor] and row.key == key:
            return row
    raise StepFailed("A field is not there", f"{running.name} has no {actor} field {key!r}.")


def save_default(
    context: Context, running: Running, actor: str, key: str, wanted: Mapping[str, Value], *, step: int, rollback: bool = False
) -> None:
    """Save (or, where nothing is wanted, remove) the default of one field."""
    start = field_row(context, running, actor, key)
    running.default_starts.setdefault((actor, key), start)
    goal = wanted if rollback else settled_default(wanted, start)
    value = DefaultValue(
        field_id=start.id,
        has_value="value" in goal,
        value=values.encode(goal["value"], start.field_type) if goal.get("value") not in (None, "") else "",
        ask=bool(goal.get("ask")),
        mandatory=bool(goal.get("mandatory")),
    )
    running.wrote.add(Act.DEFAULT)
    write: Write[ErpField] = Write(
        unit=running.name,
        step=step,
        act=Act.DEFAULT,
        operation="SaveDefaultValueInfo",
        row_id=running.row_id,
        read=lambda: field_row(context, running, actor, key),
        done=lambda row: same(_comparable(default_of(row), row), _comparable(goal, row)),
        before=lambda row: same(default_of(row), default_of(start)),
        send=lambda _row: context.mapping_writer.save_default(value),
        seen=lambda row: f"#{row.id}",
        sets=value_to_json({actor: {"fields": {key: {"default": wanted}}}}),
        rollback=rollback,
    )
    ensure(context, write, start)


def settled_default(wanted: Mapping[str, Value], row: ErpField) -> Mapping[str, Value]:
    """A default by the type and the access of its field, which a plan cannot know before the field exists.

    Raises:
        StepFailed: the value does not fit the type.
    """
    if not wanted:
        return wanted
    settled = {**wanted, "mandatory": bool(wanted.get("mandatory")) or row.access == "Mandatory"}
    value = wanted.get("value")
    if isinstance(value, str) and value and row.field_type not in (FieldType.TEXT, FieldType.LIST, FieldType.PASSWORD):
        try:
            settled["value"] = values.from_plain(value, True, row.field_type)
        except ValueError as error:
            raise StepFailed("A default does not fit", f"The default of {row.key}, a {row.field_type.value} field: {error}.") from error
    return settled


def _comparable(default: Mapping[str, Value], row: ErpField) -> Mapping[str, Value]:
    """The flag that the connector forces on a mandatory field does not tell two defaults apart."""
    if not default or row.access != "Mandatory":
        return default
    return {**default, "mandatory": True}


# --- order -----------------------------------------------------------------------------------------------------------


def order_of(context: Context, running: Running, actor: str) -> tuple[tuple[str, int], ...]:
    """Keys and ids of an actor type's fields in their order, read now."""
    rows = [row for row in context.mappings.erp_fields(running.row_id) if row.actor_type == ACTOR_TYPES[actor]]
    return tuple((row.key, row.id) for row in sorted(rows, key=lambda one: (one.rank, one.id)))


def move_to(context: Context, running: Running, actor: str, wanted: tuple[str, ...], *, step: int, rollback: bool = False) -> None:
    """Bring fields into an order by single moves, each proved before the next; a move is as dangerous as a toggle.

    Keys that are not wanted keep their order behind the others.

    Raises:
        StepFailed: a wanted key does not exist.
    """
    order = order_of(context, running, actor)
    running.rank_starts.setdefault(actor, tuple(key for key, _ in order))
    present = [key for key, _ in order]
    absent = [key for key in wanted if key not in present]
    if absent:
        raise StepFailed("A field is not there", f"{running.name} has no {actor} field {', '.join(absent)} to rank.")
    goal = [*wanted, *(key for key in present if key not in wanted)]
    running.wrote.add(Act.RANK)
    for place, key in enumerate(goal):
        at = [one for one, _ in order].index(key)
        while at > place:
            order = _move_up(context, running, actor, order, at, step=step, rollback=rollback)
            at -= 1


def _move_up(
    context: Context, running: Running, actor: str, order: tuple[tuple[str, int], ...], at: int, *, step: int, rollback: bool
) -> tuple[tuple[str, int], ...]:
    swapped = (*order[: at - 1], order[at], order[at - 1], *order[at + 1 :])
    field_id = order[at][1]
    write: Write[tuple[tuple[str, int], ...]] = Write(
        unit=running.name,
        step=step,
        act=Act.RANK,
        operation="MoveErpFieldItem",
        row_id=running.row_id,
        read=lambda: order_of(context, running, actor),
        done=lambda found: found == swapped,
        before=lambda found: found == order,
        send=lambda _order: context.mapping_writer.move_rank(running.row_id, ACTOR_TYPES[actor], field_id, -1),
        seen=lambda found: ",".join(key for key, _ in found),
        sets={actor: {"moves": order[at][0], "to": at}},
        rollback=rollback,
    )
    return ensure(context, write, order).read
