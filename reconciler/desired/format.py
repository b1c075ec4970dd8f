"""Writes desired state in its canonical form: comments kept, meaning unchanged.

In -> Out: the text of a file -> its canonical text; or a merged tree -> text (`written`).
Effects: reads disk (the schema, once).
Neighbours: `layout` reads the file; `flow` writes it.

Canonical: keys in the order of the schema (your own keys keep theirs), two spaces, one empty line between sections and between
connections, quotes only where a reader of YAML needs them, braces and brackets where they stood and fit, LF and one at the end.

Own code instead of ruamel.yaml's round trip: that hangs a comment on the value before it, so that a key that moves would leave its
comment behind, and every comment had to be hung elsewhere by hand. The result is read again by our strict reader, and refused where
it would not say the same or would lose a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from reconciler.desired.findings import Findings
from reconciler.desired.layout import Branch, Entry, Layout, Leaf, read
from reconciler.desired.nodes import Items, Node, Scalar, Table
from reconciler.desired.readings import is_text_everywhere
from reconciler.desired.strict import parse
from reconciler.model import Source
from reconciler.schemas import schema

WIDTH: Final = 120  # columns that braces and brackets may take
_APART: Final = frozenset({"connections", "mapping_sets"})  # whose entries have an empty line between them
_TOGETHER: Final = frozenset({("name",), ("description",), ("scope",), ("default",), ("items",), ("automatic_sync",)})
_BARE: Final = re.compile(r"[^\W_](?:[\w ./()+@%&'!;*=?<>|~^$-]|:(?=[\w/.-]))*", re.UNICODE)

Schema = Mapping[str, Any]


def formatted(text: str, file: str) -> str:
    """The canonical form of a file.

    Args:
        text: without a byte order mark.
        file: how the person called it.

    Raises:
        InputError: the file cannot be read as strict YAML, or its canonical form would not mean the same (which is our mistake).
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    before = _parsed(text, file)
    if not isinstance(before, Table):
        return text
    layout = read(text)
    result = _text(layout)
    if not _same(before, _parsed(result, file)) or _comments_of(layout) != _comments_of(read(result)):
        findings = Findings()
        hint = "Write the unusual part of the file more plainly; and please report it."
        findings.add("format-changes-meaning", "The canonical form of this file would not say the same.", Source(file), hint)
        findings.raise_if_any()
    return result


def scalar_text(text: str) -> str:
    """A text as a scalar on one line, also inside of braces and brackets."""
    return _scalar(Leaf(text, plain=False))


def written(root: Node) -> str:
    """A tree in canonical form, without comments."""
    branch = _branch(root)
    assert isinstance(branch, Branch)
    return _text(Layout([], branch, []))


def _parsed(text: str, file: str) -> Node | None:
    findings = Findings()
    root = parse(text, file, findings).root
    findings.raise_if_any()
    return root


def _same(one: Node | None, other: Node | None) -> bool:
    """Whether two trees mean the same: keys in any order, quotes only where they change what a text may be read as."""
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return one.text == other.text and (one.plain == other.plain or is_text_everywhere(one.text))
    if isinstance(one, Table) and isinstance(other, Table):
        return one.entries.keys() == other.entries.keys() and all(_same(entry.value, other.get(key)) for key, entry in one)
    if isinstance(one, Items) and isinstance(other, Items):
        return len(one.items) == len(other.items) and all(map(_same, one.items, other.items))
    return False


def _comments_of(layout: Layout) -> list[str]:
    found = [*layout.header, *layout.footer]
    open_branches = [layout.root]
    while open_branches:
        for entry in open_branches.pop().entries:
            found += [*entry.above, *entry.after, *([entry.behind[0]] if entry.behind else [])]
            if isinstance(entry.value, Branch):
                open_branches.append(entry.value)
    return sorted(one for one in found if one)


def _branch(node: Node, path: tuple[str, ...] = ()) -> Leaf | Branch:
    """A tree as a layout: what says one thing stands in braces or brackets."""
    if isinstance(node, Scalar):
        return Leaf(node.text, node.plain)
    if isinstance(node, Items):
        return Branch(False, True, [_made(None, _branch(item)) for item in node.items])
    assert isinstance(node, Table)  # what was taken out or has a problem is in no merged tree
    flow = path[-1:] in _TOGETHER or path[-2:-1] == ("fields",) or "secret" in node.entries
    entries = [_made(Leaf(key, plain=False), _branch(entry.value, (*path, key))) for key, entry in node]
    return Branch(True, flow, entries)


def _made(key: Leaf | None, value: Leaf | Branch) -> Entry:
    return Entry(key, value, 0, 0, 0, None, in_flow=False)


def _text(layout: Layout) -> str:
    lines = [*layout.header, *([""] if layout.header else [])]
    lines += _block(layout.root, 0, _schema(), apart=True)
    lines += layout.footer
    return "".join(f"{line}\n" for line in lines)


def _block(branch: Branch, indent: int, known: Schema, *, apart: bool) -> Iterator[str]:
    """The lines of a mapping or list in block form.

    Args:
        apart: entries of several lines have an empty line between them.
    """
    margin = " " * indent
    before: list[str] = []
    for entry in _ordered(branch, known):
        lines = list(_entry(entry, indent, known))
        above = [f"{margin}{line}" if line else "" for line in entry.above]
        if before and (entry.gap or (apart and (len(before) > 1 or len(lines) > 1))):
            yield ""
        yield from above
        yield from lines
        yield from (f"{margin}{line}" for line in entry.after)
        before = lines


