"""The run that follows a connector's rename fails at each of its writes: it ends as it should, or as it was, or says that it did not."""

from __future__ import annotations

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.model import End
from tests.mappings.test_upgrades import active, proven_carried_over, refresh, rename_group_field, renamed
from tests.mappings.workbench import Document, Workbench, unlike

# Every write of the run in its order; of the many moves one in the middle. From the refresh on nothing can be as it was.
BEFORE = (("SaveDefaultValueInfo", 1), ("ToggleErpConnectionActive", 1), ("UpdateConnectionFields", 1))
AFTER = (
    ("SaveActorTypeMapping", 1),
    ("SaveConnectionListMappings", 1),
    ("SaveDefaultValueInfo", 2),
    ("MoveErpFieldItem", 3),
    ("ToggleErpConnectionActive", 2),
)


@pytest.fixture
def upgraded(bench: Workbench, wanted: Document) -> Document:
    """The connector renamed a field, which is mandatory by now, and the file follows."""
    rename_group_field(bench)
    bench.remember()
    return renamed(wanted)


def test_each_write_of_the_run_is_named_here(bench: Workbench, upgraded: Document) -> None:
    assert refresh(bench, upgraded).exit_code == 0
    assert {call.operation for call in bench.emulator.calls if call.writes} == {name for name, _ in (*BEFORE, *AFTER)}


def test_an_answer_that_is_lost_changes_nothing(bench: Workbench, upgraded: Document) -> None:
    for operation, nth in (*BEFORE, *AFTER):
        bench.go_back()
        assert refresh(bench, upgraded, Fault(operation, FaultKind.DROP_AFTER, nth=nth)).exit_code == 0, operation
        proven_carried_over(bench)


def test_a_refusal_before_the_refresh_leaves_everything_as_it_was(bench: Workbench, upgraded: Document) -> None:
    before = bench.truth()
    for operation, nth in BEFORE:
        bench.go_back()
        report = refresh(bench, upgraded, Fault(operation, FaultKind.FORBIDDEN, nth=nth))
        assert (report.exit_code, [unit.end for unit in report.units]) == (5, [End.AS_BEFORE]), operation
        assert unlike(bench.truth(), before) == [], operation


def test_a_refusal_after_it_needs_attention_and_going_forward_carries_everything_over(bench: Workbench, upgraded: Document) -> None:
    """The tenant cannot forget the new mandatory field, so the way back ends at an inactive connection, and says so."""
    for operation, nth in AFTER:
        bench.go_back()
        report = refresh(bench, upgraded, Fault(operation, FaultKind.FORBIDDEN, nth=nth))
        assert (report.exit_code, [unit.end for unit in report.units], active(bench)) == (6, [End.NEEDS_ATTENTION], False), operation
        with bench.session() as session:
            assert flow.recover(session, "forward").exit_code == 0, operation
        proven_carried_over(bench)
        assert bench.plan(upgraded).units == (), operation
