"""Plan the way back to what a finished run found.

Effects: reads the journal and the tenant.
Neighbours: called by `cli` through `flow`; what it plans is applied like any other plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.apply.recover import plan_of
from reconciler.desired import load_text
from reconciler.errors import OpenRun, RefusedError
from reconciler.flow.judging import Occasion
from reconciler.flow.planning import make_plan
from reconciler.journal.view import UnitView
from reconciler.model import Address, End, Plan
from reconciler.plan.way_back import way_back
from reconciler.session import Session


def make_rollback_plan(
    session: Session, run: str, *, permissions: Iterable[str] = (), occasion: Occasion | None = None
) -> tuple[Plan, tuple[str, ...]]:
    """The plan that leads back to what a run found, and what it cannot bring back.

    Args:
        run: the beginning of a run's id.

    Raises:
        InputError: there is no such run.
        OpenRun: it is unfinished; `recover` settles it.
        RefusedError: it brought nothing about that could be undone.
        TargetError: the tenant cannot be read.
    """
    store = session.store(create=False)
    view = store.view(store.find_run(run, session.target.name), sound=True)
    if view.unfinished:
        raise OpenRun("The run is unfinished", f"{view.run} has to be settled first.", "Look with `reconciler recover`.")
    plan = plan_of(view)
    done = [unit for unit in plan.units if _brought_about(view.units.get(str(unit.address)))]
    known = {Address.parse(address).key for address in plan.bindings if address.startswith("connection/")}
    back = way_back(done, language=plan.language, known=known)
    stays = (*back.stays, *(_half_done(unit) for unit in view.units.values() if unit.touched and unit.end == End.NEEDS_ATTENTION))
    if back.empty:
        detail = " ".join(stays) or "Every unit of it is untouched, or was rolled back."
        raise RefusedError(
            "There is nothing to go back from",
            f"Run {view.run} left nothing that a plan could undo. {detail}",
            f"reconciler show {view.run}",
        )
    text = json.dumps(back.document, ensure_ascii=False, indent=1)
    desired = load_text(text, f"the way back from {view.run}", target=session.target)
    return make_plan(session, desired, permissions=permissions, occasion=occasion), stays


def _brought_about(unit: UnitView | None) -> bool:
    return unit is not None and unit.end == End.AS_DESIRED and unit.touched


def _half_done(unit: UnitView) -> str:
    return f"{unit.address} was accepted half done, so no way back leads from it: put into the file what it should be, and plan that."
