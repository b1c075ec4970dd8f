"""List the ERP fields of one connection with what they are mapped to and what they could be mapped to.

Effects: reads the tenant and the journal.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.errors import InputError
from reconciler.flow.choosing import readable_items
from reconciler.flow.looking import find_connection
from reconciler.flow.taking_over import RULES
from reconciler.live.actors import actors_attributes
from reconciler.live.document import Entry, Table, flag
from reconciler.live.dump_actors import ActorFacts, FieldFacts, actor_facts, actor_table
from reconciler.live.dump_yaml import render, spelled
from reconciler.live.mappings import Below, WantedActors, read_mappings
from reconciler.model import ACTOR_TYPES, ActorMapping, Attributes, FieldMapping, Mappings, Named, Problem
from reconciler.model.fieldlist import ActorFields, CrmField, FieldItem, FieldList, FieldRow
from reconciler.plan.nearest import did_you_mean
from reconciler.session import Session
from reconciler.wire import languages
from reconciler.wire.crm_items import item_names, list_name


def fields(session: Session, name: str, actor: str | None = None, *, language: str = "en", items: bool = False) -> FieldList:
    """The ERP fields of one connection.

    Args:
        name: address, key, display name or `#<id>` of the connection.
        actor: one of our actor types; None for all that it has.
        items: also read the items of every CRM list that a field may be mapped to; one call for each list.

    Raises:
        InputError: there is no such connection or actor type.
        TargetError: the tenant cannot be read.
    """
    if actor is not None and actor not in ACTOR_TYPES:
        raise _unknown(actor, f"There is no actor type {actor!r}.", tuple(ACTOR_TYPES))
    row_id, address = find_connection(session, name)
    row = session.gateway.connection(row_id)
    connector = session.gateway.connector(row.connector_id) if row is not None else None
    parallel = session.target.limits.parallel_reads
    wanted = WantedActors(frozenset(ACTOR_TYPES if actor is None else (actor,)), items=True)
    below = read_mappings(session.gateway, {row_id: wanted}, parallel=parallel)
    mappings = below.mappings[row_id]
    offered = {name: found for name in ACTOR_TYPES if (found := mappings.actors.get(name)) is not None}
    if actor is not None and actor not in offered:
        raise _unknown(actor, f"{address} has no actor type {actor}: its connector offers none.", ())
    attributes = actors_attributes(mappings, below.crm_items, language)
    crm = {one.crm: session.gateway.crm_fields(one.crm) for one in offered.values()}
    lists = {one.list for told in crm.values() for one in told or () if one.list} if items else set()
    below = replace(below, crm_items={**below.crm_items, **readable_items(session, lists - below.crm_items.keys())})
    actors = [_actor(name, found, attributes[name], below, mappings, crm[found.crm], language) for name, found in offered.items()]
    return FieldList(
        target=session.target.name,
        connection=address,
        name=languages.shown(row.name, language) if row is not None else "",
        connector=connector.name if connector is not None else "",
        language=language,
        actors=tuple(actors),
        yaml=_yaml(offered, attributes, mappings, language),
    )


def _unknown(actor: str, message: str, known: tuple[str, ...]) -> InputError:
    return InputError([Problem("unknown-actor", message, None, did_you_mean(actor, known))])


def _actor(
    name: str,
    mapping: ActorMapping,
    attributes: Attributes,
    below: Below,
    mappings: Mappings,
    crm_fields: Sequence[CrmField] | None,
    language: str,
) -> ActorFields:
    rows = {row.key: row for row in mappings.fields if row.actor_type == mapping.erp}
    facts = actor_facts(mappings, name, language, RULES)
    by_key = {one.key: one for one in mapping.fields}
    order = [key for key in attributes["rank"] if key in by_key]
    order += [key for key in by_key if key not in order]
    made = []
    for key in order:
        one, row = by_key[key], rows.get(key)
        about = facts.fields.get(key, FieldFacts())
        items: Mapping[str, str] | None = attributes["fields"][key].get("items")
        made.append(
            FieldRow(
                key=key,
                label=languages.shown(one.label or (row.label if row is not None else ""), language),
                type=one.field_type.value,
                access=one.access,
                crm=one.crm,
                crm_label=languages.shown(one.crm_label, language),
                direction=attributes["fields"][key]["direction"],
                show=attributes["fields"][key]["show"],
                default=attributes["fields"][key]["default"],
                items=None if items is None else tuple(FieldItem(item, about.items.get(item, ""), crm) for item, crm in items.items()),
                crm_items=_names(below.crm_items.get(list_name(one.list_reference), ()), language) if about.listed else (),
                notes=_notes(one),
            )
        )
    crm = None if crm_fields is None else tuple(replace(one, label=languages.shown(one.label, language)) for one in crm_fields)
    lists = {one.list: _names(below.crm_items[one.list], language) for one in crm or () if one.list in below.crm_items}
    return ActorFields(name, mapping.crm, mapping.active, tuple(made), crm, lists)


def _names(items: Sequence[Named], language: str) -> tuple[str, ...]:
    """The items of a CRM list as a file names them."""
    return tuple(item_names(items, language).values())


def _notes(one: FieldMapping) -> tuple[str, ...]:
    told = (
        (one.missing_in_erp, "no longer reported by the connector"),
        (one.missing_in_crm, f"SuperOffice has no field {one.crm} any more"),
        (one.already_mapped, "mapped on another connection too, so not to-crm alone"),
    )
    return tuple(words for holds, words in told if holds)


def _yaml(offered: Mapping[str, ActorMapping], attributes: Attributes, mappings: Mappings, language: str) -> str:
    """What to paste below the connection: what is set, and a commented line for every field that is free."""
    actors = []
    for name, mapping in offered.items():
        facts = actor_facts(mappings, name, language, RULES)
        table = actor_table(attributes[name], facts, complete=False, thorough=True)
        written = table.get("fields")
        used = set(written.keys()) if isinstance(written, Table) else set()
        free = [one for one in mapping.fields if one.key not in used and not one.missing_in_erp]
        notes = tuple(_free_line(one, facts) for one in free)
        if not used and notes:
            notes = ("fields:", *(f"  {line}" for line in notes))
        sync = Entry("sync", flag(mapping.active))
        fields_entry = Entry("fields", replace(written if isinstance(written, Table) else Table(), notes=notes))
        rest = tuple(entry for entry in table.entries if entry.key == "rank")
        actors.append(Entry(name, Table((sync, fields_entry, *rest))))
    return render(Table((Entry("actors", Table(tuple(actors))),)))


def _free_line(one: FieldMapping, facts: ActorFacts) -> str:
    """A field that nothing is set for, as a line to uncomment."""
    about = facts.fields.get(one.key, FieldFacts())
    says = "{show: [erp-tab]}" if one.access == "ReadOnly" else "{crm: ..., direction: both}"
    words = ", ".join(
        word for word in (about.label, one.field_type.value, {"ReadOnly": "read-only", "Mandatory": "mandatory"}.get(one.access)) if word
    )
    return RULES.comment(f"{spelled(one.key)}: {says}  # {words}")
