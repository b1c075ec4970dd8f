"""`reconciler drift`: what differs though nobody changed the files; with `--write`, the files say what is live.

Effects: reads the files, the journal and the tenant; with `--write` replaces files; writes the standard streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import exits
from reconciler.cli.output import FINDINGS, writer
from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

if TYPE_CHECKING:
    from reconciler.model import Drift
    from reconciler.report.invocation import Invocation

__all__ = ["drift"]


@command("drift", formats=("text", "json", *FINDINGS))
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when the tenant was changed.")
@click.option("--write", is_flag=True, help="Patch the files to say what is live; comments and everything else stay.")
@click.option("--only", metavar="ADDRESS", multiple=True, help="With --write: only this, as in connection/visma-no; repeat it for more.")
@click.option("--since", metavar="REV", help="Tell who changed what by the files at a commit; by default by the journal.")
def drift(settings: Settings, *, detailed_exitcode: bool, write: bool, only: tuple[str, ...], since: str | None) -> int:
    """Show what was changed on the tenant and not in the files. Nothing is written to the tenant.

    What only the files changed is no drift: it waits to be applied. With --write the files are patched where only the tenant
    changed, ready for a pull request; where both did, a person decides.
    """
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, busy, invocation, opened
    from reconciler.report.drift_text import drift_page

    if only and not write:
        raise UsageProblem("Nothing to choose from", "`--only` belongs to `--write`.", "Write: reconciler drift --write --only ADDRESS")
    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        files = tuple(settings.files)
        with busy(settings, f"Reading {session.target.name}"):
            earlier = None if since is None else flow.desired_at(session, since, files)
            found = flow.write_drift(session, files, only, since=earlier) if write else flow.find_drift(session, files, since=earlier)
        announce_open_runs(settings, session, typed)
    code = exits.of_drift(found, detailed=detailed_exitcode)
    steps = _next_steps(found, typed, since, write=write)
    if settings.text or settings.annotates:
        aside = not settings.text
        (streams.err if aside else streams.out)(drift_page(found, next_steps=steps, width=streams.width(err=aside)))
    if not settings.text:
        streams.data(writer(settings).drift(found, code, next_steps=steps))
    return code


def _next_steps(found: Drift, typed: Invocation, since: str | None, *, write: bool) -> list[tuple[str, str]]:
    """Keep it, or take it back."""
    if write or not found.changes:
        return []
    given = () if since is None else ("--since", since)
    return [
        ("To keep it, in the files", typed.type("drift", *given, "--write", files=True)),
        ("To take it back, on the tenant", typed.type("plan", *given, "-o", "plan.json", files=True)),
    ]
