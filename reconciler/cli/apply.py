"""`reconciler apply`: make the tenant as the files ask, or run a plan that was saved and reviewed.

Effects: reads the files, writes the tenant and the journal; reads and writes the standard streams.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.break_glass import glass_of, why_options
from reconciler.cli.output import FINDINGS, writer
from reconciler.cli.running import ask, reasons, run, show_plan
from reconciler.cli.settings import Settings, command
from reconciler.errors import CheckFailed, RefusedError, StalePlan, TargetError, UsageProblem

if TYPE_CHECKING:
    from reconciler.cli.break_glass import Glass
    from reconciler.flow.reviewing import Approved
    from reconciler.model import Plan
    from reconciler.session import Session

__all__ = ["apply"]


@command("apply", formats=("text", "json", *FINDINGS))
@click.argument("plan_file", metavar="[PLAN.JSON]", required=False)
@click.option("--yes", is_flag=True, help="Do not ask. This permits no hazard.")
@click.option("--allow", metavar="HAZARD=ADDRESS", multiple=True, help="Permit one barrier, as the plan spells it; repeat it for more.")
@click.option("--atomic", is_flag=True, help="When a unit fails, roll back the ones before it as well.")
@click.option("--keep-going", is_flag=True, help="When a unit fails, go on with the next one.")
@click.option("--expect-digest", metavar="DIGEST", help="Run the saved plan only if this is its digest.")
@click.option("--require-approval", is_flag=True, help="Run the saved plan only if the forge says that somebody else approved it.")
@click.option("--attest-approval", metavar="TEXT", help="Who approved it elsewhere; the journal records it as said, not as verified.")
@click.option("--retry-failed", is_flag=True, help="Also run what was rolled back the last time.")
@why_options
def apply(settings: Settings, *, plan_file: str | None, yes: bool, allow: tuple[str, ...], **given: Any) -> int:
    """Plan, show the plan, ask, and run it; every unit is tested first, proved afterwards, and rolled back if it fails.

    With a saved plan: run exactly that. It asks nothing, reads no files with desired state, and takes target and permissions from the plan.
    """
    _check_usage(settings, plan_file, allow, given)
    given["glass"] = glass_of(given)
    if plan_file is not None:
        return _apply_saved(settings, Path(plan_file), given)
    return _apply_fresh(settings, allow, given, yes=yes)


def _check_usage(settings: Settings, plan_file: str | None, allow: tuple[str, ...], given: dict[str, Any]) -> None:
    """Refuse what contradicts itself before anything is read."""
    if plan_file is None and given["expect_digest"] is not None:
        raise UsageProblem(
            "Nothing to compare the digest with",
            "`--expect-digest` belongs to a saved plan.",
            "Write: reconciler apply plan.json --expect-digest DIGEST",
        )
    if plan_file is None and given["require_approval"]:
        raise UsageProblem(
            "Nothing that was approved",
            "`--require-approval` belongs to a saved plan.",
            "Write: reconciler apply plan.json --require-approval",
        )
    if plan_file is not None:
        beside = [name for name, value in (("-f", settings.files), ("--allow", allow)) if value]
        if beside:
            raise UsageProblem(
                "A saved plan stands for itself",
                f"`{'` and `'.join(beside)}` cannot be given beside {plan_file}: the plan holds what it was made from and what it permits.",
                "Give them to `reconciler plan -o FILE`, then apply that file.",
            )
    if given["atomic"] and given["keep_going"]:
        raise UsageProblem("Two ways to go on after a failure", "`--atomic` and `--keep-going` contradict each other.", "Give one of them.")


def _apply_saved(settings: Settings, path: Path, given: dict[str, Any]) -> int:
    from reconciler import flow
    from reconciler.cli.session import invocation, opened

    made = flow.load_plan(path, expect_digest=given["expect_digest"])
    if settings.target is not None and settings.target != made.target:
        raise StalePlan(
            "The plan is for another target",
            f"{path} was made for {made.target}, and `--target {settings.target}` was given.",
            "Leave --target out: the plan names it.",
        )
    typed = invocation(settings, made.target)
    with opened(settings, target=made.target) as session:
        if given["require_approval"]:
            allowed = _allowed(settings, session, made, given["glass"])
            if allowed is not None:
                made, given = allowed.plan, {**given, "approval": allowed.approval.as_json(), "left": allowed.left, "under": allowed.under}
        show_plan(settings, session, made)
        _refuse_early(session, made, given, saved=True)
        if not _has_work(session, made):
            return _nothing_to_do(settings, session, made)
        return run(settings, session, made, typed, given, saved=True)


def _allowed(settings: Settings, session: Session, made: Plan, glass: Glass | None) -> Approved | None:
    """What of a plan the forge says is approved; None where a person goes on without that, with the whole plan.

    Raises:
        CheckFailed, RefusedError, TargetError: nothing is, or nobody can tell, and nobody broke the glass.
        StalePlan: its approval was used already; no glass helps.
    """
    from reconciler import flow

    try:
        allowed = flow.approved(os.environ, session, made)
    except StalePlan:
        raise
    except (RefusedError, TargetError) as refusal:
        if glass is None:
            raise
        glass.past(refusal)
        return None
    if glass is not None and allowed.left:
        for unit in allowed.left:
            glass.passed.append(f"{unit.address}: {unit.reason}.")
        return None
    _say_approved(settings, allowed)
    return allowed


def _say_approved(settings: Settings, allowed: Approved) -> None:
    """Say who approved, and what of a new plan an approval of an earlier one does not cover."""
    from reconciler.report.untrusted import visible

    approval = allowed.approval
    what = (
        "" if approval.covers == "plan" else f" The approval is of an earlier plan, {approval.digest[:12]}…, and covers what is the same."
    )
    settings.streams.say(f"Approved by {visible(approval.reviewer)} on {approval.forge}, change {approval.change}.{what}\n")
    for unit in allowed.left:
        settings.streams.say(f"Left untouched: {visible(str(unit.address))}, {visible(unit.reason)}.\n")


def _apply_fresh(settings: Settings, allow: tuple[str, ...], given: dict[str, Any], *, yes: bool) -> int:
    from reconciler import flow
    from reconciler.cli.permissions import checked_permissions
    from reconciler.cli.session import busy, invocation, opened
    from reconciler.cli.who import who

    permissions = checked_permissions(allow)
    typed = invocation(settings)
    with opened(settings) as session:
        with busy(settings, f"Reading {session.target.name}"):
            desired = flow.load(session, tuple(settings.files))
            occasion = flow.Occasion("apply", who(os.environ), reasons(given))
            made = flow.make_plan(session, desired, permissions=permissions, occasion=occasion)
        show_plan(settings, session, made)
        if made.stopping:
            needed = sorted({*made.permissions, *(hazard.permission for hazard in made.stopping)})
            hint = f"If that is what you want: {typed.type('apply', files=True, allow=needed)}"
            raise CheckFailed("Nothing was applied", "The plan has a barrier that is not permitted.", hint)
        _refuse_early(session, made, given, saved=False)
        if not _has_work(session, made):
            return _nothing_to_do(settings, session, made)
        if made.units and not yes:
            ask(settings, made)
        return run(settings, session, made, typed, given, saved=False)


def _refuse_early(session: Session, made: Plan, given: dict[str, Any], *, saved: bool) -> None:
    """Refuse what the run would refuse anyway before a person is asked, and also where there is nothing to do.

    Raises:
        StalePlan, CheckFailed, OpenRun: as `flow.apply_plan`.
    """
    from reconciler.flow import lease_holder, passed_by_glass
    from reconciler.flow.applying import refuse_unfit, units_to_run

    glass: Glass | None = given.get("glass")
    refuse_unfit(session, made, saved=saved, glass=glass is not None)
    if glass is not None:
        glass.passed += passed_by_glass(made.denied)
    holder = lease_holder(session) if session.recorded().open_runs else None
    if holder is not None and holder.held:
        return  # that run may be under way, not unfinished: taking the lease tells
    under = given.get("under", frozenset())
    units_to_run(made, session.recorded(), saved=saved, retry_failed=given["retry_failed"], under=under)


def _has_work(session: Session, made: Plan) -> bool:
    """Whether there is something to write, or something that the journal does not remember yet: a row's identity, an agreement."""
    known = session.recorded().bindings
    return bool(made.units or made.agreed) or any(known.get(address) != row for address, row in made.bindings.items())


def _nothing_to_do(settings: Settings, session: Session, made: Plan) -> int:
    """The plan said so already; a machine gets its object all the same."""
    if not settings.text:
        from reconciler.model import RunReport
        from reconciler.report.invocation import Invocation

        report = RunReport("", made.target, made.digest, (), 0, session.recorded().head, 0.0)
        settings.streams.data(writer(settings).run(report, (), places={}, typed=Invocation()))
    return 0
