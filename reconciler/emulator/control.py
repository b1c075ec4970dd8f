"""The controls over HTTP, for another process on this machine: faults, edits, switches, ticks, and the logs.

Everything here needs the API's login, and Password values are shown only when asked for with `secrets=true`.

Effects: whatever is asked for.
Neighbours: `app` routes `/emulator/…` here; `reconciler emulator edit` calls `perform` on a state file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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
SHORTEST_CREDENTIAL = 16


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
        except (ControlError, EditError, LookupError, ValueError) as error:
            return json_answer({"error": str(error)}, 400)

    def perform(self, name: str, content: dict[str, Any]) -> Any:
        """Do one thing: `edit`, `fault`, `clear-faults`, `switch`, `tick`, `land-late`, `expire`, `move`, `rotate-keys`,
        `reset` or `clear-calls`.

        Raises:
            ControlError: no such control, or not what it takes.
            EditError: an edit names something that does not exist.
            ValueError: a fault or a switch that does not exist.
            LookupError: there are no keys, since no Online tenant is played.
        """
        emulator = self._emulator
        name = {"faults": "fault", "switches": "switch"}.get(name, name)
        if name == "edit":
            return {"result": self._edit(content)}
        if name == "switch":
            for switch, value in content.items():
                emulator.settings.set_switch(switch, value)
            return {"done": name}
        if name == "fault":
            emulator.settings.add_fault(Fault.from_dict(content))
            return {"done": name}
        plain: dict[str, Callable[[], Any]] = {
            "clear-faults": emulator.settings.clear_faults,
            "tick": lambda: {"moved": emulator.tick()},
            "land-late": lambda: {"landed": emulator.land_late()},
            "expire": lambda: {"expired": emulator.door.expire()},
            "move": lambda: {"host": self._move()},
            "rotate-keys": emulator.door.rotate_keys,
            "reset": emulator.reset,
            "clear-calls": emulator.clear_calls,
        }
        if name not in plain:
            raise ControlError(f"there is no control {name!r}")
        return plain[name]() or {"done": name}

    def _move(self) -> int:
        """The tenant is at the next host from now, also after a restart."""
        self._emulator.settings.set_switch("tenant_host", self._emulator.door.switches.tenant_host + 1)
        return self._emulator.door.switches.tenant_host

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
            return emulator.settings.switches()
        if name == "faults":
            fired = [{"call": call, **fault.as_dict()} for call, fault in emulator.faults.fired]
            return {"waiting": [fault.as_dict() for fault in emulator.faults.waiting], "fired": fired}
        if name == "edits":
            return emulator.edit.names()
        raise ControlError(f"there is nothing called {name!r} to show")

    def _secret_values(self) -> set[str]:
        """Every Password value that is stored, was stored or was sent, and every credential: wherever one stands, it is hidden."""
        found: set[str] = set()
        passwords = self._password_keys()
        for row in self._emulator.inspect.rows("ConnectionConfigField"):
            found |= _secret_of(row, passwords)
        for entry in self._emulator.history:
            for side in (entry.before, entry.after):
                found |= _secret_of(side or {}, passwords)
        for call in self._emulator.calls:
            found |= _secrets_in(call.request, passwords)
            if call.operation in ("login", "oauth/tokens"):
                found |= {text for part in (call.request, call.response, call.query) for text in _long_texts(part)}
        return {value for value in found if value} | self._emulator.door.secrets()

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


def _long_texts(content: Any) -> set[str]:
    """The texts of an exchange of credentials that may be one, being long and no sentence: a signed token holds what it stands for."""
    texts = content.values() if isinstance(content, dict) else ()
    return {text for text in texts if isinstance(text, str) and len(text) >= SHORTEST_CREDENTIAL and " " not in text}


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
