"""Problems with the input, and errors, as a person reads them: the place first, the line with a caret, then what to do.

In -> Out: problems (and the source lines that could be read) -> a page; an error -> a page.
Neighbours: called by `cli`, which reads the lines; this module decides what of a line may be shown.

A line of a file may hold a secret that somebody wrote in clear. So a value is repeated only where its key is one of ours that
never holds one; every other line is shown up to its key.

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reconciler.errors import ReconcilerError
from reconciler.model import Problem, Source
from reconciler.report.page import Page, Span, Style, bold, cells, command, dim
from reconciler.report.untrusted import shortened, visible

__all__ = ["error_page", "excerpt", "problems_page"]

# Keys of our own files whose values are names, numbers and switches. `url`, `secret`, everything below `config` and `auth`: not here.
_OPEN_KEYS = frozenset(
    {
        *("version", "language", "name", "description", "connector", "active", "scope", "groups", "users", "uses", "sync"),
        *("identifies_erp", "renamed_from", "moved_from", "absent", "protect", "id", "kind", "environment", "tenant"),
        *("interval", "on", "rank", "direction", "plan_expires", "timeouts", "connect", "read", "settle", "limits"),
        *("max_changed", "max_deleted", "max_deactivated", "calls_per_second", "parallel_reads", "deactivate_for", "barriers"),
        *("da", "de", "en", "es", "fi", "fr", "it", "nb", "nl", "nn", "no", "pl", "sv"),
    }
)
_KEYED = re.compile(r"(?P<lead>[ \t]*(?:- +)?)(?P<key>[^\s:#'\"{}\[\],&*!|>%@`-][^:#'\"{}\[\],]*):(?P<rest>[ \t].*|)")
_INNER_KEY = re.compile(r"([^\s:{}\[\],]+)\s*:")
_WIDEST = 120


def problems_page(
    problems: Sequence[Problem], *, summary: str = "", hint: str = "", lines: Mapping[Source, str] | None = None, width: int | None = None
) -> Page:
    """Lay out all problems of one run, in the order of their places.

    Args:
        summary: what they stop, in the error's own words; the count alone is said in any case.
        lines: the text of the line at a place, where the file could be read.
    """
    page = Page(width)
    count = len(problems)
    total = "1 problem found" if count == 1 else f"{count:,} problems found"
    own_words = summary if summary.casefold() != total.casefold() else ""
    if own_words:
        page.prose(f"{own_words.rstrip('.:')}:", style=Style.DANGER)
    for problem in sorted(problems, key=lambda entry: entry.order):
        lead = [bold(f"{problem.source}: ")] if problem.source else []
        page.prose(problem.message, lead=lead, hang=4)
        line = (lines or {}).get(problem.source) if problem.source else None
        if line is not None and problem.source:
            _excerpt(page, line, problem.source)
        if problem.hint:
            _hint(page, problem.hint, indent=4)
        page.gap()
    if count > 1 or not own_words:
        page.prose(f"{total}.", style=Style.DANGER)
    _hint(page, hint)
    return page


def error_page(error: ReconcilerError, *, width: int | None = None) -> Page:
    """Lay out one error: summary and detail, then what to do."""
    page = Page(width)
    lead = [Span(f"{error.summary.rstrip('.')}{'.' if not error.detail else ':'}{' ' if error.detail else ''}", Style.DANGER)]
    page.prose(error.detail, lead=lead, hang=2)
    _hint(page, error.hint)
    return page


def excerpt(line: str) -> str | None:
    """The part of a source line that may be shown; None when nothing of it may.

    Never longer than the line, and equal to it as far as it goes, so that a column still points at its place.
    """
    line = line.rstrip("\r\n")
    found = _KEYED.fullmatch(line)
    if not found:
        return None
    rest = found["rest"]
    if _is_open(found["key"]) and all(_is_open(key) for key in _INNER_KEY.findall(rest)):
        return line
    return line[: found.end("key") + 1]


def _hint(page: Page, hint: str, indent: int = 0) -> None:
    """What to do next, on one line: it may hold a command to copy."""
    if hint:
        page.line(Span("hint: ", Style.COMMAND), hint, indent=indent)


def _is_open(key: str) -> bool:
    return key.strip() in _OPEN_KEYS


def _excerpt(page: Page, line: str, source: Source) -> None:
    """The line with its number, and a caret below the column."""
    shown = excerpt(line)
    if shown is None or len(shown) > _WIDEST:
        return
    number = str(source.line)
    hidden = len(shown.rstrip()) < len(line.rstrip())
    page.line(dim(f"{number} | "), visible(shown.replace("\t", " ")), dim(" ..." if hidden else ""), indent=4)
    if 1 <= source.column <= len(shown) + 2:
        before = cells(visible(shown[: source.column - 1].replace("\t", " ").ljust(source.column - 1)))
        page.line(dim(" " * len(number) + " | "), " " * before, Span("^", Style.DANGER), indent=4)


def usage_page(message: str, *, hint: str = "", usage: str = "", width: int | None = None) -> Page:
    """Lay out what is wrong with a command line."""
    page = Page(width)
    page.prose(shortened(message, 600), style=Style.DANGER)
    _hint(page, hint)
    if usage:
        page.line(dim(usage))
    return page


def bug_page(kind: str, place: str, *, journal: str = "", run_begun: bool = False, width: int | None = None) -> Page:
    """Lay out an exception that is not ours: one sentence, where, and the journal.

    The exception's own text may hold anything, a secret too, so it is not shown.
    """
    page = Page(width)
    page.prose(f"This is a bug in reconciler: {kind} at {place}.", style=Style.DANGER)
    if run_begun:
        page.prose("A write had begun, so the tenant needs attention; the journal holds every step that was taken.", style=Style.DANGER)
        page.line("Next: ", command("reconciler recover"))
    if journal:
        page.line("Journal: ", journal)
    return page
