"""A whole journal as lines of JSON: to keep, to look at, and to move to another store, such as one that several runners share.

The first line names the format, the last one tells how many events there are and the head, so that a file that was cut off is
not taken for a whole one. Sealed values go along; they are worth nothing without the key of their target.

In -> Out: a store -> lines; lines -> a store that holds the same chain.
Effects: reads or writes the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.errors import InputError, JournalError, RefusedError
from reconciler.journal import statements
from reconciler.journal.chain import canonical, verify
from reconciler.journal.events import Event, Kind
from reconciler.journal.store import Store
from reconciler.journal.transitions import RunState, follow
from reconciler.model import Problem

__all__ = ["Moved", "export_lines", "import_lines"]

FORMAT = "reconciler-journal-export"
_MEMBERS = ("seq", "target", "run", "kind", "at", "body", "prev", "hash")


@dataclass(frozen=True, slots=True)
class Moved:
    """What an import did: events that the file holds, those that were new here, and the head afterwards."""

    events: int
    added: int
    head: str


def export_lines(store: Store) -> Iterator[str]:
    """Every event of every target, in its order.

    Raises:
        JournalError: the chain does not hold; what was given so far has no last line.
    """
    yield canonical({"format": FORMAT, "version": statements.VERSION}) + "\n"
    count, head = 0, ""
    for event in store.events():
        yield canonical({name: getattr(event, name) for name in _MEMBERS}) + "\n"
        count, head = event.seq, event.hash
    checked = store.verify([head])
    if not checked.sound:
        raise JournalError("Journal cannot be trusted", _where(checked.broken), "Look for the place with: reconciler journal check")
    yield canonical({"events": count, "head": head}) + "\n"


def import_lines(store: Store, lines: Iterable[str], name: str) -> Moved:
    """Bring a store to hold what a file holds: all of it, or nothing.

    Args:
        name: of the file, for messages.

    Raises:
        InputError: the file is no whole and sound export.
        RefusedError: the store holds other events, or somebody writes to one of its targets now; nothing was changed.
        JournalError: the store cannot be written; nothing was changed.
    """
    events = _read(lines, name)
    with store.database.writing() as sql:
        seq, head = sql.rows(statements.GET_HEAD)[0]
        if seq > len(events) or (seq and events[seq - 1].hash != head):
            raise RefusedError(
                "The journals differ",
                f"{store.place} holds {seq} events that {name} does not begin with. Nothing was changed.",
                "Import into an empty journal, or into an earlier state of the same one.",
            )
        _refuse_held(sql)
        for event in events[seq:]:
            store.put(sql, event)
        if events[seq:]:
            sql.change(statements.SET_HEAD, events[-1].seq, events[-1].hash)
        for target, fencing in _fencing(events).items():
            # A number that was used must not come again, or a recovery would look older than the run it recovers.
            known = sql.rows(statements.GET_FENCING, target)
            if not known:
                sql.change(statements.FIRST_LEASE, fencing, "", "", "", "", "", 0, 0.0, 0.0, target)
            elif known[0][0] < fencing:
                sql.change(statements.RAISE_FENCING, fencing, target)
    return Moved(len(events), len(events) - seq, events[-1].hash if events else "")


def _refuse_held(sql: Any) -> None:
    now = sql.now()
    held = [target for target, holder, until in sql.rows(statements.ALL_LEASES) if holder and until > now]
    if held:
        raise RefusedError("Another run may write now", f"The lease of {', '.join(held)} is held. Nothing was changed.", "reconciler lease")


def _read(lines: Iterable[str], name: str) -> list[Event]:
    rows: list[Any] = []
    try:
        rows = [json.loads(line) for line in lines if line.strip()]
        first, last = rows[0], rows[-1]
        events = [Event(**{member: row[member] for member in _MEMBERS}) for row in rows[1:-1]]
        whole = first == {"format": FORMAT, "version": statements.VERSION} and last["events"] == len(events)
        whole = whole and last["head"] == (events[-1].hash if events else "")
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise _bad(name, f"It is not a whole export of a journal of version {statements.VERSION}.") from None
    if not whole:
        raise _bad(name, f"It is not a whole export of a journal of version {statements.VERSION}.")
    try:
        broken = verify(events)
        runs: dict[str, RunState] = {}
        for event in events if broken is None else ():
            runs[event.run] = follow(runs.get(event.run, RunState()), event.seq, event.kind, event.body)
    except (JournalError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _bad(name, "An event in it may not stand where it stands.") from error
    if broken is not None:
        raise _bad(name, broken.reason)
    return events


def _fencing(events: Iterable[Event]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for event in events:
        if event.kind in (Kind.RUN_OPENED, Kind.RECOVERY_OPENED):
            highest[event.target] = max(highest.get(event.target, 0), event.body["fencing"])
    return highest


def _where(broken: Any) -> str:
    return broken.reason if broken is not None else "Its chain does not hold."


def _bad(name: str, message: str) -> InputError:
    return InputError([Problem("journal-export", f"{name}: {message}", None, "Export it again: reconciler journal export -o FILE")])
