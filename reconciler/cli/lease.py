"""`reconciler lease`: who may write to the target now; and to take that right from somebody who will not give it back.

Effects: reads the journal; with --break writes it; writes the standard streams.
"""

from __future__ import annotations

import os

import click

from reconciler.cli.settings import Settings, command

__all__ = ["lease"]


@command("lease")
@click.option("--break", "name", metavar="NAME", help="Take the lease from its holder, named as it is shown.")
@click.option("--reason", metavar="TEXT", help="Goes into the journal, with --break.")
def lease(settings: Settings, *, name: str | None, reason: str | None) -> int:
    """Show who holds the right to write to the target: holder, host, run, age. It expires by itself.

    After --break, a run of the holder that is open has to be recovered before anything else is written; exits with 6 then.
    """
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, invocation, opened
    from reconciler.cli.who import who
    from reconciler.report.keeping_text import lease_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        if name is not None:
            flow.break_lease(session, name, actor=who(os.environ), reason=reason or "")
        found, store = flow.lease_holder(session), session.store(create=False)
        announce_open_runs(settings, session, typed)
        if settings.json:
            from reconciler.report.json import json_text, lease_object

            streams.data(json_text(lease_object(session.target.name, found, shared=store.database.shared)))
        else:
            now = session.clock.now()
            page = lease_page(
                session.target.name, found, now, place=store.place, shared=store.database.shared, broken=name, invocation=typed
            )
            streams.out(page)
        return 6 if name is not None and session.recorded().open_runs else 0
