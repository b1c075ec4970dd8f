"""What the journal asks of a database, whichever it is: transactions, rows, a clock, and a lock that ends with its holder.

Effects: none; `sqlite_file` and `postgres` have them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

__all__ = ["BUSY_TIMEOUT_S", "Database"]

BUSY_TIMEOUT_S = 10.0


class Database(Protocol):
    """A connection shared by the threads of one process; one transaction at a time.

    Attributes:
        place: what to call it in a message; never an address that holds a password.
        shared: runners on other machines see the same journal.
        shield: entered around every transaction; a run passes in what keeps signals from cutting one in two.
    """

    place: str
    shared: bool
    shield: Callable[[], AbstractContextManager[None]]

    def close(self) -> None:
        """Give it back; never raises."""
        ...

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement (with `?` for each value) and return its rows."""
        ...

    def change(self, statement: str, *values: Any) -> int:
        """Run one statement and return how many rows it changed."""
        ...

    def now(self) -> float:
        """The store's own clock, in seconds since 1970; leases expire by it, not by the clocks of those who hold them."""
        ...

    def damage(self) -> str:
        """What is wrong beyond the rows themselves; empty when nothing is, or when the store answers for that itself."""
        ...

    def reading(self) -> AbstractContextManager[Database]:
        """Several reads that see the same moment."""
        ...

    def writing(self) -> AbstractContextManager[Database]:
        """Reads and writes that nobody else's come between, durable when the block ends, undone when it raises.

        Raises:
            JournalError: nothing of the block counts as stored, and nothing may be sent because of it.
        """
        ...

    def claim(self, name: str) -> str:
        """Take the lock of a name until it is yielded or this connection ends, and end the connection of whoever has it.

        Called only by who may: the lease of that name has been found free.

        Returns:
            Empty when it is ours, or where the store knows no such lock; else who has it and cannot be ended.
        """
        ...

    def yield_claim(self, name: str) -> None:
        """Give the lock of a name back."""
        ...
