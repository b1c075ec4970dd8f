"""Run the steps below a connection: mappings, list items, defaults, order. Each is a full read, a change of what is planned, a save.

In -> Out: a `Running` and a step -> an error, or everything the step sets is proved by a read.
Each carrier of the API has its module: `mapping_writes` the mappings of an actor type, `list_writes` the container of list items,
`row_writes` the stored row of a field.

Effects: writes the target through `ensure`; reads.
Neighbours: called by `connection`; `below_back` is its way back.
"""

from __future__ import annotations

from reconciler.apply.context import Context
from reconciler.apply.list_writes import set_items
from reconciler.apply.mapping_writes import mapped, save_mapping
from reconciler.apply.row_writes import move_to, save_default
from reconciler.apply.running import Running
from reconciler.model import Act, Step


def run_below(context: Context, running: Running, step: Step) -> None:
    """Perform a step that sets something below the connection."""
    (actor, sets), *more = step.sets["actors"].items()
    assert not more, "a step is about one actor type"
    match step.act:
        case Act.MAP:
            save_mapping(context, running, actor, lambda start: mapped(start, sets), step=step.number, sets=sets)
        case Act.ITEMS:
            set_items(context, running, actor, sets, step.number)
        case Act.DEFAULT:
            ((key, written),) = sets["fields"].items()
            save_default(context, running, actor, key, written["default"], step=step.number)
        case Act.RANK:
            move_to(context, running, actor, tuple(sets["rank"]), step=step.number)
