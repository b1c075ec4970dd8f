"""Rules of one field that need the tenant: what the ERP allows, which types go together, what a list holds, what activation asks for.

They hold for what the plan would change. What a tenant has already, and the file only repeats, is no matter of the plan.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.model import DesiredConnection, DesiredField, FieldMapping, FieldType, NotChecked, Problem, Value, Why, same
from reconciler.plan.ground import ActorsGoal, Ground
from reconciler.plan.nearest import did_you_mean

__all__ = ["CRM_KINDS", "activation_problems", "check_default", "check_mapping", "unknown_crm_field"]

_TAKES: Final[Mapping[FieldType, frozenset[FieldType]]] = {
    FieldType.TEXT: frozenset(FieldType),
    FieldType.DOUBLE: frozenset({FieldType.DOUBLE, FieldType.INTEGER}),
}
"""From which types a value fits into a type without loss, besides its own: anything is a text, an integer is a number.

Source: SuperOffice docs, ERP connectors, setting up mappings: types restrict which fields go together, as a checkbox, which cannot be
mapped both ways with a text field. The pairs themselves are not listed.
"""

CRM_KINDS: Final = {one.value.lower(): one for one in FieldType}
"""The types that a CRM field may be told to have, in small letters."""


def check_mapping(
    actor: str, written: DesiredField, result: Mapping[str, Value], live: Mapping[str, Value], ground: Ground, problems: list[Problem]
) -> None:
    """Whether a field may flow as the goal says."""
    mapping, place = ground.mapping(actor, written.key), written.direction or written.crm
    if mapping is None or place is None:
        return
    synchronised = bool(result.get("crm")) and result.get("direction", "none") != "none"
    if mapping.missing_in_erp and synchronised:
        message = f"The connector no longer reports {written.key}."
        hint = 'Unmap it with `crm: ""`, or name its new key with renamed_from there.'
        problems.append(Problem("missing-in-erp", message, place.source, hint, ground.address))
    if mapping.missing_in_crm and synchronised and result["crm"] == mapping.crm:
        message = f"{written.key} is mapped to the CRM field {mapping.crm}, which SuperOffice no longer has."
        problems.append(
            Problem("missing-in-crm", message, place.source, 'Map it to another one, or unmap it with `crm: ""`.', ground.address)
        )
    if not synchronised or all(result.get(part) == live.get(part) for part in ("crm", "direction")):
        return
    if mapping.access == "ReadOnly":
        message = f"{written.key} is read-only in the ERP and cannot be synchronised."
        problems.append(Problem("read-only-field", message, place.source, "Take crm and direction out; `show` works.", ground.address))
        return
    crm = ground.crm_field(actor, result["crm"])
    kind = CRM_KINDS.get(crm.type.lower()) if crm is not None else None
    if crm is None or kind is None:
        return
    fitting = [way for way, fits in (("to-crm", _fits(mapping.field_type, kind)), ("to-erp", _fits(kind, mapping.field_type))) if fits]
    if result["direction"] not in (*fitting, "both" if len(fitting) > 1 else ""):
        types = f"{written.key} is of type {mapping.field_type.value} and {crm.key} of type {kind.value}"
        if fitting:
            message = f"{types}, so values can flow {'to SuperOffice' if fitting[0] == 'to-crm' else 'to the ERP'} only."
            hint = f"Write `direction: {fitting[0]}`, or map it to a field of its own type."
        else:
            message, hint = f"{types}, and values of one do not fit into the other.", "Map it to a field of its own type."
        problems.append(Problem("incompatible-types", message, place.source, hint, ground.address))


def _fits(source: FieldType, target: FieldType) -> bool:
    return source is target or source in _TAKES.get(target, ())


def unknown_crm_field(actor: str, written: DesiredField, live: Mapping[str, Value], ground: Ground) -> list[NotChecked]:
    """A word about a CRM field that SuperOffice's list does not have. The list is hardly documented, so it stops nothing; the apply
    looks whether SuperOffice knows the field, and goes back where it does not.
    """
    told = ground.crm_fields.get(ground.crm_type(actor))
    if written.crm is None or not written.crm.value or not told or written.crm.value == live.get("crm"):
        return []
    if ground.crm_field(actor, written.crm.value) is not None:
        return []
    hint = did_you_mean(written.crm.value, [one.key for one in told])
    reason = f"SuperOffice lists no CRM field {written.crm.value!r}. {hint}".rstrip(". ")
    return [NotChecked(ground.address, ("actors", actor, "fields", written.key, "crm"), reason)]


def check_default(
    written: DesiredField,
    result: Mapping[str, Value],
    live: Mapping[str, Value],
    mapping: FieldMapping | None,
    ground: Ground,
    problems: list[Problem],
) -> None:
    """Whether the default of a list field is the key of an item, as far as the ERP's items could be read."""
    items: Mapping[str, Value] = live.get("items", {})
    value = result.get("default", {}).get("value", "")
    if written.default is None or mapping is None or mapping.field_type is not FieldType.LIST or not items:
        return
    if value and value not in items and not same(result["default"], live.get("default")):
        message = f"The default of {written.key} is the key of an item of its ERP list, and the list has no item {value!r}."
        problems.append(Problem("unknown-default-item", message, written.default.source, did_you_mean(value, items), ground.address))


def activation_problems(one: DesiredConnection, goal: ActorsGoal, ground: Ground) -> list[Problem]:
    """Mandatory ERP fields that would have no direction in an actor type that is synchronised: SuperOffice would not activate.

    Judged on the goal; fields that exist only after a refresh are judged then.
    Source: SuperOffice manual, "Configure ERP connection".
    """
    problems = []
    for name, attributes in sorted(goal.attributes.items()):
        live = ground.mappings.actors.get(name) if ground.mappings is not None else None
        if live is None or not attributes.get("sync") or name not in one.actors:
            continue
        for mapping in live.fields:
            field = attributes["fields"].get(mapping.key, {})
            renamed = goal.whys.get(("actors", name, "fields", mapping.key, "direction")) is Why.RENAMED
            gone = mapping.missing_in_erp or (renamed and not field.get("crm"))
            if mapping.access == "Mandatory" and not gone and field.get("direction", "none") == "none":
                message = f"{mapping.key} is mandatory in the ERP, and {name} is synchronised: it needs a direction."
                hint = f"Write `{mapping.key}: {{crm: {field.get('crm') or '...'}, direction: both}}` below the fields of {name}."
                written = one.actors[name].fields.get(mapping.key)
                mark = (written.direction or written.crm) if written is not None else None
                place = mark.source if mark is not None else one.actors[name].source
                problems.append(Problem("mandatory-without-direction", message, place, hint, ground.address))
    return problems
