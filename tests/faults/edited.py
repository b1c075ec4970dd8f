"""Judges a run into which somebody else edited: what the edit changes in the truth, and the one window in which it may be lost.

    lost        a value that somebody else wrote is not overwritten, but by a write that was opened by a read from before the edit
                (and, of a toggle, which flips whatever it meets, until the read that closes it). DESIGN §1, "Not promised".
    stale       what is managed and was edited before the last read that came before our first write stops the run: 4, no write
    deleted     what a read showed as somebody else left it is not deleted
    unseen      an edit of what the plan changes, that a read showed, is never claimed to be as desired or as before
    cursor      as always, but for a cursor that the engine moved between the read and the save of an active connection

Everything else that the checker asks holds with edits, too: the other values of the row, the neighbours, the journal, the exit code.
An edit of what the plan does not change belongs to somebody else, and is part of both "as desired" and "as before".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.emulator import Call, Emulator, Entry
from reconciler.model import End
from tests.faults.checker import NOTHING_WRITTEN, SHOWN_BY, Violation, ends_of, judge
from tests.faults.stage import Account, Prepared
from tests.faults.truth import Picture, Row, goal_of, picture

__all__ = ["Edit", "Made", "Watch", "judge_edited"]

Path = tuple[Any, ...]
Table = Literal["connections", "connectors", "settings"]
_CLEAN = (None, "slow", "ignored-field")


@dataclass(frozen=True)
class Edit:
    """What somebody else does to a row.

    Attributes:
        act: does it, given the id of the row that the plan is about.
        managed: the files speak of it, so that a run which sees it before its first write stops with 4.
        of: what it changes; of the settings of a tenant there is one row, 0.
    """

    name: str
    text: str
    act: Callable[[Emulator, int], object]
    managed: bool = True
    of: Table = "connections"


@dataclass(frozen=True)
class Made:
    """An edit that was made.

    Attributes:
        call: the sequence of the call before which it was made.
        entry: the newest change of the history once it was made.
        paths: what it changed: from, to.
        added: rows that it added.
    """

    edit: Edit
    row: int
    call: int
    entry: int
    paths: Mapping[Path, tuple[Any, Any]]
    added: Mapping[int, Row]


@dataclass
class Watch:
    """Makes an edit before the n-th call; part of a scenario's hook. Calls are counted from the lease on."""

    edit: Edit
    row: int
    nth: int
    count: int = 0
    made: Made | None = None
    calls: list[int] = field(default_factory=list)

    def __call__(self, emulator: Emulator, call: Call) -> None:
        """Count a call."""
        if call.sequence == 0 or call.sequence in self.calls:
            return
        self.calls.append(call.sequence)
        self.count += 1
        if self.count != self.nth:
            return
        before = _rows(picture(emulator), self.edit.of)
        self.edit.act(emulator, self.row)
        after = _rows(picture(emulator), self.edit.of)
        paths = dict(_changes(before[self.row], after[self.row], (self.row,)))
        added = {key: row for key, row in after.items() if key not in before}
        newest = max((entry.sequence for entry in emulator.history), default=0)
        self.made = Made(self.edit, self.row, call.sequence, newest, paths, added)


def _changes(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, tuple[Any, Any]]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in {**old, **new}:
            yield from _changes(old.get(name), new.get(name), (*path, name))
    elif old != new:
        yield path, (old, new)


def _rows(seen: Picture, of: Table) -> dict[int, Row]:
    return {0: seen.settings} if of == "settings" else dict(seen.connectors if of == "connectors" else seen.connections)


def _with_rows(seen: Picture, of: Table, rows: Mapping[int, Row]) -> Picture:
    if of == "settings":
        return replace(seen, settings=rows[0])
    return replace(seen, connectors=rows) if of == "connectors" else replace(seen, connections=rows)


def judge_edited(account: Account, prepared: Prepared, made: Made, edited: Account, *, clean: bool) -> list[Violation]:
    """Every rule that one command broke.

    Args:
        edited: the command while which the edit was made: this one, or an earlier one.
        clean: nothing failed in the run.
    """
    assert account.after is not None
    first = account is edited
    begun = made.call if first else 0
    told = replace(account, after=_without(account, prepared, made, edited))
    of = made.edit.of
    origin = _with_rows(prepared.before, of, {**_rows(prepared.before, of), **made.added})
    found = [one for one in judge(told, replace(prepared, before=origin)) if not _excused(one, account, made, begun)]
    # Who says `recover --back` of a run whose last toggle is in doubt was told so, and chooses the state before the run.
    chosen = not first and _left_in_doubt(edited)
    found += _lost(account, made, begun, chosen or _flipping(edited, made))
    found += _deleted(account, made) if first else ()
    if first and clean and made.edit.managed:
        found += _stale(account, made)
    return found


# --- what the truth is ---------------------------------------------------------------------------------------------------


