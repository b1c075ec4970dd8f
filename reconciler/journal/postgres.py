"""The journal in PostgreSQL, for runners that share it: the same statements, in transactions that queue on one row.

A connection that breaks stays broken for the rest of the command: what was under way is then not known, and the next one
begins with a look at what was kept. The address holds a password, so neither it nor what the driver says of it is shown.

Source: https://www.postgresql.org/docs/18/ (read 2026-11): 13.3.5 advisory locks, 19.11 client connection defaults, 19.5
write ahead log (`fsync`, `synchronous_commit`), 32.1.2 connection parameters, appendix A error codes.

Effects: talks to the database server.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal import statements
from reconciler.journal.database import BUSY_TIMEOUT_S
from reconciler.journal.postgres_address import connect

__all__ = ["PostgresDatabase"]

SCHEMA = "reconciler"
_TABLES = {"meta", "event", "head", "lease"}
_LOCK_CLASS = 0x52454301  # sets our advisory locks apart from those of other programs in the same database
_CLAIM_WAIT_S = 3.0
# idle_in_transaction: a runner that is paused in the middle of a transaction must not keep all the others waiting.
_SETTINGS = tuple(
    f"SET {name} = '{int(BUSY_TIMEOUT_S)}s'" for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
)
_HAS_IDLE_TIMEOUT = 140000  # Source: release notes of PostgreSQL 14
_APPEND_ONLY = (
    "CREATE FUNCTION event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$",
    "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION event_refuse()",
    "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION event_refuse()",
)
_LOCK_TABLES = "SELECT seq FROM head WHERE one = 1 FOR UPDATE"


class PostgresDatabase:
    """A connection to the shared journal."""

    shared = True

    def __init__(self, connection: Any, place: str) -> None:
        self.place = place
        self.shield: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._connection = connection
        self._lock = threading.RLock()
        self._refuses = ""

    @classmethod
    def open(cls, url: str, reference: str, *, create: bool) -> PostgresDatabase | None:
        """Connect; make the tables if they are not there.

        Args:
            url: holds a password; shown nowhere.
            reference: what to call it, such as `env:RECONCILER_JOURNAL`.
            create: with False nothing is made.

        Returns:
            None when there is no journal yet and none was to be made.

        Raises:
            InputError: the reference does not hold a PostgreSQL address, or the driver is not installed.
            JournalError: the server cannot be reached or used, what is there is not a journal of ours, or a newer one.
        """
        database = cls(connect(url, reference), f"the shared journal ({reference})")
        try:
            there = database._prepare(create=create)
        except BaseException as error:
            database.close()
            raise database._trouble(error) if _is_ours(error) else error from error
        if not there:
            database.close()
            return None
        return database

    def close(self) -> None:
        """Give the connection back; never raises."""
        with contextlib.suppress(Exception):
            self._connection.close()

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        cursor = self._connection.execute(statement.replace("?", "%s"), values)
        return list(cursor.fetchall()) if cursor.description else []

    def change(self, statement: str, *values: Any) -> int:
        """Run one statement and return how many rows it changed."""
        return int(self._connection.execute(statement.replace("?", "%s"), values).rowcount)

    def now(self) -> float:
        """The server's clock, in seconds since 1970; of this moment, not of the transaction's beginning."""
        return float(self.rows("SELECT extract(epoch FROM clock_timestamp())::double precision")[0][0])

    def damage(self) -> str:
        """Empty: the server answers for its files."""
        return ""

    @contextlib.contextmanager
    def reading(self) -> Iterator[PostgresDatabase]:
        """Several reads that see the same moment."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield self

    @contextlib.contextmanager
    def writing(self) -> Iterator[PostgresDatabase]:
        """Reads and writes that nobody else's come between: all writers queue on the row of the head.

        Raises:
            JournalError: nothing of the block counts as stored.
        """
        with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"):
            if len(self.rows(_LOCK_TABLES)) != 1:
                raise JournalError(
                    "Journal cannot be trusted",
                    "It does not say which event is the last.",
                    "Look for the place with: reconciler journal check",
                )
            yield self

    def claim(self, name: str) -> str:
        """Take the advisory lock of a target; the session of a holder whose lease is over is ended, so that it can record nothing more."""
        key = _lock_key(name)
        deadline = time.monotonic() + _CLAIM_WAIT_S
        while not self.rows("SELECT pg_try_advisory_lock(?::int, ?::int)", _LOCK_CLASS, key)[0][0]:
            session = self.rows(
                """SELECT l.pid, coalesce(a.usename, 'unknown') FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = ?::bigint::oid AND l.objid = ?::bigint::oid
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
                _LOCK_CLASS,
                key & 0xFFFFFFFF,
            )
            ended = all(self._end_session(pid) for pid, _user in session)
            if not ended or time.monotonic() > deadline:
                return ", ".join(f"session {pid} of the database user {user}" for pid, user in session) or "another session"
            time.sleep(0.02)
        return ""

    def yield_claim(self, name: str) -> None:
        """Give the advisory lock of a target back."""
        self.rows("SELECT pg_advisory_unlock(?::int, ?::int)", _LOCK_CLASS, _lock_key(name))

    def _end_session(self, pid: int) -> bool:
        """Whether we may end a session. Source: a role may end the sessions of its own; documentation 9.28.2."""
        import psycopg

        self._connection.execute("SAVEPOINT ending")
        try:
            self.rows("SELECT pg_terminate_backend(?::int)", pid)
        except psycopg.errors.InsufficientPrivilege:
            self._connection.execute("ROLLBACK TO SAVEPOINT ending")
            return False
        return True

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self.shield(), self._lock:
            if self._refuses:
                raise JournalError("Journal cannot be used", self._refuses, _LOST_HINT)
            ending = False
            try:
                self._connection.execute(begin)
                yield
                ending = True
                self._commit()
            except BaseException as error:
                self._roll_back()
                if _is_ours(error):
                    raise self._trouble(error, ending=ending) from error
                raise

    def _commit(self) -> None:
        if self._connection.execute("COMMIT").statusmessage != "COMMIT":
            raise JournalError("Journal cannot be used", f"{self.place}: the server did not keep the record; nothing is sent without one")

    def _roll_back(self) -> None:
        """Leave the transaction, or give the connection up where it is not known what it does."""
        with contextlib.suppress(Exception):  # where this fails the connection is given up below, and the error that led here is raised
            if not self._connection.closed and self._connection.info.transaction_status.name in ("INTRANS", "INERROR"):
                self._connection.execute("ROLLBACK")
        if self._connection.closed or self._connection.info.transaction_status.name != "IDLE":
            self.close()
            self._refuses = f"{self.place}: the connection to the server was lost; nothing is sent without a record"

    def _prepare(self, *, create: bool) -> bool:
        """Set the session up, and make the tables where that is wanted; whether there is a journal."""
        for setting in _SETTINGS:
            self._connection.execute(setting)
        if self._connection.info.server_version >= _HAS_IDLE_TIMEOUT:  # a long call, or the wait for a late effect, is no idleness
            self._connection.execute("SET idle_session_timeout = 0")
        for name, least in (("fsync", "on"), ("full_page_writes", "on")):
            if self.rows(f"SHOW {name}")[0][0] != least:
                raise JournalError(
                    "Journal is not safe",
                    f"The server of {self.place} runs with {name}=off: what it acknowledges may be lost.",
                    "Use another server.",
                )
        if self.rows("SHOW synchronous_commit")[0][0] in ("off", "local"):
            self._connection.execute("SET synchronous_commit = on")
        there = self._is_journal()
        if not there and create:
            with self._transaction("BEGIN"):
                self.rows("SELECT pg_advisory_xact_lock(?::int, ?::int)", _LOCK_CLASS, 0)
                if not self._is_journal():
                    self._create()
            there = True
        if there:
            self._connection.execute(f"SET search_path = {SCHEMA}")
            self._check_version()
        return there

    def _is_journal(self) -> bool:
        names = {name for (name,) in self.rows("SELECT table_name::text FROM information_schema.tables WHERE table_schema = ?", SCHEMA)}
        if names and not names >= _TABLES:
            raise self._foreign()
        return bool(names)

    def _create(self) -> None:
        # An administrator may have made it for a user who may make no schemas.
        if not self.rows("SELECT 1 FROM pg_namespace WHERE nspname = ?", SCHEMA):
            self._connection.execute(f"CREATE SCHEMA {SCHEMA}")
        self._connection.execute(f"SET LOCAL search_path = {SCHEMA}")
        for statement in (*statements.TABLES, *_APPEND_ONLY, statements.FIRST_HEAD):
            self._connection.execute(statement)
        self.change(statements.PUT_META, "format", statements.FORMAT)
        self.change(statements.PUT_META, "version", str(statements.VERSION))

    def _check_version(self) -> None:
        found = {name: self.rows(statements.GET_META, name) for name in ("format", "version")}
        if found["format"] != [(statements.FORMAT,)] or not found["version"]:
            raise self._foreign()
        version = found["version"][0][0]
        if version != str(statements.VERSION):
            raise JournalError(
                "Journal is from another version",
                f"{self.place} has version {version}; this reconciler reads and writes version {statements.VERSION}. Nothing was changed.",
                "Use the reconciler that wrote it, or a newer one: pip install --upgrade reconciler",
            )

    def _foreign(self) -> JournalError:
        return JournalError(
            "Not a journal",
            f"The schema {SCHEMA!r} of {self.place} was not made by reconciler; it was left as it is",
            "Use another database.",
        )

    def _trouble(self, error: BaseException, *, ending: bool = False) -> JournalError:
        """What went wrong, in a person's words; never the driver's, which may quote the address or a row."""
        state = str(getattr(error, "sqlstate", None) or "")
        if self._refuses or self._connection.closed or (state.startswith(("08", "57P"))):
            kept = "it is not known whether the last record was kept" if ending else "nothing was recorded"
            return JournalError(
                "Journal cannot be used",
                f"{self.place}: the connection to the server was lost; {kept}, and nothing is sent without a record",
                _LOST_HINT,
            )
        what, hint = next(
            ((what, hint) for codes, what, hint in _TROUBLES if state.startswith(codes)),
            (f"unexpected {state or type(error).__name__}", ""),
        )
        return JournalError(
            "Journal cannot be used", f"{self.place}: {what}; nothing was recorded, and nothing is sent without a record", hint
        )


_LOST_HINT = "When the server can be reached again: reconciler recover"
_TROUBLES = (
    (("53100",), "the server's disk is full", "Free some space there."),
    (("53",), "the server has no connection or memory left", "Try again."),
    (
        ("55P03", "40", "57014"),
        f"another program has kept it locked for more than {BUSY_TIMEOUT_S:.0f} s, or the server is very slow",
        "Try again.",
    ),
    (("25006",), "the server takes no writes; it may be a standby", "Name the primary server, or add target_session_attrs=read-write."),
    (
        ("42501", "42P01"),
        "the database user may not do that",
        f"As its administrator: CREATE SCHEMA {SCHEMA} AUTHORIZATION <the user>",
    ),
    (("P0001",), "events are append-only", ""),
    (("XX001", "XX002"), "it is damaged", "Restore the server's files from a backup, then: reconciler journal check"),
)


def _is_ours(error: BaseException) -> bool:
    """Whether the driver raised it."""
    import psycopg

    return isinstance(error, psycopg.Error)


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:4], "big", signed=True)
