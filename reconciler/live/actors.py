"""Turn the rows below a connection (mappings, defaults, ranks, lists) into the attributes that desired state has too.

In -> Out: rows -> `actors` attributes.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import ActorMapping, Attributes, ErpField, FieldMapping, ListMapping, Mappings, Named, Value
from reconciler.wire import values
from reconciler.wire.crm_items import item_name, list_name

DIRECTIONS: Mapping[tuple[bool, bool], str] = {
    (False, False): "none",
    (True, False): "to-crm",
    (False, True): "to-erp",
    (True, True): "both",
}


def actors_attributes(mappings: Mappings, crm_items: Mapping[str, tuple[Named, ...]], language: str) -> Attributes:
    """`actors` of one connection: every actor type that was read and that the connection has, every field of it."""
    return {
        name: _actor(mapping, mappings, crm_items, language) for name, mapping in sorted(mappings.actors.items()) if mapping is not None
    }


def _actor(mapping: ActorMapping, mappings: Mappings, crm_items: Mapping[str, tuple[Named, ...]], language: str) -> Attributes:
    rows = [row for row in mappings.fields if row.actor_type == mapping.erp]
    by_key = {row.key: row for row in rows}
    lists = {one.field_id: one for one in mappings.lists.lists} if mappings.lists is not None else {}
    return {
        "sync": mapping.active,
        "fields": {
            field.key: _field(field, by_key.get(field.key), lists.get(field.id), crm_items, language)
            for field in sorted(mapping.fields, key=lambda one: one.key)
        },
        "rank": tuple(row.key for row in sorted(rows, key=lambda one: (one.rank, one.id))),
    }


def _field(
    field: FieldMapping,
    row: ErpField | None,
    items: ListMapping | None,
    crm_items: Mapping[str, tuple[Named, ...]],
    language: str,
) -> Attributes:
    show = [name for name, on in (("erp-tab", field.in_tab), ("search", field.in_search)) if on]
    attributes: dict[str, Value] = {
        "crm": field.crm,
        # Directions without a CRM field mean nothing. Source: direction table of the vendor's manual, configure field mapping.
        "direction": DIRECTIONS[field.to_crm, field.to_erp] if field.crm else "none",
        "show": tuple(show),
        "default": default_of(row),
    }
    if items is not None:
        names = crm_items.get(list_name(field.list_reference), ())
        attributes["items"] = {one.erp_key: item_name(one.crm_id, one.crm_name, names, language) for one in items.items}
    return attributes


def default_of(row: ErpField | None) -> Mapping[str, Value]:
    """The default of a field; empty when it has none.

    The flag that the connector forces on a mandatory field is no default of its own.
    """
    if row is None or not (row.has_default or row.ask):
        return {}
    default: dict[str, Value] = {"ask": row.ask, "mandatory": row.default_mandatory}
    if row.has_default:
        default["value"] = values.decode(row.default, row.field_type) if row.default else ""
    return default
