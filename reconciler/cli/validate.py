"""`reconciler validate`: is what the files say well-formed, complete and consistent? With `--online`, does the tenant have it?

Effects: reads the files; writes the standard streams.
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
    from collections.abc import Sequence

    from reconciler.model import Desired, NotChecked

__all__ = ["validate"]


@command("validate", formats=("text", "json", *FINDINGS))
@click.option("--online", is_flag=True, help="Also ask the tenant: connectors' fields, groups, users, ERP and CRM fields, list items.")
def validate(settings: Settings, *, online: bool) -> int:
    """Check the files against the schema and the rules, and say everything that is wrong at once.

    No tenant is asked and no secret is needed. With --online the tenant is read as well: what it does not have is a problem.
    """
    from reconciler import flow
    from reconciler.cli.failures import say_error
    from reconciler.clock import SystemClock
    from reconciler.errors import InputError

    streams = settings.streams
    desired, refusal = None, None
    left: Sequence[NotChecked] = ()
    try:
        now = SystemClock().now()
        if online:
            desired, left = _online(settings)
        else:
            desired = flow.validate(Path(), os.environ, tuple(settings.files), settings.target, now=now)
    except InputError as error:
        refusal = error
    problems = refusal.problems if refusal is not None else ()
    if not settings.text:
        streams.data(writer(settings).problems(desired, problems, left))
    elif desired is not None:
        from reconciler.report.lists_text import valid_page

        streams.out(valid_page(desired, target=settings.target, not_checked=left, width=streams.width()))
    if refusal is not None:
        say_error(refusal, streams)
    return exits.of_validate(len(problems))


def _online(settings: Settings) -> tuple[Desired, Sequence[NotChecked]]:
    """The desired state, held against the tenant by every rule of a plan, without showing one; and what the tenant could not tell."""
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened

    with opened(settings) as session:
        announce_open_runs(settings, session, invocation(settings))
        with busy(settings, f"Reading {session.target.name}"):
            desired = flow.load(session, tuple(settings.files), now=session.clock.now())
            plan = flow.make_plan(session, desired)
    return desired, plan.not_checked
