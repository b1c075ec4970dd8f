"""Opens the target that a command names, and tells a person of runs that are unfinished.

Effects: those of `flow.open_target`; writes standard error.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings
from reconciler.errors import JournalError, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.report.invocation import Invocation
    from reconciler.session import Session

__all__ = ["announce_open_runs", "busy", "invocation", "opened"]


@contextlib.contextmanager
def opened(settings: Settings, *, target: str | None = None) -> Iterator[Session]:
    """The session of a command, for as long as the block lasts. What it needs is made when it is first asked for.

    Args:
        target: the one to open instead of what `--target` says (a saved plan names its own).

    Raises:
        JournalError: the block met something that it could not make sense of, and the journal was changed after it was written.
    """
    from reconciler import flow

    debug = _debug_line(settings) if settings.debug else None
    name = settings.target if target is None else target
    with flow.open_target(name, directory=Path(), environ=os.environ, debug=debug) as session:
        settings.session = session
        settings.target = session.target.name
        try:
            yield session
        except (ReconcilerError, OSError, click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            # Who changes an event can leave it in any form. Only a journal that holds makes this a bug of the tool.
            changed = None if session.write_begun or settings.ended is not None else _changed_journal(session)
            if changed is None:
                raise
            raise changed from error


def _changed_journal(session: Session) -> JournalError | None:
    """What to say of a journal that was changed after it was written; None where it holds or cannot be asked."""
    from reconciler import flow

    try:
        found = flow.check_journal(session, ())
    except ReconcilerError:
        return None
    if found.broken is None:
        return None
    hint = "Look for the place with: reconciler audit verify"
    return JournalError("Journal cannot be trusted", f"{found.broken.reason} This command cannot go by what it says.", hint)


def invocation(settings: Settings, planned: str | None = None) -> Invocation:
    """What has to be typed again for the same target and files; asked for before a session fills in the target's name.

    Args:
        planned: the target of a saved plan, which takes the place of `--target`; the emulator is what is taken without one.
    """
    from reconciler.desired.targets import EMULATOR
    from reconciler.report.invocation import Invocation

    return Invocation(settings.target or (planned if planned != EMULATOR else None), tuple(settings.files))


def announce_open_runs(settings: Settings, session: Session, typed: Invocation) -> None:
    """Say which runs are unfinished; every command that only reads does."""
    from reconciler.report.lists_text import open_runs_page

    runs = session.recorded().open_runs
    if runs:
        settings.streams.err(open_runs_page(runs, invocation=typed, width=settings.streams.width(err=True)))


def busy(settings: Settings, words: str) -> contextlib.AbstractContextManager[None]:
    """Show that something takes its time, where a person watches and nothing else is written meanwhile."""
    from reconciler.cli import live

    return live.busy(words, settings.streams, drawn=settings.streams.lively and not settings.debug)


def _debug_line(settings: Settings) -> Callable[[str], None]:
    """Writes one line per call."""
    from reconciler.report.page import Page, dim, plain

    def write(text: str) -> None:
        page = Page()
        page.line(dim("debug  "), plain(text))
        settings.streams.err(page)

    return write
