"""Run one connection unit forward, step by step.

In -> Out: a `Running` and a step -> the `Running` with a newer read, or an error that says what is known.
Effects: writes the target through `ensure`; reads and tests.
Neighbours: called by `run`; `rollback` is its way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.apply import rows
from reconciler.apply.below import run_below
from reconciler.apply.below_read import missing_below, moved_below
from reconciler.apply.blocking import ACCEPT_FIRST, blocking_fields, with_way_out
from reconciler.apply.context import RETEST_PAUSE_S, Context
from reconciler.apply.creation import create
from reconciler.apply.ensure import Proof, Write, ensure, look
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, StepFailed
from reconciler.model import Act, Connection, ErpField, Outcome, Result, Secret, Step, TestResult, UnitKind
from reconciler.plan.codec import value_to_json


def open_connection(context: Context, running: Running) -> None:
    """Take the read that opens the unit, and compare it with the one the plan was checked against.

    Raises:
        ConflictError: something managed is not as it was; nothing was written.
    """
    earlier, fresh = running.observed, _still_there(context, running)
    if earlier is not None:
        deletes = running.unit.kind is UnitKind.DELETE  # what is deleted goes as a whole, so all of it has to be as it was
        wanted = rows.settable(earlier) if deletes else _managed(running)
        moved = rows.differing(fresh, earlier, wanted, running.fields, running.secret_keys)
        if moved or fresh.connector_id != earlier.connector_id:
            raise ConflictError(
                "Somebody else is at work", f"{', '.join(moved) or 'the connector'} of {running.name} changed since the plan was checked."
            )
    below = moved_below(context, running)
    if below:
        raise ConflictError("Somebody else is at work", f"{', '.join(below)} of {running.name} changed since the plan was checked.")
    running.observed = running.latest = fresh


def _look_again(context: Context, running: Running) -> None:
    """A read that is newer than what took its time since the last one; nothing that is managed may have moved in between."""
    last, fresh = running.latest, _still_there(context, running)
    moved = () if last is None else rows.differing(fresh, last, _managed(running), running.fields, running.secret_keys)
    if moved:
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} changed while this unit was under way.")
    running.latest = fresh


def _managed(running: Running) -> dict[str, Any]:
    return {**(running.wants or {}), **running.unit.sets, "active": None}


def _still_there(context: Context, running: Running) -> Connection:
    fresh = context.connection(running.row_id)
    if fresh is None or fresh.deleted:
        raise ConflictError("Somebody else is at work", f"{running.name} (#{running.row_id}) was deleted in SuperOffice.")
    return fresh


def run_step(context: Context, running: Running, step: Step) -> None:
    """Perform one step. Steps that test before the first write were performed by `preflight` and are skipped here."""
    action = _ACTIONS.get(step.act)
    if action is not None:
        action(context, running, step)


def set_active(context: Context, running: Running, *, wanted: bool, step: int, rollback: bool = False) -> Proof[Connection | None]:
    """Make the connection active or inactive. A toggle is only how: it is sent when a read shows the other state."""
    running.wrote.add(Act.ACTIVATE if wanted else Act.DEACTIVATE)
    write: Write[Connection | None] = Write(
        unit=running.name,
        step=step,
        act=Act.ACTIVATE if wanted else Act.DEACTIVATE,
        operation="ToggleErpConnectionActive",
        row_id=running.row_id,
        read=lambda: context.connection(running.row_id),
        done=lambda row: row is not None and not row.deleted and row.active is wanted,
        before=lambda row: row is not None and not row.deleted and row.active is not wanted,
        send=lambda _row: context.writer.toggle(running.row_id),
        seen=running.seen,
        sets={"active": wanted},
        rollback=rollback,
    )
    running.switched_to = None
    try:
        proof = ensure(context, write, running.latest)
    except StepFailed:  # a read proved that it is as it was
        running.switched_to = not wanted
        raise
    running.latest, running.switched_to = proof.read, wanted
    return proof


def save(context: Context, running: Running, target: Callable[[Connection], Connection], *, step: int, rollback: bool = False) -> None:
    """Save the connection so that it becomes what `target` makes of the freshest read.

    Everything that `target` does not change is echoed from that read: the sync cursor, the lists, every language.
    """
    assert running.latest is not None
    start = running.latest
    carried = running.carried
    secrets: Mapping[str, Secret] = {**carried.values, **carried.old} if rollback else carried.values
    sealed = {**carried.sealed, **carried.old_sealed} if rollback else carried.sealed
    wrote = running.saved
    goal = target(start)
    paths = {**dict.fromkeys(wrote), "config": dict.fromkeys(wrote.get("config", {}))}
    if "config" not in wrote:
        del paths["config"]
    readable = running.observed is None or bool(rows.missing(running.observed, wrote, running.fields, running.secret_keys))
    running.wrote.add(Act.SAVE)

    def unlike(row: Connection | None, other: Connection) -> tuple[str, ...]:
        assert row is not None
        return rows.differing(row, other, paths, running.fields, running.secret_keys)

    def done(row: Connection | None) -> bool:
        if row is None or row.deleted:
            return False
        return not unlike(row, goal) if rollback else rows.holds(row, wrote, running.fields, running.secret_keys)

    def send(row: Connection | None) -> Result:
        earlier, running.save_may_hold = running.save_may_hold, True
        result = context.writer.save_connection(target(row or start), secrets)
        if result.outcome is Outcome.NOT_APPLIED:
            running.save_may_hold = earlier
        return result

    # What the tenant does not show cannot be proved by a read: then only an acknowledged save counts. That holds for config,
    # which SuperOffice stores before it hands it to the connector: the row shows values that the connector refused. On the way
    # back a read that shows the old values says nothing of a secret that our save may have changed all the same.
    hidden = bool(carried.changed) and (running.save_may_hold if rollback else not readable)
    write: Write[Connection | None] = Write(
        unit=running.name,
        step=step,
        act=Act.SAVE,
        operation="SaveConnection",
        row_id=running.row_id,
        read=lambda: context.connection(running.row_id),
        done=done,
        before=lambda row: row is not None and not row.deleted and not unlike(row, start),
        send=send,
        seen=running.seen,
        sets=value_to_json(wrote),
        secrets=sealed,
        rollback=rollback,
        provable=not hidden and "config" not in wrote,
    )
    running.latest = ensure(context, write, start).read
    if secrets:
        context.record("sent", unit=running.name, fields=dict(sealed))


def refresh(context: Context, running: Running, *, step: int, rollback: bool = False) -> tuple[ErpField, ...]:
    """Ask the connector for its fields again. No read can prove it, so only an acknowledged refresh counts; it may be repeated."""
    running.wrote.add(Act.REFRESH)
    write: Write[tuple[ErpField, ...]] = Write(
        unit=running.name,
        step=step,
        act=Act.REFRESH,
        operation="UpdateConnectionFields",
        row_id=running.row_id,
        read=lambda: tuple(context.reader.erp_fields(running.row_id)),
        done=lambda _fields: True,
        before=lambda _fields: True,
        send=lambda _fields: context.writer.refresh(running.row_id),
        seen=lambda fields: f"{len(fields)} fields",
        rollback=rollback,
        provable=False,
    )
    return ensure(context, write, ()).read


def test_stored(context: Context, running: Running, phase: str, *, expected: bool) -> TestResult:
    """Test the stored connection; once more after a pause when the answer is not the expected one."""
    for repeat in (True, False):
        result = context.tester.test_connection(running.row_id)
        context.record(
            "test",
            unit=running.name,
            phase=phase,
            address=running.name,
            passed=result.passed,
            seconds=result.seconds,
            detail=result.detail,
        )
        if result.ok is expected or not repeat:
            return result
        context.clock.sleep(RETEST_PAUSE_S)
    raise AssertionError("unreachable")


def _deactivate(context: Context, running: Running, step: Step) -> None:
    if running.wrote:  # defaults and ranks took their time since the last look: a toggle must not undo what somebody did meanwhile
        _look_again(context, running)
    started = context.clock.monotonic()
    proof = set_active(context, running, wanted=False, step=step.number)
    if step.in_window and proof.sent:
        running.window_started = started


def _save(context: Context, running: Running, step: Step) -> None:
    assert running.latest is not None
    assert running.observed is not None
    wanted = {**(running.wants or {}), **running.saved}
    wanted.pop("active", None)
    moved = rows.differing(running.latest, running.observed, wanted, running.fields, running.secret_keys)
    if moved:
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} changed while this unit was under way.")
    save(context, running, lambda row: rows.candidate(row, running.saved, running.fields, running.secret_keys), step=step.number)


def _refresh(context: Context, running: Running, step: Step) -> None:
    fields = refresh(context, running, step=step.number)
    if any(later.act is Act.ACTIVATE for later in running.unit.steps):
        blocking = blocking_fields(context, running, fields)
        if blocking:
            raise StepFailed(
                "It could not be activated",
                f"After the refresh these mandatory fields have no direction: {', '.join(blocking)}. Give each one in the file (with"
                f" `renamed_from` where it continues another field) and apply that; {ACCEPT_FIRST}",
            )


def _activate(context: Context, running: Running, step: Step) -> None:
    try:
        proof = set_active(context, running, wanted=True, step=step.number)
    except StepFailed as refused:
        raise with_way_out(context, running, refused) from refused
    running.activated = running.activated or proof.sent
    if running.window_started is not None:
        running.window_s = round(context.clock.monotonic() - running.window_started, 3)
        running.window_started = None
    context.record("activated", unit=running.name)


def _test(context: Context, running: Running, _step: Step) -> None:
    result = test_stored(context, running, "test", expected=True)
    if not result.ok:
        why = "passed=false" if result.passed is False else f"no answer ({result.detail})"
        raise StepFailed("The test failed", f"The test of {running.name} failed twice after the change: {why}.")


def _delete(context: Context, running: Running, step: Step) -> None:
    moved = moved_whole(running, running.latest)
    if moved:
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} changed while this unit was under way.")
    running.wrote.add(Act.DELETE)
    write: Write[Connection | None] = Write(
        unit=running.name,
        step=step.number,
        act=Act.DELETE,
        operation="DeleteConnection",
        row_id=running.row_id,
        read=lambda: context.connection(running.row_id),
        done=lambda row: row is None or row.deleted,
        before=lambda row: row is not None and not row.deleted,
        send=lambda _row: context.writer.delete_connection(running.row_id),
        seen=running.seen,
    )
    running.latest = ensure(context, write, running.latest).read
    context.record("unbound", address=running.name, reason="deleted by this run")


def moved_whole(running: Running, row: Connection | None) -> tuple[str, ...]:
    """What of a row that is to be deleted is not as it was found: it goes as a whole, so only what this run switched off may differ."""
    found = running.observed
    if row is None or row.deleted or found is None or running.unit.kind is not UnitKind.DELETE:
        return ()
    whole = {name: of for name, of in rows.settable(found).items() if name != "active"}
    return rows.differing(row, found, whole, running.fields, running.secret_keys)


def _verify(context: Context, running: Running, step: Step) -> None:
    wants: Any = running.wants

    def found() -> tuple[Connection | None, tuple[str, ...]]:
        row = context.connection(running.row_id)
        if wants is None:
            return row, () if row is None or row.deleted else ("it is still there",)
        if row is None or row.deleted:
            return row, ("it is gone",)
        return row, (*rows.missing(row, wants, running.fields, running.secret_keys), *missing_below(context, running, wants))

    running.latest, wrong = look(context, found, lambda one: not one[1])
    verdict, seen = "other" if wrong else "as-desired", running.seen(running.latest)
    context.record("observed", unit=running.name, step=step.number, verdict=verdict, seen=seen, detail="")
    if wrong:
        raise StepFailed("The final read differs", f"After the change {running.name} is not as the file says: {', '.join(wrong)}.")


_ACTIONS: Mapping[Act, Callable[[Context, Running, Step], None]] = {
    Act.DEACTIVATE: _deactivate,
    Act.SAVE: _save,
    Act.CREATE: create,
    Act.REFRESH: _refresh,
    Act.ACTIVATE: _activate,
    Act.TEST: _test,
    Act.MAP: run_below,
    Act.ITEMS: run_below,
    Act.DEFAULT: run_below,
    Act.RANK: run_below,
    Act.DELETE: _delete,
    Act.VERIFY: _verify,
}
