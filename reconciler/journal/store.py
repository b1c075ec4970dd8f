"""The append-only store of all runs: every event durable before `append` returns, chained, and checked against the table.

Effects: reads and writes the journal file; reads the clock that it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reconciler.errors import InputError, JournalError
from reconciler.journal import statements
from reconciler.journal.chain import Break, event_hash, plain, verify
from reconciler.journal.database import Database
from reconciler.journal.events import Body, Event, Kind
from reconciler.journal.fold import MISSHAPEN, Fold, misshapen
from reconciler.journal.sqlite_file import SqliteFile
from reconciler.journal.stored import distrusted, event_of, matching, split
from reconciler.journal.transitions import RunState, advance, follow
from reconciler.model import Problem, Recorded, RunEnd, Secret, SentSecret
from reconciler.ports import Clock

if TYPE_CHECKING:
    from reconciler.journal.view import RunView

__all__ = ["Checked", "RunJournal", "Store", "journal_path", "open_shared", "open_store"]

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of the whole chain found.

    Attributes:
        events: how many events hold, from the first.
        broken: the first place that does not; None when all do.
        missing: heads kept elsewhere that no event has; with them the end of the chain was cut off or the chain replaced.
    """

    events: int
    head: str
    broken: Break | None = None
    missing: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether everything holds."""
        return self.broken is None and not self.missing


def journal_path(directory: Path) -> Path:
    """Where the journal of a targets file lies."""
    return directory / ".reconciler" / "journal.db"


def open_store(path: Path, *, clock: Clock, create: bool = True) -> Store:
    """Open the journal at a path (see `journal_path`).

    Args:
        create: make it when it is not there. With False a journal that is not there is an empty store that refuses to be
            written, and nothing is made on the disk; one that is there is opened as always.

    Raises:
        JournalError: it is unsafe, foreign, newer, damaged or cannot be reached; nothing was changed.
    """
    there = create or path.exists() or path.is_symlink()
    return Store(SqliteFile.open(path) if there else SqliteFile.empty(path), clock)


def open_shared(url: Secret, reference: str, *, clock: Clock, create: bool = True) -> Store:
    """Open the journal that several runners share.

    Args:
        url: the address of a PostgreSQL database.
        reference: what to call it in messages; the address is never shown.
        create: as for `open_store`.

    Raises:
        InputError: it is no such address, or the driver is missing.
        JournalError: it cannot be reached, is foreign or newer; nothing was changed.
    """
    from reconciler.journal.postgres import PostgresDatabase

    database = PostgresDatabase.open(url.reveal(), reference, create=create)
    return Store(database or SqliteFile.empty(f"the address in {reference}"), clock)


class Store:
    """All runs of all targets that share a journal. Use it in a `with`, or close it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock
        self._folds: dict[str, tuple[Fold, int]] = {}
        self._bound: dict[str, dict[str, str]] = {}
        self._bound_to = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; never raises."""
        self.database.close()

    @property
    def place(self) -> str:
        """What to call the journal in a message."""
        return self.database.place

    def journal(self, target: str, run: str) -> RunJournal:
        """The handle with which one run writes its account."""
        return RunJournal(self, self._clock, target, run)

    def new_run_id(self, random: Callable[[int], bytes]) -> str:
        """A short id that sorts by time and that no event of the journal has yet: `20261122-143005-7f3a`.

        Two runs that begin in one second would otherwise meet once in 65,536 times. It is not reserved: another process may draw the
        same before either writes, and `append` then refuses the later one.

        Args:
            random: gives so many random bytes, such as `os.urandom`; drawn from until one is free.
        """
        second = f"{self._clock.now().astimezone(UTC):%Y%m%d-%H%M%S}"
        while True:
            found = f"{second}-{random(2).hex()}"
            with self.database.reading() as sql:
                if not sql.rows(statements.OF_RUN, found):
                    return found

    def head(self) -> str:
        """The hash of the last event; empty for a new journal."""
        with self.database.reading() as sql:
            return _head(sql)[1]

    def targets(self) -> tuple[str, ...]:
        """Every target that has an event, by name."""
        with self.database.reading() as sql:
            return tuple(sorted(name for (name,) in sql.rows(statements.TARGETS)))

    def recorded(self, target: str) -> Recorded:
        """What all events of a target add up to."""
        with self.database.reading() as sql:
            return self._fold(sql, target).recorded(elsewhere=self._elsewhere(sql, target), head=_head(sql)[1])

    def runs(self, target: str | None = None) -> tuple[RunEnd, ...]:
        """Every run of a target, or of all, in one line, oldest first."""
        with self.database.reading() as sql:
            names = [target] if target is not None else [name for (name,) in sql.rows(statements.TARGETS)]
            runs = [run for name in names for run in self._fold(sql, name).runs()]
        return tuple(sorted(runs, key=lambda run: (run.started, run.run)))

    def find_run(self, prefix: str, target: str) -> str:
        """The one run of a target whose id begins so.

        Raises:
            InputError: none does, or several do and none is exactly that.
        """
        with self.database.reading() as sql:
            found = sorted(str(run) for (run,) in sql.rows(statements.RUN_LIKE, target, len(prefix), prefix)) if prefix else []
        if len(found) == 1 or prefix in found:
            return prefix if prefix in found else found[0]
        if found:
            message = f"The run {prefix!r} of {target} is not clear: it may be {', '.join(found[:5])}{' …' if len(found) > 5 else ''}."
        else:
            message = f"The journal of {target} has no run {prefix!r}."
        raise InputError([Problem("unknown-run", message, hint="See the runs with: reconciler history")], "Run not found")

    def view(self, run: str, *, sound: bool = False) -> RunView:
        """One run in full, for `show` and `recover`.

        Args:
            sound: for who acts on it: every event has to match its hash.

        Raises:
            JournalError: there is no such run, or it was changed.
        """
        from reconciler.journal.view import view_run

        events = self.events(run=run)
        return view_run(map(matching, events) if sound else events)

    def plan_of(self, run: str) -> Mapping[str, Any]:
        """The plan that a run carried out, as its JSON; empty where there is none."""
        body: Body = next((event.body for event in self.events(run=run) if event.kind == Kind.RUN_OPENED), {})
        plan: Mapping[str, Any] = body.get("plan") or {}
        return plan

    def events(self, run: str | None = None, target: str | None = None, *, after: int = 0) -> Iterator[Event]:
        """The events in their order, of one run, one target or all; read in pages, so that a writer is never kept waiting.

        Args:
            after: the sequence number from which on they are new to the caller.
        """
        if run is not None:
            statement, values = statements.PAGE_OF_RUN, [run]
        elif target is not None:
            statement, values = statements.PAGE_OF_TARGET, [target]
        else:
            statement, values = statements.PAGE, []
        last = after
        while True:
            with self.database.reading() as sql:
                rows = sql.rows(statement, *values, last, _PAGE)
            for row in rows:
                yield event_of(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    def put(self, sql: Database, event: Event) -> None:
        """Store an event that another store wrote, in a transaction that its caller began; only an import does this."""
        fields = (event.seq, event.target, event.run, event.kind, event.at, event.prev, event.hash)
        sql.change(statements.PUT_EVENT, *fields, *split(event.kind, event.body))

    def verify(self, anchors: Sequence[str] = ()) -> Checked:
        """Check every event of the chain, the file around them, and that each head that was kept elsewhere is in it.

        Args:
            anchors: heads printed at the end of earlier runs.
        """
        missing = set(anchors) - {""}
        count, head = 0, ""
        promised_seq, promised = self._end()

        def each() -> Iterator[Event]:
            nonlocal count, head
            for event in self.events():
                yield event
                # Only here, asked for the next one, is this one known to hold.
                count, head = event.seq, event.hash
                missing.discard(head)
                if count == promised_seq and head != promised:
                    raise distrusted(f"Event {count} is not the one recorded as the head.")

        try:
            broken = verify(each())
        except JournalError as error:
            broken = Break(count + 1, error.detail)
        damage = "" if broken else self.database.damage()
        if damage:
            broken = Break(0, f"The events hold, but the file around them is damaged: {damage}.")
        elif broken is None and not promised_seq <= count <= self._end()[0]:
            broken = Break(count + 1, f"The chain ends with event {count}, but the head was recorded as event {promised_seq}.")
        return Checked(count, head, broken, tuple(sorted(missing)))

    def _end(self) -> tuple[int, str]:
        with self.database.reading() as sql:
            return _head(sql)

    def _fold(self, sql: Database, target: str) -> Fold:
        """The fold of a target, fed with what is new. Forgotten while it is fed, so that nothing is ever added twice."""
        fold, last = self._folds.pop(target, (Fold(), 0))
        for row in sql.rows(statements.TARGET_AFTER, target, last):
            fold.add(event_of(row))
            last = row[0]
        self._folds[target] = fold, last
        return fold

    def _elsewhere(self, sql: Database, target: str) -> dict[str, str]:
        """GUID to the name of another target that is bound to it (the first by name)."""
        for row in sql.rows(statements.BINDINGS_AFTER, self._bound_to):
            event = event_of(row)
            try:
                self._bound.setdefault(event.target, {})[event.body["address"]] = event.body.get("guid", "")
            except MISSHAPEN as error:
                raise misshapen(event) from error
            self._bound_to = event.seq
        others = sorted((name for name in self._bound if name != target), reverse=True)
        return {guid: name for name in others for guid in self._bound[name].values() if guid}


class RunJournal:
    """One run's handle on the store; implements `ports.Journal`."""

    def __init__(self, store: Store, clock: Clock, target: str, run: str) -> None:
        self.run = run
        self.target = target
        self._store = store
        self._clock = clock
        self._state = RunState()
        self._seen = 0
        self._fencing: int | None = None

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Make one event durable and return its sequence number.

        Raises:
            JournalError: it may not come now (see `transitions`), another process has taken the run or the target over, or
                it cannot be made durable. Nothing was stored; the caller must not send anything.
        """
        content = plain(body)
        with self._store.database.writing() as sql:
            self._catch_up(sql)
            seq, prev = _next(sql)
            # First whose turn it is: to a process that was overtaken, what it wants to record may look like a bug of its own.
            self._refuse_stale(sql, kind)
            state = follow(self._state, seq, kind, content)
            at = f"{self._clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
            made = event_hash(seq=seq, target=self.target, run=self.run, kind=kind, at=at, body=content, prev=prev)
            sql.change(statements.PUT_EVENT, seq, self.target, self.run, str(kind), at, prev, made, *split(kind, content))
            sql.change(statements.SET_HEAD, seq, made)
        self._state, self._seen = state, seq
        if self._fencing is None or kind in (Kind.RUN_OPENED, Kind.RECOVERY_OPENED):
            self._fencing = state.fencing
        return seq

    def recorded(self) -> Recorded:
        """What all earlier events of this target add up to, including this run's so far."""
        return self._store.recorded(self.target)

    def sent_secret(self, address: str, field: str) -> SentSecret | None:
        """The secret last sent for a field, sealed value included."""
        return self.recorded().secrets.get((address, field))

    def _catch_up(self, sql: Database) -> None:
        """Take in what other handles, perhaps of other processes, have written to this run since."""
        for row in sql.rows(statements.RUN_AFTER, self.run, self._seen):
            event = event_of(row)
            if event.target != self.target:
                raise JournalError("Run belongs to another target", f"run {self.run} writes to {event.target}, not to {self.target}")
            try:
                self._state = advance(self._state, event.seq, event.kind, event.body)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise distrusted(f"Event {event.seq} does not have the form in which it was written.") from error
            self._seen = event.seq

    def _refuse_stale(self, sql: Database, kind: str) -> None:
        """A process that slept past its lease learns it here, before anything is recorded, so before anything is sent.

        The lease alone cannot tell it: a machine that was suspended has a monotonic clock that stood still.
        """
        if kind in (Kind.RUN_OPENED, Kind.RECOVERY_OPENED):
            return
        newest = self._state.fencing
        if kind == Kind.INTENT:
            newest = max([newest, *(fencing for (fencing,) in sql.rows(statements.GET_FENCING, self.target))])
        ours = self._state.fencing if self._fencing is None else self._fencing
        if newest > ours:
            raise JournalError(
                "Run was taken over",
                f"the right to write to {self.target} has passed on (fencing {newest}, ours is {ours}); nothing was recorded or sent",
                "See what is known with: reconciler recover",
            )


def _next(sql: Database) -> tuple[int, str]:
    """The number of the next event and the hash before it; refuses to go on from a chain whose end does not hold."""
    head = _head(sql)
    last = (sql.rows(statements.LAST_EVENT) or [(0, "")])[0]
    if head != last:
        raise distrusted(f"Its last event is number {last[0]}, which is not the one recorded as its head; nothing was recorded or sent.")
    return head[0] + 1, head[1]


def _head(sql: Database) -> tuple[int, str]:
    """Number and hash of the last event; zero and empty for a new journal."""
    rows = sql.rows(statements.GET_HEAD)
    if len(rows) != 1 or (type(rows[0][0]), type(rows[0][1])) != (int, str):
        raise distrusted("It does not say which event is the last.")
    return int(rows[0][0]), str(rows[0][1])
