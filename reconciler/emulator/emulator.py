"""The embedded SuperOffice as one object: start it, point a client at it, bend it, look into it.

Effects: listens on loopback; keeps its state in memory or in one SQLite file; keeps an ERP folder.
Neighbours: tests, `reconciler emulator` and the flow use this and nothing below it.
"""

from __future__ import annotations

import shutil
import sqlite3
import ssl
import tempfile
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.emulator.calls import Call, CallLog
from reconciler.emulator.clock import Clock, SystemClock
from reconciler.emulator.connectors import Connectors
from reconciler.emulator.control import Control
from reconciler.emulator.definitions import Definition, DefinitionError, load
from reconciler.emulator.door import DoorSwitches, Online
from reconciler.emulator.door.door import Door
from reconciler.emulator.edits import Edits
from reconciler.emulator.engine import Engine
from reconciler.emulator.erp import ErpFolder
from reconciler.emulator.faults import Faults
from reconciler.emulator.history import History
from reconciler.emulator.inspection import Inspection
from reconciler.emulator.listeners import Listeners
from reconciler.emulator.office import Office
from reconciler.emulator.seed import seeded
from reconciler.emulator.service import Service
from reconciler.emulator.settings import Settings
from reconciler.emulator.state import State
from reconciler.emulator.switches import Switches


class EmulatorError(Exception):
    """The emulator cannot be opened or started; the message says why."""


@dataclass(frozen=True)
class Snapshot:
    """The whole of SuperOffice, its connectors and their ERP at one moment. Calls, faults and switches are not part of it."""

    rows: bytes
    erp: dict[str, bytes]


