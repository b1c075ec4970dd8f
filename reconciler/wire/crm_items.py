"""Items of CRM lists by name: what a file and a plan call them, and which one a name means.

A name is the item's text in the file's language. Where several items have the same, a heading tells them apart, as in `Nordic/Retail`;
where that does not either, the id does: `#9001`. Headings are known only where names repeat, because each costs a call.

Source: SuperOffice docs, REST List (items, and items with their headings): one item may stand under several headings.

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler.model import Named
from reconciler.wire import languages

__all__ = ["item_ids", "item_name", "item_names", "list_name", "names_repeat"]


def list_name(reference: str) -> str:
    """The CRM list behind a stored reference.

    Source: SuperOffice docs, database table ErpField, ListReference: `table=<table>` and optionally `&<extra id>=<value>`.
    """
    parts = dict(part.partition("=")[::2] for part in reference.split("&"))
    return parts.get("table", reference)


def names_repeat(items: Sequence[Named]) -> bool:
    """Whether two items that are not deleted share a text, in whichever languages, so that their headings are needed."""
    seen: set[str] = set()
    for one in items:
        parsed = {} if one.deleted else languages.parse(one.name)
        texts = {parsed} if isinstance(parsed, str) else set(parsed.values())
        if texts & seen:
            return True
        seen |= texts
    return False


def item_names(items: Sequence[Named], language: str) -> Mapping[int, str]:
    """How each item that is not deleted is called, by id; every name once."""
    texts = {one.id: languages.shown(one.name, language) for one in items if not one.deleted}
    uses = Counter(texts.values())
    full = {one.id: [f"{languages.shown(name, language)}/{texts[one.id]}" for name in one.headings] for one in items if one.id in texts}
    uses.update(name for one in items if one.id in texts for name in set(full[one.id]))
    names = {}
    for key, text in texts.items():
        own = [name for name in (text, *full[key]) if text and uses[name] == 1 and not name.startswith("#")]
        names[key] = own[0] if own else f"#{key}"
    return names


def item_name(key: int | None, raw: str, items: Sequence[Named], language: str) -> str:
    """How one item is called; empty for no selection. One that the list does not have goes by `raw`, or by its id without one."""
    if key is None:
        return ""
    if all(one.id != key or one.deleted for one in items):
        shown = languages.shown(raw, language)
        taken = not shown or shown.startswith("#") or any(languages.shown(one.name, language) == shown for one in items if not one.deleted)
        return f"#{key}" if taken else shown
    return item_names(items, language)[key]


def item_ids(name: str, items: Sequence[Named], language: str) -> list[int]:
    """The items that a name in a file may mean: by text, else by heading and text, else by id. One is a clear answer."""
    there = [one for one in items if not one.deleted]
    by_text = [one.id for one in there if languages.shown(one.name, language) == name]
    by_heading = [
        one.id
        for one in there
        if any(f"{languages.shown(heading, language)}/{languages.shown(one.name, language)}" == name for heading in one.headings)
    ]
    return by_text or by_heading or [one.id for one in there if f"#{one.id}" == name]
