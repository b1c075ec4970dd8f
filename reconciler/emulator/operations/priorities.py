"""The order in which connections are synchronised, with SuperOffice itself as 0.

Effects: reads and writes the settings row.

Source: SuperOffice docs, database table erpconfiguration (ConnectionRank); ErpSync agent SaveErpConnectionSyncPriorities.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.registry import operation


def stored_order(office: Office) -> list[int]:
    """The ids as they were saved."""
    row = office.state.row("ErpConfiguration", 1)
    return [int(part) for part in row["ConnectionRank"].split(";") if part] if row else []


def priority_order(office: Office) -> list[int]:
    """The ids as they are used: the saved order, then live connections that it does not hold, oldest first."""
    order = stored_order(office)
    live = [row["ErpConnectionId"] for row in office.state.rows("ErpConnection", Deleted=0)]
    return [key for key in order if key == 0 or key in live] + [key for key in live if key not in order]


@operation("SaveErpConnectionSyncPriorities", writes=True)
def save_priorities(office: Office, ask: Ask) -> Any:
    """Replace the whole order; true when it was saved."""
    wanted = list(dict.fromkeys(ask.body.integers("ErpConnectionIds") or []))
    live = [row["ErpConnectionId"] for row in office.state.rows("ErpConnection", Deleted=0)]
    if office.switches.priorities_unknown_ids == "reject" and any(key and key not in live for key in wanted):
        return False
    if office.switches.priorities_omitted == "appended":
        wanted += [key for key in priority_order(office) if key not in wanted]
    with office.storing(ask.author):
        office.state.update("ErpConfiguration", 1, {"ConnectionRank": ";".join(map(str, wanted))})
    return True
