"""Reads YAML strictly: one document of plain mappings, lists and texts, each with its place, and nothing that hides meaning.

In -> Out: the text of a file -> a tree of `nodes`, and a problem for everything that is refused (anchors, aliases, merge
keys, tags, directives, several documents, duplicate and complex keys, depth), each at its own place.
Effects: none.
Neighbours: `load` calls it once per file. The parser's events are walked as they come, without a tree of PyYAML's own in
between: that is faster than composing nodes, shows aliases where they stand, and can stop at any depth.

Source: YAML 1.2.2; PyYAML 6.0.3 with libyaml 0.2.5, whose two parsers give the same events here (tests/desired/test_strict.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.desired.characters import STAND_IN, check_characters, hidden_character
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Broken, Entry, Items, Node, Scalar, Table, show
from reconciler.desired.syntax import Failure, report
from reconciler.model import Source

if TYPE_CHECKING:
    from yaml import Event, MarkedYAMLError

MOST_DEPTH = 20  # DESIGN §3.1; the deepest place that a file needs is 8 levels down
MOST_EVENTS = 500_000  # 4 MiB of ordinary content make about 300,000; more is a file made to keep us busy
MOST_KEY = 254  # Source: SuperOffice database tables, ConnectionConfigField.FieldKey String(254); our own keys follow


@dataclass(frozen=True, slots=True)
class Parsed:
    """What could be read of a file: `root` is None when there is nothing, `complete` False when reading stopped before the end."""

    root: Node | None
    complete: bool


def parse(text: str, file: str, findings: Findings, *, begins: str = "version: 1", pure: bool = False) -> Parsed:
    """Read the text of one file.

    Args:
        text: without a byte order mark.
        file: how the person called it, for places.
        findings: takes the problems.
        begins: how such a file begins, for the hint where it is empty.
        pure: use PyYAML's own parser even where libyaml is there; for tests.
    """
    checked = check_characters(text, file, findings)
    if checked is None:
        return Parsed(None, complete=False)
    builder = _Builder(file, findings, stand_in=STAND_IN if checked is not text and STAND_IN in checked else None)
    checked = _without_directives(checked, file, findings)
    complete = _feed(builder, checked, pure=pure)
    if complete and builder.root is None:
        findings.add("empty-file", "This file is empty; expected a mapping.", Source(file, 1, 1), f"Begin with `{begins}`.")
    return Parsed(builder.root, complete and builder.root is not None)


def _without_directives(text: str, file: str, findings: Findings) -> str:
    """Report lines that begin with `%`, and make comments of them: the two parsers disagree about directives they do not know."""
    if not (text.startswith("%") or "\n%" in text):
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if line.startswith("%"):
            message = "A line that begins with `%` is a directive to the parser; those are not used here."
            findings.add("directive", message, Source(file, number, 1), "Delete the line; a text that begins with % is put in quotes.")
            lines[number - 1] = f"#{line[1:]}"
    return "\n".join(lines)


def _feed(builder: _Builder, text: str, *, pure: bool) -> bool:
    """Hand the parser's events to the builder; False when the end of the file was not reached."""
    import yaml

    parser: Any = yaml.SafeLoader(text) if pure or not yaml.__with_libyaml__ else yaml.CSafeLoader(text)
    try:
        while (event := parser.get_event()) is not None:
            if not builder.take(event):
                return False
    except yaml.MarkedYAMLError as error:
        report(_failure(error), text.split("\n"), builder.file, builder.findings)
        return False
    except (ValueError, OverflowError):  # the pure parser on "\UFFFFFFFF"
        mark = parser.get_mark()
        report(Failure("unicode character escape", "", mark.line, mark.column), text.split("\n"), builder.file, builder.findings)
        return False
    finally:
        parser.dispose()
    return True


