"""Types that go together, defaults that are items, intervals and orders that fit: told before anything is written."""

from __future__ import annotations

import copy

import pytest

from reconciler.errors import InputError
from reconciler.model import FieldType
from reconciler.plan.field_rules import _fits
from tests.mappings.conftest import connection, customer
from tests.mappings.test_rules import problems
from tests.mappings.workbench import Document, Workbench


@pytest.mark.parametrize(
    ("key", "crm", "direction", "allowed"),
    [
        ("CheckboxField", "NUMBER1", "both", ["to-crm"]),
        ("CheckboxField", "NUMBER1", "to-erp", ["to-crm"]),
        ("CustGr", "NUMBER1", "to-erp", ["to-crm"]),
        ("NAME", "BUSINESS", "to-crm", ["to-erp"]),
        ("DateField", "BUSINESS", "both", []),
    ],
)
def test_types_that_do_not_go_together(bench: Workbench, wanted: Document, key: str, crm: str, direction: str, allowed: list[str]) -> None:
    document = copy.deepcopy(wanted)
    customer(document)[key] = {"crm": crm, "direction": direction}
    (problem,) = problems(bench, document)
    assert (problem.code, "can flow" in problem.message) == ("incompatible-types", bool(allowed))
    assert [way for way in ("to-crm", "to-erp", "both") if f"direction: {way}" in problem.hint] == allowed
    for way in allowed:
        customer(document)[key]["direction"] = way
        assert bench.apply(bench.plan(document)).exit_code == 0


def test_a_tenant_that_does_not_tell_its_crm_fields_refuses_by_itself(bench: Workbench, wanted: Document) -> None:
    """Then nothing is known before the save; it is refused, and the unit goes back."""
    for field in bench.emulator.inspect.rows("CrmField"):
        if field["CrmFieldKey"] == "NUMBER1":
            bench.emulator.edit.delete_crm_field(field["ActorTypeCrm"], "NUMBER1")
    document = copy.deepcopy(wanted)
    customer(document)["CheckboxField"] = {"crm": "NUMBER1", "direction": "both"}
    plan = bench.plan(document)
    (told,) = [one.reason for one in plan.not_checked if one.path[-1] == "crm"]
    assert told.startswith("SuperOffice lists no CRM field 'NUMBER1'. Did you mean 'NUMBER2'")
    before = bench.truth()
    assert bench.apply(plan).exit_code == 5
    assert bench.truth() == before


def test_a_crm_field_that_is_gone(bench: Workbench, wanted: Document) -> None:
    bench.emulator.edit.delete_crm_field("Contact", "POSTALZIP")
    (problem,) = problems(bench, wanted)
    assert (problem.code, "POSTALZIP" in problem.message) == ("missing-in-crm", True)
    for way_out in ({"crm": ""}, {"crm": "NUMBER2", "direction": "to-erp"}):
        document = copy.deepcopy(wanted)
        customer(document)["POSTALZIP"] = way_out
        assert bench.plan(document).units != ()


def test_a_plan_in_which_no_mapping_changes_asks_for_no_crm_fields(bench: Workbench, wanted: Document) -> None:
    customer(wanted)["NAME"]["show"] = []
    bench.plan(wanted)
    assert "MDOList/crmfields" not in [call.operation for call in bench.emulator.calls]


def test_a_default_of_a_list_is_the_key_of_an_item(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["CustGr"]["default"] = {"value": "Group A", "ask": True}
    (problem,) = problems(bench, document)
    assert (problem.code, problem.hint) == ("unknown-default-item", "Known are 'A', 'B', 'C'.")
    del customer(document)["CustGr"]["items"]  # the list is read for the default alone
    assert [problem.code for problem in problems(bench, document)] == ["unknown-default-item"]
    customer(document)["CustGr"]["default"] = {"value": "C"}
    assert bench.apply(bench.plan(document)).exit_code == 0


def test_an_order_that_does_not_fit_where_superoffice_keeps_it(bench: Workbench) -> None:
    keys = [f"c{number:02d}" for number in range(70)]
    document: Document = {
        "version": 1,
        "language": "en",
        "connectors": {"visma": {"name": "Visma", "url": "https://connectors.example.com/visma/ErpConnectorWS.svc"}},
        "connections": {key: connection(key, "F0001.xlsm") for key in keys},
        "sync_priority": keys,
    }
    with pytest.raises(InputError) as told:
        bench.plan(document)
    assert {problem.code for problem in told.value.problems} == {"priority-too-long"}


def test_what_fits_into_what() -> None:
    every = [one for one in FieldType if one not in (FieldType.LABEL, FieldType.PASSWORD)]
    assert all(_fits(one, one) and _fits(one, FieldType.TEXT) for one in every)
    fitting = {(one, other) for one in every for other in every if one is not other and other is not FieldType.TEXT and _fits(one, other)}
    assert fitting == {(FieldType.INTEGER, FieldType.DOUBLE)}
