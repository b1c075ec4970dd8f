"""A target that is open: its gateway, journal, secrets and, for the embedded emulator, the server itself.

Everything is made when it is first asked for, so that a command which needs no tenant starts none.

In -> Out: a target's name -> a `Session`.
Effects: reads the environment and the targets file; opens the journal; may serve the emulator on loopback.
Neighbours: made by `cli` through `flow.open_target`; handed to every function of `flow`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.clock import SystemClock
from reconciler.desired import Resolver, load_target
from reconciler.errors import RefusedError
from reconciler.model import Recorded, RunEnd, Target
from reconciler.ports import Clock, Sealer

if TYPE_CHECKING:
    from reconciler.emulator import Emulator
    from reconciler.journal.store import Store
    from reconciler.superoffice.mapping_gateway import MappingGateway
    from reconciler.superoffice.opening import Opened

DIRECTORY = ".reconciler"


class Session:
    """One target, open for the length of a command.

    Attributes:
        target: what `targets.yaml` says of it.
        write_begun: a request that changes the tenant may have been sent by this command.
    """

    def __init__(
        self, target: Target, *, environ: Mapping[str, str], clock: Clock, debug: Callable[[str], None] | None, stack: ExitStack
    ) -> None:
        self.target = target
        self.environ = environ
        self.clock = clock
        self.write_begun = False
        self._debug = debug
        self._stack = stack
        self._stores: dict[bool, Store] = {}

    @property
    def directory(self) -> Path:
        """The folder that relative paths are taken from."""
        return Path(self.target.directory)

    @property
    def state_directory(self) -> Path:
        """`.reconciler/`: the journal, and the emulator's state and key."""
        return self.directory / DIRECTORY

    @cached_property
    def secrets(self) -> Resolver:
        """What resolves references, within what the target allows."""
        return Resolver(self.target, self.environ, self.directory, self._debug)

    @cached_property
    def emulator(self) -> Emulator | None:
        """The embedded SuperOffice, serving; None when the target has an address of its own."""
        if self.target.kind != "emulator" or self.target.url is not None:
            return None
        from reconciler.emulator import Emulator, EmulatorError

        self.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._stack.enter_context(Emulator(self.state_directory / "emulator.db"))
        except EmulatorError as error:
            raise RefusedError("The emulator cannot start", str(error), "Look at the file, or take it away to begin anew.") from error

    @cached_property
    def opened(self) -> Opened:
        """The client of the tenant, and what it stands on: its address, and the host of its environment."""
        from reconciler.superoffice.opening import open_client

        debug = self._debug
        log = None if debug is None else lambda call: debug(str(call))
        url = self.target.url if self.emulator is None else self.emulator.url
        opened = open_client(self.target, url, self.secrets.resolve_own, clock=self.clock, log=log)
        self._stack.callback(opened.close)
        return opened

    @cached_property
    def gateway(self) -> MappingGateway:
        """The tenant as Reader, Tester and Writer, and as MappingReader and MappingWriter."""
        from reconciler.superoffice.mapping_gateway import MappingGateway

        return MappingGateway(self.opened.client)

    def store(self, *, create: bool) -> Store:
        """The journal. Reading commands open it without making it."""
        from reconciler.journal.store import journal_path, open_shared, open_store

        for made in (True, create):
            if made in self._stores:
                return self._stores[made]
        shared = self.target.journal
        if shared is None:
            opened = open_store(journal_path(self.directory), clock=self.clock, create=create)
        else:
            opened = open_shared(self.secrets.resolve_own(shared), shared.reference, clock=self.clock, create=create)
        self._stores[create] = self._stack.enter_context(opened)
        return opened

    def recorded(self) -> Recorded:
        """What earlier runs on this target left behind."""
        return self.store(create=False).recorded(self.target.name)

    def runs(self) -> tuple[RunEnd, ...]:
        """Every run on this target, oldest first."""
        return self.store(create=False).runs(self.target.name)

    @property
    def has_key(self) -> bool:
        """Whether secrets can be sealed here; nothing is resolved to find out."""
        return self.target.fingerprint_key is not None or (self.target.kind == "emulator" and self.target.url is None)

    @cached_property
    def sealer(self) -> Sealer:
        """Fingerprints and encryption under the target's key; the embedded emulator makes its own."""
        from reconciler.journal.sealing import KeyedSealer, NoKey, generated_key

        if self.target.fingerprint_key is not None:
            return KeyedSealer(self.secrets.resolve_own(self.target.fingerprint_key), target=self.target.name)
        if self.has_key:
            self.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return KeyedSealer(generated_key(self.state_directory / "key"), target=self.target.name)
        return NoKey()

    def desired_paths(self, files: tuple[str, ...]) -> list[Path]:
        """The files to read: `-f`, else the target's own, else `connections.yaml`; as seen from here where they lie below."""
        if files:
            return [Path(name) for name in files]
        if self.target.files:
            here, paths = Path.cwd(), [self.directory / name for name in self.target.files]
            return [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]
        return [Path("connections.yaml")]


@contextmanager
def open_target(
    name: str | None,
    *,
    directory: Path,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    debug: Callable[[str], None] | None = None,
) -> Iterator[Session]:
    """Open a target by name for the length of the block.

    Raises:
        UsageProblem: a target has to be named, or there is none of that name.
        InputError: the targets file is wrong.
    """
    environment = os.environ if environ is None else environ
    target = load_target(name, directory=directory, environ=environment)
    with ExitStack() as stack:
        yield Session(target, environ=environment, clock=clock or SystemClock(), debug=debug, stack=stack)
