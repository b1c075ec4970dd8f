"""The digest of what the files mean: the same for the same meaning, however it is written down and wherever it stands.

Effects: none.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reconciler.desired.readings import is_text_everywhere
from reconciler.model import (
    Desired,
    DesiredActor,
    DesiredConnection,
    DesiredConnector,
    DesiredDefault,
    DesiredField,
    DesiredScope,
    Marked,
    Plain,
    SecretRef,
)


def digest(desired: Desired) -> str:
    """SHA-256 of canonical JSON: keys sorted, lists that have no order sorted, places left out.

    Mapping sets are in it as what they give to connections: moving a field from a connection into its set changes nothing.
    """
    actors: dict[int, dict[str, Any]] = {}  # by identity: connections that use one set share its actors
    meaning: dict[str, Any] = {
        "version": 1,
        "language": desired.language,
        "connectors": {key: _written(_connector(connector)) for key, connector in desired.connectors.items()},
        "connections": {key: _written(_connection(connection, actors)) for key, connection in desired.connections.items()},
    }
    if desired.sync_priority is not None:
        meaning["sync_priority"] = [item.value for item in desired.sync_priority]
    if desired.automatic_sync is not None:
        engine = desired.automatic_sync
        meaning["automatic_sync"] = _written({"on": _value(engine.on), "interval": _value(engine.interval_s)})
    canonical = json.dumps(meaning, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _connector(connector: DesiredConnector) -> dict[str, Any]:
    return {
        "name": _value(connector.name),
        "url": _value(connector.url),
        "identifies_erp": sorted(item.value for item in connector.identifies_erp) or None,
        "renamed_from": _value(connector.renamed_from),
        "moved_from": _value(connector.moved_from),
        "absent": connector.absent or None,
        "protect": connector.protect or None,
    }


def _connection(connection: DesiredConnection, actors: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": connection.id.value.lower() if connection.id else None,
        "name": _value(connection.name),
        "description": _value(connection.description),
        "connector": _value(connection.connector),
        "active": _value(connection.active),
        "scope": _scope(connection.scope.value) if connection.scope else None,
        "config": {key: _config(value.value) for key, value in connection.config.items()} or None,
        "actors": {key: _actor_once(actor, actors) for key, actor in connection.actors.items()} or None,
        "renamed_from": _value(connection.renamed_from),
        "moved_from": _value(connection.moved_from),
        "absent": connection.absent or None,
        "protect": connection.protect or None,
    }


def _actor_once(actor: DesiredActor, known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    if id(actor) not in known:
        known[id(actor)] = _written(
            {
                "sync": _value(actor.sync),
                "fields": {key: _written(_field(field)) for key, field in actor.fields.items()} or None,
                "rank": None if actor.rank is None else [key.value for key in actor.rank],
                "fields_not_listed": None if actor.fields_not_listed == "leave" else actor.fields_not_listed,
            }
        )
    return known[id(actor)]


def _field(field: DesiredField) -> dict[str, Any]:
    return {
        "crm": _value(field.crm),
        "direction": _value(field.direction),
        "show": None if field.show is None else sorted(field.show.value),
        "items": {key: item.value for key, item in field.items.items()} or None,
        "items_not_listed": None if field.items_not_listed == "leave" else field.items_not_listed,
        "default": None if field.default is None else _default(field.default.value),
        "renamed_from": _value(field.renamed_from),
    }


def _default(default: DesiredDefault) -> dict[str, Any]:
    value = None if default.value is None else _config(default.value)
    return _written({"value": value, "ask": default.ask or None, "mandatory": default.mandatory or None})


def _scope(scope: DesiredScope) -> dict[str, Any]:
    if scope.everyone:
        return {"everyone": True}
    return {"groups": sorted(item.value for item in scope.groups), "users": sorted(item.value for item in scope.users)}


def _config(value: Plain | SecretRef) -> dict[str, Any]:
    """Quotes count only where they change what the text may be read as: `"F0001"` is F0001, `"12"` is not 12."""
    if isinstance(value, SecretRef):
        return {"secret": value.reference, "version": value.version}
    if value.quoted and not is_text_everywhere(value.text):
        return {"quoted": value.text}
    return {"plain": value.text}


def _written(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value is not None}


def _value(marked: Marked[Any] | None) -> Any:
    return None if marked is None else marked.value
