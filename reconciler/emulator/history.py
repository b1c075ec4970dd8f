"""The ordered record of every change of state, with who made it.

An independent checker judges a run from this and from nothing the client says.

Effects: none (memory only).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, overload

from reconciler.emulator.tables import TABLES

Row = dict[str, Any]
Who = Literal["call", "late", "edit", "engine", "seed"]


@dataclass(frozen=True)
class Author:
    """Who is about to change something.

    Attributes:
        by: a client's call, a call that lands late, an administrator's edit, the sync engine, or the seed of a reset.
        operation: what was asked for, for example `SaveConnection` or `rename`.
        call: the sequence of the client's call, or None.
        ignoring: members that this write silently leaves as they are (the IGNORED_FIELD fault).
    """

    by: Who
    operation: str = ""
    call: int | None = None
    ignoring: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """One row that changed. `before` is None for a new row, `after` is None for a removed one."""

    sequence: int
    at: datetime
    author: Author
    table: str
    key: int
    before: Row | None
    after: Row | None

    @property
    def by(self) -> Who:
        """Who changed it."""
        return self.author.by

    @property
    def operation(self) -> str:
        """What that somebody was doing."""
        return self.author.operation

    @property
    def call(self) -> int | None:
        """The sequence of the client's call behind the change."""
        return self.author.call

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Column to (before, after), for the columns that differ."""
        before, after = self.before or {}, self.after or {}
        return {name: (before.get(name), after.get(name)) for name in {**before, **after} if before.get(name) != after.get(name)}


@dataclass
class History(Sequence[Entry]):
    """All entries since the emulator was made or `clear` was called; safe to read while the emulator serves."""

    limit: int = 200_000
    _entries: list[Entry] = field(default_factory=list)
    _next: int = 1
    _calls: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, at: datetime, author: Author, changes: Sequence[tuple[str, int, Row | None, Row | None]]) -> None:
        """Append the changes of one committed transaction."""
        with self._lock:
            for table, key, before, after in changes:
                self._entries.append(Entry(self._next, at, author, table, key, before, after))
                self._next += 1
                if author.call is not None and TABLES[table].side == "office":
                    self._calls.add(author.call)
            if len(self._entries) > self.limit:
                del self._entries[: len(self._entries) - self.limit]

    def clear(self) -> None:
        """Forget what happened; numbering goes on."""
        with self._lock:
            self._entries.clear()
            self._calls.clear()

    def has_effect(self, call: int) -> bool:
        """Whether a call changed anything in SuperOffice (what a connector remembers does not count)."""
        return call in self._calls

    def since(self, sequence: int) -> list[Entry]:
        """The entries after a sequence number."""
        with self._lock:
            return [entry for entry in self._entries if entry.sequence > sequence]

    def of(self, table: str, key: int | None = None) -> list[Entry]:
        """The entries of one table, or of one row."""
        with self._lock:
            return [entry for entry in self._entries if entry.table == table and key in (None, entry.key)]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(self._entries))

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        with self._lock:
            return self._entries[index]
