"""What only a change is judged by: CRM fields that are chosen anew, the items of their lists, items of a list whose default changes.

A plan in which none of that changes asks for none of it. A CRM list costs one call (two where names repeat), and only where the file
says what items stand for. A list that cannot be read is not an error: nothing is known of it before the mapping is stored.

Effects: reads the tenant.
Neighbours: called by `reading`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from reconciler.errors import ReadError
from reconciler.live.actors import DIRECTIONS
from reconciler.live.mappings import read_lists
from reconciler.live.read import parallel_calls
from reconciler.model import Desired, DesiredField, FieldMapping, FieldType, Live, Mappings, Named
from reconciler.plan.ground import CRM_TYPES
from reconciler.plan.identity import Identity
from reconciler.session import Session
from reconciler.wire.crm_items import list_name

__all__ = ["readable_items", "stored_lists", "with_choices"]


@dataclass(slots=True)
class _Changes:
    """What the files change that has to be judged.

    Attributes:
        kinds: CRM actor types of which a field is chosen anew.
        chosen: CRM fields that are chosen anew for a list with items: actor type, and key in small letters.
        defaults: connections in which a list gets another default, and whose items were not read.
    """

    kinds: set[str] = field(default_factory=set)
    chosen: set[tuple[str, str]] = field(default_factory=set)
    defaults: set[int] = field(default_factory=set)


def with_choices(session: Session, desired: Desired, live: Live, identity: Identity) -> Live:
    """The reading, with what the rules of changed mappings, items and defaults are judged by."""
    changes, gateway = _changes(desired, live, identity), session.gateway
    told = {kind: gateway.crm_fields(kind) for kind in sorted(changes.kinds)}
    read = {key: replace(live.mappings[key], lists=read_lists(gateway, key)) for key in sorted(changes.defaults)}
    crm_fields = {kind: tuple(fields) if fields is not None else None for kind, fields in told.items()}
    lists = {(kind, one.key.lower()): one.list for kind, fields in crm_fields.items() for one in fields or () if one.list}
    lists |= stored_lists(live) if changes.chosen else {}
    crm_lists = {pair: lists[pair] for pair in sorted(changes.chosen) if pair in lists}
    crm_items = {**live.crm_items, **readable_items(session, {*crm_lists.values()} - live.crm_items.keys())}
    return replace(live, mappings={**live.mappings, **read}, crm_fields=crm_fields, crm_lists=crm_lists, crm_items=crm_items)


def readable_items(session: Session, names: Collection[str]) -> dict[str, tuple[Named, ...]]:
    """The items of CRM lists, by list name; one that cannot be read is left out."""

    def items(name: str) -> tuple[Named, ...] | None:
        try:
            return tuple(session.gateway.crm_items(name))
        except ReadError:
            return None

    found = parallel_calls(items, sorted(names), session.target.limits.parallel_reads)
    return {name: rows for name, rows in found.items() if rows is not None}


def stored_lists(live: Live) -> dict[tuple[str, str], str]:
    """The CRM lists of fields that are mapped already, wherever that was read: what SuperOffice itself has stored for a CRM field.

    By CRM actor type, and key of the CRM field in small letters.
    """
    actors = [one for mappings in live.mappings.values() for one in mappings.actors.values() if one is not None]
    mapped = [(actor.crm, one) for actor in actors for one in actor.fields if one.crm and one.list_reference]
    return {(kind, one.crm.lower()): list_name(one.list_reference) for kind, one in mapped}


def _changes(desired: Desired, live: Live, identity: Identity) -> _Changes:
    changes = _Changes()
    for one in desired.connections.values():
        row = identity.connections.get(one.address)
        mappings = live.mappings.get(row.id) if row is not None else None
        for name, actor in one.actors.items() if not one.absent else ():
            found = mappings.actors.get(name) if mappings is not None else None
            rows = {field.key: field for field in found.fields} if found is not None else {}
            kind = found.crm if found is not None else CRM_TYPES.get(name, "Contact")
            for written in actor.fields.values():
                crm = _list_chosen(written, rows)
                if crm or _is_mapped_anew(written, rows.get(written.key)):
                    changes.kinds.add(kind)
                if crm:
                    changes.chosen.add((kind, crm.lower()))
                if row is not None and mappings is not None and mappings.lists is None and _has_new_item(written, mappings, rows):
                    changes.defaults.add(row.id)
    return changes


def _is_mapped_anew(written: DesiredField, row: FieldMapping | None) -> bool:
    """Whether the file gives a field another CRM field or another direction than it has."""
    crm = written.crm.value if written.crm is not None else (row.crm if row is not None else "")
    direction = written.direction.value if written.direction is not None else None
    if not crm or direction == "none" or (written.crm is None and direction is None):
        return False
    return row is None or crm != row.crm or direction not in (None, DIRECTIONS[row.to_crm, row.to_erp])


def _list_chosen(written: DesiredField, rows: Mapping[str, FieldMapping]) -> str:
    """The CRM field that a field with items gets anew, by the file or from its former key; empty where it keeps the one that it has."""
    row = rows.get(written.key)
    former = rows.get(written.renamed_from.value) if written.renamed_from is not None else None
    stays = next((one.crm for one in (row, former) if one is not None and one.crm), "")
    crm = written.crm.value if written.crm is not None else stays
    return crm if written.items and (row is None or crm != row.crm or not row.list_reference) else ""


def _has_new_item(written: DesiredField, mappings: Mappings, rows: Mapping[str, FieldMapping]) -> bool:
    """Whether a mapped list field gets another default, which has to be the key of an item."""
    mapping = rows.get(written.key)
    value = written.default.value.value if written.default is not None else None
    if mapping is None or value is None or mapping.field_type is not FieldType.LIST or not mapping.crm:
        return False
    stored = next((row for row in mappings.fields if row.id == mapping.id), None)
    return stored is None or not stored.has_default or stored.default != value.text
