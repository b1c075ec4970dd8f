"""Secrets: a value that cannot be shown, a reference that can, and the marker for what was read but must not be shown.

Effects: none.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn


class Secret:
    """A secret value in memory. It cannot be printed, formatted, serialised or pickled; only `reveal` gives it up.

    Two secrets are never equal by `==` (compare with `same_as`, in constant time), and a secret is not hashable, so that
    it cannot end up as a key that is printed later.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # makes the class unhashable on purpose

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends or seals it."""
        return self._value

    def same_as(self, other: Secret) -> bool:
        """Whether both hold the same text, compared in constant time."""
        return hmac.compare_digest(self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass"))

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


@dataclass(frozen=True, order=True, slots=True)
class SecretRef:
    """Where a secret lives: `env:VISMA_PASSWORD`, with the version that a person raises when the value changes.

    Safe to show, save and compare: two references are the same secret when reference and version are equal.
    """

    provider: str
    name: str
    version: str | None = None

    @property
    def reference(self) -> str:
        """`provider:name`, as the file writes it."""
        return f"{self.provider}:{self.name}"

    @classmethod
    def parse(cls, reference: str, version: str | None = None) -> SecretRef:
        """Read `provider:name`.

        Raises:
            ValueError: there is no colon, or nothing on one side of it.
        """
        provider, colon, name = reference.partition(":")
        if not (provider and colon and name):
            raise ValueError("expected provider:name")
        return cls(provider, name, version)

    def __str__(self) -> str:
        return self.reference if self.version is None else f"{self.reference} (version {self.version})"


class Hidden(Enum):
    """The one value that stands for a live value which was read but must not be shown, compared or sent."""

    VALUE = "hidden"

    def __repr__(self) -> str:
        return "<hidden>"

    __str__ = __repr__


HIDDEN = Hidden.VALUE
