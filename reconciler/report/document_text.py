"""A document as text for a screen: the same words and tables as in HTML and Markdown.

In -> Out: a document -> a page.
Neighbours: for reports that have no page of their own; `markdown` and `html` write the same documents.

Effects: none.
"""

from __future__ import annotations

from reconciler.report.document import (
    Block,
    Cell,
    Changes,
    Document,
    Facts,
    Hazards,
    Look,
    Paragraph,
    Points,
    Section,
    Table,
    Tone,
    Typed,
)
from reconciler.report.page import Page, Span, Style, bold, command, dim, plain

__all__ = ["document_page"]

_STYLES = {Tone.GOOD: Style.GOOD, Tone.WARNING: Style.WARNING, Tone.DANGER: Style.DANGER, Tone.FAINT: Style.DIM}
_LOOKS = {Look.STRONG: Style.STRONG, Look.FAINT: Style.DIM}


def document_page(document: Document, *, width: int | None = None) -> Page:
    """Lay a document out."""
    page = Page(width)
    page.prose(_text(document.title), style=Style.STRONG)
    for block in document.blocks:
        page.gap()
        _block(page, block, 0)
    if document.foot:
        page.gap()
        page.columns([(dim(label), plain(_text(cell))) for label, cell in document.foot])
    return page


def _text(cell: Cell) -> str:
    return "".join(piece.text for piece in cell)


def _span(cell: Cell) -> Span:
    """A cell in the look of its first piece."""
    return Span(_text(cell), _LOOKS.get(cell[0].look, Style.PLAIN) if cell else Style.PLAIN)


def _block(page: Page, block: Block, indent: int) -> None:
    match block:
        case Paragraph():
            page.prose(_text(block.pieces), indent=indent, style=_STYLES.get(block.tone, Style.PLAIN))
        case Points():
            for item in block.items:
                page.prose(_text(item), indent=indent, lead=[dim("- ")])
        case Typed():
            page.line(f"{block.label}: ", command(block.command), indent=indent)
        case Facts():
            page.columns([(dim(label), plain(_text(cell))) for label, cell in block.rows], indent=indent)
        case Table() | Changes():
            page.line(dim(block.caption), indent=indent)
            _rows(page, block, indent + 2)
        case Hazards() | Section():
            _titled(page, block, indent)


def _titled(page: Page, block: Hazards | Section, indent: int) -> None:
    page.line(bold(block.title if isinstance(block, Hazards) else _text(block.title)), indent=indent)
    if isinstance(block, Hazards):
        for entry in block.entries:
            page.prose(entry.text, indent=indent + 2, lead=[bold(f"{entry.name} {entry.address}  ")], hang=indent + 4)
        return
    for number, inner in enumerate(block.blocks):
        if number:
            page.gap()
        _block(page, inner, indent + 2)


def _rows(page: Page, block: Table | Changes, indent: int) -> None:
    if isinstance(block, Changes):
        _changes(page, block, indent)
        return
    head = tuple(dim(title) for title in block.head)
    page.columns([head, *(tuple(map(_span, row)) for row in block.rows)], indent=indent, right=block.numbers)


def _changes(page: Page, block: Changes, indent: int) -> None:
    group = ""
    for row in block.rows:
        if row.group != group:
            group = row.group
            page.line(dim(group), indent=indent)
        sides = [Span(row.old, Style.REMOVED)] if row.old is not None else []
        sides += [dim("->")] if row.old is not None and row.new is not None else []
        sides += [Span(row.new, Style.ADDED)] if row.new is not None else []
        spaced = [part for side in sides for part in (side, plain(" "))]
        page.line(plain(f"{row.label}: "), *spaced, dim(row.remark), indent=indent + (2 if row.group else 0))
