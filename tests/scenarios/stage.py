"""A whole scene in one process: a tenant over real HTTP, a journal on disk, files, a clock that only moves when somebody waits."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler import flow
from reconciler.emulator import Call, Emulator
from reconciler.model import Plan, RunReport
from reconciler.session import Session
from tests.scenarios.turned import turned

TARGET = "stage"
VISMA = "https://connectors.example.com/visma/ErpConnectorWS.svc"
SPARE = "https://spare.example.com/visma/ErpConnectorWS.svc"
FORTNOX = "https://connectors.example.com/fortnox/ErpConnectorWS.svc"
PASSWORD = "winter-2026"
KEY = "a fingerprint key of sufficient length"

# A connection with every kind of config field, two languages and a secret; most scenarios change one thing of it.
CONNECTIONS = f"""\
version: 1
language: en
connectors:
  visma:
    name: Visma Business
    url: {VISMA}
    identifies_erp: [Filename]
connections:
  norway:
    name: {{en: Visma Norway, nb: Visma Norge}}
    description: Company F0003
    connector: visma
    active: true
    scope: everyone
    config:
      Filename: F0003.xlsm
      IntegerField: 12
      CheckboxField: true
      DateField: 2026-01-31
      DoubleField: 12.5
      TextField: "0012"
      ListField: item2
      PasswordField: {{secret: env:VISMA_PASSWORD, version: 1}}
"""


class VirtualClock:
    """Time that passes only when somebody sleeps; the emulator's late effects pass with it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.emulators: list[Emulator] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        for emulator in self.emulators:
            emulator.on_time_passes()


class RealClock(VirtualClock):
    """The machine's time, for scenes that several processes share; only our own waits are cut short."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Ended:
    """How one command line ended."""

    code: int
    out: str
    err: str


@dataclass
class Stage:
    """One tenant with one checkout beside it. The verbs are those of the command line, without its texts."""

    folder: Path
    emulator: Emulator
    clock: VirtualClock
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, text: str, name: str = "connections.yaml") -> None:
        """Put a file into the checkout."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def change(self, *replacements: tuple[str, str]) -> None:
        """Edit `connections.yaml`: each old text, which must be there once, becomes the new one."""
        path = self.folder / "connections.yaml"
        text = path.read_text(encoding="utf-8")
        for old, new in replacements:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def write_targets(self, *lines: str, key: bool = True, name: str = TARGET) -> None:
        """Write `targets.yaml`; `lines` are further members of the target."""
        members = [
            "kind: emulator",
            f"url: {self.emulator.url}",
            "files: [connections.yaml]",
            *(["fingerprint_key: {secret: env:STAGE_KEY}"] if key else []),
            *lines,
        ]
        self.write("targets:\n  " + name + ":\n" + "".join(f"    {line}\n" for line in members), "targets.yaml")

    @contextmanager
    def session(self, target: str = TARGET, **environ: str) -> Iterator[Session]:
        """The target, open."""
        with flow.open_target(target, directory=self.folder, environ={**self.environ, **environ}, clock=self.clock) as session:
            yield session

    def plan(self, *permissions: str, target: str = TARGET) -> Plan:
        """What would change."""
        with self.session(target) as session:
            return flow.make_plan(session, flow.load(session, ()), permissions=permissions)

    def apply(self, *permissions: str, **options: Any) -> RunReport:
        """Plan and apply."""
        with self.session() as session:
            made = flow.make_plan(session, flow.load(session, ()), permissions=permissions)
            return flow.apply_plan(session, made, **options)

    def apply_saved(self, plan: Plan, **options: Any) -> RunReport:
        """Apply a plan that was made earlier."""
        with self.session() as session:
            return flow.apply_plan(session, plan, saved=True, **options)

    def recover(self, choice: str) -> RunReport:
        """Settle open runs."""
        with self.session() as session:
            return flow.recover(session, choice)

    def type(self, *arguments: str, **environ: str) -> Ended:
        """Type a command line in the checkout, in a process of its own."""
        inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "LANG") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env={**inherited, **self.environ, **environ},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    # ---- what the tenant saw -----------------------------------------------------------------------------------

    def calls(self, *operations: str) -> list[Call]:
        """The calls so far, or those of some operations."""
        return [call for call in self.emulator.calls if not operations or call.operation in operations]

    @property
    def writes(self) -> list[Call]:
        """The calls that could change something."""
        return [call for call in self.emulator.calls if call.writes]

    def connection(self, name: str) -> dict[str, Any]:
        """The one live connection of a name, as it is really stored."""
        (found,) = self.emulator.inspect.find(name)
        return found


def truth(stage: Stage) -> dict[str, Any]:
    """Everything about live connections and connectors that a person could set, as it is really stored."""
    settable = ("ErpConnectorId", "DisplayName", "DisplayDescription", "Active", "AllAccess", "ConfigFields", "ConnectionId")
    return {
        "connectors": [{name: row[name] for name in ("DisplayName", "URL")} for row in stage.emulator.inspect.connectors(deleted=False)],
        "connections": [
            {
                **{name: row[name] for name in settable},
                "UserGroupAccessIds": sorted(row["UserGroupAccessIds"]),
                "AssociateAccessIds": sorted(row["AssociateAccessIds"]),
                "Connector": stage.emulator.inspect.remembered_by_connector(row["ErpConnectionId"]),
            }
            for row in stage.emulator.inspect.connections(deleted=False)
        ],
    }


@contextmanager
def staged(
    folder: Path, *, switches: Mapping[str, Any] | None = None, text: str = CONNECTIONS, clock: VirtualClock | None = None
) -> Iterator[Stage]:
    """A fresh tenant without connectors or connections, and a checkout with one file."""
    clock = clock or VirtualClock()
    with Emulator(clock=clock, switches=turned(switches), erp_folder=folder / "erp") as emulator:
        clock.emulators.append(emulator)
        stage = Stage(folder, emulator, clock, {"VISMA_PASSWORD": PASSWORD, "STAGE_KEY": KEY})
        stage.write_targets()
        stage.write(text)
        yield stage
        assert emulator.errors == []
