"""Two targets side by side.

In -> Out: a comparison -> a page.
Neighbours: called by `cli.compare`.

Effects: none.
"""

from __future__ import annotations

from reconciler.model import Address, Change
from reconciler.plan.compare import Comparison
from reconciler.report.page import Page, Span, Style, bold, dim, plain
from reconciler.report.values import before_after, counted, entries, path_text, value_text

__all__ = ["compare_page"]


def compare_page(found: Comparison, *, width: int | None = None) -> Page:
    """What differs, thing by thing; what only one side has; what nobody can compare."""
    page = Page(width)
    page.line(bold(f"{found.one} beside {found.other}"), f": {_summary(found)}.")
    for address in sorted({change.address for change in found.changes}):
        page.gap()
        name = found.names.get(address)
        page.line(bold(str(address)), *((dim(f"  {value_text(name)}"),) if name is not None else ()))
        rows = [[Span("", Style.DIM), Span(found.one, Style.DIM), Span(found.other, Style.DIM)]]
        rows += [row for change in found.changes if change.address == address for row in _rows(change)]
        page.columns(rows, indent=2)
    for label, things in ((found.one, found.only_one), (found.other, found.only_other)):
        if things:
            page.gap()
            page.line(bold(f"Only in {label}"))
            page.columns([[plain(kind), plain(value_text(name))] for kind, name in things], indent=2)
    if found.unclear:
        page.gap()
        names = ", ".join(value_text(name) for name in found.unclear)
        page.prose(f"Not compared, because the name stands for several things: {names}.", style=Style.WARNING, hang=2)
    if found.not_compared:
        page.gap()
        page.prose(f"Not compared, because nobody can see them: {_places(found.not_compared)}.", style=Style.DIM, hang=2)
    return page


def _summary(found: Comparison) -> str:
    differing = len({change.address for change in found.changes})
    if not found.differs:
        return f"no differences, {counted(found.same, 'thing')} compared"
    parts = [f"{counted(differing, 'thing')} {'differs' if differing == 1 else 'differ'}"] if differing else []
    only = len(found.only_one) + len(found.only_other)
    parts += [f"{counted(only, 'thing')} on one side only"] if only else []
    parts += [f"{counted(found.same, 'thing')} the same"]
    return ", ".join(parts)


def _rows(change: Change) -> list[list[Span]]:
    rows = []
    for path, before, after in entries(change):
        one, other = before_after(before, after)
        rows.append([plain(path_text(path)), plain(one), plain(other)])
    return rows


def _places(places: tuple[tuple[Address, tuple[str, ...]], ...]) -> str:
    return ", ".join(f"{address} {path_text(path)}" for address, path in places)
