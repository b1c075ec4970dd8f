"""What keeps SuperOffice from activating a connection: fields that its connector brought, and mapped ones that it took away.

In -> Out: a `Running` and the stored fields -> the fields in question, or the refusal of an activation with the way out.
Effects: reads.
Neighbours: used by `connection` and `preflight` before an activation, by `connection` after a refused one, by `describe`.
"""

from __future__ import annotations

from reconciler.apply.context import Context
from reconciler.apply.ensure import REFUSED
from reconciler.apply.running import Running
from reconciler.errors import StepFailed, TargetError
from reconciler.model import ACTOR_TYPES, ErpField
from reconciler.ports import Reader

ACCEPT_FIRST = "where this run needs attention, type `reconciler recover --accept-current` before."


def blocking_fields(context: Context, running: Running, fields: tuple[ErpField, ...]) -> tuple[str, ...]:
    """Mandatory ERP fields without a direction in an active actor type: what an activation would be refused for.

    What the unit itself is about to map or switch does not count. Whether an actor type is active is asked once per unit, so
    that nothing but the read of the fields falls into the inactive window.

    Source: SuperOffice manual, "Configure ERP connection" (a mandatory field needs a synchronisation direction).
    """
    open_ones = [one for one in fields if _is_idle(one) and not _will_be_mapped(running, one)]
    for kind in sorted({one.actor_type for one in open_ones} - running.active_actors.keys()):
        running.active_actors[kind] = context.reader.actor_is_active(running.row_id, kind)
    return tuple(f"{one.actor_type} {one.key}" for one in open_ones if running.active_actors[one.actor_type])


def _will_be_mapped(running: Running, field: ErpField) -> bool:
    """Whether the plan gives the field a direction, or switches its actor type off."""
    name = next((ours for ours, wire in ACTOR_TYPES.items() if wire == field.actor_type), "")
    wanted = (running.unit.wants or {}).get("actors", {}).get(name, {})
    direction = wanted.get("fields", {}).get(field.key, {}).get("direction", "none")
    return direction != "none" or wanted.get("sync") is False


def idle_fields(reader: Reader, row_id: int) -> tuple[str, ...]:
    """Mandatory fields of active actor types without a direction, as they are stored.

    Raises:
        TargetError: they could not be read.
    """
    return _of_active(reader, row_id, [one for one in reader.erp_fields(row_id) if _is_idle(one)])


def vanished_fields(reader: Reader, row_id: int) -> tuple[str, ...]:
    """Fields of active actor types that SuperOffice maps and the connector no longer reports; an activation may be refused for them.

    Whether it is, no public document says: so they are no reason not to ask for it, and the reason to name when it was refused.

    Raises:
        TargetError: they could not be read.
    """
    return _of_active(reader, row_id, [one for one in reader.erp_fields(row_id) if one.missing_in_erp and one.crm])


def _is_idle(field: ErpField) -> bool:
    return field.mandatory and not field.has_direction and not field.missing_in_erp


def _of_active(reader: Reader, row_id: int, fields: list[ErpField]) -> tuple[str, ...]:
    active = {kind for kind in sorted({one.actor_type for one in fields}) if reader.actor_is_active(row_id, kind)}
    return tuple(f"{one.actor_type} {one.key}" for one in fields if one.actor_type in active)


def with_way_out(context: Context, running: Running, refused: StepFailed) -> StepFailed:
    """A refused activation, with what to write into the file where the connector took mapped fields away."""
    if refused.summary != REFUSED:
        return refused
    try:
        gone = vanished_fields(context.reader, running.row_id)
    except TargetError:
        return refused
    if not gone:
        return refused
    way = (
        f"{refused.detail} SuperOffice still maps these fields, and the connector no longer reports them: {', '.join(gone)}. In the file,"
        ' unmap each one (`crm: ""`), or name it in `renamed_from` of the field that continues it, or switch its actor type off'
        f" (`sync: false`), and apply that; {ACCEPT_FIRST}"
    )
    return StepFailed(refused.summary, way, refused.hint)
