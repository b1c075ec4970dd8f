"""Single-value edits of the file that uses everything, made by walking it: changes, additions and removals."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from tests.mappings.held import Facts, Path
from tests.mappings.workbench import Document

GONE = object()

CRM_TEXTS = {
    "customer": ("NUMBER1", "NUMBER2", "DEPARTMENT", "EMAIL", "URL", "VATNO"),
    "supplier": ("NUMBER1", "FAX"),
    "person": ("TITLE", "NUMBER", "EMAIL"),
    "project": ("TEXT", "NUMBER"),
}
CRM_ITEMS = {
    "BUSINESS": ("Retail", "Trade/Wholesale", "Manufacturing", "IT", "Other", ""),
    "CATEGORY": ("Customer", "Vendor", "Partner", ""),
}
# What a field may get as default, by its declared type.
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "Integer": ({"value": 31}, {"value": 0, "ask": True}, {"ask": True, "mandatory": True}),
    "Double": ({"value": 2.5}, {"ask": True}),
    "Date": ({"value": "2026-02-28"}, {"ask": True}),
    "Checkbox": ({"value": True}, {"value": False, "mandatory": True}),
    "List": ({"value": "A"}, {"value": "B", "ask": True}, {"ask": True}),
    "Text": ({"value": "Oslo"}, {"value": "", "ask": True}, {"value": "0010", "mandatory": True}),
}
SHOWS: tuple[list[str], ...] = ([], ["erp-tab"], ["search"], ["erp-tab", "search"])


@dataclass(frozen=True)
class Edit:
    """One place of the file that gets another value, or none."""

    path: Path
    value: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} = {'(removed)' if self.value is GONE else self.value!r}"

    def of(self, wanted: Document) -> Document:
        """The document with this edit."""
        changed = copy.deepcopy(wanted)
        place = changed
        for part in self.path[:-1]:
            place = place.setdefault(part, {})
        if self.value is GONE:
            del place[self.path[-1]]
        else:
            place[self.path[-1]] = copy.deepcopy(self.value)
        return changed


def edits(wanted: Document, facts: Facts, types: dict[Path, str]) -> list[Edit]:
    """Every edit, each once, in a fixed order.

    Args:
        types: the declared type of each ERP field, by address, actor type and key.
    """
    found: dict[str, Edit] = {}
    for edit in _all(wanted, facts, types):
        found.setdefault(str(edit), edit)
    return list(found.values())


def _all(wanted: Document, facts: Facts, types: dict[Path, str]) -> Iterator[Edit]:
    yield Edit(("connectors", "visma", "name"), "Visma AB")
    yield Edit(("connectors", "visma", "url"), "https://spare.example.com/visma/ErpConnectorWS.svc")
    yield Edit(("connectors", "visma", "identifies_erp"), GONE)
    yield Edit(("connectors", "fortnox", "name"), "Fortnox AB")
    for key, one in wanted["connections"].items():
        yield from _connection(("connections", key), one)
    for actor, its in wanted["mapping_sets"]["visma-standard"].items():
        yield from _actor(("mapping_sets", "visma-standard", actor), actor, its, types, "connection/visma-no", own=False)
    norway = ("connections", "visma-no", "actors", "customer")
    yield from _actor(norway, "customer", wanted["connections"]["visma-no"]["actors"]["customer"], types, "connection/visma-no")
    yield from _added(types)
    yield from _tenant(wanted)


def _connection(path: Path, one: Document) -> Iterator[Edit]:
    for part in ("name", "description"):
        texts = one.get(part)
        if isinstance(texts, dict):
            for language in texts:
                yield Edit((*path, part, language), f"{texts[language]} 2")
                if not (part == "name" and language == "en"):
                    yield Edit((*path, part, language), GONE)
            yield Edit((*path, part, "de"), f"{texts['en']} (Deutsch)")
            yield Edit((*path, part), f"{texts['en']} plainly")
        elif texts is not None:
            yield Edit((*path, part), f"{texts} 2")
            yield Edit((*path, part), {"en": texts, "da": f"{texts} (dansk)"})
        else:
            yield Edit((*path, part), "Described")
            yield Edit((*path, part), {"en": "Described", "nb": "Beskrevet"})
        if texts is not None and part == "description":
            yield Edit((*path, part), GONE)
    yield Edit((*path, "active"), False)
    yield Edit((*path, "active"), GONE)
    yield Edit((*path, "protect"), True)
    for scope in ("everyone", {"groups": ["Sales"]}, {"groups": ["Support", "Sales"], "users": ["OLAV"]}, {"users": ["OLAV"]}):
        if scope != one["scope"]:
            yield Edit((*path, "scope"), scope)
    yield Edit((*path, "scope"), GONE)
    yield from _config((*path, "config"), one["config"])


CONFIG: dict[str, tuple[Any, ...]] = {
    "Filename": ("F0002.xlsm",),
    "IntegerField": (13, 0, -5),
    "TextField": ("0013", "", "æøå"),
    "CheckboxField": (False,),
    "DateField": ("2026-02-01",),
    "DoubleField": (-0.5, 100.0),
    "ListField": ("item1", "item5"),
}


def _config(path: Path, config: Document) -> Iterator[Edit]:
    if "Timeout" in config:
        yield Edit((*path, "Timeout"), 20)
        yield Edit((*path, "Timeout"), GONE)
        return
    for key, values in CONFIG.items():
        for value in values:
            yield Edit((*path, key), value)
        if key in config:
            yield Edit((*path, key), GONE)
    yield Edit((*path, "PasswordField", "version"), 2)


def _actor(path: Path, actor: str, its: Document, types: dict[Path, str], address: str, *, own: bool = True) -> Iterator[Edit]:
    """Edits of what is written, and of fields that are not."""
    if "sync" in its:
        yield Edit((*path, "sync"), False)
        yield Edit((*path, "sync"), GONE)
    for policy in ("leave", "report", "unmap"):
        if actor != "customer" or own:
            yield Edit((*path, "fields_not_listed"), policy)
    for key, field in its["fields"].items():
        yield from _field((*path, "fields", key), actor, key, field, types[address, actor, key])
    for key in (one[2] for one in types if one[:2] == (address, actor)):
        if key not in its["fields"]:
            yield from _new_field((*path, "fields", key), actor, key, types[address, actor, key], own=own)
    rank = its.get("rank")
    if rank:
        for order in permutations(rank):
            yield Edit((*path, "rank"), list(order))
        yield Edit((*path, "rank"), [*rank, "CatErp", "POSTALZIP"])
        yield Edit((*path, "rank"), ["CheckboxField"])
        yield Edit((*path, "rank"), GONE)
    elif own or actor != "customer":
        keys = [one[2] for one in types if one[:2] == (address, actor)]
        yield Edit((*path, "rank"), [keys[-1], keys[1]])
        yield Edit((*path, "rank"), [keys[1]])


def _field(path: Path, actor: str, key: str, field: Document, declared: str) -> Iterator[Edit]:
    mandatory = (actor, key) == ("customer", "NAME")
    if field.get("crm"):
        for direction in ("both", "to-crm", "to-erp", "none"):
            if direction != field["direction"] and not (mandatory and direction == "none"):
                yield Edit((*path, "direction"), direction)
        for crm in CRM_TEXTS[actor] if declared != "List" else ():
            yield Edit((*path, "crm"), crm)
        if not mandatory and "items" not in field:
            yield Edit(path, {"crm": ""})
            yield Edit(path, GONE)
    if field.get("crm") == "":
        yield Edit((*path, "crm"), GONE)
    for show in SHOWS:
        yield Edit((*path, "show"), show)
    if "show" in field:
        yield Edit((*path, "show"), GONE)
    for default in (*DEFAULTS[declared], {}):
        yield Edit((*path, "default"), default)
    if "default" in field:
        yield Edit((*path, "default"), GONE)
    for item, crm in field.get("items", {}).items():
        for other in CRM_ITEMS[field["crm"]]:
            if other != crm:
                yield Edit((*path, "items", item), other)
        yield Edit((*path, "items", item), GONE)
    for policy in ("leave", "report", "no-selection") if "items" in field else ():
        yield Edit((*path, "items_not_listed"), policy)


def _new_field(path: Path, actor: str, key: str, declared: str, *, own: bool) -> Iterator[Edit]:
    """Something is said of a field for the first time; a set says less, because the connection may say it already."""
    yield Edit(path, {"show": ["erp-tab"]})
    yield Edit(path, {"default": DEFAULTS[declared][-1]})
    if key.endswith("No") or (not own and actor == "customer"):
        return
    if declared == "Text":
        for direction in ("both", "to-crm", "to-erp"):
            yield Edit(path, {"crm": CRM_TEXTS[actor][-1], "direction": direction})
        if key != "NAME":
            yield Edit(path, {"crm": CRM_TEXTS[actor][-1], "direction": "none"})
            yield Edit(path, {"crm": ""})
    elif key == "CatErp":
        yield Edit(path, {"crm": "CATEGORY", "direction": "to-erp"})


def _added(types: dict[Path, str]) -> Iterator[Edit]:
    """Actor types that the file says nothing of."""
    norway, sweden = ("connections", "visma-no", "actors"), ("connections", "visma-se", "actors")
    yield Edit((*norway, "supplier"), {"sync": True, "fields": {"NAME": {"crm": "NAME", "direction": "to-erp"}}})
    yield Edit((*norway, "project"), {"sync": True})
    yield Edit((*norway, "project"), {"rank": ["TEXT"]})
    yield Edit((*norway, "project"), {"fields_not_listed": "unmap"})
    yield Edit((*sweden, "person"), {"sync": True, "fields": {"LASTNAME": {"crm": "LASTNAME", "direction": "both"}}})
    for key, declared in ((one[2], its) for one, its in types.items() if one[:2] == ("connection/visma-se", "supplier")):
        for show in SHOWS[1:]:
            yield Edit((*sweden, "supplier", "fields", key, "show"), show)
        for default in DEFAULTS[declared][:2]:
            yield Edit((*sweden, "supplier", "fields", key, "default"), default)


def _tenant(wanted: Document) -> Iterator[Edit]:
    order = ["visma-no", "visma-se", "fortnox-se", "SuperOffice"]
    for changed in permutations(order):
        if changed[0] != "visma-no" or changed[1] == "SuperOffice":
            yield Edit(("sync_priority",), list(changed))
    yield Edit(("sync_priority",), ["SuperOffice"])
    yield Edit(("sync_priority",), GONE)
    yield Edit(("automatic_sync", "on"), False)
    yield Edit(("automatic_sync", "on"), GONE)
    yield Edit(("automatic_sync", "interval"), GONE)
    for interval in ("1m", "90s", "1h"):
        yield Edit(("automatic_sync", "interval"), interval)
