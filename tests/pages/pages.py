"""A page of the documentation, read as what it asks a person to type and what it says will come out.

A block of commands (`sh`) is executed and has to end with 0. A `text` block behind it is what is shown: standard output and standard
error as they come. A line `…` in it stands for lines that are left out. Everything else is said in a comment, which no reader of the page
sees, above the block:

    <!-- run: exits 3 -->             the commands end with another code
    <!-- run: skip REASON -->         not executed, or not compared; while a page is written: test_pages.py lets none stay
    <!-- run: instead                 other commands are executed in place of those that are shown
    COMMANDS -->
    <!-- run: background -->          the commands serve: they run until the page ends, from when they have printed something
    <!-- run: write PATH -->          the block is written to a file
    <!-- run: edit PATH -->           the block is a diff: lines with - are found in the file, one after the other, and become those with +
    <!-- run: shows PATH -->          the block is what stands in a file, perhaps with `…`
    <!-- run: setup                   stands alone: what somebody else does, or what was there before;
    COMMANDS -->                      with `background` behind it, too. What serves has printed to ~/served
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("sh", "powershell", "console", "bash")
_NOTE = re.compile(r"<!-- run: (\w+)(?: ([^\n]*?))?(?:\n(.*?))?\s*-->", re.DOTALL)
_KINDS = {"exits", "skip", "instead", "background", "write", "edit", "shows", "setup"}


@dataclass(frozen=True)
class Note:
    """One `<!-- run: … -->`."""

    kind: str
    words: str
    lines: str


@dataclass(frozen=True)
class Block:
    """One fenced block, or a setup that stands alone (its language is then `setup`).

    Attributes:
        line: of its first line of text in the page, counted from 0; `end` is the line behind its last.
        indent: what stands before each of its lines where it belongs to an item of a list.
    """

    page: str
    line: int
    end: int
    language: str
    text: str
    notes: tuple[Note, ...] = ()
    indent: str = ""

    def note(self, kind: str) -> Note | None:
        return next((note for note in self.notes if note.kind == kind), None)

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line + 1}"


def page_names() -> list[str]:
    """Every page of the documentation, as paths from the top of the checkout."""
    return ["README.md", "CONTRIBUTING.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]


def blocks_of(page: str, text: str) -> list[Block]:
    """The blocks of a page in their order, each with the notes above it.

    Raises:
        ValueError: a note is none that is known, or stands above nothing.
    """
    found: list[Block] = []
    waiting: list[Note] = []
    lines = text.splitlines()
    for token in MarkdownIt("commonmark").parse(text):
        if token.map is None:
            continue
        first, last = token.map
        if token.type == "html_block":
            for note in notes_in(token.content):
                if note.kind not in _KINDS:
                    raise ValueError(f"{page}:{first + 1}: `run: {note.kind}` is not known")
                if note.kind == "setup":
                    found.append(Block(page, first + 1, last, "setup", note.lines, (Note("background", "", ""),) if note.words else ()))
                else:
                    waiting.append(note)
        elif token.type == "fence":
            indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
            found.append(Block(page, first + 1, last - 1, token.info.split(" ")[0], token.content, tuple(waiting), indent))
            waiting = []
        elif waiting and token.type.endswith("_open") and token.type != "list_item_open":
            raise ValueError(f"{page}:{first + 1}: a note stands above no block")
    return found


def notes_in(html: str) -> list[Note]:
    """The notes in a comment."""
    return [Note(kind, words or "", lines or "") for kind, words, lines in _NOTE.findall(html)]
