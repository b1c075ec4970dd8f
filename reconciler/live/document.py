"""A YAML document as a value: what to write, in which order, with which comments; and the difference of two of them.

In -> Out: `dump` builds it from attributes, `dump_yaml` writes it. Texts here are meanings; how they are quoted is the writer's business.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `bare` stands without quotes as it is (a number, true, a date); anything else is a text."""

    text: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    items: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value.

    Attributes:
        comment: stands at the end of its line.
        word: the key is a word of ours (`on`), which no reader of the file gets wrong, and needs no quotes.
    """

    key: str
    value: Value
    comment: str = ""
    word: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping.

    Attributes:
        entries: in the order in which they are written.
        notes: comment lines above the first entry.
        inline: written in braces on one line where it fits.
    """

    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    inline: bool = False

    def get(self, key: str) -> Value | None:
        """The value of a key, None when it is not there."""
        return next((one.value for one in self.entries if one.key == key), None)

    def keys(self) -> tuple[str, ...]:
        """The keys in order."""
        return tuple(one.key for one in self.entries)


Value = Scalar | Items | Table

NULL: Final = Scalar("null", bare=True)
Shape = Mapping[str, Any]
_ANY: Final = "*"
_OF_A_MAPPING: Final = frozenset({"direction", "items"})
"""What an overlay's `crm: ""` takes away from the earlier file by itself. Source: DESIGN §3.1, `desired.layers`."""


def text(value: str) -> Scalar:
    """A text."""
    return Scalar(value)


def texts(values: Iterable[str]) -> Items:
    """A list of texts."""
    return Items(tuple(Scalar(one) for one in values))


def flag(value: bool) -> Scalar:
    """`true` or `false`."""
    return Scalar("true" if value else "false", bare=True)


def inline(**values: Value | None) -> Table:
    """A mapping on one line; what is None is left out."""
    return Table(tuple(Entry(key, value, word=True) for key, value in values.items() if value is not None), inline=True)


def settled(table: Table) -> Table:
    """The document without mappings that hold nothing but notes; their notes stand one level higher.

    An inline mapping may be empty: `default: {}` says something.
    """
    entries: list[Entry] = []
    notes = list(table.notes)
    for one in table.entries:
        value = settled(one.value) if isinstance(one.value, Table) else one.value
        if isinstance(value, Table) and not value.entries and not (value.inline and not value.notes):
            notes += value.notes
        else:
            entries.append(replace(one, value=value))
    return replace(table, entries=tuple(entries), notes=tuple(notes))


def with_comments(table: Table, fit: Callable[[str], str]) -> Table:
    """The document with every comment and note as `fit` makes it."""
    entries = tuple(
        replace(one, comment=fit(one.comment), value=with_comments(one.value, fit) if isinstance(one.value, Table) else one.value)
        for one in table.entries
    )
    return replace(table, entries=entries, notes=tuple(fit(note) for note in table.notes))


def without(table: Table, path: Path, note: str) -> Table:
    """The document without what stands at a path, and with a note in its place; the same document where nothing stands there."""
    key, rest = path[0], path[1:]
    found = table.get(key)
    if found is None:
        return table
    if not rest:
        return replace(table, entries=tuple(one for one in table.entries if one.key != key), notes=(*table.notes, note), inline=False)
    if not isinstance(found, Table):
        return table
    inner = without(found, rest, note)
    if inner is found:
        return table
    return replace(table, entries=tuple(replace(one, value=inner) if one.key == key else one for one in table.entries), inline=False)


def texts_in(table: Table, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every key and text with the path of the entry that holds it, outer ones first."""
    for one in table.entries:
        here = (*path, one.key)
        yield here, one.key
        if isinstance(one.value, Table):
            yield from texts_in(one.value, here)
        else:
            for scalar in one.value.items if isinstance(one.value, Items) else (one.value,):
                yield here, scalar.text


def difference(shown: Table, complete: Table, base: Table, shape: Shape) -> Table:
    """The overlay that, laid over `base`, says what `complete` says.

    Args:
        shown: what is written of things that the base does not mention.
        complete: everything that there is.
        base: what the earlier files write.
        shape: which mappings merge at this place, as `desired.layers` has it; every other value replaces as a whole.
    """
    entries: list[Entry] = []
    for one in complete.entries:
        before = base.get(one.key)
        if before is None:
            entries += [each for each in shown.entries if each.key == one.key]
        elif (changed := _changed(one, before, shown.get(one.key), shape)) is not None:
            entries.append(changed)
    entries += [Entry(one.key, NULL) for one in base.entries if complete.get(one.key) is None]
    if any(one.key == "crm" and one.value == Scalar("") for one in entries):
        # Unmapping takes the direction and the items of the earlier file along.
        entries = [one for one in entries if one.key not in _OF_A_MAPPING]
    return Table(tuple(entries), shown.notes, inline=complete.inline)


def _changed(one: Entry, before: Value, shown: Value | None, shape: Shape) -> Entry | None:
    inner: Shape | None = shape.get(one.key, shape.get(_ANY))
    if inner is not None and isinstance(one.value, Table) and isinstance(before, Table):
        left = difference(shown if isinstance(shown, Table) else Table(), one.value, before, inner)
        return replace(one, value=left) if left.entries else None
    return None if meaning(one.value) == meaning(before) else one


def meaning(value: Value) -> object:
    """What a value says, without comments, notes and the order of keys."""
    if isinstance(value, Table):
        return {one.key: meaning(one.value) for one in value.entries}
    if isinstance(value, Items):
        return tuple(meaning(one) for one in value.items)
    return (value.text, value.bare)
