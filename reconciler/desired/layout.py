"""Reads a file as it is laid out: keys, values, brackets, and the comments that belong to each of them.

In -> Out: the text of a file that `strict` accepted -> entries with their comments, for `format` to write again.
Effects: none.

A comment on a line of its own belongs to the entry below it, or, where it stands deeper than that, to the end of the one above.
A comment behind something belongs to what begins on its line. Nothing here is interpreted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Leaf:
    """A text; `plain` as in `nodes.Scalar`."""

    text: str
    plain: bool


@dataclass(slots=True)
class Branch:
    """A mapping, or a list (then its entries have no keys); `flow` when it stands in braces or brackets."""

    is_table: bool
    flow: bool
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One key with its value, or one item of a list.

    Attributes:
        gap: an empty line stands above it.
        above: comment lines above it; an empty text is an empty line between them.
        behind: the comment at the end of its line, and the column (from 0) where that begins.
        after: comment lines below it that belong to nothing else.
    """

    key: Leaf | None
    value: Leaf | Branch
    line: int
    column: int
    last_line: int
    parent: Entry | None
    in_flow: bool
    gap: bool = False
    above: list[str] = field(default_factory=list)
    above_lines: list[int] = field(default_factory=list)
    behind: tuple[str, int] | None = None
    after: list[str] = field(default_factory=list)

    @property
    def commented(self) -> bool:
        """Whether it, or anything in it, has a comment."""
        return bool(self.above or self.behind or self.after) or self.holds_comments

    @property
    def holds_comments(self) -> bool:
        """Whether anything in it has a comment."""
        return isinstance(self.value, Branch) and any(one.commented for one in self.value.entries)


@dataclass(slots=True)
class Layout:
    """A file: what stands above its first entry and apart from it, the entries, and what follows them."""

    header: list[str]
    root: Branch
    footer: list[str]


@dataclass(frozen=True, slots=True)
class _Comment:
    text: str
    line: int
    column: int
    alone: bool


def read(text: str) -> Layout:
    """The layout of a file.

    Args:
        text: accepted by `strict.parse`, with a mapping at its top and LF at the ends of its lines.
    """
    reader = _Reader(text)
    root = reader.value(None)
    assert isinstance(root, Branch)
    layout = Layout([], root, [])
    lines = text.split("\n")
    starts = [one.line for one in reader.slots]
    for comment in _comments(lines, reader.masked):
        _attach(comment, layout, reader.slots, bisect_right(starts, comment.line))
    _find_gaps(reader.slots, lines)
    if reader.slots:
        _part_header(layout, reader.slots[0])
    return layout


class _Reader:
    """Builds the tree from the parser's events, and remembers which characters are content."""

    def __init__(self, text: str) -> None:
        import yaml

        parser: Any = yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)
        self._events: Iterator[Any] = iter(parser.get_event, None)
        self.slots: list[Entry] = []
        self._lines = text.split("\n")
        self.masked = [bytearray(len(line) + 1) for line in self._lines]
        self._depth_of_flow = 0
        self._event = self._next()

    def _next(self) -> Any:
        for event in self._events:
            if type(event).__name__ not in ("StreamStartEvent", "DocumentStartEvent", "DocumentEndEvent", "StreamEndEvent"):
                return event
        return None

    def value(self, parent: Entry | None) -> Leaf | Branch:
        """The value that begins with the current event."""
        event = self._event
        if type(event).__name__ == "ScalarEvent":
            self._mask(event)
            self._event = self._next()
            return Leaf(event.value, plain=not event.style)
        branch = Branch(type(event).__name__ == "MappingStartEvent", bool(event.flow_style))
        self._depth_of_flow += branch.flow
        self._event = self._next()
        while type(self._event).__name__ not in ("MappingEndEvent", "SequenceEndEvent"):
            branch.entries.append(self._entry(parent, is_table=branch.is_table))
        if parent is not None and branch.flow:
            parent.last_line = self._event.end_mark.line
        self._depth_of_flow -= branch.flow
        self._event = self._next()
        return branch

    def _entry(self, parent: Entry | None, *, is_table: bool) -> Entry:
        mark = self._event.start_mark
        key = self.value(None) if is_table else None
        assert not isinstance(key, Branch)  # strict refuses complex keys
        column = mark.column if is_table or self._depth_of_flow else self._dash(mark.line, mark.column)
        entry = Entry(key, Leaf("", plain=True), mark.line, column, mark.line, parent, in_flow=self._depth_of_flow > 0)
        self.slots.append(entry)
        if type(self._event).__name__ == "ScalarEvent":
            entry.last_line = self._event.end_mark.line if self._event.style not in ("|", ">") else self._event.start_mark.line
        entry.value = self.value(entry)
        return entry

    def _dash(self, line: int, column: int) -> int:
        """Where an item of a list begins, given where its value does: at its dash, where that stands on the same line."""
        before = self._lines[line][:column].rstrip()
        return len(before) - 1 if before.endswith("-") else column

    def _mask(self, event: Any) -> None:
        """Mark the characters of a scalar, so that a `#` in it is no comment. The first line of a block is none of it."""
        start, end = event.start_mark, event.end_mark
        first = start.line + 1 if event.style in ("|", ">") else start.line
        for line in range(first, min(end.line + 1, len(self.masked))):
            mask = self.masked[line]
            begin = start.column if line == start.line else 0
            stop = end.column if line == end.line else len(mask)
            mask[begin:stop] = b"\x01" * (stop - begin)


