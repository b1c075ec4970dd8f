"""The way back as steps for a person in the administration client, for the time when the API does not answer.

In -> Out: a unit and what the journal knows of it -> sentences, in their order.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.journal.view import UnitView
from reconciler.model import Act, Change, Outcome, SecretRef, Unit, UnitKind
from reconciler.wire import languages

_CLIENT = "In SuperOffice Settings and maintenance, choose Sync"


def by_hand(unit: Unit, state: UnitView) -> tuple[str, ...]:
    """What to click so that the unit is as it was before the run; empty where nothing that was sent can have had an effect."""
    sent = {Act(one.act) for one in state.attempts if one.outcome != Outcome.NOT_APPLIED}
    if not sent:
        return ()
    return (*_steps(unit, state, sent), "When the API answers again, confirm it with: reconciler recover --accept-current")


def _steps(unit: Unit, state: UnitView, sent: set[Act]) -> Iterator[str]:
    if unit.address.kind == "connection":
        yield from _connection(unit, state, sent)
    elif unit.address.kind == "connector":
        yield f"{_CLIENT}, and the list of connectors: open {unit.address.key}{_number(unit, state)}."
        if unit.kind is UnitKind.CREATE:
            yield "If it is there, delete it."
        for change in unit.changes if unit.kind is UnitKind.UPDATE else ():
            yield f"Set its {change.path[-1]} to {_shown(change.before)}, and save."
    else:
        yield f"{_CLIENT}."
        for change in unit.changes:
            yield f"Set {_named(change)} of {unit.address} to {_shown(change.before)}."


def _connection(unit: Unit, state: UnitView, sent: set[Act]) -> Iterator[str]:
    observed: Mapping[str, Any] = state.observed if isinstance(state.observed, Mapping) else {}
    yield f"{_CLIENT}, and the list of ERP connections: open {_name(unit, observed)}{_number(unit, state)}."
    if unit.kind is UnitKind.CREATE:
        yield "If it is there and was never active, delete it; if it was active, clear its checkbox Active and save."
        return
    if unit.kind is UnitKind.DELETE:
        yield "If it is gone, it stays gone: a deletion cannot be undone. If it is there, go on."
    back = [change for change in unit.changes if change.path[0] != "active"] if sent - {Act.ACTIVATE, Act.DEACTIVATE, Act.DELETE} else []
    if any(change.path[0] == "config" for change in back):
        yield "Clear its checkbox Active: its configuration is open for changes only then."
    for change in back:
        yield f"Set {_named(change)} to {_shown(change.before)}."
    if "active" in observed:
        yield "Check its checkbox Active." if observed["active"] else "Leave its checkbox Active clear."
    yield "Press Test; when it succeeds, save."


def _name(unit: Unit, observed: Mapping[str, Any]) -> str:
    """What a person sees in the list: the display name, where the journal knows it."""
    raw = observed.get("name")
    return repr(languages.shown(raw, "en")) if isinstance(raw, str) and raw else unit.address.key


def _number(unit: Unit, state: UnitView) -> str:
    key = unit.row.id if unit.row is not None else next((one.id for one in state.attempts if one.id), 0)
    return f" (#{key})" if key else ""


def _named(change: Change) -> str:
    return " ".join(part for part in change.path if part not in ("config", "fields"))


def _shown(value: Any) -> str:
    if value is None:
        return "what it was before (nothing)"
    if isinstance(value, SecretRef):
        return f"the password that was valid before (reference {value.reference})"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return repr(value) if isinstance(value, str) else str(value)


__all__ = ["by_hand"]
