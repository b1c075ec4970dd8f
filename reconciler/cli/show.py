"""`reconciler show RUN`: one run from its first event to its last.

Effects: reads the journal; writes the standard streams.
"""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, command

__all__ = ["show"]


@command("show")
@click.argument("run", metavar="RUN")
def show(settings: Settings, *, run: str) -> int:
    """Show one run: what was found, sent, answered, tested and proved, and how each unit ended. No tenant is asked.

    RUN is the run's id or enough of its beginning; `reconciler history` lists them.
    """
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, invocation, opened
    from reconciler.report.show_text import show_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        view = flow.run_view(session, run)
        announce_open_runs(settings, session, typed)
        if settings.json:
            from reconciler.report.json import json_text, show_object

            streams.data(json_text(show_object(view)))
        else:
            streams.out(show_page(view, invocation=typed, width=streams.width()))
    return 0
