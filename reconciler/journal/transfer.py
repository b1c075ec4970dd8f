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
from reconciler.journal.fold import MISSHAPEN, Fold
from reconciler.journal.form import fault
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
    numbers: list[int] = []
    rows: list[Any] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError):
                raise _bad(name, f"Line {number} is no JSON.") from None
            numbers.append(number)
    try:
        first, last = rows[0], rows[-1]
        whole = first == {"format": FORMAT, "version": statements.VERSION} and last["events"] == len(rows) - 2
        whole = whole and last["head"] == (rows[-2]["hash"] if len(rows) > 2 else "")
    except (KeyError, TypeError, IndexError):
        whole = False
    if not whole:
        raise _bad(name, f"It is not a whole export of a journal of version {statements.VERSION}.")
    events = []
    for number, row in zip(numbers[1:-1], rows[1:-1], strict=True):
        wrong = fault(row)
        if wrong:
            raise _bad(name, f"The event in line {number} does not have the form of one: {wrong}")
        events.append(Event(**{member: row[member] for member in _MEMBERS}))
    broken = verify(events)
    if broken is not None:
        raise _bad(name, f"Line {numbers[broken.seq]}: {broken.reason}")
    _add_up(events, numbers[1:-1], name)
    return events


def _add_up(events: Iterable[Event], numbers: Iterable[int], name: str) -> None:
    """Refuse what no run would have been let to append, and what those who read the journal could not take in."""
    runs: dict[str, RunState] = {}
    folds: dict[str, Fold] = {}
    target_of: dict[str, str] = {}
    for number, event in zip(numbers, events, strict=True):
        if target_of.setdefault(event.run, event.target) != event.target:
            raise _bad(name, f"The event in line {number} may not stand there: its run belongs to another target.")
        try:
            runs[event.run] = follow(runs.get(event.run, RunState()), event.seq, event.kind, event.body)
            folds.setdefault(event.target, Fold()).add(event)
        except (JournalError, *MISSHAPEN) as error:
            why = error.detail if isinstance(error, JournalError) else "It does not have the form of one."
            raise _bad(name, f"The event in line {number} may not stand there: {why}") from error


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
