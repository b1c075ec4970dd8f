"""The journal on a PostgreSQL server: what is lost is never guessed, and the address, which holds a password, is shown nowhere."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from reconciler.errors import InputError, JournalError, LeaseHeld, LeaseLost, ReconcilerError
from reconciler.journal import postgres
from reconciler.journal.lease import acquire
from reconciler.journal.store import Store
from tests.journal.bodies import RUN, TARGET, StepClock, body
from tests.journal.places import clear, open_at, run_sql

pytestmark = pytest.mark.postgres
CANARY = "kanari3-hemmelig"


@pytest.fixture
def place(postgres_address: str) -> str:
    clear(postgres_address)
    return postgres_address


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with open_at(place) as opened:
        yield opened


def cut(place: str, store: Store) -> None:
    """End a store's connection from outside, as a network or an administrator would."""
    run_sql(place, f"SELECT pg_terminate_backend({store.database.rows('SELECT pg_backend_pid()')[0][0]})")


@contextmanager
def role(place: str, name: str, *grants: str) -> Iterator[str]:
    """A database user of its own, and its address."""
    run_sql(place, f"CREATE ROLE {name} LOGIN PASSWORD '{CANARY}'", *grants)
    try:
        yield place.replace("postgres:@", f"{name}:{CANARY}@")
    finally:
        clear(place)
        run_sql(place, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


# --- the address -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind", "says"),
    [
        (f"postgresql://u:{CANARY}@127.0.0.1:9/journal", JournalError, "nothing answers at the address"),
        (f"postgresql://u:{CANARY}@127.0.0.1:9/journal?connect_timeout=1", JournalError, "nothing answers at the address"),
        (f"postgresql://u:{CANARY}@no.such.host.invalid/journal?connect_timeout=1", JournalError, "the host name is not known"),
        (f"postgresql://{CANARY}@/x?host=/nowhere/{CANARY}", JournalError, "nothing answers at the address"),
        (f"postgresql://u:p@127.0.0.1/journal?{CANARY}=1", InputError, "does not hold the address"),
        (f"postgresql://u:{CANARY}%zz@127.0.0.1/journal", InputError, "does not hold the address"),
        (f"mysql://u:{CANARY}@127.0.0.1/journal", InputError, "does not hold the address"),
        (CANARY, InputError, "does not hold the address"),
        ("", InputError, "does not hold the address"),
    ],
)
def test_an_address_that_does_not_work_is_told_by_its_reference_only(address: str, kind: type[ReconcilerError], says: str) -> None:
    with pytest.raises(kind) as caught:
        postgres.PostgresDatabase.open(address, "env:JOURNAL", create=True)
    told = "".join(traceback.format_exception(caught.value))
    shown = f"{caught.value} {caught.value.detail} {caught.value.hint}"
    assert says in shown
    assert "env:JOURNAL" in shown
    assert CANARY not in shown
    assert CANARY not in told.partition("reconciler.errors.")[2]


def test_a_login_that_the_server_refuses_shows_no_password(place: str) -> None:
    with pytest.raises(JournalError) as caught:
        open_at(place.replace("postgres:@", f"stranger:{CANARY}@"))
    assert "does not accept the login" in caught.value.detail
    assert CANARY not in repr(caught.value)


def test_a_remote_server_is_spoken_to_with_tls_unless_the_address_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def connect(_url: str, **given: object) -> None:
        asked.append(given.get("sslmode"))
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(psycopg, "connect", connect)
    for address in ("db.example.com/j", "127.0.0.1/j", "/j?host=/tmp", "db.example.com/j?sslmode=disable"):
        with pytest.raises(JournalError):
            postgres.PostgresDatabase.open(f"postgresql://u:p@{address}", "env:JOURNAL", create=True)
    assert asked == ["require", None, None, None]


