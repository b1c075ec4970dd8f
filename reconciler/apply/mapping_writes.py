"""Save the field mappings of an actor type: the full array as it was just read, in which only what is planned differs.

Effects: writes the target through `ensure`; reads.
Neighbours: called by `below`, and by `below_back` on the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.apply.context import Context
from reconciler.apply.ensure import Write, ensure
from reconciler.apply.foreign import mapping_as_found, settings
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, StepFailed
from reconciler.live.actors import DIRECTIONS
from reconciler.model import (
    ACTOR_TYPES,
    Act,
    ActorMapping,
    Attributes,
    FieldMapping,
    Value,
    Why,
)
from reconciler.plan.codec import value_to_json

_FLAGS: Mapping[str, tuple[bool, bool]] = {name: flags for flags, name in DIRECTIONS.items()}


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
    if not rollback:
        mapping_as_found(running, actor, start, sets)
        _check_rules(running, actor, start, sets)
    running.starts.setdefault(actor, start)
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
