"""Plans of one kind each, on active and inactive connections, beside the mixed ones of `tests.faults.scenarios`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.faults.scenarios import DENMARK, DENMARK_COLUMNS, DENMARK_CONFIG, SCENARIOS, Files, Scenario
from tests.faults.truth import Expected

__all__ = ["PLANS", "enter"]


def _connection(name: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        change(files["connections"][name])

    return apply


def _raise_number(connection: dict[str, Any]) -> None:
    connection["config"]["IntegerField"] = 13


def _rank(connection: dict[str, Any]) -> None:
    connection["actors"] = {"customer": {"rank": ["CustGr", "POSTALCITY", "NAME"]}}


def _map(connection: dict[str, Any]) -> None:
    connection["actors"] = {
        "customer": {
            "sync": True,
            "fields": {
                "NAME": {"crm": "NAME", "direction": "both"},
                "CustGr": {"crm": "BUSINESS", "direction": "to-crm", "items": {"A": "Retail"}},
            },
        }
    }


def _absent(name: str, label: str) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        files["connections"][name] = {"name": label, "absent": True}

    return apply


def _denmark(*, active: bool) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        files["connections"]["visma-dk"] = {**copy.deepcopy(DENMARK), "active": active}

    return apply


def _updated(name: str) -> Callable[[Mapping[str, int]], tuple[Expected, ...]]:
    return lambda ids: (Expected(f"connection/{name}", "update", ids[name], config={"IntegerField": "[I:13]"}),)


def _deleted(name: str) -> Callable[[Mapping[str, int]], tuple[Expected, ...]]:
    return lambda ids: (Expected(f"connection/{name}", "delete", ids[name]),)


def _created(*, active: bool) -> Callable[[Mapping[str, int]], tuple[Expected, ...]]:
    columns = {**DENMARK_COLUMNS, "Active": active}
    return lambda _ids: (Expected("connection/visma-dk", "create", columns=columns, config=DENMARK_CONFIG, connector="Visma Business"),)


_RANKED = "CustGr POSTALCITY NAME CustNo POSTALAD1 POSTALAD2 POSTALZIP"


def _ranked(name: str) -> Callable[[Mapping[str, int]], tuple[Expected, ...]]:
    fields = {("Customer", key): {"Rank": rank} for rank, key in enumerate(_RANKED.split(), 1)}
    return lambda ids: (Expected(f"connection/{name}", "update", ids[name], fields=fields),)


def _mapped(name: str) -> Callable[[Mapping[str, int]], tuple[Expected, ...]]:
    def expected(ids: Mapping[str, int]) -> tuple[Expected, ...]:
        fields: dict[tuple[str, str], dict[str, Any]] = {
            ("Customer", "NAME"): {"SyncToCrm": True, "SyncToErp": True},
            ("Customer", "CustGr"): {
                "CrmFieldKey": "BUSINESS",
                "ListReference": "table=business",
                "SyncToCrm": True,
                "Items": {"A": ids["item:Retail"]},
            },
        }
        return (Expected(f"connection/{name}", "update", ids[name], fields=fields, actors={"Customer": {"IsActive": True}}),)

    return expected


PLANS = {
    one.name: one
    for one in (
        Scenario("update", "a config field of an active connection", _connection("visma-no", _raise_number), _updated("visma-no")),
        Scenario("update-off", "the same of an inactive one", _connection("visma-is", _raise_number), _updated("visma-is")),
        Scenario("create", "create a connection and activate it", _denmark(active=True), _created(active=True)),
        Scenario("create-off", "create a connection and leave it inactive", _denmark(active=False), _created(active=False)),
        Scenario("delete", "delete an active connection", _absent("visma-se", "Visma Sweden"), _deleted("visma-se")),
        Scenario("delete-off", "delete an inactive connection", _absent("visma-is", "Visma Iceland"), _deleted("visma-is")),
        Scenario("rank", "the order of the fields of an active connection", _connection("visma-no", _rank), _ranked("visma-no")),
        Scenario("rank-off", "the same of an inactive one", _connection("visma-is", _rank), _ranked("visma-is")),
        Scenario("map", "mappings and list items of an active connection", _connection("visma-no", _map), _mapped("visma-no")),
        Scenario("map-off", "the same of an inactive one", _connection("visma-is", _map), _mapped("visma-is")),
    )
}


def enter() -> None:
    """Make the plans known to the stage, beside its own."""
    for name, plan in PLANS.items():
        SCENARIOS.setdefault(name, replace(plan))
