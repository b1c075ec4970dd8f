"""The shape that desired and live share once they are normalised, and the equality that tells them apart.

An entity becomes `Attributes`: a nested mapping with text keys whose leaves are plain values, references to secrets, or
the marker `HIDDEN`. A `Snapshot` holds the attributes of every address. For a connection:

    name         a plain string, or a mapping of language to text
    description  the same
    active       bool
    scope        {"everyone": True}, or {"everyone": False, "groups": {name: id}, "users": {login: id}}
    config       {field key: decoded value | SecretRef | HIDDEN}
    connector    the connector's address as text, or `#<id>` for one that the file does not name
    actors       {actor type: {"sync": bool, "fields": {ERP field key: field}, "rank": (keys in order)}}, where a field is
                 {"crm": key or "", "direction": none | to-crm | to-erp | both, "show": (erp-tab, search),
                 "items": {ERP item key: CRM item name or ""}, "default": {"value": decoded, "ask": bool, "mandatory": bool} or {}}

and for a connector: `name` (str) and `url` (str). Sets are mappings or sorted tuples, so that order never matters.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.secret import Hidden, SecretRef

Value = Any  # str | int | float | bool | None | SecretRef | Hidden | tuple[Value, ...] | Mapping[str, Value]
Text = str | Mapping[str, str]
Scope = Mapping[str, Any]
Attributes = Mapping[str, Value]
Snapshot = Mapping[Address, Attributes]

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def same(one: Value, other: Value) -> bool:
    """Typed equality: `True` is not `1`, `1` is not `1.0`, `"1"` is not `1`; mappings compare without order.

    Hidden values are equal to each other only: what cannot be seen cannot be called different.
    """
    if one is other:
        return True
    kind = type(one)
    if kind in _PLAIN or type(other) in _PLAIN:  # most leaves; asking whether they are mappings costs ten times as much
        return kind is type(other) and bool(one == other)
    if (kind is dict and type(other) is dict) or (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (Mapping, tuple)) or isinstance(other, (Mapping, tuple)):
        return False
    return kind is type(other) and bool(one == other)


def is_secret(value: Value) -> bool:
    """Whether this leaf stands for something that must not be shown."""
    return isinstance(value, (SecretRef, Hidden))
