"""What SuperOffice really holds, in clear, and how a plan's units stand in it. Nothing here comes from the applier."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.emulator import Emulator

Row = dict[str, Any]
Stand = Literal["desired", "before", "other"]

# What every write moves, and the watermark, which belongs to the engine and is judged from the history.
_STAMPS = frozenset({"registered", "registeredAssociateId", "updated", "updatedAssociateId", "updatedCount"})
_ENGINE = frozenset({"MostRecentTimestamp", "LastSync"})
_SERVER_MADE = frozenset({"ErpConnectionId", "ConnectionId", "ErpConnectorId"})


@dataclass(frozen=True)
class Picture:
    """Every row at one moment, by id, deleted ones included."""

    connections: Mapping[int, Row]
    connectors: Mapping[int, Row]
    counts: Mapping[int, int]
    """How often each connection's own row was written."""


def picture(emulator: Emulator) -> Picture:
    """Look at everything, with what the connectors remember beside what SuperOffice stores."""
    rows = emulator.inspect.connections()
    connections = {row["ErpConnectionId"]: _bare(row) for row in rows}
    for key, row in connections.items():
        row["Remembered"] = emulator.inspect.remembered_by_connector(key)
    connectors = {row["ErpConnectorId"]: _bare(row) for row in emulator.inspect.connectors()}
    return Picture(connections, connectors, {row["ErpConnectionId"]: row["updatedCount"] for row in rows})


def _bare(row: Mapping[str, Any]) -> Row:
    """Without stamps, engine columns and the keys of inner rows."""
    kept: Row = {}
    for name, value in row.items():
        if name in _STAMPS or name in _ENGINE:
            continue
        if name == "Access" and isinstance(value, list):
            kept[name] = sorted((one["UserGroupId"] or 0, one["AssociateId"] or 0, one["CanConnect"], one["CanCreateERP"]) for one in value)
        elif isinstance(value, Mapping):
            kept[name] = _bare(value)
        else:
            kept[name] = value
    return kept


@dataclass(frozen=True)
class Expected:
    """One unit of the plan as a person would say it, in clear.

    Attributes:
        row: the id of the row it is about; None for a creation.
        columns: the columns that it changes, or all that a creation must have.
        config: the config values that it changes, or all that a creation must have, encoded and in clear.
        connector: for the creation of a connection, the name of its connector.
    """

    address: str
    kind: Literal["create", "update", "delete"]
    row: int | None = None
    columns: Mapping[str, Any] | None = None
    config: Mapping[str, str] | None = None
    groups: tuple[int, ...] | None = None
    users: tuple[int, ...] | None = None
    connector: str = ""

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
    old, new = (before.connectors, after.connectors) if expected.is_connector else (before.connections, after.connections)
    if expected.kind == "create":
        return _created(expected, old, new, after)
    assert expected.row is not None
    start, now = old[expected.row], new[expected.row]
    goal = {**start, "Deleted": True, "Active": False} if expected.kind == "delete" else _changed(start, expected)
    if expected.kind == "delete":  # what the connector remembers of a deleted connection does not matter
        start, now, goal = ({**row, "Remembered": None} for row in (start, now, goal))
        if expected.is_connector:
            goal.pop("Active")
    if now == goal:
        return Found("desired", row=expected.row)
    if now == start:
        return Found("before", row=expected.row)
    return Found("other", (*(f"not desired: {one}" for one in unlike(now, goal)), *(f"not before: {one}" for one in unlike(now, start))))


def _changed(start: Row, expected: Expected) -> Row:
    goal = copy.deepcopy(start)
    goal.update(expected.columns or {})
    if expected.config is not None:
        goal["ConfigFields"] = {**goal["ConfigFields"], **expected.config}
        goal["Remembered"] = dict(goal["ConfigFields"])
    if expected.groups is not None:
        goal["UserGroupAccessIds"] = list(expected.groups)
        goal["AssociateAccessIds"] = list(expected.users or ())
        goal["Access"] = sorted([(one, 0, True, True) for one in expected.groups] + [(0, one, True, True) for one in expected.users or ()])
    return goal


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
    for name in sorted({*one, *other}, key=str):
        left, right = one.get(name), other.get(name)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found += unlike(left, right, f"{path}{name}.")
        elif left != right:
            found.append(f"{path}{name} is {left!r} instead of {right!r}")
    return found


def strangers(before: Picture, after: Picture, units: Iterable[Expected]) -> list[str]:
    """Rows that no unit is about, and that are not as they were; a row that nobody should have written was written."""
    units = tuple(units)
    mine = {one.row for one in units if not one.is_connector}
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
    return found
