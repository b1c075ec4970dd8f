"""The journal as one SQLite file: opened with care, written in immediate transactions, every trouble told as ours.

Source: https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html#pragma_synchronous (read 2026-11): in WAL
mode only `synchronous=FULL` syncs at every commit; readers do not wait for the writer; all processes must be on one machine.

Effects: reads and writes the journal file and its folder.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal import statements
from reconciler.journal.database import BUSY_TIMEOUT_S

__all__ = ["SqliteFile"]

_SMALLEST_BYTES = 512  # one page. Source: https://www.sqlite.org/fileformat.html section 1.3.2
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_APPEND_ONLY = tuple(
    f"CREATE TRIGGER event_no_{verb} BEFORE {verb} ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    for verb in ("update", "delete")
)
# A failed write or sync says nothing about what reached the disk, and a second sync may succeed without the data.
# Source: https://wiki.postgresql.org/wiki/Fsync_Errors. So nothing more is written through this connection.
_LAST_WORDS = ("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB")
# A damaged file can make SQLite quote its bytes, in rows and even in its own messages.
_ERRORS = (sqlite3.Error, UnicodeError)


class SqliteFile:
    """A connection to the file, shared by the threads of one process; one transaction at a time."""

    shared = False

    def __init__(self, path: Path, connection: sqlite3.Connection, *, refuses: str = "") -> None:
        self.path = path
        self.place = str(path)
        self.shield: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._connection = connection
        self._refuses = refuses
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> SqliteFile:
        """Open the file; make it, and its folder, if they are not there.

        Raises:
            JournalError: others may read or write it, it is a link, it is not a journal of ours, or newer than we are.
        """
        try:
            _make(path)
            _refuse_unsafe(path)
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, *_ERRORS) as error:
            raise _trouble(error, path) from error
        file = cls(path, connection)
        try:
            file._prepare()
        except _ERRORS as error:
            file.close()
            raise _trouble(error, path) from error
        except BaseException:
            file.close()
            raise
        return file

    @classmethod
    def empty(cls, place: Path | str) -> SqliteFile:
        """Stand in for a journal that does not exist: it holds nothing, takes nothing and touches no disk."""
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for statement in (*statements.TABLES, statements.FIRST_HEAD):
            connection.execute(statement)
        return cls(Path(place), connection, refuses=f"there is no journal at {place}, and it was opened for reading")

    def close(self) -> None:
        """Give the file back; never raises."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        return self._connection.execute(statement, values).fetchall()

    def change(self, statement: str, *values: Any) -> int:
        """Run one statement and return how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def now(self) -> float:
        """The store's own clock, in seconds since 1970; leases expire by it, not by the clocks of those who hold them."""
        return float(self.rows("SELECT (julianday('now') - 2440587.5) * 86400.0")[0][0])

    def damage(self) -> str:
        """What is wrong with the file beyond the rows themselves, such as an index that leaves rows out; empty when nothing is."""
        with self.reading():
            found = [str(line) for (line,) in self.rows("PRAGMA integrity_check(3)")]
        return "" if found == ["ok"] else "; ".join(found)

    def claim(self, name: str) -> str:
        """Empty: the row of the lease is all that SQLite has."""
        del name
        return ""

    def yield_claim(self, name: str) -> None:
        """Nothing to give back."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[SqliteFile]:
        """Several reads that see the same moment."""
        with self._transaction("BEGIN"):
            yield self

    @contextlib.contextmanager
    def writing(self) -> Iterator[SqliteFile]:
        """Reads and writes that nobody else's come between, durable when the block ends, undone when it raises.

        Raises:
            JournalError: nothing of the block is stored.
        """
        if self._refuses:
            raise JournalError("Journal cannot be written", f"{self._refuses}; nothing is sent without a record")
        with self._transaction("BEGIN IMMEDIATE"):
            yield self

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self.shield(), self._lock:
            try:
                self._connection.execute(begin)
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except _ERRORS as error:
                trouble = _trouble(error, self.path)
                if _name(error).startswith(_LAST_WORDS):
                    self._refuses = trouble.detail
                raise trouble from error

    def _prepare(self) -> None:
        # fullfsync: on macOS a plain sync does not reach the platter. Source: https://www.sqlite.org/pragma.html#pragma_fullfsync
        for pragma in ("synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", "trusted_schema=OFF", "cell_size_check=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        if not self._is_journal():
            _patiently(lambda: self._connection.execute("PRAGMA journal_mode=WAL").fetchall())
            with self.writing():
                if not self._is_journal():
                    self._create()
        self._check_version()

    def _is_journal(self) -> bool:
        names = {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if names and not names >= {"meta", "event", "head", "lease"}:
            raise _foreign(self.path)
        return bool(names)

    def _create(self) -> None:
        for statement in (*statements.TABLES, *_APPEND_ONLY, statements.FIRST_HEAD):
            self._connection.execute(statement)
        self.change(statements.PUT_META, "format", statements.FORMAT)
        self.change(statements.PUT_META, "version", str(statements.VERSION))

    def _check_version(self) -> None:
        found = {name: self.rows(statements.GET_META, name) for name in ("format", "version")}
        if found["format"] != [(statements.FORMAT,)] or not found["version"]:
            raise _foreign(self.path)
        version = found["version"][0][0]
        if version != str(statements.VERSION):
            raise JournalError(
                "Journal is from another version",
                f"{self.path} has version {version}; this reconciler reads and writes version {statements.VERSION}. Nothing was changed.",
                "Use the reconciler that wrote it, or a newer one: pip install --upgrade reconciler",
            )


def _make(path: Path) -> None:
    """Make the folder (0700) and an empty file (0600), and make both names durable."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(path.parent.parent)
    _refuse_link(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | _NO_FOLLOW, 0o600))
    except FileExistsError:
        return
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refuse_link(path: Path) -> None:
    for place in (path.parent, path):
        if place.is_symlink():
            raise JournalError(
                "Journal is not safe", f"{place} is a symbolic link; the journal has to lie there itself", f"Look at it, then: rm {place}"
            )


