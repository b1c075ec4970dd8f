"""The exceptions of an account as a document and as an object: each with its run, time, person, and whether somebody has looked.

In -> Out: flags and what they cover -> a document for `markdown`, `html` and `document_text`; an object for JSON.

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from reconciler.audit.flags import Flag
from reconciler.report.chain_text import chain_object, chain_warning
from reconciler.report.document import Block, Cell, Document, Paragraph, Points, Section, Table, Tone, Typed, code, faint, strong, words
from reconciler.report.invocation import Invocation
from reconciler.report.keeping_text import Check
from reconciler.report.untrusted import shortened
from reconciler.report.values import counted, when

__all__ = ["COVERAGE", "exceptions_document", "exceptions_object", "flag_object", "flags_table"]

_LONGEST: Final = 1500

COVERAGE: Final = (
    "It is read from this journal alone: a run that wrote under another journal, such as one on somebody's own disk, is not in it.",
    (
        "Changes that people make in SuperOffice by hand are known in two ways: a plan that was carried out found them, or two reads in a "
        "row (reconciler audit read) differ in what no run between them wrote. What was changed and changed back between two reads, "
        "passwords, connectors, and the order of connections are not seen."
    ),
    "Who is who rests on what the machine or the pipeline said of its user. Times are those of the machine that wrote them.",
)


def exceptions_document(
    target: str,
    flags: Sequence[Flag],
    checked: Check,
    *,
    period: str,
    reads: int,
    kinds: Sequence[str] = (),
    invocation: Invocation | None = None,
) -> Document:
    """Lay the exceptions of a period out.

    Args:
        reads: how many reads of the tenant the journal holds.
        kinds: those that were asked for; empty for all.
    """
    waiting = [flag for flag in flags if flag.review is None]
    blocks: list[Block] = [Paragraph((words(_summary(flags, waiting, period, kinds)),), Tone.WARNING if waiting else Tone.GOOD)]
    if not checked.sound:
        blocks.insert(0, Paragraph((words(f"{chain_warning(checked)} An exception may be missing here."),), Tone.DANGER))
    if flags:
        blocks.append(flags_table(f"Exceptions on {target}, oldest first", flags))
    typed = invocation or Invocation()
    if not checked.sound:
        blocks.append(Typed("To find the place", typed.type("audit", "verify")))
    elif waiting:
        review = typed.type("audit", "review", waiting[0].run or waiting[0].id, "--reason", "TEXT")
        blocks.append(Typed("To close the first of them, somebody who did not run it types", review))
    seen = f"The journal holds {counted(reads, 'read')} of the tenant." + (
        " Two at least are needed to compare them: let a nightly job type reconciler audit read." if reads < 2 else ""
    )
    covered = tuple((words(sentence),) for sentence in (*COVERAGE, seen))
    blocks.append(Section((words("What this list covers"),), (Points(covered),)))
    title = (words("Exceptions on "), code(shortened(target, 160)), words(f": {_count(flags, waiting)}"))
    tone = Tone.WARNING if waiting else Tone.GOOD
    return Document("exceptions", target, title, tuple(blocks), tone=tone if checked.sound else Tone.DANGER)


def flags_table(caption: str, flags: Sequence[Flag], *, of_one_run: bool = False) -> Table:
    """Exceptions as rows."""
    head = ("Exception", "When (UTC)", "Run", "By", "Reviewed", "What happened")
    rows = tuple(map(_flag_row, flags))
    kept = [number for number in range(len(head)) if not (of_one_run and head[number] == "Run")]
    return Table(caption, tuple(head[number] for number in kept), tuple(tuple(row[number] for number in kept) for row in rows))


def _flag_row(flag: Flag) -> tuple[Cell, ...]:
    """One exception as a row."""
    run: Cell = (code(flag.run),) if flag.run else (faint("none"),)
    person = (words(shortened(flag.person, 80)),) if flag.person else (faint("not known"),)
    return (code(flag.id),), (words(_minute(flag.at)),), run, person, _review(flag), (words(shortened(flag.text, _LONGEST)),)


def exceptions_object(
    target: str, flags: Sequence[Flag], checked: Check, *, exit_code: int, reads: int, begin: str, end: str
) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "format": "reconciler/exceptions/v1",
        "target": target,
        "exit_code": exit_code,
        "from": begin or None,
        "to": end or None,
        "reads": reads,
        "exceptions": [flag_object(flag) for flag in flags],
        "chain": chain_object(checked),
        "coverage": list(COVERAGE),
    }


def flag_object(flag: Flag) -> dict[str, Any]:
    """One exception."""
    review = flag.review
    reviewed = None if review is None else {"at": review.at, "by": review.person, "reason": review.reason}
    return {
        "id": flag.id,
        "kind": flag.kind.value,
        "at": flag.at,
        "run": flag.run or None,
        "by": flag.person or None,
        "text": flag.text,
        "reviewed": reviewed,
    }


def _count(flags: Sequence[Flag], waiting: Sequence[Flag]) -> str:
    if not flags:
        return "none"
    return f"{len(flags):,}, {f'{len(waiting):,} to be reviewed' if waiting else 'all reviewed'}"


def _summary(flags: Sequence[Flag], waiting: Sequence[Flag], period: str, kinds: Sequence[str]) -> str:
    about = f"For {period}" + (f", of the kinds {', '.join(kinds)}" if kinds else "")
    if not flags:
        return f"{about}, the journal knows no exception."
    counts = ", ".join(f"{number} {kind.value}" for kind, number in sorted(Counter(flag.kind for flag in flags).items()))
    open_ones = (
        f"{len(waiting):,} of them {'waits' if len(waiting) == 1 else 'wait'} for a review" if waiting else "all of them were reviewed"
    )
    return f"{about}, the journal knows {counted(len(flags), 'exception')} ({counts}); {open_ones}."


def _review(flag: Flag) -> Cell:
    if flag.review is None:
        return (strong("no"),)
    return (words(f"by {shortened(flag.review.person, 80)}, {_minute(flag.review.at)}: {shortened(flag.review.reason, 300)}"),)


def _minute(at: str) -> str:
    return when(at)[:16]
