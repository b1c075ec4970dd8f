"""`reconciler target check`: whether everything is in place at a target; writes nothing there.

Effects: reads the tenant, the target's own secrets and the journal; writes the standard streams.
"""

from __future__ import annotations

import click

from reconciler.cli import exits
from reconciler.cli.settings import Settings, command

__all__ = ["target"]


@click.group()
def target() -> None:
    """A tenant: look whether everything is in place."""


@command("check")
@click.argument("name", metavar="[NAME]", required=False)
def check(settings: Settings, *, name: str | None) -> int:
    """Look whether a target is ready: credentials, address, login, rights, the ErpSync agent, the clock, the journal.

    Writes nothing, and exits with 3 when something is missing, each with what to do.
    """
    from reconciler import flow
    from reconciler.cli.session import busy, invocation, opened
    from reconciler.report.check_text import check_page

    if name is not None:
        settings.target = name
    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        with busy(settings, f"Looking at {session.target.name}"):
            found = flow.check_target(session)
        if settings.json:
            from reconciler.report.json import check_object, json_text

            streams.data(json_text(check_object(found, exits.of_target_check(found))))
        else:
            streams.out(check_page(found, invocation=typed, width=streams.width()))
    return exits.of_target_check(found)


target.add_command(check)
