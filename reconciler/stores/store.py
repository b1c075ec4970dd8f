"""What a store is, what it finds, and how it says that it cannot.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reconciler.model import Secret


@dataclass(frozen=True, slots=True)
class Found:
    """A value that was found, and the store's own name for its version; None where the store keeps no versions."""

    value: Secret
    version: str | None = None


class StoreError(Exception):
    """A secret cannot be had. Neither text ever holds a value, a token or a body that was read.

    Args:
        reason: the end of a sentence that begins "The secret …", such as "cannot be read: permission denied".
        hint: the next thing to do.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason, hint)
        self.reason = reason
        self.hint = hint


class Store(Protocol):
    """One store, open. Another package offers one by an entry point of the group `reconciler.secret_stores`.

    The entry point names the provider and points at a callable that takes the environment variables and returns a store. It is
    called once, when the first value is needed.
    """

    def fetch(self, name: str, version: str | None) -> Found:
        """The value of a secret.

        Args:
            name: what stands after the colon of a reference.
            version: the version that the reference gives; None asks for the current one.

        Raises:
            StoreError: it is not there, may not be read, or the store does not answer.
        """
        ...
