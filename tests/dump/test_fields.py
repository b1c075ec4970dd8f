"""`fields`: what an ERP field is called, is mapped to and could be mapped to, and the same to paste."""

from __future__ import annotations

import json

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.errors import InputError
from reconciler.model.fieldlist import FieldList
from reconciler.report.fields_text import fields_page
from reconciler.report.json import json_text
from reconciler.report.taking_over_json import fields_object
from tests.dump.conftest import VISMA, Tenant
from tests.scenarios.stage import CONNECTIONS


def listed(tenant: Tenant, name: str = "Visma Norway", actor: str | None = None, language: str = "en") -> FieldList:
    with tenant.stage.session() as session:
        return flow.fields(session, name, actor, language=language)


@pytest.fixture
def mapped(tenant: Tenant) -> Tenant:
    tenant.edit.add_field("Test.Excel", "Customer", "Gone")
    row = tenant.edit.add_connection(tenant.connector(), 'US:"Visma Norway";NO:"Visma Norge"', {"Filename": "F0001.xlsm"})
    tenant.edit.map_field(row, "Customer", "NAME", "NAME", to_crm=True, to_erp=True, show_in_search=True)
    tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
    tenant.edit.map_field(row, "Customer", "POSTALAD1", "POSTALAD1", to_erp=True)
    tenant.edit.map_field(row, "Customer", "Gone", "NUMBER1")
    tenant.edit.map_item(row, "Customer", "CustGr", "A", tenant.crm_item("business", "Retail"))
    tenant.edit.set_default(row, "Customer", "IntField", value="[I:30]", ask=True, mandatory=True)
    tenant.edit.drop_field("Test.Excel", "Customer", "Gone")
    tenant.edit.refresh(row)
    return tenant


def test_the_table_has_the_arrows_of_the_dialog(mapped: Tenant) -> None:
    page = fields_page(listed(mapped, actor="customer")).text()
    lines = [" ".join(line.split()) for line in page.splitlines()]
    for line in (
        "NAME Name Text mandatory < > NAME search",
        "CustGr Customer group List > BUSINESS",
        "POSTALAD1 Postal address 1 Text < POSTALAD1",
        "POSTALAD2 Postal address 2 Text - POSTALAD2",
        "CustNo Customer number Integer read-only",
        "IntField Integer Integer 30, ask, mandatory",
        'Items of CustGr, each for one of: "Retail", "Trade/Wholesale", "Manufacturing", "IT", "Other"',
        '"A" Group A "Retail"',
        '"B" Group B (No selection)',
    ):
        assert line in lines, page
    assert any(line.startswith("Gone Gone Text - NUMBER1 (Code) no longer reported") for line in lines)
    assert "BUSINESS (list)" in page


def test_what_is_shown_can_be_pasted(mapped: Tenant) -> None:
    """The lines below `actors:` are a part of a file that plans to nothing, also with its commented lines taken in."""
    found = listed(mapped)
    assert [one.actor for one in found.actors] == ["customer", "supplier", "person", "project"]
    head = CONNECTIONS[: CONNECTIONS.index("    active:")].replace("Company F0003", '""')
    plan = mapped.plan_of(head + "".join(f"    {line}\n" for line in found.yaml.splitlines()))
    assert plan.units == ()
    assert "# CustNo: {show: [erp-tab]}  # Customer number, Integer, read-only" in found.yaml
    taken_in = found.yaml.replace("# IntField: ", "IntField: ").replace(
        "# DateField: {crm: ..., direction: both}", "DateField: {crm: PHONE, direction: to-crm}"
    )
    plan = mapped.plan_of(head + "".join(f"    {line}\n" for line in taken_in.splitlines()))
    assert len(plan.units) == 1


