"""`reconciler journal`: export the journal, import it into another store, check it.

Effects: reads the journal, import writes it; reads and writes files; writes the standard streams.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

if TYPE_CHECKING:
    from reconciler.session import Session

__all__ = ["check", "journal"]


@command("journal")
@click.argument("action", type=click.Choice(["check", "export", "import"]))
@click.argument("source", metavar="[FILE]", required=False)
@click.option("-o", "--output", metavar="FILE", help="Where to export to; standard output without it.")
@click.option(
    "--anchor", "anchors", metavar="HEAD", multiple=True, help="A head that was kept elsewhere and has to be in it; repeat it for more."
)
def journal(settings: Settings, *, action: str, source: str | None, output: str | None, anchors: tuple[str, ...]) -> int:
    """Check the journal, export it as lines of JSON, or import such a file into this target's journal.

    An export holds all targets that share the journal. Importing moves a journal to another store, such as a shared one: the store has to
    be empty, or to hold the beginning of the same journal. A check that finds a break exits with 3.
    """
    wrong = source is None if action == "import" else source is not None
    if wrong or (output is not None and action != "export") or (anchors and action != "check"):
        raise UsageProblem(
            "Wrong arguments",
            f"`journal {action}` was given too much or too little.",
            "reconciler journal check [--anchor HEAD], journal export [-o FILE], journal import FILE",
        )
    from reconciler.cli.session import announce_open_runs, invocation, opened

    with opened(settings) as session:
        # What a check may find can keep even this from being told, so it comes first.
        code = check(settings, session, anchors) if action == "check" else 0
        if code == 0:
            announce_open_runs(settings, session, invocation(settings))
        match action:
            case "export":
                return _export(settings, session, output)
            case "import":
                return _import(settings, session, str(source))
            case _:
                return code


def check(settings: Settings, session: Session, anchors: tuple[str, ...]) -> int:
    """Check the journal and show what was found; 3 where a break was."""
    from reconciler import flow
    from reconciler.cli.session import invocation
    from reconciler.report.json import journal_check_object, json_text
    from reconciler.report.keeping_text import check_page

    found, place, kept = flow.check_journal(session, anchors), session.store(create=False).place, None
    if found.broken is None:
        kept = flow.kept(session)
    code = 0 if found.sound else 3
    if settings.json:
        settings.streams.data(json_text(journal_check_object(session.target.name, found, code, kept)))
    else:
        settings.streams.out(check_page(place, found, kept=kept, invocation=invocation(settings), width=settings.streams.width()))
    return code


def _export(settings: Settings, session: Session, output: str | None) -> int:
    from reconciler import flow

    count, text = flow.export_journal(session, None if output is None else Path(output))
    settings.streams.data(text)
    if output is not None:
        settings.streams.say(f"Exported {count:,} events to {output}.\n")
    return 0


def _import(settings: Settings, session: Session, file: str) -> int:
    from reconciler import flow

    moved = flow.import_journal(session, Path(file))
    settings.streams.say(
        f"{session.store(create=True).place} holds {moved.events:,} events, {moved.added:,} of them new. Head {moved.head}.\n"
    )
    return 0
