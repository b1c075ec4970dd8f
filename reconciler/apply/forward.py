"""The way forward: a unit that a run left unfinished goes on to what its plan wanted, by the same guarded writes.

What the journal proves done is not done again: it goes on with the first step whose write no read has confirmed. A test that
fails, or a write that does not hold, leads back to what was found, as in an apply.

In -> Out: a `Running` from the journal, its view -> an end that a read proved, or an error that says why there is none.
Effects: writes the target through `ensure`; reads and tests.
Neighbours: called by `recover`.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.apply import connector, kinds, rows, tenant_wide
from reconciler.apply.carried import carry
from reconciler.apply.connection import moved_whole, save
from reconciler.apply.context import Context
from reconciler.apply.creation import adopt, at_most_one, edited_since, find_created, may_be_renamed
from reconciler.apply.ensure import agreed, look
from reconciler.apply.preflight import declare
from reconciler.apply.rollback import Back, is_switched
from reconciler.apply.running import Running
from reconciler.errors import ConflictError
from reconciler.journal.events import Verdict
from reconciler.journal.view import UnitView
from reconciler.model import Act, Connection, Connector, End, Outcome, Step, UnitKind

_BEFORE_WRITES = frozenset({Act.REHEARSE, Act.REHEARSE_ALL, Act.TEST_CONFIG, Act.TEST_URL})
_CHECKS = frozenset({Act.TEST, Act.TEST_ALL, Act.VERIFY})
_WHILE_INACTIVE = frozenset({Act.SAVE, Act.REFRESH, Act.MAP, Act.ITEMS})


def go_forward(context: Context, running: Running, state: UnitView) -> Back:
    """Finish a unit.

    Raises:
        ConflictError: somebody else changed what it is about, or switched it; nothing was sent.
        StepFailed: a step did not reach its check; the unit should go back.
        InputError, CheckFailed: a secret or the connector is not at hand; nothing was sent.
        InDoubt, LeaseLost, JournalError, TargetError: it could not be finished.
    """
    steps = steps_left(running.unit.steps, state)
    if running.address.kind == "connection":
        _at_hand(context, running)
        steps = _connection(context, running, steps)
    elif running.address.kind == "connector":
        steps = _connector(context, running, steps)
    else:
        tenant_wide.look_again(context, running)
    for step in steps:
        context.interrupts.checkpoint()
        if step.act is Act.SAVE and running.address.kind == "connection":
            save(context, running, lambda row: rows.candidate(row, running.saved, running.fields, running.secret_keys), step=step.number)
        else:
            kinds.run_step(context, running, step)
    return Back(End.AS_DESIRED)


def steps_left(steps: Sequence[Step], state: UnitView) -> tuple[Step, ...]:
    """The steps from the first write that the journal does not prove done; everything where a rollback had begun."""
    writes = [step for step in steps if step.act not in _BEFORE_WRITES]
    if any(attempt.rollback for attempt in state.attempts):
        return tuple(writes)
    done = {number for number, _act in state.noops}
    for attempt in state.attempts:
        proved = attempt.outcome == Outcome.APPLIED and any(one.verdict == Verdict.AS_DESIRED for one in attempt.readings)
        (done.add if proved else done.discard)(attempt.step)
    orders = []
    while writes and writes[0].act not in _CHECKS and writes[0].number in done:
        first = writes.pop(0)
        # An order takes several moves under one number; where all were made, nothing is sent again.
        orders += [first] if first.act is Act.RANK else []
    return (*orders, *writes)


def _at_hand(context: Context, running: Running) -> None:
    """What a save sends: values that the run had sealed, else those behind the references; and what the connector declares."""
    if any(step.act in (Act.SAVE, Act.CREATE) for step in running.unit.steps):
        declare(context, running)
    missing = running.unit.secrets.keys() - running.carried.values.keys()
    if missing:
        fresh = carry(context, running.unit, context.journal.recorded())
        for key in missing:
            running.carried.values[key], running.carried.sealed[key] = fresh.values[key], fresh.sealed[key]
        running.carried.changed |= fresh.changed & missing
        context.conceal([*running.carried.values.values()])


def _connection(context: Context, running: Running, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Read where the connection stands, see that nobody else is at work on it, and tell which steps are left."""
    if running.unit.kind is UnitKind.CREATE:
        return _creation(context, running, steps)
    row = agreed(context, lambda: context.connection(running.row_id), rows.settled)
    gone = row is None or row.deleted
    running.latest = row
    verdict = "as-desired" if gone and running.unit.kind is UnitKind.DELETE else "other"
    context.record("observed", unit=running.name, step=len(running.unit.steps), verdict=verdict, seen=running.seen(row), detail="")
    if gone and running.unit.kind is UnitKind.DELETE:
        context.record("unbound", address=running.name, reason="deleted by this run")
        return ()
    if row is None or gone:
        raise ConflictError("Somebody else is at work", f"{running.name} was deleted in SuperOffice since the run stopped.")
    moved = moved_whole(running, row)
    if moved:
        raise ConflictError("Somebody else is at work", f"{', '.join(moved)} of {running.name} was changed by somebody else.")
    if running.observed is not None and running.saved:
        strange = rows.foreign(row, running.observed, running.saved, running.fields)
        if strange:
            raise ConflictError("Somebody else is at work", f"{', '.join(strange)} of {running.name} was changed by somebody else.")
    return _with_window(running, row, steps)


