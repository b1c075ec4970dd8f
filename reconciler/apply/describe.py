"""What is known of an unfinished run, what users of the CRM see now, and which choice is recommended. Writes nothing.

In -> Out: the view of an open run -> a `RecoverUnit` for each unit that is not settled.
Effects: reads the target.
Neighbours: called by `flow` for the bare `recover`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from reconciler.apply import rows
from reconciler.apply.blocking import idle_fields, vanished_fields
from reconciler.apply.by_hand import by_hand
from reconciler.apply.recover import plan_of, unsettled
from reconciler.errors import ReconcilerError
from reconciler.journal.events import Choice, Verdict
from reconciler.journal.view import Attempt, RunView, UnitView
from reconciler.model import Act, Connection, Connector, Outcome, RecoverUnit, Unit, UnitKind
from reconciler.ports import Reader

Opens = Callable[[str, str, str], bool]


def describe(reader: Reader | None, view: RunView, opens: Opens) -> tuple[RecoverUnit, ...]:
    """What is known of each unsettled unit of a run, what users see now, and which choice is recommended. Writes nothing.

    Args:
        reader: None when the tenant is known not to answer.
        opens: whether a sealed value of (address, field) can be opened with the key at hand.
    """
    units = {str(unit.address): unit for unit in plan_of(view).units}
    found = []
    for address, state in view.units.items():
        if unsettled(state):
            found.append(_describe_unit(reader, view, units[address], state, opens))
            # One read without an answer is enough: each costs its whole deadline.
            reader = None if found[-1].by_hand else reader
    return tuple(found)


def _describe_unit(reader: Reader | None, view: RunView, unit: Unit, state: UnitView, opens: Opens) -> RecoverUnit:
    now, row, reached = _now(reader, unit, state)
    end = (
        state.reason
        or (state.rollback_reason and f"It was being rolled back: {state.rollback_reason}")
        or "The run stopped in the middle of it."
    )
    secrets, lost = _secrets(unit, state, opens)
    known = (*_found(state), *_sent(state), *secrets, end)
    recommended, why = Choice.BACK, "Going back restores what was found before this run, and tests it."
    if unit.kind is UnitKind.CREATE and (state.activated or any(one.act == Act.ACTIVATE for one in state.attempts)):
        recommended, why = (
            Choice.FORWARD,
            "It was created and had been active, so records may hang on it: going back would only switch it off.",
        )
    elif lost:
        recommended, why = (
            Choice.FORWARD,
            f"Going back cannot restore {', '.join(lost)}; going forward tests and proves what the plan wanted.",
        )
    elif unit.kind is UnitKind.DELETE and reached and (row is None or row.deleted):
        recommended, why = Choice.FORWARD, "It is deleted, as the plan wanted; a deletion cannot be undone."
    elif isinstance(row, Connection) and _as_wanted(row, unit):
        recommended, why = Choice.FORWARD, "What the tenant shows is what the plan wanted; going forward tests and proves it."
    elif reader is not None and isinstance(row, Connection) and _is_kept_off(reader, row, state):
        recommended, why = (
            Choice.ACCEPT_CURRENT,
            "Going back would end here again: SuperOffice does not activate it with these fields. Accept it, and apply a file for them.",
        )
    steps = () if reached else by_hand(unit, state)
    return RecoverUnit(view.run, unit.address, known, now, recommended.value, why, steps)


def _secrets(unit: Unit, state: UnitView, opens: Opens) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For each secret that may have been replaced: whether the value before can be restored; and the names of those that cannot."""
    changed = {change.path[1] for change in unit.changes if change.path[0] == "config" and len(change.path) > 1}
    may_hold = [one for one in state.attempts if not one.rollback and one.outcome != Outcome.NOT_APPLIED]
    sent = {key for attempt in may_hold for key in attempt.secrets if key in changed}
    old: Mapping[str, Mapping[str, str]] = json.loads(state.raw_sealed) if state.raw_sealed else {}
    lines, lost = [], []
    for key in sorted(sent):
        sealed = str(old.get(key, {}).get("sealed", ""))
        if sealed and opens(str(unit.address), key, sealed):
            lines.append(f"{key} may hold the new value; the one before is sealed in the journal and can be restored.")
        else:
            why = "is sealed, and the fingerprint key at hand does not open it" if sealed else "is not in the journal"
            lines.append(f"{key} may hold the new value; the one before {why}: it cannot be restored from here.")
            lost.append(key)
    return tuple(lines), () if unit.kind is UnitKind.CREATE else tuple(lost)


