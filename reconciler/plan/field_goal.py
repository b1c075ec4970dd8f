"""What one ERP field should become: mapping, display and default, on top of what is live of it; its list items: `item_goal`.

In -> Out: a desired field, the live ones -> the goal's field, or problems.
Effects: none (goal and problems are what is handed in).
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import DesiredField, ErpField, NotChecked, Problem, Value
from reconciler.plan.field_rules import check_default, check_mapping, unknown_crm_field
from reconciler.plan.ground import ActorsGoal, Ground
from reconciler.plan.item_goal import lay_items, lost_items, moves
from reconciler.plan.nearest import did_you_mean
from reconciler.wire import values

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
            result["items"] = lay_items(goal, actor, written, result, ground, problems)
    elif "items" in live and moves(mapping, result) and result["crm"]:
        result["items"] = dict.fromkeys(live["items"], "")
    goal.not_checked += lost_items(written, path, result, live, mapping, ground)
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
