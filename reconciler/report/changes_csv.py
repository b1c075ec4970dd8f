"""The changes of runs as CSV, one line per change, safe to open in a spreadsheet.

A cell that begins like a formula gets an apostrophe in front, so that nothing from a tenant or a file is ever computed.

Source: OWASP, "CSV Injection" (cells beginning with =, +, -, @, tab and carriage return), read 2026-11.

Effects: none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.audit.people import commit_of, person_of, workflow_of
from reconciler.plan.codec import value_from_json
from reconciler.report.untrusted import visible
from reconciler.report.values import path_text, value_text

__all__ = ["COLUMNS", "changes_csv"]

COLUMNS: Final = (
    *("run", "began", "ended", "exit_code", "person", "user", "host", "principal", "ticket", "reason", "class"),
    *("approved_by", "approval_verified", "change_author", "break_glass", "workflow"),
    *("plan", "commit", "tool_version", "unit", "kind", "end", "rolled_back", "path", "before", "after", "attribution", "file", "line"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LONGEST: Final = 500


def changes_csv(runs: Iterable[Mapping[str, Any]]) -> str:
    """All changes of runs, oldest first.

    Args:
        runs: of each: `run`, `began`, `ended`, `exit_code`, the `opening` event's body, and `units` (address to `end`, `rolled_back`).
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for run in runs:
        for row in _rows(run):
            writer.writerow([_cell(row.get(name)) for name in COLUMNS])
    return out.getvalue()


def _rows(run: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    opening = run["opening"]
    common = {**{name: run[name] for name in ("run", "began", "ended", "exit_code")}, **_about(opening)}
    for unit in opening.get("plan", {}).get("units", ()):
        end = run["units"].get(unit["address"], {})
        about = {
            **common,
            "unit": unit["address"],
            "kind": unit["kind"],
            "end": end.get("end", ""),
            "rolled_back": end.get("rolled_back", ""),
        }
        if not unit.get("changes"):
            yield about
        for change in unit.get("changes", ()):
            source = change.get("source") or {}
            yield {
                **about,
                "path": path_text(tuple(change["path"])),
                "before": value_text(value_from_json(change.get("before")), _LONGEST),
                "after": value_text(value_from_json(change.get("after")), _LONGEST),
                "attribution": change.get("attribution", ""),
                "file": source.get("file", ""),
                "line": source.get("line", ""),
            }


def _about(opening: Mapping[str, Any]) -> dict[str, Any]:
    actor, why = opening.get("actor") or {}, opening.get("why") or {}
    approval = actor.get("approval") or {}
    return {
        **{name: actor.get(name, "") for name in ("user", "host", "principal")},
        **{name: why.get(name, "") for name in ("ticket", "reason", "class")},
        "person": person_of(actor),
        "workflow": workflow_of(actor),
        "break_glass": (opening.get("break_glass") or {}).get("reason", ""),
        "approved_by": approval.get("reviewer") or approval.get("attested", ""),
        "approval_verified": approval.get("verified", ""),
        "change_author": approval.get("author", ""),
        "plan": opening.get("plan_digest", ""),
        "commit": commit_of(actor),
        "tool_version": opening.get("tool_version", ""),
    }


def _cell(value: Any) -> str:
    text = "" if value is None else visible(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
