"""Where a value comes from: every layer that says something, who won, and what was taken out."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired.explain import Origin, Standing, origins
from reconciler.desired.load import load_desired, load_layers
from reconciler.model import Address, Source
from tests.desired.cases import all_cases
from tests.desired.loading import written
from tests.desired.test_properties import sound

BASE = """\
version: 1
mapping_sets:
  low: {customer: {fields: {NAME: {crm: NAME, direction: both}, CustGr: {crm: BUSINESS, direction: both, items: {A: Retail}}}}}
  high: {customer: {fields: {NAME: {direction: to-erp}}}}
connections:
  one:
    name: {en: One, nb: En}
    config: {P: {secret: env:P, version: 1}, N: "0010", E: ''}
    scope: {groups: [Sales], users: [ANNA]}
    uses: [low, high]
    actors: {customer: {sync: true, fields: {NAME: {direction: to-crm, default: 30}}}}
sync_priority: [one, SuperOffice]
automatic_sync: {on: true, interval: 5m}
"""
ONE = Address.connection("one")
NAME = ("actors", "customer", "fields", "NAME")
GROUP = ("actors", "customer", "fields", "CustGr")


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(address: Address, *overlays: str) -> dict[tuple[str, ...], list[str]]:
    """Each path's origins on one line: file, set, value, standing."""
    names = written(BASE, *overlays)
    load_desired(names)
    found = origins(load_layers(names), address)
    return {
        path: [f"{one.source.file[0]} {one.mapping_set or '-'} {one.text or '-'} {one.standing}" for one in said]
        for path, said in found.items()
    }


def test_a_value_lists_its_sets_below_it() -> None:
    found = told(ONE)
    assert found[*NAME, "direction"] == ["0 - to-crm wins", "0 high to-erp overridden", "0 low both overridden"]
    assert found[*NAME, "crm"] == ["0 low NAME wins"]
    assert found[*GROUP, "items", "A"] == ["0 low Retail wins"]


def test_places_are_those_of_the_values() -> None:
    names = written(BASE)
    first = origins(load_layers(names), ONE)[*NAME, "direction"][0]
    assert first == Origin(Source("0.yaml", 11, 64), "to-crm", Standing.WINS)


def test_values_read_as_they_are_written() -> None:
    found = told(ONE)
    assert found["config", "P"] == ["0 - {secret: env:P, version: 1} wins"]
    assert found["config", "N"] == ['0 - "0010" wins']
    assert found["config", "E"] == ['0 - "" wins']
    assert found["scope",] == ["0 - {groups: [Sales], users: [ANNA]} wins"]
    assert found[*NAME, "default"] == ["0 - {value: 30} wins"]
    assert found["uses",] == ["0 - [low, high] wins"]


def test_files_lie_over_each_other_within_a_set_and_within_the_connection() -> None:
    set_says = "mapping_sets: {low: {customer: {fields: {NAME: {crm: TEXT}}}}}\n"
    connection_says = "connections: {one: {actors: {customer: {fields: {NAME: {direction: none}}}}}}\n"
    found = told(ONE, set_says, connection_says)
    assert found[*NAME, "crm"] == ["1 low TEXT wins", "0 low NAME overridden"]
    assert found[*NAME, "direction"] == [
        "2 - none wins",
        "0 - to-crm overridden",
        "0 high to-erp overridden",
        "0 low both overridden",
    ]


def test_null_takes_out_only_what_its_own_layer_says() -> None:
    found = told(ONE, "connections: {one: {actors: {customer: {fields: {NAME: {direction: null}}}}}}\n")
    assert found[*NAME, "direction"] == ["1 - - takes-out", "0 - to-crm taken-out", "0 high to-erp wins", "0 low both overridden"]


def test_null_of_something_larger_takes_out_all_of_it() -> None:
    found = told(ONE, "connections: {one: {actors: null, config: {P: null}}}\n")
    assert found["config", "P"] == ["1 - - takes-out", "0 - {secret: env:P, version: 1} taken-out"]
    assert found["actors", "customer", "sync"] == ["1 - - takes-out", "0 - true taken-out"]
    assert found[*NAME, "direction"][0] == "1 - - takes-out"
    again = told(ONE, "connections: {one: null}\n", "connections: {one: {active: true}}\n")
    assert again["active",] == ["2 - true wins"]
    assert again["uses",] == ["1 - - takes-out", "0 - [low, high] taken-out"]
    assert (*NAME, "crm") not in again


def test_uses_counts_as_the_last_file_says_it() -> None:
    found = told(ONE, "connections: {one: {uses: [high]}}\n")
    assert found["uses",] == ["1 - [high] wins", "0 - [low, high] overridden"]
    assert found[*NAME, "direction"] == ["0 - to-crm wins", "0 high to-erp overridden"]
    assert (*NAME, "crm") not in found


