"""Everything below a connection under every answer that public documents leave open: applied, changed, rolled back, dumped."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from tests.mappings.conftest import connection, customer, norway
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
