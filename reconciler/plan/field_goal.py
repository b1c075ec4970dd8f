"""What one ERP field should become: mapping, display, list items and default, on top of what is live of it.

In -> Out: a desired field, the live ones -> the goal's field, or problems.
Effects: none (goal and problems are what is handed in).
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import DesiredField, ErpField, FieldMapping, FieldType, NotChecked, Problem, Source, Value, Why
from reconciler.plan.field_rules import check_default, check_mapping, unknown_crm_field
from reconciler.plan.ground import ActorsGoal, Ground
from reconciler.plan.nearest import did_you_mean
from reconciler.wire import values
from reconciler.wire.crm_items import item_ids, item_names, list_name

__all__ = ["lay_field"]


def lay_field(
    goal: ActorsGoal, actor: str, written: DesiredField, fields: dict[str, Value], ground: Ground, problems: list[Problem]
) -> None:
    """Lay what the file says of one field over what is live of it; `fields` is the goal's, and gets it."""
    key, path = written.key, ("actors", actor, "fields", written.key)
    mapping = ground.mapping(actor, key)
    if mapping is None:
        if ground.mappings is not None and not ground.refreshes:
            hint = f"{did_you_mean(key, fields)} If the connector was upgraded, ask it again with `reconciler refresh`.".strip()
            problems.append(
                Problem("unknown-field", f"{ground.address} has no {actor} field {key!r}.", written.source, hint, ground.address)
            )
            return
        goal.late.add((actor, key))
    live: Mapping[str, Value] = fields.get(key, {})
    result: dict[str, Value] = dict(live)
    fields[key] = result
    for part, mark in (("crm", written.crm), ("direction", written.direction)):
        if mark is not None:
            result[part] = mark.value
            goal.manage((*path, part), mark.source)
    if result.get("crm") == "" and "direction" in result:
        result["direction"] = "none"
    if written.show is not None:
        result["show"] = tuple(sorted(written.show.value))
        goal.manage((*path, "show"), written.show.source)
    if written.default is not None:
        result["default"] = _default(written, ground.row(actor, key), ground, problems)
        goal.manage((*path, "default"), written.default.source)
    if written.items or written.items_not_listed != "leave":
        if ground.is_silent_about(mapping, str(result.get("crm", ""))):
            goal.not_checked.append(NotChecked(ground.address, (*path, "items"), "the connector does not tell its list items now"))
        else:
            result["items"] = _items(goal, written, path, result, mapping, ground, problems)
    elif "items" in live and _moves(mapping, result) and result["crm"]:
        result["items"] = dict.fromkeys(live["items"], "")
    goal.not_checked += _lost_items(written, path, result, live, mapping, ground)
    check_default(written, result, live, mapping, ground, problems)
    check_mapping(actor, written, result, live, ground, problems)
    goal.not_checked += unknown_crm_field(actor, written, live, ground)


def _default(written: DesiredField, row: ErpField | None, ground: Ground, problems: list[Problem]) -> Mapping[str, Value]:
    assert written.default is not None
    wanted = written.default.value
    if wanted.value is None and not wanted.ask:
        return {}
    default: dict[str, Value] = {"ask": wanted.ask, "mandatory": wanted.mandatory or (row is not None and row.mandatory)}
    if wanted.value is not None:
        default["value"] = wanted.value.text
        if row is not None:
            try:
                default["value"] = values.from_plain(wanted.value.text, wanted.value.quoted, row.field_type)
            except ValueError as error:
                message = f"The default of {written.key}, a field of type {row.field_type.value}: {error}."
                problems.append(Problem("wrong-default-type", message, written.default.source, "", ground.address))
    return default


def _items(
    goal: ActorsGoal,
    written: DesiredField,
    path: tuple[str, ...],
    result: Mapping[str, Value],
    mapping: FieldMapping | None,
    ground: Ground,
    problems: list[Problem],
) -> Mapping[str, Value]:
    live: Mapping[str, Value] = result.get("items", {})
    moves = _moves(mapping, result)
    items = dict.fromkeys(live, "") if moves else dict(live)
    if mapping is not None and mapping.field_type is not FieldType.LIST:
        message = f"{written.key} is of type {mapping.field_type.value}, and only a field of type List has items."
        problems.append(Problem("not-a-list", message, written.source, "Take `items` out.", ground.address))
        return items
    if not result.get("crm"):
        message = f"{written.key} has items but is not mapped: SuperOffice shows lists only for mapped fields."
        problems.append(
            Problem("items-unmapped", message, written.source, "Write `crm:` and `direction:` beside the items.", ground.address)
        )
    for key, mark in written.items.items():
        if live and key not in live:
            problems.append(
                Problem(
                    "unknown-item",
                    f"The ERP list of {written.key} has no item {key!r}.",
                    mark.source,
                    did_you_mean(key, live),
                    ground.address,
                )
            )
        items[key] = _crm_item(mark.value, mark.source, None if moves else mapping, ground, problems)
        goal.manage((*path, "items", key), mark.source)
    for key in sorted(live.keys() - written.items.keys()):
        if written.items_not_listed == "no-selection" and items[key]:
            items[key] = ""
            goal.whys[(*path, "items", key)] = Why.NOT_LISTED
        elif written.items_not_listed == "report" and items[key]:
            goal.not_checked.append(
                NotChecked(ground.address, (*path, "items", key), f"not listed in the file; it stands for {live[key]!r}")
            )
    return items


def _moves(mapping: FieldMapping | None, result: Mapping[str, Value]) -> bool:
    """Whether it gets another CRM field: SuperOffice forgets the pairs then, and they would mean nothing for the other list."""
    return mapping is not None and mapping.crm != "" and result.get("crm") != mapping.crm


def _lost_items(
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


def _crm_item(name: str, source: Source, mapping: FieldMapping | None, ground: Ground, problems: list[Problem]) -> str:
    """The item's name as attributes have it; a problem when the CRM list has no such item, or several."""
    rows = ground.crm_items.get(list_name(mapping.list_reference)) if mapping is not None and mapping.list_reference else None
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
