"""A tenant as somebody else left it, for taking over: filled by the vendor's client, with all that makes taking over hard.

In -> Out: an emulator that serves, with nothing in it -> the same, full.
Effects: teaches the connector program its awkward fields and items (that is the ERP's side, which no client can set); all the rest
is done by SuperOffice's own client.

What is hard about it: two connections of one name; deleted connections that share a name with a live one, and a deleted connector
that shares one with a live connector; names in several languages, with quotes, emoji, a final semicolon; keys and texts that YAML
would bend (`01`, `1`, `no`, `null`, `1.10`, `on`); field keys with slashes, blanks and colons; passwords.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator import Emulator
from tests.contract.vendor import play

VISMA = "https://connectors.example.com/visma/ErpConnectorWS.svc"
FORTNOX = "https://connectors.example.com/fortnox/ErpConnectorWS.svc"

VISMA_PASSWORD = "winter-2026"
"""The value of PasswordField in every connection on the Visma connector."""

FORTNOX_PASSWORD = "erp-password"
"""The value of Password in every connection on the Fortnox connector."""

NORWAY = 'US:"Visma Norway 🇳🇴";NO:"Visma Norge 🇳🇴";SW:"Visma Norge";'
TWINS = "Group company"
QUOTED = 'Fortnox "Nordic" AB: it\'s 100 % 🚀 # new'

ITEMS = {"01": "Zero one", "1": "One", "no": 'US:"None";NO:"Ingen"', "null": "Null", "1.10": "One ten", "Y/N": "Yes/No", "~": "Tilde"}
FIELDS = ("Pay terms/days", "no", "1.10", "a: b # c", "'quoted' \"twice\"", "Ærlig talt %2F")

_CONFIG = {"PasswordField": VISMA_PASSWORD}
_BOTH = {"toCrm": True, "toErp": True}


def fill(emulator: Emulator) -> None:
    """Fill an empty emulator that serves."""
    _teach(emulator)
    play("administrator.mjs", emulator, described(emulator))


def _teach(emulator: Emulator) -> None:
    """What the ERP offers: a list with awkward item keys, and fields with awkward keys."""
    emulator.edit.set_items("Test.Excel", "CustomerGroup", ITEMS)
    for key in FIELDS:
        emulator.edit.add_field("Test.Excel", "Customer", key, name=f'US:"{key.replace(chr(34), "")}";NO:"Felt"')


def described(emulator: Emulator) -> dict[str, Any]:
    """What the administrator sets up, in the terms of `administrator.mjs`."""
    return {
        "connectors": [
            {"name": "Visma Business", "url": VISMA},
            {"name": "Fortnox", "url": FORTNOX},
            {"name": "Fortnox", "url": "https://old.example.com/fortnox", "delete": True},
        ],
        "connections": [
            _norway(emulator),
            {**_twin("F0001.xlsm"), "groups": [1, 3], "users": [2], "actors": {"Customer": _customer()}, "active": True},
            {**_twin("F0002.xlsm"), "description": "The other one", "groups": [], "users": [1, 3]},
            _fortnox(),
            {**_twin("ErpClient.xlsm"), "description": "A former one", "delete": True},
            {"name": NORWAY, "connector": "Visma Business", "config": {**_CONFIG, "Filename": "F0002.xlsm"}, "delete": True},
        ],
        "priority": [3, "SuperOffice", 0],
        "engine": {"run": True, "interval": "1:30:00"},
    }


def _norway(emulator: Emulator) -> dict[str, Any]:
    items = {_english(row["Name"]): row["CrmListItemId"] for row in emulator.inspect.rows("CrmListItem")}
    chosen = {"01": "Retail", "1": "Trade/Wholesale", "no": "Other", "null": "IT", "1.10": "Manufacturing"}
    groups = {key: items[name] for key, name in chosen.items()} | {"~": None}
    return {
        "name": NORWAY,
        "connector": "Visma Business",
        "description": 'US:"Company F0003";NO:"Firma F0003"',
        "config": {
            **_CONFIG,
            "Filename": "F0003.xlsm",
            "IntegerField": "[I:12]",
            "CheckboxField": "[I:1]",
            "DateField": "[DT:02/28/2026 00:00:00.0000000]",
            "DoubleField": "[F:12.5]",
            "TextField": "0012",
            "ListField": "item2",
        },
        "actors": {
            "Customer": {
                "sync": True,
                "fields": {
                    "NAME": {"crm": "NAME", **_BOTH, "gui": True, "search": True},
                    "CustNo": {"gui": True},
                    "CustGr": {"crm": "BUSINESS", "toCrm": True, "items": groups, "default": {"value": "1.10", "ask": True}},
                    "IntField": {"default": {"value": "[I:30]"}},
                    "CheckboxField": {"default": {"value": "[I:1]"}},
                    "DateField": {"default": {"value": "[DT:01/02/2026 00:00:00.0000000]", "ask": True, "mandatory": True}},
                    "Pay terms/days": {"crm": "NUMBER2", **_BOTH, "gui": True},
                    "no": {"crm": "DEPARTMENT", "toErp": True, "default": {"value": "null", "ask": True}},
                    "a: b # c": {"crm": "URL", "toErp": True, "default": {"value": " 'no' \"yes\" 🚀 "}},
                    "1.10": {"search": True, "default": {"value": "1.10"}},
                    "'quoted' \"twice\"": {"gui": True},
                    "Ærlig talt %2F": {"search": True, "default": {"value": "%2F"}},
                    "POSTALAD1": {"crm": ""},
                },
                "first": ["NAME", "Pay terms/days", "CustGr"],
            },
            "Person": {"sync": True, "fields": {"FIRSTNAME": _BOTH, "LASTNAME": _BOTH, "PersonNo": {"search": True}}},
        },
        "active": True,
    }


def _english(name: str) -> str:
    return name.split('"')[1] if name.startswith('US:"') else name


def _twin(workbook: str) -> dict[str, Any]:
    return {"name": TWINS, "connector": "Visma Business", "config": {**_CONFIG, "Filename": workbook, "TextField": "no"}}


def _customer() -> dict[str, Any]:
    return {"sync": True, "fields": {"NAME": {"crm": "NAME", "toErp": True}}, "first": ["no", "1.10"]}


def _fortnox() -> dict[str, Any]:
    return {
        "name": QUOTED,
        "connector": "Fortnox",
        "description": "C:\\ERP\\new, and a {brace} & an *asterisk: |",
        "config": {"Server": "sqlite:///erp.db", "Company": "null", "User": "erp", "Password": FORTNOX_PASSWORD, "Timeout": "[I:10]"},
        "actors": {"Project": {"sync": True, "fields": {"Name": {"crm": "NAME", "toErp": True}}}},
        "active": True,
    }
