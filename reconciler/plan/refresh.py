"""A plan that asks a connector for its fields again: for the day the connector was upgraded.

In -> Out: one live connection -> a `Unit` that changes nothing the file could say.
Effects: none.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.model import Act, Address, Attributes, Binding, Unit, UnitKind, Why
from reconciler.plan.steps import Shape, connection_steps, window_calls


def refresh_unit(address: Address, row: Binding, before: Attributes, connector_id: int) -> Unit:
    """Deactivate an active connection, refresh its fields, activate and test it; new fields come without a direction."""
    active = bool(before["active"])
    shape = Shape(address, UnitKind.UPDATE, active, active, {}, forced_refresh=True)
    steps = tuple(replace(step, why=Why.ASKED) if step.act is Act.REFRESH else step for step in connection_steps(shape))
    return Unit(
        address=address,
        kind=UnitKind.UPDATE,
        row=row,
        connector=str(before["connector"]),
        connector_id=connector_id,
        before=before,
        wants={"active": active},
        sets={},
        secrets={},
        changes=(),
        steps=steps,
        rehearse=True,
        window_calls=window_calls(steps),
    )
