"""What all edits share: the office they change, and a signature in the history.

Effects: none by itself.
"""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager

from reconciler.emulator.erp import ErpFolder
from reconciler.emulator.history import Author, Row
from reconciler.emulator.office import Office


class EditError(Exception):
    """The edit names something that does not exist."""


class Editor:
    """The start of every group of edits."""

    def __init__(self, office: Office, erp: ErpFolder) -> None:
        self._office = office
        self._state = office.state
        self._erp = erp

    def _author(self, depth: int = 1) -> Author:
        """Signed with the name of the edit that calls this."""
        frame = inspect.currentframe()
        for _ in range(depth):
            frame = frame.f_back if frame else None
        return Author("edit", frame.f_code.co_name if frame else "edit")

    def _signed(self) -> AbstractContextManager[None]:
        return self._state.transaction(self._author(2))

    def _row(self, table: str, key: int) -> Row:
        row = self._state.row(table, key)
        if row is None:
            raise EditError(f"there is no {table} {key}")
        return row
