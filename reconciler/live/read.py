"""Read a tenant in as few calls as the API allows.

In -> Out: a Reader and what is wanted -> one `Live` value.
Effects: GET-like reads, some in parallel; writes nothing.
Neighbours: called by `flow`; the Reader is `superoffice.gateway`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from reconciler.errors import ConnectorUnavailable
from reconciler.model import ConfigField, Connection, Connector, Listed, Live, Named, Wanted
from reconciler.ports import MappingReader, Reader
from reconciler.wire import languages

K = TypeVar("K")
V = TypeVar("V")


class TenantReader(Reader, MappingReader, Protocol):
    """A reader of the rows and of what lies beside and below them."""


def read_live(reader: TenantReader, wanted: Wanted, *, parallel: int = 4) -> Live:
    """Take one reading of the tenant: two lists, one call per connector and per wanted connection, fields once per connector.

    User groups and logins are read only when a scope needs them. A connector that does not answer gives None for its
    fields: "not known", never "no fields". The first call goes alone, so that a login that is not accepted is tried once;
    what does not need another's answer then goes together.

    Args:
        reader: where to read.
        wanted: which connections are needed in full, and what else.
        parallel: requests in flight at most.

    Raises:
        ReadError, UnauthorizedError: the tenant cannot be read; nothing was written.
    """
    listed = tuple(sorted(reader.list_connections(include_deleted=False), key=lambda row: row.id))
    beside: dict[tuple[str, int], Callable[[], Any]] = {("connectors", 0): lambda: _connectors(reader, wanted, parallel)}
    if wanted.priority:
        beside["priority", 0] = reader.sync_priority
    if wanted.engine:
        beside["engine", 0] = reader.engine
    if wanted.scopes:
        beside |= {("groups", 0): reader.user_groups, ("users", 0): reader.associates}
    rows = [("connection", key) for key in sorted(_ids_to_read(listed, wanted))]
    asks = [*beside, *rows]
    told: dict[tuple[str, int], Any] = parallel_calls(
        lambda ask: beside[ask]() if ask in beside else reader.connection(ask[1]), asks, parallel
    )
    connectors, fields = told["connectors", 0]
    connections = {key: row for kind, key in rows if (row := told[kind, key]) is not None}
    _complete_connectors(reader, connectors, connections)
    used = {row.connector_id for row in connections.values() if not row.deleted} & connectors.keys()
    fields |= parallel_calls(lambda key: _fields(reader, key), sorted(used - fields.keys()), parallel)
    if not wanted.scopes and any(not row.everyone for row in connections.values()):
        told |= {("groups", 0): reader.user_groups(), ("users", 0): reader.associates()}
    return Live(
        connectors=connectors,
        listed=listed,
        connections=connections,
        fields=dict(sorted(fields.items())),
        groups=_by_id(told["groups", 0]) if ("groups", 0) in told else None,
        users=_by_id(told["users", 0]) if ("users", 0) in told else None,
        priority=told.get(("priority", 0)),
        engine=told.get(("engine", 0)),
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


def _connectors(reader: Reader, wanted: Wanted, parallel: int) -> tuple[dict[int, Connector], dict[int, tuple[ConfigField, ...] | None]]:
    """Every connector, and the config fields of those that are wanted by name."""
    connectors = {row.id: row for row in reader.connectors()}
    named = sorted(key for key, row in connectors.items() if row.name in wanted.connectors)
    return connectors, parallel_calls(lambda key: _fields(reader, key), named, parallel)


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
        whatever the first failing call raised; calls that are under way then may still end, unheard.
    """
    if len(keys) < 2 or parallel < 2:
        return {key: call(key) for key in keys}
    pool = ThreadPoolExecutor(max_workers=min(parallel, len(keys)), thread_name_prefix="read")
    try:
        return dict(zip(keys, pool.map(call, keys), strict=True))
    finally:
        # After a failure or a signal nobody waits for the other reads.
        pool.shutdown(wait=False, cancel_futures=True)
