"""A dump, a field list and a comparison for machines.

In -> Out: the same values that the text renderers get -> JSON objects.
Neighbours: called by `cli` when `--format json` is given.

    reconciler/dump/v1     target, yaml, proved, variables, not_allowed, hosts, left_out, problems
    reconciler/fields/v1   target, connection, name, connector, actors (fields, crm_fields, lists), yaml
    reconciler/compare/v1  one, other, differs, changes, only_one, only_other, unclear, not_compared, same

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.model import Address
from reconciler.model.fieldlist import ActorFields, FieldList, FieldRow
from reconciler.plan.codec import value_to_json
from reconciler.plan.compare import Comparison
from reconciler.report.fields_text import ARROWS

__all__ = ["compare_object", "dump_object", "fields_object"]

Object = dict[str, Any]


def dump_object(
    target: str,
    text: str,
    *,
    proved: bool,
    variables: Sequence[tuple[str, str, str, bool]],
    not_allowed: Sequence[str],
    hosts: Sequence[str],
    left_out: Sequence[tuple[Sequence[str], str]],
    told: Sequence[str],
) -> Object:
    """A dump; `variables` are reference, field, address and whether the journal knows the reference."""
    return {
        "format": "reconciler/dump/v1",
        "target": target,
        "proved": proved,
        "variables": [
            {"reference": reference, "field": field, "address": address, "known": known} for reference, field, address, known in variables
        ],
        "not_allowed": list(not_allowed),
        "hosts": list(hosts),
        "left_out": [{"path": list(path), "reason": reason} for path, reason in left_out],
        "problems": list(told),
        "yaml": text,
    }


def fields_object(found: FieldList) -> Object:
    """Every field of every actor type that was asked for."""
    return {
        "format": "reconciler/fields/v1",
        "target": found.target,
        "connection": found.connection,
        "name": found.name,
        "connector": found.connector,
        "language": found.language,
        "actors": [_actor(one) for one in found.actors],
        "yaml": found.yaml,
    }


def _actor(one: ActorFields) -> Object:
    crm = one.crm_fields
    return {
        "actor": one.actor,
        "crm_type": one.crm_type,
        "sync": one.sync,
        "fields": [_field(row) for row in one.fields],
        "crm_fields": None if crm is None else [{"key": it.key, "label": it.label, "type": it.type, "list": it.list} for it in crm],
        "lists": {name: list(items) for name, items in one.lists.items()},
    }


def _field(row: FieldRow) -> Object:
    return {
        "key": row.key,
        "label": row.label,
        "type": row.type,
        "access": row.access,
        "crm": row.crm,
        "crm_label": row.crm_label,
        "direction": row.direction,
        "arrow": ARROWS[row.direction] if row.crm else "",
        "show": list(row.show),
        "default": value_to_json(row.default),
        "items": None if row.items is None else [{"key": item.key, "label": item.label, "crm": item.crm} for item in row.items],
        "crm_items": list(row.crm_items),
        "notes": list(row.notes),
    }


def compare_object(found: Comparison) -> Object:
    """Every difference, with the value on each side."""
    return {
        "format": "reconciler/compare/v1",
        "one": found.one,
        "other": found.other,
        "differs": found.differs,
        "changes": [
            {
                "address": str(change.address),
                "name": found.names.get(change.address),
                "path": list(change.path),
                "one": value_to_json(change.before),
                "other": value_to_json(change.after),
            }
            for change in found.changes
        ],
        "only_one": [_only(kind, name) for kind, name in found.only_one],
        "only_other": [_only(kind, name) for kind, name in found.only_other],
        "unclear": list(found.unclear),
        "not_compared": [_place(address, path) for address, path in found.not_compared],
        "same": found.same,
    }


def _only(kind: str, name: str) -> Object:
    return {"kind": kind, "name": name}


def _place(address: Address, path: tuple[str, ...]) -> Object:
    return {"address": str(address), "path": list(path)}
