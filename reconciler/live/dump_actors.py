"""What is synchronised through one connection, as a document: actors, fields, items, defaults, order.

In -> Out: `actors` attributes and what the rows say about them -> document values.
Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.live.document import Entry, Scalar, Table, Value, flag, inline, text, texts
from reconciler.live.file_rules import Rules
from reconciler.model import ACTOR_TYPES, Attributes, FieldType, Mappings
from reconciler.model import Value as Leaf
from reconciler.wire import languages

__all__ = ["ActorFacts", "FieldFacts", "actor_facts", "actor_table", "field_table", "label", "scalar"]

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What the rows say of one ERP field besides its settings.

    Attributes:
        label: in the file's language; empty where it says nothing more than the key.
        missing: the connector no longer reports it.
        forced: the connector makes a default mandatory.
        items: ERP item key to its label.
        listed: it is mapped to a CRM list, so it has items; whether they could be read is another matter.
    """

    type: FieldType = FieldType.TEXT
    label: str = ""
    missing: bool = False
    forced: bool = False
    items: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """What the rows say of one actor type.

    Attributes:
        fields: by key, in the order of their ids, which is the connector's.
        lists_known: the connector told its items.
    """

    fields: Mapping[str, FieldFacts] = field(default_factory=dict)
    lists_known: bool = True


def actor_facts(mappings: Mappings, actor: str, language: str, rules: Rules) -> ActorFacts:
    """What is needed to write one actor type of a connection, by our name of the type."""
    mapping = mappings.actors.get(actor)
    lists = {one.field_id: one for one in mappings.lists.lists} if mappings.lists is not None else {}
    mapped = {one.key: one for one in mapping.fields} if mapping is not None else {}
    facts = {}
    for row in sorted(mappings.fields, key=lambda one: one.id):
        if row.actor_type != ACTOR_TYPES[actor]:
            continue
        own, its = mapped.get(row.key), lists.get(row.id)
        facts[row.key] = FieldFacts(
            type=row.field_type,
            label=rules.brief(label(row.label or (own.label if own is not None else ""), row.key, language)),
            missing=row.missing_in_erp,
            forced=row.mandatory,
            items={one.erp_key: rules.brief(label(one.erp_name, one.erp_key, language)) for one in its.items} if its is not None else {},
            listed=own is not None and bool(own.crm and own.list_reference),
        )
    return ActorFacts(facts, mappings.lists is not None)


def label(raw: str, key: str, language: str) -> str:
    """A label to stand beside a key: empty where it says the same."""
    shown = languages.shown(raw, language)
    return "" if shown.casefold() == key.casefold() else shown


def actor_table(
    actor: Attributes, facts: ActorFacts, *, complete: bool, first: tuple[str, ...] = (), thorough: bool = False, lean: bool = False
) -> Table:
    """One actor type; empty when there is nothing to say of it.

    Args:
        actor: its attributes; with `complete`, those of them that are there.
        complete: also what is as it is by default.
        first: keys that a file puts first, which decides how the order is spelled.
        thorough: also list items that stand for nothing, and a type that is as SuperOffice itself mapped it.
        lean: without fields that are as SuperOffice itself mapped them, and without items that stand for nothing.
    """
    if not (complete or thorough) and _is_untouched(actor, facts):
        return Table()
    order = [*actor.get("rank", ()), *(key for key in sorted(actor.get("fields", {})) if key not in actor.get("rank", ()))]
    fields: list[Entry] = []
    notes: list[str] = []
    for key in [key for key in order if key in actor.get("fields", {})]:
        about = facts.fields.get(key, FieldFacts())
        table = field_table(actor["fields"][key], about, complete=complete, thorough=thorough or complete, lean=lean)
        if lean and _is_as_made(key, actor["fields"][key]):
            continue
        if about.missing and table.entries and not complete:
            notes.append(f"left out: {key}. The connector no longer reports it.")
        elif table.entries or complete:
            fields.append(Entry(key, table, about.label))
    if not facts.lists_known and any(one.listed for one in facts.fields.values()) and not complete:
        notes.append("left out: items of lists. The connector did not answer.")
    rank = _rank(actor.get("rank"), facts, first, complete=complete)
    if not (fields or notes or rank or actor.get("sync") or complete):
        return Table()
    entries = [Entry("sync", flag(actor["sync"]))] if "sync" in actor else []
    entries += [Entry("fields", Table(tuple(fields), tuple(notes)))] if fields or notes else []
    entries += [Entry("rank", texts(rank))] if rank else []
    return Table(tuple(entries))


