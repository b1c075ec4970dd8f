"""An ordinary apply beside somebody else at work: what a read of it showed, or could have shown, is never overwritten nor deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tests.verification.catalogue  # it completes the scenarios
from reconciler import flow
from reconciler.emulator import Call
from reconciler.errors import ReconcilerError
from tests.faults.scenarios import ENVIRON, ids_of
from tests.faults.stage import Stage

assert tests.verification.catalogue.MORE


def apply_with(stage: Stage, name: str, edit: Callable[[], None], before: int, **more: Any) -> tuple[int, int]:
    """Apply a scenario while somebody edits right before its n-th call; the exit code, and how many calls there were."""
    prepared = stage.prepare(name)
    stage.begin(prepared)
    count = 0

    def at_call(_call: Call) -> None:
        nonlocal count
        count += 1
        if count == before:
            edit()

    stage.emulator.before_call = at_call
    try:
        with stage.session({**ENVIRON, **prepared.scenario.environ}) as session:
            return flow.apply_plan(session, prepared.plan, **{**prepared.scenario.options, **more}).exit_code, count
    except ReconcilerError as error:
        return error.exit_code, count
    finally:
        stage.emulator.before_call = None


def number_of(stage: Stage, name: str, operation: str, nth: int = 1) -> int:
    """Which call of a scenario is the n-th of an operation."""
    prepared = stage.prepare(name)
    stage.begin(prepared)
    calls: list[str] = []
    stage.emulator.before_call = lambda call: calls.append(call.operation)
    try:
        with stage.session({**ENVIRON, **prepared.scenario.environ}) as session:
            flow.apply_plan(session, prepared.plan, **prepared.scenario.options)
    finally:
        stage.emulator.before_call = None
    return [number for number, each in enumerate(calls, 1) if each == operation][nth - 1]


@pytest.mark.parametrize("reads", [1, 2])
def test_an_interval_that_somebody_set_before_the_read_is_kept(stage: Stage, reads: int) -> None:
    before = number_of(stage, "tenant", "ChangeEngineInterval") - reads
    code, _ = apply_with(stage, "tenant", lambda: stage.emulator.edit.set_engine(interval_s=7200), before)
    assert code in (4, 5)
    assert stage.emulator.inspect.rows("ErpConfiguration")[0]["SyncInterval"] == 7200


def test_an_order_that_somebody_set_before_the_read_is_kept(stage: Stage) -> None:
    before = number_of(stage, "tenant", "SaveErpConnectionSyncPriorities") - 1
    row = ids_of(stage.emulator)
    left: list[object] = []

    def reorder() -> None:
        stage.emulator.edit.set_priorities([row["visma-no"], row["visma-se"], 0])
        left.append(stage.emulator.inspect.rows("ErpConfiguration")[0]["ConnectionRank"])

    code, _ = apply_with(stage, "tenant", reorder, before)
    assert code == 5
    assert stage.emulator.inspect.rows("ErpConfiguration")[0]["ConnectionRank"] == left[0]


def test_a_connector_that_somebody_renamed_during_the_rehearsal_is_not_renamed_back(stage: Stage) -> None:
    save = number_of(stage, "url", "SaveErpSyncConnectorEntity")
    row = ids_of(stage.emulator)["Visma Business"]
    for before in (5, (5 + save) // 2, save - 1):
        code, _ = apply_with(stage, "url", lambda: stage.emulator.edit.rename_connector(row, "By hand"), before)
        assert code == 4, before
        assert stage.emulator.inspect.connector(row)["DisplayName"] == "By hand"


@pytest.mark.parametrize("back", [1, 2])
def test_a_connector_that_somebody_edited_before_the_last_read_is_not_deleted(stage: Stage, back: int) -> None:
    before = number_of(stage, "connectors", "DeleteErpSyncConnectorEntity") - back
    row = ids_of(stage.emulator)["Unused"]
    code, _ = apply_with(stage, "connectors", lambda: stage.emulator.edit.rename_connector(row, "Kept by hand"), before)
    assert code == 5
    assert not stage.emulator.inspect.connector(row)["Deleted"]


@pytest.mark.parametrize("back", [1, 2])
def test_a_connection_that_somebody_edited_before_the_last_read_is_not_deleted(stage: Stage, back: int) -> None:
    before = number_of(stage, "delete", "DeleteConnection") - back
    row = stage.prepare("delete").expected[0].row
    assert row
    code, _ = apply_with(stage, "delete", lambda: stage.emulator.edit.describe(row, "Kept by hand"), before)
    assert code == 5
    now = stage.emulator.inspect.connection(row)
    assert (now["Deleted"], now["Active"], now["DisplayDescription"]) == (False, True, "Kept by hand")
