"""Bodies of events, a clock and a run by hand, for the tests of the journal; light, since killed children import it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.journal.chain import event_hash, plain
from reconciler.journal.events import Event, Kind
from reconciler.journal.transitions import RunState, follow

A, B = "connection/visma-no", "connection/fortnox-se"
TARGET = "prod"
RUN = "20261122-143005-7f3a"


class StepClock:
    """A clock that tests own: it stands still unless told."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.wall = datetime(2026, 11, 22, 14, 30, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.wall + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def secret(
    ref: str = "env:VISMA_PASSWORD", version: str | None = "3", fingerprint: str = "k:f1", sealed: str = "c2VhbGVk"
) -> dict[str, Any]:
    return {"ref": ref, "version": version, "fingerprint": fingerprint, "sealed": sealed}


_BODIES: dict[Kind, dict[str, Any]] = {
    Kind.RUN_OPENED: {
        "command": "apply",
        "plan_digest": "p1",
        "plan": {"units": [{"address": A}, {"address": B}], "created": "2026-11-22T14:30:00Z"},
        "units": [A, B],
        "actor": {"user": "anna", "host": "build-7", "pid": 4711},
        "why": {"ticket": "OPS-1", "reason": ""},
        "tool_version": "0.1.0",
        "target_digest": "t1",
        "desired_digest": "d1",
        "fencing": 1,
        "settle_s": 120.0,
    },
    Kind.RECOVERY_OPENED: {"choice": "back", "fencing": 1},
    Kind.UNIT_OPENED: {
        "unit": A,
        "digest": "u1",
        "kind": "update",
        "row": {"id": 7, "guid": "6f1c"},
        "observed": {"name": {"nb": "Visma Norge"}, "active": True, "config": {"IntegerField": 12}},
    },
    Kind.INTENT: {
        "unit": A,
        "step": 1,
        "act": "save",
        "operation": "SaveConnection",
        "object": "connection",
        "id": 7,
        "attempt": 1,
        "rollback": False,
        "sets": {"config": {"IntegerField": 13}},
        "seen": "r1",
        "secrets": {},
    },
    Kind.OUTCOME: {"unit": A, "step": 1, "intent": 0, "outcome": "applied", "detail": "", "status": 200, "reasons": [], "seconds": 0.2},
    Kind.SETTLED: {"unit": A, "step": 1, "seconds": 120.0},
    Kind.OBSERVED: {"unit": A, "step": 1, "verdict": "as-desired", "seen": "r2", "detail": ""},
    Kind.NOOP: {"unit": A, "step": 1, "act": "deactivate"},
    Kind.TEST: {"unit": None, "phase": "rehearse", "address": A, "passed": True, "seconds": 1.5, "detail": ""},
    Kind.BOUND: {"address": A, "id": 7, "guid": "6f1c"},
    Kind.UNBOUND: {"address": A, "reason": "deleted"},
    Kind.SENT: {"unit": A, "fields": {"PasswordField": secret()}},
    Kind.ACTIVATED: {"unit": A},
    Kind.PARKED: {"unit": A, "reason": "the ERP moves this week"},
    Kind.ROLLBACK_OPENED: {"unit": A, "reason": "the test failed"},
    Kind.UNIT_CLOSED: {
        "unit": A,
        "digest": "u1",
        "end": "as-desired",
        "reason": "",
        "rolled_back": False,
        "applied": True,
        "window_s": 3.5,
        "residue": [],
    },
    Kind.NOTE: {"text": "a note"},
    Kind.RUN_CLOSED: {"exit_code": 0, "ends": {}, "head": ""},
    Kind.REVIEWED: {
        "subjects": ["break-glass@1"],
        "run": RUN,
        "actor": {"person": "berit", "user": "berit", "host": "desk-3"},
        "reason": "the ERP was down",
    },
    Kind.LEASE_BROKEN: {"holder": "anna", "run": RUN, "actor": {"person": "berit"}, "reason": "the runner is gone"},
    Kind.TENANT_READ: {
        "actor": {"user": "nightly"},
        "principal": "so-erp",
        "connections": [
            {
                "guid": "6f1c",
                "id": 7,
                "address": A,
                "name": "Visma",
                "updated": "2026-11-22T01:00:00Z",
                "updated_by": "KARI",
                "parts": {"row": "d1", "config": None},
            }
        ],
    },
}


def body(kind: str, /, **changed: Any) -> dict[str, Any]:
    return {**_BODIES[Kind(kind)], **changed}


class Account:
    """A run's events, checked and chained without a store."""

    def __init__(self, *, target: str = TARGET, run: str = RUN, after: Account | None = None) -> None:
        self.target, self.run = target, run
        self.events: list[Event] = [] if after is None else list(after.events)
        self.state = RunState()

    def add(self, kind: str, /, **changed: Any) -> int:
        content = plain(body(kind, **changed))
        seq = len(self.events) + 1
        self.state = follow(self.state, seq, kind, content)
        prev = self.events[-1].hash if self.events else ""
        at = f"2026-11-22T14:30:05.{seq:06}Z"
        made = event_hash(seq=seq, target=self.target, run=self.run, kind=kind, at=at, body=content, prev=prev)
        self.events.append(Event(seq, self.target, self.run, kind, at, content, prev, made))
        return seq

    def write(self, unit: str = A, *, step: int = 1, outcome: str = "applied", verdict: str | None = "as-desired", **changed: Any) -> None:
        """Intent, outcome and the read after it."""
        seq = self.add("intent", unit=unit, step=step, **changed)
        self.add("outcome", unit=unit, step=step, intent=seq, outcome=outcome)
        if verdict is not None:
            self.add("observed", unit=unit, step=step, verdict=verdict)


def good_run(account: Account, *, end: str = "as-desired") -> Account:
    """One unit changed, the other left alone."""
    account.add("run-opened")
    account.add("test")
    account.add("unit-opened")
    account.write(secrets={"PasswordField": secret()})
    account.add("sent")
    account.add("activated")
    account.add("bound")
    account.add("unit-closed", end=end)
    account.add("unit-closed", unit=B, end="untouched", applied=False, digest="u2", window_s=None)
    account.add("run-closed", ends={A: end, B: "untouched"}, head=account.events[-1].hash)
    return account
