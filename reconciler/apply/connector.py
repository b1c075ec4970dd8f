"""Run one connector unit: create, save or delete it, testing every connection on it before and after its URL changes.

In -> Out: a `Running` and a step -> the `Running` with a newer read, or an error that says what is known.
Effects: writes the target through `ensure`; reads and tests.
Neighbours: called by `run`; holds its own way back, because it is the same few writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from reconciler.apply import rows
from reconciler.apply.context import RETEST_PAUSE_S, Context
from reconciler.apply.creation import at_most_one, may_be_renamed
from reconciler.apply.ensure import REFUSED, Write, agreed, ensure, look
from reconciler.apply.rollback import Back, unbind_created
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, StepFailed
from reconciler.journal.view import made_word
from reconciler.model import Act, Connection, Connector, End, Result, Step, TestResult, UnitKind


def open_connector(context: Context, running: Running) -> None:
    """Take the read that opens the unit.

    Raises:
        ConflictError: it is not as it was when the plan was checked; nothing was written.
    """
    row = context.connector(running.row_id)
    earlier = running.observed_connector
    if row is None or row.deleted or (earlier is not None and row != earlier):
        raise ConflictError("Somebody else is at work", f"{running.name} (#{running.row_id}) changed since the plan was checked.")
    running.observed_connector = running.latest_connector = row


def run_step(context: Context, running: Running, step: Step) -> None:
    """Perform one step of a connector unit."""
    action = _ACTIONS.get(step.act)
    if action is not None:
        action(context, running, step)


def roll_back_connector(context: Context, running: Running) -> Back:
    """Undo a connector unit; its connections are tested again when its URL is put back.

    Raises:
        ConflictError, StepFailed, InDoubt, LeaseLost, JournalError, TargetError: it could not be finished.
    """
    number = len(running.unit.steps)
    if running.unit.kind is UnitKind.CREATE:
        return _undo_creation(context, running, number)
    last = running.latest_connector
    if last is None:
        row = agreed(context, lambda: context.connector(running.row_id), rows.settled)
    else:
        row = look(context, lambda: context.connector(running.row_id), lambda one: one == last)
    running.latest_connector = row
    if running.unit.kind is UnitKind.DELETE:
        gone = row is None or row.deleted
        _note_read(context, running, number, "as-desired" if gone else "as-before")
        return Back(End.AS_DESIRED if gone else End.AS_BEFORE)
    observed = running.observed_connector
    assert observed is not None
    if row is None or row.deleted:
        raise ConflictError("Somebody else is at work", f"{running.name} was deleted in SuperOffice while this run was under way.")
    ours = _with(observed, running)
    if any(getattr(row, name) not in (getattr(ours, name), getattr(observed, name)) for name in ("name", "url")):
        raise ConflictError("Somebody else is at work", f"{running.name} was changed by somebody else after this run wrote it.")
    _note_read(context, running, number, "other")
    _save_as(context, running, observed, number, rollback=True)
    broken = _test_all(context, running, "retest") if running.passed else ()
    if broken:
        return Back(
            End.NEEDS_ATTENTION,
            f"The old values are back, and these connections passed their test before and fail now: {', '.join(broken)}.",
        )
    return Back(End.AS_BEFORE)


def _is_there(row: Connection | Connector | None) -> bool:
    return row is not None and not row.deleted


def _with(row: Connector, running: Running) -> Connector:
    sets = running.saved
    return Connector(row.id, sets.get("name", row.name), sets.get("url", row.url), row.deleted)


def _rehearse_all(context: Context, running: Running, _step: Step) -> None:
    """Test every connection on the connector; those that pass must pass afterwards, too.

    Raises:
        StepFailed: one gave no answer, so that nobody could say afterwards whether the change broke it; nothing was written.
    """
    for listed in context.reader.list_connections(include_deleted=False):
        context.interrupts.checkpoint()
        row = look(context, partial(context.reader.connection, listed.id), _is_there)
        if row is None or row.deleted or row.connector_id != running.row_id:
            continue
        result = _test(context, running, row.id, "rehearse", until=lambda one: one.passed is not None)
        if result.passed is None:
            text = f"The test of #{row.id} {listed.name!r} gave no answer twice ({result.detail}); nothing of {running.name} was written."
            raise StepFailed("The rehearsal gave no answer", text)
        if result.ok:
            running.passed[row.id] = listed.name


def _test(context: Context, running: Running, connection_id: int, phase: str, *, until: Callable[[TestResult], bool]) -> TestResult:
    """Test one connection; once more after a pause when the answer is not the expected one."""
    for repeat in (True, False):
        result = context.tester.test_connection(connection_id)
        context.record(
            "test",
            unit=running.name,
            phase=phase,
            address=f"#{connection_id}",
            passed=result.passed,
            seconds=result.seconds,
            detail=result.detail,
        )
        if until(result) or not repeat:
            return result
        context.clock.sleep(RETEST_PAUSE_S)
    raise AssertionError("unreachable")


def _test_all(context: Context, running: Running, phase: str) -> tuple[str, ...]:
    """Names of connections that passed before and fail now."""
    results = {key: _test(context, running, key, phase, until=lambda one: one.ok) for key in sorted(running.passed)}
    return tuple(f"#{key} {running.passed[key]!r}" for key, result in results.items() if not result.ok)


def _save(context: Context, running: Running, step: Step) -> None:
    last = running.latest_connector
    assert last is not None
    # The rehearsal took its time, and a save sends name and URL whole.
    row = look(context, lambda: context.connector(running.row_id), lambda one: one == last)
    if row != last:
        raise ConflictError("Somebody else is at work", f"{running.name} (#{running.row_id}) changed while this unit was under way.")
    _save_as(context, running, _with(last, running), step.number)


def _save_as(context: Context, running: Running, goal: Connector, number: int, *, rollback: bool = False) -> None:
    start = running.latest_connector
    running.wrote.add(Act.SAVE)
    write: Write[Connector | None] = Write(
        unit=running.name,
        step=number,
        act=Act.SAVE,
        operation="SaveErpSyncConnectorEntity",
        row_id=running.row_id,
        read=lambda: context.connector(running.row_id),
        done=lambda row: row == goal,
        before=lambda row: row == start,
        send=lambda _row: context.writer.save_connector(goal),
        seen=running.seen,
        sets={"name": goal.name, "url": goal.url},
        kind="connector",
        rollback=rollback,
    )
    running.latest_connector = ensure(context, write, start).read


def _test_after(context: Context, running: Running, _step: Step) -> None:
    broken = _test_all(context, running, "test")
    if broken:
        raise StepFailed("The test failed", f"With the new URL these connections fail, and they passed before: {', '.join(broken)}.")


def _create(context: Context, running: Running, step: Step) -> None:
    running.known_ids = frozenset(row.id for row in context.reader.connectors())
    running.wrote.add(Act.CREATE)
    goal = Connector(0, running.saved["name"], running.saved["url"])

    def send(_found: tuple[Connector, ...]) -> Result:
        result = context.writer.save_connector(goal)
        running.answered_id = getattr(result.body, "id", 0)
        return result

    write: Write[tuple[Connector, ...]] = Write(
        unit=running.name,
        step=step.number,
        act=Act.CREATE,
        operation="SaveErpSyncConnectorEntity",
        row_id=0,
        read=lambda: find_created(context, running),
        done=lambda found: len(found) == 1,
        before=lambda found: not found,
        send=send,
        seen=lambda found: made_word(row.id for row in found),
        sets={**running.saved, "known_ids": sorted(running.known_ids)},
        kind="connector",
    )
    created = ensure(context, write, ()).read[0]
    running.latest_connector, running.row_id = created, created.id
    context.record("bound", address=running.name, id=created.id, guid="")


def find_created(context: Context, running: Running) -> tuple[Connector, ...]:
    """Connectors that appeared since before the creation, with the name and the URL that we sent."""
    sets = running.saved
    return tuple(
        row for row in context.reader.connectors() if row.id not in running.known_ids and (row.name, row.url) == (sets["name"], sets["url"])
    )


def _undo_creation(context: Context, running: Running, number: int) -> Back:
    if running.row_id:
        # An earlier way back may have died with its delete in doubt: nothing is sent, and nothing believed, before a read.
        row = running.latest_connector = look(context, lambda: context.connector(running.row_id), _is_there)
        there = _is_there(row)
        if row is not None and there and (row.name, row.url) != (running.saved["name"], running.saved["url"]):
            text = f"{running.name} (#{row.id}) was changed by somebody else after this run created it."
            raise ConflictError("Somebody else is at work", text)
        _note_read(context, running, number, "other" if there else "as-before")
    else:
        found = look(context, lambda: find_created(context, running), bool)
        made = at_most_one(running, found)
        if made is None:
            may_be_renamed(context, running)
        running.row_id = made.id if made is not None else running.answered_id
        there = bool(running.row_id)
        context.record("observed", unit=running.name, step=number, verdict="other" if there else "as-before", seen="", detail="")
        if not there:
            return Back(End.AS_BEFORE)
    if there:
        _remove(context, running, number, rollback=True)
    unbind_created(context, running)
    return Back(End.AS_BEFORE, residue=(f"a soft-deleted connector #{running.row_id} that this run created",))


def _delete(context: Context, running: Running, step: Step) -> None:
    _remove(context, running, step.number)
    context.record("unbound", address=running.name, reason="deleted by this run")


def _remove(context: Context, running: Running, number: int, *, rollback: bool = False) -> None:
    """Delete, after SuperOffice said that it can be deleted: the delete itself does not tell whether it worked."""
    answer = context.reader.can_delete_connector(running.row_id)
    if answer not in ("NoError", "ErrorNotFound"):
        raise StepFailed(REFUSED, f"{running.name} cannot be deleted: {_why_not(answer, rollback=rollback)}")
    opening = context.connector(running.row_id)
    if not rollback and _is_there(opening) and opening != running.latest_connector:
        raise ConflictError("Somebody else is at work", f"{running.name} (#{running.row_id}) changed while this unit was under way.")
    running.wrote.add(Act.DELETE)
    write: Write[Connector | None] = Write(
        unit=running.name,
        step=number,
        act=Act.DELETE,
        operation="DeleteErpSyncConnectorEntity",
        row_id=running.row_id,
        read=lambda: context.connector(running.row_id),
        done=lambda row: row is None or row.deleted,
        before=lambda row: row is not None and not row.deleted,
        send=lambda _row: context.writer.delete_connector(running.row_id),
        seen=running.seen,
        kind="connector",
        rollback=rollback,
    )
    running.latest_connector = ensure(context, write, opening).read


def _why_not(answer: str, *, rollback: bool) -> str:
    """What SuperOffice's code means. Whether it counts deleted connections is not documented, so both are told."""
    if answer != "ErrorConnectorHasConnections":
        return f"{answer}."
    said = f"SuperOffice says that connections are on it ({answer}), and it may count deleted ones, which nothing takes away."
    if rollback:
        return f"{said} It does no harm unused; `reconciler recover --accept-current` leaves it there."
    return (
        f"{said} Delete those that are left (`reconciler dump` shows whose they are), or take it out of the file: it does no harm unused."
    )


def _verify(context: Context, running: Running, step: Step) -> None:
    wants = running.unit.wants

    def is_right(row: Connector | None) -> bool:
        if wants is None:
            return row is None or row.deleted
        return row is not None and not row.deleted and all(getattr(row, name) == value for name, value in wants.items())

    right = is_right(look(context, lambda: context.connector(running.row_id), is_right))
    _note_read(context, running, step.number, "as-desired" if right else "other")
    if not right:
        raise StepFailed("The final read differs", f"After the change {running.name} is not as the file says.")


def _note_read(context: Context, running: Running, number: int, verdict: str) -> None:
    context.record("observed", unit=running.name, step=number, verdict=verdict, seen=running.seen(running.latest_connector), detail="")


_ACTIONS: Mapping[Act, Callable[[Context, Running, Step], None]] = {
    Act.REHEARSE_ALL: _rehearse_all,
    Act.SAVE: _save,
    Act.TEST_ALL: _test_after,
    Act.CREATE: _create,
    Act.DELETE: _delete,
    Act.VERIFY: _verify,
}
