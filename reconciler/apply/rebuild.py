"""A `Running` from the journal: what was found, what was sent, which secrets travelled. Any prefix of a run gives one.

In -> Out: a unit of the plan, its view -> a `Running` as it was when the run ended.
Effects: reads what the connector declares; opens sealed values and resolves references.
Neighbours: called by `recover`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.apply import rows
from reconciler.apply.below_json import below_from_json, restore_starts
from reconciler.apply.carried import keys_sent
from reconciler.apply.context import Context
from reconciler.apply.foreign import restore_proved
from reconciler.apply.preflight import settle_config
from reconciler.apply.running import Carried, Running
from reconciler.errors import CheckFailed, ConnectorUnavailable, ReconcilerError
from reconciler.journal.events import Verdict
from reconciler.journal.view import AS_SENT, Attempt, Reading, UnitView
from reconciler.model import Act, Outcome, Secret, TestResult, Unit


def rebuild(context: Context, unit: Unit, state: UnitView) -> Running:
    """A `Running` from the journal: what was found, what was sent, which secrets travelled."""
    running = Running(unit, row_id=unit.row.id if unit.row is not None else state.row_id, connector_id=unit.connector_id or 0)
    running.wrote = {Act(attempt.act) for attempt in state.attempts}
    running.activated = state.activated or any(map(_tells_active, state.attempts))
    restore_proved(running, state.attempts)
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
            if not unit.declared and running.saved:
                settle_config(running)
        except (ConnectorUnavailable, CheckFailed):  # it is silent, or declares other fields by now: the steps that need it say so
            pass
    running.carried = _rebuild_secrets(context, running, state)
    _rebuild_once_secret(context, running)
    context.conceal([*running.carried.values.values(), *running.carried.old.values()])
    rehearsals = [test for test in state.tests if test.phase == "rehearse"]
    if rehearsals and unit.address.kind == "connection":
        running.rehearsed = TestResult(rehearsals[-1].passed, rehearsals[-1].seconds)
    return running


def _tells_active(one: Attempt) -> bool:
    """It was switched on, or was sent to be switched off again, which only follows a read that showed it active."""
    shown = one.outcome == Outcome.APPLIED or any(reading.verdict == Verdict.AS_DESIRED for reading in one.readings)
    return Act(one.act) is Act.DEACTIVATE or (Act(one.act) is Act.ACTIVATE and shown)


def _rebuild_once_secret(context: Context, running: Running) -> None:
    """Bring back what was left out of the journal because it had once been sent as a secret, although it is plain by now.

    Without it a read could not be told from somebody else's work, and a save would leave the key out.
    """
    observed = running.observed
    left_out = (running.saved.get("config", {}).keys() & running.sent_keys) - running.secret_keys
    if observed is None or not left_out - observed.config.keys():
        return
    recorded, config, unknown = context.journal.recorded(), dict(observed.config), []
    for key in sorted(left_out - observed.config.keys()):
        sent = recorded.secrets.get((running.name, key))
        value = _unsealed(context, running.name, key, sent.sealed) if sent is not None else None
        if value is None:
            unknown.append(key)
        else:
            context.conceal([value])
            config[key] = value.reveal()
    running.observed, running.unknown_before = replace(observed, config=config), tuple(unknown)


def _rebuild_creation(running: Running, state: UnitView) -> None:
    for attempt in state.attempts:
        if Act(attempt.act) is Act.CREATE:
            running.wrote.discard(Act.DELETE)  # a recovery creates again what a way back deleted
            running.known_ids = frozenset(attempt.sets.get("known_ids", ()))
            running.creation_may_hold = attempt.outcome != Outcome.NOT_APPLIED
            running.created_as_sent = any(_shows_row(one) for one in attempt.readings)
            running.connector_id = running.connector_id or int(attempt.sets.get("connector_id", 0))
        else:
            running.wrote.add(Act(attempt.act))
            running.created_as_sent |= not attempt.rollback and Act(attempt.act) not in (Act.ACTIVATE, Act.DEACTIVATE)


def _shows_row(reading: Reading) -> bool:
    """Whether it shows the created row as it was sent, and not only that one of its name is there."""
    return reading.verdict == Verdict.AS_DESIRED and reading.seen.endswith(AS_SENT)


def _rebuild_secrets(context: Context, running: Running, state: UnitView) -> Carried:
    carried = Carried()
    old: Mapping[str, Mapping[str, Any]] = json.loads(state.raw_sealed) if state.raw_sealed else {}
    for key, entry in old.items():
        value = _unsealed(context, running.name, key, str(entry.get("sealed", "")))
        if value is not None:
            carried.old[key], carried.old_sealed[key] = value, entry
        elif entry.get("sealed"):
            carried.shut.add(key)
    for attempt in state.attempts:
        for key, sent in attempt.secrets.items():
            if attempt.rollback or key in carried.values:
                continue
            value = _unsealed(context, running.name, key, sent.sealed)
            entry = {"ref": sent.ref.reference, "version": sent.ref.version, "fingerprint": sent.fingerprint, "sealed": sent.sealed}
            if value is None:  # what stands behind the reference now need not be what was sent, so it is journalled as itself
                value = _resolved(context, running.unit, key)
                entry = {} if value is None else context.sealed(running.name, key, sent.ref, value)
            if value is not None:
                carried.values[key], carried.sealed[key] = value, entry
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


__all__ = ["rebuild"]
