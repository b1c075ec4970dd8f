"""The events of a run as the journal would hold them: an update that is rolled back after its activation was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.journal.events import Event
from reconciler.journal.view import RunView, view_run

UNIT = "connection/visma-no"
SECRET = {"PasswordField": {"ref": "env:VISMA_PASSWORD", "version": "3", "fingerprint": "FINGERPRINT", "sealed": "SEALED"}}
OBSERVED = {
    "active": True,
    "name": {"en": "Visma Norway", "nb": "Visma Norge"},
    "config": {"Filename": "F0001.xlsm", "PasswordField": {"$hidden": True}},
}

OPENED: tuple[str, Mapping[str, Any]] = (
    "run-opened",
    {
        "command": "apply",
        "plan_digest": "3f2a" * 16,
        "plan": {},
        "units": [UNIT, "connection/left"],
        "actor": {"user": "anna", "host": "build-7", "pid": 12, "ci": {"GITHUB_RUN_ID": "99"}, "principal": "ADMIN"},
        "why": {"ticket": "OPS-1", "reason": "new company"},
        "tool_version": "0.1.0",
        "target_digest": "c",
        "desired_digest": "a",
        "fencing": 1,
        "settle_s": 120.0,
    },
)


def verdict(phase: str, passed: bool | None, seconds: float = 0.3, detail: str = "") -> tuple[str, Mapping[str, Any]]:
    return "test", {"unit": UNIT, "phase": phase, "address": UNIT, "passed": passed, "seconds": seconds, "detail": detail}


def write(
    step: int,
    act: str,
    operation: str,
    intent: int,
    *,
    outcome: str = "applied",
    verdict: str = "as-desired",
    rollback: bool = False,
    **more: Any,
) -> list[tuple[str, Mapping[str, Any]]]:
    """The events of one guarded write; `intent` is the sequence number the first of them gets."""
    return [
        (
            "intent",
            {
                "unit": UNIT,
                "step": step,
                "act": act,
                "operation": operation,
                "object": "connection",
                "id": 7,
                "attempt": 1,
                "rollback": rollback,
                "sets": more.get("sets"),
                "seen": "s",
                "secrets": more.get("secrets", {}),
            },
        ),
        (
            "outcome",
            {
                "unit": UNIT,
                "step": step,
                "intent": intent,
                "outcome": outcome,
                "detail": more.get("detail", ""),
                "status": 200,
                "reasons": more.get("reasons", []),
                "seconds": 0.2,
            },
        ),
        *([("settled", {"unit": UNIT, "step": step, "seconds": 120.0})] if outcome == "unknown" else []),
        ("observed", {"unit": UNIT, "step": step, "verdict": verdict, "seen": "s", "detail": ""}),
    ]


def bodies() -> list[tuple[str, Mapping[str, Any]]]:
    """A whole run: tests, deactivate, save, refused activation, rollback, end."""
    refusal: dict[str, Any] = {"outcome": "not-applied", "verdict": "as-before", "reasons": ["A mandatory field has no direction."]}
    return [
        OPENED,
        verdict("rehearse", True),
        verdict("candidate", True, 0.4),
        ("unit-opened", {"unit": UNIT, "digest": "d", "kind": "update", "row": {"id": 7, "guid": "g"}, "observed": OBSERVED}),
        *write(3, "deactivate", "ToggleActive", 5),
        *write(4, "save", "SaveConnection", 8, secrets=SECRET, sets={"config": {"Filename": "F0002.xlsm"}}),
        ("sent", {"unit": UNIT, "fields": SECRET}),
        *write(6, "activate", "ToggleActive", 12, **refusal),
        ("rollback-opened", {"unit": UNIT, "reason": "SuperOffice refused"}),
        *write(4, "save", "SaveConnection", 16, rollback=True),
        *write(3, "activate", "ToggleActive", 19, rollback=True, outcome="unknown"),
        verdict("test", True),
        (
            "unit-closed",
            {
                "unit": UNIT,
                "digest": "d",
                "end": "as-before",
                "reason": "SuperOffice refused: A mandatory field has no direction.",
                "rolled_back": True,
                "applied": False,
                "window_s": 2.3,
                "residue": ["two fields that the refresh added"],
            },
        ),
        (
            "unit-closed",
            {
                "unit": "connection/left",
                "digest": "e",
                "end": "untouched",
                "reason": "an earlier unit stopped the run",
                "rolled_back": False,
                "applied": False,
                "window_s": None,
                "residue": [],
            },
        ),
        ("note", {"text": "The clock of the tenant is 3 s behind."}),
        ("run-closed", {"exit_code": 5, "ends": {UNIT: "as-before", "connection/left": "untouched"}, "head": "h"}),
    ]


def view(count: int | None = None) -> RunView:
    """The run, or what a crash after so many events leaves of it."""
    events = [
        Event(number, "prod", "20261122-140000-7f3a", kind, f"2026-11-22T14:00:{number:02}.000000+00:00", body, "p", f"hash-{number}")
        for number, (kind, body) in enumerate(bodies()[:count], 1)
    ]
    return view_run(events)
