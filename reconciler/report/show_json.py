"""One run for machines: everything that the journal holds of it but fingerprints and sealed values.

In -> Out: a view of the journal -> a JSON object of `reconciler/show/v1`.
Neighbours: `json` makes text of it and holds what is true of all objects; `show_text` is the same for people.

Effects: none.
"""

from __future__ import annotations

from typing import Any

from reconciler.journal.view import Attempt, RunView, Tested, UnitView
from reconciler.model import Binding

__all__ = ["show_object"]

Object = dict[str, Any]


def show_object(view: RunView) -> Object:
    """One run in full. Fingerprints and sealed values stay in the journal."""
    return {
        "format": "reconciler/show/v1",
        "target": view.target,
        "run": view.run,
        "started": view.started,
        "ended": view.ended,
        "exit_code": view.exit_code,
        "unfinished": view.unfinished,
        "opening": dict(view.opening),
        "units": [_unit_view(unit) for unit in view.units.values()],
        "tests": [_viewed(test) for test in view.tests],
        "recoveries": [
            {"at": entry.at, "choice": entry.choice, "actor": dict(entry.actor), "why": dict(entry.why)} for entry in view.recoveries
        ],
        "notes": list(view.notes),
        "bound": {address: _binding(row) for address, row in view.bound.items()},
        "events": {"first": view.first_seq, "last": view.last_seq, "head": view.head},
    }


def _viewed(test: Tested) -> Object:
    return {
        "seq": test.seq,
        "at": test.at,
        "unit": test.unit,
        "address": test.address,
        "phase": test.phase,
        "passed": test.passed,
        "seconds": test.seconds,
        "detail": test.detail,
    }


def _unit_view(unit: UnitView) -> Object:
    return {
        "address": unit.address,
        "kind": unit.kind,
        "row": _binding(unit.row),
        "opened": unit.opened,
        "found": unit.observed,
        "attempts": [_attempt(attempt) for attempt in unit.attempts],
        "tests": [_viewed(test) for test in unit.tests],
        "sent": {name: str(secret.ref) for name, secret in unit.sent.items()},
        "phase": unit.phase.value,
        "end": unit.end or None,
        "reason": unit.reason,
        "rolled_back": unit.rolled_back,
        "rollback_reason": unit.rollback_reason,
        "window_s": unit.window_s,
        "residue": list(unit.residue),
    }


def _attempt(attempt: Attempt) -> Object:
    return {
        "seq": attempt.seq,
        "at": attempt.at,
        "step": attempt.step,
        "act": attempt.act,
        "operation": attempt.operation,
        "object": attempt.object,
        "id": attempt.id,
        "attempt": attempt.attempt,
        "rollback": attempt.rollback,
        "sets": attempt.sets,
        "secrets": {name: str(secret.ref) for name, secret in attempt.secrets.items()},
        "outcome": attempt.outcome,
        "status": attempt.status,
        "detail": attempt.detail,
        "reasons": list(attempt.reasons),
        "seconds": attempt.seconds,
        "settled_s": attempt.settled_s,
        "readings": [{"seq": read.seq, "at": read.at, "verdict": read.verdict, "detail": read.detail} for read in attempt.readings],
    }


def _binding(row: Binding | None) -> Object | None:
    return None if row is None else {"id": row.id, "guid": row.guid}
