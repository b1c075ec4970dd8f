"""Archives: flat rows with chosen columns, filtered, ordered and paged.

Effects: reads the office's state.

Source: SuperOffice docs, REST Archive; archive providers erpfield, erpconnection, erpconnector, erpsynclog, dynamic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from reconciler.emulator.companions.filters import parse_filter
from reconciler.emulator.history import Row
from reconciler.emulator.members import Invalid, Malformed
from reconciler.emulator.office import Office

ARCHIVES = {name.lower(): name for name in ("ErpField", "ErpConnection", "ErpConnector", "ErpSyncLog", "dynamic")}
PAGE_SIZE = 1000
Record = tuple[int, str, Callable[[], Row]]
Records = list[Record]
"""(primary key, entity name, columns when somebody looks) of every row: a page of a large archive makes no more rows than it shows."""

Made = list[tuple[int, str, Row]]
"""The same of archives with few rows, whose columns are made at once."""

_OF_CONNECTION = re.compile(r"\s*ConnectionId\s+eq\s+(\d{1,18})\s*", re.IGNORECASE)


def archive(office: Office, name: str, query: Mapping[str, str]) -> Any:
    """One page of an archive in the OData form."""
    select = [column.strip() for column in query.get("$select", "").split(",") if column.strip()]
    records = _records(office, name, select, query.get("$filter", ""))
    if records is None:
        raise Invalid(f"There is no archive provider {name}.", "SoNotSupportedException")
    # All rows of an archive have the same columns.
    names = {column.lower(): column for column in (records[0][2]() if records else {})}
    unknown = [column for column in select if records and column.lower() not in names]
    if unknown:
        raise Invalid(f"The archive {name} has no column {', '.join(unknown)}.")
    entities = {one.strip().lower() for one in query.get("$entities", "").split(",") if one.strip()}
    records = [one for one in records if one[1].lower() in entities] if entities else [one for one in records if one[1] != "deleted"]
    if query.get("$filter"):
        keep = parse_filter(query["$filter"])
        records = [one for one in records if keep(_lowered(names, one))]
    records = _ordered(records, names, query.get("$orderby", ""))
    return _page(name, records, {column: names.get(column.lower(), column) for column in select}, query)


def _records(office: Office, name: str, select: list[str], restriction: str) -> Records | None:
    if name == "ErpField":
        one = _OF_CONNECTION.fullmatch(restriction)
        return _fields(office, int(one[1]) if one else None)
    if name != "dynamic" and name not in _SOURCES:
        return None
    made = _dynamic(office, select) if name == "dynamic" else _SOURCES[name](office)
    return [(key, entity, partial(dict, columns)) for key, entity, columns in made]


def _lowered(names: Mapping[str, str], record: Record) -> Row:
    columns = record[2]()
    return {low: columns[name] for low, name in names.items()}


def _ordered(records: Records, names: Mapping[str, str], order: str) -> Records:
    for part in reversed([part.split() for part in order.split(",") if part.strip()]):
        column = names.get(part[0].lower(), "")

        def value(record: Record, column: str = column) -> tuple[bool, Any]:
            found = record[2]().get(column)
            return (found is not None, found)

        records = sorted(records, key=value, reverse=len(part) > 1 and part[1].lower() == "desc")
    return records


def _page(name: str, records: Records, select: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Any]:
    try:
        top, skip = int(query.get("$top", PAGE_SIZE)), int(query.get("$skip", 0))
    except ValueError as error:
        raise Malformed("$top and $skip must be integers.") from error
    shown = []
    for key, entity, look in records[skip : skip + top]:
        columns = look()
        chosen = {shown_as: columns[column] for shown_as, column in select.items()} if select else columns
        shown.append({"PrimaryKey": str(key), "EntityName": entity, **chosen})
    # Behind a proxy the server builds links on a host that the client cannot reach; a client must count for itself.
    more = f"http://superoffice.internal/api/v1/archive/{name}?$skip={skip + top}" if skip + top < len(records) else None
    return {"odata.metadata": f"http://superoffice.internal/api/v1/Archive/{name}/$metadata", "odata.nextLink": more, "value": shown}


def _fields(office: Office, connection: int | None) -> Records:
    """The fields of one connection, or of all."""
    state = office.state
    actors = {row["ErpConnectionActorTypeId"]: row for row in state.rows("ErpConnectionActorType")}
    logins = _logins(office)

    def columns(row: Row) -> Row:
        actor = actors[row["ErpConnectionActorTypeId"]]
        return {
            **{name: value for name, value in row.items() if name not in ("ErpFieldId", "Searchable")},
            "Id": row["ErpFieldId"],
            "ConnectionId": actor["ErpConnectionId"],
            "ActorTypeErp": actor["ActorTypeErp"],
            "PromptOrHasDefault": row["PromptUser"] or row["HasFirstSyncDefaultValue"],
            **_stamps(logins, row),
        }

    def looked_up(key: int) -> Row:
        return columns(state.row("ErpField", key) or {})

    if connection is None:
        return [(key, "erpField", partial(looked_up, key)) for key in state.keys("ErpField")]
    owners = [key for key, row in actors.items() if row["ErpConnectionId"] == connection]
    rows = {row["ErpFieldId"]: row for owner in owners for row in state.rows("ErpField", ErpConnectionActorTypeId=owner)}
    return [(key, "erpField", partial(columns, row)) for key, row in sorted(rows.items())]


def _connections(office: Office) -> Made:
    made: Made = []
    logins = _logins(office)
    for row in office.state.rows("ErpConnection"):
        connector = office.state.row("ErpConnector", row["ErpConnectorId"]) or {}
        columns = {
            "id": row["ErpConnectionId"],
            "name": row["DisplayName"],
            "description": row["DisplayDescription"],
            "active": row["Active"],
            "erpId": row["ConnectionId"],
            "mostRecent": row["MostRecentTimestamp"],
            "allAccess": row["AllAccess"],
            "deleted": row["Deleted"],
            "connector/id": connector.get("ErpConnectorId"),
            "connector/url": connector.get("URL"),
            "connector/name": connector.get("DisplayName"),
            **_stamps(logins, row),
        }
        made.append((row["ErpConnectionId"], "deleted" if row["Deleted"] else "erpConnection", columns))
    return made


def _connectors(office: Office) -> Made:
    logins = _logins(office)
    return [
        (
            row["ErpConnectorId"],
            "deleted" if row["Deleted"] else "erpConnector",
            {"id": row["ErpConnectorId"], "url": row["URL"], "name": row["DisplayName"], "deleted": row["Deleted"], **_stamps(logins, row)},
        )
        for row in office.state.rows("ErpConnector")
    ]


def _sync_log(office: Office) -> Made:
    return [(row["ErpSyncLogId"], "erpSyncLog", dict(row)) for row in office.state.rows("ErpSyncLog")]


def _logins(office: Office) -> Mapping[int, str]:
    return {row["AssociateId"]: row["Name"] for row in office.state.rows("Associate")}


def _stamps(logins: Mapping[int, str], row: Row) -> Row:
    return {
        "registeredDate": row["registered"],
        "registeredBy": logins.get(row["registeredAssociateId"], ""),
        "updatedDate": row["updated"],
        "updatedBy": logins.get(row["updatedAssociateId"], ""),
        "updatedCount": row["updatedCount"],
    }


_SOURCES: dict[str, Callable[[Office], Made]] = {
    "ErpConnection": _connections,
    "ErpConnector": _connectors,
    "ErpSyncLog": _sync_log,
}

_DYNAMIC = {
    "associate": (
        "Associate",
        {"associate_id": "AssociateId", "name": "Name", "deleted": "Deleted", "type": "Type", "group_idx": "UserGroupId"},
    ),
    "usergroup": ("UserGroup", {"usergroup_id": "UserGroupId", "name": "Name", "deleted": "Deleted", "rank": "Rank", "tooltip": "ToolTip"}),
}
"""Database table: our table, and database column: our column. Truth values are 0 and 1 there."""


def _dynamic(office: Office, select: list[str]) -> Made:
    """The dynamic archive takes its table from the columns that are asked for: `associate.name`."""
    roots = {column.split(".")[0].lower() for column in select}
    if len(roots) != 1 or not roots <= _DYNAMIC.keys():
        raise Invalid("The dynamic archive needs columns of one table that it knows.", "SoNotSupportedException")
    root = roots.pop()
    table, columns = _DYNAMIC[root]
    made: Made = []
    for row in office.state.rows(table):
        values = {f"{root}.{name}": int(row[ours]) if isinstance(row[ours], bool) else row[ours] for name, ours in columns.items()}
        made.append((values[f"{root}.{root}_id"], root, values))
    return made