def _without(account: Account, prepared: Prepared, made: Made, edited: Account) -> Picture:
    """What there is, without what somebody else did where that contradicts no claim; where it does it stays, and is found."""
    assert account.after is not None
    of = made.edit.of
    rows, start = _rows(account.after, of), _rows(prepared.before, of)
    rows[made.row] = copy.deepcopy(rows[made.row])
    owned, begun = _owned(prepared, made), made.call if account is edited else 0
    left = {address for address, unit in ends_of(account).items() if unit.end is End.UNTOUCHED}
    for path, (old, new) in made.paths.items():
        if _get(rows, path) != new:
            continue
        ours = path in owned and (bool(begun) or _writer(edited, path, made, 0) is not None) and _unit_of(prepared, made, path) not in left
        if ours and account.code not in NOTHING_WRITTEN and _shown(account, path, made, begun):
            continue
        _put(rows, path, old if ours and account.code not in NOTHING_WRITTEN else _get(start, path))
    if of == "connections" and rows[made.row]["Deleted"] and any(one.kind == "delete" and one.row == made.row for one in prepared.expected):
        rows[made.row]["Active"] = False  # of a deleted connection that says nothing
    return _with_rows(account.after, of, rows)


def _owned(prepared: Prepared, made: Made) -> set[Path]:
    """What the plan changes of a row, and whether it is active."""
    row, of = made.row, made.edit.of
    if of == "settings":
        return {(row, name) for one in prepared.expected if one.is_tenant_wide for name in one.columns or {}}
    found: set[Path] = {(row, "Active"), (row, "Deleted")}
    for one in prepared.expected:
        if one.row == row and one.is_connector == (of == "connectors") and not one.is_tenant_wide:
            start = _rows(prepared.before, of)[row]
            found |= {path for path, _ in _changes(start, goal_of(start, one), (row,))}
    return found


def _unit_of(prepared: Prepared, made: Made, path: Path) -> str:
    """The unit that is about what was edited; empty for none."""
    of = made.edit.of
    if of == "settings":
        return next((one.address for one in prepared.expected if one.is_tenant_wide and path[1] in (one.columns or {})), "")
    its = (one for one in prepared.expected if one.row == made.row and one.is_connector == (of == "connectors"))
    return next((one.address for one in its if not one.is_tenant_wide), "")


def _get(rows: Mapping[Any, Any], path: Path) -> Any:
    value: Any = rows
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _put(rows: Mapping[Any, Any], path: Path, value: Any) -> None:
    inner: Any = rows
    for name in path[:-1]:
        inner = inner[name]
    if value is None and path[-1] in inner and "Active" not in path:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value


# --- who saw what --------------------------------------------------------------------------------------------------------


def _reader_of(path: Path, of: Table) -> str:
    """The read that shows a value."""
    if of == "connectors":
        return "GetErpSyncConnectorEntity"
    if of == "settings":
        return SHOWN_BY["SaveErpConnectionSyncPriorities" if path[1] == "ConnectionRank" else "ChangeEngineInterval"]
    if len(path) > 2 and path[1] == "Actors":
        column = path[5] if len(path) > 5 else ""
        if column == "Items":
            return SHOWN_BY["SaveConnectionListMappings"]
        if column in ("Rank", "HasFirstSyncDefaultValue", "FirstSyncDefaultValue", "PromptUser", "Mandatory"):
            return SHOWN_BY["SaveDefaultValueInfo"]
        return SHOWN_BY["SaveActorTypeMapping"]
    return "GetConnection"


def _shown(account: Account, path: Path, made: Made, since: int, until: int | None = None) -> bool:
    """Whether a clean read showed a value, from one call on and before another."""
    wanted = _reader_of(path, made.edit.of)
    return any(
        call.operation == wanted
        and call.sequence >= since
        and (until is None or call.sequence < until)
        and call.sequence not in account.cut
        and call.status == 200
        and call.fault in _CLEAN
        and (account.rows[call.sequence][1] == path[0] or wanted.startswith("archive/"))
        for call in account.calls
    )


_TABLES = {"connectors": "ErpConnector", "settings": "ErpConfiguration", "connections": "ErpConnection"}


def _writer(account: Account, path: Path, made: Made, since: int) -> Entry | None:
    """The first change of a value by a call, after an edit."""
    column = path[-1]
    for entry in account.entries:
        if entry.sequence <= since or entry.by not in ("call", "late"):
            continue
        row = entry.after or entry.before or {}
        if made.edit.of != "connections":
            if entry.table == _TABLES[made.edit.of] and path[0] in (0, entry.key) and column in entry.changed:
                return entry
            continue
        if path[1] == "ConfigFields":
            if entry.table == "ConnectionConfigField" and row["FieldKey"] == column and row["ErpConnectionId"] == path[0]:
                return entry
        elif path[1] in ("UserGroupAccessIds", "AssociateAccessIds"):
            if entry.table == "ErpConnectionAccess" and row["ErpConnectionId"] == path[0]:
                return entry
        elif path[1] == "Actors":
            if column in entry.changed or entry.table == "ErpListItemMapping":
                return entry
        elif entry.table == "ErpConnection" and entry.key == path[0] and column in entry.changed:
            return entry
    return None