def _is_untouched(actor: Attributes, facts: ActorFacts) -> bool:
    """Whether nothing is set for an actor type but what SuperOffice sets by itself."""
    as_made = all(_is_as_made(key, one) for key, one in actor["fields"].items())
    return as_made and not actor["sync"] and not _rank(actor["rank"], facts, (), complete=False)


def _is_as_made(key: str, one: Attributes) -> bool:
    """Whether a field has nothing, or the CRM field of the same name without a direction.

    Source: SuperOffice docs, automatic field mapping (by key, whatever the case; no direction is set).
    """
    return one["direction"] == "none" and not one["show"] and not one["default"] and one["crm"].casefold() in ("", key.casefold())


def field_table(one: Attributes, facts: FieldFacts, *, complete: bool, thorough: bool = False, lean: bool = False) -> Table:
    """One field; empty when everything is as it is by default. The arguments are those of `actor_table`."""
    entries: list[Entry] = []
    crm = one.get("crm")
    if crm or (complete and crm is not None):
        entries.append(Entry("crm", text(crm)))
    if "direction" in one and (crm or crm is None):
        entries.append(Entry("direction", text(one["direction"])))
    if one.get("show") or (complete and "show" in one):
        entries.append(Entry("show", texts(one["show"])))
    items: Mapping[str, str] = one.get("items", {})
    if (thorough and items) or any(items.values()):
        chosen = [(key, name) for key, name in _sorted_items(items, facts) if name or not lean]
        pairs = tuple(Entry(key, text(name), facts.items.get(key, "")) for key, name in chosen)
        entries.append(Entry("items", Table(pairs, inline=not any(pair.comment for pair in pairs))))
    if one.get("default") or (complete and "default" in one):
        entries.append(Entry("default", _default(one["default"], facts)))
    return Table(tuple(entries), inline="items" not in {entry.key for entry in entries})


def _sorted_items(items: Mapping[str, str], facts: FieldFacts) -> list[tuple[str, str]]:
    """Items in the order in which the connector tells them."""
    order = [key for key in facts.items if key in items]
    return [(key, items[key]) for key in [*order, *(key for key in sorted(items) if key not in facts.items)]]


def _default(default: Mapping[str, Leaf], facts: FieldFacts) -> Value:
    """A default, in its short form where it is nothing but a value."""
    value = scalar(default["value"], facts.type) if "value" in default else None
    mandatory = bool(default.get("mandatory")) and not facts.forced
    if value is not None and not default.get("ask") and not mandatory:
        return value
    on = Scalar("true", bare=True)
    return inline(value=value, ask=on if default.get("ask") else None, mandatory=on if mandatory else None)


def _rank(live: tuple[str, ...] | None, facts: ActorFacts, first: tuple[str, ...], *, complete: bool) -> tuple[str, ...]:
    """The shortest list of keys to put first after which the rest is in the connector's order.

    Where a file puts keys first: these, if they give this very order, else as much of it as the file's keys reach into.
    """
    if live is None:
        return ()
    if complete and first and (*first, *(key for key in live if key not in first)) == live:
        return first
    place = {key: at for at, key in enumerate(facts.fields)}
    rest = len(live)
    while rest > 0 and (rest == len(live) or place.get(live[rest - 1], -1) < place.get(live[rest], -1)):
        rest -= 1
    reach = max((live.index(key) + 1 for key in first if key in live), default=0) if complete else 0
    return live[: max(rest, reach)]


def scalar(value: Leaf, field_type: FieldType) -> Scalar:
    """A decoded value as it is written: numbers, true, false and dates bare, anything else as a text."""
    if isinstance(value, bool):
        return flag(value)
    if isinstance(value, (int, float)):
        return Scalar(repr(value), bare=True)
    return Scalar(value, bare=field_type is FieldType.DATE and _DATE.fullmatch(value) is not None)
