"""Random states of a tenant as documents: everything below connections, scope and activity, the order, automatic synchronisation.

`put` makes one in the emulator by an administrator's edits, without the product; a later one is what a file asks for.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from reconciler.emulator import Emulator
from tests.mappings.conftest import VISMA, connection
from tests.mappings.edits import CRM_ITEMS, CRM_TEXTS, DEFAULTS, SHOWS
from tests.mappings.workbench import Document

KEYS = ("a", "b", "c")
_WIRE = {"customer": "Customer", "supplier": "Supplier", "person": "Person", "project": "Project"}
_TYPES: dict[str, dict[str, str]] = {
    "customer": {
        "NAME": "Text", "POSTALAD1": "Text", "POSTALAD2": "Text", "POSTALZIP": "Text", "CustGr": "List", "CatErp": "List", "IntField": "Integer",
        "DoubleField": "Double", "DateField": "Date", "CheckboxField": "Checkbox", "CustNo": "",
    },
    "supplier": {"NAME": "Text", "POSTALCITY": "Text", "IntField": "Integer"},
    "person": {"FIRSTNAME": "Text", "LASTNAME": "Text", "PHONE_DIRECT": "Text"},
    "project": {"NAME": "Text", "TEXT": "Text", "ENDDATE": "Date"},
}  # fmt: skip
_LISTS = {"CustGr": ("A", "B", "C"), "CatErp": ("A", "B", "C")}
_FLAGS = {"both": (True, True), "to-crm": (True, False), "to-erp": (False, True), "none": (False, False)}
_SCOPES: tuple[Any, ...] = ("everyone", {"groups": ["Sales"]}, {"groups": ["Support"], "users": ["OLAV", "ANNA"]}, {"users": ["ANNA"]})
_GROUPS, _USERS = {"Sales": 1, "Support": 3}, {"ANNA": 2, "OLAV": 3}


class States:
    """States whose one-way mappings never collide: a CRM field that may flow to SuperOffice only belongs to one connection in all."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        every = sorted({*(crm for texts in CRM_TEXTS.values() for crm in texts), *CRM_ITEMS})
        self._owners = {crm: self._random.choice((*KEYS, None, None)) for crm in every}

    def state(self, *, wanted: bool) -> Document:
        """A whole document. As `wanted` it may be silent about anything, ask for a deletion, and create what was not there."""
        draw = self._random
        keys = [key for key in KEYS if draw.random() < 0.85] or [KEYS[0]]
        connections = {key: self._connection(key, wanted=wanted) for key in keys}
        document: Document = {
            "version": 1,
            "language": "en",
            "connectors": {"visma": {"name": "Visma Business", "url": VISMA}},
            "connections": connections,
        }
        if wanted and len(keys) > 1 and draw.random() < 0.1:
            connections[keys[-1]] = {"absent": True, "name": f"Company {keys[-1]}", "connector": "visma"}
        if not wanted or draw.random() < 0.7:
            order = [key for key, one in connections.items() if "absent" not in one] + ["SuperOffice"]
            draw.shuffle(order)
            document["sync_priority"] = order[: draw.randint(1, len(order))] if wanted else order
        if not wanted or draw.random() < 0.7:
            members = {"on": draw.random() < 0.7, "interval": draw.choice(("1m", "5m", "90s"))}
            if wanted and draw.random() < 0.3:
                del members[draw.choice(sorted(members))]
            document["automatic_sync"] = members
        return document

    def _connection(self, key: str, *, wanted: bool) -> Document:
        draw = self._random
        more: Document = {
            "active": draw.random() < 0.75,
            "scope": draw.choice(_SCOPES),
            "description": draw.choice(("", "Described", "Described 2")),
        }
        for part in sorted(more) if wanted else ():
            if part != "scope" and draw.random() < 0.3:
                del more[part]
        made = connection(f"Company {key}", f"F000{1 + KEYS.index(key)}.xlsm", **{"active": False, **more})
        if "active" not in more:
            del made["active"]
        actors = {
            actor: self._actor(key, actor, wanted=wanted)
            for actor in _WIRE
            if not wanted or draw.random() < (0.8 if actor == "customer" else 0.4)
        }
        return {**made, "actors": actors}

    def _actor(self, key: str, actor: str, *, wanted: bool) -> Document:
        draw, fields = self._random, {}
        crm = {
            listed: [one for one in known if self._owners[one] in (key, None)]
            for listed, known in ((False, CRM_TEXTS[actor]), (True, CRM_ITEMS))
        }
        for kind in crm.values():
            draw.shuffle(kind)
        for name, declared in _TYPES[actor].items():
            field = self._field(key, name, declared, crm)
            if wanted:
                field = _thinned(field, draw)
            if name == "NAME" and actor in ("customer", "supplier"):  # mandatory in the ERP
                field |= {"crm": "NAME", "direction": draw.choice(("both", "to-erp"))}
            if field:
                fields[name] = field
        made: Document = {"sync": draw.random() < 0.7, "fields": fields}
        if wanted and draw.random() < 0.3:
            del made["sync"]
        if not wanted or draw.random() < 0.6:
            made["rank"] = draw.sample(sorted(_TYPES[actor]), draw.randint(1, 3))
        if wanted and draw.random() < 0.15:
            made["fields_not_listed"] = draw.choice(("leave", "report"))
        return made

    def _field(self, key: str, name: str, declared: str, crm: dict[bool, list[str]]) -> Document:
        draw = self._random
        field: Document = {"show": draw.choice(SHOWS), "default": {}}
        if declared and draw.random() < 0.4:
            field["default"] = draw.choice(DEFAULTS[declared])
        left = crm[declared == "List"] if declared in ("Text", "List") else []
        if left and name != "NAME" and draw.random() < 0.7:
            target = left.pop()
            ways = ["both", "to-erp", "none"] + (["to-crm"] * 3 if self._owners[target] == key else [])
            field |= {"crm": target, "direction": draw.choice(ways)}
            if declared == "List" and draw.random() < 0.8:
                texts = draw.sample(CRM_ITEMS[target], len(CRM_ITEMS[target]))
                field["items"] = dict(zip(_LISTS[name], texts, strict=False))
        elif declared in ("Text", "List") and name != "NAME":
            field["crm"] = ""
        return field


