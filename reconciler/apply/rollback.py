"""The way back: a connection unit returns to what was observed before it began, by the same guarded writes.

Only values that we wrote and that still hold ours are put back; a foreign edit is a conflict, not something to overwrite.

In -> Out: a `Running` in any state -> an end that a read proved, or an error that says why there is none.
Effects: writes the target through `ensure`.
Neighbours: called by `run` after a failure and by `recover`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.apply import rows
from reconciler.apply.below_back import BELOW, NEEDS_INACTIVE, check_below, differs_below, put_back_mapped, put_back_ordered
from reconciler.apply.connection import refresh, save, set_active, test_stored
from reconciler.apply.context import Context
from reconciler.apply.creation import at_most_one, edited_since, find_created, may_be_renamed
from reconciler.apply.ensure import Write, agreed, ensure, look
from reconciler.apply.running import Running
from reconciler.errors import CheckFailed, ConflictError
from reconciler.model import Act, Connection, End, UnitKind

_EMPTIES: Final = "A save sends exactly what the connector declares, so one without would empty the configuration."
_WHEN_IT_ANSWERS: Final = "Run it again when the connector answers."


@dataclass(frozen=True, slots=True)
class Back:
    """Where a rollback ended.

    Attributes:
        end: `AS_BEFORE`, `AS_DESIRED` (a deletion that turned out to have landed) or `NEEDS_ATTENTION`.
        reason: why it needs attention, as a sentence.
    """

    end: End
    reason: str = ""
    residue: tuple[str, ...] = ()


def roll_back_connection(context: Context, running: Running) -> Back:
    """Undo a connection unit.

    Raises:
        ConflictError: something we wrote was changed by somebody else.
        StepFailed, InDoubt, LeaseLost, JournalError, TargetError: it could not be finished; the unit needs attention.
    """
    if running.unit.kind is UnitKind.CREATE:
        return _undo_creation(context, running)
    fresh = _read(context, running)
    if running.unit.kind is UnitKind.DELETE and (fresh is None or fresh.deleted):
        running.latest = fresh
        _note_read(context, running, "as-desired")
        return Back(End.AS_DESIRED)
    if fresh is None or fresh.deleted:
        raise ConflictError("Somebody else is at work", f"{running.name} was deleted in SuperOffice while this run was under way.")
    running.latest = fresh
    # Durable before the first write of the rollback: nothing is sent while an outcome is in doubt.
    _note_read(context, running, "other")
    return _undo_update(context, running, fresh)


def _is_there(row: Connection | None) -> bool:
    return row is not None and not row.deleted


def _read(context: Context, running: Running) -> Connection | None:
    """A read to act on: at once where nothing of the row differs from what this process read of it last, else where several agree."""
    last = running.latest

    def is_as_last_read(row: Connection | None) -> bool:
        assert last is not None
        if row is None or row.deleted:
            return False
        return not rows.differing(row, last, rows.settable(last), running.fields, running.secret_keys)

    if last is None:
        return agreed(context, lambda: context.connection(running.row_id), rows.settled)
    return look(context, lambda: context.connection(running.row_id), is_as_last_read)


def _undo_update(context: Context, running: Running, fresh: Connection) -> Back:
    observed = running.observed
    assert observed is not None
    number = len(running.unit.steps)
    switched = is_switched(running, observed, fresh)
    check_below(context, running)
    if Act.SAVE in running.wrote:
        if (observed.config or fresh.config) and not running.fields:
            raise CheckFailed("The connector does not tell its fields", f"{_EMPTIES} Nothing of {running.name} was sent.", _WHEN_IT_ANSWERS)
        strange = rows.foreign(fresh, observed, running.saved, running.fields)
        strange += rows.foreign_languages(fresh, observed, running.saved)
        if strange:
            raise ConflictError(
                "Somebody else is at work", f"{', '.join(strange)} of {running.name} was changed by somebody else after this run wrote it."
            )
        _put_back(context, running, observed, fresh, number)
    switched = _put_back_below(context, running, observed, number) or switched
    if not switched and set_active(context, running, wanted=observed.active, step=number, rollback=True).sent and observed.active:
        context.record("activated", unit=running.name)  # a park that died before the way back no longer counts
    _close_window(context, running)
    # A deletion that left the row may have made the connector forget it all the same.
    tested = running.wrote & {Act.SAVE, Act.REFRESH, Act.MAP, Act.DELETE}
    problem = _test_after(context, running) if tested else ""
    return _prove(context, running, observed, problem)


def is_switched(running: Running, observed: Connection, fresh: Connection) -> bool:
    """Whether somebody else switched the connection on or off: then that stays, and a person decides.

    It is told from our own toggles by what a read proved of the last one. One that nobody saw the outcome of may be ours.
    """
    toggled = bool(running.wrote & {Act.ACTIVATE, Act.DEACTIVATE, Act.DELETE})
    ours = running.switched_to if toggled else observed.active
    return ours is not None and fresh.active is not ours and fresh.active is not observed.active


def _put_back_below(context: Context, running: Running, observed: Connection, number: int) -> bool:
    """Order and defaults first, then what needs the connection inactive, the last written first.

    The first take their time, so the connection is looked at again before it is toggled; whether somebody else switched it meanwhile.
    """
    switched = False
    if not running.wrote & BELOW:
        return switched
    put_back_ordered(context, running, number)
    if running.wrote & NEEDS_INACTIVE and running.latest is not None:
        if running.wrote & {Act.DEFAULT, Act.RANK}:
            fresh = _read(context, running)
            if fresh is None or fresh.deleted:
                raise ConflictError("Somebody else is at work", f"{running.name} (#{running.row_id}) was deleted in SuperOffice.")
            switched = is_switched(running, observed, fresh)
            running.latest = fresh
        if running.latest.active and Act.DEACTIVATE in {step.act for step in running.unit.steps}:
            set_active(context, running, wanted=False, step=number, rollback=True)
        put_back_mapped(context, running, number)
    return switched


def _put_back(context: Context, running: Running, observed: Connection, fresh: Connection, number: int) -> None:
    wrote = running.saved
    hidden = bool(running.carried.changed) and running.save_may_hold
    landed = hidden or bool(rows.differing(fresh, observed, wrote, running.fields, running.secret_keys))
    if landed and "config" in wrote and fresh.active:
        set_active(context, running, wanted=False, step=number, rollback=True)

    def target(row: Connection) -> Connection:
        return rows.restored(row, observed, wrote, running.fields, running.secret_keys)

    save(context, running, target, step=number, rollback=True)
    if "config" in wrote and (landed or Act.REFRESH in running.wrote):
        refresh(context, running, step=number, rollback=True)


def _close_window(context: Context, running: Running) -> None:
    if running.window_started is not None:
        running.window_s = round(context.clock.monotonic() - running.window_started, 3)
        running.window_started = None


def _test_after(context: Context, running: Running) -> str:
    """A rollback is proved when the test answers as it did before; a sentence when it does not."""
    before = running.rehearsed
    silent = before is not None and before.passed is None
    result = test_stored(context, running, "retest", expected=before is None or before.ok or silent)
    if result.ok if before is None else result.ok is before.ok or (silent and result.ok):
        return ""
    if before is None:
        return "It was not tested before the run, and now its test fails."
    return f"Before the run the test {'passed' if before.ok else 'failed'}, and after the rollback it {'passes' if result.ok else 'fails'}."


def _prove(context: Context, running: Running, observed: Connection, problem: str) -> Back:
    def found() -> tuple[Connection | None, tuple[str, ...]]:
        row = context.connection(running.row_id)
        if row is None or row.deleted:
            return row, ("it is gone",)
        wrong = rows.differing(row, observed, {**running.saved, "active": None}, running.fields, running.secret_keys)
        return row, (*wrong, *differs_below(context, running), *running.foreign_below)

    running.latest, wrong = look(context, found, lambda one: not one[1])
    _note_read(context, running, "other" if wrong else "as-before")
    reasons = [f"These differ from what was found: {', '.join(wrong)}." if wrong else "", problem, _lost_secret(running)]
    reason = " ".join(text for text in reasons if text)
    return Back(End.NEEDS_ATTENTION if reason else End.AS_BEFORE, reason, tuple(running.residue))


def _lost_secret(running: Running) -> str:
    if Act.SAVE not in running.wrote or not running.carried.lost:
        return ""
    keys = ", ".join(running.carried.lost)
    return f"The value that {keys} had before is not known here, so it holds the new one (this was permitted as no-way-back)."


def _undo_creation(context: Context, running: Running) -> Back:
    """Delete what we created, unless it was ever active: then it is switched off and a person decides."""
    number = len(running.unit.steps)
    if not running.row_id:
        made = at_most_one(running, look(context, lambda: find_created(context, running), bool))
        if made is None:
            may_be_renamed(context, running)
        running.row_id = made.id if made is not None else running.answered_id
        verdict = "other" if running.row_id else "as-before"
        context.record("observed", unit=running.name, step=number, verdict=verdict, seen="", detail="")
        if not running.row_id:
            return Back(End.AS_BEFORE)
    row = look(context, lambda: context.connection(running.row_id), _is_there)
    edited_since(running, row, back=True)
    running.latest = row
    if row is None or row.deleted:
        _note_read(context, running, "as-before")
        unbind_created(context, running)
        return Back(End.AS_BEFORE, residue=_deleted_residue(running))
    _note_read(context, running, "other")
    if row.active or running.activated:
        set_active(context, running, wanted=False, step=number, rollback=True)
        return Back(
            End.NEEDS_ATTENTION,
            f"It was created (#{running.row_id}) and had been active, so records may hang on it. It is switched off; delete or keep it.",
        )
    _delete_created(context, running, number)
    unbind_created(context, running)
    return Back(End.AS_BEFORE, residue=_deleted_residue(running))


def _delete_created(context: Context, running: Running, number: int) -> None:
    write: Write[Connection | None] = Write(
        unit=running.name,
        step=number,
        act=Act.DELETE,
        operation="DeleteConnection",
        row_id=running.row_id,
        read=lambda: context.connection(running.row_id),
        done=lambda row: row is None or row.deleted,
        before=lambda row: row is not None and not row.deleted,
        send=lambda _row: context.writer.delete_connection(running.row_id),
        seen=running.seen,
        rollback=True,
    )
    running.latest = ensure(context, write, running.latest).read


def unbind_created(context: Context, running: Running) -> None:
    """Forget the row that a creation was bound to, unless a way back that died did so already."""
    bound = context.journal.recorded().bindings.get(running.name)
    if bound is not None and bound.id == running.row_id:
        context.record("unbound", address=running.name, reason="its creation was rolled back")


def _deleted_residue(running: Running) -> tuple[str, ...]:
    return (f"a soft-deleted connection #{running.row_id} that this run created",)


def _note_read(context: Context, running: Running, verdict: str) -> None:
    number = len(running.unit.steps)
    context.record("observed", unit=running.name, step=number, verdict=verdict, seen=running.seen(running.latest), detail="")
