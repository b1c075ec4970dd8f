"""`reconciler rollback`: plan the way back to what a finished run found; review it, save it, or run it.

Effects: reads the journal and the tenant; writes the plan file with -o, else, when it is run, the tenant and the journal.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits
from reconciler.cli.break_glass import glass_of, why_options
from reconciler.cli.settings import Settings, command
from reconciler.errors import CheckFailed, UsageProblem

if TYPE_CHECKING:
    from reconciler.model import Plan
    from reconciler.session import Session

__all__ = ["rollback"]


@command("rollback")
@click.argument("run_id", metavar="RUN")
@click.option("-o", "--out", "saved_as", metavar="FILE", help="Save the plan, for `reconciler apply FILE`, and run nothing.")
@click.option("--yes", is_flag=True, help="Do not ask. This permits no hazard.")
@click.option("--allow", metavar="HAZARD=ADDRESS", multiple=True, help="Permit one barrier, as the plan spells it; repeat it for more.")
@why_options
def rollback(settings: Settings, *, run_id: str, saved_as: str | None, yes: bool, allow: tuple[str, ...], **given: Any) -> int:
    """Plan the way back to what a finished run found, show it, ask, and run it like any other plan.

    RUN is a run's id or its beginning, see `reconciler history`. Only what that run changed is put back; deletions and secrets
    are not, and it says so; nor are synchronised records. The files still ask for what was undone until they are changed.
    """
    from reconciler import flow
    from reconciler.cli.permissions import checked_permissions
    from reconciler.cli.running import ask, reasons, refuse_denied, run, show_plan
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.cli.who import who

    given["glass"] = glass_of(given, "rollback RUN")
    if given["glass"] is not None and saved_as is not None:
        raise UsageProblem(
            "Nothing runs that could go past a control",
            "`--break-glass` belongs to the command that runs the plan, and `-o` only saves it.",
            f"Save it without, then write: reconciler apply {saved_as} --break-glass --reason TEXT",
        )
    permissions = checked_permissions(allow)
    typed = invocation(settings)
    occasion = flow.Occasion("apply" if saved_as is None else "plan", who(os.environ), reasons(given))
    with opened(settings) as session:
        announce_open_runs(settings, session, typed)
        with busy(settings, f"Reading {session.target.name}"):
            made, stays = flow.make_rollback_plan(session, run_id, permissions=permissions, occasion=occasion)
        _tell(settings, stays)
        if saved_as is not None:
            return _save(settings, session, made, saved_as)
        show_plan(settings, session, made)
        if made.stopping:
            needed = sorted({*made.permissions, *(hazard.permission for hazard in made.stopping)})
            hint = f"If that is what you want: {typed.type('rollback', run_id, allow=needed)}"
            raise CheckFailed("Nothing was applied", "The plan has a barrier that is not permitted.", hint)
        refuse_denied(made, given)
        if not made.units:
            return 0
        if not yes and not session.recorded().open_runs:
            ask(settings, made)
        options = {"atomic": False, "keep_going": False, "retry_failed": True, **given}
        code = run(settings, session, made, typed, options, saved=False)
        if code == 0:
            settings.streams.say("The files still ask for what was undone: change them, or the next apply brings it back.\n")
        return code


def _tell(settings: Settings, stays: tuple[str, ...]) -> None:
    """Say what no plan brings back, before the plan."""
    from reconciler.report.keeping_text import stays_page

    if stays:
        settings.streams.err(stays_page(stays, width=settings.streams.width(err=True)))


def _save(settings: Settings, session: Session, made: Plan, saved_as: str) -> int:
    from reconciler import flow
    from reconciler.cli.running import show_plan

    flow.save_plan(made, Path(saved_as))
    if settings.json:
        from reconciler.plan.codec import to_bytes

        settings.streams.data(to_bytes(made).decode())
    else:
        show_plan(settings, session, made)
    return exits.of_plan(made, detailed=False)
