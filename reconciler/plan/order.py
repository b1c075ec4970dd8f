"""The order of units: one declared rule, addresses as tie-break, so that equal plans are equal byte for byte.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model import Unit, UnitKind

# Connectors first (connections need them), deletions last (they cannot be undone), what hangs on a thing before the thing.
_PHASES = {
    ("automatic-sync off", UnitKind.UPDATE): -1,
    ("connector", UnitKind.CREATE): 0,
    ("connector", UnitKind.UPDATE): 1,
    ("connection", UnitKind.UPDATE): 3,
    ("connection", UnitKind.CREATE): 4,
    ("sync-priority", UnitKind.UPDATE): 5,
    ("automatic-sync", UnitKind.UPDATE): 6,
    ("connection", UnitKind.DELETE): 8,
    ("connector", UnitKind.DELETE): 9,
}


# Units that give mappings back and take none run before those that may take them.
_RELEASES = 2


def in_order(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Units as they will run."""
    return tuple(sorted(units, key=lambda unit: (_phase(unit), unit.address)))


def _phase(unit: Unit) -> int:
    kind = unit.address.kind
    if kind == "automatic-sync" and unit.sets.get("on") is False:
        kind = "automatic-sync off"
    if kind == "connection" and unit.kind is UnitKind.UPDATE and releases(unit):
        return _RELEASES
    return _PHASES[kind, unit.kind]


def releases(unit: Unit) -> bool:
    """Whether a unit gives mappings back, so that another connection may take them, and takes none itself."""
    mapped = [change for change in unit.changes if change.path[0] == "actors" and change.path[-1] in ("crm", "direction")]
    return bool(mapped) and all(change.after in ("", "none") for change in mapped)
