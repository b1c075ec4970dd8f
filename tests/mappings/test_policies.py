"""What is not listed, what is taken away, and lists of which only a part is written."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.emulator import Fault, FaultKind
from tests.mappings.conftest import customer
from tests.mappings.workbench import Document, Workbench, edited, unlike


def stored(bench: Workbench, key: str) -> dict[str, Any]:
    """A field of the customers of the one connection."""
    (row,) = bench.emulator.inspect.find("Visma Norway")
    return bench.emulator.inspect.field(row["ErpConnectionId"], "Customer", key)


def order(bench: Workbench) -> list[str]:
    (row,) = bench.emulator.inspect.find("Visma Norway")
    return list(row["Actors"]["Customer"]["Fields"])


def applied(bench: Workbench, document: Document) -> set[tuple[str, ...]]:
    """Plan and apply; the paths that were planned. It plans to nothing afterwards, and comes back from a refused activation."""
    plan = bench.plan(document)
    before = bench.truth()
    bench.remember()
    if any(step.act.value == "activate" for unit in plan.units for step in unit.steps):
        report = bench.apply(plan, Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))
        assert report.exit_code == 5, report
        assert unlike(bench.truth(), before) == []
        bench.go_back()
    report = bench.apply(plan)
    assert report.exit_code == 0, report
    assert bench.plan(document).units == ()
    return {change.path for unit in plan.units for change in unit.changes}


def actor(document: Document) -> Document:
    its: Document = document["connections"]["norway"]["actors"]["customer"]
    return its


def policy(name: str) -> Callable[[Document], None]:
    return lambda document: actor(document).update(fields_not_listed=name)


def test_fields_not_listed(bench: Workbench, wanted: Document) -> None:
    fields = ("actors", "customer", "fields")
    assert applied(bench, edited(wanted, policy("leave"))) == set()
    reported = bench.plan(edited(wanted, policy("report")))
    assert reported.units == ()
    listed = {one.path[-1] for one in reported.not_checked if "not listed" in one.reason}
    assert listed == {"POSTALAD1", "POSTALAD2", "POSTALCITY"}  # mapped by name when the connection was made
    unmapped = applied(bench, edited(wanted, policy("unmap")))
    assert unmapped == {(*fields, key, "crm") for key in listed}
    assert [stored(bench, key)["CrmFieldKey"] for key in sorted(listed)] == ["", "", ""]
    assert stored(bench, "POSTALZIP")["CrmFieldKey"] == "POSTALZIP"


def test_fields_not_listed_that_come_with_a_refresh_are_unmapped_by_the_next_plan_which_the_first_one_says(
    bench: Workbench, wanted: Document
) -> None:
    document = edited(wanted, policy("unmap"))
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    bench.emulator.edit.add_field("Test.Excel", "Customer", "EMAIL", type="Text")
    plan = bench.plan(document)
    (told,) = [one.reason for one in plan.not_checked if one.path[-1] == "fields_not_listed"]
    assert "the next plan unmaps them" in told
    assert bench.apply(plan).exit_code == 0
    assert stored(bench, "EMAIL")["CrmFieldKey"] == "EMAIL"  # SuperOffice maps by name what a refresh brings
    again = bench.plan(document)
    assert [one.path[-1] for one in again.not_checked] == []
    assert {change.path[-2] for unit in again.units for change in unit.changes} == {"EMAIL"}
    assert bench.apply(again).exit_code == 0
    assert stored(bench, "EMAIL")["CrmFieldKey"] == ""
    assert bench.plan(document).units == ()


def test_items_not_listed(bench: Workbench, wanted: Document) -> None:
    (row,) = bench.emulator.inspect.find("Visma Norway")
    bench.emulator.edit.map_item(row["ErpConnectionId"], "Customer", "CustGr", "C", 9003)
    assert applied(bench, wanted) == set()

    def listed(name: str) -> Document:
        return edited(wanted, lambda document: customer(document)["CustGr"].update(items_not_listed=name))

    reported = bench.plan(listed("report"))
    assert reported.units == ()
    assert [one.path[-1] for one in reported.not_checked if "not listed" in one.reason] == ["C"]
    assert applied(bench, listed("no-selection")) == {("actors", "customer", "fields", "CustGr", "items", "C")}
    assert stored(bench, "CustGr")["Items"].get("C") is None
    assert stored(bench, "CustGr")["Items"]["A"] is not None


def test_an_empty_crm_field_unmaps(bench: Workbench, wanted: Document) -> None:
    def unmap(document: Document) -> None:
        customer(document)["POSTALZIP"] = {"crm": ""}

    path = ("actors", "customer", "fields", "POSTALZIP")
    assert applied(bench, edited(wanted, unmap)) == {(*path, "crm"), (*path, "direction")}
    assert stored(bench, "POSTALZIP")["SyncToErp"] is False


def test_unmapping_a_list_takes_its_items_along_and_the_way_back_brings_them(bench: Workbench, wanted: Document) -> None:
    def unmap(document: Document) -> None:
        customer(document)["CustGr"] = {"crm": ""}

    (told,) = [one.reason for one in bench.plan(edited(wanted, unmap)).not_checked if one.path[-1] == "items"]
    assert "forgets what the items of the list stand for" in told
    changed = applied(bench, edited(wanted, unmap))
    path = ("actors", "customer", "fields", "CustGr")
    assert {(*path, "crm"), (*path, "direction")} <= changed
    assert all(one[:4] == path for one in changed)


def test_another_crm_list_takes_the_new_items_with_it(bench: Workbench, wanted: Document) -> None:
    """The pairs of the old list mean nothing for the new one, so all that are written are saved again."""

    def another(document: Document) -> None:
        customer(document)["CustGr"].update(crm="CATEGORY", items={"A": "Customer", "B": "Vendor"})

    applied(bench, edited(wanted, another))
    assert [stored(bench, "CustGr")["Items"][key] is not None for key in "AB"] == [True, True]


def test_another_crm_list_of_which_the_file_names_no_items_begins_without_any(bench: Workbench, wanted: Document) -> None:
    """The items of the old list are not looked for in the new one. (Another field has items, so that what the old list stands for is read.)"""

    def another(document: Document) -> None:
        customer(document)["CustGr"].update(crm="CATEGORY")
        del customer(document)["CustGr"]["items"]
        customer(document)["CatErp"] = {"crm": "BUSINESS", "direction": "both", "items": {"A": "Retail"}}

    paths = applied(bench, edited(wanted, another))
    assert {path[-1] for path in paths if path[3:5] == ("CustGr", "items")} == {"A", "B"}
    assert set(stored(bench, "CustGr")["Items"].values()) <= {None}
    assert stored(bench, "CatErp")["Items"]["A"] is not None


def test_an_empty_default_removes(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    for key in ("CustGr", "IntField"):
        customer(document)[key]["default"] = {}
        assert applied(bench, document) == {("actors", "customer", "fields", key, "default")}
        row = stored(bench, key)
        assert (row["HasFirstSyncDefaultValue"], row["PromptUser"], row["Mandatory"]) == (False, False, False)


@pytest.mark.parametrize(
    ("rank", "begins"),
    [
        (["NAME"], ["NAME", "CustGr", "CustNo"]),
        (["CatErp", "NAME"], ["CatErp", "NAME", "CustGr", "CustNo"]),
        (["POSTALCITY", "CheckboxField", "CustGr"], ["POSTALCITY", "CheckboxField", "CustGr", "NAME"]),
        (["CustGr"], ["CustGr", "NAME", "CustNo"]),
    ],
)
def test_a_part_of_the_order(bench: Workbench, wanted: Document, rank: list[str], begins: list[str]) -> None:
    document = copy.deepcopy(wanted)
    actor(document)["rank"] = rank
    before = order(bench)
    changed = applied(bench, document)
    assert changed == ({("actors", "customer", "rank")} if order(bench) != before else set())
    assert order(bench)[: len(begins)] == begins
    assert [key for key in order(bench) if key not in rank] == [key for key in before if key not in rank]


def test_the_way_back_of_an_order(bench: Workbench, wanted: Document) -> None:
    """Several moves, the last of which is refused: the others are taken back, one by one."""
    document = copy.deepcopy(wanted)
    actor(document)["rank"] = ["CatErp", "DateField", "NAME"]
    plan, before = bench.plan(document), order(bench)
    moves = len(before) - 2  # CatErp alone passes ten fields
    report = bench.apply(plan, Fault("MoveErpFieldItem", FaultKind.FORBIDDEN, nth=moves))
    assert report.exit_code == 5, report
    assert order(bench) == before