def _as_wanted(row: Connection, unit: Unit) -> bool:
    """Whether a row is as the plan wanted; without the declared types a config value cannot be judged, so then it is not."""
    return unit.wants is not None and not unit.wants.get("config") and rows.holds(row, unit.wants, {})


def _is_kept_off(reader: Reader, row: Connection, state: UnitView) -> bool:
    """Whether the way back ended at an activation that was refused in words, and what is stored still gives the reason for that."""
    last = state.attempts[-1] if state.attempts else None
    if row.active or last is None or not (last.rollback and last.act == Act.ACTIVATE and last.reasons):
        return False
    try:
        return bool(vanished_fields(reader, row.id) or idle_fields(reader, row.id))
    except ReconcilerError:
        return False


def _found(state: UnitView) -> tuple[str, ...]:
    if not isinstance(state.observed, Mapping) or "active" not in state.observed:
        return ()
    return (f"Before the run it was {'active' if state.observed['active'] else 'inactive'}.",)


def _sent(state: UnitView) -> tuple[str, ...]:
    said = {"applied": "acknowledged", "not-applied": "had no effect", "unknown": "outcome unknown", None: "no answer was seen"}
    lines = []
    for attempt in state.attempts:
        read = f"; {_read_since(attempt)}" if attempt.readings else "; no read after it"
        lines.append(f"{attempt.operation} ({attempt.act}{', rollback' if attempt.rollback else ''}): {said.get(attempt.outcome)}{read}.")
    return tuple(lines)


def _read_since(attempt: Attempt) -> str:
    """What the newest read said of a write. That values are stored does not prove that a connector took them."""
    showed = {
        Verdict.AS_DESIRED: "a read then showed what it asked for",
        Verdict.AS_BEFORE: "a read then showed what was there before",
        Verdict.OTHER: "a read then showed something else",
    }
    said = showed.get(Verdict(attempt.readings[-1].verdict), "what was read then proves nothing")
    doubtful = attempt.outcome != Outcome.APPLIED and attempt.readings[-1].verdict == Verdict.AS_DESIRED
    return said + (", which does not say whether the connector took it" if doubtful and attempt.operation == "SaveConnection" else "")


def _now(reader: Reader | None, unit: Unit, state: UnitView) -> tuple[str, Connection | Connector | None, bool]:
    """What users see, the row, and whether the tenant answered."""
    row_id = unit.row.id if unit.row is not None else state.row_id
    if reader is None:
        return "The tenant cannot be read now.", None, False
    if unit.address.kind not in ("connection", "connector"):
        return "It is a setting of the whole tenant, and `reconciler plan` shows how it stands.", None, True
    try:
        if not row_id:
            reader.connectors()
            proved = any(
                one.act == Act.CREATE and any(reading.verdict == Verdict.AS_DESIRED for reading in one.readings) for one in state.attempts
            )
            said = "It was created by this run, as a read showed." if proved else "It is not known whether it was created."
            return said, None, True
        row = reader.connection(row_id) if unit.address.kind == "connection" else reader.connector(row_id)
    except ReconcilerError as error:
        return f"The tenant cannot be read now: {error}", None, False
    return _seen(row), row, True


def _seen(row: Connection | Connector | None) -> str:
    if row is None or row.deleted:
        return "It does not exist (any more): nobody sees it."
    if isinstance(row, Connector):
        return f"Its name is {row.name!r} and its URL {row.url}."
    if row.active:
        return "It is active: users see its ERP tab, and it synchronises."
    return "It is inactive: users do not see its ERP tab, and nothing synchronises."


__all__ = ["describe"]
