"""Everything below a connection under every answer that public documents leave open: applied, changed, rolled back, dumped."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Call, Fault, FaultKind
from reconciler.model import End
from tests.mappings.conftest import connection, customer, norway
from tests.mappings.test_upgrades import EXCEL, active, note, refresh
from tests.mappings.workbench import Document, Workbench, unlike

# Every switch that bears on what lies below connections, on the order and on the engine, with the values that are not its default.
BELOW: dict[str, tuple[Any, ...]] = {
    "lists_everything": (False,),
    "refresh_while_active": ("refuse",),
    "auto_map": ("empty", "off"),
    "omitted_fields": ("unmapped",),
    "mapping_while_active": ("refuse",),
    "one_way_to_crm": ("activation", "never"),
    "read_only_mapping": ("save", "activation"),
    "mismatched_types": ("activation", "never"),
    "already_mapped_by": ("erp_field",),
    "unsupported_actor": ("empty",),
    "move_uses": ("magnitude",),
    "omitted_list_items": ("cleared",),
    "priorities_unknown_ids": ("accept",),
    "priorities_omitted": ("appended",),
    "engine_status_delay_s": (4.0,),
    "interval_accepts": ("clock", "iso"),
    "toggle_refuses_missing_fields": (True,),
}
SETTINGS = [(name, value) for name, values in BELOW.items() for value in values]


def first() -> Document:
    """Two connections, so that fields are shared; one actor type of which the connector has none is not written."""
    document = norway()
    fields = {"NAME": {"crm": "NAME", "direction": "both"}, "POSTALCITY": {"crm": "NUMBER1", "direction": "to-crm"}}
    document["connections"]["sweden"] = connection("Visma Sweden", "F0003.xlsm", actors={"customer": {"sync": True, "fields": fields}})
    return document | {"sync_priority": ["sweden", "SuperOffice", "norway"], "automatic_sync": {"on": False, "interval": "10m"}}


def second() -> Document:
    """Something of everything is different."""
    document = copy.deepcopy(first())
    customer(document)["CustGr"] |= {"direction": "both", "items": {"A": "IT", "B": "", "C": "Other"}, "default": {}, "show": ["search"]}
    customer(document)["IntField"]["default"] = {"value": 31, "ask": True}
    customer(document)["POSTALZIP"] = {"crm": "POSTALZIP", "direction": "to-crm"}
    customer(document)["POSTALAD1"] = {"crm": ""}
    document["connections"]["norway"]["actors"]["customer"]["rank"] = ["CatErp", "NAME"]
    document["connections"]["norway"]["actors"]["person"] = {"sync": True, "fields": {"LASTNAME": {"crm": "LASTNAME", "direction": "both"}}}
    return document | {"sync_priority": ["norway"], "automatic_sync": {"on": True, "interval": "90s"}}


@pytest.mark.parametrize(("name", "value"), SETTINGS, ids=[f"{name}={value}" for name, value in SETTINGS])
def test_it_ends_well_whatever_superoffice_does(name: str, value: Any) -> None:
    bench = Workbench(switches={name: value})
    try:
        if (name, value) == ("interval_accepts", "iso"):
            _refused_interval(bench)
            return
        made = bench.apply(bench.plan(first()))
        assert made.exit_code == 0, made
        assert bench.plan(first()).units == ()
        before = bench.truth()
        bench.remember()
        plan = bench.plan(second())
        back = bench.apply(plan, Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2))
        assert back.exit_code == 5, back
        assert unlike(bench.truth(), before) == []
        bench.go_back()
        report = bench.apply(plan)
        assert report.exit_code == 0, report
        assert bench.plan(second()).units == ()
        with bench.session() as session:
            dumped = flow.dump(session)
        assert dumped.proof.holds, dumped.proof
        assert bench.emulator.errors == []
    finally:
        bench.close()


def _refused_interval(bench: Workbench) -> None:
    """A server that reads ISO 8601 only refuses ours: the one unit is as before, all others are as desired, and the exit says so."""
    report = bench.apply(bench.plan(first()), keep_going=True)
    ends = {str(unit.address): unit.end.value for unit in report.units}
    assert report.exit_code == 5, report
    assert ends.pop("automatic-sync") == "as-before"
    assert set(ends.values()) == {"as-desired"}, ends
    assert [str(unit.address) for unit in bench.plan(first()).units] == ["automatic-sync"]


def test_an_activation_that_is_refused_because_of_fields_that_are_gone_names_the_way_out(bench: Workbench, wanted: Document) -> None:
    """No read tells before a refresh that the connector took mapped fields away, and nothing takes a refresh back.

    So the connection is left inactive and says so; the file that unmaps all of the fields brings it back, one that forgets some does not.
    """
    bench.emulator.switches.set("toggle_refuses_missing_fields", value=True)
    bench.emulator.edit.drop_actor(EXCEL, "Customer")
    report = refresh(bench)
    (unit,) = report.units
    assert (report.exit_code, unit.end, unit.next_step, active(bench)) == (6, End.NEEDS_ATTENTION, "reconciler recover", False)
    assert unit.reason.endswith(
        "SuperOffice still maps these fields, and the connector no longer reports them: Customer NAME, Customer POSTALAD1,"
        ' Customer POSTALAD2, Customer POSTALZIP, Customer POSTALCITY, Customer CustGr. In the file, unmap each one (`crm: ""`), or name'
        " it in `renamed_from` of the field that continues it, or switch its actor type off (`sync: false`), and apply that; where this"
        " run needs attention, type `reconciler recover --accept-current` before. The rollback stopped for the same reason."
    )
    with bench.session() as session:
        assert [one.recommended for one in flow.recover_view(session)] == ["accept-current"]
        assert flow.recover(session, "back").exit_code == 6
        assert flow.recover(session, "accept-current").exit_code == 0
    assert note(bench).startswith("The connector no longer reports customer NAME, customer POSTALZIP, customer CustGr,")

    document = copy.deepcopy(wanted)
    del document["connections"]["norway"]["actors"]["customer"]["rank"]
    fields = {"NAME": {"crm": ""}, "POSTALZIP": {"crm": ""}, "CustGr": {"crm": "", "default": {}}}
    document["connections"]["norway"]["actors"]["customer"]["fields"] = fields
    before = bench.truth()
    plan = bench.plan(document)
    assert any("it no longer shows them, so no rollback brings them back" in one.reason for one in plan.not_checked)
    short = bench.apply(plan)
    assert (short.exit_code, [one.end for one in short.units]) == (5, [End.AS_BEFORE])
    assert {place.rpartition("/Items/")[0] for place in unlike(bench.truth(), before)} == {"/connections/101/Actors/Customer/Fields/CustGr"}
    assert [text.partition(":")[0] for text in short.units[0].residue] == ["customer CustGr, perhaps without its list items"]
    assert "no longer reports them: Customer POSTALAD1, Customer POSTALAD2, Customer POSTALCITY." in short.units[0].reason
    fields |= {key: {"crm": ""} for key in ("POSTALAD1", "POSTALAD2", "POSTALCITY")}
    assert bench.apply(bench.plan(document)).exit_code == 0
    assert (active(bench), bench.plan(document).units, note(bench)) == (True, (), "")


def test_a_refused_activation_is_told_as_it_was_refused_where_the_fields_cannot_be_read(bench: Workbench, wanted: Document) -> None:
    """The words with the way out cost a read; that it fails changes nothing else."""
    bench.emulator.switches.set("toggle_refuses_missing_fields", value=True)
    bench.emulator.edit.drop_actor(EXCEL, "Customer")
    (row,) = bench.emulator.inspect.find("Visma Norway")
    bench.emulator.edit.refresh(row["ErpConnectionId"])
    bench.emulator.edit.set_active(row["ErpConnectionId"], active=False)
    document = copy.deepcopy(wanted)
    document["connections"]["norway"]["actors"]["customer"] = {"sync": True}
    plan = bench.plan(document)

    def silent_after_the_toggle(call: Call) -> None:
        if call.operation == "ToggleErpConnectionActive":
            bench.emulator.faults.add(Fault("archive/ErpField", FaultKind.DROP_BEFORE, times=None))

    bench.emulator.before_call = silent_after_the_toggle
    report = bench.apply(plan)
    bench.emulator.before_call = None
    assert (report.exit_code, report.units[0].end, active(bench)) == (5, End.AS_BEFORE, False)
    assert report.units[0].reason.startswith("SuperOffice refused: ToggleErpConnectionActive: Customer, field CustGr: the connector")
    assert report.units[0].reason.endswith("this mapped field.")
