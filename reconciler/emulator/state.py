"""The one gate to the emulator's rows: typed reads, and writes that are stamped, transactional and recorded.

Effects: reads and writes a SQLite database, in memory or in one file.
Neighbours: every operation, edit and archive goes through `State`; `history` receives what was committed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.history import Author, History, Row
from reconciler.emulator.tables import STAMPS, TABLES, Table, statements, version

SEED = Author("seed", "reset")


class TooLong(Exception):
    """A text does not fit its column."""

    def __init__(self, table: str, column: str, length: int) -> None:
        super().__init__(f"{table}.{column} holds at most {length} characters.")
        self.table, self.column, self.length = table, column, length


class _Shape:
    """What is precomputed per table: its statements and which positions hold booleans."""

    def __init__(self, table: Table) -> None:
        names = ", ".join(f'"{name}"' for name in table.names)
        self.select = " ".join(("SELECT", names, "FROM", f'"{table.name}"'))
        self.delete = " ".join(("DELETE FROM", f'"{table.name}"', "WHERE", f'"{table.key}" = ?'))
        self.names = table.names
        self.booleans = tuple(column.name for column in table.columns if column.kind == "bool")
        self.lengths = {column.name: column.length for column in table.columns if column.length is not None}

    def row(self, values: tuple[Any, ...]) -> Row:
        row = dict(zip(self.names, values, strict=True))
        for name in self.booleans:
            row[name] = bool(row[name])
        return row


_SHAPES = {name: _Shape(table) for name, table in TABLES.items()}


class State:
    """Rows of every table. All methods are safe to call from any thread.

    `lock` may be held by a caller that needs several reads to agree; it is reentrant.
    """

    def __init__(self, path: Path | None, clock: Clock, history: History) -> None:
        self.path = path
        self.clock = clock
        self.history = history
        self.lock = threading.RLock()
        self.truncates = False
        """Whether a text that is too long is cut instead of refused (the switch `too_long`)."""
        self.keeps_previous: Callable[[], bool] = bool
        """Whether the version before the last change is kept in `previous`, for stale reads; costs a copy per write."""
        self.previous: bytes | None = None
        self._author: Author | None = None
        self._pending: list[tuple[str, int, Row | None, Row | None]] = []
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False, timeout=30, cached_statements=512
        )
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        if self.path is not None:
            # A killed emulator leaves a whole database (the rollback journal); only a power cut could lose the last change.
            self._database.execute("PRAGMA synchronous=OFF")
        self._version = int(self._database.execute("PRAGMA data_version").fetchone()[0])
        tables = {name for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.is_new = not tables
        if tables and not tables.issuperset(("ErpConnector", "PendingFault")):
            raise sqlite3.DatabaseError("it is a database of something else")

    def create(self) -> None:
        """Make the empty tables."""
        for statement in statements():
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {version()}")

    def changed_elsewhere(self) -> bool:
        """Whether another process has changed the state file since this was last asked."""
        if self.path is None:
            return False
        with self.lock:
            seen = int(self._database.execute("PRAGMA data_version").fetchone()[0])
        changed, self._version = seen != self._version, seen
        return changed

    def is_current(self) -> bool:
        """Whether the tables are those of this version."""
        return bool(self._database.execute("PRAGMA user_version").fetchone()[0] == version())

    def close(self) -> None:
        """Close the database; an in-memory state is gone after this."""
        with self.lock:
            self._database.close()

    # ---- whole state -------------------------------------------------------------------------------------------

    def serialized(self) -> bytes:
        """The whole database as bytes."""
        with self.lock:
            return self._database.serialize()

    def restore(self, content: bytes) -> None:
        """Become exactly what `serialized` returned."""
        with self.lock:
            if self.path is None:
                self._database.deserialize(content)
                return
            source = sqlite3.connect(":memory:")
            try:
                source.deserialize(content)
                source.backup(self._database)
            finally:
                source.close()

    def digest(self) -> tuple[tuple[str, tuple[tuple[Any, ...], ...]], ...]:
        """Every row of every table, for comparing two states exactly."""
        with self.lock:
            return tuple((name, tuple(self._database.execute(f'{_SHAPES[name].select} ORDER BY "{TABLES[name].key}"'))) for name in TABLES)

    # ---- reading -----------------------------------------------------------------------------------------------

    def row(self, table: str, key: int | None) -> Row | None:
        """One row by its key, or None."""
        if key is None or not -(2**63) <= key < 2**63:
            return None
        shape = _SHAPES[table]
        with self.lock:
            found = self._database.execute(f'{shape.select} WHERE "{TABLES[table].key}" = ?', (key,)).fetchone()
        return shape.row(found) if found else None

    def rows(self, table: str, *, order: str | None = None, **where: Any) -> list[Row]:
        """The rows whose columns equal the given values, by `order` (a column) and then by key."""
        shape, key = _SHAPES[table], TABLES[table].key
        tests = "".join(f'{" AND" if at else " WHERE"} "{name}" IS ?' for at, name in enumerate(where))
        by = f'"{order}", "{key}"' if order else f'"{key}"'
        with self.lock:
            found = self._database.execute(f"{shape.select}{tests} ORDER BY {by}", tuple(where.values())).fetchall()
        return [shape.row(values) for values in found]

    def keys(self, table: str, **where: Any) -> list[int]:
        """The keys of the rows whose columns equal the given values, in order: cheap where few of the rows will be looked at."""
        key = TABLES[table].key
        tests = "".join(f'{" AND" if at else " WHERE"} "{name}" IS ?' for at, name in enumerate(where))
        statement = " ".join(("SELECT", f'"{key}" FROM "{table}"{tests} ORDER BY "{key}"'))
        with self.lock:
            return [found for (found,) in self._database.execute(statement, tuple(where.values()))]

    def first(self, table: str, **where: Any) -> Row | None:
        """The first row whose columns equal the given values, or None."""
        found = self.rows(table, **where)
        return found[0] if found else None

    def flows_elsewhere(self, connection: int, *, field: tuple[str, Any], actor: tuple[str, Any]) -> bool:
        """Whether another connection that is not deleted maps a field with a direction; asked for every field of every mapping.

        Args:
            field, actor: a column of ErpField and one of ErpConnectionActorType, and what they hold.
        """
        parts = (
            'SELECT 1 FROM "ErpField" AS f JOIN "ErpConnectionActorType" AS a USING ("ErpConnectionActorTypeId")',
            f'JOIN "ErpConnection" AS c USING ("ErpConnectionId") WHERE f."{field[0]}" = ? AND f."CrmFieldKey" <> \'\'',
            f'AND (f."SyncToCrm" OR f."SyncToErp") AND a."{actor[0]}" = ? AND c."ErpConnectionId" <> ? AND NOT c."Deleted" LIMIT 1',
        )
        statement = " ".join(parts)
        with self.lock:
            return self._database.execute(statement, (field[1], actor[1], connection)).fetchone() is not None

    # ---- writing -----------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, author: Author) -> Iterator[None]:
        """Everything inside happens together or not at all; what was committed goes to the history.

        A transaction inside another joins it.
        """
        with self.lock:
            if self._author is not None:
                yield
                return
            earlier = self._database.serialize() if self.keeps_previous() else None
            self._database.execute("BEGIN IMMEDIATE")
            self._author, self._pending = author, []
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                self._author, self._pending = None, []
                raise
            self._database.execute("COMMIT")
            pending, self._pending, self._author = self._pending, [], None
            if pending and author.by != "seed":
                self.history.record(self.clock.now(), author, pending)
                if earlier is not None and any(TABLES[table].side == "office" for table, *_ in pending):
                    self.previous = earlier

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Add a row and return its new key.

        Raises:
            TooLong: a text does not fit and texts are not cut.
        """
        author = self._writer()
        fitting = {name: value for name, value in self._fitting(table, values).items() if name not in author.ignoring}
        content = {**fitting, **self._stamps(author)}
        names, marks = ", ".join(f'"{name}"' for name in content), ", ".join("?" * len(content))
        statement = " ".join(("INSERT INTO", f'"{table}"', f"({names}) VALUES ({marks})"))
        cursor = self._database.execute(statement, tuple(content.values()))
        key = int(cursor.lastrowid or 0)
        if author.by != "seed":
            self._pending.append((table, key, None, self.row(table, key)))
        return key

    def update(self, table: str, key: int, changes: Mapping[str, Any]) -> bool:
        """Change columns of a row; a value that is equal already is no change.

        Returns:
            Whether anything changed.
        """
        author = self._writer()
        before = self.row(table, key)
        if before is None:
            return False
        wanted = self._fitting(table, changes)
        content = {name: value for name, value in wanted.items() if before[name] != value and name not in author.ignoring}
        if not content:
            return False
        content |= {"updated": self._now(), "updatedAssociateId": _associate(author), "updatedCount": before["updatedCount"] + 1}
        names = ", ".join(f'"{name}" = ?' for name in content)
        statement = " ".join(("UPDATE", f'"{table}"', "SET", names, "WHERE", f'"{TABLES[table].key}" = ?'))
        self._database.execute(statement, (*content.values(), key))
        self._pending.append((table, key, before, self.row(table, key)))
        return True

    def remove(self, table: str, key: int) -> None:
        """Take a row away for good; its key is never used again."""
        self._writer()
        before = self.row(table, key)
        if before is not None:
            self._database.execute(_SHAPES[table].delete, (key,))
            self._pending.append((table, key, before, None))

    def _writer(self) -> Author:
        if self._author is None:
            raise RuntimeError("a write outside a transaction")
        return self._author

    def _now(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")

    def _stamps(self, author: Author) -> dict[str, Any]:
        now = self._now()
        if author.by == "seed":
            now = "2026-01-01T00:00:00.000000"  # the same in every fresh state
        return dict(zip(STAMPS, (now, _associate(author), now, _associate(author), 0), strict=True))

    def _fitting(self, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
        fitting = dict(values)
        for name, length in _SHAPES[table].lengths.items():
            text = fitting.get(name)
            if isinstance(text, str) and len(text) > length:
                if not self.truncates:
                    raise TooLong(table, name, length)
                fitting[name] = text[:length]
        return fitting


def _associate(author: Author) -> int:
    """The associate that a stamp names: the API's login, or another administrator for edits behind its back."""
    return {"call": 1, "late": 1, "edit": 3, "engine": 0, "seed": 1}[author.by]