def test_unmapping_ends_what_sets_and_earlier_files_say_of_the_mapping() -> None:
    found = told(ONE, "connections: {one: {actors: {customer: {fields: {CustGr: {crm: ''}, NAME: {crm: ''}}}}}}\n")
    assert found[*GROUP, "crm"] == ['1 - "" wins', "0 low BUSINESS overridden"]
    assert found[*GROUP, "direction"] == ["1 - - takes-out", "0 low both taken-out"]
    assert found[*GROUP, "items", "A"] == ["1 - - takes-out", "0 low Retail taken-out"]
    assert [line for line in found[*NAME, "direction"] if "wins" in line] == []
    again = told(
        ONE,
        "connections: {one: {actors: {customer: {fields: {CustGr: {crm: ''}}}}}}\n",
        "connections: {one: {actors: {customer: {fields: {CustGr: {crm: CATEGORY}}}}}}\n",
    )
    assert again[*GROUP, "items", "A"] == ["0 low Retail wins"]
    assert again[*GROUP, "crm"] == ["2 - CATEGORY wins", '1 - "" overridden', "0 low BUSINESS overridden"]


def test_a_plain_name_and_a_mapping_of_languages_replace_each_other() -> None:
    found = told(ONE, "connections: {one: {name: Only}}\n", "connections: {one: {name: {sv: Ett}}}\n")
    assert found["name",] == ["1 - Only overridden"]
    assert found["name", "en"] == ["0 - One overridden"]
    assert found["name", "sv"] == ["2 - Ett wins"]


def test_a_deletion_ends_everything_but_the_identity() -> None:
    found = told(ONE, "connections: {one: {absent: true}}\nsync_priority: null\n")
    assert found["name", "en"] == ["0 - One wins"]
    assert found["config", "N"] == ["1 - - takes-out", '0 - "0010" taken-out']
    assert found["absent",] == ["1 - true wins"]


def test_what_holds_for_the_whole_tenant_and_connectors() -> None:
    assert told(Address(("sync-priority",)), "sync_priority: [one]\n") == {(): ["1 - [one] wins", "0 - [one, SuperOffice] overridden"]}
    assert told(Address(("automatic-sync",)), "automatic_sync: {interval: 90s}\n") == {
        ("interval",): ["1 - 90s wins", "0 - 5m overridden"],
        ("on",): ["0 - true wins"],
    }
    assert told(Address.connector("visma"), "connectors: {visma: {name: Visma}}\n") == {("name",): ["1 - Visma wins"]}


def test_very_many_fields_take_little_time() -> None:
    listed = "".join(f"          F{number}: {{crm: '', default: {number}}}\n" for number in range(3000))
    names = written(*["version: 1\nconnections:\n  one:\n    actors:\n      customer:\n        fields:\n" + listed] * 2)
    layers = load_layers(names)
    started = time.process_time()
    assert len(origins(layers, ONE)) == 6000
    assert time.process_time() - started < 2


@pytest.mark.parametrize("address", [Address.connection("two"), Address.connector("one"), Address(("target", "one"))])
def test_what_no_file_mentions_has_no_origins(address: Address) -> None:
    assert told(address) == {}


@pytest.mark.parametrize(
    "case", [case for case in all_cases() if case.name.startswith("sound-") and not case.target], ids=lambda case: case.name
)
def test_who_wins_is_what_the_desired_state_holds(case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account and the model are made by different code, and come to the same values at the same places."""
    monkeypatch.chdir(case.folder)
    compare(case.files)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(sound, min_size=1, max_size=3))
def test_who_wins_is_what_the_desired_state_holds_for_any_files(documents) -> None:
    compare(written(*(json.dumps(document, ensure_ascii=False) for document in documents)))


def compare(names: list[str]) -> None:
    desired, layers = load_desired(names), load_layers(names)
    for connection in desired.connections.values():
        found = origins(layers, connection.address)
        wins = {path: one.source for path, said in found.items() for one in said if one.standing is Standing.WINS}
        places: dict[tuple[str, ...], Source] = {("config", key): value.source for key, value in connection.config.items()}
        for actor in connection.actors.values():
            for field in actor.fields.values():
                path = ("actors", actor.type, "fields", field.key)
                marks = {"crm": field.crm, "direction": field.direction, "show": field.show, "default": field.default}
                places |= {(*path, name): mark.source for name, mark in marks.items() if mark is not None}
                places |= {(*path, "items", key): item.source for key, item in field.items.items()}
        compared = {"crm", "direction", "show", "default"}
        assert places == {
            path: place
            for path, place in wins.items()
            if path[0] == "config" or (path[0] == "actors" and (path[4:5] == ("items",) or path[-1] in compared) and len(path) > 4)
        }
