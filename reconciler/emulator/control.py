"""The controls over HTTP, for another process on this machine: faults, edits, switches, ticks, and the logs.

Everything here needs the API's login, and Password values are shown only when asked for with `secrets=true`.

Effects: whatever is asked for.
Neighbours: `app` routes `/emulator/…` here; `reconciler emulator edit` calls `perform` on a state file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.emulator.calls import Call
from reconciler.emulator.dispatch import Answer, Request, json_answer
from reconciler.emulator.edits.author import EditError
from reconciler.emulator.faults import Fault
from reconciler.emulator.history import Entry, Row

if TYPE_CHECKING:
    from reconciler.emulator.emulator import Emulator

HIDDEN = "(hidden)"


class ControlError(Exception):
    """The control request makes no sense; the message says why."""


class Control:
    """Names of controls, and what they do to one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def answer(self, request: Request) -> Answer:
        """Answer `POST /emulator/<control>` and `GET /emulator/calls|history|state|switches|faults|edits`."""
        name = request.path.rstrip("/").rpartition("/")[2].lower()
        try:
            if request.method == "GET":
                return json_answer(
                    self.show(name, secrets=request.query.get("secrets") == "true", since=int(request.query.get("since", 0)))
                )
            return json_answer(self.perform(name, _object(request)))
        except (ControlError, EditError, ValueError) as error:
            return json_answer({"error": str(error)}, 400)

    def perform(self, name: str, content: dict[str, Any]) -> Any:
        """Do one thing: `edit`, `fault`, `clear-faults`, `switch`, `tick`, `land-late`, `reset` or `clear-calls`.

        Raises:
            ControlError: no such control, or not what it takes.
            EditError: an edit names something that does not exist.
            ValueError: a fault or a switch that does not exist.
        """
        emulator = self._emulator
        name = {"faults": "fault", "switches": "switch"}.get(name, name)
        if name == "edit":
            return {"result": self._edit(content)}
        if name == "fault":
            emulator.settings.add_fault(Fault.from_dict(content))
        elif name == "clear-faults":
            emulator.settings.clear_faults()
        elif name == "switch":
            for switch, value in content.items():
                emulator.settings.set_switch(switch, value)
        elif name == "tick":
            return {"moved": emulator.tick()}
        elif name == "land-late":
            return {"landed": emulator.land_late()}
        elif name == "reset":
            emulator.reset()
        elif name == "clear-calls":
            emulator.clear_calls()
        else:
            raise ControlError(f"there is no control {name!r}")
        return {"done": name}

    def _edit(self, content: dict[str, Any]) -> Any:
        edits, name = self._emulator.edit, str(content.get("edit", ""))
        if name not in edits.names():
            raise ControlError(f"there is no edit {name!r}; there are {', '.join(edits.names())}")
        try:
            return getattr(edits, name)(*content.get("arguments", ()), **content.get("options", {}))
        except TypeError as error:
            raise ControlError(f"edit {name}: {error}") from error

    def show(self, name: str, *, secrets: bool = False, since: int = 0) -> Any:
        """Show `calls`, `history`, `state`, `switches`, `faults` or `edits`.

        Raises:
            ControlError: there is nothing of that name.
        """
        emulator = self._emulator
        hidden = set() if secrets else self._secret_values()
        if name == "calls":
            return _masked([_call(one) for one in emulator.calls if one.sequence > since], hidden)
        if name == "history":
            return _masked([_entry(one) for one in emulator.history.since(since)], hidden)
        if name == "state":
            connections, connectors = emulator.inspect.connections(), emulator.inspect.connectors()
            return _masked({"connectors": connectors, "connections": connections, "engine": emulator.inspect.engine()}, hidden)
        if name == "switches":
            return emulator.switches.as_dict()
        if name == "faults":
            fired = [{"call": call, **fault.as_dict()} for call, fault in emulator.faults.fired]
            return {"waiting": [fault.as_dict() for fault in emulator.faults.waiting], "fired": fired}
        if name == "edits":
            return emulator.edit.names()
        raise ControlError(f"there is nothing called {name!r} to show")

    def _secret_values(self) -> set[str]:
        """Every Password value that is stored, was stored, or was sent: wherever one of them stands, it is hidden."""
        found: set[str] = set()
        passwords = self._password_keys()
        for row in self._emulator.inspect.rows("ConnectionConfigField"):
            found |= _secret_of(row, passwords)
        for entry in self._emulator.history:
            for side in (entry.before, entry.after):
                found |= _secret_of(side or {}, passwords)
        for call in self._emulator.calls:
            found |= _secrets_in(call.request, passwords)
        return {value for value in found if value}

    def _password_keys(self) -> frozenset[str]:
        office = self._emulator.office
        names = {*office.connectors.shipped, *(row["Name"] for row in self._emulator.inspect.rows("ConnectorDefinition"))}
        known = [office.connectors.named(name) for name in names]
        return frozenset(key for definition in known if definition for key in definition.passwords())


def _object(request: Request) -> dict[str, Any]:
    if request.malformed or not isinstance(request.body, dict | None):
        raise ControlError(request.malformed or "the body must be a JSON object")
    return request.body or {}


def _secret_of(row: Row, passwords: frozenset[str]) -> set[str]:
    if row.get("FieldKey") in passwords:
        return {row["FieldValue"]}
    if "Config" in row:
        return {value for key, value in json.loads(row["Config"]).items() if key in passwords}
    return set()


def _secrets_in(content: Any, passwords: frozenset[str]) -> set[str]:
    if isinstance(content, dict):
        here = {value for key, value in content.items() if key in passwords and isinstance(value, str)}
        return here.union(*(_secrets_in(value, passwords) for value in content.values()))
    if isinstance(content, list):
        return set[str]().union(*(_secrets_in(value, passwords) for value in content))
    return set()


def _masked(content: Any, hidden: set[str]) -> Any:
    """A copy in which every text that is a secret, or holds one, is hidden."""
    if isinstance(content, dict):
        return {key: _masked(value, hidden) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_masked(value, hidden) for value in content]
    if isinstance(content, str) and content:
        if content in hidden:
            return HIDDEN
        if content[0] == "{" and any(value in content for value in hidden):
            return json.dumps(_masked(json.loads(content), hidden))
    return content


def _call(call: Call) -> dict[str, Any]:
    return {**asdict(call), "at": call.at.isoformat()}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "by": entry.by,
        "operation": entry.operation,
        "call": entry.call,
        "table": entry.table,
        "key": entry.key,
        "before": entry.before,
        "after": entry.after,
    }
