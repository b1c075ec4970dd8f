"""Two clients of one tenant agree: reconciler plans what SuperOffice's own client did, and that client sees what reconciler applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Plan
from tests.contract.vendor import play
from tests.scenarios.stage import PASSWORD, SPARE, TARGET, VISMA, Stage, staged

# What the file asks for …
TEXT = f"""\
version: 1
language: en
connectors:
  visma:
    name: Visma Business
    url: {VISMA}
    identifies_erp: [Filename]
connections:
  norway:
    name: {{en: Visma Norway, nb: Visma Norge}}
    description: Company F0003
    connector: visma
    active: true
    scope: {{groups: [Sales], users: [ANNA]}}
    config:
      Filename: F0003.xlsm
      IntegerField: 12
      CheckboxField: true
      DateField: 2026-02-28
      DoubleField: 12.5
      TextField: "0012"
      ListField: item2
      PasswordField: {{secret: env:VISMA_PASSWORD}}
    actors:
      customer:
        sync: true
        fields:
          NAME: {{crm: NAME, direction: both, show: [erp-tab, search]}}
          CustNo: {{show: [erp-tab]}}
          CustGr: {{crm: BUSINESS, direction: to-crm, items: {{"A": Retail, "B": Trade/Wholesale, "C": ""}}}}
          POSTALAD1: {{crm: ""}}
          IntField: {{default: {{value: 30, ask: true}}}}
          CatErp: {{default: {{value: A, ask: true, mandatory: true}}}}
        rank: [NAME, CustGr]
      person:
        sync: true
        fields:
          LASTNAME: {{crm: LASTNAME, direction: to-erp}}
  second:
    name: Second
    connector: visma
    active: false
    scope: everyone
    config:
      Filename: F0001.xlsm
      PasswordField: {{secret: env:VISMA_PASSWORD}}
