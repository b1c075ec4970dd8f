"""Everything that a tenant has, under keys of ours: what `dump` writes and `compare` lays side by side.

In -> Out: a Reader -> `Live` with all of it; that and what the journal knows -> `Whole`.
Effects: reads, some in parallel; writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from reconciler.errors import ReadError
from reconciler.live.actors import actors_attributes
from reconciler.live.mappings import WantedActors, read_mappings
from reconciler.live.naming import bound_keys, keys_for
from reconciler.live.normalise import connection_attributes, connector_attributes
from reconciler.live.read import TenantReader, read_live
from reconciler.model import ACTOR_TYPES, Address, Attributes, Connection, Connector, Live, Recorded, SecretRef, Wanted


@dataclass(frozen=True, slots=True)
class Keys:
    """What rows are called here, by id."""

    connectors: Mapping[int, str]
    connections: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Whole:
    """One tenant, normalised.

    Attributes:
        attributes: of every live connection, by its key.
        sent: references last sent, by connection key and field.
        doubted: (connection key, field) of secrets whose last write has no known outcome.
    """

    live: Live
    keys: Keys
    language: str
    attributes: Mapping[str, Attributes]
    sent: Mapping[str, Mapping[str, SecretRef]]
    doubted: frozenset[tuple[str, str]] = frozenset()

    def connections(self) -> Mapping[str, Connection]:
        """Every live connection by key, sorted by it."""
        found = {key: self.live.connections[row] for row, key in self.keys.connections.items()}
        return dict(sorted(found.items()))

    def connectors(self) -> Mapping[str, Connector]:
        """Every live connector by key, sorted by it."""
        found = {key: self.live.connectors[row] for row, key in self.keys.connectors.items()}
        return dict(sorted(found.items()))


def read_everything(reader: TenantReader, *, parallel: int = 4) -> Live:
    """One reading of all live connections and connectors, their mappings and lists, the order and the engine.

    Raises:
        ReadError, UnauthorizedError: the tenant cannot be read.
    """
    live = read_live(reader, Wanted(everything=True), parallel=parallel)
    wanted = {key: WantedActors(frozenset(ACTOR_TYPES), items=True) for key, row in live.connections.items() if not row.deleted}
    below = read_mappings(reader, wanted, parallel=parallel) if wanted else None
    if below is not None:
        live = replace(live, mappings=below.mappings, crm_items=below.crm_items)
    try:
        priority: tuple[int, ...] | None = reader.sync_priority()
    except ReadError:  # a surface that few servers document: everything else can be told without it
        priority = None
    return replace(live, priority=priority, engine=reader.engine())


def keys_of(live: Live, recorded: Recorded, known: Keys | None = None, taken: Keys | None = None) -> Keys:
    """Keys for every live row: those that a file or the journal has for them, else made from their names.

    Args:
        known: what a file calls rows; it comes before what the journal calls them.
        taken: keys of a file that stand for no live row, by any id.
    """
    connections = {key: row for key, row in live.connections.items() if not row.deleted}
    connectors = {key: row for key, row in live.connectors.items() if not row.deleted}
    return Keys(
        _keys(
            "connector", recorded, {key: row.name for key, row in connectors.items()}, dict.fromkeys(connectors, ""),
            known.connectors if known else {}, taken.connectors if taken else {},
        ),
        _keys(
            "connection", recorded, {key: row.name for key, row in connections.items()},
            {key: row.guid for key, row in connections.items()},
            known.connections if known else {}, taken.connections if taken else {},
        ),
    )  # fmt: skip


def _keys(
    kind: str, recorded: Recorded, names: Mapping[int, str], guids: Mapping[int, str], known: Mapping[int, str], taken: Mapping[int, str]
) -> dict[int, str]:
    bound, kept = bound_keys(kind, recorded.bindings, guids)
    avoided = {*kept, *taken.values()}
    first = set(known.values())
    return keys_for(kind, names, {**{row: key for row, key in bound.items() if key not in first | avoided}, **known}, avoided)


def whole_of(live: Live, keys: Keys, recorded: Recorded, language: str) -> Whole:
    """Normalise one reading.

    Args:
        recorded: what the journal knows of these very rows, under these keys.
    """
    sent: dict[str, dict[str, SecretRef]] = {}
    secrets: dict[str, set[str]] = {}
    for (text, field), secret in recorded.secrets.items():
        key = Address.parse(text).key
        secrets.setdefault(key, set()).add(field)
        if not secret.in_doubt:
            sent.setdefault(key, {})[field] = secret.ref
    attributes = {
        key: _attributes(live, live.connections[row], keys, language, secrets.get(key, set()), sent.get(key, {}))
        for row, key in keys.connections.items()
    }
    doubted = {(key, field) for key, fields in secrets.items() for field in fields - sent.get(key, {}).keys()}
    return Whole(live, keys, language, attributes, sent, frozenset(doubted))


def _attributes(
    live: Live, row: Connection, keys: Keys, language: str, secrets: Collection[str], sent: Mapping[str, SecretRef]
) -> Attributes:
    key = keys.connectors.get(row.connector_id)
    attributes = connection_attributes(
        row,
        connector=str(Address.connector(key)) if key is not None else f"#{row.connector_id}",
        fields=live.fields.get(row.connector_id),
        groups=live.groups,
        users=live.users,
        language=language,
        references=secrets,
        sent=sent,
    )
    below = live.mappings.get(row.id)
    actors = actors_attributes(below, live.crm_items, language) if below is not None else {}
    return {**attributes, "actors": actors}


def connector_snapshot(whole: Whole) -> Mapping[str, Attributes]:
    """The attributes of every connector, by key."""
    return {key: connector_attributes(row) for key, row in whole.connectors().items()}
