"""`reconciler recover`: finish runs that were interrupted; without a choice, show what is known and recommend one.

Effects: reads the journal and the tenant; with a choice it writes both; writes the standard streams.
"""

from __future__ import annotations

import os

import click

from reconciler.cli import exits
from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

__all__ = ["recover"]


@command("recover")
@click.option("--back", "choice", flag_value="back", help="Undo what the run wrote, and prove it.")
@click.option(
    "--accept-current", "choice", flag_value="accept-current", help="Take what the tenant shows now for what it is, and close the run."
)
@click.option("--forward", "choice", flag_value="forward", hidden=True)
@click.option("--park", "choice", flag_value="park", hidden=True)
def recover(settings: Settings, *, choice: str | None) -> int:
    """Finish what an interrupted run left open. Without a choice: show what is known, what users see now, and what is recommended.

    Exits with 6 while a run is open and nothing was chosen, 5 after --back, 0 after --accept-current.
    """
    if choice in ("forward", "park"):
        raise UsageProblem(
            "Choice not available",
            f"`--{choice}` is not in this version.",
            "There are --back and --accept-current; bare, the command recommends one.",
        )
    from reconciler import flow
    from reconciler.cli.apply import run_watched, show_report
    from reconciler.cli.session import busy, invocation, opened
    from reconciler.cli.who import who
    from reconciler.report.progress import Progress
    from reconciler.report.recover_text import recover_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        if choice is not None and session.recorded().open_runs:
            chosen, progress = choice, Progress.of(None)
            report = run_watched(settings, progress, lambda listener: flow.recover(session, chosen, who=who(os.environ), listener=listener))
            return show_report(settings, report, progress, typed, recovery=choice)
        with busy(settings, f"Reading {session.target.name}"):
            units = flow.recover_view(session)
        code = exits.of_recover(len(session.recorded().open_runs))
        if settings.json:
            from reconciler.report.json import json_text, recover_object

            streams.data(json_text(recover_object(session.target.name, units, code)))
        else:
            streams.out(recover_page(session.target.name, units, invocation=typed, width=streams.width()))
    return code
