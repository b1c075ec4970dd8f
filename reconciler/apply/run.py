"""Run a plan: check everything, then the units in their order, and roll back what fails.

In -> Out: a plan -> a `RunReport` whose every sentence a read proved.
Effects: writes the target and the journal.
Neighbours: called by `flow`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.apply import kinds
from reconciler.apply.below_json import below_to_json
from reconciler.apply.context import Context
from reconciler.apply.exits import run_exit_code
from reconciler.apply.preflight import check_fit, declare, run_tests, waits_for
from reconciler.apply.rollback import Back
from reconciler.apply.rows import connector_to_json, row_to_json
from reconciler.apply.running import Running, planned_ids, replaced_by
from reconciler.apply.surprises import told
from reconciler.errors import (
    CheckFailed,
    ConflictError,
    InDoubt,
    Interrupted,
    JournalError,
    LeaseLost,
    ReconcilerError,
    RefusedError,
    RunError,
    StepFailed,
)
from reconciler.model import Binding, End, Plan, Recorded, RunReport, Unit, UnitEnd, UnitKind
from reconciler.plan.codec import to_json


@dataclass(frozen=True, slots=True)
class Options:
    """How a person wants the run to go.

    Attributes:
        atomic: a failed unit also rolls back the units already done.
        keep_going: units after a failed one are still run, unless they hang on it.
        who, why: for the journal.
        account: what else the journal keeps of the run's beginning (tool, clock, controls, a broken glass): members of run-opened.
    """

    atomic: bool = False
    keep_going: bool = False
    command: str = "apply"
    who: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Progress:
    """Where the run stands."""

    plan: Plan
    units: Sequence[Unit]
    options: Options
    runnings: dict[str, Running] = field(default_factory=dict)
    ends: dict[str, UnitEnd] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    stopped: ReconcilerError | None = None
    refused: bool = False
    cut_short: bool = False
    """A signal, or a failure that is not of one unit alone, came at some unit, be it the first to fail or not."""

    @property
    def halted(self) -> bool:
        """Whether the units that are left stay untouched."""
        if self.stopped is None or self.refused:
            return self.refused
        unsettled = any(end.end is End.NEEDS_ATTENTION for end in self.ends.values())
        return unsettled or not self.options.keep_going or self.cut_short


def run_plan(context: Context, plan: Plan, units: Sequence[Unit], recorded: Recorded, options: Options) -> RunReport:
    """Run the given units of a plan.

    Raises:
        RefusedError, InputError, TargetError: a check before the first write said no; nothing was written. A run that was
            opened in the journal by then is closed there.
    """
    started = context.clock.monotonic()
    context.language = plan.language
    progress = Progress(plan, units, options, check_fit(context, plan, units, recorded))
    context.interrupts.free = False
    _open(context, progress)
    try:
        context.interrupts.free = True
        context.interrupts.checkpoint()
        run_tests(context, [one for one in progress.runnings.values() if not waits_for(one.unit, units)])
        context.interrupts.free = False
    except ReconcilerError as refusal:
        progress.stopped, progress.refused = refusal, True
    # From here on a signal is answered where the unit under way, and the run, get an end.
    context.interrupts.free = False
    for unit in units:
        _run_or_leave(context, progress, unit)
    if progress.stopped is not None and options.atomic:
        _undo_done(context, progress)
    ends = tuple(progress.ends[str(unit.address)] for unit in units)
    exit_code = run_exit_code(ends, progress.stopped)
    _close(context, progress, exit_code)
    if progress.stopped is not None and not any(end.written for end in ends):
        # The person gets the refusal itself, with the exit code that says that nothing was written.
        progress.stopped.exit_code = exit_code
        raise progress.stopped
    return RunReport(
        run=context.journal.run,
        target=plan.target,
        plan_digest=plan.digest,
        units=ends,
        exit_code=exit_code,
        head=context.journal.recorded().head,
        seconds=round(context.clock.monotonic() - started, 3),
        stopped=str(progress.stopped) if progress.stopped is not None else "",
    )


def _open(context: Context, progress: Progress) -> None:
    plan, options = progress.plan, progress.options
    context.record(
        "run-opened",
        **options.account,
        command=options.command,
        plan_digest=plan.digest,
        plan=to_json(plan),
        units=[str(unit.address) for unit in progress.units],
        actor=dict(options.who),
        why=dict(options.why),
        tool_version=plan.tool_version,
        target_digest=plan.target_digest,
        desired_digest=plan.desired_digest,
        fencing=context.lease.fencing,
        settle_s=context.timeouts.settle,
        permits={one.permit.digest: str(one.permit.address) for one in plan.permitting},
    )
    for address, binding in plan.bindings.items():
        _bind(context, address, binding, agreed=address in plan.agreed)


def _bind(context: Context, address: str, binding: Binding, *, agreed: bool = False) -> None:
    """Remember which row an address stands for, and that the files and the tenant agree on it from this run on."""
    if agreed or context.journal.recorded().bindings.get(address) != binding:
        context.record("bound", address=address, id=binding.id, guid=binding.guid)


def _close(context: Context, progress: Progress, exit_code: int) -> None:
    ends = {str(unit.address): progress.ends[str(unit.address)].end.value for unit in progress.units if str(unit.address) in progress.ends}
    context.record("run-closed", exit_code=exit_code, ends=ends, head=context.journal.recorded().head)


def _run_or_leave(context: Context, progress: Progress, unit: Unit) -> None:
    running = progress.runnings[str(unit.address)]
    missing = _missing(progress, unit)
    if progress.halted or missing:
        reason = missing if missing and not progress.halted else "an earlier unit stopped the run"
        if progress.stopped is not None and not any(end.written for end in progress.ends.values()):
            reason = str(progress.stopped.summary)
        _close_unit(context, progress, running, End.UNTOUCHED, reason=reason)
        return
    try:
        context.interrupts.checkpoint()
        told(lambda: _run_unit(context, progress, running, unit))
    except ReconcilerError as failure:
        _fail(context, progress, running, failure)


def _missing(progress: Progress, unit: Unit) -> str:
    """What of this run the unit hangs on and did not end as desired, as a reason; empty where nothing is missing."""
    waits = waits_for(unit, progress.units)
    if waits and not _is_done(progress, waits):
        return "its connector was not changed"
    moved = str(unit.address.moved or "")
    if moved in progress.runnings and not _is_done(progress, moved):
        return f"{moved}, which takes its place, was not created"
    return ""


def _is_done(progress: Progress, name: str) -> bool:
    return name in progress.ends and progress.ends[name].end is End.AS_DESIRED


def _run_unit(context: Context, progress: Progress, running: Running, unit: Unit) -> None:
    """Open the unit, perform its steps, close it as desired."""
    if unit.address.kind == "connection" and not running.connector_id:
        running.connector_id = progress.ids.get(unit.connector, 0)
    running.ids = {**planned_ids(progress.plan), **progress.ids}
    running.replaces = replaced_by(progress.plan, unit)
    kinds.open_row(context, running)
    _open_unit(context, running)
    if unit.row is not None and unit.kind is UnitKind.UPDATE and not unit.address.key.startswith("#"):
        _bind(context, running.name, unit.row)
    for step in unit.steps:
        context.interrupts.checkpoint()
        kinds.run_step(context, running, step)
    if running.row_id:
        progress.ids[running.name] = running.row_id
    if unit.address.kind == "connector":
        _test_dependents(context, progress, running)
    _close_unit(context, progress, running, End.AS_DESIRED)


def _open_unit(context: Context, running: Running) -> None:
    unit = running.unit
    row = running.observed
    observed: Any = None
    if row is not None:
        observed = row_to_json(row, running.hidden_keys, running.fields)
        if running.observed_below is not None:
            observed["below"] = below_to_json(running.observed_below)
    elif running.observed_connector is not None:
        observed = connector_to_json(running.observed_connector)
    elif running.observed_wide:
        observed = {name: list(value) if isinstance(value, tuple) else value for name, value in running.observed_wide.items()}
    context.record(
        "unit-opened",
        unit=running.name,
        digest=unit.digest,
        kind=unit.kind.value,
        row=None if unit.row is None else {"id": unit.row.id, "guid": unit.row.guid},
        observed=observed,
        raw_sealed=json.dumps({key: dict(entry) for key, entry in sorted(running.carried.old_sealed.items())}),
    )


def _test_dependents(context: Context, progress: Progress, done: Running) -> None:
    """Test the connections that waited for this connector; a refusal rolls the connector back."""
    waiting = [one for one in progress.runnings.values() if waits_for(one.unit, progress.units) == done.name]
    for one in waiting:
        one.connector_id = one.connector_id or done.row_id
        declare(context, one)
    try:
        run_tests(context, waiting)
    except RefusedError as refusal:
        raise StepFailed(refusal.summary, refusal.detail, refusal.hint) from refusal


# --- when a unit fails -----------------------------------------------------------------------------------------------


def _fail(context: Context, progress: Progress, running: Running, failure: ReconcilerError) -> None:
    """Bring the failed unit to an end that is true, and remember what stopped the run."""
    progress.stopped = progress.stopped or failure
    progress.cut_short |= not isinstance(failure, (StepFailed, ConflictError, CheckFailed))
    if isinstance(failure, JournalError):
        raise failure
    if running.name not in context.touched:
        _close_unit(context, progress, running, End.UNTOUCHED, reason=str(failure))
        return
    if isinstance(failure, (InDoubt, LeaseLost)) or type(failure) is RunError or (isinstance(failure, Interrupted) and failure.twice):
        _close_unit(context, progress, running, End.NEEDS_ATTENTION, reason=str(failure))
        return
    back = _roll_back(context, running, str(failure))
    reason = f"{str(failure).rstrip('. ')}. {back.reason}".rstrip(". ") + "." if back.reason else str(failure)
    _close_unit(context, progress, running, back.end, reason=reason, rolled_back=True, residue=back.residue)


def _roll_back(context: Context, running: Running, reason: str) -> Back:
    context.record("rollback-opened", unit=running.name, reason=reason)
    try:
        return told(lambda: kinds.roll_back(context, running))
    except JournalError:
        raise
    except ReconcilerError as error:
        again = str(error).rstrip(". ") in reason
        return Back(End.NEEDS_ATTENTION, "The rollback stopped for the same reason." if again else f"The rollback stopped: {error}")


def _undo_done(context: Context, progress: Progress) -> None:
    """`--atomic`: also roll back the units that were done, newest first, but not a new row whose old one is gone, nor what it stands on."""
    stays: dict[str, str] = {}
    for unit in reversed(list(progress.units)):
        end = progress.ends[str(unit.address)]
        if end.end is not End.AS_DESIRED or not end.written:
            continue
        if context.interrupts.count > 1:
            return
        running = progress.runnings[str(unit.address)]
        if running.name in stays:
            stays |= {unit.connector: f"{running.name} stays, and is on it"} if unit.connector else {}
            progress.ends[running.name] = replace(end, reason=f"another unit failed, and this one is not undone: {stays[running.name]}")
            continue
        back = _roll_back(context, running, "--atomic: another unit failed")
        if unit.kind is UnitKind.DELETE and back.end is End.AS_DESIRED:
            back = Back(End.AS_DESIRED, "A deletion cannot be undone.")
            stays |= {str(unit.address.moved): "the row whose place it takes is deleted"} if unit.address.moved else {}
        reason = "another unit failed and the plan is atomic" + (f". {back.reason}" if back.reason else "")
        _close_unit(context, progress, running, back.end, reason=reason, rolled_back=back.end is not End.AS_DESIRED, residue=back.residue)


def _close_unit(
    context: Context,
    progress: Progress,
    running: Running,
    end: End,
    *,
    reason: str = "",
    rolled_back: bool = False,
    residue: tuple[str, ...] = (),
) -> None:
    written = running.name in context.touched
    progress.ends[running.name] = _end(running, end, reason, written=written, rolled_back=rolled_back, residue=residue)
    context.record(
        "unit-closed",
        unit=running.name,
        digest=running.unit.digest,
        end=end.value,
        reason=reason,
        rolled_back=rolled_back,
        applied=end is End.AS_DESIRED,
        window_s=running.window_s,
        residue=list(residue),
    )


def _end(running: Running, end: End, reason: str, *, written: bool, rolled_back: bool, residue: tuple[str, ...]) -> UnitEnd:
    return UnitEnd(
        address=running.address,
        kind=running.unit.kind.value,
        end=end,
        reason=reason,
        rolled_back=rolled_back,
        written=written,
        next_step="reconciler recover" if end is End.NEEDS_ATTENTION else "",
        residue=residue,
        not_readable=tuple(f"config.{key}" for key in sorted(running.carried.values)) if end is End.AS_DESIRED else (),
        window_s=running.window_s,
        repair=running.repair,
    )


__all__ = ["Options", "Progress", "run_plan"]
