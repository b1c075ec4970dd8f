"""The archives that stand in for GetAllConnections and GetAllConnectors, which servers before NetServer 10.1.5 do not have.

Source: SuperOffice docs, archive providers ErpConnection and ErpConnector (columns; entity `deleted`); API changes of 10.1.5.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.model import Listed, Stamp
from reconciler.wire.carriers import Row, each_once, list_of

__all__ = [
    "CONNECTION_COLUMNS",
    "CONNECTOR_COLUMNS",
    "STAMP_COLUMNS",
    "WITH_DELETED",
    "connections_from",
    "connector_ids_from",
    "stamps_from",
]

CONNECTION_COLUMNS: Final = "id,name,description,deleted"
CONNECTOR_COLUMNS: Final = "id,deleted"
STAMP_COLUMNS: Final = "id,updatedDate,updatedBy"
WITH_DELETED: Final = "erpConnection,deleted"
"""The entities of archive ErpConnection."""


def connections_from(json: Any, *, include_deleted: bool) -> tuple[Listed, ...]:
    """The rows of archive ErpConnection, by id."""
    rows = [Row(one, f"archive row[{at}]") for at, one in enumerate(list_of(json, "archive rows"))]
    kept = [row for row in rows if include_deleted or not row.flag("deleted")]
    found = [Listed(row.stored_id("id"), row.text("name"), row.text("description")) for row in kept]
    each_once([one.id for one in found], "ErpConnection.id")
    return tuple(sorted(found, key=lambda one: one.id))


def connector_ids_from(json: Any) -> tuple[int, ...]:
    """The ids in archive ErpConnector; each is read by itself afterwards."""
    rows = [Row(one, f"archive row[{at}]") for at, one in enumerate(list_of(json, "archive rows"))]
    return tuple(sorted({row.stored_id("id") for row in rows if not row.flag("deleted")}))


def stamps_from(json: Any) -> Mapping[int, Stamp]:
    """Who saved each row of archive ErpConnection last, and when, by id."""
    rows = [Row(one, f"archive row[{at}]") for at, one in enumerate(list_of(json, "archive rows"))]
    return {row.stored_id("id"): Stamp(row.text("updatedDate"), row.text("updatedBy")) for row in rows}
