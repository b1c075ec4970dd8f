"""Which functions run a unit, by the kind of its address.

Effects: those of the functions it names.
Neighbours: called by `run` and `recover`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.apply import connection, connector, tenant_wide
from reconciler.apply.context import Context
from reconciler.apply.rollback import Back, roll_back_connection
from reconciler.apply.running import Running
from reconciler.model import Step, UnitKind


@dataclass(frozen=True, slots=True)
class Kind:
    """How units of one kind are opened, run and rolled back. A creation has nothing to open."""

    open: Callable[[Context, Running], None]
    step: Callable[[Context, Running, Step], None]
    back: Callable[[Context, Running], Back]


_TENANT_WIDE = Kind(tenant_wide.open_unit, tenant_wide.run_step, tenant_wide.roll_back)
_KINDS: Mapping[str, Kind] = {
    "connection": Kind(connection.open_connection, connection.run_step, roll_back_connection),
    "connector": Kind(connector.open_connector, connector.run_step, connector.roll_back_connector),
    "sync-priority": _TENANT_WIDE,
    "automatic-sync": _TENANT_WIDE,
}


def open_row(context: Context, running: Running) -> None:
    """Take the read that opens the unit.

    Raises:
        ConflictError: it is not as the plan found it; nothing was written.
    """
    if running.unit.kind is not UnitKind.CREATE:
        _KINDS[running.address.kind].open(context, running)


def run_step(context: Context, running: Running, step: Step) -> None:
    """Perform one step."""
    _KINDS[running.address.kind].step(context, running, step)


def roll_back(context: Context, running: Running) -> Back:
    """Undo the unit."""
    return _KINDS[running.address.kind].back(context, running)