def _with_window(running: Running, row: Connection, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Open the window again where somebody switched the connection on since; refuse where somebody switched it off."""
    if running.observed is not None and not row.active and is_switched(running, running.observed, row):
        raise ConflictError("Somebody else is at work", f"{running.name} was switched off by somebody else since the run stopped.")
    acts = {step.act for step in steps}
    off = next((step for step in running.unit.steps if step.act is Act.DEACTIVATE), None)
    ends_active = any(step.act is Act.ACTIVATE for step in running.unit.steps) or (row.active and off is None)
    if off is not None and Act.DEACTIVATE not in acts and row.active and acts & _WHILE_INACTIVE:
        return (off, *steps)
    if ends_active and Act.ACTIVATE not in acts and not row.active and not acts & _WHILE_INACTIVE:
        raise ConflictError("Somebody else is at work", f"{running.name} was switched off by somebody else since the run stopped.")
    return steps


def _creation(context: Context, running: Running, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    found: tuple[Connection, ...] = ()
    if running.row_id:
        row = agreed(context, lambda: context.connection(running.row_id), rows.settled)
        found = (row,) if row is not None and not row.deleted else ()
        if not found:
            _gone(running)
    elif Act.CREATE in running.wrote:
        found = look(context, lambda: find_created(context, running), bool)
    verdict = "other" if found else "as-before"
    seen = running.seen(found[0]) if len(found) == 1 else ""
    context.record("observed", unit=running.name, step=len(running.unit.steps), verdict=verdict, seen=seen, detail="")
    made = at_most_one(running, found)
    if made is None:
        if not running.row_id and Act.DELETE not in running.wrote:
            may_be_renamed(context, running)
        return steps
    edited_since(running, made)
    adopt(context, running, made)
    return tuple(step for step in steps if step.act is not Act.CREATE)


def _gone(running: Running) -> None:
    """What a creation made is not there: it is made again where a way back of ours had begun to delete it.

    Raises:
        ConflictError: it was somebody else.
    """
    if running.unit.kind is not UnitKind.CREATE or Act.DELETE not in running.wrote:
        raise ConflictError("Somebody else is at work", f"{running.name} was deleted in SuperOffice since the run stopped.")
    running.row_id = 0


def _connector(context: Context, running: Running, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    number = len(running.unit.steps)
    if running.unit.kind is UnitKind.CREATE and not running.row_id:
        found: tuple[Connector, ...] = look(context, lambda: connector.find_created(context, running), bool)
        context.record("observed", unit=running.name, step=number, verdict="other" if found else "as-before", seen="", detail="")
        made = at_most_one(running, found)
        if made is None:
            may_be_renamed(context, running)
            return steps
        running.row_id, running.latest_connector = made.id, made
        context.record("bound", address=running.name, id=made.id, guid="")
        return tuple(step for step in steps if step.act is not Act.CREATE)
    row = agreed(context, lambda: context.connector(running.row_id), rows.settled)
    running.latest_connector = row
    gone = row is None or row.deleted
    deleted = gone and running.unit.kind is UnitKind.DELETE
    context.record("observed", unit=running.name, step=number, verdict="as-desired" if deleted else "other", seen="", detail="")
    if deleted:
        context.record("unbound", address=running.name, reason="deleted by this run")
        return ()
    if row is None or gone:
        _gone(running)
        return steps
    before = running.observed_connector
    for name in ("name", "url") if before is not None else ():
        if getattr(row, name) not in (getattr(before, name), running.saved.get(name, getattr(before, name))):
            raise ConflictError("Somebody else is at work", f"The {name} of {running.name} was changed by somebody else.")
    if running.unit.kind is UnitKind.CREATE:
        context.record("bound", address=running.name, id=row.id, guid="")
    return tuple(step for step in steps if step.act is not Act.CREATE)


__all__ = ["go_forward", "steps_left"]
