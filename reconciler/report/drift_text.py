"""What differs though nobody changed the files: as a person reads it, as a document, and for a machine.

In -> Out: a drift -> a page, a document, or a JSON object.
Neighbours: called by `cli.drift` and `formats`.

    reconciler/drift/v1  target, exit_code, changes, both (address, path, live, files, source), waiting, unknown, written, by_hand

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.model import Change, Drift
from reconciler.plan.codec import value_to_json
from reconciler.report.actors_text import place_text, sides_text
from reconciler.report.document import Block, Cell, Document, Paragraph, Section, Tone, Typed, code, table, words
from reconciler.report.page import Page, Span, Style, bold, command, dim, plain
from reconciler.report.plan_document import address_text, drift_table
from reconciler.report.untrusted import shortened
from reconciler.report.values import counted, entries

__all__ = ["drift_document", "drift_object", "drift_page"]

Steps = Sequence[tuple[str, str]]
_BOTH = "Changed in the files and on the tenant"
_BY_HAND = "Left to you"


def drift_page(drift: Drift, *, next_steps: Steps = (), width: int | None = None) -> Page:
    """Thing by thing: what the tenant has, and what the files say."""
    page = Page(width)
    style = Style.WARNING if drift.found else Style.GOOD
    page.line(bold(f"Drift of {drift.target}"), ": ", Span(f"{_summary(drift)}.", style))
    for title, changes in (("", drift.changes), (_BOTH, drift.both)):
        if title and changes:
            page.gap()
            page.line(bold(title), dim("  (neither side is simply right)"))
        for address in dict.fromkeys(change.address for change in changes):
            page.gap()
            page.line(bold(str(address)))
            rows = [[dim(""), dim("on the tenant"), dim("in the files"), dim("")]]
            rows += [row for change in changes if change.address == address for row in _rows(change)]
            page.columns(rows, indent=2)
    if drift.by_hand:
        page.gap()
        page.line(bold(_BY_HAND))
        page.columns([(bold(str(one.address)), plain(place_text(one.path)), dim(why)) for one, why in drift.by_hand], indent=2)
    page.gap()
    for sentence in _rest(drift):
        page.prose(sentence)
    if next_steps:
        page.gap()
        page.columns([(plain(f"{label}:"), command(typed)) for label, typed in next_steps])
    return page


def drift_document(drift: Drift, *, next_steps: Steps = ()) -> Document:
    """The same as a document."""
    blocks: list[Block] = [drift_table(drift.changes)] if drift.changes else []
    if drift.both:
        blocks.append(Section((words(f"{_BOTH}: neither side is simply right"),), (drift_table(drift.both),)))
    if drift.by_hand:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            ((code(address_text(one.address)),), (code(shortened(place_text(one.path), 160)),), (words(why),)) for one, why in drift.by_hand
        )
        blocks.append(Section((words(_BY_HAND),), (table("What the files could not be made to say", ("What", "Value", "Why"), rows),)))
    blocks += [Paragraph((words(sentence),)) for sentence in _rest(drift)]
    blocks += [Typed(label, typed) for label, typed in next_steps]
    title = (words("Drift of "), code(shortened(drift.target, 160)), words(f": {_summary(drift)}"))
    return Document("drift", drift.target, title, tuple(blocks), tone=Tone.WARNING if drift.found else Tone.GOOD)


def drift_object(drift: Drift, exit_code: int) -> dict[str, Any]:
    """The same for a machine; `live` is what the tenant has, `files` what the files say."""
    return {
        "format": "reconciler/drift/v1",
        "target": drift.target,
        "exit_code": exit_code,
        "changes": [_object(change) for change in drift.changes],
        "both": [_object(change) for change in drift.both],
        "waiting": drift.waiting,
        "unknown": drift.unknown,
        "written": [{"file": file, "values": number} for file, number in drift.written],
        "by_hand": [{"address": str(one.address), "path": list(one.path), "reason": why} for one, why in drift.by_hand],
    }


def _summary(drift: Drift) -> str:
    if not drift.found:
        return "none"
    things = len({change.address for change in (*drift.changes, *drift.both)})
    parts = [f"{counted(len(drift.changes), 'value')} of {counted(things, 'thing')} changed on the tenant"] if drift.changes else []
    parts += [f"{counted(len(drift.both), 'value')} changed on both sides"] if drift.both else []
    return ", ".join(parts)


def _rest(drift: Drift) -> list[str]:
    told = [f"Written to {shortened(file, 160)}: {counted(number, 'value')}." for file, number in drift.written]
    if drift.waiting:
        waits = "waits" if drift.waiting == 1 else "wait"
        told.append(f"No drift: {counted(drift.waiting, 'value')} that only the files changed {waits} to be applied.")
    if drift.unknown:
        text = f"{counted(drift.unknown, 'value')} {'differs' if drift.unknown == 1 else 'differ'}, and the journal does not know what was"
        told.append(f"{text} agreed on: nobody can tell who changed that. Give --since, or apply.")
    return told


def _rows(change: Change) -> list[list[Span]]:
    rows = []
    for path, before, after in entries(change):
        live, written = sides_text(path, before, after)
        place = str(change.source) if change.source else ""
        rows.append([plain(place_text(path)), plain(live), plain(written), dim(place)])
    return rows


def _object(change: Change) -> dict[str, Any]:
    source = change.source
    return {
        "address": str(change.address),
        "path": list(change.path),
        "live": value_to_json(change.before),
        "files": value_to_json(change.after),
        "source": None if source is None else {"file": source.file, "line": source.line, "column": source.column},
    }
