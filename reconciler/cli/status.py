"""`reconciler status`: each connection's state, open runs, and what to type next.

Effects: reads the tenant and the journal; writes the standard streams.
"""

from __future__ import annotations

from reconciler.cli.settings import Settings, command

__all__ = ["status"]


@command("status")
def status(settings: Settings) -> int:
    """Show each connection: whether it is active, its last sync, its last test; open runs, and what to type next."""
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.errors import TargetError
    from reconciler.report.lists_text import status_page
    from reconciler.report.recover_text import by_hand_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        announce_open_runs(settings, session, typed)
        try:
            with busy(settings, f"Reading {session.target.name}"):
                found = flow.status(session, tuple(settings.files))
        except TargetError:
            streams.err(by_hand_page(flow.recover_view(session, reach=False), invocation=typed, width=streams.width(err=True)))
            raise
        if settings.json:
            from reconciler.report.json import json_text, status_object

            streams.data(json_text(status_object(found)))
        else:
            streams.out(status_page(found, invocation=typed, width=streams.width()))
    return 0
