"""Files of any size in which everything is declared, for counting calls."""

from __future__ import annotations

from reconciler.emulator import Emulator
from tests.mappings.conftest import VISMA, connection
from tests.mappings.workbench import Document

ACTORS = ("customer", "person")


def many(count: int) -> Document:
    """`count` active connections on one connector, each with two actor types, list items, defaults and an order."""
    customer = {
        "sync": True,
        "fields": {
            "NAME": {"crm": "NAME", "direction": "both"},
            "CustGr": {"crm": "BUSINESS", "direction": "both", "items": {"A": "Retail", "B": "IT"}},
            "CatErp": {"crm": "CATEGORY", "direction": "both", "items": {"A": "Customer"}},
            "IntField": {"default": {"value": 30}},
        },
        "rank": ["NAME", "CustNo"],
    }
    person = {"sync": True, "fields": {"LASTNAME": {"crm": "LASTNAME", "direction": "both"}}}
    keys = [f"c{number:04d}" for number in range(count)]
    connections = {
        key: connection(f"Company {key}", f"F000{1 + number % 3}.xlsm", actors={"customer": customer, "person": person})
        for number, key in enumerate(keys)
    }
    for one in connections.values():
        del one["config"]["PasswordField"]["version"]  # nobody sent it from here
    return {
        "version": 1,
        "language": "en",
        "connectors": {"visma": {"name": "Visma Business", "url": VISMA}},
        "connections": connections,
        # SuperOffice keeps the whole order in 254 characters, so larger tenants have none.
        **({"sync_priority": keys[::-1]} if count <= 50 else {}),
        "automatic_sync": {"on": True, "interval": "5m"},
    }


def fill(emulator: Emulator, document: Document) -> None:
    """The same, as an administrator would have made it by hand; a second is enough for hundreds."""
    edit = emulator.edit
    connector = edit.add_connector("Visma Business", VISMA)
    for one in document["connections"].values():
        config = {"Filename": one["config"]["Filename"], "PasswordField": "winter-2026"}
        key = edit.add_connection(connector, one["name"], config, active=True)
        edit.map_field(key, "Customer", "NAME", "NAME", to_crm=True, to_erp=True)
        edit.map_field(key, "Customer", "CustGr", "BUSINESS", to_crm=True, to_erp=True)
        edit.map_field(key, "Customer", "CatErp", "CATEGORY", to_crm=True, to_erp=True)
        edit.map_field(key, "Person", "LASTNAME", "LASTNAME", to_crm=True, to_erp=True)
        for field, item, crm in (("CustGr", "A", "Retail"), ("CustGr", "B", "IT"), ("CatErp", "A", "Customer")):
            edit.map_item(key, "Customer", field, item, _crm_item(emulator, crm))
        edit.set_default(key, "Customer", "IntField", value="[I:30]")
        edit.set_rank(key, "Customer", ["NAME", "CustNo"])
        for actor in ("Customer", "Person"):
            edit.set_actor(key, actor, True)
    rows = {row["DisplayName"]: row["ErpConnectionId"] for row in emulator.inspect.rows("ErpConnection")}
    first = [rows[document["connections"][name]["name"]] for name in document.get("sync_priority", ())]
    if first:
        edit.set_priorities([*first, *(key for key in rows.values() if key not in first)])


def _crm_item(emulator: Emulator, name: str) -> int:
    rows = emulator.inspect.rows("CrmListItem")
    return next(row["CrmListItemId"] for row in rows if row["Name"] == name or f'US:"{name}"' in row["Name"])


def budget(count: int, fields: int) -> float:
    """DESIGN §13: N + A + I + 2C + L + fields/1000 + 12."""
    return count + count * len(ACTORS) + count + 2 * 1 + 2 + fields / 1000 + 12


def naive(count: int, fields: int) -> int:
    """What a client asks that makes one call per entity: connection, config, actor type, list mappings, every field's default."""
    return count + count + count * len(ACTORS) + count + fields + 2 + 2
