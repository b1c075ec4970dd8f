"""Finish runs that ended unfinished: settle what is in doubt, then go back, go forward, park, or accept what is there now.

Works from the journal and the tenant alone, so it does not matter which process, or which machine, began the run. Whatever
ends a recovery early, the next one begins with what the journal holds by then.

In -> Out: the view of an open run, a choice -> the ends of its units, and a closed run where a read proved them.
Effects: reads and writes the target, writes the journal.
Neighbours: called by `flow`; `rollback` and `forward` are the two ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.apply import kinds, rows
from reconciler.apply.accept import UNPROVED, accept, park
from reconciler.apply.context import Context
from reconciler.apply.ensure import agreed
from reconciler.apply.exits import DONE, NEEDS_ATTENTION, STOPPED_SHORT
from reconciler.apply.forward import go_forward
from reconciler.apply.preflight import POINTS_ELSEWHERE, points_where, url_set
from reconciler.apply.rebuild import rebuild
from reconciler.apply.rollback import Back
from reconciler.apply.running import Running, planned_ids, replaced_by
from reconciler.apply.surprises import told
from reconciler.errors import (
    ConflictError,
    InDoubt,
    Interrupted,
    JournalError,
    LeaseLost,
    ReconcilerError,
    RunError,
    StepFailed,
    TargetError,
)
from reconciler.journal.events import Choice
from reconciler.journal.transitions import UnitPhase
from reconciler.journal.view import RunView, UnitView
from reconciler.model import Act, End, Plan, Unit, UnitEnd, UnitKind
from reconciler.plan.codec import from_json

_POINT_BACK = "Let it point there again, or choose --park or --accept-current."


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a person lets a run be finished.

    Attributes:
        choice: one of `journal.events.Choice`.
        reason: why a connection is parked; for the journal and for everybody who wants to activate it later.
        who, why: for the journal.
    """

    choice: str
    reason: str = ""
    who: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)


def recover_run(context: Context, view: RunView, recovery: Recovery) -> tuple[UnitEnd, ...]:
    """Settle one open run.

    Returns:
        The end of every unit; the run is closed in the journal with 5 (a unit is as before) or 0, or stays open with 6.

    Raises:
        JournalError: the journal cannot be written; nothing was sent.
        Interrupted: a signal stopped it; the run stays open.
    """
    plan, choice = plan_of(view), recovery.choice
    context.language = plan.language
    context.record("recovery-opened", choice=choice, fencing=context.lease.fencing, actor=dict(recovery.who), why=dict(recovery.why))
    _settle_waiting(context, view)
    context.touched.update(address for address, unit in view.units.items() if unit.touched)
    planned = [unit for unit in plan.units if str(unit.address) in view.units]
    order = planned if choice == Choice.FORWARD else list(reversed(planned))
    ends = {str(unit.address): _recover_unit(context, plan, unit, view.units[str(unit.address)], recovery) for unit in order}
    units = tuple(ends[str(unit.address)] for unit in planned)
    exit_code = _exit_code(units, choice)
    if exit_code != NEEDS_ATTENTION:
        units = tuple(replace(unit, next_step="") for unit in units)
    context.record(
        "run-closed",
        exit_code=exit_code,
        ends={address: end.end.value for address, end in ends.items()},
        head=context.journal.recorded().head,
    )
    return units


def _exit_code(units: tuple[UnitEnd, ...], choice: str) -> int:
    """6 while something is unproved; what a person accepts or parks is proved by the read that shows it.

    A way forward that leaves a unit as before, or one that the run never began, stopped short of the plan: 5, as of an apply.
    """
    settled = choice in (Choice.ACCEPT_CURRENT, Choice.PARK)
    if any(unit.end is End.NEEDS_ATTENTION and (not settled or unit.reason.startswith(UNPROVED)) for unit in units):
        return NEEDS_ATTENTION
    reached = settled or (choice == Choice.FORWARD and all(unit.end is End.AS_DESIRED for unit in units))
    return DONE if reached else STOPPED_SHORT


def plan_of(view: RunView) -> Plan:
    """The plan that a run was about.

    Raises:
        JournalError: it is not in this version's format.
    """
    try:
        return from_json(view.plan)
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(
            "The journal cannot be used", "The plan in it is not of this version's format.", "Use the version that made the run."
        ) from error


def unsettled(unit: UnitView) -> bool:
    """Whether something was sent for it that has no proved end."""
    return unit.touched and unit.phase is not UnitPhase.DONE


def _settle_waiting(context: Context, view: RunView) -> None:
    """Give the write that nobody saw the end of an outcome, and wait until it must have landed or died."""
    waiting = view.waiting
    unit = "" if view.state.waiting is None else view.state.waiting.unit
    if waiting is not None:
        context.record(
            "outcome",
            unit=unit,
            step=waiting.step,
            intent=waiting.seq,
            outcome="unknown",
            detail="the process ended before it saw an answer",
            status=None,
            reasons=[],
            seconds=0.0,
        )
    if waiting is not None or any(one.in_doubt is not None for one in view.units.values()):
        context.clock.sleep(context.timeouts.settle)


