"""What a run costs the users of the CRM, measured from the emulator's calls: never from the applier's own account.

off    a connection that was switched off and on again: calls sent, and seconds on the run's clock, from the one to the other
race   calls between the last look at a row and the write to it: what somebody else does in between is overwritten unseen
settle seconds on the run's clock that a command took; without a fault it waits for nothing
"""

from __future__ import annotations

from typing import Any

from tests.faults.scenarios import CANARIES
from tests.faults.stage import Account

__all__ = ["measures"]

_TOGGLE = "ToggleErpConnectionActive"


def measures(account: Account) -> dict[str, Any]:
    """`off`: a list of [calls, seconds], one for each time; `race`: the most calls; `seconds`; `searches`: canaries looked for."""
    off, gone = [], dict[tuple[str, int], int]()
    race, looked = 0, dict[tuple[str, int], int]()
    for place, call in enumerate(account.calls):
        row = account.rows[call.sequence]
        if call.operation == _TOGGLE and call.effect:
            if call.active_after is False:
                gone[row] = place
            elif row in gone:
                began = gone.pop(row)
                off.append([place - began - 1, round((call.at - account.calls[began].at).total_seconds(), 3)])
        if call.operation == _TOGGLE and row in looked:
            race = max(race, place - looked[row] - 1)
        if not call.writes and row[1] and call.operation == "GetConnection":
            looked[row] = place
    return {"off": off, "race": race, "seconds": round(account.seconds, 3), "searches": len(CANARIES)}
