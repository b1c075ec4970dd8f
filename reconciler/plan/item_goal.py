"""What the items of one ERP list should stand for, on top of what is live of them; and what of that the tenant can judge beforehand.

SuperOffice shows the list behind a mapping once the mapping is stored. Which CRM list that will be is told by the CRM field before, as a
rule; which items the ERP offers only where another mapped field shows the same ERP list. What nobody can tell is said to be checked later.

In -> Out: a desired field, the goal's so far, the live ones -> the goal's items, or problems.
Effects: none (goal and problems are what is handed in).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model import DesiredField, FieldMapping, FieldType, Named, NotChecked, Problem, Source, Value, Why
from reconciler.plan.field_rules import CRM_KINDS
from reconciler.plan.ground import ActorsGoal, Ground
from reconciler.plan.nearest import did_you_mean
from reconciler.wire.crm_items import item_ids, item_names, list_name

__all__ = ["lay_items", "lost_items", "moves"]


@dataclass(frozen=True, slots=True)
class _Sides:
    """The two lists that are laid on each other; None is not known before the mapping is stored.

    Attributes:
        erp: keys of the ERP list's items.
        crm: items of the CRM list.
        unread: why `crm` is not known.
    """

    erp: frozenset[str] | None
    crm: Sequence[Named] | None
    unread: str = ""


def lay_items(
    goal: ActorsGoal, actor: str, written: DesiredField, result: Mapping[str, Value], ground: Ground, problems: list[Problem]
) -> Mapping[str, Value]:
    """The items that the goal has of one field, whose other parts are in `result`."""
    mapping, path = ground.mapping(actor, written.key), ("actors", actor, "fields", written.key, "items")
    live: Mapping[str, Value] = result.get("items", {})
    items = dict.fromkeys(live, "") if moves(mapping, result) else dict(live)
    if (listless := _listless(actor, written, result, mapping, ground)) is not None:
        problems.append(listless)
        return items
    sides = _sides(actor, written, result, mapping, ground)
    for key, mark in written.items.items():
        if sides.erp is not None and key not in sides.erp:
            hint = did_you_mean(key, sides.erp)
            problems.append(
                Problem("unknown-item", f"The ERP list of {written.key} has no item {key!r}.", mark.source, hint, ground.address)
            )
        items[key] = _crm_item(mark.value, mark.source, sides.crm, ground, problems)
        goal.manage((*path, key), mark.source)
    for key in sorted(live.keys() - written.items.keys()):
        if written.items_not_listed == "no-selection" and items[key]:
            items[key] = ""
            goal.whys[(*path, key)] = Why.NOT_LISTED
        elif written.items_not_listed == "report" and items[key]:
            reason = f"not listed in the file; it stands for {live[key]!r}"
            goal.not_checked.append(NotChecked(ground.address, (*path, key), reason))
    if result.get("crm") and (reason := _later(written, sides, late=(actor, written.key) in goal.late)):
        goal.not_checked.append(NotChecked(ground.address, path, reason))
    return items


def _listless(
    actor: str, written: DesiredField, result: Mapping[str, Value], mapping: FieldMapping | None, ground: Ground
) -> Problem | None:
    """Why the field has, and will have, no list whose items could stand for anything."""
    if mapping is not None and mapping.field_type is not FieldType.LIST:
        message = f"{written.key} is of type {mapping.field_type.value}, and only a field of type List has items."
        return Problem("not-a-list", message, written.source, "Take `items` out.", ground.address)
    crm = str(result.get("crm", ""))
    if not crm:
        message = f"{written.key} has items but is not mapped: SuperOffice shows lists only for mapped fields."
        return Problem("items-unmapped", message, written.source, "Write `crm:` and `direction:` beside the items.", ground.address)
    if mapping is not None and mapping.crm == crm:
        if ground.mappings is None or ground.mappings.lists is None or "items" in result or ground.refreshes or mapping.missing_in_erp:
            return None
        message = f"{written.key} is mapped to {crm}, and SuperOffice shows no list behind that mapping."
        return Problem("not-a-list", message, written.source, "Map it to a CRM field that is a list, or take `items` out.", ground.address)
    told = ground.crm_field(actor, crm)
    kind = CRM_KINDS.get(told.type.lower()) if told is not None else None
    if told is None or told.list or kind in (None, FieldType.LIST) or not written.items:
        return None
    message = f"{told.key} is of type {kind.value} in SuperOffice, and only a list has items that those of {written.key} could stand for."
    return Problem("not-a-list", message, written.source, "Map it to a CRM field that is a list, or take `items` out.", ground.address)


def _sides(actor: str, written: DesiredField, result: Mapping[str, Value], mapping: FieldMapping | None, ground: Ground) -> _Sides:
    """What is known of both lists: by the mapping as it is stored, else by the CRM field that is chosen and by what other fields show."""
    crm = str(result["crm"])
    erp = frozenset(result["items"]) if result.get("items") else ground.erp_items(actor, written.key)
    if mapping is not None and mapping.crm == crm and mapping.list_reference:
        name = list_name(mapping.list_reference)
    else:
        name = ground.crm_lists.get((ground.crm_type(actor), crm.lower()), "")
    rows = ground.crm_items.get(name)
    why = f"its list {name} could not be read" if name else "SuperOffice does not tell its list before"
    return _Sides(erp, rows, "" if rows is not None else why)


def _later(written: DesiredField, sides: _Sides, *, late: bool) -> str:
    """What only an apply can see; a field that a refresh brings is told for itself."""
    left = []
    if sides.erp is None and written.items and not late:
        left.append(f"whether the ERP list has {_listed(written.items)}")
    names = {mark.value for mark in written.items.values()} - {""}
    if sides.crm is None and names:
        left.append(f"whether the CRM list has {_listed(names)} ({sides.unread})")
    return f"checked after the mapping is stored: {' and '.join(left)}" if left else ""


def _listed(names: Iterable[str], most: int = 6) -> str:
    every = sorted(names)
    shown = ", ".join(repr(name) for name in every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} others"


def moves(mapping: FieldMapping | None, result: Mapping[str, Value]) -> bool:
    """Whether it gets another CRM field: SuperOffice forgets the pairs then, and they would mean nothing for the other list."""
    return mapping is not None and mapping.crm != "" and result.get("crm") != mapping.crm


def lost_items(
    written: DesiredField,
    path: tuple[str, ...],
    result: Mapping[str, Value],
    live: Mapping[str, Value],
    mapping: FieldMapping | None,
    ground: Ground,
) -> list[NotChecked]:
    """A word about list items of which the file says nothing, and which go with the mapping that it changes."""
    if mapping is None or not mapping.list_reference or written.items or str(result.get("crm", "")).lower() == mapping.crm.lower():
        return []
    pairs = [f"{key} for {name!r}" for key, name in sorted(live.get("items", {}).items()) if name]
    if "items" in live and not pairs:
        return []
    told = f" ({', '.join(pairs)})" if pairs else ""
    unseen = mapping.missing_in_erp and "items" not in live
    back = "it no longer shows them, so no rollback brings them back" if unseen else "a rollback brings them back"
    reason = f"with another CRM field SuperOffice forgets what the items of the list stand for{told}; {back}"
    return [NotChecked(ground.address, (*path, "items"), reason)]


def _crm_item(name: str, source: Source, rows: Sequence[Named] | None, ground: Ground, problems: list[Problem]) -> str:
    """The item's name as attributes have it; a problem when the CRM list has no such item, or several."""
    if not name or rows is None:
        return name
    found, names = item_ids(name, rows, ground.language), item_names(rows, ground.language)
    if len(found) == 1:
        return names[found[0]]
    if found:
        message = f"The CRM list has {len(found)} items {name!r} ({', '.join(f'#{key}' for key in found)})."
        hint = f"Write the one you mean as {' or '.join(f'`{names[key]}`' for key in found[:6])}."
    else:
        message, hint = f"The CRM list has no item {name!r}.", did_you_mean(name, names.values())
    problems.append(Problem("unknown-crm-item", message, source, hint, ground.address))
    return name