def _recover_unit(context: Context, plan: Plan, unit: Unit, state: UnitView, recovery: Recovery) -> UnitEnd:
    if state.phase is UnitPhase.DONE:
        return _finished(unit, End(state.end), state.reason, written=state.touched)
    running = Running(unit)
    if not state.touched:
        return _close(context, running, Back(End.UNTOUCHED, "nothing was sent for it"))
    try:
        running = told(lambda: rebuild(context, unit, state))
        running.replaces = replaced_by(plan, unit)
        bound = context.journal.recorded().bindings
        running.ids = {**planned_ids(plan), **{address: row.id for address, row in bound.items()}}
        if recovery.choice in (Choice.BACK, Choice.FORWARD):
            told(lambda: _see_where_it_points(context, plan, running, recovery.choice))
        match recovery.choice:
            case Choice.ACCEPT_CURRENT:
                back = accept(context, running, state)
            case Choice.PARK:
                back = told(lambda: park(context, running, state, recovery.reason))
            case Choice.FORWARD:
                told(lambda: _see_what_takes_its_place(context, running))
                back = _forward(context, running, state)
            case _:
                back = _back(context, running, "recover --back")
    except (JournalError, Interrupted):
        raise  # the run stays open
    except ReconcilerError as error:
        back = Back(End.NEEDS_ATTENTION, f"{UNPROVED}, the recovery stopped: {error}")
    return _close(context, running, back)


def _see_what_takes_its_place(context: Context, running: Running) -> None:
    """See that the old row of a move is deleted only beside the new one.

    Raises:
        ConflictError: the new one is not there; nothing was sent.
    """
    moved = running.address.moved
    if moved is None or running.unit.kind is not UnitKind.DELETE or not _stands(context, running.row_id):
        return
    new = context.journal.recorded().bindings.get(str(moved))
    if new is None or new == running.unit.row or not _stands(context, new.id):
        text = f"{moved}, which takes the place of {running.name}, does not exist, so the old row stays."
        raise ConflictError("Somebody else is at work", text, "Choose --back.")


def _stands(context: Context, row_id: int) -> bool:
    row = agreed(context, lambda: context.connection(row_id), rows.settled)
    return row is not None and not row.deleted


def _see_where_it_points(context: Context, plan: Plan, running: Running, choice: str) -> None:
    """See that what is sent goes where the run sent it, or to where its own plan moves the connector.

    Raises:
        ConflictError: somebody moved the connector; nothing was sent.
    """
    planned = {step.act for step in running.unit.steps} & {Act.SAVE, Act.CREATE}
    saves = planned if choice == Choice.FORWARD else running.wrote & {Act.SAVE}
    if running.address.kind != "connection" or not running.connector_id or not saves:
        return
    if running.connector_id not in context.pointing:
        row = agreed(context, lambda: context.connector(running.connector_id), rows.settled)
        context.pointing[running.connector_id] = "" if row is None or row.deleted else row.url
    if not points_where(context, running, {running.unit.connector_url, url_set(running.unit, plan.units)} - {""}):
        raise ConflictError("Somebody else is at work", POINTS_ELSEWHERE.format(running.name, running.connector_id), _POINT_BACK)


def _back(context: Context, running: Running, reason: str) -> Back:
    shut = sorted(running.carried.shut & running.carried.changed) if running.save_may_hold else []
    for keys, why in (
        (running.unknown_before, "was once a secret, and cannot be opened here"),
        (shut, "is sealed in the journal, and the key at hand does not open it"),
    ):
        if keys:
            text = f"The value that {', '.join(keys)} had before {why}: it cannot go back."
            return Back(End.NEEDS_ATTENTION, f"{text} Choose --forward, or use the key that it was sealed with.")
    context.record("rollback-opened", unit=running.name, reason=reason)
    return told(lambda: kinds.roll_back(context, running))


def _forward(context: Context, running: Running, state: UnitView) -> Back:
    """Go on; where a step does not reach its check, go back as an apply would."""
    begun = len(running.wrote)
    try:
        return told(lambda: go_forward(context, running, state))
    except (JournalError, Interrupted, InDoubt, LeaseLost):
        raise
    except (StepFailed, TargetError) as failure:
        back = _back(context, running, f"recover --forward: {failure}")
        return replace(back, reason=f"{str(failure).rstrip('. ')}. {back.reason}".rstrip(". ") + ".")
    except ReconcilerError as refusal:
        if isinstance(refusal, ConflictError) or type(refusal) is RunError or begun != len(running.wrote):
            raise
        return Back(End.NEEDS_ATTENTION, f"It cannot go forward here: {refusal} Choose --back or --park.")


def _close(context: Context, running: Running, back: Back) -> UnitEnd:
    context.record(
        "unit-closed",
        unit=running.name,
        digest=running.unit.digest,
        end=back.end.value,
        reason=back.reason,
        rolled_back=back.end is End.AS_BEFORE,
        applied=back.end is End.AS_DESIRED,
        window_s=None,
        residue=list(back.residue),
    )
    ended = _finished(running.unit, back.end, back.reason, written=running.name in context.touched)
    return replace(ended, residue=back.residue, rolled_back=back.end is End.AS_BEFORE)


def _finished(unit: Unit, end: End, reason: str, *, written: bool) -> UnitEnd:
    attention = end is End.NEEDS_ATTENTION
    return UnitEnd(unit.address, unit.kind.value, end, reason, written=written, next_step="reconciler recover" if attention else "")


__all__ = ["Recovery", "plan_of", "recover_run", "unsettled"]
