"""Take the tenant as it is now: say which of the two known states a unit has, if either. A park switches its connection off first.

In -> Out: a `Running` from the journal, its view -> an end that a read showed.
Effects: reads the target; a park toggles a connection through `ensure`.
Neighbours: called by `recover`.
"""

from __future__ import annotations

from reconciler.apply import connector, rows, tenant_wide
from reconciler.apply.below_back import differs_below
from reconciler.apply.below_read import missing_below
from reconciler.apply.connection import set_active
from reconciler.apply.context import Context
from reconciler.apply.creation import at_most_one, bind_created, find_created
from reconciler.apply.ensure import agreed, look
from reconciler.apply.rollback import Back
from reconciler.apply.running import Running
from reconciler.errors import ConflictError, ReconcilerError
from reconciler.journal.view import UnitView
from reconciler.model import Act, Binding, Connection, Connector, End, Outcome, UnitKind

Row = Connection | Connector | None

UNPROVED = "Nothing is confirmed"
"""How the reason of a unit begins that even a person's word does not settle."""


def park(context: Context, running: Running, state: UnitView, reason: str) -> Back:
    """Leave a connection off on purpose; what cannot be switched off is accepted as it is."""
    row = agreed(context, lambda: _current(context, running), rows.settled) if running.address.kind == "connection" else None
    if not isinstance(row, Connection) or row.deleted:
        return accept(context, running, state)
    number = len(running.unit.steps)
    running.row_id, running.latest = row.id, row
    context.record("observed", unit=running.name, step=number, verdict="other", seen=running.seen(row), detail="before it is parked")
    set_active(context, running, wanted=False, step=number)
    context.record("parked", unit=running.name, reason=reason)
    back = accept(context, running, state)
    if back.end is End.NEEDS_ATTENTION and not back.reason.startswith(UNPROVED):
        return Back(End.NEEDS_ATTENTION, f"It is parked, switched off on purpose: {reason}")
    return back


def accept(context: Context, running: Running, state: UnitView) -> Back:
    """Take the tenant as it is now: say which of the two known states it has, if either."""
    number = len(running.unit.steps)
    try:
        end, verdict, row = agreed(context, lambda: _judge(context, running), lambda one: (*one[:2], rows.settled(one[2])))
    except ReconcilerError as error:
        context.record("observed", unit=running.name, step=number, verdict="unreadable", seen="", detail=error.summary)
        why = str(error) if isinstance(error, ConflictError) else f"the tenant could not be read ({error.summary})."
        return Back(End.NEEDS_ATTENTION, f"{UNPROVED}: {why}")
    context.record("observed", unit=running.name, step=number, verdict=verdict, seen=running.seen(row), detail="accepted as it is")
    if running.unit.kind is UnitKind.CREATE and row is not None and not row.deleted:
        bind_created(context, running, Binding(row.id, getattr(row, "guid", "")))
        if running.carried.sealed and any(Act(one.act) is Act.CREATE and one.outcome == Outcome.APPLIED for one in state.attempts):
            context.record("sent", unit=running.name, fields=dict(running.carried.sealed))
    unseen = _unseen(running, state, end)
    if end is not End.NEEDS_ATTENTION and unseen:
        told_by = "what the plan wanted" if end is End.AS_DESIRED else "what was there before"
        text = f"A read shows {told_by}, and none shows which value {', '.join(unseen)} has; it was accepted as it is."
        return Back(End.NEEDS_ATTENTION, text)
    return Back(end, "" if end is not End.NEEDS_ATTENTION else "It is neither as desired nor as before; it was accepted as it is.")


def _judge(context: Context, running: Running) -> tuple[End, str, Row]:
    if running.address.kind not in ("connection", "connector"):
        return (*tenant_wide.compare(context, running), None)
    row = _current(context, running)
    end, verdict = _compare(running, row)
    if isinstance(row, Connection) and not row.deleted:
        if end is End.AS_DESIRED and missing_below(context, running, running.wants or {}):
            end, verdict = (End.AS_BEFORE, "as-before") if _is_as_found(running, row) else (End.NEEDS_ATTENTION, "other")
        if end is not End.AS_DESIRED and differs_below(context, running):
            end, verdict = End.NEEDS_ATTENTION, "other"
    return end, verdict, row


def _is_as_found(running: Running, row: Connection) -> bool:
    before = running.observed
    return before is not None and not rows.differing(row, before, rows.settable(before), running.fields, running.secret_keys)


def _unseen(running: Running, state: UnitView, end: End) -> tuple[str, ...]:
    """The secrets of which no read tells whether they are as that end says: their last save was not the one that leads there."""
    saves = [one for one in state.attempts if Act(one.act) is Act.SAVE and one.outcome != Outcome.NOT_APPLIED]
    if not running.carried.changed or not saves:
        return ()
    leads = End.AS_BEFORE if saves[-1].rollback else End.AS_DESIRED
    return () if saves[-1].outcome == Outcome.APPLIED and leads is end else tuple(sorted(running.carried.changed))


def _current(context: Context, running: Running) -> Row:
    if running.address.kind == "connector":
        if not running.row_id:
            return at_most_one(running, look(context, lambda: connector.find_created(context, running), bool))
        return context.connector(running.row_id)
    if not running.row_id:
        return at_most_one(running, look(context, lambda: find_created(context, running), bool))
    return context.connection(running.row_id)


def _compare(running: Running, row: Row) -> tuple[End, str]:
    gone = row is None or row.deleted
    kind, wants = running.unit.kind, running.wants
    if kind is UnitKind.CREATE and gone:
        return End.AS_BEFORE, "as-before"
    if kind is UnitKind.DELETE and gone:
        return End.AS_DESIRED, "as-desired"
    if gone:
        return End.NEEDS_ATTENTION, "other"
    if isinstance(row, Connector):
        if wants is not None and all(getattr(row, name) == value for name, value in wants.items()):
            return End.AS_DESIRED, "as-desired"
        same = running.observed_connector is not None and row == running.observed_connector
    else:
        assert row is not None
        if wants is not None and rows.holds(row, wants, running.fields, running.secret_keys):
            return End.AS_DESIRED, "as-desired"
        same = _is_as_found(running, row)
    return (End.AS_BEFORE, "as-before") if same else (End.NEEDS_ATTENTION, "other")


__all__ = ["UNPROVED", "accept", "park"]