def _failure(error: MarkedYAMLError) -> Failure:
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    where = (context.line, context.column) if context else (None, 0)
    return Failure(error.problem or "", error.context or "", line, column, *where)


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not closed yet. `key` is None while a mapping waits for one; `drop` ignores the next value,
    `dropped` tells that one was.
    """

    source: Source
    is_table: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: str | None = None
    key_source: Source | None = None
    drop: bool = False
    dropped: bool = False


class _Builder:
    """Builds the tree from events and reports what is refused."""

    def __init__(self, file: str, findings: Findings, *, stand_in: str | None) -> None:
        self.file = file
        self.findings = findings
        self._stand_in = stand_in  # marks texts that held a refused character
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._documents = 0
        self._events = 0

    def take(self, event: Event) -> bool:
        """Take one event; False when nothing more shall be read."""
        kind = type(event).__name__
        self._events += 1
        if self._events > MOST_EVENTS:
            message = "This file holds too many lists, mappings and values; nothing after this place was read."
            self.findings.add("too-many", message, self._place(event), "Split it and name each part with -f.")
            return False
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            return self._begin(event, is_table=kind == "MappingStartEvent")
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._close()
        elif kind == "AliasEvent":
            place = self._place(event)
            message = "`*` refers to an anchor; aliases are not used here, so that every value stands where it is read."
            self.findings.add("alias", message, place, "Write the value out; a text that begins with * is put in quotes.")
            self._put(Broken(place), key=None)
        elif kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                message = "A second document begins here; expected one document in a file."
                self.findings.add("several-documents", message, self._place(event), "Move it to a file of its own and name that with -f.")
                return False
        return True

    def _place(self, event: Event) -> Source:
        mark = event.start_mark
        assert mark is not None  # every event that a parser makes has one
        return Source(self.file, mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        if event.anchor is not None or event.tag is not None:
            self._check_properties(event, place)
        text, plain = event.value, not event.style
        if event.tag is not None or (self._stand_in and self._stand_in in text):
            self._put(Broken(place), key=None)
        elif not plain and (hidden := hidden_character(text, one_line=self._awaits_key() or event.style in ("'", '"'))):
            message = f"This text holds a character that does not show or breaks the line: {hidden}."
            self.findings.add("control-character", message, place, "Delete the escape; a backslash that is meant stands in single quotes.")
            self._put(Broken(place), key=None)
        else:
            self._put(Scalar(text, plain, place), key=text)

    def _begin(self, event: Any, *, is_table: bool) -> bool:
        place = self._place(event)
        self._check_properties(event, place)
        if len(self._open) >= MOST_DEPTH:
            message = f"Lists and mappings are nested deeper than {MOST_DEPTH} levels here; nothing after this place was read."
            self.findings.add("too-deep", message, place, "Look for brackets that are not closed.")
            return False
        self._open.append(_Open(place, is_table))
        return True

    def _close(self) -> None:
        done = self._open.pop()
        node: Node = Table(done.entries, done.source) if done.is_table else Items(tuple(done.items), done.source)
        if done.is_table and done.dropped and not done.entries:
            node = Broken(done.source)  # as in {{ x }}: what is left does not count as empty
        self._put(node, key=None)

    def _awaits_key(self) -> bool:
        parent = self._open[-1] if self._open else None
        return parent is not None and parent.is_table and parent.key is None and not parent.drop

    def _check_properties(self, event: Any, place: Source) -> None:
        if event.anchor is not None:
            message = "`&` names an anchor; anchors are not used here, so that every value stands where it is read."
            self.findings.add("anchor", message, place, "Remove the anchor; a text that begins with & is put in quotes.")
        if event.tag is not None:
            message = "`!` begins a tag; tags are not used here: the kind of a value follows from its place."
            self.findings.add("tag", message, place, "Remove the tag; a text that begins with ! is put in quotes.")

    def _put(self, node: Node, *, key: str | None) -> None:
        """Put a finished node where it belongs: the root, a list, a key of a mapping, or the value of the last key."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if not parent.is_table:
            parent.items.append(node)
        elif parent.drop:
            parent.drop, parent.dropped = False, True
        elif parent.key is None:
            self._take_key(parent, node, key)
        else:
            assert parent.key_source is not None
            if isinstance(node, Scalar) and node.plain and not node.text:
                node = Scalar("", plain=True, source=parent.key_source)  # nothing is written, and the parsers disagree where
            parent.entries[parent.key] = Entry(parent.key_source, node)
            parent.key = None

    def _take_key(self, parent: _Open, node: Node, key: str | None) -> None:
        """Make a node the key of the value that follows, or report why it cannot be one and drop that value."""
        place = node.source
        if key is None:
            parent.drop = True
            if not isinstance(node, Broken):
                message = "A list or mapping stands as a key; expected a text."
                self.findings.add("complex-key", message, place, "Put a text that begins with [, {, ? or - in quotes.")
        elif key == "<<" and isinstance(node, Scalar) and node.plain:
            parent.drop = True
            message = "`<<` merges another mapping; merge keys are not used here."
            self.findings.add("merge-key", message, place, "Write the keys out, or keep what differs in an overlay file.")
        elif not 1 <= len(key) <= MOST_KEY:
            parent.drop = True
            message = f"This key has {len(key)} characters; expected 1 to {MOST_KEY}."
            self.findings.add("key-length", message, place, "Write a text as key.")
        elif key in parent.entries:
            parent.drop = True
            message = f"The key {show(key)} is written twice; it stands on line {parent.entries[key].key.line} already."
            self.findings.add("duplicate-key", message, place, "Keep one of the two.")
        else:
            parent.key, parent.key_source = key, place