def _thinned(field: Document, draw: random.Random) -> Document:
    """A file says less than a tenant holds; a CRM field and its direction stay together."""
    kept = {part: value for part, value in field.items() if part in ("crm", "direction", "items") or draw.random() < 0.6}
    if draw.random() < 0.25:
        kept = {part: value for part, value in kept.items() if part not in ("crm", "direction", "items")}
    elif draw.random() < 0.3:
        kept.pop("items", None)
    return kept


# ---- an administrator's hands ------------------------------------------------------------------------------------------


def put(emulator: Emulator, state: Document) -> None:
    """Make a state in an empty tenant."""
    edit = emulator.edit
    connector = edit.add_connector("Visma Business", VISMA)
    rows: dict[str, int] = {"SuperOffice": 0}
    for key, one in state["connections"].items():
        scope = one["scope"]
        restricted: Any = {} if scope == "everyone" else {"all_access": False, **_ids(scope)}
        config = {"Filename": one["config"]["Filename"], "PasswordField": "winter-2026"}
        rows[key] = edit.add_connection(connector, one["name"], config, description=one["description"], active=one["active"], **restricted)
        for actor, its in one["actors"].items():
            _put_actor(emulator, rows[key], _WIRE[actor], its)
    order = [rows[key] for key in state["sync_priority"]]
    edit.set_priorities([*order, *(row for row in rows.values() if row not in order)])
    edit.set_engine(running=state["automatic_sync"]["on"], interval_s={"1m": 60, "5m": 300, "90s": 90}[state["automatic_sync"]["interval"]])


def _ids(scope: Document) -> dict[str, list[int]]:
    return {"groups": [_GROUPS[one] for one in scope.get("groups", [])], "users": [_USERS[one] for one in scope.get("users", [])]}


def _put_actor(emulator: Emulator, row: int, actor: str, its: Document) -> None:
    edit = emulator.edit
    for name, field in its["fields"].items():
        show = field["show"]
        edit.map_field(row, actor, name, show_in_tab="erp-tab" in show, show_in_search="search" in show)
        if "crm" in field:
            to_crm, to_erp = _FLAGS[field.get("direction", "none")]
            edit.map_field(row, actor, name, field["crm"], to_crm=to_crm, to_erp=to_erp)
        for item, text in field.get("items", {}).items():
            edit.map_item(row, actor, name, item, _crm_item(emulator, field["crm"], text) if text else None)
        if field["default"]:
            default = field["default"]
            value = _encoded(default["value"]) if "value" in default else None
            forced = name == "NAME" and actor in ("Customer", "Supplier")
            edit.set_default(
                row, actor, name, value=value, ask=default.get("ask", False), mandatory=forced or default.get("mandatory", False)
            )
    edit.set_actor(row, actor, its["sync"])
    edit.set_rank(row, actor, its["rank"])


def _encoded(value: Any) -> str:
    if isinstance(value, bool):
        return f"[I:{int(value)}]"
    if isinstance(value, int):
        return f"[I:{value}]"
    if isinstance(value, float):
        return f"[F:{value}]"
    if len(value) == len("2026-02-28") and value[4] == "-":
        year, month, day = value.split("-")
        return f"[DT:{month}/{day}/{year} 00:00:00.0000000]"
    return str(value)


def _crm_item(emulator: Emulator, field: str, name: str) -> int:
    (row,) = _items(emulator, field.lower(), name)
    return row


def _items(emulator: Emulator, list_name: str, name: str) -> Iterator[int]:
    (owner,) = (row["CrmListId"] for row in emulator.inspect.rows("CrmList") if row["Name"] == list_name)
    for row in emulator.inspect.rows("CrmListItem"):
        if row["CrmListId"] == owner and (row["Name"] == name or f'US:"{name}"' in row["Name"]):
            yield row["CrmListItemId"]
