"""Files in another language than English: items and groups go by the names of that language in plan, apply, recovery and rollback alike."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.emulator import Fault, FaultKind
from reconciler.flow.going_back import make_rollback_plan
from reconciler.model import End, Plan
from reconciler.plan.codec import from_bytes, to_bytes
from tests.mappings.conftest import connection, customer, norway
from tests.mappings.workbench import Document, Workbench


def norwegian() -> Document:
    document = norway()
    document["language"] = "nb"
    customer(document)["CustGr"]["items"] = {"A": "Detaljhandel", "B": "IT"}
    return document


@pytest.fixture
def norsk(bench: Workbench) -> Document:
    """The document, applied to an empty tenant."""
    document = norwegian()
    assert bench.apply(bench.plan(document)).exit_code == 0
    assert bench.plan(document).units == ()
    return document


def item(document: Document) -> None:
    customer(document)["CustGr"]["items"]["A"] = "Engros"


def default(document: Document) -> None:
    customer(document)["IntField"]["default"]["value"] = 31


def config(document: Document) -> None:
    document["connections"]["norway"]["config"]["IntegerField"] = 5


def name(document: Document) -> None:
    document["connections"]["norway"]["name"] = "Visma Noreg"


def another(document: Document) -> None:
    fields = {
        "NAME": {"crm": "NAME", "direction": "both"},
        "CatErp": {"crm": "CATEGORY", "direction": "to-crm", "items": {"A": "Kunde"}},
    }
    document["connections"]["south"] = connection("Visma South", "F0003.xlsm", actors={"customer": {"sync": True, "fields": fields}})


@pytest.mark.parametrize("change", [item, default, config, name, another], ids=lambda change: change.__name__)
def test_every_change_of_a_file_in_norwegian_can_be_applied_and_taken_back(bench: Workbench, norsk: Document, change: Any) -> None:
    """Each was refused as stale: the run looked for items by their English names."""
    before, wanted = bench.truth(), copy.deepcopy(norsk)
    change(wanted)
    assert bench.apply(bench.plan(wanted)).exit_code == 0
    assert bench.plan(wanted).units == ()
    if change in (item, default, config, name):
        with bench.session() as session:
            run = list(session.store(create=False).events())[-1].run
            back, _ = make_rollback_plan(session, run)
        assert bench.apply(back).exit_code == 0
        assert bench.truth() == before


def test_a_saved_plan_keeps_its_language(bench: Workbench, norsk: Document) -> None:
    wanted = copy.deepcopy(norsk)
    item(wanted)
    plan = bench.plan(wanted)
    read: Plan = from_bytes(to_bytes(plan))
    assert (read.language, read) == ("nb", plan)
    assert bench.apply(read).exit_code == 0


def test_a_run_in_norwegian_that_failed_goes_back_in_norwegian(bench: Workbench, norsk: Document) -> None:
    """The way back reads list items by their names, too."""
    before, wanted = bench.truth(), copy.deepcopy(norsk)
    item(wanted)
    config(wanted)
    report = bench.apply(bench.plan(wanted), Fault("SaveConnectionListMappings", FaultKind.FORBIDDEN))
    assert (report.exit_code, [unit.end for unit in report.units]) == (5, [End.AS_BEFORE])
    assert bench.truth() == before


def test_what_a_run_deleted_is_left_out_of_the_order_that_its_way_back_asks_for(bench: Workbench, wanted: Document) -> None:
    both = copy.deepcopy(wanted)
    both["connections"]["south"] = connection("Visma South", "F0003.xlsm")
    both["sync_priority"] = ["south", "SuperOffice", "norway"]
    assert bench.apply(bench.plan(both)).exit_code == 0
    less = copy.deepcopy(both)
    less["connections"]["south"] = {"name": "Visma South", "absent": True}
    less["sync_priority"] = ["norway", "SuperOffice"]
    assert bench.apply(bench.plan(less)).exit_code == 0
    with bench.session() as session:
        back, stays = make_rollback_plan(session, list(session.store(create=False).events())[-1].run)
    assert [str(unit.address) for unit in back.units] == ["sync-priority"]
    assert "connection/south was deleted; a deletion cannot be undone." in stays
    assert bench.apply(back).exit_code == 0
