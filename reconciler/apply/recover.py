"""Finish runs that ended unfinished: settle what is in doubt, then go back, or accept what is there now.

Works from the journal and the tenant alone, so it does not matter which process, or which machine, began the run.

In -> Out: the view of an open run, a choice -> the ends of its units, and a closed run where a read proved them.
Effects: reads and writes the target, writes the journal.
Neighbours: called by `flow`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.apply import connector, kinds, rows, tenant_wide
from reconciler.apply.below_json import below_from_json, restore_starts
from reconciler.apply.carried import keys_sent
from reconciler.apply.context import Context
from reconciler.apply.rollback import Back
from reconciler.apply.running import Carried, Running, planned_ids
from reconciler.apply.surprises import told
from reconciler.errors import ConnectorUnavailable, Interrupted, JournalError, ReconcilerError
from reconciler.journal.transitions import UnitPhase
from reconciler.journal.view import RunView, UnitView
from reconciler.model import Act, Connection, Connector, End, Outcome, Plan, RecoverUnit, Secret, TestResult, Unit, UnitEnd, UnitKind
from reconciler.plan.codec import from_json
from reconciler.ports import Reader

BACK, ACCEPT = "back", "accept-current"


def describe(reader: Reader, view: RunView) -> tuple[RecoverUnit, ...]:
    """What is known of each unsettled unit of a run, what users see now, and which choice is recommended. Writes nothing."""
    units = {str(unit.address): unit for unit in _plan_of(view).units}
    return tuple(_describe_unit(reader, view, units[address], unit) for address, unit in view.units.items() if _unsettled(unit))


def recover_run(context: Context, view: RunView, choice: str) -> tuple[UnitEnd, ...]:
    """Settle one open run.

    Args:
        choice: `back` or `accept-current`.

    Returns:
        The end of every unit; the run is closed in the journal with 5 (back) or 0 (accepted), or stays open with 6.

    Raises:
        JournalError: the journal cannot be written; nothing was sent.
        Interrupted: a signal stopped it; the run stays open.
    """
    plan = _plan_of(view)
    context.record("recovery-opened", choice=choice, fencing=context.lease.fencing)
    _settle_waiting(context, view)
    context.touched.update(address for address, unit in view.units.items() if unit.touched)
    bound = context.journal.recorded().bindings
    ids = {**planned_ids(plan), **{address: row.id for address, row in bound.items()}}
    ends = []
    for unit in reversed(plan.units):
        state = view.units.get(str(unit.address))
        if state is not None:
            ends.append(_recover_unit(context, unit, state, choice, ids))
    ends.reverse()
    failed = any(end.end is End.NEEDS_ATTENTION for end in ends) and choice == BACK
    exit_code = 6 if failed or any(end.reason == _UNREADABLE for end in ends) else 5 if choice == BACK else 0
    context.record(
        "run-closed", exit_code=exit_code, ends={str(end.address): end.end.value for end in ends}, head=context.journal.recorded().head
    )
    return tuple(ends)


_UNREADABLE = "The tenant could not be read, so nothing is confirmed."


def _plan_of(view: RunView) -> Plan:
    try:
        return from_json(view.plan)
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(
            "The journal cannot be used", "The plan in it is not of this version's format.", "Use the version that made the run."
        ) from error


def _unsettled(unit: UnitView) -> bool:
    return unit.touched and unit.phase is not UnitPhase.DONE


def _settle_waiting(context: Context, view: RunView) -> None:
    """Give the write that nobody saw the end of an outcome, and wait until it must have landed or died."""
    waiting = view.waiting
    unit = "" if view.state.waiting is None else view.state.waiting.unit
    if waiting is not None:
        context.record(
            "outcome",
            unit=unit,
            step=waiting.step,
            intent=waiting.seq,
            outcome="unknown",
            detail="the process ended before it saw an answer",
            status=None,
            reasons=[],
            seconds=0.0,
        )
    if waiting is not None or any(one.in_doubt is not None for one in view.units.values()):
        context.clock.sleep(context.timeouts.settle)


def _recover_unit(context: Context, unit: Unit, state: UnitView, choice: str, ids: Mapping[str, int]) -> UnitEnd:
    if state.phase is UnitPhase.DONE:
        return _finished(unit, End(state.end), state.reason, written=state.touched)
    running = Running(unit)
    if not state.touched:
        return _close(context, running, End.UNTOUCHED, "nothing was sent for it", ())
    try:
        running = told(lambda: rebuild(context, unit, state))
        running.ids = dict(ids)
        if choice == ACCEPT:
            return _accept(context, running)
        context.record("rollback-opened", unit=running.name, reason="recover --back")
        back = told(lambda: kinds.roll_back(context, running))
    except (JournalError, Interrupted):
        raise  # the run stays open
    except ReconcilerError as error:
        back = Back(End.NEEDS_ATTENTION, f"The recovery stopped: {error}")
    return _close(context, running, back.end, back.reason, back.residue)


def _accept(context: Context, running: Running) -> UnitEnd:
    """Take the tenant as it is now: say which of the two known states it has, if either."""
    number = len(running.unit.steps)
    try:
        end, verdict, row = _judge(context, running)
    except ReconcilerError as error:
        context.record("observed", unit=running.name, step=number, verdict="unreadable", seen="", detail=error.summary)
        return _close(context, running, End.NEEDS_ATTENTION, _UNREADABLE, ())
    context.record("observed", unit=running.name, step=number, verdict=verdict, seen=running.seen(row), detail="accepted as it is")
    if running.unit.kind is UnitKind.CREATE and row is not None and not row.deleted:
        context.record("bound", address=running.name, id=row.id, guid=getattr(row, "guid", ""))
    reason = "" if end is not End.NEEDS_ATTENTION else "It is neither as desired nor as before; it was accepted as it is."
    return _close(context, running, end, reason, ())


def _judge(context: Context, running: Running) -> tuple[End, str, Connection | Connector | None]:
    if running.address.kind not in ("connection", "connector"):
        return (*tenant_wide.compare(context, running), None)
    row = _current(context, running)
    return (*_compare(running, row), row)


def _current(context: Context, running: Running) -> Connection | Connector | None:
    if running.address.kind == "connector":
        if not running.row_id:
            found = connector.find_created(context, running)
            return found[0] if len(found) == 1 else None
        return context.connector(running.row_id)
    if not running.row_id:
        from reconciler.apply.connection import find_created

        created = find_created(context, running)
        return created[0] if len(created) == 1 else None
    return context.connection(running.row_id)


def _compare(running: Running, row: Connection | Connector | None) -> tuple[End, str]:
    gone = row is None or row.deleted
    kind, wants = running.unit.kind, running.unit.wants
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
        before = running.observed
        same = before is not None and not rows.differing(row, before, rows.settable(before), running.fields, running.secret_keys)
    return (End.AS_BEFORE, "as-before") if same else (End.NEEDS_ATTENTION, "other")


def rebuild(context: Context, unit: Unit, state: UnitView) -> Running:
    """A `Running` from the journal: what was found, what was sent, which secrets travelled."""
    running = Running(unit, row_id=unit.row.id if unit.row is not None else 0, connector_id=unit.connector_id or 0)
    running.wrote = {Act(attempt.act) for attempt in state.attempts}
    running.activated = state.activated
    running.sent_keys = keys_sent(context.journal.recorded(), running.name)
    running.save_may_hold = any(Act(one.act) is Act.SAVE and one.outcome != Outcome.NOT_APPLIED for one in state.attempts)
    if unit.address.kind == "connector":
        running.observed_connector = None if state.observed is None else rows.connector_from_json(state.observed)
        running.passed = {int(test.address[1:]): test.address for test in state.tests if test.phase == "rehearse" and test.passed}
    elif unit.address.kind != "connection" and isinstance(state.observed, Mapping):
        running.observed_wide = {name: tuple(value) if isinstance(value, list) else value for name, value in state.observed.items()}
    elif state.observed is not None:
        running.observed = rows.row_from_json(state.observed)
        running.connector_id = running.observed.connector_id
        if "below" in state.observed:
            restore_starts(running, below_from_json(state.observed["below"]))
    _rebuild_creation(running, state)
    if running.connector_id and unit.address.kind == "connection":
        try:
            running.fields = rows.by_key(tuple(context.reader.config_fields(running.connector_id)))
        except ConnectorUnavailable:
            running.fields = {}
    running.carried = _rebuild_secrets(context, running, state)
    rehearsals = [test for test in state.tests if test.phase == "rehearse"]
    if rehearsals and unit.address.kind == "connection":
        running.rehearsed = TestResult(rehearsals[-1].passed, rehearsals[-1].seconds)
    return running


def _rebuild_creation(running: Running, state: UnitView) -> None:
    for attempt in state.attempts:
        if Act(attempt.act) is Act.CREATE:
            running.known_ids = frozenset(attempt.sets.get("known_ids", ()))
            running.connector_id = running.connector_id or int(attempt.sets.get("connector_id", 0))
        elif attempt.id:
            running.row_id = attempt.id


def _rebuild_secrets(context: Context, running: Running, state: UnitView) -> Carried:
    carried = Carried()
    old: Mapping[str, Mapping[str, Any]] = json.loads(state.raw_sealed) if state.raw_sealed else {}
    for key, entry in old.items():
        value = _unsealed(context, running.name, key, str(entry.get("sealed", "")))
        if value is not None:
            carried.old[key], carried.old_sealed[key] = value, entry
    for attempt in state.attempts:
        for key, sent in attempt.secrets.items():
            if attempt.rollback or key in carried.values:
                continue
            value = _unsealed(context, running.name, key, sent.sealed) or _resolved(context, running.unit, key)
            if value is not None:
                carried.values[key] = value
                carried.sealed[key] = {
                    "ref": sent.ref.reference, "version": sent.ref.version, "fingerprint": sent.fingerprint, "sealed": sent.sealed
                }  # fmt: skip
            if key not in old or old[key].get("fingerprint") != sent.fingerprint or not sent.fingerprint:
                carried.changed.add(key)
    return carried


def _unsealed(context: Context, address: str, key: str, sealed: str) -> Secret | None:
    return context.sealer.unseal(sealed, address=address, field=key) if sealed else None


def _resolved(context: Context, unit: Unit, key: str) -> Secret | None:
    try:
        return context.secrets.resolve(unit.secrets[key])
    except (KeyError, ReconcilerError):
        return None


def _close(context: Context, running: Running, end: End, reason: str, residue: tuple[str, ...]) -> UnitEnd:
    context.record(
        "unit-closed",
        unit=running.name,
        digest=running.unit.digest,
        end=end.value,
        reason=reason,
        rolled_back=end is End.AS_BEFORE,
        applied=end is End.AS_DESIRED,
        window_s=None,
        residue=list(residue),
    )
    return replace(_finished(running.unit, end, reason, written=running.name in context.touched), residue=residue)


def _finished(unit: Unit, end: End, reason: str, *, written: bool) -> UnitEnd:
    attention = end is End.NEEDS_ATTENTION
    return UnitEnd(unit.address, unit.kind.value, end, reason, written=written, next_step="reconciler recover" if attention else "")


# --- the bare command ------------------------------------------------------------------------------------------------


def _describe_unit(reader: Reader, view: RunView, unit: Unit, state: UnitView) -> RecoverUnit:
    now, row = _now(reader, unit, state)
    end = (
        state.reason
        or (state.rollback_reason and f"It was being rolled back: {state.rollback_reason}")
        or "The run stopped in the middle of it."
    )
    known = (*_found(state), *_sent(state), end)
    recommended, why = BACK, "Going back restores what was found before this run, and tests it."
    if unit.kind is UnitKind.CREATE and state.activated:
        recommended, why = ACCEPT, "It was created and had been active, so records may hang on it: going back would only switch it off."
    elif isinstance(row, Connection) and _as_wanted(row, unit):
        recommended, why = ACCEPT, "What the tenant shows is what the plan wanted."
    return RecoverUnit(view.run, unit.address, known, now, recommended, why)


def _as_wanted(row: Connection, unit: Unit) -> bool:
    """Whether a row is as the plan wanted; without the declared types a config value cannot be judged, so then it is not."""
    return unit.wants is not None and not unit.wants.get("config") and rows.holds(row, unit.wants, {})


def _found(state: UnitView) -> tuple[str, ...]:
    if not isinstance(state.observed, Mapping) or "active" not in state.observed:
        return ()
    return (f"Before the run it was {'active' if state.observed['active'] else 'inactive'}.",)


def _sent(state: UnitView) -> tuple[str, ...]:
    said = {"applied": "acknowledged", "not-applied": "had no effect", "unknown": "outcome unknown", None: "no answer was seen"}
    lines = []
    for attempt in state.attempts:
        read = f"; a read then showed it {attempt.readings[-1].verdict}" if attempt.readings else "; no read after it"
        lines.append(f"{attempt.operation} ({attempt.act}{', rollback' if attempt.rollback else ''}): {said.get(attempt.outcome)}{read}.")
    return tuple(lines)


def _now(reader: Reader, unit: Unit, state: UnitView) -> tuple[str, Connection | Connector | None]:
    row_id = unit.row.id if unit.row is not None else next((attempt.id for attempt in state.attempts if attempt.id), 0)
    if unit.address.kind not in ("connection", "connector"):
        return "It is a setting of the whole tenant, and `reconciler plan` shows how it stands.", None
    if not row_id:
        return "It is not known whether it was created.", None
    try:
        row = reader.connection(row_id) if unit.address.kind == "connection" else reader.connector(row_id)
    except ReconcilerError as error:
        return f"The tenant cannot be read now: {error}", None
    if row is None or row.deleted:
        return "It does not exist (any more): nobody sees it.", row
    if isinstance(row, Connector):
        return f"Its name is {row.name!r} and its URL {row.url}.", row
    if row.active:
        return "It is active: users see its ERP tab, and it synchronises.", row
    return "It is inactive: users do not see its ERP tab, and nothing synchronises.", row
