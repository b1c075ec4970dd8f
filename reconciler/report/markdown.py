r"""A document as Markdown for a pull request's comment or a job's summary: GitHub's flavour, which GitLab and Azure DevOps read too.

In -> Out: a document -> text of at most `LIMIT` bytes; detail is left out where there is no room, what stands in the way never.
Neighbours: called by `formats`. All escaping of Markdown is in `_words`, `_code` and `_fence`, and nothing else writes foreign text.

What comes from a tenant or a file is shown as the characters that it is: it makes no link, no image, no heading, no code block, no HTML,
no table cell of its own; it mentions nobody, refers to no issue, starts no quick action and gives no build server an order.

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from reconciler.report.document import (
    Block,
    Cell,
    ChangeRow,
    Changes,
    Document,
    Facts,
    HazardEntry,
    Hazards,
    Look,
    Paragraph,
    Piece,
    Points,
    Section,
    Table,
    Tone,
    Typed,
)
from reconciler.report.untrusted import disarmed, shortened, visible
from reconciler.report.values import counted

__all__ = ["LIMIT", "markdown_text", "marker"]

# A comment on GitHub holds 65,536 characters, an Azure DevOps one more than twice that, GitLab's a million.
# Source: GitHub answers "body is too long (maximum is 65536 characters)"; learn.microsoft.com, Git limits of Azure Repos; docs.gitlab.com,
# instance limits. Counted here in bytes of UTF-8, so that no way of counting characters gives more, with room for a pipeline's own line.
LIMIT = 64_000

# What has a meaning as one character; and the places, nothing wide, after which a word would be a mention, a reference, an emoji or a link.
_STRUCTURE = r"[\\`*_\[\]~|<>&$#]"
_REFERENCE = r"(?<=[@!%^#~&\[])(?=\w)|(?<=:)(?=[A-Za-z_+-])|(?<=/)(?=/)|(?<=\w)(?=\.[A-Za-z])|(?<=[Gg][Hh])(?=-\d)"
_SPECIAL = re.compile(f"{_STRUCTURE}|{_REFERENCE}", re.ASCII)
_REFERRING = re.compile(_REFERENCE, re.ASCII)
_AT_LINE_START = re.compile(r"(\d{1,9})?([-+=:.)/])")
_APART = "&#8203;"  # a space of no width
_ENTITIES = {"": _APART, "|": "&#124;", "<": "&lt;", ">": "&gt;", "&": "&amp;", "$": "<span>$</span>"}
_BACKTICKS = re.compile("`+")


class _Room(NamedTuple):
    """How much of what cannot be left out is shown."""

    sentence: int  # characters of a hazard's text
    hazards: int  # hazards of a block that are listed one by one
    rows: int  # of a table


# From generous to the least that still names what stands in the way.
_ROOMS = (_Room(10_000, 1_000, 400), _Room(200, 400, 100), _Room(80, 200, 40), _Room(0, 100, 20), _Room(0, 20, 5))

_LEAST = 200  # bytes that a folded part takes at least


def markdown_text(document: Document, *, limit: int = LIMIT) -> str:
    """Write a document.

    Args:
        limit: bytes of UTF-8 that the text may have.
    """
    for room in _ROOMS:
        essential = _essential(document, room)
        if _size(essential) <= limit * 3 // 4 or room is _ROOMS[-1]:
            break
    else:
        essential = ""
    details = [(number, block) for number, block in enumerate(document.blocks) if isinstance(block, Section) and block.detail]
    left = limit - _size(essential) - 400  # for the line that tells what was left out
    written: dict[int, str] = {}
    for number, block in details:
        if left < _LEAST:
            break
        text = _details(block)
        if _size(text) <= left:
            written[number] = text
            left -= _size(text)
    return _assembled(document, room, written, left_out=len(details) - len(written))


def marker(document: Document) -> str:
    """The hidden first line by which a pipeline finds its own comment again."""
    return f"<!-- reconciler:{document.kind} target={quote(shortened(document.target, 100), safe='')} -->"


def _essential(document: Document, room: _Room) -> str:
    return _assembled(document, room, {}, left_out=0)


def _assembled(document: Document, room: _Room, written: dict[int, str], *, left_out: int) -> str:
    parts = [marker(document), f"## {_pieces(document.title)}"]
    told = False
    for number, block in enumerate(document.blocks):
        if not (isinstance(block, Section) and block.detail):
            parts += _block(block, room)
        elif number in written:
            parts.append(written[number])
        elif left_out and not told:
            told = True
            what = "Detail of one part is" if left_out == 1 else f"Detail of {left_out:,} parts is"
            parts.append(f"{what} left out here, where a comment has no room for it; the saved plan and the HTML report hold it.")
    if document.foot:
        parts.append(f"<sub>{' · '.join(f'{label} {_pieces(cell)}' for label, cell in document.foot)}</sub>")
    return "".join(f"{disarmed(line)}\n" for line in "\n\n".join(parts).split("\n"))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _block(block: Block, room: _Room, rank: str = "###") -> Iterator[str]:
    """A block as paragraphs of Markdown, without an empty line at either end."""
    if isinstance(block, Paragraph):
        yield _line(block.pieces, bold=block.tone is Tone.DANGER)
    elif isinstance(block, Points):
        yield "\n".join(f"- {_line(item)}" for item in block.items)
    elif isinstance(block, Typed):
        yield f"{_words(block.label)}: {_code(block.command)}"
    elif isinstance(block, Hazards):
        yield from _hazards(block, room)
    elif isinstance(block, Table):
        yield from _table(block, room)
    elif isinstance(block, Changes):
        yield _diff(block.rows)
    elif isinstance(block, Facts):
        yield "\n".join(f"- {_words(label)}: {_pieces(cell)}" for label, cell in block.rows)
    else:
        yield f"{rank} {_pieces(block.title)}"
        for inner in block.blocks:
            yield from _block(inner, room, f"{rank}#")


def _details(block: Section) -> str:
    """A section that is folded until somebody opens it."""
    inner = "\n\n".join(text for part in block.blocks for text in _block(part, _ROOMS[0], "####"))
    title = "".join(map(_plain, block.title))
    return f"<details><summary>{title}</summary>\n\n{inner}\n\n</details>"


def _hazards(block: Hazards, room: _Room) -> Iterator[str]:
    """The risk: all of it while there is room, and always how much there is."""
    text = f" {_words(block.text)}" if block.text else ""
    yield f"**{_words(block.title)}.**{text}"
    listed = block.entries[: room.hazards]
    lines = [line for entry in listed for line in _hazard(entry, room)]
    if len(listed) < len(block.entries):
        names: dict[str, int] = {}
        for entry in block.entries[len(listed) :]:
            names[entry.name] = names.get(entry.name, 0) + 1
        counts = ", ".join(f"{number:,} × {name}" for name, number in names.items())
        lines.append(f"- **And {len(block.entries) - len(listed):,} more:** {_words(counts)}")
    yield "\n".join(lines)


def _hazard(entry: HazardEntry, room: _Room) -> Iterator[str]:
    sentence = f": {_words(shortened(entry.text, room.sentence))}" if room.sentence else ""
    permitted = entry.permission and room.sentence > 100
    yield f"- **{_words(entry.name)}** {_code(entry.address)}{sentence}" + ("\\" if permitted else "")
    if permitted:
        yield f"  To permit it: {_code(f'--allow {entry.permission}')}, or {_code('permits:')} in the files"


def _table(block: Table, room: _Room) -> Iterator[str]:
    shown = block.rows[: room.rows]
    rules = ["--:" if number in block.numbers else "---" for number in range(len(block.head))]
    lines = [block.head, tuple(rules)]
    rows = [f"| {' | '.join(_words(cell) if number == 0 else cell for cell in line)} |" for number, line in enumerate(lines)]
    rows += [f"| {' | '.join(_pieces(cell, in_table=True) for cell in row)} |" for row in shown]
    yield "\n".join(rows)
    if len(shown) < len(block.rows):
        yield f"And {counted(len(block.rows) - len(shown), 'row')} more."


def _diff(rows: Sequence[ChangeRow]) -> str:
    """Values before and after. A forge colours a line only by the sign in its first column."""
    lines: list[str] = []
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(f"  {group}")
        old, new = (None if side is None else _side(row.label, side) for side in (row.old, row.new))
        remark = f"  ({row.remark})" if row.remark else ""
        if old is not None:
            lines.append(f"- {old}{remark if new is None else ''}")
        if new is not None:
            lines.append(f"+ {new}{remark}")
    return _fence(lines, "diff")


def _side(label: str, side: str) -> str:
    """`CustGr > BUSINESS`, as the vendor's dialog has it; any other value stands a little apart."""
    return f"{label}{' ' if side.startswith(('> ', '< ')) else '  '}{side}".strip()