def _entry(entry: Entry, indent: int, known: Schema) -> Iterator[str]:
    """One entry: on its line where it can, else with what it holds below."""
    lead = " " * indent + ("-" if entry.key is None else f"{_key(entry.key, known)}:")
    key = "" if entry.key is None else entry.key.text
    value, inner = entry.value, _below(known, key) if entry.key is not None else known.get("items", {})
    if isinstance(value, Leaf) and "\n" in value.text:
        first, *rest = _lines(value.text, indent + 2)
        yield _with_comment(f"{lead} {first}", entry)
        yield from rest
    elif isinstance(value, Leaf):
        yield _with_comment(f"{lead} {_scalar(value)}".rstrip(" "), entry)
    elif not value.entries or (value.flow and not entry.holds_comments and _fits(value, lead, inner)) or not _can_stand_below(entry):
        yield _with_comment(f"{lead} {_flow(value, inner)}", entry)
    elif entry.key is None:
        yield from _block_item(entry, value, indent, _resolved(inner))
    else:
        yield _with_comment(lead, entry)
        yield from _block(value, indent + 2, _resolved(inner), apart=indent == 0 and key in _APART)


def _can_stand_below(entry: Entry) -> bool:
    """Whether a value may take lines of its own: every one of a key, and of a list a mapping that is not a comment's place itself."""
    return entry.key is not None or (isinstance(entry.value, Branch) and entry.value.is_table)


def _block_item(entry: Entry, value: Branch, indent: int, known: Schema) -> Iterator[str]:
    """A mapping in a list, one key a line; the dash stands before its first key, below the comments above that."""
    margin = " " * (indent + 2)
    written_first, *rest = value.entries  # what a comment behind the dash's line was written about
    about = Branch(True, False, [replace(written_first, behind=entry.behind or written_first.behind), *rest])
    lines = list(_block(about, indent + 2, known, apart=False))
    first = next(number for number, line in enumerate(lines) if line.strip() and not line.strip().startswith("#"))
    for number, line in enumerate(lines):
        if number < first:
            yield line[2:] if line.startswith(margin) else line
        else:
            yield f"{' ' * indent}- {line.removeprefix(margin)}" if number == first else line


def _with_comment(line: str, entry: Entry) -> str:
    """The line with its comment, where that stood if there is room, so that comments below each other stay so."""
    if entry.behind is None:
        return line
    text, column = entry.behind
    return f"{line:<{max(column, len(line) + 2)}}{text}"


def _fits(branch: Branch, lead: str, known: Schema) -> bool:
    if any("\n" in leaf.text for leaf in _leaves(branch)):
        return False
    return len(lead) + 1 + len(_flow(branch, known)) <= WIDTH


def _leaves(branch: Branch) -> Iterator[Leaf]:
    for entry in branch.entries:
        if isinstance(entry.value, Leaf):
            yield entry.value
        else:
            yield from _leaves(entry.value)


def _flow(value: Leaf | Branch, known: Schema) -> str:
    """A value in braces or brackets."""
    if isinstance(value, Leaf):
        return _scalar(value)
    if not value.is_table:
        return f"[{', '.join(_flow(one.value, {}) for one in value.entries)}]"
    resolved = _resolved(known)
    pairs = [(one.key.text, f"{_key(one.key, resolved)}:", one.value) for one in _ordered(value, resolved) if one.key is not None]
    return "{" + ", ".join(f"{shown} {_flow(one, _below(resolved, key))}".rstrip(" ") for key, shown, one in pairs) + "}"


def _key(key: Leaf, known: Schema) -> str:
    return key.text if key.text in known.get("properties", {}) else _scalar(key)


def _scalar(leaf: Leaf) -> str:
    """A text on one line, in quotes only where a reader needs them."""
    if leaf.plain or (_BARE.fullmatch(leaf.text) and not leaf.text.endswith((" ", ":")) and is_text_everywhere(leaf.text)):
        return leaf.text
    if ('"' in leaf.text or "\\" in leaf.text) and leaf.text.isprintable():
        return "'" + leaf.text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in leaf.text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _lines(text: str, indent: int) -> list[str]:
    """A text of several lines as a literal block: its header, then its lines."""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    header = "|" + ("2" if text[:1] in (" ", "\n") else "") + ("-" if ends == 0 else "" if ends == 1 and body else "+")
    lines = [*body.split("\n"), *[""] * (ends - 1)] if body else [""] * ends
    return [header, *(f"{' ' * indent}{line}" if line else "" for line in lines)]


def _ordered(branch: Branch, known: Schema) -> list[Entry]:
    """The entries of a mapping in the order of the schema; your own keys, and those that it does not know, keep theirs after these."""
    places = {key: place for place, key in enumerate(_resolved(known).get("properties", {}))}
    if not branch.is_table:
        return branch.entries
    return sorted(branch.entries, key=lambda entry: places.get(entry.key.text if entry.key is not None else "", len(places)))


def _below(known: Schema, key: str) -> Schema:
    """The schema of the value of a key; an empty one where it does not say."""
    found = known.get("properties", {}).get(key, known.get("additionalProperties"))
    return _resolved(found) if isinstance(found, Mapping) else {}


def _resolved(known: Schema) -> Schema:
    reference = known.get("$ref")
    if reference is None:
        return known
    return {**_resolved(_schema()["$defs"][reference.rpartition("/")[2]]), **known, "$ref": None}


@cache
def _schema() -> Schema:
    return schema("connections")
