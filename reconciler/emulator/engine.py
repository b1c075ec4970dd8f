"""The sync engine, as far as a configuration tool can notice it: cursors that move and a last synchronisation.

Effects: writes the connections' cursors.

Source: SuperOffice docs, ERP connectors, sync operation; database table erpconnection.MostRecentTimestamp.
"""

from __future__ import annotations

from reconciler.emulator.history import Author
from reconciler.emulator.office import Office


class Engine:
    """Moves sync cursors. It never runs by itself: `tick` is one round."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def tick(self) -> list[int]:
        """Move the cursor of every active connection that is not deleted, if the engine runs; returns their ids."""
        state = self._office.state
        settings = state.row("ErpConfiguration", 1)
        if settings is None or not settings["SyncRunning"]:
            return []
        return self.sync("tick")

    def sync(self, operation: str, call: int | None = None) -> list[int]:
        """One round, whether or not the engine is switched on."""
        state, now = self._office.state, self._office.clock.now()
        moved = []
        with state.transaction(Author("engine", operation, call)):
            for row in state.rows("ErpConnection", Active=1, Deleted=0):
                values = {"MostRecentTimestamp": next_cursor(row["MostRecentTimestamp"]), "LastSync": now.strftime("%Y-%m-%dT%H:%M:%S")}
                state.update("ErpConnection", row["ErpConnectionId"], values)
                moved.append(row["ErpConnectionId"])
        return moved


def next_cursor(cursor: str) -> str:
    """The cursor after one more round: the pretended connectors count transactions."""
    return f"tx-{int(cursor[3:]) + 1:08d}" if cursor.startswith("tx-") and cursor[3:].isdecimal() else "tx-00000001"
