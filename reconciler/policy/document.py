"""What expressions see: the plan and its circumstances, as flat names with fixed types.

In -> Out: a plan and its circumstances -> the value of every name in `NAMES`.
Effects: none.
Neighbours: docs/policy.md describes each name; a name keeps its meaning as long as the policy's `version` is 1.

Values of a configuration are not in it, only of what kind they are: what a rule says travels into reports and logs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from reconciler.model import HIDDEN, Act, Change, Grade, Plan, SecretRef, Target, Unit, UnitKind, Value
from reconciler.policy.windows import DAYS, Window, local_time

MOST_ROWS: Final = 2_000
"""Of a list that expressions walk through. With more it is left out: a rule that asks for it fails, and so denies."""

NAMES: Final[Mapping[str, str]] = {
    "phase": "string",
    "target.name": "string",
    "target.kind": "string",
    "target.environment": "string",
    "who.actor": "string",
    "who.user": "string",
    "who.ci": "bool",
    "who.approvers": "strings",
    "why.ticket": "string",
    "why.reason": "string",
    "why.class": "string",
    "time.now": "timestamp",
    "time.zone": "string",
    "time.date": "string",
    "time.clock": "string",
    "time.weekday": "string",
    "count.units": "int",
    "count.connections": "int",
    "count.connectors": "int",
    "count.created": "int",
    "count.updated": "int",
    "count.deleted": "int",
    "count.deactivated": "int",
    "count.changes": "int",
    "count.drift": "int",
    "count.live": "int",
    "units": "rows",
    "changes": "rows",
    "hazards": "rows",
    "permits": "rows",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan does not say of itself.

    Attributes:
        phase: `plan` while it is made for review, `apply` right before it runs.
        person: on whose behalf it runs; may be empty.
        who, why: as the journal records them.
        proved_on: address text to the names of other targets of the journal on which the mappings that this plan gives it were applied.
    """

    phase: str
    target: Target
    now: datetime
    person: str = ""
    who: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)
    proved_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def names(windows: Iterable[str]) -> dict[str, str]:
    """Every name that an expression may use, with its type."""
    return {**NAMES, **{f"windows.{name}": "bool" for name in windows}}


def document(plan: Plan, about: Circumstances, zone: str, windows: Mapping[str, Window]) -> dict[str, Any]:
    """The value of every name; lists that are too long are missing."""
    local = local_time(about.now, zone)
    approval = about.who.get("approval")
    approved = isinstance(approval, Mapping) and approval.get("verified") is True and approval.get("reviewer")
    found: dict[str, Any] = {
        "phase": about.phase,
        "target.name": about.target.name,
        "target.kind": about.target.kind,
        "target.environment": about.target.environment,
        "who.actor": about.person,
        "who.user": str(about.who.get("user", "")),
        "who.ci": bool(about.who.get("ci")),
        "who.approvers": [str(approval["reviewer"])] if approved and isinstance(approval, Mapping) else [],
        "why.ticket": str(about.why.get("ticket", "")),
        "why.reason": str(about.why.get("reason", "")),
        "why.class": str(about.why.get("class", "")),
        "time.now": about.now,
        "time.zone": zone,
        "time.date": local.date().isoformat(),
        "time.clock": f"{local:%H:%M}",
        "time.weekday": DAYS[local.weekday()],
        **{f"windows.{name}": window.holds(local) for name, window in windows.items()},
        **_counts(plan),
    }
    lists: dict[str, list[dict[str, Any]]] = {
        "units": [_unit(plan, unit, about) for unit in plan.units[: MOST_ROWS + 1]],
        "changes": [_change(one) for unit in plan.units for one in unit.changes],
        "hazards": [
            {"name": one.name.value, "address": str(one.address), "barrier": one.grade is Grade.BARRIER, "permitted": one.permitted}
            for one in plan.hazards
        ],
        "permits": [
            {"hazard": one.permit.hazard, "address": str(one.permit.address), "ticket": one.permit.ticket, "reason": one.permit.reason}
            for one in plan.permitting
        ],
    }
    return found | {name: rows for name, rows in lists.items() if len(rows) <= MOST_ROWS}


def _counts(plan: Plan) -> dict[str, int]:
    kinds = Counter(unit.kind for unit in plan.units)
    things = Counter(unit.address.kind for unit in plan.units)
    return {
        "count.units": len(plan.units),
        "count.connections": things["connection"],
        "count.connectors": things["connector"],
        "count.created": kinds[UnitKind.CREATE],
        "count.updated": kinds[UnitKind.UPDATE],
        "count.deleted": kinds[UnitKind.DELETE],
        "count.deactivated": sum(1 for unit in plan.units if _left_inactive(unit)),
        "count.changes": sum(len(unit.changes) for unit in plan.units),
        "count.drift": sum(1 for unit in plan.units for one in unit.changes if one.attribution is not None and one.attribution != "intent"),
        "count.live": plan.live_connections,
    }


def _unit(plan: Plan, unit: Unit, about: Circumstances) -> dict[str, Any]:
    before, after = _hosts(plan, unit)
    return {
        "address": str(unit.address),
        "type": unit.address.kind,
        "key": unit.address.key,
        "kind": unit.kind.value,
        "connector": unit.connector,
        "host_before": before,
        "host_after": after,
        "active_before": bool(unit.before is not None and unit.before.get("active")),
        "active_after": bool(unit.wants is not None and unit.wants.get("active", unit.before is not None and unit.before.get("active"))),
        "inactive_window": unit.window_calls is not None,
        "maps": any(change.path[:1] == ("actors",) for change in unit.changes),
        "proved_on": list(about.proved_on.get(str(unit.address), ())),
    }


def _hosts(plan: Plan, unit: Unit) -> tuple[str, str]:
    """Who receives what is sent, before and after; empty where nothing does."""
    if unit.address.kind == "connector":
        before = str(unit.before["url"]) if unit.before is not None else ""
        after = str(unit.wants.get("url", before)) if unit.wants is not None else ""
        return _host(before), _host(after)
    if unit.address.kind != "connection":
        return "", ""
    made = next((one for one in plan.units if str(one.address) == unit.connector and one.wants is not None), None)
    moved = str(made.wants["url"]) if made is not None and made.wants is not None and "url" in made.wants else unit.connector_url
    before = _host(unit.connector_url) if unit.kind is not UnitKind.CREATE else ""
    return before, _host(moved) if unit.kind is not UnitKind.DELETE else ""


def _host(url: str) -> str:
    """The host of a connector, the client id of an app, the name of a plug-in; without a port."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _left_inactive(unit: Unit) -> bool:
    if unit.address.kind != "connection" or unit.before is None or not unit.before.get("active"):
        return False
    acts = {step.act for step in unit.steps}
    return unit.kind is UnitKind.DELETE or (Act.DEACTIVATE in acts and Act.ACTIVATE not in acts)


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "path": ".".join(change.path),
        "before": _kind(change.before),
        "after": _kind(change.after),
        "by": change.attribution.value if change.attribution is not None else "",
    }


def _kind(value: Value) -> str:
    """Of what kind a value is: `none`, `secret`, `flag`, `number`, `text`, `list` or `mapping`."""
    if value is None:
        return "none"
    if value is HIDDEN or isinstance(value, SecretRef):
        return "secret"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "mapping" if isinstance(value, Mapping) else "list"
