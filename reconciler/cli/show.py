"""`reconciler show RUN`: one run from its first event to its last. `reconciler show PLAN.JSON`: a saved plan, in any format.

Effects: reads the journal or the plan file; writes the standard streams.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.output import DOCUMENTS, FINDINGS, writer
from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

__all__ = ["show"]


@command("show", formats=("text", "json", *FINDINGS))
@click.argument("what", metavar="RUN|PLAN.JSON")
def show(settings: Settings, *, what: str) -> int:
    """Show one run: what was found, sent, answered, tested and proved, and how each unit ended. Or show a saved plan again.

    RUN is the run's id or enough of its beginning; `reconciler history` lists them. No tenant is asked.
    """
    return _show_plan(settings, Path(what)) if Path(what).is_file() else _show_run(settings, what)


def _show_plan(settings: Settings, path: Path) -> int:
    """The plan of a file, as `plan` showed it: a pipeline plans once, and has the log, the comment, the page and the widget from that."""
    from reconciler import flow
    from reconciler.cli.plan import next_steps
    from reconciler.report.invocation import Invocation
    from reconciler.report.plan_text import plan_page

    made = flow.load_plan(path)
    settings.target = made.target
    streams = settings.streams
    steps = [] if made.stopping else next_steps(made, Invocation(), str(path), unfinished=False)
    if settings.text or settings.annotates:
        aside = not settings.text
        (streams.err if aside else streams.out)(plan_page(made, width=streams.width(err=aside), next_steps=steps))
    if not settings.text:
        settings.command = "plan"  # one category and one comment with the plan itself
        streams.data(writer(settings).plan(made, window_seconds={}, next_steps=steps, exit_code=0))
    return 0


def _show_run(settings: Settings, run: str) -> int:
    from reconciler import flow
    from reconciler.cli.session import announce_open_runs, invocation, opened
    from reconciler.report.show_text import show_page

    if settings.format not in ("text", "json", *DOCUMENTS):
        raise UsageProblem(
            "Format not available",
            f"`show` writes {settings.format} of a saved plan, not of a run.",
            f"Of a run it writes text, json, {', '.join(DOCUMENTS[:-1])} and {DOCUMENTS[-1]}.",
        )
    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        view = flow.run_view(session, run)
        announce_open_runs(settings, session, typed)
        if settings.text:
            streams.out(show_page(view, invocation=typed, width=streams.width()))
        else:
            streams.data(writer(settings).show(view))
    return 0
