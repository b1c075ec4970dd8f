"""Run a plan under the lease.

Effects: writes the tenant and the journal.
Neighbours: called by `cli` through `flow`; `apply` does the work.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from reconciler import __version__
from reconciler.apply.context import LEASE_MARGIN_S, Context
from reconciler.apply.exits import run_exit_code
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.run import Options, run_plan
from reconciler.desired import in_ci
from reconciler.errors import CheckFailed, JournalError, OpenRun, ReconcilerError, RefusedError, StalePlan
from reconciler.flow.judging import Occasion, judged_again, passed_by_glass, refuse_denied
from reconciler.flow.planning import target_digest
from reconciler.flow.recording import account_members
from reconciler.journal.lease import acquire
from reconciler.model import End, Plan, Recorded, Ruling, RunEnd, RunReport, Unit, UnitEnd
from reconciler.plan.codec import policy_to_json
from reconciler.plan.known import known_of
from reconciler.session import Session

Listener = Callable[[str, Mapping[str, Any]], None]


def apply_plan(
    session: Session,
    plan: Plan,
    *,
    atomic: bool = False,
    keep_going: bool = False,
    retry_failed: bool = False,
    saved: bool = False,
    who: Mapping[str, Any] | None = None,
    why: Mapping[str, Any] | None = None,
    glass: Mapping[str, Any] | None = None,
    listener: Listener | None = None,
    left: Sequence[UnitEnd] = (),
    under: frozenset[str] = frozenset(),
) -> RunReport:
    """Run a plan under the lease, with signals handled.

    Args:
        left: what was to run and may not; it ends untouched, so the whole ends short.
        glass: `reason` and what was `passed`, where a person went past a control on purpose; the journal flags the run.
        under: digests of the plans that ran under the same approval.

    Raises:
        RefusedError: a check before the first write said no; nothing was written.
        InputError, TargetError: a secret or the tenant is not at hand; nothing was written.
    """
    refuse_unfit(session, plan, saved=saved, glass=glass is not None)
    refuse_unshared(session)
    verdict = judged_again(session, plan, Occasion("apply", who or {}, why or {}), glass=glass is not None)
    if glass is not None and verdict is not None:
        glass = {**glass, "passed": list(dict.fromkeys([*glass["passed"], *passed_by_glass(verdict.of(Ruling.DENIED))]))}
    with Applying(session, who or {}, listener) as applying:
        context = applying.context
        recorded = context.journal.recorded()
        units = units_to_run(plan, recorded, saved=saved, retry_failed=retry_failed, under=under)
        left = (*left_alone(plan, units, recorded, session.runs()), *left) if saved else left
        rows = {str(unit.address): unit.row.guid if unit.row is not None else "" for unit in units if unit.address.kind == "connection"}
        try:
            actor = account_of(session, who)
            account = account_members(session, plan, glass=glass, policy=policy_to_json(verdict))
            options = Options(atomic=atomic, keep_going=keep_going, who=actor, why=why or {}, account=account)
            return with_left(run_plan(context, plan, units, known_of(recorded, rows), options), left)
        except JournalError as error:
            if not context.touched:
                # An intent that could not be journalled was not sent, so nothing was.
                error.exit_code = 1
                context.interrupts.write_begun = False
            else:
                error.hint = f"{error.hint} Then settle the run: reconciler recover".lstrip()
            raise
        finally:
            session.write_begun = context.interrupts.write_begun


def left_alone(plan: Plan, units: Sequence[Unit], recorded: Recorded, runs: Sequence[RunEnd]) -> tuple[UnitEnd, ...]:
    """The units of a saved plan that an earlier run of it began and did not bring to what the plan says: this run leaves them alone."""
    mine = [run for run in runs if run.plan_digest == plan.digest]
    unsettled = {name for run in mine for name, end in run.units.items() if end == End.NEEDS_ATTENTION}
    left = []
    for unit in plan.units:
        back = unit.digest in recorded.rolled_back
        if unit not in units and (back or str(unit.address) in unsettled):
            was = "was rolled back" if back else "was settled in another state"
            reason = f"it ran under this plan before and {was}; make a new plan for it"
            left.append(UnitEnd(unit.address, unit.kind.value, End.UNTOUCHED, reason))
    return tuple(left)


def with_left(report: RunReport, left: Sequence[UnitEnd]) -> RunReport:
    """The report of a run with the units that were not allowed to take part in it."""
    if not left:
        return report
    units = (*report.units, *left)
    return replace(report, units=units, exit_code=report.exit_code or run_exit_code(units, None))


def refuse_unshared(session: Session) -> None:
    """Refuse to write from CI under a journal that ends with the runner: an interrupted run could then be settled by nobody.

    Raises:
        RefusedError
    """
    target = session.target
    if in_ci(session.environ) and target.journal is None and not target.journal_local:
        raise RefusedError(
            "No shared journal",
            f"This runs in CI, and the journal of {target.name} lies on this runner's disk: after an interrupted run nobody could "
            "tell what was written.",
            "Give the target a shared one, `journal: {url: {secret: env:RECONCILER_JOURNAL}}`, or accept that with `journal: local`.",
        )


def refuse_unfit(session: Session, plan: Plan, *, saved: bool, glass: bool = False) -> None:
    """Refuse a plan that is not for this target, not for now, or not permitted.

    Raises:
        StalePlan, CheckFailed
    """
    again = "Make a new one with `reconciler plan -o FILE`."
    if plan.target != session.target.name:
        raise StalePlan("The plan is for another target", f"It was made for {plan.target}, and this is {session.target.name}.", again)
    if saved and plan.target_digest != target_digest(session.target):
        raise StalePlan("The plan is stale", f"Limits or policy of {plan.target} changed since it was made.", again)
    if saved and plan.tool_version != __version__:
        raise StalePlan("The plan is stale", f"It was made by version {plan.tool_version}, and this is {__version__}.", again)
    if saved and session.clock.now() > datetime.fromisoformat(plan.expires):
        raise StalePlan("The plan has expired", f"It was good until {plan.expires}.", again)
    _refuse_expired_permits(plan, session.clock.now())
    if plan.stopping:
        listed = ", ".join(hazard.permission for hazard in plan.stopping)
        raise CheckFailed("The plan is not permitted", f"These barriers stand in its way: {listed}.", _permitted_how(plan, saved=saved))
    refuse_denied(plan, glass=glass)


def _permitted_how(plan: Plan, *, saved: bool) -> str:
    """What to do about barriers; a saved plan is what was reviewed, so nothing is added to it when it runs."""
    if not saved:
        return "Permit each with --allow NAME=ADDRESS after a look, or under `permits:` in the files."
    needed = sorted({*plan.permissions, *(hazard.permission for hazard in plan.stopping)})
    allowed = [part for permission in needed for part in ("--allow", permission)]
    again = shlex.join(["reconciler", "--target", plan.target, "plan", "-o", "FILE", *allowed])
    return (
        f"A saved plan is permitted when it is made: after a look, `{again}`, have that plan approved, and apply it. Or permit it in the "
        "files, under `permits:`, and plan again."
    )


def _refuse_expired_permits(plan: Plan, now: datetime) -> None:
    """Refuse a plan that a permit let through whose time is over by now.

    Raises:
        StalePlan
    """
    over = [f"{one.permit.permission} (good until {one.permit.until})" for one in plan.permitting if one.permit.expired(now)]
    if over:
        hint = "Have a new permit reviewed, and make a new plan with `reconciler plan -o FILE`."
        raise StalePlan("A permit of the plan has expired", f"What it let through is no longer permitted: {', '.join(over)}.", hint)


def refuse_used_permits(plan: Plan, recorded: Recorded, under: frozenset[str] = frozenset()) -> None:
    """Refuse a plan that a permit let through which another plan used up meanwhile; under this plan it goes on counting.

    Args:
        under: digests of the plans that ran under the same approval: it was given for one of them, so in each of them it goes on counting.

    Raises:
        StalePlan
    """
    used = {one.permit.permission: recorded.permits.get(one.permit.digest) for one in plan.permitting}
    gone = [f"{name} (used by {by.run})" for name, by in used.items() if by is not None and by.plan_digest not in {plan.digest, *under}]
    if gone:
        hint = "A permit counts once: have a new one reviewed, and make a new plan with `reconciler plan -o FILE`."
        raise StalePlan("A permit of the plan is used up", f"It let an earlier run through: {', '.join(gone)}.", hint)


def units_to_run(
    plan: Plan, recorded: Recorded, *, saved: bool, retry_failed: bool, under: frozenset[str] = frozenset()
) -> tuple[Unit, ...]:
    """The units that this plan may still run: a saved plan is used once per unit.

    Args:
        under: digests of the plans that ran under the same approval.

    Raises:
        OpenRun: an earlier run is unfinished.
        StalePlan: every unit of the plan was already begun, or a permit that it needs let another plan through.
        CheckFailed: a unit was rolled back the last time, and nobody said to try again.
    """
    if recorded.open_runs:
        runs = ", ".join(run.run for run in recorded.open_runs)
        raise OpenRun(
            "An earlier run is unfinished", f"{runs} has to be settled before anything else is written.", "Look with `reconciler recover`."
        )
    refuse_used_permits(plan, recorded, under)
    begun = recorded.begun.get(plan.digest, frozenset()) if saved else frozenset()
    units = tuple(unit for unit in plan.units if str(unit.address) not in begun)
    if plan.units and not units:
        raise StalePlan("The plan is used up", "Every unit of it was already run.", "Make a new one with `reconciler plan -o FILE`.")
    again = [str(unit.address) for unit in units if unit.digest in recorded.rolled_back]
    if again and not retry_failed:
        text = f"The same change of {', '.join(again)} was rolled back the last time it ran."
        raise CheckFailed("It failed before", text, "Change the file, or try again with --retry-failed.")
    return units


class Applying:
    """The lease, the journal of one run and the signal handlers, held together for the length of a block."""

    def __init__(self, session: Session, who: Mapping[str, Any], listener: Listener | None, run: str | None = None) -> None:
        self._session = session
        self._who = who
        self._listener = listener or (lambda _kind, _body: None)
        self._run = run

    def __enter__(self) -> Self:
        session = self._session
        store = session.store(create=True)
        run = self._run or store.new_run_id(os.urandom)
        timeouts = session.target.timeouts
        longest = max(timeouts.read, timeouts.connector) + timeouts.connect + LEASE_MARGIN_S
        self._stack = ExitStack()
        with ExitStack() as stack:
            interrupts = stack.enter_context(Interrupts().listening())
            store.database.shield = interrupts.holding
            stack.callback(setattr, store.database, "shield", nullcontext)
            actor = str(self._who.get("actor") or self._who.get("user") or "")
            lease = acquire(store, session.target.name, run, actor, 2 * longest + timeouts.settle, session.clock)
            stack.callback(lease.release)
            self.context = Context(
                reader=session.gateway,
                tester=session.gateway,
                writer=session.gateway,
                mappings=session.gateway,
                mapping_writer=session.gateway,
                journal=store.journal(session.target.name, run),
                lease=lease,
                secrets=session.secrets,
                sealer=session.sealer,
                clock=session.clock,
                timeouts=timeouts,
                listener=self._listener,
                interrupts=interrupts,
                conceal=session.gateway.conceal,
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()


def account_of(session: Session, who: Mapping[str, Any] | None) -> dict[str, Any]:
    """Who runs it, with the tenant's word for that (`principal`; empty while it does not answer)."""
    try:
        principal = session.gateway.principal()
    except ReconcilerError:
        principal = ""
    return {**(who or {}), "principal": principal}
