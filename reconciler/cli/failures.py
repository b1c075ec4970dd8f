"""Whatever goes wrong, as text on standard error (and as an object on standard output for machines), with its exit code.

Effects: writes the standard streams; reads the files that problems point at, to show the line.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.commands import COMMANDS, nearest
from reconciler.cli.settings import Settings
from reconciler.cli.streams import Streams
from reconciler.errors import InputError, JournalError, ReconcilerError, UsageProblem

if TYPE_CHECKING:
    from reconciler.model import Problem, Source

__all__ = ["report_bug", "report_error", "report_interrupt", "report_refusal", "report_usage", "say_error", "source_lines"]

_LARGEST = 4 * 1024 * 1024
# Where YAML ends a line. Source: YAML 1.2 section 5.4, and 1.1 for the last three, which the scanner counts as well.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def report_usage(error: click.ClickException, streams: Streams) -> int:
    """A command line that cannot be understood: 64."""
    from reconciler.report.problems_text import usage_page

    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        streams.say(f"{error.format_message()}\n")
        return UsageProblem.exit_code
    name = ctx.command_path if ctx else "reconciler"
    hint = ""
    if isinstance(error, click.NoSuchOption):
        message = f"There is no option {error.option_name}."
        hint = nearest(error.option_name, _option_names(ctx)).strip()
    else:
        message = error.format_message()
    streams.err(usage_page(message, hint=hint, usage=f"Type `{name} --help` for what can be typed.", width=streams.width(err=True)))
    return UsageProblem.exit_code


def report_error(error: ReconcilerError, settings: Settings) -> int:
    """An error of ours: its object for a machine, its words, its code."""
    if isinstance(error, JournalError) and not _write_begun(settings):
        error.exit_code = 1  # without a journal nothing is sent, so nothing needs attention that did not before
    if not settings.text and not isinstance(error, UsageProblem):
        from reconciler.cli.output import writer

        settings.streams.data(writer(settings).error(error))
    say_error(error, settings.streams)
    return error.exit_code


def say_error(error: ReconcilerError, streams: Streams) -> None:
    """An error of ours in words: every problem at its place, or what went wrong and what to do."""
    from reconciler.report.problems_text import error_page, problems_page

    width = streams.width(err=True)
    if isinstance(error, InputError):
        lines = source_lines(error.problems)
        streams.err(problems_page(error.problems, summary=error.summary, hint=error.hint, lines=lines, width=width))
    else:
        streams.err(error_page(error, width=width))


def report_interrupt(name: str, code: int, settings: Settings) -> int:
    """A signal. Before any write that is its own exit code; after a run had ended, the run's; in between a run, 6."""
    if settings.ended is not None:
        return settings.ended
    if _write_begun(settings):
        settings.streams.say(f"Interrupted by {name} after a write had begun. Next: reconciler recover\n")
        return 6
    settings.streams.say(f"Interrupted by {name}; nothing was written.\n")
    return code


def report_refusal(error: OSError, settings: Settings) -> int:
    """The operating system does not let us at a file or a folder: no bug of ours, and often easily mended."""
    if not isinstance(error.filename, (str, bytes)):
        return report_bug(error, settings)
    refusal = ReconcilerError(
        "The operating system refused",
        f"{os.fsdecode(error.filename)}: {error.strerror or type(error).__name__}.",
        "Look at the rights and the space there.",
    )
    code = report_error(refusal, settings)
    if settings.ended is not None:
        return settings.ended
    if _write_begun(settings):
        settings.streams.say("A write had begun. Next: reconciler recover\n")
        return 6
    return code


def report_bug(error: BaseException, settings: Settings) -> int:
    """An exception that is not ours: one sentence, where, and the journal. Never its text and never a traceback, which may hold secrets."""
    from reconciler.report.problems_text import bug_page

    begun = _write_begun(settings) and settings.ended is None
    page = bug_page(
        type(error).__name__, _place(error), journal=_journal_of(settings.session), run_begun=begun, width=settings.streams.width(err=True)
    )
    settings.streams.err(page)
    return settings.ended if settings.ended is not None else 6 if begun else 70


def _write_begun(settings: Settings) -> bool:
    return bool(getattr(settings.session, "write_begun", False))


def source_lines(problems: Iterable[Problem]) -> dict[Source, str]:
    """The line at each problem's place, where the file can be read."""
    files: dict[str, list[str]] = {}
    found: dict[Source, str] = {}
    for problem in problems:
        source = problem.source
        if source is None or source.line < 1:
            continue
        if source.file not in files:
            files[source.file] = _lines_of(Path(source.file))
        if source.line <= len(files[source.file]):
            found[source] = files[source.file][source.line - 1]
    return found


def _lines_of(path: Path) -> list[str]:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return []
        return _LINE_END.split(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (OSError, ValueError):
        return []


def _place(error: BaseException) -> str:
    """The innermost line of ours, as `apply/run.py:120 (function)`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "reconciler" in Path(frame.filename).parts] or frames
    if not ours:
        return "an unknown place"
    frame = ours[-1]
    parts = Path(frame.filename).parts
    start = len(parts) - 1 - parts[::-1].index("reconciler") if "reconciler" in parts else len(parts) - 1
    return f"{'/'.join(parts[start:])}:{frame.lineno} ({frame.name})"


def _journal_of(session: Any) -> str:
    """Where the journal is."""
    target = getattr(session, "target", None)
    if target is not None and target.journal is not None:
        return f"the shared one ({target.journal.reference})"
    folder = getattr(session, "state_directory", None)
    return "" if folder is None else str(Path(folder) / "journal.db")


def _option_names(ctx: click.Context | None) -> list[str]:
    if ctx is None:
        return list(COMMANDS)
    return [name for parameter in ctx.command.get_params(ctx) for name in parameter.opts]
