"""Switches and faults that were set on a state file wait there for the emulator that opens it next.

Effects: reads and writes the emulator's own tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.emulator.faults import Fault, Faults
from reconciler.emulator.history import Author
from reconciler.emulator.state import State
from reconciler.emulator.switches import Turnable

_AUTHOR = Author("edit", "settings")


class Settings:
    """The stored switches and faults of one state."""

    def __init__(self, state: State, boards: Sequence[Turnable], faults: Faults) -> None:
        self._state, self._boards, self._faults = state, boards, faults
        faults.when_spent = self._forget

    def load_switches(self, *boards: Turnable) -> None:
        """Turn the switches as they were stored, all of them or those of some boards."""
        for row in self._state.rows("Setting"):
            board = self._board(row["Name"])
            if not boards or board in boards:
                board.set(row["Name"], json.loads(row["Value"]))

    def switches(self) -> dict[str, Any]:
        """Every switch by name."""
        return {name: value for board in self._boards for name, value in board.as_dict().items()}

    def _board(self, name: str) -> Turnable:
        for board in self._boards:
            if name in board.as_dict():
                return board
        raise ValueError(f"no switch is called {name!r}; there are {', '.join(sorted(self.switches()))}")

    def load_faults(self) -> None:
        """Let the stored faults wait for their calls, those that do not wait yet."""
        known = self._faults.stored_rows()
        for row in self._state.rows("PendingFault"):
            if row["PendingFaultId"] not in known:
                self._faults.add(Fault.from_dict(json.loads(row["Fault"])), row["PendingFaultId"])

    def follow(self) -> None:
        """Take over what another process has set on the same state file."""
        if self._state.changed_elsewhere():
            self.load_switches()
            self.load_faults()

    def set_switch(self, name: str, value: Any) -> None:
        """Turn a switch now and for whoever opens the state next.

        Raises:
            ValueError: no such switch or value.
        """
        board = self._board(name)
        board.set(name, value)
        stored = json.dumps(getattr(board, name))
        with self._state.transaction(_AUTHOR):
            row = self._state.first("Setting", Name=name)
            if row is None:
                self._state.insert("Setting", {"Name": name, "Value": stored})
            else:
                self._state.update("Setting", row["SettingId"], {"Value": stored})

    def add_fault(self, fault: Fault) -> None:
        """Let a fault wait, also across a restart."""
        with self._state.transaction(_AUTHOR):
            key = self._state.insert("PendingFault", {"Fault": json.dumps(fault.as_dict())})
        self._faults.add(fault, key)

    def clear_faults(self) -> None:
        """No more faults, stored or waiting."""
        for row in self._state.rows("PendingFault"):
            self._forget(row["PendingFaultId"])
        self._faults.clear()

    def _forget(self, key: int) -> None:
        with self._state.transaction(_AUTHOR):
            self._state.remove("PendingFault", key)
