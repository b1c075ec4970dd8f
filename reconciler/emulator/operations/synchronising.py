"""The engine's switch and interval, and the calls that make it run.

Effects: writes the settings row; the sync calls move cursors.

Source: SuperOffice docs, ErpSync agent engine operations; database table erpconfiguration (SyncInterval, SyncRunning).
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.emulator.carriers import Carrier, carrier, plugin_response
from reconciler.emulator.engine import Engine
from reconciler.emulator.members import ACTOR_TYPES_ERP, Malformed
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.registry import operation

_CLOCK = re.compile(r"^(\d{1,4}):([0-5]?\d)(?::([0-5]?\d)(?:\.\d+)?)?$")
_ISO = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$")


def _status(office: Office) -> Carrier:
    """What readers see of the engine: the stored switch, or for a while still the former one."""
    row = office.state.row("ErpConfiguration", 1) or {}
    running = bool(row.get("SyncRunning"))
    if office.engine_seen is not None and office.clock.monotonic() < office.engine_seen[1]:
        running = office.engine_seen[0]
    hours, rest = divmod(int(row.get("SyncInterval") or 0), 3600)
    text = 'US:"Automatic sync is turned on";NO:"Automatisk synkronisering er på"'
    stopped = 'US:"Automatic sync is turned off";NO:"Automatisk synkronisering er av"'
    interval = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return carrier(IsRunning=running, StatusMessage=text if running else stopped, Interval=interval)


@operation("GetEngineStatus")
def engine_status(office: Office, _ask: Ask) -> Any:
    """Whether automatic synchronisation is on, and how often it runs."""
    return _status(office)


@operation("ChangeEngineStatus", writes=True)
def change_status(office: Office, ask: Ask) -> Any:
    """Ask for automatic synchronisation to be on or off; it may take a while to show."""
    before = _status(office)["IsRunning"]
    with office.storing(ask.author):
        office.state.update("ErpConfiguration", 1, {"SyncRunning": ask.body.boolean("Run")})
    if office.switches.engine_status_delay_s:
        office.engine_seen = (before, office.clock.monotonic() + office.switches.engine_status_delay_s)
    return _status(office)


@operation("ChangeEngineInterval", writes=True, void=True)
def change_interval(office: Office, ask: Ask) -> Any:
    """Store how often the engine runs, in whole seconds."""
    seconds = interval_seconds(ask.body.text("Interval") or "", office.switches.interval_accepts)
    if seconds is None:
        raise Malformed("Interval must be a time span.")
    with office.storing(ask.author):
        office.state.update("ErpConfiguration", 1, {"SyncInterval": seconds})


def interval_seconds(text: str, accepts: str) -> int | None:
    """The seconds of `hh:mm:ss`, `hh:mm` or ISO 8601, as far as the switch accepts the form."""
    found = _CLOCK.match(text) if accepts in ("both", "clock") else None
    if found:
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    found = _ISO.match(text) if accepts in ("both", "iso") and len(text) > 2 else None
    if found:
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return None


@operation("SyncAll", writes=True)
def sync_all(office: Office, ask: Ask) -> Any:
    """One round for all active connections, unless automatic synchronisation is off."""
    row = office.state.row("ErpConfiguration", 1)
    if row is None or not row["SyncRunning"]:
        return plugin_response(ok=False, explanation='US:"Automatic sync is turned off";NO:"Automatisk synkronisering er av"', code="OFF")
    Engine(office).sync("SyncAll", ask.author.call)
    return plugin_response()


@operation("ForceSyncAll", writes=True)
def force_sync_all(office: Office, ask: Ask) -> Any:
    """One round for all active connections, also while automatic synchronisation is off."""
    Engine(office).sync("ForceSyncAll", ask.author.call)
    return plugin_response()


def _resync(office: Office, ask: Ask) -> Any:
    """Nothing is moved: the call stands in the log, and that is what a test looks for."""
    key = ask.body.integer("ErpConnectionId")
    ask.body.integers("InternalKeyIds")
    ask.body.texts("ExternalKeys")
    if key and office.state.row("ErpConnection", key) is None:
        return plugin_response(ok=False, explanation="There is no such connection.", code="NOT_FOUND")
    return plugin_response()


@operation("ForceResync", writes=True)
def force_resync(office: Office, ask: Ask) -> Any:
    """Synchronise records by their internal keys; none given means all."""
    return _resync(office, ask)


@operation("ForceResyncNoBlankValues", writes=True)
def force_resync_no_blank(office: Office, ask: Ask) -> Any:
    """The same, never writing a blank over a value."""
    return _resync(office, ask)


@operation("ForceResyncBatchTask", writes=True, void=True)
def force_resync_batch(office: Office, ask: Ask) -> Any:
    """The same as a batch task."""
    _resync(office, ask)


@operation("ForceResyncExternal", writes=True)
def force_resync_external(office: Office, ask: Ask) -> Any:
    """Synchronise records by their ERP keys."""
    ask.body.choice("ErpActorType", ACTOR_TYPES_ERP)
    return _resync(office, ask)


@operation("ForceResyncExternalNoBlankValues", writes=True)
def force_resync_external_no_blank(office: Office, ask: Ask) -> Any:
    """The same, never writing a blank over a value."""
    ask.body.choice("ErpActorType", ACTOR_TYPES_ERP)
    return _resync(office, ask)
