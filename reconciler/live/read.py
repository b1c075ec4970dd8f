"""Read a tenant in as few calls as the API allows.

In -> Out: a Reader and what is wanted -> one `Live` value.
Effects: GET-like reads, some in parallel; writes nothing.
Neighbours: called by `flow`; the Reader is `superoffice.gateway`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from reconciler.errors import ConnectorUnavailable
from reconciler.model import ConfigField, Connection, Connector, Listed, Live, Named, Wanted
from reconciler.ports import Reader
from reconciler.wire import languages

K = TypeVar("K")
V = TypeVar("V")


def read_live(reader: Reader, wanted: Wanted, *, parallel: int = 4) -> Live:
    """Take one reading of the tenant: two lists, one call per connector and per wanted connection, fields once per connector.

    User groups and logins are read only when a scope needs them. A connector that does not answer gives None for its
    fields: "not known", never "no fields".

    Args:
        reader: where to read.
        wanted: which connections are needed in full.
        parallel: requests in flight at most.

    Raises:
        ReadError, UnauthorizedError: the tenant cannot be read; nothing was written.
    """
    connectors = {row.id: row for row in reader.connectors()}
    listed = tuple(sorted(reader.list_connections(include_deleted=False), key=lambda row: row.id))
    found = parallel_calls(reader.connection, sorted(_ids_to_read(listed, wanted)), parallel)
    connections = {key: row for key, row in found.items() if row is not None}
    _complete_connectors(reader, connectors, connections)
    fields = parallel_calls(lambda key: _fields(reader, key), sorted(_connectors_to_ask(connectors, connections, wanted)), parallel)
    needs_names = wanted.scopes or any(not row.everyone for row in connections.values())
    return Live(
        connectors=connectors,
        listed=listed,
        connections=connections,
        fields=fields,
        groups=_by_id(reader.user_groups()) if needs_names else None,
        users=_by_id(reader.associates()) if needs_names else None,
    )


def texts_of(raw: str) -> frozenset[str]:
    """Every text a raw name can be known by: itself, and its text in each language."""
    parsed = languages.parse(raw)
    return frozenset({raw} if isinstance(parsed, str) else {raw, *parsed.values()})


def _ids_to_read(listed: tuple[Listed, ...], wanted: Wanted) -> set[int]:
    called: defaultdict[str, set[int]] = defaultdict(set)
    for row in listed:
        for text in texts_of(row.name):
            called[text].add(row.id)
    every = {row.id for row in listed}
    ids = set(wanted.ids).union(*(called.get(text, set()) for text in wanted.also))
    for names in wanted.names:
        ids |= set().union(*(called.get(text, set()) for text in names)) or every
    return ids | every if wanted.everything else ids


def _complete_connectors(reader: Reader, connectors: dict[int, Connector], connections: Mapping[int, Connection]) -> None:
    """Fetch connectors that rows point at although the list hides them (a deleted connector keeps its connections)."""
    for key in sorted({row.connector_id for row in connections.values()} - connectors.keys()):
        row = reader.connector(key)
        if row is not None:
            connectors[key] = row


def _connectors_to_ask(connectors: Mapping[int, Connector], connections: Mapping[int, Connection], wanted: Wanted) -> set[int]:
    used = {row.connector_id for row in connections.values() if not row.deleted}
    named = {row.id for row in connectors.values() if row.name in wanted.connectors}
    return (used | named) & connectors.keys()


def _fields(reader: Reader, connector_id: int) -> tuple[ConfigField, ...] | None:
    try:
        return tuple(reader.config_fields(connector_id))
    except ConnectorUnavailable:
        return None


def _by_id(rows: Iterable[Named]) -> dict[int, Named]:
    return {row.id: row for row in rows}


def parallel_calls(call: Callable[[K], V], keys: list[K], parallel: int) -> dict[K, V]:
    """Call once per key, some at the same time; the answers by key.

    Raises:
        whatever the first failing call raised.
    """
    if len(keys) < 2 or parallel < 2:
        return {key: call(key) for key in keys}
    with ThreadPoolExecutor(max_workers=min(parallel, len(keys)), thread_name_prefix="read") as pool:
        return dict(zip(keys, pool.map(call, keys), strict=True))