def _lost(account: Account, made: Made, begun: int, flipping: bool) -> Iterator[Violation]:
    assert account.after is not None
    since = made.entry if begun else 0
    for path, (old, new) in made.paths.items():
        if path[1] in ("Remembered", "Access"):
            continue
        now = _get(_rows(account.after, made.edit.of), path)
        held = _get(_rows(account.before, made.edit.of), path)
        if now == new or (not begun and held != new):
            continue
        entry = _writer(account, path, made, since)
        by = entry.call if entry is not None and entry.call is not None else None
        if by is None or _shown(account, path, made, begun, by):
            if path[1] == "Active" and (flipping or account.code == 6):
                continue  # 6 tells how it is left; to put config back it has to be inactive meanwhile
            text = f"{'.'.join(map(str, path[1:]))} of #{path[0]} was set to {new!r} (from {old!r}) and is {now!r}"
            yield Violation("lost", f"{text}, after call {by} of which the run read it before")


def _deleted(account: Account, made: Made) -> Iterator[Violation]:
    """What the engine moves, and who is switched on, say nothing about whether somebody wants to keep it."""
    told = [path for path in made.paths if path[1] not in ("Active", "Deleted", "Remembered", "MostRecentTimestamp", "LastSyncCursor")]
    for entry in account.entries:
        ours = entry.sequence > made.entry and entry.by in ("call", "late") and entry.call is not None
        if not ours or entry.table != _TABLES[made.edit.of] or entry.key != made.row or "Deleted" not in entry.changed:
            continue
        for path in told:
            if _shown(account, path, made, made.call, entry.call):
                text = f"#{made.row} was deleted by call {entry.call}, after a read showed {'.'.join(map(str, path[1:]))} as somebody else set it"
                yield Violation("deleted", text)


def _flipping(edited: Account, made: Made) -> bool:
    """Whether an edit came between a toggle of ours and the read that closes it: then nobody can tell one from the other."""
    toggles = [call for call in edited.calls if call.operation == "ToggleErpConnectionActive" and call.sequence < made.call]
    toggles = [call for call in toggles if edited.rows[call.sequence][1] == made.row and made.edit.of == "connections"]
    return bool(toggles) and not _shown(edited, (made.row, "Active"), made, toggles[-1].sequence, made.call)


def _left_in_doubt(edited: Account) -> bool:
    """Whether the run stopped at a toggle of which no read could say what came of it."""
    seen = [event for event in edited.events if event.kind in ("intent", "observed")]
    toggled = [event.body["operation"] for event in seen if event.kind == "intent"][-1:] == ["ToggleErpConnectionActive"]
    return edited.code == 6 and toggled and seen[-1].kind == "observed" and seen[-1].body["verdict"] == "unreadable"


# --- what is excused -----------------------------------------------------------------------------------------------------


def _excused(one: Violation, account: Account, made: Made, begun: int) -> bool:
    if one.rule == "toggles" and (made.row, "Active") in made.paths and begun:
        return True  # it flips whatever it meets; what it met is judged by what came of it
    if one.rule == "cursor":
        return all(_moved_in_between(account, entry) for entry in account.entries if _went_back(entry))
    return False


def _went_back(entry: Entry) -> bool:
    if entry.table != "ErpConnection" or entry.before is None or entry.after is None:
        return False
    return bool(entry.after["MostRecentTimestamp"] < entry.before["MostRecentTimestamp"])


def _moved_in_between(account: Account, entry: Entry) -> bool:
    """Whether an active connection was saved with the cursor that the last read before the save showed."""
    assert entry.before is not None
    assert entry.after is not None
    if entry.operation != "SaveConnection" or not entry.before["Active"]:
        return False
    reads = [
        call
        for call in account.calls
        if call.operation == "GetConnection" and call.sequence < (entry.call or 0) and account.rows[call.sequence][1] == entry.key
    ]
    shown = reads[-1].response if reads else None
    return isinstance(shown, dict) and shown.get("MostRecentTimestamp") == entry.after["MostRecentTimestamp"]


def _stale(account: Account, made: Made) -> Iterator[Violation]:
    """Seen before our first write, an edit of what is managed must have stopped the run."""
    writes = [call.sequence for call in account.calls if call.writes]
    until = min(writes, default=None)
    # Which connectors there are is asked before one is created, and told row by row.
    listings = [call.sequence for call in account.calls if call.operation == "GetAllConnectors" and call.sequence < (until or 0)]
    until = max(listings, default=until) if made.edit.of == "connectors" else until
    if any(_shown(account, path, made, made.call, until) for path in made.paths if path[1] != "Remembered") and (
        writes or account.code != 4
    ):
        yield Violation(
            "stale", f"{made.edit.text}, and a read showed it before the first write; exit {account.code}, {len(writes)} writes"
        )
