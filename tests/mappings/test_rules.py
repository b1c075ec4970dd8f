"""Rules that the vendor's own screens enforce, each told with the line before anything is touched."""

from __future__ import annotations

import copy

import pytest

from reconciler.errors import InputError
from reconciler.model import Problem
from tests.mappings.conftest import connection, customer, norway
from tests.mappings.workbench import Document, Workbench


def problems(bench: Workbench, document: Document) -> list[Problem]:
    """What a plan is refused for; no write was sent, and every problem has its place."""
    bench.emulator.clear_calls()
    with pytest.raises(InputError) as told:
        bench.plan(document)
    assert not [call for call in bench.emulator.calls if call.writes]
    assert all(problem.source is not None and problem.source.line for problem in told.value.problems)
    return list(told.value.problems)


def line_of(document: Document, bench: Workbench, text: str) -> int:
    """Where a text stands in the file as it was written."""
    lines = (bench.folder / "connections.yaml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_read_only_field_is_not_synchronised(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["CustNo"] = {"crm": "NUMBER1", "direction": "both"}
    (problem,) = problems(bench, document)
    assert problem.code == "read-only-field"
    start = line_of(document, bench, '"CustNo": {')
    assert problem.source is not None
    assert start <= problem.source.line <= start + 3


def test_a_mandatory_field_of_a_synchronised_actor_needs_a_direction(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["NAME"]["direction"] = "none"
    (problem,) = problems(bench, document)
    assert problem.code == "mandatory-without-direction"
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["actors"]["supplier"] = {"sync": True}
    (problem,) = problems(bench, document)
    assert problem.code == "mandatory-without-direction"
    document["connections"]["norway"]["actors"]["supplier"] = {"sync": False}
    assert bench.plan(document).units == ()


def test_a_direction_of_a_crm_field_that_the_file_does_not_write(bench: Workbench, wanted: Document) -> None:
    """POSTALAD1 was mapped by name, so the file may say only in which direction it flows."""
    document = copy.deepcopy(wanted)
    customer(document)["POSTALAD1"] = {"direction": "to-erp"}
    report = bench.apply(bench.plan(document))
    assert report.exit_code == 0, report
    assert bench.plan(document).units == ()


# --- the same CRM field on two connections ------------------------------------------------------------------------------


def with_sweden(document: Document, direction: str = "to-crm") -> Document:
    """A second connection that maps a CRM field which the first one maps."""
    document = copy.deepcopy(document)
    fields = {"NAME": {"crm": "NAME", "direction": "both"}, "POSTALZIP": {"crm": "POSTALZIP", "direction": direction}}
    document["connections"]["sweden"] = connection("Visma Sweden", "F0003.xlsm", actors={"customer": {"sync": True, "fields": fields}})
    return document


def test_a_field_mapped_elsewhere_may_not_flow_one_way_to_superoffice(bench: Workbench, wanted: Document) -> None:
    both = with_sweden(wanted, "both")
    assert bench.apply(bench.plan(both)).exit_code == 0
    (problem,) = problems(bench, with_sweden(wanted))
    assert problem.code == "already-mapped"
    start = line_of(both, bench, '"direction": "to-crm"')
    assert problem.source is not None
    assert problem.source.line >= start


def test_two_connections_of_one_plan_that_would_share_a_field(bench: Workbench, wanted: Document) -> None:
    """Nobody maps it yet: the plan itself would make the second mapping illegal."""
    assert [problem.code for problem in problems(bench, with_sweden(wanted))] == ["already-mapped"]
    document = with_sweden(wanted, "both")
    for name in ("norway", "sweden"):
        customer(document, name)["POSTALCITY"] = {"crm": "POSTALCITY", "direction": "to-crm"}
    assert {problem.code for problem in problems(bench, document)} == {"already-mapped"}


def test_a_mapping_released_on_one_connection_and_taken_on_the_other(bench: Workbench, wanted: Document) -> None:
    both = with_sweden(wanted, "both")
    assert bench.apply(bench.plan(both)).exit_code == 0
    moved = with_sweden(wanted, "to-crm")
    customer(moved)["POSTALZIP"] = {"crm": ""}
    plan = bench.plan(moved)
    assert [str(unit.address) for unit in plan.units] == ["connection/norway", "connection/sweden"]
    report = bench.apply(plan)
    assert report.exit_code == 0, report
    assert bench.plan(moved).units == ()


def test_the_releasing_unit_comes_first_whatever_it_is_called_and_also_does(bench: Workbench, wanted: Document) -> None:
    """The other way round: the later name releases, and changes something else besides."""
    both = with_sweden(wanted, "both")
    assert bench.apply(bench.plan(both)).exit_code == 0
    moved = with_sweden(wanted, "to-crm")
    customer(moved)["POSTALZIP"] = {"crm": "POSTALZIP", "direction": "to-crm"}
    customer(moved, "sweden")["POSTALZIP"] = {"crm": "", "show": ["search"]}
    plan = bench.plan(moved)
    assert [str(unit.address) for unit in plan.units] == ["connection/sweden", "connection/norway"]
    report = bench.apply(plan)
    assert report.exit_code == 0, report
    assert bench.plan(moved).units == ()


def test_another_crm_field_is_judged_by_that_field(bench: Workbench, wanted: Document) -> None:
    """The live row is flagged because of the CRM field it has now; the file gives it one that nobody else maps."""
    both = with_sweden(wanted, "both")
    assert bench.apply(bench.plan(both)).exit_code == 0
    moved = copy.deepcopy(both)
    customer(moved, "sweden")["POSTALZIP"] = {"crm": "NUMBER2", "direction": "to-crm"}
    report = bench.apply(bench.plan(moved))
    assert report.exit_code == 0, report
    assert bench.plan(moved).units == ()


def test_a_connection_that_no_file_names_holds_what_flows_through_it(bench: Workbench, wanted: Document) -> None:
    """Its fields are read with those of the others, so the server need not refuse the save and nothing is rolled back."""
    connector = bench.emulator.inspect.connectors(deleted=False)[0]["ErpConnectorId"]
    row = bench.emulator.edit.add_connection(connector, "By hand", {"Filename": "F0002.xlsm"})
    bench.emulator.edit.map_field(row, "Supplier", "POSTALCITY", "POSTALCITY", to_crm=True, to_erp=True)
    document = copy.deepcopy(wanted)
    customer(document)["POSTALCITY"] = {"crm": "POSTALCITY", "direction": "to-crm"}
    (problem,) = problems(bench, document)
    assert problem.code == "already-mapped"
    assert f"(#{row} By hand)" in problem.message
    bench.emulator.edit.delete(row)
    assert bench.apply(bench.plan(document)).exit_code == 0


def test_a_mapping_that_would_take_the_one_way_from_another_connection(bench: Workbench, wanted: Document) -> None:
    """The other one flows one way to SuperOffice, lawfully, until this plan joins in."""
    first = copy.deepcopy(wanted)
    customer(first)["POSTALCITY"] = {"crm": "POSTALCITY", "direction": "to-crm"}
    assert bench.apply(bench.plan(first)).exit_code == 0
    both = with_sweden(first, "both")
    customer(both, "sweden")["POSTALCITY"] = {"crm": "POSTALCITY", "direction": "both"}
    (problem,) = problems(bench, both)
    assert (problem.code, str(problem.address)) == ("already-mapped", "connection/sweden")
    assert "connection/norway" in problem.message


def test_what_a_tenant_has_against_the_rules_may_stand_in_the_file(bench: Workbench, wanted: Document) -> None:
    """No save of the plan is about it: a read-only field that flows, and a field that flows one way although others map it."""
    both = with_sweden(wanted, "both")
    assert bench.apply(bench.plan(both)).exit_code == 0
    ids = {row["DisplayName"]: row["ErpConnectionId"] for row in bench.emulator.inspect.connections(deleted=False)}
    bench.emulator.edit.map_field(ids["Visma Norway"], "Customer", "CustNo", "NUMBER1", to_crm=True, to_erp=True)
    bench.emulator.edit.map_field(ids["Visma Norway"], "Customer", "POSTALZIP", to_crm=True, to_erp=False)
    customer(both)["CustNo"] = {"crm": "NUMBER1", "direction": "both"}
    customer(both)["POSTALZIP"] = {"crm": "POSTALZIP", "direction": "to-crm"}
    assert bench.plan(both).units == ()
    customer(both)["CustNo"]["direction"] = "to-erp"
    assert [problem.code for problem in problems(bench, both)] == ["read-only-field"]
    # A save that is about another part of them repeats them as they are, which this server lets pass.
    customer(both)["CustNo"] = {"crm": "NUMBER1", "direction": "both", "show": ["search"]}
    bench.emulator.switches.set("one_way_to_crm", "activation")
    bench.emulator.switches.set("mismatched_types", "never")
    bench.emulator.edit.map_field(ids["Visma Norway"], "Customer", "POSTALZIP", to_crm=True, to_erp=True)
    customer(both)["POSTALZIP"]["direction"] = "both"
    assert bench.apply(bench.plan(both)).exit_code == 0


@pytest.mark.parametrize(
    "actors",
    [{"customer": {"fields": {}}}, {"customer": {"fields": {}}, "supplier": {"fields": {"NAME": {}}}, "person": {"sync": True}}],
)
def test_actor_types_of_which_a_new_connection_says_nothing(bench: Workbench, actors: Document) -> None:
    document = norway()
    document["connections"]["norway"] |= {"actors": actors, "active": False}
    plan = bench.plan(document)
    assert [str(unit.address) for unit in plan.units] == ["connector/visma", "connection/norway"]
    assert bench.apply(plan).exit_code == 0
    assert bench.plan(document).units == ()
