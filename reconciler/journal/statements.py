"""Every SQL statement of the journal and the lease, in SQL that SQLite and PostgreSQL both understand.

Written with `?`; another driver's placeholder is put in where the statements are used. What differs between the stores
(opening, the append-only triggers, the clock of the store) stands with each store, such as `sqlite_file`.

Effects: none.
"""

from __future__ import annotations

from reconciler.journal.fold import KINDS

FORMAT = "reconciler-journal"
VERSION = 1

# `bulk` holds the large parts of a body that folding never needs (the plan, what was observed): it comes last in the row,
# and the statements that fold do not select it.
TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE event (
        seq INTEGER PRIMARY KEY, target TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
        prev TEXT NOT NULL, hash TEXT NOT NULL, body TEXT NOT NULL, bulk TEXT NOT NULL)""",
    "CREATE INDEX event_by_run ON event (run, seq)",
    "CREATE INDEX event_by_target ON event (target, seq)",
    "CREATE INDEX event_bindings ON event (seq) WHERE kind IN ('bound', 'unbound')",
    # One row. It gives the next number, is what writers queue on, and shows when the end of the chain was cut off.
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL)",
    """CREATE TABLE lease (
        target TEXT PRIMARY KEY, fencing INTEGER NOT NULL, holder TEXT NOT NULL, run TEXT NOT NULL, who TEXT NOT NULL,
        host TEXT NOT NULL, place TEXT NOT NULL, pid INTEGER NOT NULL, acquired_at DOUBLE PRECISION NOT NULL,
        expires_at DOUBLE PRECISION NOT NULL)""",
)
PUT_META = "INSERT INTO meta (name, value) VALUES (?, ?)"
GET_META = "SELECT value FROM meta WHERE name = ?"
FIRST_HEAD = "INSERT INTO head (one, seq, hash) VALUES (1, 0, '')"

GET_HEAD = "SELECT seq, hash FROM head WHERE one = 1"
SET_HEAD = "UPDATE head SET seq = ?, hash = ? WHERE one = 1"
LAST_EVENT = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
PUT_EVENT = "INSERT INTO event (seq, target, run, kind, at, prev, hash, body, bulk) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_SMALL = "SELECT seq, target, run, kind, at, prev, hash, body FROM event"
RUN_AFTER = f"{_SMALL} WHERE run = ? AND seq > ? ORDER BY seq"
_FOLDED = ", ".join(f"'{kind}'" for kind in sorted(KINDS))
TARGET_AFTER = f"{_SMALL} WHERE target = ? AND seq > ? AND kind IN ({_FOLDED}) ORDER BY seq"
BINDINGS_AFTER = f"{_SMALL} WHERE kind IN ('bound', 'unbound') AND seq > ? ORDER BY seq"

_WHOLE = "SELECT seq, target, run, kind, at, prev, hash, body, bulk FROM event"
PAGE = f"{_WHOLE} WHERE seq > ? ORDER BY seq LIMIT ?"
PAGE_OF_RUN = f"{_WHOLE} WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
PAGE_OF_TARGET = f"{_WHOLE} WHERE target = ? AND seq > ? ORDER BY seq LIMIT ?"
TARGETS = "SELECT DISTINCT target FROM event"
OF_RUN = "SELECT seq FROM event WHERE run = ? LIMIT 1"
RUN_LIKE = "SELECT DISTINCT run FROM event WHERE target = ? AND substr(run, 1, ?) = ? AND kind = 'run-opened'"

GET_LEASE = "SELECT fencing, holder, run, who, host, place, pid, acquired_at, expires_at FROM lease WHERE target = ?"
FIRST_LEASE = """INSERT INTO lease (fencing, holder, run, who, host, place, pid, acquired_at, expires_at, target)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
TAKE_LEASE = """UPDATE lease SET fencing = ?, holder = ?, run = ?, who = ?, host = ?, place = ?, pid = ?, acquired_at = ?, expires_at = ?
    WHERE target = ?"""
RENEW_LEASE = "UPDATE lease SET expires_at = ? WHERE target = ? AND fencing = ? AND holder = ?"
FREE_LEASE = "UPDATE lease SET expires_at = 0, holder = '' WHERE target = ? AND fencing = ? AND holder = ?"
GET_FENCING = "SELECT fencing FROM lease WHERE target = ?"
RAISE_FENCING = "UPDATE lease SET fencing = ? WHERE target = ?"
BREAK_LEASE = "UPDATE lease SET fencing = fencing + 1, holder = '', expires_at = 0 WHERE target = ? AND fencing = ?"
ALL_LEASES = "SELECT target, holder, expires_at FROM lease"
