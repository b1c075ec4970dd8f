"""The time-limited right to write to a target, kept in the journal's store; implements `ports.Lease`.

It keeps honest runs apart. It cannot stop a process that slept past its time between a check and a send: against that
stand the fencing number, which the journal compares before it records an intent, and the comparison of every write with a
fresh read. Whether a lease has expired for others is told by the store's clock; for its holder by his own monotonic clock,
which begins before the store is asked, so that the holder always gives up first.

A lease in SQLite covers the processes of one machine that share the journal's folder. In PostgreSQL an advisory lock goes
with it, held by the session of the run: taking over a lease that is over ends that session, so that nothing more can be
recorded through it, and so nothing sent.

Source: Martin Kleppmann, "How to do distributed locking" (2016), on leases, pauses and fencing numbers.

Effects: reads and writes the journal file; asks the operating system whether a process lives.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import JournalError, LeaseHeld, LeaseLost, RefusedError
from reconciler.journal import statements
from reconciler.journal.database import Database
from reconciler.journal.events import Kind
from reconciler.journal.store import Store
from reconciler.journal.transitions import RunPhase
from reconciler.ports import Clock

_LATEST = 253402300800.0  # the year 10000, which datetime does not know

__all__ = ["HeldLease", "Holder", "acquire", "break_lease", "holder", "is_alive"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has, or last had, the right to write to a target.

    Attributes:
        place: the machine and, on Linux, its boot and process namespace: where `pid` means something.
        since, until: by the store's clock.
        held: it has neither been given back nor expired.
    """

    target: str
    fencing: int
    run: str
    who: str
    host: str
    place: str
    pid: int
    since: datetime
    until: datetime
    held: bool


def holder(store: Store, target: str) -> Holder | None:
    """The last holder of a target's lease; None when nobody ever had it."""
    with store.database.reading() as sql:
        return _holder(sql, target)


def acquire(
    store: Store, target: str, run: str, who: str, ttl_s: float, clock: Clock, *, alive: Callable[[int], bool] | None = None
) -> HeldLease:
    """Take the lease of a target, once, without waiting.

    Taken over at once is only the lease of a process of this machine that is no longer alive.

    Args:
        who: for people, such as `anna` or `anna, GitHub run 4711`.
        ttl_s: how long it lasts unless renewed: longer than ever passes between two `ensure`s, which is the deadline of a
            write, the settling after it and the reads that close it.
        alive: tells whether a process id is in use here; by default the operating system is asked.

    Raises:
        LeaseHeld: somebody else has it.
        JournalError: the store cannot be used.
    """
    lives = is_alive if alive is None else alive
    place = _place()
    with store.database.writing() as sql:
        begun = clock.monotonic()
        now = sql.now()
        last = _holder(sql, target)
        if last is not None and last.held and not (last.place == place and not lives(last.pid)):
            raise _held(last)
        others = sql.claim(target)
        if others:
            raise _claimed(target, others)
        fencing = 1 if last is None else last.fencing + 1
        token = f"{run}/{os.getpid()}/{fencing}"
        statement = statements.FIRST_LEASE if last is None else statements.TAKE_LEASE
        sql.change(statement, fencing, token, run, who, socket.gethostname(), place, os.getpid(), now, now + ttl_s, target)
    return HeldLease(store, target, token, fencing, ttl_s=ttl_s, clock=clock, deadline=begun + ttl_s)


def break_lease(store: Store, target: str, who: str, *, by: str = "") -> Holder:
    """Take the lease away from a holder that will not give it back. A run of its that is open has to be recovered next.

    From here on the holder can record no intent, so it sends nothing more; what is on its way is settled by the recovery.

    Args:
        who: the holder's name as it is shown: nobody breaks a lease by mistake.
        by: who breaks it, and why; kept in the holder's run.

    Returns:
        Who had it.

    Raises:
        RefusedError: nobody has it, or somebody else; nothing was changed.
    """
    with store.database.writing() as sql:
        last = _holder(sql, target)
        if last is None or not last.held:
            raise RefusedError("Nobody holds the lease", f"{target} is free to be written.", "")
        if last.who != who:
            raise RefusedError(
                "Another one holds the lease",
                f"The lease of {target} is held by {last.who!r}, not by {who!r}; it was left alone.",
                "reconciler lease",
            )
        sql.change(statements.BREAK_LEASE, target, last.fencing)
        if not sql.claim(target):
            sql.yield_claim(target)
    if last.run in {run.run for run in store.recorded(target).open_runs} and store.view(last.run).state.phase is RunPhase.OPEN:
        store.journal(target, last.run).append(Kind.NOTE, {"text": f"The lease of {who} was broken{f' by {by}' if by else ''}."})
    return last


