"""The schema of `connections.yaml` with the names that one tenant really has, so that an editor completes and checks them.

In -> Out: names of a tenant -> JSON Schema: the shipped one, narrowed where the tenant is known.
Effects: reads disk (the shipped schema).
Neighbours: `flow.naming` collects the names; `validate --online` checks the same and more, with the rules of a plan.

Connectors and connections that the tenant does not have yet stay possible; what is not known of a thing is not narrowed.
Mapping sets may name every field that any connection has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.model import ConfigField, FieldType
from reconciler.schemas import schema

Schema = dict[str, Any]

_BY_ID: Final = {"type": "string", "pattern": "^#[0-9]+$"}
_TYPES: Final = {
    FieldType.CHECKBOX: ("boolean", "true or false"),
    FieldType.INTEGER: ("integer", "a whole number"),
    FieldType.DOUBLE: ("number", "a number"),
    FieldType.DATE: ("string", "a date such as 2026-01-31"),
}


@dataclass(frozen=True, slots=True)
class ErpFieldNames:
    """What is known of one ERP field.

    Attributes:
        crm: keys of the CRM fields that it may be mapped to; None where the tenant does not tell them.
        items: keys of the ERP list's items, and `crm_items` names of the CRM list's; None where unknown.
    """

    label: str = ""
    type: FieldType = FieldType.TEXT
    access: str = "Normal"
    crm: tuple[str, ...] | None = None
    items: tuple[str, ...] | None = None
    crm_items: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ConnectionNames:
    """A connection's display name, and its ERP fields by actor type and key."""

    name: str
    actors: Mapping[str, Mapping[str, ErpFieldNames]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectorNames:
    """A connector's display name, and its config fields with their labels; None while it does not answer."""

    name: str
    fields: tuple[ConfigField, ...] | None = None


@dataclass(frozen=True, slots=True)
class TenantNames:
    """The names of one tenant, in one language.

    Attributes:
        connectors, connections: by the keys that files and the journal have for them, else by keys made from their names.
        groups: names of user groups, and `users` logins; None where they could not be read.
    """

    target: str
    connectors: Mapping[str, ConnectorNames]
    connections: Mapping[str, ConnectionNames]
    groups: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None


def tenant_schema(names: TenantNames) -> Schema:
    """The schema for the files of one tenant. Equal names give an equal schema."""
    made = schema("connections")
    made["description"] += f" With the names of {names.target}."
    defs, top = made["$defs"], made["properties"]
    top["connectors"]["properties"] = {
        key: {"$ref": "#/$defs/connector", "description": f"{one.name}, a connector of {names.target}."}
        for key, one in sorted(names.connectors.items())
    }
    defs["connection"]["properties"]["connector"] |= {"examples": sorted(names.connectors)}
    defs["connection"]["allOf"] = [_config_of(key, one.fields) for key, one in sorted(names.connectors.items()) if one.fields is not None]
    below = {key: f"actors-of-connection-{number}" for number, key in enumerate(sorted(names.connections), 1)}
    top["connections"]["properties"] = {
        key: {
            "$ref": "#/$defs/connection",
            "description": f"{one.name}, a connection of {names.target}.",
            "properties": {"actors": {"$ref": f"#/$defs/{below[key]}"}},
        }
        for key, one in sorted(names.connections.items())
    }
    defs |= {below[key]: _actors(one.actors) for key, one in sorted(names.connections.items())}
    shared = _shared(names.connections.values())
    if shared:
        defs["actors-of-mapping-sets"] = _actors(shared)
        top["mapping_sets"]["additionalProperties"] = {
            "allOf": [{"$ref": "#/$defs/actors"}, {"$ref": "#/$defs/actors-of-mapping-sets"}],
            "title": "Mapping set",
        }
    scope = defs["scope"]["properties"]
    for kind, known in (("groups", names.groups), ("users", names.users)):
        if known is not None:
            scope[kind]["items"] |= _one_of(known)
    return made


def _one_of(known: Iterable[str], *more: str) -> Schema:
    """One of the names, or `#<id>`."""
    return {"anyOf": [{"enum": sorted({*known, *more})}, _BY_ID]}


def _config_of(key: str, fields: tuple[ConfigField, ...]) -> Schema:
    """What a connection on one connector may write under `config`."""
    properties = {one.key: _config_field(one) for one in fields if one.type is not FieldType.LABEL}
    return {
        "if": {"properties": {"connector": {"const": key}}, "required": ["connector"]},
        "then": {"properties": {"config": {"properties": properties, "additionalProperties": False}}},
    }


def _config_field(one: ConfigField) -> Schema:
    about = f"{one.type.value}{', mandatory' if one.mandatory else ''}{', read-only' if one.read_only else ''}."
    found: Schema = {"title": one.label or one.key, "description": about}
    if one.type is FieldType.PASSWORD:
        return {**found, "type": "object", "x-expected": "a reference such as {secret: env:VISMA_PASSWORD}"}
    kind, expected = _TYPES.get(one.type, ("string", "a text"))
    found |= {"type": [kind, "object"], "x-expected": expected}
    return {**found, "maxLength": one.max_length} if kind == "string" and one.max_length > 0 else found


def _actors(actors: Mapping[str, Mapping[str, ErpFieldNames]]) -> Schema:
    """The fields of each actor type; one that the connector does not offer has none."""
    return {"properties": {name: _actor(fields) for name, fields in sorted(actors.items())}}


def _actor(fields: Mapping[str, ErpFieldNames]) -> Schema:
    return {
        "properties": {
            "fields": {"properties": {key: _field(one) for key, one in sorted(fields.items())}, "additionalProperties": False},
            "rank": {"items": {"enum": sorted(fields), "x-expected": "the key of an ERP field of this actor type"}},
        }
    }


def _field(one: ErpFieldNames) -> Schema:
    about = ", ".join(
        [one.type.value, *({"Mandatory": ["mandatory"], "ReadOnly": ["read-only: shown, never synchronised"]}.get(one.access, []))]
    )
    found: Schema = {"title": one.label, "description": f"{about}."} if one.label else {"description": f"{about}."}
    properties: Schema = {}
    if one.crm is not None:
        properties["crm"] = {"enum": sorted({*one.crm, ""}), "x-expected": "the key of a CRM field of this tenant, or '' to unmap"}
    if one.crm_items is not None:
        values = _one_of(one.crm_items, "") | {"x-expected": "the name of an item of the CRM list, or '' for no selection"}
        items: Schema = {"additionalProperties": values}
        if one.items is not None:
            items = {"properties": dict.fromkeys(sorted(one.items), values), "additionalProperties": False}
        properties["items"] = items
    return {**found, "properties": properties} if properties else found


def _shared(connections: Iterable[ConnectionNames]) -> dict[str, dict[str, ErpFieldNames]]:
    """What any connection has, by actor type and field; where connections differ, all that any of them knows."""
    found: dict[str, dict[str, ErpFieldNames]] = {}
    for connection in connections:
        for actor, fields in connection.actors.items():
            known = found.setdefault(actor, {})
            for key, one in fields.items():
                known[key] = _both(known[key], one) if key in known else one
    return found


def _both(one: ErpFieldNames, other: ErpFieldNames) -> ErpFieldNames:
    return ErpFieldNames(
        label=one.label or other.label,
        type=one.type,
        access=one.access,
        crm=_union(one.crm, other.crm),
        items=_union(one.items, other.items),
        crm_items=_union(one.crm_items, other.crm_items),
    )


def _union(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """All names of both; None, which narrows nothing, where one side is unknown."""
    return None if one is None or other is None else tuple(sorted({*one, *other}))
