"""Problems, tests, checked files and errors as documents.

In -> Out: the values that the text renderers get -> documents for `markdown` and `html`.
Neighbours: called by `formats`.

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.errors import InputError, ReconcilerError
from reconciler.model import Address, Desired, NotChecked, Problem, TestResult
from reconciler.report.document import Block, Cell, Document, Paragraph, Table, Tone, code, strong, words
from reconciler.report.plan_document import not_checked_section
from reconciler.report.tested import verdict_text
from reconciler.report.untrusted import shortened
from reconciler.report.values import counted, seconds_text

__all__ = ["error_document", "fmt_document", "validate_document", "verdicts_document"]

_LONGEST = 600
_LONGEST_NAME = 160


def validate_document(
    desired: Desired | None, problems: Sequence[Problem], *, target: str | None, not_checked: Sequence[NotChecked] = ()
) -> Document:
    """Whether the files are valid, everything that is not, and what the tenant could not tell."""
    about: Cell = (words(" for "), code(shortened(target, _LONGEST_NAME))) if target else ()
    if problems:
        title = (words("Files"), *about, words(f": {counted(len(problems), 'problem')}"))
        return Document("validate", target or "", title, (_problems(problems),), tone=Tone.DANGER)
    title = (words("Files"), *about, words(": valid"))
    held = desired.files if desired else ()
    names = ", ".join(shortened(name, _LONGEST_NAME) for name, _ in held) or "nothing"
    counts = [counted(len(desired.connections), "connection"), counted(len(desired.connectors), "connector")] if desired else []
    checked = Paragraph((words(f"Checked: {names}: {', '.join(counts)}."),))
    left = (not_checked_section(not_checked),) if not_checked else ()
    return Document("validate", target or "", title, (checked, *left), tone=Tone.GOOD)


def verdicts_document(target: str, results: Sequence[tuple[Address | str, TestResult]]) -> Document:
    """Every test with its verdict and time."""
    counts = Counter(result.passed for _, result in results)
    told = [f"{counts[key]:,} {verdict_text(key)}" for key in (True, False, None) if counts[key]]
    rows = tuple(
        (
            (words("passed") if one.ok else strong(verdict_text(one.passed)),),
            (code(shortened(str(subject), _LONGEST_NAME)),),
            (words(seconds_text(one.seconds)),),
            (words(shortened(one.detail, _LONGEST)),) if one.detail else (),
        )
        for subject, one in results
    )
    blocks = (Table("Every test, as the tenant made it", ("Verdict", "Connection", "Took", "Detail"), rows, row_head=1),) if rows else ()
    title = (words("Tests on "), code(shortened(target, _LONGEST_NAME)), words(f": {', '.join(told) or 'there is no connection to test'}"))
    return Document("test", target, title, blocks, tone=Tone.GOOD if all(one.ok for _, one in results) else Tone.DANGER)


def fmt_document(files: Sequence[tuple[str, bool]], *, check: bool) -> Document:
    """One row for each file."""
    changed = sum(1 for _, one in files if one)
    verdict = "not canonical" if check else "rewritten"
    rows = tuple(((strong(verdict) if one else words("canonical"),), (code(shortened(name, _LONGEST_NAME)),)) for name, one in files)
    told = f"{changed:,} of {counted(len(files), 'file')} {verdict}" if changed else f"{counted(len(files), 'file')}, all canonical"
    blocks = (Table("Every file", ("Form", "File"), rows, row_head=1),) if rows else ()
    return Document("fmt", "", (words(f"Form of the files: {told}"),), blocks, tone=Tone.WARNING if changed else Tone.GOOD)


def error_document(error: ReconcilerError, *, command: str, target: str | None) -> Document:
    """Why a command did not do what it was asked for, and what to do."""
    about: Cell = (words(" for "), code(shortened(target, _LONGEST_NAME))) if target else ()
    title = (words(f"{command.capitalize() or 'The command'} failed"), *about, words(f": {error.summary.rstrip('.')}"))
    blocks: list[Block] = [_problems(error.problems)] if isinstance(error, InputError) else []
    if error.detail and not blocks:
        blocks.append(Paragraph((words(shortened(error.detail, 4 * _LONGEST)),)))
    if error.hint:
        blocks.append(Paragraph((strong("What to do:"), words(f" {shortened(error.hint, _LONGEST)}"))))
    return Document(command or "command", target or "", title, tuple(blocks), (("exit code", (words(str(error.exit_code)),)),), Tone.DANGER)


def _problems(problems: Sequence[Problem]) -> Table:
    rows = tuple(
        (
            (code(shortened(str(one.source), _LONGEST_NAME)),) if one.source else (),
            (words(shortened(one.message, _LONGEST)),),
            (words(shortened(one.hint, _LONGEST)),) if one.hint else (),
        )
        for one in sorted(problems, key=lambda entry: entry.order)
    )
    return Table("Everything that is wrong", ("Where", "What", "What to do"), rows)