def _comments(lines: list[str], masked: list[bytearray]) -> Iterator[_Comment]:
    for number, (line, mask) in enumerate(zip(lines, masked, strict=True)):
        at = line.find("#")
        while at >= 0:
            if not mask[at] and (at == 0 or line[at - 1] in " \t" or line[:at].endswith("---")):
                yield _Comment(line[at:].rstrip(), number, at, alone=not line[:at].strip())
                break
            at = line.find("#", at + 1)


def _attach(comment: _Comment, layout: Layout, slots: list[Entry], at: int) -> None:
    """Give a comment to an entry; `at` is the number of the first one that begins below it."""
    last = slots[at - 1] if at else None
    if not comment.alone and last is not None:
        _put_behind(comment, slots, at)
        return
    following = slots[at] if at < len(slots) else None
    inside = _flow_around(last, comment)
    if inside is not None and not _is_in(following, inside):
        following = None
    while last is not None and (following is None or last.column > following.column):
        at_the_edge = last.key is None and comment.column == 0  # below a list whose dashes stand at the edge, it is of none of its items
        if (last.column <= comment.column and not at_the_edge) or inside is not None:
            last.after.append(comment.text)
            return
        last = last.parent
    if following is None:
        layout.footer.append(comment.text)
    else:
        following.above.append(comment.text)
        following.above_lines.append(comment.line)


def _put_behind(comment: _Comment, slots: list[Entry], at: int) -> None:
    """Give a comment to the outermost entry that begins on its line and is whole there, else to the last one that begins before it."""
    here: list[Entry] = []
    while at and slots[at - 1].line == comment.line:
        at -= 1
        here.insert(0, slots[at])
    owner: Entry | None = next((one for one in here if one.last_line == comment.line), here[-1] if here else slots[at - 1])
    while not here and owner is not None and owner.last_line < comment.line and owner.parent is not None:
        owner = owner.parent
    assert owner is not None
    if owner.behind is None:
        owner.behind = (comment.text, comment.column)
    else:
        owner.after.append(comment.text)


def _flow_around(last: Entry | None, comment: _Comment) -> Entry | None:
    """The outermost entry in brackets that is still open where a comment stands."""
    found = None
    while last is not None:
        if isinstance(last.value, Branch) and last.value.flow and last.line <= comment.line < last.last_line:
            found = last
        last = last.parent
    return found


def _is_in(entry: Entry | None, outer: Entry) -> bool:
    while entry is not None and entry is not outer:
        entry = entry.parent
    return entry is outer


def _find_gaps(slots: list[Entry], lines: list[str]) -> None:
    """Note the empty lines above entries, and between the comments above them."""
    for entry in slots:
        begin = min([*entry.above_lines, entry.line])
        entry.gap = not entry.in_flow and begin > 0 and not lines[begin - 1].strip()
        above: list[str] = []
        for text, line, below in zip(entry.above, entry.above_lines, [*entry.above_lines, entry.line][1:], strict=False):
            above += [text, *([""] if below > line + 1 and not lines[line + 1].strip() else [])]
        entry.above = above


def _part_header(layout: Layout, first: Entry) -> None:
    """What an empty line parts from the first entry stays at the top, whichever entry comes first."""
    apart = len(first.above) - first.above[::-1].index("") if "" in first.above else 0
    layout.header, first.above = first.above[:apart], first.above[apart:]
    while layout.header and not layout.header[-1]:
        layout.header.pop()
