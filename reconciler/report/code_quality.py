"""Findings and plans as GitLab reads them in a merge request: the code quality report, and the widget with the counts of a plan.

In -> Out: findings -> a list of issues; a plan -> three numbers.
Neighbours: called by `formats`. Foreign text is made visible; JSON does the rest.

Source: docs.gitlab.com, Code Quality report format, and Terraform integration in merge requests (`artifacts:reports:terraform`).

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from reconciler.model import Plan, UnitKind
from reconciler.report.findings import Finding, Level
from reconciler.report.untrusted import visible

__all__ = ["issues", "widget_object"]

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def issues(findings: Iterable[Finding], *, file: str) -> list[dict[str, Any]]:
    """One issue for each finding, each with a fingerprint of its own that stays while the finding does.

    Args:
        file: where findings without a place are shown, since GitLab takes none without one.
    """
    seen: Counter[str] = Counter()
    made = []
    for one in findings:
        path = (one.source.file if one.source else "") or file
        identity = f"{one.rule}\n{path}\n{one.address}\n{one.message}"
        seen[identity] += 1
        about = f"{one.address}: " if one.address else ""
        made.append(
            {
                "type": "issue",
                "check_name": visible(one.rule),
                "description": visible(f"{about}{one.message}"),
                "categories": ["Bug Risk"],
                "severity": _SEVERITIES[one.level],
                "fingerprint": sha256(f"{identity}\n{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest(),
                "location": {"path": visible(path), "lines": {"begin": max(1, one.source.line if one.source else 1)}},
            }
        )
    return made


def widget_object(plan: Plan) -> dict[str, int]:
    """How many units are created, updated and deleted."""
    kinds = Counter(unit.kind for unit in plan.units)
    return {kind.value: kinds[kind] for kind in UnitKind}