def test_names_of_the_connection_and_the_language(mapped: Tenant) -> None:
    assert listed(mapped, "Visma Norge", language="nb").name == "Visma Norge"
    row = mapped.stage.connection("Visma Norway")["ErpConnectionId"]
    (customer,) = listed(mapped, f"#{row}", "customer", "nb").actors
    assert next(one for one in customer.fields if one.key == "CustGr").label == "Kundegruppe"
    assert next(one for one in customer.fields if one.key == "CustGr").crm_items[0] == "Detaljhandel"
    assert {one.key: one.label for one in customer.crm_fields or ()}["NAME"] == "Navn"


def test_for_machines(mapped: Tenant) -> None:
    document = json.loads(json_text(fields_object(listed(mapped, actor="customer"))))
    assert document["format"] == "reconciler/fields/v1"
    (actor,) = document["actors"]
    by_key = {one["key"]: one for one in actor["fields"]}
    assert (by_key["CustGr"]["arrow"], by_key["CustGr"]["direction"], by_key["CustGr"]["crm"]) == (">", "to-crm", "BUSINESS")
    assert by_key["CustGr"]["items"][0] == {"key": "A", "label": "Group A", "crm": "Retail"}
    assert by_key["IntField"]["default"] == {"ask": True, "mandatory": True, "value": 30}
    assert {"key": "BUSINESS", "label": "Business", "type": "List", "list": "business"} in actor["crm_fields"]


def test_a_silent_connector(mapped: Tenant) -> None:
    mapped.edit.connector_down(VISMA)
    (customer,) = listed(mapped, actor="customer").actors
    assert next(one for one in customer.fields if one.key == "CustGr").items is None


@pytest.mark.parametrize("kind", [FaultKind.NULL_BODY, FaultKind.FORBIDDEN, FaultKind.HTML_BEFORE, FaultKind.ERROR_OBJECT_200])
def test_crm_fields_that_the_tenant_does_not_tell(mapped: Tenant, kind: FaultKind) -> None:
    """The list is hardly documented; without it everything else is shown."""
    mapped.emulator.faults.add(Fault("MDOList/crmfields", kind, times=None))
    found = listed(mapped, actor="customer")
    assert found.actors[0].crm_fields is None
    assert "SuperOffice did not say." in fields_page(found).text()


@pytest.mark.parametrize(
    ("name", "actor", "said"), [("Nobody", None, "Nobody"), ("Visma Norway", "custmer", "customer"), ("Visma Norway", "partner", "partner")]
)
def test_what_there_is_not(mapped: Tenant, name: str, actor: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        listed(mapped, name, actor)


def test_a_connection_without_fields(tenant: Tenant) -> None:
    tenant.edit.add_connection(tenant.connector(), "Bare", {"Filename": "F0001.xlsm"}, tell_connector=False)
    found = listed(tenant, "Bare")
    assert found.actors == ()
    assert "refresh" in fields_page(found).text()


def test_the_items_of_lists_that_are_not_mapped_yet(mapped: Tenant) -> None:
    """Without being asked for, a list costs no call; asked for, one. What is shown is what a file writes."""
    before = mapped.emulator.calls
    unasked = listed(mapped, actor="customer")
    assert "category" not in unasked.actors[0].lists
    assert "What the lists hold is shown with --items." in fields_page(unasked).text()
    assert "List/category/Items" not in [call.operation for call in mapped.emulator.calls[len(before) :]]
    mapped.edit.add_crm_field("Contact", "UDLIST7", field_type="List", list_name="udlist7")
    with mapped.stage.session() as session:
        found = flow.fields(session, "Visma Norway", "customer", items=True)
    assert found.actors[0].lists["category"] == ("Customer", "Vendor", "Partner", "Potential")
    assert "udlist7" not in found.actors[0].lists
    page = fields_page(found).text()
    assert 'Items of CATEGORY: "Customer", "Vendor", "Partner", "Potential"' in page
    assert "Items of BUSINESS" not in page  # it is mapped, and told with the items that the ERP has
    assert "Not to be read: the items of UDLIST7." in page
    assert "shown with --items" not in page
    (told,) = json.loads(json_text(fields_object(found)))["actors"]
    assert told["lists"]["category"][1] == "Vendor"
    assert [call.operation for call in mapped.emulator.calls].count("List/category/Items") == 1
