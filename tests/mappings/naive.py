"""The client that a per-resource provider would be: one call per entity, with our transport and the concurrency that we have by default."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.session import Session
from reconciler.wire.operations import OPERATIONS

PARALLEL = 4
# Not among the operations that the tool uses, because the archive tells every default at once.
_DEFAULT = replace(OPERATIONS["GetEngineStatus"], path="Agents/ErpSync/GetDefaultValueInfo")


def read_one_by_one(session: Session) -> None:
    """One call per entity."""
    gateway = session.gateway
    client = gateway._client
    rows = list(gateway.list_connections(include_deleted=False))
    for connector in gateway.connectors():
        gateway.config_fields(connector.id)

    def read(key: int) -> None:
        gateway.connection(key)
        ids = [one.id for name in ("Customer", "Person") if (mapping := gateway.actor_mapping(key, name)) for one in mapping.fields]
        gateway.list_mappings(key)
        for field_id in ids:
            client._exchange(_DEFAULT, {"ErpFieldId": field_id}, None, client._home.api(), client.auth.headers(), 20.0, 1, fresh=False)

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(read, [row.id for row in rows]))
