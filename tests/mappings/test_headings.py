"""Items of CRM lists whose names repeat: told apart by their headings in files, plans and dumps, resolved to ids when they are saved."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from reconciler.emulator import Fault, FaultKind
from reconciler.errors import InputError
from reconciler.model import Named
from reconciler.wire.crm_items import item_ids, item_name, item_names, names_repeat
from tests.dump.conftest import checked, filled
from tests.mappings.conftest import customer
from tests.mappings.workbench import Document, Workbench


def nordic(bench: Workbench) -> tuple[int, int]:
    """Two items called Retail in the list of businesses, each below a heading of its own; returns their ids."""
    edit = bench.emulator.edit
    first = next(row["CrmListItemId"] for row in bench.emulator.inspect.rows("CrmListItem") if 'US:"Retail"' in row["Name"])
    second = edit.add_crm_item("business", "Retail")
    edit.add_crm_heading("business", 'US:"Nordic";NO:"Norden"', [first])
    edit.add_crm_heading("business", "Other countries", [second])
    return first, second


def items_of(bench: Workbench) -> dict[str, int | None]:
    (row,) = bench.emulator.inspect.find("Visma Norway")
    items: dict[str, int | None] = bench.emulator.inspect.field(row["ErpConnectionId"], "Customer", "CustGr")["Items"]
    return items


def test_a_heading_tells_two_items_of_one_name_apart(bench: Workbench, wanted: Document) -> None:
    first, second = nordic(bench)
    document = copy.deepcopy(wanted)
    items = customer(document)["CustGr"]["items"]
    items["A"] = "Nordic/Retail"
    assert bench.plan(document).units == ()
    items["A"] = "Other countries/Retail"
    (unit,) = bench.plan(document).units
    assert [(change.path[-1], change.before, change.after) for change in unit.changes] == [("A", "Nordic/Retail", "Other countries/Retail")]
    assert bench.apply(bench.plan(document)).exit_code == 0
    assert (items_of(bench)["A"], bench.plan(document).units) == (second, ())
    items["A"] = f"#{first}"
    assert bench.apply(bench.plan(document)).exit_code == 0
    items["A"] = "Nordic/Retail"
    assert (items_of(bench)["A"], bench.plan(document).units) == (first, ())


def test_a_name_that_repeats_is_a_problem_that_names_the_headings(bench: Workbench, wanted: Document) -> None:
    nordic(bench)
    with pytest.raises(InputError) as told:
        bench.plan(wanted)
    (problem,) = told.value.problems
    assert problem.code == "unknown-crm-item"
    assert problem.hint == "Write the one you mean as `Nordic/Retail` or `Other countries/Retail`."


def test_headings_that_cannot_be_read_leave_the_id(bench: Workbench, wanted: Document) -> None:
    """The list with its headings is filtered by the user's group; whatever it does not show still has an id."""
    first, second = nordic(bench)
    bench.emulator.faults.add(Fault("List/business/MDOItems", FaultKind.NULL_BODY, times=None))
    document = copy.deepcopy(wanted)
    with pytest.raises(InputError) as told:
        bench.plan(document)
    assert told.value.problems[0].hint == f"Write the one you mean as `#{first}` or `#{second}`."
    customer(document)["CustGr"]["items"]["A"] = f"#{first}"
    assert bench.plan(document).units == ()


def test_headings_cost_a_call_only_where_names_repeat(bench: Workbench, wanted: Document) -> None:
    asked = "List/business/MDOItems"
    bench.plan(wanted)
    assert asked not in [call.operation for call in bench.emulator.calls]
    nordic(bench)
    customer(wanted)["CustGr"]["items"]["A"] = "Nordic/Retail"
    bench.plan(wanted)
    assert [call.operation for call in bench.emulator.calls].count(asked) == 1


def test_a_dump_writes_headings_where_names_repeat(tmp_path: Path) -> None:
    with filled(tmp_path) as tenant:
        retail, again, third = (tenant.crm_item("business", "Retail"), *(tenant.edit.add_crm_item("business", "Retail") for _ in range(2)))
        slash = tenant.edit.add_crm_item("business", "Nordic/Retail")
        tenant.edit.add_crm_heading("business", "Nordic", [retail, tenant.crm_item("business", "IT")])
        tenant.edit.add_crm_heading("business", "South: \u00e6 #1", [again])
        row = tenant.edit.add_connection(tenant.connector(), "Headed", {"Filename": "F0001.xlsm"})
        tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
        tenant.edit.map_field(row, "Supplier", "SupGr", "BUSINESS", to_crm=True)
        for key, item in (("A", retail), ("B", again), ("C", tenant.crm_item("business", "IT"))):
            tenant.edit.map_item(row, "Customer", "CustGr", key, item)
        for key, item in (("1", third), ("2", slash)):
            tenant.edit.map_item(row, "Supplier", "SupGr", key, item)
        text = checked(tenant, tenant.dump())
    assert f'A: "#{retail}"' in text  # another item is called Nordic/Retail
    assert 'B: "South: \u00e6 #1/Retail"' in text
    assert "C: IT" in text
    assert f'"1": "#{third}"' in text


# ---- names alone -------------------------------------------------------------------------------------------------------

ROWS = (
    Named(1, 'US:"Retail";NO:"Detalj"', headings=('US:"Nordic";NO:"Norden"', "All")),
    Named(2, "Retail", headings=("South", "All")),
    Named(3, "Trade/Wholesale"),
    Named(4, "Gone", deleted=True),
    Named(5, "#1"),
)


def test_every_item_has_one_name_and_every_name_one_item() -> None:
    assert item_names(ROWS, "en") == {1: "Nordic/Retail", 2: "South/Retail", 3: "Trade/Wholesale", 5: "#5"}
    assert item_names(ROWS, "nb") == {1: "Detalj", 2: "Retail", 3: "Trade/Wholesale", 5: "#5"}
    for language in ("en", "nb"):
        assert all(item_ids(name, ROWS, language) == [key] for key, name in item_names(ROWS, language).items())


def test_what_a_name_may_mean() -> None:
    assert item_ids("Retail", ROWS, "en") == [1, 2]
    assert item_ids("All/Retail", ROWS, "en") == [1, 2]
    assert item_ids("Norden/Detalj", ROWS, "nb") == [1]
    assert item_ids("Trade/Wholesale", ROWS, "en") == [3]
    assert (item_ids("Gone", ROWS, "en"), item_ids("#4", ROWS, "en"), item_ids("#2", ROWS, "en")) == ([], [], [2])
    assert (item_name(None, "", ROWS, "en"), item_name(4, "Gone", ROWS, "en"), item_name(9, "Retail", ROWS, "en")) == ("", "Gone", "#9")


@pytest.mark.parametrize(
    ("rows", "repeats"),
    [
        (ROWS, True),
        (ROWS[1:], False),
        ((Named(1, 'US:"A";NO:"B"'), Named(2, 'US:"C";NO:"B"')), True),
        ((Named(1, 'US:"A";NO:"B"'), Named(2, "B")), True),
        ((Named(1, "A"), Named(2, "A", deleted=True)), False),
    ],
)
def test_names_repeat_in_any_language(rows: tuple[Named, ...], repeats: bool) -> None:
    assert names_repeat(rows) is repeats
