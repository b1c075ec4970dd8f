"""Settle runs that ended unfinished.

Effects: writes the tenant and the journal.
Neighbours: called by `cli` through `flow`; `apply.describe` and `apply.recover` do the work, under the same lease as an apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.apply.describe import describe
from reconciler.apply.exits import NEEDS_ATTENTION
from reconciler.apply.recover import Recovery, recover_run
from reconciler.errors import ReconcilerError
from reconciler.flow.applying import Applying, Listener, account_of
from reconciler.model import RecoverUnit, RunReport, UnitEnd
from reconciler.session import Session


def recover_view(session: Session, *, reach: bool = True) -> list[RecoverUnit]:
    """Per open run and unit: what is known, what users see now, and the choice that is recommended.

    Args:
        reach: ask the tenant; without it, or when it does not answer, each unit has the steps to take by hand.
    """
    store = session.store(create=False)
    reader = session.gateway if reach else None

    def opens(address: str, key: str, sealed: str) -> bool:
        try:
            return session.sealer.unseal(sealed, address=address, field=key) is not None
        except ReconcilerError:  # the fingerprint key is not at hand
            return False

    found: list[RecoverUnit] = []
    for run in session.recorded().open_runs:
        found += describe(reader, store.view(run.run, sound=True), opens)
        reader = None if any(unit.by_hand for unit in found) else reader
    return found


def recover(
    session: Session,
    choice: str,
    *,
    reason: str = "",
    who: Mapping[str, Any] | None = None,
    why: Mapping[str, Any] | None = None,
    listener: Listener | None = None,
) -> RunReport:
    """Settle every open run, oldest first, and close each whose ends a read proved.

    Args:
        reason: why connections are parked.

    Returns:
        The report of the last run, with the units of all; code 0 when there was nothing to recover.
    """
    started = session.clock.monotonic()
    ends: list[UnitEnd] = []
    codes: list[int] = []
    last = ""
    for run in session.recorded().open_runs:
        with Applying(session, who or {}, listener, run.run) as applying:
            view = session.store(create=True).view(run.run, sound=True)
            last = run.run
            recovery = Recovery(choice, reason, account_of(session, who), why or {})
            try:
                if view.unfinished:  # else another recovery had the lease before us
                    ends += recover_run(applying.context, view, recovery)
            finally:
                session.write_begun = session.write_begun or applying.context.interrupts.write_begun
        settled = next(one for one in session.runs() if one.run == run.run)
        codes.append(NEEDS_ATTENTION if settled.exit_code is None else settled.exit_code)
        if settled.exit_code is None:
            break
    return RunReport(
        run=last,
        target=session.target.name,
        plan_digest="",
        units=tuple(ends),
        exit_code=max(codes, default=0),
        head=session.recorded().head,
        seconds=round(session.clock.monotonic() - started, 3),
    )
