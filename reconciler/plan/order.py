"""The order of units: one declared rule, addresses as tie-break, so that equal plans are equal byte for byte.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model import Unit, UnitKind

# Connectors first (connections need them), deletions last (they cannot be undone), what hangs on a thing before the thing.
_PHASES = {
    ("connector", UnitKind.CREATE): 0,
    ("connector", UnitKind.UPDATE): 1,
    ("connection", UnitKind.UPDATE): 3,
    ("connection", UnitKind.CREATE): 4,
    ("connection", UnitKind.DELETE): 8,
    ("connector", UnitKind.DELETE): 9,
}


def in_order(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Units as they will run."""
    return tuple(sorted(units, key=lambda unit: (_PHASES[unit.address.kind, unit.kind], unit.address)))
