"""The lease and the journal themselves: who holds one, and the other's export, import and check.

Effects: reads the journal; `break_lease` and `import_journal` write it.
Neighbours: called by `cli` through `flow`; the tenant is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from reconciler.errors import InputError, RefusedError
from reconciler.flow.new_file import write_new
from reconciler.journal import lease
from reconciler.journal.events import Kind
from reconciler.journal.lease import Holder
from reconciler.journal.store import Checked
from reconciler.journal.transfer import Moved, export_lines, import_lines
from reconciler.model import Problem
from reconciler.session import Session

_LARGEST = 1024 * 1024 * 1024


def lease_holder(session: Session) -> Holder | None:
    """Who holds, or last held, the right to write to the target; None when nobody ever did."""
    return lease.holder(session.store(create=False), session.target.name)


def break_lease(session: Session, who: str, *, actor: Mapping[str, Any], reason: str = "") -> Holder:
    """Take the lease away from its holder, named as it is shown; the journal says by whom and why.

    Raises:
        RefusedError: nobody holds it, or somebody else.
        JournalError: the account of the holder's run was changed, so that nothing could be added to it; the lease is as it was.
    """
    store, name = session.store(create=True), session.target.name
    holder = lease.holder(store, name)
    if holder is not None and holder.run in {run.run for run in store.recorded(name).open_runs}:
        store.view(holder.run)
    by = ": ".join(text for text in (str(actor.get("user", "")), reason) if text)
    had = lease.break_lease(store, name, who, by=by)
    record = store.journal(name, store.new_run_id(os.urandom))
    record.append(Kind.LEASE_BROKEN, {"holder": had.who, "run": had.run, "actor": dict(actor), "reason": reason})
    return had


def export_journal(session: Session, path: Path | None) -> tuple[int, str]:
    """Every event of the journal, of all targets that share it, as text; into a new file, readable for its owner only, where one is named.

    Returns:
        The number of events, and the text where no file was named.

    Raises:
        InputError: the file is there already.
        JournalError: the chain does not hold.
    """
    lines = list(export_lines(session.store(create=False)))
    if path is None:
        return len(lines) - 2, "".join(lines)
    write_new(path, "".join(lines).encode("ascii"), "export-file")
    return len(lines) - 2, ""


def import_journal(session: Session, path: Path) -> Moved:
    """Bring the target's journal to hold what an export holds.

    Raises:
        InputError: the file cannot be read, or is no whole and sound export.
        RefusedError: the journal holds other events, or somebody writes now.
    """
    if path.stat().st_size > _LARGEST:
        raise RefusedError("The file is too large", f"{path} is larger than 1 GiB.", "")
    try:
        with path.open(encoding="ascii") as file:
            return import_lines(session.store(create=True), file, str(path))
    except UnicodeDecodeError:
        raise InputError([Problem("journal-export", f"{path}: It is not text.", None, "Export it again.")]) from None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a target's retention says of its runs.

    Attributes:
        before: the day before which a run is older than it has to be kept.
        older: how many began before that day.
    """

    days: int
    before: date
    older: int


def kept(session: Session) -> Kept | None:
    """What the target's retention says of its runs; None where it says nothing. Nothing is ever removed from a journal."""
    days = session.target.retention_days
    if days is None:
        return None
    before = (session.clock.now() - timedelta(days=days)).date()
    return Kept(days, before, sum(1 for run in session.runs() if run.started[:10] < before.isoformat()))


def check_journal(session: Session, anchors: Sequence[str]) -> Checked:
    """Check every event, the chain and the file, and that heads kept elsewhere are in it."""
    return session.store(create=False).verify(anchors)