def _fence(lines: Iterable[str], language: str) -> str:
    """Lines as they are, in a fence that none of them can close."""
    clean = [visible(line).rstrip() for line in lines]
    longest = max((len(run) for line in clean for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *clean, fence])


def _line(pieces: Cell, *, bold: bool = False) -> str:
    """Pieces at the start of a line, where a few more characters would mean something."""
    text = _pieces(pieces).lstrip(" ")
    if pieces and pieces[0].look is not Look.CODE:
        text = _AT_LINE_START.sub(lambda found: f"{found[1] or ''}\\{found[2]}", text, count=1) if _AT_LINE_START.match(text) else text
    return f"**{text}**" if bold and text and all(piece.look is Look.WORDS for piece in pieces) else text


def _pieces(pieces: Cell, *, in_table: bool = False) -> str:
    return "".join(_piece(piece, in_table=in_table) for piece in pieces)


def _piece(piece: Piece, *, in_table: bool) -> str:
    if piece.look is Look.CODE:
        return _code(piece.text, in_table=in_table)
    text = _words(piece.text)
    return f"**{text}**" if piece.look is Look.STRONG and text.strip() == text and text else text


def _words(text: str) -> str:
    """Prose in which nothing is Markdown, HTML, a mention, a reference or a link."""
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), visible(text))


def _code(text: str, *, in_table: bool = False) -> str:
    """A code span that the text cannot leave. Only in a table a bar would end the cell in spite of it, so it is spelled out there."""
    clean = visible(text) or " "
    if in_table:
        clean = clean.replace("|", "\\x7c")
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(clean)), default=0) + 1)
    pad = " " if clean[0] in "` " or clean[-1] in "` " else ""
    return f"{fence}{pad}{clean}{pad}{fence}"


def _plain(piece: Piece) -> str:
    """A piece inside of HTML tags that stand on a line of their own. Forges refer to nothing from inside of `<code>`."""
    text = visible(piece.text)
    if piece.look is Look.CODE:
        return f"<code>{escape(text)}</code>"
    return _APART.join(escape(text[start:end]) for start, end in _between(text))


def _between(text: str) -> Iterator[tuple[int, int]]:
    """The pieces of a text that may refer to something only while they stand together."""
    places = [0, *(found.start() for found in _REFERRING.finditer(text)), len(text)]
    yield from pairwise(places)
