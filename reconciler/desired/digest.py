"""The digest of what the files mean: the same for the same meaning, however it is written down and wherever it stands.

Effects: none.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reconciler.desired.readings import is_text_everywhere
from reconciler.model import Desired, DesiredConnection, DesiredConnector, DesiredScope, Marked, Plain, SecretRef


def digest(desired: Desired) -> str:
    """SHA-256 of canonical JSON: keys sorted, lists that have no order sorted, places left out."""
    meaning = {
        "version": 1,
        "language": desired.language,
        "connectors": {key: _written(_connector(connector)) for key, connector in desired.connectors.items()},
        "connections": {key: _written(_connection(connection)) for key, connection in desired.connections.items()},
    }
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


def _connection(connection: DesiredConnection) -> dict[str, Any]:
    return {
        "id": connection.id.value.lower() if connection.id else None,
        "name": _value(connection.name),
        "description": _value(connection.description),
        "connector": _value(connection.connector),
        "active": _value(connection.active),
        "scope": _scope(connection.scope.value) if connection.scope else None,
        "config": {key: _config(value.value) for key, value in connection.config.items()} or None,
        "renamed_from": _value(connection.renamed_from),
        "moved_from": _value(connection.moved_from),
        "absent": connection.absent or None,
        "protect": connection.protect or None,
    }


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
