"""The connector changes what it offers between two applies: a field gets another key, a field or an actor type goes away."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.errors import InputError
from reconciler.model import Plan, RunReport
from reconciler.plan.codec import from_bytes, to_bytes
from tests.mappings.conftest import connection, customer
from tests.mappings.workbench import Document, Workbench

EXCEL = "Test.Excel"


def field(bench: Workbench, key: str) -> dict[str, Any]:
    """A field of the customers of the one connection, as stored."""
    (row,) = bench.emulator.inspect.find("Visma Norway")
    return bench.emulator.inspect.field(row["ErpConnectionId"], "Customer", key)


def active(bench: Workbench) -> bool:
    (row,) = bench.emulator.inspect.find("Visma Norway")
    return bool(row["Active"])


def rename_group_field(bench: Workbench) -> None:
    """CustGr becomes CustomerGroup, and is mandatory from now on."""
    bench.emulator.edit.drop_field(EXCEL, "Customer", "CustGr")
    more: dict[str, Any] = {"type": "List", "list_name": "CustomerGroup", "access": "Mandatory"}
    bench.emulator.edit.add_field(EXCEL, "Customer", "CustomerGroup", **more)


def renamed(document: Document) -> Document:
    """The file follows: one line more."""
    document = copy.deepcopy(document)
    fields = customer(document)
    fields["CustomerGroup"] = {**fields.pop("CustGr"), "renamed_from": "CustGr"}
    document["connections"]["norway"]["actors"]["customer"]["rank"] = ["CustomerGroup", "NAME"]
    return document


def proven_carried_over(bench: Workbench) -> None:
    """Mapping, items, default and place are those of the old row, and the old row has none of them."""
    new, old = field(bench, "CustomerGroup"), field(bench, "CustGr")
    assert (new["CrmFieldKey"], new["SyncToCrm"], new["SyncToErp"]) == ("BUSINESS", True, False)
    assert new["Items"] == {"A": 9001, "B": 9004}
    assert (new["FirstSyncDefaultValue"], new["PromptUser"], new["Rank"]) == ("A", True, 1)
    assert (old["CrmFieldKey"], old["SyncToCrm"], old["HasFirstSyncDefaultValue"], old["PromptUser"]) == ("", False, False, False)
    assert active(bench)


def note(bench: Workbench) -> str:
    """What `status` says of the one connection."""
    with bench.session() as session:
        (row,) = flow.status(session).rows
    return row.note


EXPLAINED = (
    "The connector no longer reports customer CustGr, which SuperOffice still maps. "
    "Mandatory and without a direction, so that SuperOffice does not activate it: customer CustomerGroup. "
    "Write these fields into the file, with `renamed_from` where one continues another field; `plan` names the lines."
)


def refresh(bench: Workbench, document: Document | None = None, *faults: Fault) -> RunReport:
    """`reconciler refresh norway`, with or without a file."""
    with bench.session() as session:
        if document is not None:
            (bench.folder / "connections.yaml").write_text(json.dumps(document), encoding="utf-8")
        desired = flow.load(session, ()) if document is not None else None
        plan = flow.make_refresh_plan(session, "norway", desired=desired)
    return bench.apply(plan, *faults)


def test_the_file_names_the_new_key_and_the_refresh_carries_everything_over(bench: Workbench, wanted: Document) -> None:
    """One run: the connection is never left without what its mandatory field needs."""
    rename_group_field(bench)
    with pytest.raises(InputError) as told:
        bench.plan(renamed(wanted))
    assert {problem.code for problem in told.value.problems} == {"unknown-field"}
    assert any("reconciler refresh" in problem.hint for problem in told.value.problems)
    report = refresh(bench, renamed(wanted))
    assert report.exit_code == 0, report
    proven_carried_over(bench)
    assert bench.plan(renamed(wanted)).units == ()


def test_the_same_with_nothing_but_renamed_from(bench: Workbench, wanted: Document) -> None:
    """The file need not repeat what the old row has: before the refresh all of it can still be read."""
    rename_group_field(bench)
    document = copy.deepcopy(wanted)
    del customer(document)["CustGr"]
    customer(document)["CustomerGroup"] = {"renamed_from": "CustGr"}
    del document["connections"]["norway"]["actors"]["customer"]["rank"]
    report = refresh(bench, document)
    assert report.exit_code == 0, report
    proven_carried_over(bench)
    assert bench.plan(document).units == ()


def test_a_connector_that_did_not_rename_it_after_all(bench: Workbench, wanted: Document) -> None:
    """The old key is still there after the refresh: all of it goes back."""
    more: dict[str, Any] = {"type": "List", "list_name": "CustomerGroup"}
    bench.emulator.edit.add_field(EXCEL, "Customer", "CustomerGroup", **more)
    before = field(bench, "CustGr")
    report = refresh(bench, renamed(wanted))
    assert report.exit_code == 5, report
    assert any("still reports" in unit.reason for unit in report.units)
    after = field(bench, "CustGr")
    same = ("CrmFieldKey", "SyncToCrm", "SyncToErp", "FirstSyncDefaultValue", "HasFirstSyncDefaultValue", "PromptUser", "Rank", "Items")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert active(bench)


def test_a_refresh_that_knows_nothing_of_the_new_key_says_so_and_the_file_goes_on_from_there(bench: Workbench, wanted: Document) -> None:
    """The tenant cannot forget the new mandatory field, so it cannot be activated again before the field has a direction."""
    rename_group_field(bench)
    with bench.session() as session:
        (told,) = flow.make_refresh_plan(session, "norway").not_checked
    assert "whether the connector brings mandatory fields" in told.reason
    report = refresh(bench)
    assert report.exit_code == 6, report
    (unit,) = report.units
    assert "CustomerGroup" in unit.reason or "CustomerGroup" in report.stopped
    assert "reconciler recover" in unit.next_step
    assert ".." not in unit.reason
    assert "where this run needs attention, type `reconciler recover --accept-current` before." in unit.reason
    with bench.session() as session:
        assert [one.recommended for one in flow.recover_view(session)] == ["accept-current"]
        assert flow.recover(session, "accept-current").exit_code == 0
    assert not active(bench)
    assert note(bench) == EXPLAINED
    assert bench.apply(bench.plan(renamed(wanted))).exit_code == 0
    proven_carried_over(bench)
    assert bench.plan(renamed(wanted)).units == ()


def test_somebody_else_refreshed(bench: Workbench, wanted: Document) -> None:
    """The old row is missing and the new one has no direction: a plan of the old file explains both and names the way out."""
    rename_group_field(bench)
    (row,) = bench.emulator.inspect.find("Visma Norway")
    assert note(bench) == ""
    bench.emulator.edit.refresh(row["ErpConnectionId"])
    assert note(bench) == EXPLAINED
    with pytest.raises(InputError) as told:
        bench.plan(wanted)
    assert {problem.code for problem in told.value.problems} == {"missing-in-erp", "mandatory-without-direction"}
    assert any("renamed_from" in problem.hint for problem in told.value.problems)
    assert all(problem.source is not None and problem.source.line for problem in told.value.problems)
    assert bench.apply(bench.plan(renamed(wanted))).exit_code == 0
    proven_carried_over(bench)
    assert note(bench) == ""
    assert bench.plan(renamed(wanted)).units == ()


@pytest.mark.parametrize("kind", [FaultKind.FORBIDDEN, FaultKind.ERROR_OBJECT_200])
@pytest.mark.usefixtures("wanted")
def test_status_says_where_it_could_not_read_the_fields(bench: Workbench, kind: FaultKind) -> None:
    bench.emulator.faults.add(Fault("archive/ErpField", kind, times=None))
    assert note(bench) == "Its fields could not be read, so what its connector changed is not known."


def test_what_can_no_longer_be_read_is_told(bench: Workbench, wanted: Document) -> None:
    """SuperOffice shows no list of a field that is gone: the items come along only where the file writes them."""
    rename_group_field(bench)
    (row,) = bench.emulator.inspect.find("Visma Norway")
    bench.emulator.edit.refresh(row["ErpConnectionId"])
    document = copy.deepcopy(wanted)
    del customer(document)["CustGr"]
    customer(document)["CustomerGroup"] = {"renamed_from": "CustGr"}
    del document["connections"]["norway"]["actors"]["customer"]["rank"]
    plan = bench.plan(document)
    assert any("no longer shows the items of CustGr" in one.reason for one in plan.not_checked)
    assert bench.apply(plan).exit_code == 0
    new = field(bench, "CustomerGroup")
    assert (new["CrmFieldKey"], new["SyncToCrm"], new["FirstSyncDefaultValue"], new["Rank"]) == ("BUSINESS", True, "A", 1)
    assert bench.plan(document).units == ()


def test_a_key_that_is_still_reported_is_no_former_name(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    customer(document)["POSTALAD1"] = {"renamed_from": "POSTALCITY"}
    with pytest.raises(InputError) as told:
        bench.plan(document)
    assert [problem.code for problem in told.value.problems] == ["renamed-still-there"]


def test_a_connector_that_drops_an_actor_type(bench: Workbench, wanted: Document) -> None:
    bench.emulator.edit.drop_actor(EXCEL, "Customer")
    assert refresh(bench).exit_code == 0
    assert active(bench)
    with pytest.raises(InputError) as told:
        bench.plan(wanted)
    assert {problem.code for problem in told.value.problems} == {"missing-in-erp"}
    assert {problem.source.line for problem in told.value.problems if problem.source} != {0}
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["actors"]["customer"] = {"sync": False}
    assert note(bench).startswith("The connector no longer reports customer ")
    assert bench.apply(bench.plan(document)).exit_code == 0
    assert active(bench)
    assert bench.plan(document).units == ()
    assert note(bench) == ""  # nothing of an actor type that is not synchronised is left to do


def test_an_actor_type_that_the_connector_never_offered(bench: Workbench, wanted: Document) -> None:
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["actors"]["partner"] = {"sync": True}
    with pytest.raises(InputError) as told:
        bench.plan(document)
    (problem,) = told.value.problems
    assert problem.code == "unknown-actor"
    assert "customer" in problem.text if hasattr(problem, "text") else "customer" in str(problem)


def test_a_field_that_should_come_with_the_refresh_and_does_not_is_rolled_back(bench: Workbench, wanted: Document) -> None:
    """A changed configuration refreshes the fields, so a field that is not there yet may still appear; here it does not."""
    before = bench.truth()
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    customer(document)["NotThere"] = {"crm": "NUMBER1", "direction": "both"}
    plan = bench.plan(document)
    assert any("NotThere" in one.reason for one in plan.not_checked)
    report = bench.apply(plan)
    assert report.exit_code == 5, report
    assert any("NotThere" in unit.reason for unit in report.units)
    assert bench.truth() == before


def test_a_field_that_comes_with_the_refresh_is_mapped(bench: Workbench, wanted: Document) -> None:
    bench.emulator.edit.add_field(EXCEL, "Customer", "Region", type="List", list_name="CustomerCategory", at=0)
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    customer(document)["Region"] = {
        "crm": "CATEGORY", "direction": "to-crm", "items": {"A": "Vendor"}, "default": {"value": "B"}, "show": ["search"],
    }  # fmt: skip
    document["connections"]["norway"]["actors"]["customer"]["rank"] = ["Region", "CustGr"]
    report = bench.apply(bench.plan(document))
    assert report.exit_code == 0, report
    row = field(bench, "Region")
    assert (row["CrmFieldKey"], row["FirstSyncDefaultValue"], row["Rank"], row["ShowInSearch"]) == ("CATEGORY", "B", 1, True)
    assert bench.plan(document).units == ()


@pytest.mark.parametrize("written", [False, True])
def test_a_field_that_comes_with_the_refresh_is_ranked_whatever_else_is_written_of_it(
    bench: Workbench, wanted: Document, written: bool
) -> None:
    bench.emulator.edit.add_field(EXCEL, "Customer", "Region", type="Text", at=5)
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    document["connections"]["norway"]["actors"]["customer"]["rank"] = ["Region", "CustGr"]
    if written:
        customer(document)["Region"] = {"show": ["search"]}
    plan = bench.plan(document)
    acts = [step.act.value for step in plan.units[0].steps]
    assert acts.index("refresh") < acts.index("rank")
    assert any("customer Region" in one.reason for one in plan.not_checked)
    report = bench.apply(plan)
    assert report.exit_code == 0, report
    assert field(bench, "Region")["Rank"] == 1
    assert bench.plan(document).units == ()


def test_a_ranked_field_that_should_come_with_the_refresh_and_does_not_is_rolled_back(bench: Workbench, wanted: Document) -> None:
    before = bench.truth()
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    document["connections"]["norway"]["actors"]["customer"]["rank"] = ["NotThere", "CustGr"]
    report = bench.apply(bench.plan(document))
    assert report.exit_code == 5, report
    assert any("NotThere" in unit.reason for unit in report.units)
    assert bench.truth() == before


@pytest.mark.parametrize("policy", ["leave", "unmap"])
def test_an_actor_type_that_no_connector_offers_and_of_which_nothing_is_asked_is_told_and_stops_nothing(
    bench: Workbench, wanted: Document, policy: str
) -> None:
    """In every plan alike: of a connection that is changed, of one that is as it should be, of one that is made."""
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    document["connections"]["norway"]["actors"]["partner"] = {"fields_not_listed": policy}
    document["connections"]["denmark"] = connection("Visma Denmark", "F0002.xlsm", actors={"partner": {"fields_not_listed": policy}})
    plan = bench.plan(document)
    assert nothing_asked(plan) == ["connection/denmark", "connection/norway"]
    report = bench.apply(plan)
    assert report.exit_code == 0, report
    again = bench.plan(document)
    assert again.units == ()
    assert nothing_asked(again) == ["connection/denmark", "connection/norway"]


def nothing_asked(plan: Plan) -> list[str]:
    return sorted(str(one.address) for one in plan.not_checked if one.path == ("actors", "partner") and "asks nothing" in one.reason)


@pytest.mark.parametrize(("kind", "text", "ends"), [("Text", "0010", 5), ("Text", "yes", 5), ("Text", '"0010"', 0), ("Integer", "10", 0)])
def test_a_default_of_a_field_that_comes_with_the_refresh_needs_the_quotes_of_a_text(
    bench: Workbench, wanted: Document, kind: str, text: str, ends: int
) -> None:
    """An apply and the plan after it judge alike; the plan before cannot know the type."""
    before = bench.truth()
    bench.emulator.edit.add_field(EXCEL, "Customer", "Region", type=kind)
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["config"]["IntegerField"] = 14
    customer(document)["Region"] = {"default": {"value": "@"}}
    written = json.dumps(document).replace('"@"', text)

    def planned() -> Plan:
        (bench.folder / "connections.yaml").write_text(written, encoding="utf-8")
        with bench.session() as session:
            return flow.make_plan(session, flow.load(session, ()))

    report = bench.apply(from_bytes(to_bytes(planned())))
    assert report.exit_code == ends, report
    if ends:
        assert [one.reason for one in report.units if "of type Text: expected text" in one.reason and "quote it" in one.reason]
        assert bench.truth()["connections"].keys() == before["connections"].keys()
        assert active(bench)
    else:
        assert planned().units == ()
