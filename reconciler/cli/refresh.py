"""`reconciler refresh`: ask a connector for its fields again, as a planned and journalled run.

Effects: writes the tenant and the journal; reads and writes the standard streams.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.break_glass import glass_of, why_options
from reconciler.cli.settings import Settings, command
from reconciler.errors import CheckFailed

if TYPE_CHECKING:
    from reconciler.model import Desired
    from reconciler.session import Session

__all__ = ["refresh"]


@command("refresh")
@click.argument("connection")
@click.option("--yes", is_flag=True, help="Do not ask. This permits no hazard.")
@click.option("--allow", metavar="HAZARD=ADDRESS", multiple=True, help="Permit one barrier, as the plan spells it; repeat it for more.")
@why_options
def refresh(settings: Settings, *, connection: str, yes: bool, allow: tuple[str, ...], **given: Any) -> int:
    """Ask the connector of CONNECTION for its fields again, for the day it was upgraded.

    An active connection is inactive meanwhile. New fields come without a direction, vanished ones are kept and marked.
    """
    from reconciler import flow
    from reconciler.cli.permissions import checked_permissions
    from reconciler.cli.running import ask, reasons, refuse_denied, run, show_plan
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.cli.who import who

    given["glass"] = glass_of(given, "refresh CONNECTION")
    permissions = checked_permissions(allow)
    typed = invocation(settings)
    occasion = flow.Occasion("apply", who(os.environ), reasons(given))
    with opened(settings) as session:
        announce_open_runs(settings, session, typed)
        with busy(settings, f"Reading {session.target.name}"):
            made = flow.make_refresh_plan(
                session, connection, desired=_files(settings, session), permissions=permissions, occasion=occasion
            )
        show_plan(settings, session, made)
        if made.stopping:
            needed = sorted({*made.permissions, *(hazard.permission for hazard in made.stopping)})
            hint = f"If that is what you want: {typed.type('refresh', connection, allow=needed)}"
            raise CheckFailed("Nothing was applied", "The plan has a barrier that is not permitted.", hint)
        refuse_denied(made, given)
        if not yes and not session.recorded().open_runs:
            ask(settings, made)
        options = {"atomic": False, "keep_going": False, "retry_failed": True, **given}
        return run(settings, session, made, typed, options, saved=False)


def _files(settings: Settings, session: Session) -> Desired | None:
    """What the files say, where there are some: fields that come with the refresh get it in the same run."""
    from reconciler import flow

    if not any(path.exists() for path in session.desired_paths(tuple(settings.files))):
        return None
    return flow.load(session, tuple(settings.files))
