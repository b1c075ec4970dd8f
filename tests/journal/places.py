"""Where a journal may lie: a file, or a database on a real server. The same tests run on both."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reconciler.journal.store import Store, open_shared, open_store
from reconciler.model import Secret
from tests.journal.bodies import StepClock

SHARED = "env:JOURNAL"


def open_at(place: str, *, create: bool = True, clock: StepClock | None = None) -> Store:
    """The journal at a path, or at an address."""
    clock = clock or StepClock()
    if place.startswith("postgresql://"):
        return open_shared(Secret(place), SHARED, clock=clock, create=create)
    return open_store(Path(place), clock=clock, create=create)


def run_sql(place: str, *lines: str) -> None:
    """Do something to the tables behind the journal's back."""
    if place.startswith("postgresql://"):
        import psycopg

        with psycopg.connect(place, options="-c search_path=reconciler,public") as server:
            for line in lines:
                server.execute(line)
        return
    file = sqlite3.connect(place)
    for line in lines:
        file.execute(line)
    file.commit()
    file.close()


def tamper(place: str, *lines: str) -> None:
    """Change events, once what forbids it is out of the way."""
    if place.startswith("postgresql://"):
        triggers = ("event_no_change", "event_no_truncate")
        run_sql(place, *(f"DROP TRIGGER IF EXISTS {name} ON event" for name in triggers), *lines)
    else:
        run_sql(place, *(f"DROP TRIGGER IF EXISTS {name}" for name in ("event_no_update", "event_no_delete")), *lines)


def clear(place: str) -> None:
    """Take the journal away."""
    if place.startswith("postgresql://"):
        run_sql(place, "DROP SCHEMA IF EXISTS reconciler CASCADE")
    else:
        for path in Path(place).parent.glob(Path(place).name + "*"):
            path.unlink()


def is_there(place: str) -> bool:
    """Whether anything of a journal was made."""
    if not place.startswith("postgresql://"):
        return Path(place).parent.exists()
    import psycopg

    with psycopg.connect(place) as server:
        return bool(server.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'reconciler'").fetchall())