@pytest.mark.parametrize(
    ("environ", "address", "asks"),
    [
        ({"PGSSLMODE": "verify-full"}, "db.example.com/j", None),
        ({"PGHOST": "db.example.com"}, "/j", "require"),
        ({"PGHOST": "/var/run/postgresql"}, "/j", None),
        ({}, "/j?service=ours", None),
    ],
)
def test_what_the_environment_asks_of_the_way_to_the_server_is_never_lowered(
    environ: dict[str, str], address: str, asks: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def connect(_url: str, **given: object) -> None:
        asked.append(given.get("sslmode"))
        raise psycopg.OperationalError("connection refused")

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(JournalError):
        postgres.PostgresDatabase.open(f"postgresql://u:p@{address}", "env:JOURNAL", create=True)
    assert asked == [asks]


@contextmanager
def database(place: str, name: str, *more: str) -> Iterator[str]:
    """A database of its own, and its address."""
    with psycopg.connect(place, autocommit=True) as server:
        server.execute(sql.SQL(f"CREATE DATABASE {name} {' '.join(more)}"))
        try:
            yield place.replace("/postgres?", f"/{name}?")
        finally:
            server.execute(sql.SQL(f"DROP DATABASE {name} WITH (FORCE)"))


def test_a_server_that_ends_idle_sessions_leaves_a_run_that_waits_alone(place: str) -> None:
    with database(place, "idle") as address:
        run_sql(place, "ALTER DATABASE idle SET idle_session_timeout = '300ms'")
        with open_at(address) as store:
            journal = store.journal(TARGET, RUN)
            journal.append("run-opened", body("run-opened"))
            time.sleep(0.8)
            journal.append("unit-opened", body("unit-opened"))
            assert store.verify().sound


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_journal_can_be_kept_in_a_database_of_another_encoding(place: str, encoding: str) -> None:
    with (
        database(place, "other", f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") as address,
        open_at(address) as store,
    ):
        store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
        assert store.verify().sound


# --- what may not be there or not be done --------------------------------------------------------------------------------


def test_a_user_who_may_make_nothing_is_told_what_an_administrator_types(place: str) -> None:
    with role(place, "reader") as address:
        with pytest.raises(JournalError, match="may not do that") as caught:
            open_at(address)
        assert "CREATE SCHEMA reconciler AUTHORIZATION" in caught.value.hint
        run_sql(place, "CREATE SCHEMA reconciler AUTHORIZATION reader")
        with open_at(address) as store:
            store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
            assert store.verify().sound


def test_a_user_who_may_only_read_can_look(place: str, store: Store) -> None:
    store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
    grants = ("GRANT USAGE ON SCHEMA reconciler TO viewer", "GRANT SELECT ON ALL TABLES IN SCHEMA reconciler TO viewer")
    with role(place, "viewer", *grants) as address:
        with open_at(address, create=False) as viewer:
            assert viewer.verify().events == 1
            with pytest.raises(JournalError, match="may not do that"):
                viewer.journal(TARGET, RUN).append("note", body("note"))
        store.close()


def test_another_programs_schema_and_another_version_are_left_alone(place: str) -> None:
    run_sql(place, "CREATE SCHEMA reconciler", "CREATE TABLE reconciler.shopping (list text)")
    with pytest.raises(JournalError, match="Not a journal"):
        open_at(place)
    clear(place)
    open_at(place).close()
    run_sql(place, "UPDATE meta SET value = '2' WHERE name = 'version'")
    with pytest.raises(JournalError, match="another version"):
        open_at(place)


def test_a_server_that_does_not_sync_is_refused(place: str) -> None:
    with psycopg.connect(place, autocommit=True) as server:
        try:
            server.execute("ALTER SYSTEM SET fsync = off")
            server.execute("SELECT pg_reload_conf()")
            while server.execute("SHOW fsync").fetchall() != [("off",)]:
                pass
            with pytest.raises(JournalError, match="fsync=off"):
                open_at(place)
        finally:
            server.execute("ALTER SYSTEM RESET fsync")
            server.execute("SELECT pg_reload_conf()")
            while server.execute("SHOW fsync").fetchall() != [("on",)]:
                pass


def test_a_session_that_would_not_wait_for_the_disk_is_made_to(place: str) -> None:
    with open_at(place + "&options=-c%20synchronous_commit%3Doff") as store:
        assert store.database.rows("SHOW synchronous_commit") == [("on",)]


def test_a_runner_paused_in_the_middle_of_a_record_does_not_keep_others_waiting(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SETTINGS", ("SET lock_timeout = '100ms'", "SET idle_in_transaction_session_timeout = '500ms'"))
    with open_at(place) as paused, open_at(place) as other:

        def pause_in_the_middle() -> None:
            with paused.database.writing() as sql:
                with pytest.raises(JournalError, match="kept it locked"):
                    other.journal(TARGET, RUN).append("run-opened", body("run-opened"))
                while not appended(other):  # until the server ends the idle transaction
                    pass
                sql.rows("SELECT 1")

        with pytest.raises(JournalError, match="connection to the server was lost"):
            pause_in_the_middle()
        assert other.verify().events == 1


def appended(store: Store) -> bool:
    try:
        store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
    except JournalError:
        return False
    return True


# --- a connection that is lost -------------------------------------------------------------------------------------------


def test_what_could_not_be_recorded_is_not_there_and_nothing_more_is_recorded(place: str, store: Store) -> None:
    journal = store.journal(TARGET, RUN)
    lease = acquire(store, TARGET, RUN, "anna", 60.0, StepClock())
    journal.append("run-opened", body("run-opened", fencing=lease.fencing))
    cut(place, store)
    with pytest.raises(JournalError, match="the connection to the server was lost"):
        journal.append("unit-opened", body("unit-opened"))
    with pytest.raises(JournalError, match="the connection to the server was lost"):
        journal.append("note", body("note"))
    with pytest.raises(LeaseLost, match="cannot be confirmed"):
        lease.ensure(1)
    lease.release()
    with open_at(place) as other:
        assert other.verify().events == 1


def test_a_connection_lost_while_a_record_was_being_kept_leaves_it_open_whether_it_was(
    place: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = store.journal(TARGET, RUN)
    journal.append("run-opened", body("run-opened"))
    database = store.database
    assert isinstance(database, postgres.PostgresDatabase)
    kept = database._commit

    def commit_and_lose() -> None:
        kept()
        cut(place, store)
        database.rows("SELECT 1")

    monkeypatch.setattr(database, "_commit", commit_and_lose)
    with pytest.raises(JournalError, match="not known whether the last record was kept"):
        journal.append("note", body("note"))
    with open_at(place) as other:
        assert other.verify().events == 2


# --- the lock beside the lease -------------------------------------------------------------------------------------------


def test_taking_over_a_lease_that_is_over_ends_the_session_that_held_it(place: str, store: Store) -> None:
    old = acquire(store, TARGET, RUN, "anna", 60.0, StepClock())
    journal = store.journal(TARGET, RUN)
    journal.append("run-opened", body("run-opened", fencing=old.fencing))
    run_sql(place, "UPDATE lease SET expires_at = 1")
    with open_at(place) as other:
        new = acquire(other, TARGET, "r2", "bert", 60.0, StepClock())
        assert new.fencing == old.fencing + 1
        with pytest.raises(JournalError, match="the connection to the server was lost"):
            journal.append("unit-opened", body("unit-opened"))
        new.ensure(1)
        new.release()
        acquire(other, TARGET, "r3", "bert", 60.0, StepClock()).release()


def test_a_lock_that_we_may_not_end_is_said_to_be_in_the_way(place: str, store: Store) -> None:
    acquire(store, TARGET, RUN, "anna", 60.0, StepClock())
    run_sql(place, "UPDATE lease SET expires_at = 1")
    grants = ("GRANT USAGE ON SCHEMA reconciler TO bert", "GRANT ALL ON ALL TABLES IN SCHEMA reconciler TO bert")
    with role(place, "bert", *grants) as address:
        with (
            open_at(address) as other,
            pytest.raises(LeaseHeld, match=r"session [0-9]+ of the database user postgres still holds its lock"),
        ):
            acquire(other, TARGET, "r2", "bert", 60.0, StepClock())
        store.close()
