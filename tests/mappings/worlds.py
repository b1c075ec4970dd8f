"""Files of any size in which everything is declared, for counting calls."""

from __future__ import annotations

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
    return {
        "version": 1,
        "language": "en",
        "connectors": {"visma": {"name": "Visma Business", "url": VISMA}},
        "connections": {
            key: connection(f"Company {key}", f"F000{1 + number % 3}.xlsm", actors={"customer": customer, "person": person})
            for number, key in enumerate(keys)
        },
        "sync_priority": keys[: min(10, count)][::-1],
        "automatic_sync": {"on": True, "interval": "5m"},
    }


def budget(count: int, fields: int) -> float:
    """DESIGN §13: N + A + I + 2C + L + fields/1000 + 12."""
    return count + count * len(ACTORS) + count + 2 * 1 + 2 + fields / 1000 + 12


def naive(count: int, fields: int) -> int:
    """What a client asks that makes one call per entity: connection, config, actor type, list mappings, every field's default."""
    return count + count + count * len(ACTORS) + count + fields + 2 + 2