sync_priority: [second, SuperOffice, norway]
automatic_sync: {{on: false, interval: 10m}}
"""

# … and what an administrator types in to have the same. Businesses: 9001 Retail, 9002 Trade/Wholesale, 9003 Manufacturing.
NORWAY = 'NO:"Visma Norge";US:"Visma Norway"'
DONE_BY_HAND = {
    "connectors": [{"name": "Visma Business", "url": VISMA}],
    "connections": [
        {
            "name": NORWAY,
            "connector": "Visma Business",
            "description": "Company F0003",
            "groups": [1],
            "users": [2],
            "config": {
                "Filename": "F0003.xlsm",
                "IntegerField": "[I:12]",
                "CheckboxField": "[I:1]",
                "DateField": "[DT:02/28/2026 00:00:00]",
                "DoubleField": "[F:12.5]",
                "TextField": "0012",
                "ListField": "item2",
                "PasswordField": PASSWORD,
            },
            "actors": {
                "Customer": {
                    "sync": True,
                    "fields": {
                        "NAME": {"crm": "NAME", "toCrm": True, "toErp": True, "gui": True, "search": True},
                        "CustNo": {"gui": True},
                        "CustGr": {"crm": "BUSINESS", "toCrm": True, "items": {"A": 9001, "B": 9002, "C": None}},
                        "POSTALAD1": {"crm": ""},
                        "IntField": {"default": {"value": "[I:30]", "ask": True}},
                        "CatErp": {"default": {"value": "A", "ask": True, "mandatory": True}},
                    },
                    "first": ["NAME", "CustGr"],
                },
                "Person": {"sync": True, "fields": {"LASTNAME": {"crm": "LASTNAME", "toErp": True}}},
            },
            "active": True,
        },
        {"name": "Second", "connector": "Visma Business", "config": {"Filename": "F0001.xlsm", "PasswordField": PASSWORD}},
    ],
    "priority": [1, "SuperOffice", 0],
    "engine": {"run": False, "interval": "0:10:00"},
}

CHANGED_BY_HAND = {
    "connectors": [{"name": "Visma Business", "rename": "Visma", "url": SPARE}],
    "connections": [
        {
            "name": NORWAY,
            "rename": 'NO:"Visma Norge AS";US:"Visma Norway";SW:"Visma Norge"',
            "groups": [2],
            "config": {"IntegerField": "[I:13]", "TextField": "12", "CheckboxField": "[I:0]"},
            "actors": {
                "Customer": {
                    "fields": {
                        "NAME": {"gui": False},
                        "CustGr": {"toErp": True, "items": {"A": 9003, "B": None}},
                        "POSTALAD1": {"crm": "POSTALAD1", "toErp": True},
                        "IntField": {"default": {"value": "[I:31]"}},
                        "CatErp": {"default": {}},
                        "POSTALZIP": {"search": True},
                    },
                    "first": ["CustNo"],
                },
                "Person": {"sync": False},
            },
            "active": False,
        },
        {"name": "Second", "description": "Nobody asked for this", "active": True},
    ],
    "priority": [0, 1, "SuperOffice"],
    "engine": {"run": True, "interval": "0:20:00"},
}

# What the plan says about that, live and then desired. A description, the Swedish name and POSTALZIP are not in the file, so not here.
CUSTOMER = "connection/norway actors.customer"
REST = ("POSTALAD1", "POSTALAD2", "POSTALZIP", "POSTALCITY", "IntField", "DoubleField", "DateField", "CheckboxField", "CatErp")
PLANNED = {
    "connector/visma name": ("Visma", "Visma Business"),
    "connector/visma url": (SPARE, VISMA),
    "connection/norway name.nb": ("Visma Norge AS", "Visma Norge"),
    "connection/norway active": (False, True),
    "connection/norway scope": (
        {"everyone": False, "groups": {"Administration": 2}, "users": {"ANNA": 2}},
        {"everyone": False, "groups": {"Sales": 1}, "users": {"ANNA": 2}},
    ),
    "connection/norway config.CheckboxField": (False, True),
    "connection/norway config.IntegerField": (13, 12),
    "connection/norway config.TextField": ("12", "0012"),
    f"{CUSTOMER}.fields.NAME.show": (("search",), ("erp-tab", "search")),
    f"{CUSTOMER}.fields.CustGr.direction": ("both", "to-crm"),
    f"{CUSTOMER}.fields.CustGr.items.A": ("Manufacturing", "Retail"),
    f"{CUSTOMER}.fields.CustGr.items.B": ("", "Trade/Wholesale"),
    f"{CUSTOMER}.fields.POSTALAD1.crm": ("POSTALAD1", ""),
    f"{CUSTOMER}.fields.POSTALAD1.direction": ("to-erp", "none"),
    f"{CUSTOMER}.fields.IntField.default": (
        {"ask": False, "mandatory": False, "value": 31},
        {"ask": True, "mandatory": False, "value": 30},
    ),
    f"{CUSTOMER}.fields.CatErp.default": ({}, {"ask": True, "mandatory": True, "value": "A"}),
    f"{CUSTOMER}.rank": (("CustNo", "NAME", "CustGr", *REST), ("NAME", "CustGr", "CustNo", *REST)),
    "connection/norway actors.person.sync": (False, True),
    "connection/second active": (True, False),
    "sync-priority order": (
        ("connection/norway", "connection/second", "SuperOffice"),
        ("connection/second", "SuperOffice", "connection/norway"),
    ),
    "automatic-sync on": (True, False),
    "automatic-sync interval": (1200, 600),
}
PERMITTED = ("moves-secrets=connector/visma", "no-way-back=connection/norway")  # its password was never sent by reconciler


def seen(stage: Stage) -> dict[str, Any]:
    """What the vendor's client sees, without what the server gives out: ids, GUIDs, and how the cursor stands."""
    told: dict[str, Any] = play("read.mjs", stage.emulator)
    for connection in told["connections"]:
        for name in ("erpConnectionId", "connectionId", "mostRecentTimestamp", "erpConnectorId"):
            del connection[name]
        for actor in connection["actors"].values():
            for field in actor["fields"].values():
                del field["erpFieldId"]
    for connector in told["connectors"]:
        del connector["erpConnectorId"]
    return told


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty tenant, and the file."""
    with staged(tmp_path, text=TEXT) as made:
        yield made


@pytest.fixture
def by_hand(stage: Stage) -> Stage:
    """The tenant as the administrator set it up."""
    play("administrator.mjs", stage.emulator, DONE_BY_HAND)
    return stage


def test_what_the_administrator_did_needs_no_change(by_hand: Stage) -> None:
    plan = by_hand.plan()
    assert plan.units == ()
    assert {str(one) for one in plan.unchanged} == {
        "connector/visma", "connection/norway", "connection/second", "sync-priority", "automatic-sync",
    }  # fmt: skip
    assert {(str(one.address), one.path) for one in plan.not_checked} == {
        ("connection/norway", ("config", "PasswordField")),
        ("connection/second", ("config", "PasswordField")),
    }
    ended = by_hand.type("plan", "--target", TARGET, "--detailed-exitcode")
    assert (ended.code, "nothing to do" in ended.out) == (0, True), ended


def test_the_administrator_sees_what_was_applied_as_if_done_by_hand(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert stage.apply().exit_code == 0
    with staged(tmp_path_factory.mktemp("beside"), text=TEXT) as beside:
        play("administrator.mjs", beside.emulator, DONE_BY_HAND)
        applied, done = seen(stage), seen(beside)
        date = applied["connections"][0]["configFields"].pop("DateField"), done["connections"][0]["configFields"].pop("DateField")
        assert date == ("[DT:02/28/2026 00:00:00.0000000]", "[DT:02/28/2026 00:00:00]")  # the same day, written in another way
        assert applied == done
        assert stage.emulator.inspect.engine()["ConnectionRank"] == beside.emulator.inspect.engine()["ConnectionRank"]


def test_the_plan_shows_what_the_administrator_changed_and_apply_undoes_that_and_no_more(by_hand: Stage) -> None:
    assert by_hand.apply().exit_code == 0  # nothing to do; the journal learns who is who, since names are about to change
    before = seen(by_hand)
    play("administrator.mjs", by_hand.emulator, CHANGED_BY_HAND)
    assert changes(by_hand.plan()) == PLANNED
    ended = by_hand.type("plan", "--target", TARGET, "--detailed-exitcode", *(f"--allow={one}" for one in PERMITTED))
    assert (ended.code, "Visma Norge AS" in ended.out) == (2, True), ended

    assert by_hand.apply(*PERMITTED).exit_code == 0
    after = seen(by_hand)
    norway, second = before["connections"]
    norway["displayName"] = after["connections"][0]["displayName"]
    assert sorted(norway["displayName"].split(";")) == ['NO:"Visma Norge"', 'SW:"Visma Norge"', 'US:"Visma Norway"']
    norway["actors"]["Customer"]["fields"]["POSTALZIP"]["showInSearch"] = True
    second["displayDescription"] = "Nobody asked for this"
    assert after == before
    assert by_hand.plan().units == ()


def changes(plan: Plan) -> dict[str, tuple[Any, Any]]:
    return {f"{change.address} {'.'.join(change.path)}": (change.before, change.after) for unit in plan.units for change in unit.changes}