class HeldLease:
    """A lease that this process took; made by `acquire`."""

    def __init__(self, store: Store, target: str, token: str, fencing: int, *, ttl_s: float, clock: Clock, deadline: float) -> None:
        self._store = store
        self._target = target
        self._token = token
        self._fencing = fencing
        self._ttl_s = ttl_s
        self._clock = clock
        self._deadline = deadline
        self._gone = ""

    @property
    def fencing(self) -> int:
        """Grows with every acquisition of the target's lease and never repeats."""
        return self._fencing

    @property
    def remaining(self) -> float:
        """Seconds left by our own monotonic clock; zero or less when it is over."""
        return 0.0 if self._gone else self._deadline - self._clock.monotonic()

    def ensure(self, seconds: float) -> None:
        """See that at least `seconds` remain, and that nobody has taken it meanwhile; renew when less than half is left.

        Raises:
            LeaseLost: it ran out by our clock, somebody else has it, or the store cannot tell; nothing may be sent.
        """
        remaining = self.remaining
        if remaining <= 0:
            self._lose(self._gone or "it ran out before it was renewed (this process may have been paused)")
        lasts = max(self._ttl_s, seconds * 1.5)
        renew = remaining < max(seconds, self._ttl_s / 2)
        try:
            with self._store.database.writing() if renew else self._store.database.reading() as sql:
                begun = self._clock.monotonic()
                self._refuse_lost(sql, 0 if renew else seconds)
                if renew:
                    sql.change(statements.RENEW_LEASE, sql.now() + lasts, self._target, self._fencing, self._token)
        except JournalError as error:
            raise LeaseLost(
                "Lease lost", f"the right to write to {self._target} cannot be confirmed: {error.detail}", error.hint
            ) from error
        if renew:
            self._deadline = begun + lasts
        if self.remaining < seconds:
            raise LeaseLost("Lease lost", f"the store answered too late to write to {self._target} in time; nothing was sent", _RECOVER)

    def release(self) -> None:
        """Give it back, if it is still ours; never raises."""
        with contextlib.suppress(JournalError), self._store.database.writing() as sql:
            if sql.change(statements.FREE_LEASE, self._target, self._fencing, self._token):
                sql.yield_claim(self._target)
        self._gone = self._gone or "it was given back"

    def _refuse_lost(self, sql: Database, seconds: float) -> None:
        row = _row(sql, self._target)
        if row is None or row[:2] != (self._fencing, self._token):
            self._lose(f"run {row[2]} of {row[3]} on {row[4]} has taken it" if row else "the store has no record of it")
        elif row[-1] - sql.now() < seconds:
            # The clocks disagree: the machine was suspended, or one was set. For others it is free, or soon will be.
            self._lose("it has run out by the store's clock")

    def _lose(self, why: str) -> None:
        self._gone = why
        raise LeaseLost("Lease lost", f"the right to write to {self._target} is gone: {why}; nothing was sent", _RECOVER)


_RECOVER = "See what is known with: reconciler recover"


if sys.platform == "win32":

    def is_alive(pid: int) -> bool:
        """Whether a process with this id runs on this machine. When in doubt, it does.

        Source: https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-getexitcodeprocess (2026-11);
        `os.kill(pid, 0)` would end the process on Windows.
        """
        import ctypes

        query, still_active, invalid_parameter = 0x1000, 259, 87
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        process = kernel.OpenProcess(query, False, pid)
        if not process:
            return ctypes.get_last_error() != invalid_parameter
        code = ctypes.c_ulong()
        asked = kernel.GetExitCodeProcess(ctypes.c_void_p(process), ctypes.byref(code))
        kernel.CloseHandle(ctypes.c_void_p(process))
        return not asked or code.value == still_active

else:

    def is_alive(pid: int) -> bool:
        """Whether a process with this id runs on this machine. When in doubt, it does."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except (OSError, OverflowError):
            return True
        try:  # killed, but not yet collected by its parent
            return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] != "Z"
        except (OSError, IndexError):
            return True


def _place() -> str:
    """Two places with the same text share process ids. A host name alone does not tell: containers may share one."""
    marks = [socket.gethostname()]
    try:
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        marks.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:  # not Linux: then the address of the network card tells machines of one name apart
        marks.append(f"{uuid.getnode():x}")
    return " ".join(marks)


def _holder(sql: Database, target: str) -> Holder | None:
    row = _row(sql, target)
    if row is None:
        return None
    fencing, token, run, who, host, place, pid, acquired_at, expires_at = row
    held = bool(token) and expires_at > sql.now()
    since, until = (datetime.fromtimestamp(seconds, UTC) for seconds in (acquired_at, expires_at))
    return Holder(target, fencing, run, who, host, place, pid, since, until, held)


_Row = tuple[int, str, str, str, str, str, int, float, float]


def _row(sql: Database, target: str) -> _Row | None:
    """The lease as it is stored; damage is told here and not where a number is missing."""
    rows = sql.rows(statements.GET_LEASE, target)
    if not rows:
        return None
    if [type(value) for value in rows[0]] != [int, str, str, str, str, str, int, float, float] or not all(
        0 <= seconds < _LATEST for seconds in rows[0][-2:]
    ):
        raise JournalError("Journal cannot be trusted", f"the lease of {target} is damaged", "reconciler audit verify")
    found: _Row = rows[0]
    return found


def _held(last: Holder) -> LeaseHeld:
    return LeaseHeld(
        "Another run may write now",
        f"{last.who} on {last.host} (process {last.pid}, run {last.run}) has had the right to write to {last.target} "
        f"since {last.since:%Y-%m-%d %H:%M:%S} UTC, until {last.until:%H:%M:%S} UTC unless it is renewed. Nothing was written.",
        f"Wait until that run has ended. If it has died, wait until {last.until:%H:%M:%S} UTC, or break its lease "
        f"(reconciler lease --break {last.who or 'NAME'}); then: reconciler recover",
    )


def _claimed(target: str, others: str) -> LeaseHeld:
    return LeaseHeld(
        "Another run may write now",
        f"The lease of {target} is over, but {others} still holds its lock and may not be ended by us. Nothing was written.",
        "Let the database's administrator end that session.",
    )
