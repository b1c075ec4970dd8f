"""What changes below a connection, as the vendor's dialogs show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Act, Address, Change, NotChecked, Source, Step, Unit, UnitKind, Why
from reconciler.report.actors_text import actor_rows, place_text, step_title
from reconciler.report.plan_text import plan_page
from tests.report import samples
from tests.report.golden import check

LIVE: dict[str, Any] = {
    "actors": {
        "customer": {
            "sync": True,
            "fields": {
                "CustGr": {"crm": "BUSINESS", "direction": "to-crm", "show": (), "items": {"A": "Retail", "B": "Trade/Wholesale"}},
                "CatErp": {"crm": "", "direction": "none", "default": {"value": "A", "ask": True, "mandatory": True}},
            },
        }
    }
}
RANK = tuple(f"F{number:02}" for number in range(1, 21))


def change(path: str, before: Any, after: Any, why: Why = Why.DESIRED, file: str = "connections.yaml") -> Change:
    return Change(samples.VISMA, ("actors", *path.split("/")), before, after, why, Source(file, 40, 5))


def unit(*changes: Change, kind: UnitKind = UnitKind.UPDATE, steps: tuple[Step, ...] = ()) -> Unit:
    made = samples.unit(samples.VISMA, kind, changes, active=(True, True), sets={}, line=14)
    return replace(made, before=LIVE if kind is UnitKind.UPDATE else None, steps=steps, window_calls=None)


def step(number: int, act: Act, sets: dict[str, Any]) -> Step:
    return Step(number, act, samples.VISMA, Why.DESIRED, {}, {"actors": sets})


CHANGED = unit(
    change("customer/fields/CustGr/direction", "to-crm", "both"),
    change("customer/fields/CustGr/items/B", "Trade/Wholesale", "", Why.NOT_LISTED),
    change("customer/fields/CatErp/default/mandatory", True, False, file="overlays/prod.yaml"),
    change("customer/fields/CatErp/show", ("erp-tab",), ("erp-tab", "search")),
    change("customer/fields/with space/crm", "NAME", ""),
    change("customer/fields/with space/direction", "to-erp", "none"),
    change("customer/rank", RANK, ("F20", *RANK[:-1])),
    change("person/sync", False, True),
    change("person/fields/NEW/default", None, {"value": 30, "ask": False, "mandatory": False}),
    steps=(
        step(1, Act.DEFAULT, {"customer": {"fields": {"CatErp": {"default": {}}}}}),
        step(2, Act.RANK, {"customer": {"rank": RANK}}),
        step(3, Act.MAP, {"person": {"sync": True}}),
        step(4, Act.ITEMS, {"customer": {"fields": {"CustGr": {"items": {"B": ""}}}}}),
    ),
)
CREATED = unit(
    change("customer", None, {"sync": True, "rank": ("NAME", "CustNo"), "fields": {"NAME": {"crm": "NAME", "direction": "both"}}}),
    change("customer/fields/CustGr/items", None, {"A": "Retail", "C": ""}),
    kind=UnitKind.CREATE,
)
PLAN = samples.plan(CHANGED, CREATED, not_checked=(NotChecked(samples.VISMA, ("actors", "customer", "rank"), "unread"),))


def test_changes_below_a_connection() -> None:
    page = plan_page(PLAN)
    check("plan-actors.txt", page.text())
    check("plan-actors-60.txt", plan_page(samples.plan(CHANGED), width=60).text())


def sides(path: str, before: Any, after: Any) -> tuple[str, str]:
    (row,) = actor_rows([change(path, before, after)], LIVE)
    return row.old, row.new


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        ("customer/fields/CustGr/direction", "to-crm", "to-erp", ("> BUSINESS", "< BUSINESS")),
        ("customer/fields/CustGr/direction", "to-crm", "none", ("> BUSINESS", "BUSINESS, not synchronised")),
        ("customer/fields/CustGr/crm", "BUSINESS", "CATEGORY", ("> BUSINESS", "> CATEGORY")),
        ("customer/fields/CustGr/crm", "BUSINESS", "BUSIN\u0395SS", ("> BUSINESS", '> "BUSIN\\u0395SS"')),
        ("customer/fields/CustGr/items/A", "Retail", "", ('"Retail"', "(No selection)")),
        ("customer/fields/CustGr/items/A", "Retail", "Reta\u0456l", ('"Retail"', '"Reta\\u0456l"')),
        ("customer/fields/CustGr/show", (), ("search",), ("nowhere", "in search")),
        ("customer/fields/CatErp/default", {"value": "A", "ask": True, "mandatory": True}, {}, ('"A", users are asked, mandatory', "none")),
        ("customer/fields/CatErp/default/value", "A", None, ('"A", users are asked, mandatory', "users are asked, mandatory")),
        ("customer/rank", ("A", "B", "C"), ("C", "A", "B"), ("C at 3", "C at 1")),
        ("customer/rank", ("A", "B"), ("A", "N", "B"), ("N not there", "N at 2")),
        ("customer/sync", True, False, ("synchronised", "not synchronised")),
    ],
)
def test_each_part_in_words(path: str, before: Any, after: Any, told: tuple[str, str]) -> None:
    assert sides(path, before, after) == told


def test_a_mapping_is_one_row() -> None:
    rows = actor_rows([change("customer/fields/X/crm", "", "NAME"), change("customer/fields/X/direction", "none", "both")], None)
    assert [(row.field, row.old, row.new, len(row.changes)) for row in rows] == [("X", "not mapped", "< > NAME", 2)]


def test_a_long_order_is_cut_in_the_middle() -> None:
    old, new = sides("customer/rank", RANK, tuple(reversed(RANK)))
    assert "... 13 more ..." in old
    assert "... 13 more ..." in new
    assert len(new) < 100


@given(st.permutations(RANK))
def test_what_is_not_told_keeps_its_order(order: list[str]) -> None:
    """Taking out the keys that are told leaves the two orders alike; a key that is told has another place or must make way."""
    old, new = sides("customer/rank", RANK, tuple(order))
    told = {part.split(" at ")[0] for part in new.split(", ") if " at " in part}
    if "more" not in new and told:
        assert [key for key in order if key not in told] == [key for key in RANK if key not in told]
    assert (old == new) == (tuple(order) == RANK)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("actors", "customer", "fields", "CustGr", "items", "B"), "customer CustGr, item B"),
        (("actors", "customer", "fields", "a b"), 'customer "a b"'),
        (("actors", "customer", "rank"), "customer order of fields"),
        (("actors",), "actors"),
        (("config", "Filename"), "config.Filename"),
    ],
)
def test_places_in_words(path: tuple[str, ...], told: str) -> None:
    assert place_text(path) == told


def test_a_step_elsewhere_has_no_title_of_its_own() -> None:
    assert step_title(Step(1, Act.SAVE, Address.connection("a"), Why.DESIRED, {}, {"name": "x"})) is None
