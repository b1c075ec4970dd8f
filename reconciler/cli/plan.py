"""`reconciler plan`: what would change, why, in which steps, and what stands in the way.

Effects: reads the files and the tenant; writes the standard streams and the file of `-o`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import exits
from reconciler.cli.output import FINDINGS, writer
from reconciler.cli.settings import Settings, command

if TYPE_CHECKING:
    from reconciler.model import Plan
    from reconciler.report.invocation import Invocation

__all__ = ["next_steps", "plan"]


@command("plan", formats=("text", "json", *FINDINGS))
@click.option("-o", "--out", "saved_as", metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
@click.option("--allow", metavar="HAZARD=ADDRESS", multiple=True, help="Permit one barrier, as the plan spells it; repeat it for more.")
@click.option("--since", metavar="REV", help="Tell who changed what by the files at a commit; by default by the journal.")
@click.option("--only-intent", is_flag=True, help="Leave what only the tenant changed as it is, and list it.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
def plan(
    settings: Settings, *, saved_as: str | None, allow: tuple[str, ...], since: str | None, only_intent: bool, detailed_exitcode: bool
) -> int:
    """Compare the files with the tenant and show what would change.

    Nothing is written to the tenant, and no secret value is needed.
    A plan with a barrier that is not permitted, or that the target's policy denies, is shown and saved, and exits with 3.
    """
    from reconciler import flow
    from reconciler.cli.permissions import checked_permissions
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.cli.who import who
    from reconciler.report.plan_text import plan_page

    permissions = checked_permissions(allow)
    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        with busy(settings, f"Reading {session.target.name}"):
            desired = flow.load(session, tuple(settings.files))
            earlier = None if since is None else flow.desired_at(session, since, tuple(settings.files))
            made = flow.make_plan(
                session,
                desired,
                permissions=permissions,
                since=earlier,
                only_intent=only_intent,
                occasion=flow.Occasion("plan", who(os.environ)),
            )
        if saved_as is not None:
            flow.save_plan(made, Path(saved_as))
        announce_open_runs(settings, session, typed)
        code = exits.of_plan(made, detailed=detailed_exitcode)
        windows = session.recorded().window_seconds
        steps = next_steps(made, typed, saved_as, unfinished=bool(session.recorded().open_runs))
        if settings.text:
            streams.out(plan_page(made, window_seconds=windows, width=streams.width(), next_steps=steps))
        else:
            if settings.annotates:
                streams.err(plan_page(made, window_seconds=windows, width=streams.width(err=True), next_steps=steps))
            streams.data(writer(settings).plan(made, window_seconds=windows, next_steps=steps, exit_code=code))
    return code


def next_steps(made: Plan, typed: Invocation, saved_as: str | None, *, unfinished: bool) -> list[tuple[str, str]]:
    """What can be typed after this plan."""
    from reconciler.report.invocation import Invocation

    if unfinished:
        return [("First", typed.type("recover"))]
    if made.stopping:
        needed = sorted({*made.permissions, *(hazard.permission for hazard in made.stopping)})
        words = ["plan", "-o", saved_as] if saved_as is not None else ["plan"]
        return [("If that is what you want", typed.type(*words, files=True, allow=needed))]
    if not made.units or made.denied:
        return []
    if saved_as is not None:
        return [("Next", Invocation().type("apply", saved_as))]
    return [("Next", typed.type("apply", files=True, allow=made.permissions))]