def _refuse_unsafe(path: Path) -> None:
    """A journal that others can read gives away what is done here; one they can write, or put in its place, proves nothing."""
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        raise JournalError("Journal is not safe", f"{path} is not a file", "Move it away.")
    # SQLite takes a scrap for a new database and would write over it; only an empty file can be one that was being made.
    if 0 < about.st_size < _SMALLEST_BYTES:
        raise _foreign(path)
    if os.name != "posix":
        return
    if stat.S_IMODE(about.st_mode) & 0o077:
        raise JournalError("Journal is not safe", f"others may read or write {path}", f"chmod 600 {path}")
    if stat.S_IMODE(path.parent.stat().st_mode) & 0o022:
        raise JournalError("Journal is not safe", f"others may put another file in the place of {path}", f"chmod 700 {path.parent}")


def _patiently(act: Any) -> None:
    """Switching to WAL needs the file alone and does not wait for it, so two first openers would collide."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            act()
            return
        except sqlite3.OperationalError as error:
            if not _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _name(error: BaseException) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _foreign(path: Path) -> JournalError:
    return JournalError("Not a journal", f"{path} was not written by reconciler, or is damaged; it was left as it is", "Move it away.")


_TROUBLES: Sequence[tuple[tuple[str, ...], str, str]] = (
    (("SQLITE_FULL",), "the disk is full", "Free some space."),
    (("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN"), "it cannot be opened for writing", "Check its permissions and its disk."),
    (("SQLITE_BUSY", "SQLITE_LOCKED"), f"another program has kept it locked for more than {BUSY_TIMEOUT_S:.0f} s", "Try again."),
    (("SQLITE_IOERR",), "the disk reported an error", "Check the disk, and what the journal holds: reconciler audit verify"),
    (("SQLITE_CORRUPT",), "it is damaged", "Keep a copy of it, then look at it with: reconciler audit verify"),
)


def _trouble(error: BaseException, path: Path) -> JournalError:
    """What went wrong, in a person's words. Nothing of the transaction was stored, and nothing is sent without a record."""
    name = "SQLITE_CORRUPT" if isinstance(error, UnicodeError) else _name(error)
    if name == "SQLITE_NOTADB":
        return _foreign(path)
    unforeseen = (str(error) or type(error).__name__, "Check the disk and the permissions.")
    what, hint = next(((what, hint) for names, what, hint in _TROUBLES if name.startswith(names)), unforeseen)
    return JournalError("Journal cannot be used", f"{path}: {what}; nothing was recorded, and nothing is sent without a record", hint)
