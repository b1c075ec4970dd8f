"""The flow as straight-line functions: read, plan, apply, test, look, recover. Glue only; every idea lives in a package.

Names are loaded when they are asked for, so that planning does not load what only applying needs.

Effects: those of the session that is handed in.
Neighbours: called by `cli` and by programs that use the library; the only place that puts packages together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.flow.applying import apply_plan
    from reconciler.flow.attributing import desired_at
    from reconciler.flow.auditing import change_table, save_evidence
    from reconciler.flow.checking import check_target
    from reconciler.flow.comparing import compare, file_side, tenant_side
    from reconciler.flow.drifting import find_drift, write_drift
    from reconciler.flow.excepting import account, exceptions, population, read_tenant, review, run_exceptions
    from reconciler.flow.files import explain, format_files, named_files, render, save_formatted
    from reconciler.flow.going_back import make_rollback_plan
    from reconciler.flow.judging import Occasion, passed_by_glass, refuse_denied
    from reconciler.flow.keeping import break_lease, check_journal, export_journal, import_journal, kept, lease_holder
    from reconciler.flow.listing import fields
    from reconciler.flow.looking import run_view, status, test_connections
    from reconciler.flow.naming import online_schema
    from reconciler.flow.planning import load, load_plan, make_plan, save_plan, validate
    from reconciler.flow.recovering import recover, recover_view
    from reconciler.flow.refreshing import make_refresh_plan
    from reconciler.flow.reviewing import approved, comment, fetch_plan, verified_approval
    from reconciler.flow.taking_over import dump, save_dump
    from reconciler.forge.identity import identity_token
    from reconciler.session import Session, open_target

__all__ = [
    "Occasion",
    "Session",
    "account",
    "apply_plan",
    "approved",
    "break_lease",
    "change_table",
    "check_journal",
    "check_target",
    "comment",
    "compare",
    "desired_at",
    "dump",
    "exceptions",
    "explain",
    "export_journal",
    "fetch_plan",
    "fields",
    "file_side",
    "find_drift",
    "format_files",
    "identity_token",
    "import_journal",
    "kept",
    "lease_holder",
    "load",
    "load_plan",
    "make_plan",
    "make_refresh_plan",
    "make_rollback_plan",
    "named_files",
    "online_schema",
    "open_target",
    "passed_by_glass",
    "population",
    "read_tenant",
    "recover",
    "recover_view",
    "refuse_denied",
    "render",
    "review",
    "run_exceptions",
    "run_view",
    "save_dump",
    "save_evidence",
    "save_formatted",
    "save_plan",
    "status",
    "tenant_side",
    "test_connections",
    "validate",
    "verified_approval",
    "write_drift",
]

_HOMES = {
    "change_table": "reconciler.flow.auditing",
    "save_evidence": "reconciler.flow.auditing",
    **dict.fromkeys(("account", "exceptions", "population", "read_tenant", "review", "run_exceptions"), "reconciler.flow.excepting"),
    "find_drift": "reconciler.flow.drifting",
    "write_drift": "reconciler.flow.drifting",
    "desired_at": "reconciler.flow.attributing",
    "approved": "reconciler.flow.reviewing",
    "fetch_plan": "reconciler.flow.reviewing",
    "comment": "reconciler.flow.reviewing",
    "verified_approval": "reconciler.flow.reviewing",
    "Occasion": "reconciler.flow.judging",
    "passed_by_glass": "reconciler.flow.judging",
    "refuse_denied": "reconciler.flow.judging",
    **dict.fromkeys(
        ("break_lease", "check_journal", "export_journal", "import_journal", "kept", "lease_holder"), "reconciler.flow.keeping"
    ),
    "apply_plan": "reconciler.flow.applying",
    "recover": "reconciler.flow.recovering",
    "recover_view": "reconciler.flow.recovering",
    "run_view": "reconciler.flow.looking",
    "check_target": "reconciler.flow.checking",
    "status": "reconciler.flow.looking",
    "test_connections": "reconciler.flow.looking",
    "load": "reconciler.flow.planning",
    "load_plan": "reconciler.flow.planning",
    "make_plan": "reconciler.flow.planning",
    "make_refresh_plan": "reconciler.flow.refreshing",
    "make_rollback_plan": "reconciler.flow.going_back",
    "save_plan": "reconciler.flow.planning",
    "validate": "reconciler.flow.planning",
    "compare": "reconciler.flow.comparing",
    "dump": "reconciler.flow.taking_over",
    "fields": "reconciler.flow.listing",
    "file_side": "reconciler.flow.comparing",
    "save_dump": "reconciler.flow.taking_over",
    "tenant_side": "reconciler.flow.comparing",
    "explain": "reconciler.flow.files",
    "format_files": "reconciler.flow.files",
    "named_files": "reconciler.flow.files",
    "render": "reconciler.flow.files",
    "save_formatted": "reconciler.flow.files",
    "online_schema": "reconciler.flow.naming",
    "identity_token": "reconciler.forge.identity",
    "Session": "reconciler.session",
    "open_target": "reconciler.session",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
