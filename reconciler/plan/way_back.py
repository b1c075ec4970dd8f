"""The way back to what a finished run found: what a file would have to say so that an ordinary plan leads there.

Only what the run changed is named; everything else is left as it is now, whoever changed it since. What no plan can bring
back is told instead of asked for.

In -> Out: the units that a run brought about -> a document of desired state, and sentences.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model import HIDDEN, Change, SecretRef, Unit, UnitKind
from reconciler.plan.tenant_wide import AUTOMATIC, SUPEROFFICE

__all__ = ["WayBack", "way_back"]


@dataclass(slots=True)
class WayBack:
    """What to ask for, in the form of `connections.yaml`, and what stays as it is, each as a sentence."""

    document: dict[str, Any] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing can be asked for."""
        return not self.document.keys() - {"version", "language"}


def way_back(units: Iterable[Unit], *, language: str, known: Iterable[str] = ()) -> WayBack:
    """What leads back to what these units found.

    Args:
        units: those that the run left as desired.
        known: keys of connections that the plan knew; one is named where nothing else is, so that it is no file that was emptied.
        language: in which the plan named groups and items.
    """
    back = WayBack({"version": 1, "language": language})
    units = tuple(units)
    gone = {str(unit.address) for unit in units if unit.kind is UnitKind.DELETE}
    for unit in units:
        if unit.kind is UnitKind.DELETE:
            back.stays.append(f"{unit.address} was deleted; a deletion cannot be undone.")
        elif unit.address.kind in ("connection", "connector"):
            _row(back, unit)
        elif unit.address == AUTOMATIC:
            found = {change.path[0]: change.before for change in unit.changes}
            interval = {"interval": f"{found['interval']}s"} if found.get("interval") else {}
            back.document["automatic_sync"] = {**({"on": found["on"]} if "on" in found else {}), **interval}
        else:
            _order(back, unit, gone)
    if not back.empty and not back.document.get("connections"):
        back.document["connections"] = {key: {} for key in sorted(known)[:1]}
    return back


def _row(back: WayBack, unit: Unit) -> None:
    rows = f"{unit.address.kind}s"
    if unit.kind is UnitKind.CREATE:
        back.document.setdefault(rows, {})[unit.address.key] = {"absent": True}
        return
    asked: dict[str, Any] = {}
    for change in unit.changes:
        reason = _stays(change)
        if reason:
            back.stays.append(f"{'.'.join(change.path)} of {unit.address}: {reason}")
        else:
            _put(asked, change.path, _written(change))
    _complete_mappings(asked, unit)
    if asked:
        back.document.setdefault(rows, {})[unit.address.key] = asked


def _stays(change: Change) -> str:
    """Why a change cannot be asked back; empty where it can."""
    if isinstance(change.before, SecretRef) or isinstance(change.after, SecretRef):
        return (
            "a secret's earlier value is not in any file; give its reference a new version in the file once the old value stands behind it."
        )
    if change.before is None:
        return "nothing stood there before, and a file cannot ask for that."
    if HIDDEN in (change.before, change.after):
        return "its value was not readable."
    if change.path[0] == "connector":
        return "a connection cannot be moved back to another connector."
    return ""


def _complete_mappings(asked: Mapping[str, Any], unit: Unit) -> None:
    """A file that names a field's CRM field names its direction, too; what the run did not change is as it was."""
    for actor, its in asked.get("actors", {}).items():
        for key, one in its.get("fields", {}).items():
            if "crm" in one and "direction" not in one:
                before = (unit.before or {}).get("actors", {}).get(actor, {}).get("fields", {}).get(key, {})
                one["direction"] = before.get("direction", "none") if one["crm"] else "none"


def _written(change: Change) -> Any:
    if change.path == ("scope",) and isinstance(change.before, Mapping):
        if change.before.get("everyone"):
            return "everyone"
        return {kind: list(change.before[kind]) for kind in ("groups", "users") if kind in change.before}
    return _plain(change.before)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _put(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value


def _order(back: WayBack, unit: Unit, gone: Collection[str]) -> None:
    for change in unit.changes:
        found = tuple(one for one in change.before if one not in gone) if isinstance(change.before, tuple) else ()
        names = [one if one == SUPEROFFICE else str(one).partition("/")[2] for one in found if not str(one).startswith("#")]
        if len(names) < len(found):
            back.stays.append(
                f"The order of connections that no file names: {', '.join(str(one) for one in found if str(one).startswith('#'))}."
            )
        back.document["sync_priority"] = names
        for name in names:
            if name != SUPEROFFICE:
                back.document.setdefault("connections", {}).setdefault(name, {})
