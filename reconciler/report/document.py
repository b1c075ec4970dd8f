"""A report as a value: blocks of pieces, each piece with what it is, none with a markup of its own.

In -> Out: nothing; the shapes that the document modules fill and that `markdown` and `html` write.
Neighbours: built by `plan_document`, `run_document`, `lists_document`; written by `markdown` and `html`, which alone escape.

Text comes in as it is, foreign or ours. Whoever writes a document cleans each piece in the one place of its format.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

__all__ = [
    "Block",
    "Cell",
    "ChangeRow",
    "Changes",
    "Document",
    "Facts",
    "HazardEntry",
    "Hazards",
    "Look",
    "Paragraph",
    "Piece",
    "Points",
    "Section",
    "Table",
    "Tone",
    "Typed",
    "code",
    "faint",
    "strong",
    "table",
    "words",
]


class Look(StrEnum):
    """What a piece of text is."""

    WORDS = "words"
    STRONG = "strong"
    CODE = "code"  # an address, a path, a digest, a command: as it is
    FAINT = "faint"


class Tone(StrEnum):
    """What a block means to the reader."""

    PLAIN = "plain"
    FAINT = "faint"
    GOOD = "good"
    WARNING = "warning"
    DANGER = "danger"


class Piece(NamedTuple):
    """A piece of a sentence or of a cell."""

    text: str
    look: Look = Look.WORDS


Cell = tuple[Piece, ...]


def words(text: str) -> Piece:
    """Prose, ours or foreign."""
    return Piece(text)


def strong(text: str) -> Piece:
    """Prose that the eye should find first."""
    return Piece(text, Look.STRONG)


def code(text: str) -> Piece:
    """Text that is to be read letter by letter."""
    return Piece(text, Look.CODE)


def faint(text: str) -> Piece:
    """Prose that may be skipped."""
    return Piece(text, Look.FAINT)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences."""

    pieces: Cell
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    items: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """A command to type, with what it is for."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class HazardEntry:
    """One hazard; `permission` is what `--allow` takes, empty where nothing needs to be permitted."""

    name: str
    address: str
    text: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Hazards:
    """What a reviewer must know. Of a document that is too long it is shortened last, and never left out."""

    title: str
    text: str
    entries: tuple[HazardEntry, ...]
    tone: Tone


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below heads. `caption` says what it lists, also to those who cannot see it.

    Attributes:
        numbers: of the columns that hold numbers.
        row_head: the column that names each row.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()
    row_head: int = 0


def table(caption: str, head: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...], *, row_head: int = 0) -> Table:
    """A table without the columns in which no row has anything to say."""
    kept = [number for number in range(len(head)) if number == row_head or any(row[number] for row in rows)]
    shown = tuple(tuple(row[number] for number in kept) for row in rows)
    return Table(caption, tuple(head[number] for number in kept), shown, row_head=kept.index(row_head))


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change in words.

    Attributes:
        group: the actor type that it belongs to; empty for none.
        label: the path, or the ERP field and what of it.
        old, new: None where there is nothing on that side to show.
        remark: what is special about it; empty for nothing.
    """

    group: str
    label: str
    old: str | None
    new: str | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Values before and after."""

    caption: str
    rows: tuple[ChangeRow, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with what they stand for: who, when, which digest."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks below a title. Detail is folded where a format can, and left out where there is no room for it."""

    title: Cell
    blocks: tuple[Block, ...]
    detail: bool = False
    tone: Tone = Tone.PLAIN


Block = Paragraph | Points | Typed | Hazards | Table | Changes | Facts | Section


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes:
        kind: `plan`, `apply`, `show`, `drift`, ...: with the target it tells one sticky comment from another.
        target: empty where no target is involved.
        title: the first line; it names the target.
        foot: what identifies the report: digests, times, the version.
    """

    kind: str
    target: str
    title: Cell
    blocks: Sequence[Block]
    foot: tuple[tuple[str, Cell], ...] = ()
    tone: Tone = Tone.PLAIN
