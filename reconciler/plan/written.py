"""What a file writes of a connection, in the shape of attributes: only what is written, read by the declared types.

In -> Out: one desired connection, the types that a tenant declares -> partial `Attributes`.
Effects: none.

Nothing is checked here: a value that does not fit its type stands as its text, and so differs from any live value.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import (
    ACTOR_TYPES,
    Address,
    Attributes,
    ConfigField,
    DesiredActor,
    DesiredConnection,
    DesiredField,
    DesiredScope,
    ErpField,
    FieldType,
    Mappings,
    Plain,
    SecretRef,
    Value,
)
from reconciler.plan.declared import undeclared_value
from reconciler.wire import values


def written_attributes(one: DesiredConnection, fields: tuple[ConfigField, ...] | None, mappings: Mappings | None) -> Attributes:
    """The attributes that a file writes.

    Args:
        fields: what the connector declares; None when that is not known.
        mappings: the live rows below the connection, for the types of defaults.
    """
    types = {field.key: field.type for field in fields or ()}
    attributes: dict[str, Value] = {
        name: mark.value
        for name, mark in (("name", one.name), ("description", one.description), ("active", one.active))
        if mark is not None
    }
    if one.connector is not None:
        attributes["connector"] = str(Address.connector(one.connector.value))
    if one.scope is not None:
        attributes["scope"] = _scope(one.scope.value)
    attributes["config"] = {key: _config(mark.value, types.get(key)) for key, mark in one.config.items()}
    rows = {(row.actor_type, row.key): row for row in (mappings.fields if mappings is not None else ())}
    attributes["actors"] = {name: _actor(actor, rows) for name, actor in one.actors.items()}
    return attributes


def _scope(scope: DesiredScope) -> Mapping[str, Value]:
    if scope.everyone:
        return {"everyone": True}
    named = {"groups": scope.groups, "users": scope.users}
    return {"everyone": False, **{kind: {mark.value: 0 for mark in marks} for kind, marks in named.items()}}


def _config(value: Plain | SecretRef, declared: FieldType | None) -> Value:
    if isinstance(value, SecretRef):
        return value
    return undeclared_value(value) if declared is None else _read(value, declared)


def _read(value: Plain, declared: FieldType) -> Value:
    try:
        return values.from_plain(value.text, quoted=value.quoted, field_type=declared)
    except ValueError:
        return value.text


def _actor(actor: DesiredActor, rows: Mapping[tuple[str, str], ErpField]) -> Attributes:
    attributes: dict[str, Value] = {"fields": {key: _field(actor.type, one, rows) for key, one in actor.fields.items()}}
    if actor.sync is not None:
        attributes["sync"] = actor.sync.value
    if actor.rank is not None:
        attributes["rank"] = tuple(mark.value for mark in actor.rank)
    return attributes


def _field(actor: str, one: DesiredField, rows: Mapping[tuple[str, str], ErpField]) -> Attributes:
    attributes: dict[str, Value] = {name: mark.value for name, mark in (("crm", one.crm), ("direction", one.direction)) if mark is not None}
    if one.show is not None:
        attributes["show"] = tuple(sorted(one.show.value))
    if one.items:
        attributes["items"] = {key: mark.value for key, mark in one.items.items()}
    if one.default is not None:
        row = rows.get((ACTOR_TYPES[actor], one.key))
        attributes["default"] = _default(one, row)
    return attributes


def _default(one: DesiredField, row: ErpField | None) -> Mapping[str, Value]:
    assert one.default is not None
    wanted = one.default.value
    if wanted.value is None and not wanted.ask:
        return {}
    default: dict[str, Value] = {"ask": wanted.ask, "mandatory": wanted.mandatory or (row is not None and row.mandatory)}
    if wanted.value is not None:
        default["value"] = undeclared_value(wanted.value) if row is None else _read(wanted.value, row.field_type)
    return default
