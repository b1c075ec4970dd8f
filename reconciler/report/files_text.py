"""Where values come from, and which files are in canonical form; for people and for machines.

In -> Out: what `flow.files` found -> a page, or a JSON object.
Neighbours: called by `cli.explain` and `cli.fmt`.

    reconciler/explain/v1  address, path, values: path, value, origin, overrides
    reconciler/fmt/v1      files: file, changed; exit_code

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.desired.explain import Origin, Standing
from reconciler.model import Address
from reconciler.report.actors_text import place_text
from reconciler.report.page import Page, Span, Style, bold, dim, good, plain
from reconciler.report.values import counted

__all__ = ["explain_object", "explain_page", "fmt_object", "fmt_page"]

Values = Mapping[tuple[str, ...], Sequence[Origin]]
Object = dict[str, Any]

_TOLD = {
    Standing.WINS: "overridden here too",
    Standing.OVERRIDDEN: "overrides",
    Standing.TAKEN_OUT: "taken out was",
    Standing.TAKES_OUT: "taken out by",
}


def explain_page(address: Address, values: Values, *, width: int | None = None) -> Page:
    """Each value with its place, and below it what it overrides, the strongest first."""
    page = Page(width)
    managed = sum(1 for said in values.values() if said[0].standing is Standing.WINS)
    sources = {one.source.file for said in values.values() for one in said}
    page.line(bold(str(address)), f": {counted(managed, 'value')} from {counted(len(sources), 'file')}.")
    page.gap()
    rows: list[tuple[Span, ...]] = []
    for path, said in values.items():
        first = said[0]
        wins = first.standing is Standing.WINS
        shown = plain(first.text) if wins else Span("(not managed)", Style.WARNING)
        rows.append((plain(place_text(path)), shown, dim(_place(first) if wins else "")))
        for other in said[1:] if wins else said:
            told = dim(f"  {_TOLD[other.standing]}")
            rows.append((told, dim(other.text), dim(_place(other))))
    page.columns(rows, indent=2)
    return page


def explain_object(address: Address, path: tuple[str, ...], values: Values) -> Object:
    """The same for a machine; `value` and `origin` are null where nothing is managed."""
    listed = []
    for place, said in values.items():
        first = said[0] if said[0].standing is Standing.WINS else None
        rest = said[1:] if first is not None else said
        listed.append(
            {
                "path": list(place),
                "value": None if first is None else first.text,
                "origin": None if first is None else _origin(first),
                "overrides": [{"value": one.text, "standing": one.standing.value, "origin": _origin(one)} for one in rest],
            }
        )
    return {"format": "reconciler/explain/v1", "address": str(address), "path": list(path), "values": listed}


def fmt_page(files: Sequence[tuple[str, bool]], *, check: bool, width: int | None = None) -> Page:
    """One line per file."""
    page = Page(width)
    verdict = {False: good("canonical"), True: Span("not canonical" if check else "rewritten", Style.WARNING)}
    page.columns([(verdict[changed], plain(name)) for name, changed in files])
    return page


def fmt_object(files: Sequence[tuple[str, bool]], exit_code: int) -> Object:
    """The same for a machine."""
    return {
        "format": "reconciler/fmt/v1",
        "files": [{"file": name, "changed": changed} for name, changed in files],
        "exit_code": exit_code,
    }


def _place(one: Origin) -> str:
    return f"{one.source}  (set {one.mapping_set})" if one.mapping_set else str(one.source)


def _origin(one: Origin) -> Object:
    source = one.source
    return {"file": source.file, "line": source.line, "column": source.column, "set": one.mapping_set or None}
