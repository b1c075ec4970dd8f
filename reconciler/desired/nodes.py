"""The tree of a file as it was written: texts, lists and mappings, each with its place; nothing is interpreted yet.

In -> Out: `strict.parse` makes it, `overlay` merges it, `shape` checks it against a schema, `build` turns it into the model.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model import Source


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as written; `plain` tells that it stood there without quotes and not as a block."""

    text: str
    plain: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a mapping, with the place of its key."""

    key: Source
    value: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping. Keys are source texts: `on:` has the key `on`, `12:` the key `12`."""

    entries: Mapping[str, Entry]
    source: Source

    def get(self, key: str) -> Node | None:
        """The value of a key, None when it is not written."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        return iter(self.entries.items())


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands where something was written that a problem is already reported for; every later check passes over it."""

    source: Source


@dataclass(frozen=True, slots=True)
class Gone:
    """Stands in an overlay where `null` takes the key of an earlier file out."""

    source: Source


Node = Scalar | Items | Table | Broken | Gone


def show(key: str) -> str:
    """A key as it may appear in a message: in backticks, without line breaks or control characters, not longer than a line."""
    printable = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in key[:61])
    return f"`{printable[:60]}…`" if len(printable) > 60 else f"`{printable}`"
