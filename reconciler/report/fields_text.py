"""The ERP fields of a connection, with the arrows of SuperOffice's own dialog, and the same to paste into a file.

In -> Out: a field list -> a page.
Neighbours: called by `cli.fields`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import FieldType
from reconciler.model.fieldlist import ActorFields, CrmField, FieldList, FieldRow
from reconciler.report.page import Page, Span, Style, bold, dim, plain
from reconciler.report.values import value_text

__all__ = ["ARROWS", "fields_page"]

ARROWS: Mapping[str, str] = {"to-crm": ">", "to-erp": "<", "both": "< >", "none": "-"}
"""How the dialog for mappings draws a direction. Source: SuperOffice manual, configure field mapping."""

_ACCESS = {"Normal": "", "Mandatory": "mandatory", "ReadOnly": "read-only"}
_HEAD = ("KEY", "LABEL", "TYPE", "ACCESS", "MAPPING", "SHOWN", "DEFAULT", "")


def fields_page(found: FieldList, *, width: int | None = None) -> Page:
    """Each actor type as a table, its CRM fields, and the lines to paste."""
    page = Page(width)
    page.line(
        bold(f"Fields of {found.connection}"), f" on {found.target}: {value_text(found.name)}, connector {value_text(found.connector)}."
    )
    if not found.actors:
        page.line("The connection has no actor types; `refresh` asks its connector for them.")
    for actor in found.actors:
        page.gap()
        _actor(page, actor)
    if found.actors:
        page.gap()
        page.line(dim(f"> to SuperOffice, < to the ERP, < > both ways, - not synchronised. To paste below {found.connection}:"))
        page.gap()
        for line in found.yaml.splitlines():
            page.line(line)
    return page


def _actor(page: Page, actor: ActorFields) -> None:
    state = "synchronised" if actor.sync else "not synchronised"
    page.line(bold(f"{actor.actor} to {actor.crm_type}"), f", {state}")
    rows = [[Span(title, Style.DIM) for title in _HEAD]]
    rows += [_cells(row) for row in actor.fields]
    page.columns(rows, indent=2)
    for row in actor.fields:
        if row.items is not None:
            _items(page, row)
    known = actor.crm_fields
    told = "SuperOffice did not say." if known is None else ", ".join(_crm(one) for one in known)
    page.prose(told, indent=2, lead=[dim(f"CRM fields of {actor.crm_type}: ")], hang=4)
    if any(row.type == FieldType.LIST.value and not row.crm for row in actor.fields):
        _lists(page, actor)


def _lists(page: Page, actor: ActorFields) -> None:
    """What the lists hold that a list field may still be mapped to; those that are mapped are told where they are."""
    told = {row.crm.lower() for row in actor.fields if row.items is not None}
    lists = [one for one in actor.crm_fields or () if one.list and one.key.lower() not in told]
    unread = [one.key for one in lists if one.list not in actor.lists]
    for one in lists:
        if one.list in actor.lists:
            names = ", ".join(value_text(name) for name in actor.lists[one.list]) or "none"
            page.prose(names, indent=2, lead=[dim(f"Items of {one.key}: ")], hang=4)
    if unread and len(unread) == len(lists):
        page.line(dim("What the lists hold is shown with --items."), indent=2)
    elif unread:
        page.line(dim(f"Not to be read: the items of {', '.join(unread)}."), indent=2)


def _cells(row: FieldRow) -> list[Span]:
    mapping = f"{ARROWS[row.direction]} {row.crm}" if row.crm else ""
    named = f" ({row.crm_label})" if row.crm_label and row.crm_label.casefold() != row.crm.casefold() else ""
    notes = Span("; ".join(row.notes), Style.WARNING)
    return [
        bold(row.key), plain(row.label), plain(row.type), plain(_ACCESS[row.access]), plain(f"{mapping}{named}"),
        plain(", ".join(row.show)), plain(_default(row)), notes,
    ]  # fmt: skip


def _default(row: FieldRow) -> str:
    if not row.default:
        return ""
    parts = [value_text(row.default["value"])] if "value" in row.default else []
    parts += [word for word in ("ask", "mandatory") if row.default.get(word)]
    return ", ".join(parts)


def _items(page: Page, row: FieldRow) -> None:
    page.line(dim(f"Items of {row.key}, each for one of: {', '.join(value_text(name) for name in row.crm_items) or 'nothing'}"), indent=2)
    page.columns(
        [
            [plain(value_text(item.key)), dim(item.label), plain(value_text(item.crm) if item.crm else "(No selection)")]
            for item in row.items or ()
        ],
        indent=4,
    )


def _crm(one: CrmField) -> str:
    return f"{one.key} (list)" if one.list else one.key
