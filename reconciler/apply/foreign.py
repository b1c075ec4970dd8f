"""Whether somebody else changed what lies below a connection: since the plan was checked, or since this run wrote it.

Nothing that a read showed to be somebody else's is overwritten, neither on the way forward nor on the way back.

In -> Out: a fresh read and what a `Running` found and wrote -> a `ConflictError`, or nothing.
Effects: none.
Neighbours: called by the writes below a connection, and by `below_back` before the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.apply.running import Running
from reconciler.errors import ConflictError
from reconciler.journal.view import Attempt
from reconciler.live.actors import DIRECTIONS, default_of
from reconciler.model import ACTOR_TYPES, Act, ActorMapping, Attributes, ErpField, FieldMapping, ListMappings, Value, same

Pairs = Mapping[int, Mapping[str, int | None]]


def settings(mapping: ActorMapping, keys: Mapping[str, object]) -> tuple[bool, Mapping[str, object]]:
    """What a save may set of these fields (and of the actor type), for comparing two reads; the server's order says nothing."""
    return mapping.active, {one.key: _set(one) for one in mapping.fields if one.key in keys}


def _set(field: FieldMapping) -> tuple[object, ...]:
    return field.crm, field.to_crm, field.to_erp, field.in_tab, field.in_search


def pairs_of(lists: ListMappings) -> dict[int, dict[str, int | None]]:
    """The CRM item of each ERP item, by field."""
    return {one.field_id: {item.erp_key: item.crm_id for item in one.items} for one in lists.lists}


# --- on the way forward: as the plan was checked, or already as it is to be (a recovery goes on after writes of its own)? -------


def mapping_as_found(running: Running, actor: str, start: ActorMapping, sets: Attributes) -> None:
    """Raises ConflictError where a field that the plan maps is neither as it was nor as it is to be; new fields are not compared."""
    below = running.observed_below
    found = below.actors.get(actor) if below is not None else None
    if found is not None:
        moved = [f"actors.{actor}.fields.{key}" for key in strange_fields(start, found, sets)]
        _raise_if(running, moved, "since the plan was checked")


def default_as_found(running: Running, actor: str, start: ErpField, ours: Mapping[str, Value]) -> None:
    """Raises ConflictError where the default of a field is neither as it was nor as it is to be."""
    below = running.observed_below
    for row in below.fields if below is not None else ():
        if row.id == start.id and not any(same(default_of(start), one) for one in (default_of(row), ours)):
            _raise_if(running, [f"actors.{actor}.fields.{start.key}.default"], "since the plan was checked")


def order_as_found(running: Running, actor: str, order: tuple[str, ...]) -> None:
    """Raises ConflictError where the fields are in another order than they were, or were left in; new fields are not compared."""
    below = running.observed_below
    rows = [row for row in below.fields if row.actor_type == ACTOR_TYPES[actor]] if below is not None else []
    was = [row.key for row in sorted(rows, key=lambda one: (one.rank, one.id)) if row.key in order]
    if was and was != [key for key in order if key in was] and order not in running.rank_held.get(actor, ()):
        _raise_if(running, [f"actors.{actor}.rank"], "since the plan was checked")


def pairs_as_found(running: Running, start: ListMappings, wanted: Pairs, forgotten: frozenset[int]) -> None:
    """Raises ConflictError where a pair is neither as it was nor as it is to be.

    Args:
        forgotten: fields that this run gave another CRM field, at which SuperOffice forgot their pairs.
    """
    below = running.observed_below
    was = pairs_of(below.lists) if below is not None and below.lists is not None else {}
    moved = [
        f"item {erp} of field #{key}"
        for key, items in pairs_of(start).items()
        for erp, crm in items.items()
        if erp in wanted.get(key, {}) and crm not in (wanted[key][erp], None if key in forgotten else was.get(key, {}).get(erp))
    ]
    _raise_if(running, moved, "while this unit was under way")


# --- on the way back: ours, or as found? -----------------------------------------------------------------------------------


def strange_fields(fresh: ActorMapping, start: ActorMapping, sets: Attributes) -> list[str]:
    """Keys of fields of which something holds neither what was found nor what the plan writes. A switch has no third state."""
    before = {one.key: one for one in start.fields}
    written: Mapping[str, Mapping[str, Value]] = sets.get("fields", {})
    ours = [one for one in fresh.fields if one.key in written and one.key in before]
    return [one.key for one in ours if _strange(one, before[one.key], written[one.key])]


def _strange(now: FieldMapping, found: FieldMapping, written: Mapping[str, Value]) -> bool:
    direction = DIRECTIONS[now.to_crm, now.to_erp]
    directions = {DIRECTIONS[found.to_crm, found.to_erp], written.get("direction", direction if "crm" in written else None)}
    shown = written.get("show")
    places = [(found.in_tab, found.in_search)]
    places += [("erp-tab" in shown, "search" in shown)] if isinstance(shown, tuple) else []
    crm = now.crm in (found.crm, written.get("crm", found.crm))
    return not crm or (now.in_tab, now.in_search) not in places or direction not in directions


def strange_pairs(fresh: ListMappings, found: Pairs, wrote: Pairs, forgotten: frozenset[int]) -> list[str]:
    """Pairs that hold neither what was found nor what the plan writes.

    Args:
        forgotten: fields that this run gave another CRM field, at which SuperOffice forgot their pairs.
    """
    return [
        f"item {erp} of field #{key}"
        for key, items in pairs_of(fresh).items()
        for erp, crm in items.items()
        if (key in forgotten or erp in wrote.get(key, {}))
        and crm not in (wrote.get(key, {}).get(erp), found.get(key, {}).get(erp), None if key in forgotten else found.get(key, {}).get(erp))
    ]


def default_as_left(running: Running, actor: str, row: ErpField, ours: Mapping[str, Value]) -> None:
    """Raises ConflictError where a default is neither what was found nor what the plan writes."""
    found = running.default_starts[actor, row.key]
    if not any(same(default_of(row), one) for one in (default_of(found), ours)):
        _raise_if(running, [f"actors.{actor}.fields.{row.key}.default"], "after this run wrote it")


def order_as_left(running: Running, actor: str, order: tuple[str, ...]) -> None:
    """Raises ConflictError where the fields are in no order that this run left them in, or could have."""
    held = running.rank_held.get(actor)
    if held is not None and order not in held:
        _raise_if(running, [f"actors.{actor}.rank"], "after this run wrote it")


def restore_proved(running: Running, attempts: Iterable[Attempt]) -> None:
    """Tell a rebuilt `Running` what reads proved of its toggles and moves: without that nobody could tell them from a person's.

    The last of each counts, and only where the read right after it showed what was wanted.
    """
    for one in attempts:
        verdict = one.readings[0].verdict if one.readings else ""
        proved = verdict == "as-desired"
        if Act(one.act) in (Act.ACTIVATE, Act.DEACTIVATE):
            running.switched_to = one.sets["active"] is proved if verdict in ("as-desired", "as-before") else None
        elif Act(one.act) is Act.RANK:
            ((actor, move),) = one.sets.items()
            order = tuple(one.seen.split(","))
            swapped = _swapped(order, int(move["to"]))
            running.rank_held[actor] = (swapped,) if proved else (order, swapped)


def _swapped(order: tuple[str, ...], at: int) -> tuple[str, ...]:
    return (*order[: at - 1], order[at], order[at - 1], *order[at + 1 :])


def _raise_if(running: Running, moved: list[str], when: str) -> None:
    if moved:
        running.foreign_below += moved
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} changed {when}.")
