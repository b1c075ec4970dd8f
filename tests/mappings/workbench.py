"""A tenant to which a document is applied again and again from one prepared moment, in one process.

The journal and the tenant are put back between two trials, so that each begins at the same state and none pays for the first apply.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from reconciler import flow
from reconciler.emulator import Emulator, Fault, Snapshot
from reconciler.model import Plan, RunReport
from reconciler.session import Session
from tests.scenarios.stage import KEY, TARGET, VirtualClock
from tests.scenarios.turned import turned

Document = dict[str, Any]

ENVIRON = {"VISMA_PASSWORD": "winter-2026", "FORTNOX_PASSWORD": "erp-password", "STAGE_KEY": KEY}
EVERYTHING = Path(__file__).parents[2] / "connections.yaml"
# What every write moves; it says nothing about what was set.
_STAMPS = frozenset(
    {"registered", "registeredAssociateId", "updated", "updatedAssociateId", "updatedCount", "MostRecentTimestamp", "LastSync"}
)


class Core(yaml.SafeLoader):
    """YAML as we read it: `on` is a key, a date is text."""


Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def document(path: Path = EVERYTHING) -> Document:
    """A file as plain data; dates stay texts."""
    loaded: Document = yaml.load(path.read_text(encoding="utf-8"), Loader=Core)
    return loaded


class Workbench:
    """One tenant over HTTP, one checkout with a journal, and the moment to which both return."""

    def __init__(self, *, switches: Mapping[str, Any] | None = None) -> None:
        fast = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="reconciler-mappings-", dir=fast if fast.is_dir() else None))
        self.clock = VirtualClock()
        self.emulator = Emulator(clock=self.clock, switches=turned(switches), erp_folder=self.folder / "erp").start()
        self.clock.emulators.append(self.emulator)
        members = {
            "kind": "emulator",
            "url": self.emulator.url,
            "files": ["connections.yaml"],
            "journal": "local",
            "fingerprint_key": {"secret": "env:STAGE_KEY"},
            "limits": {"parallel_reads": 1},
        }
        (self.folder / "targets.yaml").write_text(json.dumps({"targets": {TARGET: members}}), encoding="utf-8")
        self._moment: tuple[Snapshot, bytes | None, float] | None = None

    def close(self) -> None:
        """Stop serving and take the folder away."""
        self.emulator.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- moments -----------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """The moment to which `go_back` returns."""
        journal = self._journal.read_bytes() if self._journal.exists() else None
        self._moment = (self.emulator.snapshot(), journal, self.clock.seconds)

    def go_back(self) -> None:
        """Tenant, journal and clock as they were; no faults, no calls."""
        assert self._moment is not None
        snapshot, journal, seconds = self._moment
        self.emulator.faults.clear()
        self.emulator.restore(snapshot)
        self.emulator.clear_calls()
        self.emulator.history.clear()
        self.clock.seconds = seconds
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            self._journal.with_name(name).unlink(missing_ok=True)
        if journal is not None:
            self._journal.write_bytes(journal)
            self._journal.chmod(0o600)

    @property
    def _journal(self) -> Path:
        return self.folder / ".reconciler" / "journal.db"

    # ---- commands ----------------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The target, open."""
        with flow.open_target(TARGET, directory=self.folder, environ=ENVIRON, clock=self.clock) as session:
            yield session

    def plan(self, wanted: Document, session: Session | None = None) -> Plan:
        """What would change, every barrier permitted."""
        if session is None:
            with self.session() as opened:
                return self.plan(wanted, opened)
        (self.folder / "connections.yaml").write_text(json.dumps(wanted, ensure_ascii=False, indent=1), encoding="utf-8")
        desired = flow.load(session, ())
        plan = flow.make_plan(session, desired)
        if plan.stopping:
            plan = flow.make_plan(session, desired, permissions=[hazard.permission for hazard in plan.stopping])
        return plan

    def apply(self, plan: Plan, *faults: Fault, **options: Any) -> RunReport:
        """Run a plan while something goes wrong."""
        with self.session() as session:
            for fault in faults:
                self.emulator.faults.add(fault)
            try:
                return flow.apply_plan(session, plan, **options)
            finally:
                self.emulator.faults.clear()

    def truth(self) -> dict[str, Any]:
        """Everything that is really stored about what is not deleted, stamps left out."""
        inspect = self.emulator.inspect
        return {
            "connectors": [_bare(row) for row in inspect.connectors(deleted=False)],
            "connections": {row["ErpConnectionId"]: _bare(row) for row in inspect.connections(deleted=False)},
            "engine": _bare(inspect.engine()),
        }


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _bare(one) for name, one in value.items() if name not in _STAMPS and not str(name).endswith("AccessId")}
    if isinstance(value, list):
        return sorted((_bare(one) for one in value), key=repr)
    return value


def edited(wanted: Document, change: Callable[[Document], None]) -> Document:
    """A copy with a change."""
    copied = copy.deepcopy(wanted)
    change(copied)
    return copied


def unlike(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two truths differ, as texts."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return [text for name in sorted({*one, *other}, key=str) for text in unlike(one.get(name), other.get(name), f"{path}/{name}")]
    return [] if one == other else [f"{path}: {one!r} instead of {other!r}"]
