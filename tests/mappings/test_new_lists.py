"""Items of a list whose field is mapped by the very plan: names are judged before anything is touched, wherever the tenant can tell."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.emulator import Fault, FaultKind
from reconciler.errors import InputError
from tests.mappings.conftest import connection, customer
from tests.mappings.test_headings import nordic
from tests.mappings.test_rules import line_of, problems
from tests.mappings.test_upgrades import refresh, rename_group_field, renamed
from tests.mappings.workbench import Document, Workbench

FIELDS = "MDOList/crmfields"


def mapping_anew(items: dict[str, str], key: str = "CatErp", crm: str = "CATEGORY") -> Document:
    """What the file says of a list field that the tenant has not mapped."""
    return {key: {"crm": crm, "direction": "to-crm", "items": items}}


def anew(wanted: Document, items: dict[str, str], **where: str) -> Document:
    document = copy.deepcopy(wanted)
    customer(document).update(mapping_anew(items, **where))
    return document


def later(bench: Workbench, document: Document) -> list[str]:
    """What the plan says that only an apply can see."""
    return [one.reason for one in bench.plan(document).not_checked]


def asked(bench: Workbench, operation: str) -> int:
    return [call.operation for call in bench.emulator.calls].count(operation)


def stored(bench: Workbench, key: str) -> dict[str, Any]:
    (row,) = bench.emulator.inspect.find("Visma Norway")
    return bench.emulator.inspect.field(row["ErpConnectionId"], "Customer", key)


def test_an_item_that_the_crm_list_does_not_have(bench: Workbench, wanted: Document) -> None:
    (problem,) = problems(bench, anew(wanted, {"A": "Vendor", "B": "Partnre"}))
    assert (problem.code, problem.message) == ("unknown-crm-item", "The CRM list has no item 'Partnre'.")
    assert problem.hint == "Did you mean 'Partner'?"
    assert problem.source is not None
    assert problem.source.line == line_of(anew(wanted, {"A": "Vendor", "B": "Partnre"}), bench, "Partnre")
    assert asked(bench, "List/category/Items") == 1


def test_a_name_that_repeats_is_told_apart_by_its_heading(bench: Workbench, wanted: Document) -> None:
    _, second = nordic(bench)
    customer(wanted)["CustGr"].pop("items")
    (problem,) = problems(bench, anew(wanted, {"A": "Retail"}, crm="BUSINESS"))
    assert problem.hint == "Write the one you mean as `Nordic/Retail` or `Other countries/Retail`."
    customer(wanted)["CustGr"] = {"crm": ""}
    document = anew(wanted, {"A": "Other countries/Retail", "B": ""}, crm="BUSINESS")
    assert bench.apply(bench.plan(document)).exit_code == 0
    assert stored(bench, "CatErp")["Items"] == {"A": second}
    assert bench.plan(document).units == ()


def test_what_the_erp_offers_is_known_where_another_field_shows_the_same_list(bench: Workbench, wanted: Document) -> None:
    more: dict[str, Any] = {"type": "List", "list_name": "CustomerGroup"}
    bench.emulator.edit.add_field("Test.Excel", "Customer", "SecondGr", **more)
    assert refresh(bench).exit_code == 0
    (problem,) = problems(bench, anew(wanted, {"A": "Vendor", "Z": "Partner"}, key="SecondGr"))
    assert (problem.code, problem.message) == ("unknown-item", "The ERP list of SecondGr has no item 'Z'.")
    assert problem.hint == "Known are 'A', 'B', 'C'."
    document = anew(wanted, {"A": "Vendor"}, key="SecondGr")
    assert later(bench, document) == []
    assert bench.apply(bench.plan(document)).exit_code == 0


def test_what_the_erp_offers_is_else_seen_by_the_apply_which_goes_back(bench: Workbench, wanted: Document) -> None:
    document = anew(wanted, {"A": "Vendor", "nowhere": "Partner"})
    assert later(bench, document) == ["checked after the mapping is stored: whether the ERP list has 'A', 'nowhere'"]
    before = bench.truth()
    report = bench.apply(bench.plan(document))
    assert report.exit_code == 5
    assert "nowhere" in str(report.units)
    assert bench.truth() == before


def test_a_field_that_moves_is_held_against_the_list_that_it_moves_to(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["CustGr"] |= {"crm": "CATEGORY", "items": {"A": "Retail", "Z": "Vendor"}}
    assert [problem.code for problem in problems(bench, document)] == ["unknown-crm-item", "unknown-item"]
    customer(document)["CustGr"]["items"] = {"A": "Partner", "C": "Vendor"}
    assert later(bench, document) == []
    assert bench.apply(bench.plan(document)).exit_code == 0
    assert bench.plan(document).units == ()


def test_a_connection_that_does_not_exist_yet(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    actors = {"customer": {"sync": True, "fields": {"NAME": {"crm": "NAME", "direction": "both"}, **mapping_anew({"A": "Vendro"})}}}
    document["connections"]["sweden"] = connection("Visma Sweden", "F0003.xlsm", actors=actors)
    assert [(problem.code, problem.hint) for problem in problems(bench, document)] == [("unknown-crm-item", "Did you mean 'Vendor'?")]


def test_a_crm_field_that_is_no_list_has_no_items(bench: Workbench, wanted: Document) -> None:
    (problem,) = problems(bench, anew(wanted, {"A": "Vendor"}, crm="NUMBER1"))
    assert problem.code == "not-a-list"
    assert problem.message.startswith("NUMBER1 is of type Text in SuperOffice")
    assert asked(bench, "List/category/Items") == 0


def test_a_mapping_behind_which_superoffice_shows_no_list(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["CatErp"] = {"crm": "NUMBER1", "direction": "to-crm"}
    assert bench.apply(bench.plan(document)).exit_code == 0
    (problem,) = problems(bench, anew(document, {"A": "Vendor"}, crm="NUMBER1"))
    assert (problem.code, problem.message) == (
        "not-a-list", "CatErp is mapped to NUMBER1, and SuperOffice shows no list behind that mapping.",
    )  # fmt: skip


@pytest.mark.parametrize("kind", [FaultKind.NULL_BODY, FaultKind.FORBIDDEN])
def test_a_tenant_that_does_not_tell_lists_is_believed_after_the_mapping(bench: Workbench, wanted: Document, kind: FaultKind) -> None:
    """Nothing is known before, and it is said; the apply finds it and goes back."""
    bench.emulator.faults.add(Fault(FIELDS, kind, times=None))
    document = anew(wanted, {"A": "Vendor", "B": "Partnre"})
    tells = "SuperOffice does not tell its list before"
    both = f"whether the ERP list has 'A', 'B' and whether the CRM list has 'Partnre', 'Vendor' ({tells})"
    assert later(bench, document) == [f"checked after the mapping is stored: {both}"]
    before = bench.truth()
    assert bench.apply(bench.plan(document)).exit_code == 5
    assert bench.truth() == before
    customer(document)["CatErp"]["items"]["B"] = "Partner"
    assert bench.apply(bench.plan(document)).exit_code == 0


def test_what_is_mapped_elsewhere_tells_the_list_of_a_crm_field(bench: Workbench, wanted: Document) -> None:
    """Also on a tenant that does not tell it of its CRM fields: the connection that is mapped already has it stored."""
    document = copy.deepcopy(wanted)
    document["connections"]["sweden"] = connection("Visma Sweden", "F0003.xlsm", actors={"customer": {"fields": {}}}) | {"active": False}
    customer(document)["CustGr"]["direction"] = "both"
    assert bench.apply(bench.plan(document)).exit_code == 0
    bench.emulator.faults.add(Fault(FIELDS, FaultKind.NULL_BODY, times=None))
    customer(document, "sweden")["CatErp"] = {"crm": "BUSINESS", "direction": "to-erp", "items": {"A": "Retial"}}
    assert [(one.code, one.hint) for one in problems(bench, document)] == [("unknown-crm-item", "Did you mean 'Retail'?")]


def test_a_list_that_cannot_be_read_is_named(bench: Workbench, wanted: Document) -> None:
    bench.emulator.edit.add_crm_field("Contact", "UDLIST7", field_type="List", list_name="udlist7")
    (told,) = later(bench, anew(wanted, {"A": "Vendor"}, crm="UDLIST7"))
    assert told.endswith("whether the CRM list has 'Vendor' (its list udlist7 could not be read)")


def test_the_list_costs_one_call_and_only_where_items_are_written(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["CatErp"] = {"crm": "CATEGORY", "direction": "to-crm"}
    bench.emulator.clear_calls()
    bench.plan(document)
    without = len(bench.emulator.calls)
    assert asked(bench, "List/category/Items") == 0
    customer(document)["CatErp"]["items"] = {"A": "Vendor"}
    bench.emulator.clear_calls()
    bench.plan(document)
    assert (asked(bench, "List/category/Items"), len(bench.emulator.calls)) == (1, without + 1)


def test_a_field_that_continues_another_one_is_held_against_the_list_of_that_one(bench: Workbench, wanted: Document) -> None:
    """Before the refresh that brings it, and although the file does not repeat the CRM field."""
    rename_group_field(bench)
    document = renamed(wanted)
    written = customer(document)["CustomerGroup"]
    del written["crm"], written["direction"]
    written["items"]["B"] = "Retial"
    with pytest.raises(InputError) as told:
        refresh(bench, document)
    assert [(one.code, one.hint) for one in told.value.problems] == [("unknown-crm-item", "Did you mean 'Retail'?")]
    written["items"]["B"] = "Other"
    assert refresh(bench, document).exit_code == 0


def test_a_mapping_that_stays_asks_for_no_crm_fields(bench: Workbench, wanted: Document) -> None:
    """Only an item of it is another one."""
    bench.emulator.clear_calls()
    document = copy.deepcopy(wanted)
    customer(document)["CustGr"]["items"]["B"] = "Other"
    assert len(bench.plan(document).units) == 1
    assert asked(bench, FIELDS) == 0
