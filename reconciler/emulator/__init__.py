"""The embedded SuperOffice: a faithful ErpSync over real HTTP on loopback, so that everything works on a fresh machine.

It keeps its state in SQLite, calls pretended connectors whose tests do something real, can be told to fail in any way, can be
edited behind the client's back, and records every call and every change. It shares no codec with the client.

Effects: listens on 127.0.0.1; writes its state file and an ERP folder beside it.
"""

from reconciler.emulator.calls import Call
from reconciler.emulator.clock import Clock, SystemClock
from reconciler.emulator.door import DoorSwitches, Online
from reconciler.emulator.edits.author import EditError
from reconciler.emulator.emulator import Emulator, EmulatorError, Snapshot
from reconciler.emulator.faults import Fault, FaultKind
from reconciler.emulator.history import Author, Entry, History
from reconciler.emulator.switches import Switches

__all__ = [
    "Author", "Call", "Clock", "DoorSwitches", "EditError", "Emulator", "EmulatorError", "Entry", "Fault", "FaultKind", "History",
    "Online", "Snapshot", "Switches", "SystemClock",
]  # fmt: skip
