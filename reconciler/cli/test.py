"""`reconciler test`: let the tenant test its connections, as they are stored, with times.

Effects: calls the tenant's tests, which reach the ERP; writes the standard streams.
"""

from __future__ import annotations

import click

from reconciler.cli import exits
from reconciler.cli.output import FINDINGS, writer
from reconciler.cli.settings import Settings, command

__all__ = ["test"]


@command("test", formats=("text", "json", *FINDINGS))
@click.argument("connections", metavar="[CONNECTION]...", nargs=-1)
def test(settings: Settings, *, connections: tuple[str, ...]) -> int:
    """Test connections as they are stored: those named, by key, address or display name, else what -f names, else all.

    Exits with 3 when a test does not pass.
    """
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.report.lists_text import verdicts_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        announce_open_runs(settings, session, typed)
        with busy(settings, f"Testing on {session.target.name}"):
            results = flow.test_connections(session, connections, tuple(settings.files))
        code = exits.of_tests(result for _, result in results)
        name = session.target.name
        if settings.text or settings.annotates:
            aside = not settings.text
            (streams.err if aside else streams.out)(verdicts_page(name, results, width=streams.width(err=aside)))
        if not settings.text:
            streams.data(writer(settings).tests(results, code))
    return code