class Emulator:
    """A SuperOffice with an ErpSync agent, at `url`, with login `admin`/`admin`.

    Usable as a context manager: entering starts it, leaving stops and closes it. The state is open from the start, so that
    `edit`, `inspect`, `snapshot` and `reset` work without serving. `stop` keeps the state and the port for another `start`.

    Args:
        state: the SQLite file; None keeps everything in memory. A new file is seeded.
        port: 0 lets the system choose.
        switches: how the open questions are answered; None takes the defaults and what the state file says.
        clock: None takes the system's; a virtual one should call `on_time_passes` whenever it moves.
        erp_folder: where the pretended ERP lives; None takes a folder beside the state file, or a temporary one.
        connector_folders: more folders of connector definitions.
        login: name and password: of the API onsite, and of the emulator's own controls always.
        online: the tenant to play; None plays an installation onsite.
        door: who is let in and how; None takes the defaults and what the state file says.
        tls: what speaks TLS; None serves plain HTTP.
        make_guid: what makes the GUIDs of connections.
        afresh: reset at once, also a state file of another version.

    Raises:
        EmulatorError: the state file is not one of ours, is of another version or cannot be opened, or a connector
            definition cannot be read.
    """

    def __init__(
        self,
        state: Path | None = None,
        *,
        port: int = 0,
        switches: Switches | None = None,
        clock: Clock | None = None,
        erp_folder: Path | None = None,
        connector_folders: Sequence[Path] = (),
        login: tuple[str, str] = ("admin", "admin"),
        online: Online | None = None,
        door: DoorSwitches | None = None,
        tls: ssl.SSLContext | None = None,
        make_guid: Callable[[], str] | None = None,
        afresh: bool = False,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.history = History()
        self.faults = Faults()
        self.errors: list[BaseException | None] = []
        self.login = login
        self.online = online
        self._listeners = Listeners(self, port, tls)
        self._temporary: Path | None = None
        definitions = _definitions(connector_folders)
        self.state = self._open(Path(state) if state is not None else None, afresh)
        self.erp = ErpFolder(self._erp_folder(state, erp_folder))
        self.switches = switches or Switches()
        connectors = Connectors(self.state, self.erp, self.clock, definitions)
        self.office = Office(self.state, connectors, self.switches, self.clock, make_guid or _new_guid)
        self.state.keeps_previous = self.faults.wants_previous
        self.door = Door(online, login, self.clock, door or DoorSwitches(), self._listeners.address)
        self.office.context_identifier = online.tenant if online else "Emulator"
        self.office.function_rights = self.door.function_rights
        self.settings = Settings(self.state, (self.switches, self.door.switches), self.faults)
        if switches is None:
            self.settings.load_switches(self.switches)
        if door is None:
            self.settings.load_switches(self.door.switches)
        self.settings.load_faults()
        self._log = CallLog()
        self.service = Service(self.office, self.faults, self._log, self.history, self.settings, self.door, real_time=clock is None)
        self.engine = Engine(self.office)
        self.edit = Edits(self.office, self.erp)
        self.inspect = Inspection(self.office)
        self.control = Control(self)
        if self.state.is_new or afresh:
            self.erp.seed()

    def _open(self, path: Path | None, afresh: bool) -> State:
        try:
            state = State(path, self.clock, self.history)
            if state.is_new or afresh:
                state.restore(seeded())
        except (sqlite3.DatabaseError, OSError) as error:
            raise EmulatorError(f"{path}: cannot be opened as an emulator's state ({error})") from error
        if not state.is_current():
            state.close()
            raise EmulatorError(f"{path}: was made by another version of the emulator; `reconciler emulator reset` starts afresh")
        return state

    def _erp_folder(self, state: Path | None, given: Path | None) -> Path:
        if given is not None:
            return Path(given)
        if state is not None:
            return Path(state).parent / f"{Path(state).stem}-erp"
        self._temporary = Path(tempfile.mkdtemp(prefix="reconciler-erp-"))
        return self._temporary

    # ---- serving -----------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Begin to serve. Does nothing while serving.

        Raises:
            EmulatorError: the port is taken.
        """
        try:
            self._listeners.start()
        except OSError as error:
            raise EmulatorError(f"port {self._listeners.port} cannot be used: {error.strerror or error}") from error
        return self

    def stop(self) -> None:
        """Stop serving and cut what is connected; the state stays open. Connecting is refused from now on."""
        self._listeners.stop()

    def close(self) -> None:
        """Stop, drop late effects, close the state and remove temporary files."""
        self.stop()
        self.service.forget_late()
        self.state.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except EmulatorError:
            self.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The root, with a slash at the end. Onsite, the agent is at `api/v1/Agents/ErpSync/<Operation>` below it."""
        return f"{self._listeners.address(0)}/"

    @property
    def api_url(self) -> str:
        """The API as a tenant's state gives it, without a slash at the end; Online it is on the host that has the tenant now."""
        return self.door.api_url()

    # ---- watching ----------------------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """Every call so far, oldest first (a copy)."""
        return self._log.all()

    def clear_calls(self) -> None:
        """Forget the calls."""
        self._log.clear()

    @property
    def before_call(self) -> Callable[[Call], None] | None:
        """Run in the server's thread before each call is processed, under no lock; set it to inject an edit at a boundary."""
        return self.service.before_call

    @before_call.setter
    def before_call(self, hook: Callable[[Call], None] | None) -> None:
        self.service.before_call = hook

    # ---- time --------------------------------------------------------------------------------------------------

    def land_late(self) -> int:
        """Let late effects happen: those that are due, and those without a time. Returns how many."""
        return self.service.land(waiting_for_a_word=True)

    def on_time_passes(self) -> int:
        """Let late effects happen that are due by the clock. A virtual clock calls this when it moves."""
        return self.service.land()

    def tick(self) -> list[int]:
        """One round of the sync engine: while it runs, every active connection's cursor moves. Returns those ids."""
        return self.engine.tick()

    # ---- the whole state ---------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything that is stored, as a value."""
        return Snapshot(self.state.serialized(), self.erp.contents())

    def restore(self, snapshot: Snapshot) -> None:
        """Be exactly as when the snapshot was made; late effects that wait are dropped, history and calls stay."""
        self.service.forget_late()
        self.state.restore(snapshot.rows)
        self.erp.put_back(snapshot.erp)
        self.office.engine_seen = None
        self.state.previous = None

    def reset(self) -> None:
        """Be as new: seeded lists and ERP files, no connectors, no connections, no faults, no calls."""
        self.service.forget_late()
        self.state.restore(seeded())
        self.erp.seed()
        self.office.engine_seen = None
        self.state.previous = None
        self.faults.clear()
        self.history.clear()
        self.clear_calls()


def _definitions(folders: Sequence[Path]) -> dict[str, Definition]:
    try:
        return load(folders)
    except (DefinitionError, OSError) as error:
        raise EmulatorError(str(error)) from error


def _new_guid() -> str:
    return str(uuid.uuid4())
