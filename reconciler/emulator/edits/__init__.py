"""Edits behind the client's back: what an administrator, a user of the ERP or a connector's maker would do.

Effects: writes the state and the ERP folder.
"""

from __future__ import annotations

import inspect

from reconciler.emulator.edits.connections import ConnectionEdits
from reconciler.emulator.edits.connectors import ConnectorEdits
from reconciler.emulator.edits.crm import CrmEdits
from reconciler.emulator.edits.mappings import MappingEdits


class Edits(ConnectionEdits, ConnectorEdits, MappingEdits, CrmEdits):
    """Every edit, by name; each is one change in the history, made by `edit`."""

    def names(self) -> list[str]:
        """The edits that there are."""
        return sorted(
            name for name, _ in inspect.getmembers(type(self), inspect.isfunction) if not name.startswith("_") and name != "names"
        )


__all__ = ["Edits"]
