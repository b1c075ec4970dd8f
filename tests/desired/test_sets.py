"""Mapping sets: laid under connections key by key after all files are merged; what is shared is built and told once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.model import DesiredActor, DesiredField
from tests.desired.loading import codes, load

SETS = """\
version: 1
mapping_sets:
  low:
    customer:
      sync: true
      fields:
        NAME: {crm: NAME, direction: both, show: [search]}
        CustGr: {crm: BUSINESS, direction: both, items: {A: Retail, B: Other}, items_not_listed: report}
        IntField: {default: {value: 30, ask: true}}
      rank: [NAME, CustGr]
      fields_not_listed: report
  high:
    customer:
      fields:
        NAME: {direction: to-crm}
        CustGr: {items: {B: IT}}
    person: {sync: true}
connections:
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def actors(connection: str, *overlays: str) -> dict[str, DesiredActor]:
    return dict(load(f"{SETS}  one: {connection}\n", *overlays).connections["one"].actors)


def fields(connection: str, *overlays: str) -> dict[str, DesiredField]:
    return dict(actors(connection, *overlays)["customer"].fields)


def values(field: DesiredField) -> tuple[str | None, str | None, dict[str, str]]:
    crm, direction = (None if mark is None else mark.value for mark in (field.crm, field.direction))
    return crm, direction, {key: item.value for key, item in field.items.items()}


def test_a_set_gives_everything_it_says() -> None:
    customer = actors("{uses: [low]}")["customer"]
    assert customer.sync is not None
    assert (customer.sync.value, customer.fields_not_listed, [key.value for key in customer.rank or ()]) == (
        True,
        "report",
        ["NAME", "CustGr"],
    )
    assert values(customer.fields["NAME"]) == ("NAME", "both", {})
    assert str(customer.fields["NAME"].source) == "0.yaml:7:9"


def test_later_sets_and_then_the_connection_override_key_by_key() -> None:
    written = (
        "{uses: [low, high], actors: {customer: {fields: {NAME: {show: []}, CustGr: {items: {C: ''}}, New: {default: 1}}, rank: [New]}}}"
    )
    customer = actors(written)["customer"]
    assert values(customer.fields["NAME"]) == ("NAME", "to-crm", {})
    assert values(customer.fields["CustGr"]) == ("BUSINESS", "both", {"A": "Retail", "B": "IT", "C": ""})
    name = customer.fields["NAME"]
    assert name.show is not None
    assert name.crm is not None
    assert name.direction is not None
    assert (name.show.value, name.show.source.line, name.crm.source.line, name.direction.source.line) == (frozenset(), 19, 7, 15)
    assert [key.value for key in customer.rank or ()] == ["New"]
    assert [*customer.fields] == ["CustGr", "IntField", "NAME", "New"]
    assert customer.source.line == 19
    assert [*actors(written)] == ["customer", "person"]


def test_the_order_of_sets_counts() -> None:
    assert values(fields("{uses: [high, low]}")["NAME"]) == ("NAME", "both", {})


def test_a_default_replaces_the_one_of_the_set_as_a_whole() -> None:
    default = fields("{uses: [low], actors: {customer: {fields: {IntField: {default: 31}}}}}")["IntField"].default
    assert default is not None
    assert default.value.value is not None
    assert (default.value.value.text, default.value.ask) == ("31", False)
    removed = fields("{uses: [low], actors: {customer: {fields: {IntField: {default: {}}}}}}")["IntField"].default
    assert removed is not None
    assert removed.value.value is None


def test_unmapping_takes_away_what_the_set_says_of_the_mapping() -> None:
    found = fields("{uses: [low], actors: {customer: {fields: {NAME: {crm: ''}, CustGr: {crm: ''}}}}}")
    assert values(found["CustGr"]) == ("", None, {})
    assert found["CustGr"].items_not_listed == "leave"
    assert values(found["NAME"]) == ("", None, {})
    assert found["NAME"].show is not None


def test_sets_are_laid_under_after_all_files_are_merged() -> None:
    overlay = (
        "mapping_sets: {low: {customer: {fields: {NAME: {crm: TEXT}}}}, late: {project: {sync: false}}}\n"
        "connections: {one: {uses: [low, late]}}\n"
    )
    found = actors("{uses: [high], actors: {customer: {fields: {NAME: {direction: to-erp}}}}}", overlay)
    assert [*found] == ["customer", "project"]
    assert values(found["customer"].fields["NAME"]) == ("TEXT", "to-erp", {})
    crm = found["customer"].fields["NAME"].crm
    assert crm is not None
    assert str(crm.source) == "1.yaml:1:54"


def test_an_overlay_cannot_take_out_at_the_connection_what_only_a_set_says() -> None:
    assert codes(SETS + "  one: {uses: [low]}\n", "connections: {one: {actors: {customer: {fields: {NAME: null}}}}}\n") == [
        "nothing-to-remove"
    ]


def test_a_set_or_its_use_can_be_taken_out_by_an_overlay() -> None:
    assert actors("{uses: [low]}", "connections: {one: {uses: null}}\n") == {}
    assert codes(SETS + "  one: {uses: [low]}\n", "mapping_sets: {low: null}\n") == ["unknown-set"]
    assert [*actors("{uses: [low]}", "mapping_sets: {low: {customer: null, project: {sync: true}}}\n")] == ["project"]


def test_moving_something_into_a_set_changes_no_digest() -> None:
    inline = load("version: 1\nconnections: {one: {actors: {person: {sync: true, fields: {A: {crm: B, direction: both}}}}}}\n")
    shared = load(
        "version: 1\nmapping_sets: {s: {person: {sync: true, fields: {A: {crm: X, direction: both}}}}}\n"
        "connections: {one: {uses: [s], actors: {person: {fields: {A: {crm: B}}}}}}\n"
    )
    assert inline.digest == shared.digest


def test_half_a_mapping_in_a_set_is_judged_where_it_ends() -> None:
    half = "version: 1\nmapping_sets: {s: {person: {fields: {A: {crm: B}}}}}\nconnections: {%s}\n"
    assert load(half % "").connections == {}
    assert load(half % "one: {uses: [s], actors: {person: {fields: {A: {direction: both}}}}}").connections
    with pytest.raises(InputError) as caught:
        load(half % "one: {uses: [s]}, two: {uses: [s]}, three: {uses: [s], actors: {project: {}}}")
    assert [(problem.code, str(problem.source)) for problem in caught.value.problems] == [("crm-without-direction", "0.yaml:2:47")]


def test_what_connections_share_is_the_very_same() -> None:
    found = load(
        f"{SETS}  one: {{uses: [low, high]}}\n  two: {{uses: [low, high]}}\n  three: {{uses: [low, high], actors: {{person: {{}}}}}}\n"
    ).connections
    assert found["one"].actors["customer"] is found["two"].actors["customer"] is found["three"].actors["customer"]


def test_a_set_that_very_many_connections_use_costs_little() -> None:
    listed = "".join(f"        F{number}: {{crm: C{number}, direction: both, items: {{A: a, B: b}}}}\n" for number in range(200))
    text = f"version: 1\nmapping_sets:\n  s:\n    customer:\n      fields:\n{listed}connections:\n"
    text += "".join(f"  c{number}: {{uses: [s], actors: {{customer: {{fields: {{F1: {{show: [search]}}}}}}}}}}\n" for number in range(1000))
    started = time.process_time()
    assert len(load(text).connections["c7"].actors["customer"].fields) == 200
    assert time.process_time() - started < 10
