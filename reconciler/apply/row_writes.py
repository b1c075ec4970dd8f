"""Save what stands in the stored row of a field besides its mapping: its default, and its place in the order of its actor type.

Effects: writes the target through `ensure`; reads.
Neighbours: called by `below`, and by `below_back` on the way back.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.apply.context import Context
from reconciler.apply.ensure import Write, ensure
from reconciler.apply.foreign import default_as_found, default_as_left, order_as_found, order_as_left
from reconciler.apply.running import Running
from reconciler.errors import StepFailed
from reconciler.live.actors import default_of
from reconciler.model import (
    ACTOR_TYPES,
    Act,
    Attributes,
    DefaultValue,
    ErpField,
    FieldType,
    Value,
    same,
)
from reconciler.plan.codec import value_to_json
from reconciler.wire import values


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
    if not rollback:
        _quoted(running, actor, start)
    ours = settled_default(default_written(running, actor, key), start)
    (default_as_left if rollback else default_as_found)(running, actor, start, ours)
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


def _quoted(running: Running, actor: str, row: ErpField) -> None:
    """See that the file quotes what a text needs quotes for, now that the type of the field is known."""
    if ("actors", actor, "fields", row.key, "default") not in running.unit.unquoted:
        return
    value = default_written(running, actor, row.key).get("value")
    try:
        values.from_plain(str(value), quoted=False, field_type=row.field_type)
    except ValueError as error:
        raise StepFailed("A default does not fit", f"The default of {row.key}, a field of type {row.field_type.value}: {error}.") from error


def default_written(running: Running, actor: str, key: str) -> Attributes:
    """The default that the plan writes; empty where it removes one."""
    for step in running.unit.steps:
        if step.act is Act.DEFAULT and key in step.sets["actors"].get(actor, {}).get("fields", {}):
            written: Attributes = step.sets["actors"][actor]["fields"][key]["default"]
            return written
    return {}


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
    present = [key for key, _ in order]
    (order_as_left if rollback else order_as_found)(running, actor, tuple(present))
    running.rank_starts.setdefault(actor, tuple(present))
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
    running.rank_held[actor] = (_keys(order), _keys(swapped))
    found = ensure(context, write, order).read
    running.rank_held[actor] = (_keys(found),)
    return found


def _keys(order: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    return tuple(key for key, _ in order)
