"""`reconciler history`: the runs on a target, one line each.

Effects: reads the journal; writes the standard streams.
"""

from __future__ import annotations

from reconciler.cli.settings import Settings, command

__all__ = ["history"]


@command("history")
def history(settings: Settings) -> int:
    """List the runs on a target, oldest first. No tenant is asked."""
    from reconciler.cli.session import announce_open_runs, invocation, opened
    from reconciler.report.lists_text import history_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        announce_open_runs(settings, session, typed)
        runs, name = session.runs(), session.target.name
        if settings.json:
            from reconciler.report.json import history_object, json_text

            streams.data(json_text(history_object(name, runs)))
        else:
            streams.out(history_page(name, runs, width=streams.width()))
    return 0
