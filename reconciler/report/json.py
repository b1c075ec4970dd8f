"""Every subject for machines: one JSON object per command, complete, ASCII only, with `format` and `target` as members.

In -> Out: the same values that the text renderers get -> JSON objects; an object -> text.
Neighbours: called by `cli` when `--format json` is given; the plan's object is `plan.codec.to_json`.

    reconciler/plan/v1      plan.codec, also what `plan -o` saves
    reconciler/apply/v1     target, run, plan_digest, exit_code, head, seconds, stopped, units, tests
    reconciler/validate/v1  target, valid, files, connections, connectors, problems
    reconciler/test/v1      target, exit_code, results
    reconciler/status/v1    target, connections, open_runs, next_steps
    reconciler/history/v1   target, runs
    reconciler/show/v1      target, run and everything the journal holds of it but sealed values, from show_json
    reconciler/recover/v1   target, units to settle; with a choice: as apply, and the choice
    reconciler/lease/v1     target, whether other machines see it, who has or had it
    reconciler/journal/v1   target, exit_code, and what a check of the journal found
    reconciler/exceptions/v1, population/v1, run-report/v1, review/v1, tenant-read/v1: what `audit` tells, from the module of each
    reconciler/error/v1     target, command, summary, detail, hint, exit_code, problems

Members are added within a version, never changed or taken away. Times are ISO 8601 in UTC, durations seconds.

Effects: none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.errors import InputError, ReconcilerError
from reconciler.model import (
    Address,
    Desired,
    NotChecked,
    Problem,
    RunEnd,
    RunReport,
    Status,
    TargetCheck,
    TestResult,
    UnitEnd,
)
from reconciler.report.keeping_text import Check, Held, Retained
from reconciler.report.recover_text import Unsettled
from reconciler.report.tested import Tested

__all__ = [
    "apply_object",
    "disarmed_json",
    "error_object",
    "history_object",
    "journal_check_object",
    "json_text",
    "lease_object",
    "recover_object",
    "recovered_object",
    "status_object",
    "validate_object",
    "verdicts_object",
]

Object = dict[str, Any]

# Build servers read commands of this form from any line of standard output; the escape means the same character to JSON.
_ORDER = re.compile(r"#(?=#\w*\[)")


def json_text(value: Mapping[str, Any], *, compact: bool = False) -> str:
    """An object as text: ASCII only, so that no character can hide; `compact` is the canonical form of a saved plan."""
    if compact:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    else:
        text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return disarmed_json(text) + "\n"


def disarmed_json(text: str) -> str:
    """JSON that gives no build server an order, and means the same."""
    return _ORDER.sub("\\\\u0023", text)


def apply_object(report: RunReport, tests: Sequence[Tested] = ()) -> Object:
    """What one run did."""
    return {"format": "reconciler/apply/v1", **_run_members(report, tests)}


def validate_object(
    desired: Desired | None, problems: Sequence[Problem], *, target: str | None, not_checked: Sequence[NotChecked] = ()
) -> Object:
    """Whether the files are valid, everything that is not, and what the tenant could not tell."""
    return {
        "format": "reconciler/validate/v1",
        "target": target,
        "valid": not problems,
        "files": [{"path": path, "digest": digest} for path, digest in desired.files] if desired else [],
        "connections": [str(entry.address) for entry in desired.connections.values()] if desired else [],
        "connectors": [str(entry.address) for entry in desired.connectors.values()] if desired else [],
        "problems": [_problem(problem) for problem in sorted(problems, key=lambda entry: entry.order)],
        "not_checked": [{"address": str(one.address), "path": list(one.path), "reason": one.reason} for one in not_checked],
    }


def verdicts_object(target: str, results: Iterable[tuple[Address | str, TestResult]], exit_code: int) -> Object:
    """Every test with its verdict and time."""
    entries = [
        {"connection": str(subject), "passed": result.passed, "seconds": result.seconds, "detail": result.detail}
        for subject, result in results
    ]
    return {"format": "reconciler/test/v1", "target": target, "exit_code": exit_code, "results": entries}


def status_object(status: Status) -> Object:
    """The state of every connection."""
    return {
        "format": "reconciler/status/v1",
        "target": status.target,
        "connections": [
            {
                "address": str(row.address) if row.address else None,
                "name": row.name,
                "id": row.id,
                "active": row.active,
                "last_sync": row.last_sync,
                "last_test": row.last_test,
                "last_test_passed": row.last_test_passed,
                "note": row.note,
            }
            for row in status.rows
        ],
        "open_runs": [_run_end(run) for run in status.open_runs],
        "next_steps": list(status.next_steps),
    }


def check_object(check: TargetCheck, exit_code: int) -> Object:
    """What a look at a target found."""
    items = [{"name": item.name, "verdict": item.verdict.value, "text": item.text, "hint": item.hint} for item in check.items]
    return {"format": "reconciler/target-check/v1", "target": check.target, "kind": check.kind, "checks": items, "exit_code": exit_code}


def history_object(target: str, runs: Iterable[RunEnd]) -> Object:
    """Every run in one line, oldest first."""
    return {"format": "reconciler/history/v1", "target": target, "runs": [_run_end(run) for run in runs]}


def recover_object(target: str, units: Sequence[Unsettled], exit_code: int) -> Object:
    """What is to be settled, with the choice recommended per unit."""
    entries = [
        {
            "run": unit.run,
            "address": str(unit.address),
            "known": list(unit.known),
            "now": unit.now,
            "recommended": unit.recommended,
            "why": unit.why,
            "by_hand": list(unit.by_hand),
        }
        for unit in units
    ]
    return {"format": "reconciler/recover/v1", "target": target, "exit_code": exit_code, "units": entries}


def recovered_object(report: RunReport, tests: Sequence[Tested], choice: str) -> Object:
    """What a recovery did."""
    return {"format": "reconciler/recover/v1", "choice": choice, **_run_members(report, tests)}


def error_object(error: ReconcilerError, *, command: str, target: str | None) -> Object:
    """Why a command did not do what it was asked for."""
    return {
        "format": "reconciler/error/v1",
        "target": target,
        "command": command,
        "summary": error.summary,
        "detail": error.detail,
        "hint": error.hint,
        "exit_code": error.exit_code,
        "problems": [_problem(problem) for problem in error.problems] if isinstance(error, InputError) else [],
    }


def _run_members(report: RunReport, tests: Sequence[Tested]) -> Object:
    return {
        "target": report.target,
        "run": report.run,
        "plan_digest": report.plan_digest,
        "exit_code": report.exit_code,
        "head": report.head,
        "seconds": report.seconds,
        "stopped": report.stopped,
        "units": [_unit_end(unit) for unit in report.units],
        "tests": [_tested(test) for test in tests],
    }


def _unit_end(unit: UnitEnd) -> Object:
    return {
        "address": str(unit.address),
        "kind": unit.kind,
        "end": unit.end.value,
        "reason": unit.reason,
        "rolled_back": unit.rolled_back,
        "written": unit.written,
        "next_step": unit.next_step,
        "residue": list(unit.residue),
        "not_readable": list(unit.not_readable),
        "window_s": unit.window_s,
        "repair": unit.repair,
    }


def _tested(test: Tested) -> Object:
    return {
        "unit": test.unit or None,
        "address": test.address,
        "phase": test.phase,
        "passed": test.passed,
        "seconds": test.seconds,
        "detail": test.detail,
    }


def _run_end(run: RunEnd) -> Object:
    return {
        "run": run.run,
        "started": run.started,
        "ended": run.ended,
        "exit_code": run.exit_code,
        "plan_digest": run.plan_digest,
        "actor": run.actor,
        "units": dict(run.units),
    }


def _problem(problem: Problem) -> Object:
    source = problem.source
    return {
        "code": problem.code,
        "message": problem.message,
        "file": source.file if source else None,
        "line": source.line if source and source.line else None,
        "column": source.column if source and source.line else None,
        "address": str(problem.address) if problem.address else None,
        "hint": problem.hint,
    }


def lease_object(target: str, lease: Held | None, *, shared: bool) -> Object:
    """Who may write to a target now, or did last."""
    members = None
    if lease is not None:
        names = ("who", "host", "pid", "run", "fencing", "held")
        times = {"since": lease.since.isoformat(), "until": lease.until.isoformat()}
        members = {**{name: getattr(lease, name) for name in names}, **times}
    return {"format": "reconciler/lease/v1", "target": target, "shared": shared, "lease": members}


def journal_check_object(target: str, found: Check, exit_code: int, kept: Retained | None = None) -> Object:
    """What a check of the journal found, and what the target's retention says of it."""
    retention = None if kept is None else {"days": kept.days, "before": kept.before.isoformat(), "older_runs": kept.older}
    broken = found.broken.reason if found.broken is not None else None
    return {
        "format": "reconciler/journal/v1",
        "target": target,
        "exit_code": exit_code,
        "sound": found.sound,
        "events": found.events,
        "head": found.head,
        "broken": broken,
        "missing": list(found.missing),
        "retention": retention,
    }
