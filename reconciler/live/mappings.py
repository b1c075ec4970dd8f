"""Read what lies below connections: mappings of the actors that a file mentions, stored fields, list items.

In -> Out: which actors of which connections -> `Mappings` by connection id, CRM list items by list name.
Effects: reads, some in parallel; writes nothing. Items reach the connector.
Neighbours: called by `flow` once it is known which row each address stands for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from reconciler.errors import ConnectorUnavailable
from reconciler.live.read import parallel_calls
from reconciler.model import ACTOR_TYPES, ActorMapping, ErpField, FieldMapping, ListMappings, Mappings, Named
from reconciler.ports import MappingReader
from reconciler.wire.crm_items import list_name

_Ask = tuple[str, int, str]  # what is asked, of which connection, of which actor type


@dataclass(frozen=True, slots=True)
class WantedActors:
    """What is needed of one connection.

    Attributes:
        actors: our names of actor types.
        items: list items are declared (or reported), so the list mappings are needed.
    """

    actors: frozenset[str]
    items: bool = False


@dataclass(frozen=True, slots=True)
class Below:
    """One reading of what lies below connections.

    Attributes:
        flows: what flows through connections that were not asked for: see `Live.flows`.
    """

    mappings: Mapping[int, Mappings]
    crm_items: Mapping[str, tuple[Named, ...]]
    flows: Mapping[int, frozenset[tuple[str, str]]] = field(default_factory=dict)


def read_mappings(reader: MappingReader, wanted: Mapping[int, WantedActors], *, parallel: int = 4, flows: bool = False) -> Below:
    """One call per declared actor, one per connection with items, one per CRM list, and the field archive.

    A connector that does not answer gives None for the lists: "not known", never "no lists".

    Args:
        flows: it matters what flows through connections that are not asked for.

    Raises:
        ReadError, UnauthorizedError: the tenant cannot be read.
    """
    pairs = [(key, actor) for key, one in sorted(wanted.items()) for actor in sorted(one.actors)]
    # None of these needs another's answer, but the items of a list: they are read by whoever meets the list first.
    # The archive's pages follow one another, so they begin first.
    asked: list[_Ask] = [("fields", 0, ""), *(("actor", *pair) for pair in pairs)]
    asked += [("lists", key, "") for key, one in sorted(wanted.items()) if one.items]

    items: dict[str, tuple[Named, ...]] = {}
    met: set[str] = set()
    lock = Lock()

    def mapping_of(key: int, actor: str) -> ActorMapping | None:
        found = reader.actor_mapping(key, ACTOR_TYPES[actor])
        names = {list_name(one.list_reference) for one in _listed(found)} - {""} if wanted[key].items else set()
        with lock:
            unread = names - met
            met.update(unread)
        items.update({name: tuple(reader.crm_items(name)) for name in sorted(unread)})
        return found

    def ask(one: _Ask) -> object:
        kind, key, actor = one
        if kind == "fields":
            return _fields(reader, sorted(wanted), everything=flows)
        return mapping_of(key, actor) if kind == "actor" else read_lists(reader, key)

    answers: Any = parallel_calls(ask, asked, parallel)
    actors = {pair: answers["actor", *pair] for pair in pairs}
    fields, flowing = answers["fields", 0, ""]
    lists = {key: answers["lists", key, ""] for kind, key, _ in asked if kind == "lists"}
    mappings = {
        key: Mappings(
            {actor: actors[key, actor] for actor in sorted(one.actors)},
            tuple(fields[key]),
            lists.get(key),
        )
        for key, one in sorted(wanted.items())
    }
    return Below(mappings, dict(sorted(items.items())), flowing)


def _fields(
    reader: MappingReader, connections: list[int], *, everything: bool
) -> tuple[Mapping[int, tuple[ErpField, ...]], Mapping[int, frozenset[tuple[str, str]]]]:
    """Stored fields by connection, and what flows through other ones.

    One filtered read for one connection, one reading of the whole archive for several, or with `everything`.
    """
    if len(connections) == 1 and not everything:
        return {connections[0]: tuple(reader.erp_fields(connections[0]))}, {}
    found: dict[int, list[ErpField]] = {key: [] for key in connections}
    flows: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for row in reader.all_erp_fields():
        if row.connection_id in found:
            found[row.connection_id].append(row)
        elif row.crm and row.has_direction:
            flows[row.connection_id].add((row.actor_type, row.crm.lower()))
    return {key: tuple(rows) for key, rows in found.items()}, {key: frozenset(rows) for key, rows in flows.items()}


def _listed(actor: ActorMapping | None) -> tuple[FieldMapping, ...]:
    return () if actor is None else tuple(one for one in actor.fields if one.crm and one.list_reference)


def read_lists(reader: MappingReader, connection_id: int) -> ListMappings | None:
    """The list mappings of a connection; None when its connector does not tell them. Asks the connector."""
    try:
        return reader.list_mappings(connection_id)
    except ConnectorUnavailable:
        return None
