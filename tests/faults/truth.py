"""What SuperOffice really holds, in clear, and how a plan's units stand in it. Nothing here comes from the applier."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.emulator import Emulator

Row = dict[str, Any]
Stand = Literal["desired", "before", "other"]

# What every write moves, and the watermark, which belongs to the engine and is judged from the history.
_STAMPS = frozenset({"registered", "registeredAssociateId", "updated", "updatedAssociateId", "updatedCount"})
_ENGINE = frozenset({"MostRecentTimestamp", "LastSync"})


@dataclass(frozen=True)
class Picture:
    """Every row at one moment, by id, deleted ones included."""

    connections: Mapping[int, Row]
    connectors: Mapping[int, Row]
    settings: Row
    """The order of connections, and automatic synchronisation."""
    owners: Mapping[int, int]
    """The connection of each ERP field."""


def picture(emulator: Emulator) -> Picture:
    """Look at everything, with what the connectors remember beside what SuperOffice stores; each table is read once."""
    rows = emulator.inspect.rows
    connectors = {row["ErpConnectorId"]: _bare(row) for row in rows("ErpConnector")}
    connections: dict[int, Row] = {}
    memory = {row["ConnectionId"]: json.loads(row["Config"]) for row in rows("ConnectorStored")}
    for row in rows("ErpConnection"):
        its: dict[str, Any] = {"ConfigFields": {}, "UserGroupAccessIds": [], "AssociateAccessIds": [], "Access": [], "Actors": {}}
        connections[row["ErpConnectionId"]] = {**_bare(row), **its, "Remembered": memory.get(row["ConnectionId"].lower())}
    for row in rows("ConnectionConfigField"):
        connections[row["ErpConnectionId"]]["ConfigFields"][row["FieldKey"]] = row["FieldValue"]
    for row in rows("ErpConnectionAccess"):
        _add_access(connections[row["ErpConnectionId"]], row)
    _add_actors(connections, rows)
    owners = {
        field["ErpFieldId"]: key
        for key, row in connections.items()
        for actor in row["Actors"].values()
        for field in actor["Fields"].values()
    }
    return Picture(connections, connectors, _settings(emulator), owners)


def _settings(emulator: Emulator) -> Row:
    """The order as it is used: a stored one that leaves connections out, and one that names them behind, are the same."""
    stored = _bare(emulator.inspect.engine())
    order = stored.pop("Order")
    return {**stored, "ConnectionRank": ";".join(map(str, order))}


def _add_access(connection: Row, row: Row) -> None:
    group, user = row["UserGroupId"], row["AssociateId"]
    connection["UserGroupAccessIds"] += [group] if group is not None else []
    connection["AssociateAccessIds"] += [user] if user is not None else []
    connection["Access"] = sorted([*connection["Access"], (group or 0, user or 0, row["CanConnect"], row["CanCreateERP"])])


def _add_actors(connections: Mapping[int, Row], rows: Callable[[str], list[Row]]) -> None:
    """Actor types by name, their fields by key with their order, and the items of each."""
    actors: dict[int, Row] = {}
    fields: dict[int, Row] = {}
    for row in rows("ErpConnectionActorType"):
        actors[row["ErpConnectionActorTypeId"]] = made = {**_bare(row), "Fields": {}}
        connections[row["ErpConnectionId"]]["Actors"][row["ActorTypeErp"]] = made
    for row in rows("ErpField"):
        fields[row["ErpFieldId"]] = made = {**_bare(row), "Items": {}}
        actors[row["ErpConnectionActorTypeId"]]["Fields"][row["ErpFieldKey"]] = made
    for row in rows("ErpListItemMapping"):
        fields[row["ErpFieldId"]]["Items"][row["ErpItemKey"]] = row["CrmItemKey"]


def _bare(row: Mapping[str, Any]) -> Row:
    """Without stamps and engine columns."""
    return {name: value for name, value in row.items() if name not in _STAMPS and name not in _ENGINE}


@dataclass(frozen=True)
class Expected:
    """One unit of the plan as a person would say it, in clear.

    Attributes:
        row: the id of the row it is about; None for a creation.
        columns: the columns that it changes, or all that a creation must have; of a tenant-wide unit those of the settings.
        config: the config values that it changes, or all that a creation must have, encoded and in clear.
        fields: the columns of ERP fields that it changes, by actor type and field; `Items` are merged.
        actors: the columns of actor types that it changes.
        connector: for the creation of a connection, the name of its connector.
    """

    address: str
    kind: Literal["create", "update", "delete"]
    row: int | None = None
    columns: Mapping[str, Any] | None = None
    config: Mapping[str, str] | None = None
    groups: tuple[int, ...] | None = None
    users: tuple[int, ...] | None = None
    fields: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    actors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    connector: str = ""

    @property
    def is_tenant_wide(self) -> bool:
        return self.address in ("sync-priority", "automatic-sync")

    @property
    def is_connector(self) -> bool:
        return self.address.startswith("connector/")


@dataclass(frozen=True)
class Found:
    """How a unit stands, and what tells it from both known states."""

    stand: Stand
    why: tuple[str, ...] = ()
    row: int | None = None


def stand_of(expected: Expected, before: Picture, after: Picture) -> Found:
    """Whether a unit is as desired, as before, or neither."""
    if expected.is_tenant_wide:
        return _compared(after.settings, {**before.settings, **(expected.columns or {})}, before.settings, expected.columns or {})
    old, new = (before.connectors, after.connectors) if expected.is_connector else (before.connections, after.connections)
    if expected.kind == "create":
        return _created(expected, old, new, after)
    assert expected.row is not None
    start, now = old[expected.row], new[expected.row]
    goal = goal_of(start, expected)
    if expected.kind == "delete":  # what the connector remembers of a deleted connection does not matter
        start, now, goal = ({**row, "Remembered": None} for row in (start, now, goal))
        if expected.is_connector:
            goal.pop("Active")
    return _compared(now, goal, start, now)


def _compared(now: Row, goal: Row, start: Row, names: Iterable[str]) -> Found:
    names = tuple(names)
    now, goal, start = ({name: row.get(name) for name in names} for row in (now, goal, start))
    if now == goal:
        return Found("desired")
    if now == start:
        return Found("before")
    return Found("other", (*(f"not desired: {one}" for one in unlike(now, goal)), *(f"not before: {one}" for one in unlike(now, start))))


def goal_of(start: Row, expected: Expected) -> Row:
    """The row that a unit is to make of one that exists."""
    if expected.kind == "delete":
        return {**start, "Deleted": True, "Active": False}
    # Copied as far down as something is written below; the rest is shared with the row and only read.
    goal = {**start, **(expected.columns or {})}
    if "Actors" in start:
        goal["Actors"] = {name: _copied(actor) for name, actor in start["Actors"].items()}
    if expected.config is not None:
        goal["ConfigFields"] = {**goal["ConfigFields"], **expected.config}
        goal["Remembered"] = dict(goal["ConfigFields"])
    for actor, columns in expected.actors.items():
        goal["Actors"][actor].update(columns)
    for (actor, key), columns in expected.fields.items():
        row = goal["Actors"][actor]["Fields"][key]
        row.update({**columns, "Items": {**row["Items"], **columns.get("Items", {})}})
    if expected.groups is not None:
        goal["UserGroupAccessIds"] = list(expected.groups)
        goal["AssociateAccessIds"] = list(expected.users or ())
        goal["Access"] = sorted([(one, 0, True, True) for one in expected.groups] + [(0, one, True, True) for one in expected.users or ()])
    return goal


def _copied(actor: Row) -> Row:
    return {**actor, "Fields": {key: dict(row) for key, row in actor["Fields"].items()}}


def _created(expected: Expected, old: Mapping[int, Row], new: Mapping[int, Row], after: Picture) -> Found:
    live = [key for key in new if key not in old and not new[key]["Deleted"]]
    mine = [key for key in live if new[key].get("DisplayName") == (expected.columns or {}).get("DisplayName")]
    if not mine:
        return Found("before")
    if len(mine) > 1:
        return Found("other", (f"{len(mine)} new rows carry its name: {mine}",))
    row = new[mine[0]]
    wrong = [f"{name} is {row.get(name)!r}" for name, value in (expected.columns or {}).items() if row.get(name) != value]
    if not expected.is_connector:
        wrong += [] if row["ConfigFields"] == expected.config else unlike(row["ConfigFields"], dict(expected.config or {}))
        wrong += [] if row["Remembered"] == expected.config else [f"the connector remembers {row['Remembered']!r}"]
        wrong += [] if row["Actors"] else ["its fields were never refreshed"]
        name = after.connectors.get(row["ErpConnectorId"], {}).get("DisplayName")
        wrong += [] if name == expected.connector else [f"it is on connector {name!r}"]
    return Found("other" if wrong else "desired", tuple(wrong), mine[0])


def unlike(one: Mapping[str, Any], other: Mapping[str, Any], path: str = "") -> list[str]:
    """Where two rows differ, as texts."""
    found = []
    for name in sorted({*one, *other}, key=str) if one != other else ():
        left, right = one.get(name), other.get(name)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found += unlike(left, right, f"{path}{name}.")
        elif left != right:
            found.append(f"{path}{name} is {left!r} instead of {right!r}")
    return found


def strangers(before: Picture, after: Picture, units: Iterable[Expected]) -> list[str]:
    """Rows that no unit is about, and that are not as they were; a row that nobody should have written was written."""
    units = tuple(units)
    mine = {one.row for one in units if one.address.startswith("connection/")}
    ours = {one.row for one in units if one.is_connector}
    found = [
        f"connection #{key}: {text}"
        for key, row in before.connections.items()
        if key not in mine
        for text in unlike(after.connections.get(key, {}), row)
    ]
    found += [
        f"connector #{key}: {text}"
        for key, row in before.connectors.items()
        if key not in ours
        for text in unlike(after.connectors.get(key, {}), row)
    ]
    wide = {name for one in units if one.is_tenant_wide for name in one.columns or {}}
    found += [
        text
        for text in unlike(_among(after.settings, before.settings), _among(before.settings, after.settings), "settings: ")
        if text.split()[1] not in wide
    ]
    return found


def _among(settings: Row, other: Row) -> Row:
    """The settings, with the order of those that both know: a new connection gets a place by itself, a deleted one loses its own."""
    known = other["ConnectionRank"].split(";")
    return {**settings, "ConnectionRank": ";".join(one for one in settings["ConnectionRank"].split(";") if one in known)}
