"""Writes a document as YAML 1.2 that a YAML 1.1 reader reads alike, with comments, the way a person would lay it out.

In -> Out: `document.Table` -> text. The only user of ruamel.yaml, which is imported when something is written.
Effects: none.

Keys and texts stand bare where every reader takes them for this very text, else in double quotes, or in single ones where they
hold a double quote or a backslash. Texts from elsewhere cannot speak to a build server: see `_disarmed`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from reconciler.live.document import Entry, Items, Scalar, Table, Value, settled
from reconciler.model import FieldType
from reconciler.wire import values

__all__ = ["is_bare", "render", "spelled"]

_WIDTH: Final = 120  # columns that a mapping or list may take on one line
_COMMENT_COLUMN: Final = 70  # lines that are longer do not push the comments of their neighbours out
_MARK: Final = "\ufffe"  # stands before each end-of-line comment until it is aligned; a noncharacter, which no file may hold
_PLAIN: Final = re.compile(r"[^\W_](?:[\w ./()+@%&'!;*=?<>|~^$-]|:(?=[\w/.-])|,(?= ))*", re.UNICODE)
_PLAIN_INLINE: Final = re.compile(r"[^\W_](?:[\w ./()+@%&'!;*=<>|~^$-]|:(?=[\w/.-]))*", re.UNICODE)
# What Azure DevOps takes for a command, wherever it stands in a line; see report.untrusted.
_ORDER: Final = re.compile(r"#(?=#\w*\[)")
_SPEAKS: Final = re.compile(r"#(?=#\w*\[)|^\s*::", re.MULTILINE)  # the same in a text of several lines, which cannot be escaped
_MOST_KEY: Final = 1000  # ruamel writes longer keys than 128 characters in a form of their own; ours have 254 at most


def render(document: Table, header: tuple[str, ...] = ()) -> str:
    """The document as text, with a newline at its end.

    Args:
        header: comment lines at the top.
    """
    document = settled(document)
    yaml = _writer()
    stream = io.StringIO()
    yaml.dump(_table(document, 0), stream)
    lines = _aligned(_spaced(stream.getvalue().splitlines()))
    above = [f"# {line}" for line in (*header, *document.notes)]
    return "".join(f"{_disarmed(line)}\n" for line in (*above, *([""] if above else []), *lines))


def is_bare(value: str, *, inline: bool) -> bool:
    """Whether a text may stand without quotes: every reader of YAML takes it for this very text."""
    if (_PLAIN_INLINE if inline else _PLAIN).fullmatch(value) is None or value.endswith((" ", ":")) or "\ufffe" in value:
        return False
    try:
        values.from_plain(value, quoted=False, field_type=FieldType.TEXT)
    except values.ValueProblem:
        return False
    return True


class _Bare(str):
    """A text that is written as it is, whatever a reader takes it for."""

    __slots__ = ()


def spelled(value: str) -> str:
    """A text on one line as a key is written."""
    if is_bare(value, inline=False):
        return value
    return "'" + value.replace("'", "''") + "'"


def _writer() -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.emitter import Emitter
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.representer import RoundTripRepresenter

    class LongKeys(Emitter):
        MAX_SIMPLE_KEY_LENGTH = _MOST_KEY

    class Representer(RoundTripRepresenter):
        def as_it_is(self, data: str) -> Any:
            tag = self.serializer.resolver.resolve(ScalarNode, str(data), (True, False))
            return self.represent_scalar(tag, str(data), style="")

    Representer.add_representer(_Bare, Representer.as_it_is)
    yaml = YAML()
    yaml.Emitter, yaml.Representer = LongKeys, Representer
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _table(table: Table, indent: int) -> Any:
    """A mapping in block form, its notes above its first entry."""
    from ruamel.yaml.comments import CommentedMap

    made = CommentedMap()
    for one in table.entries:
        key = _key(one, inline=False)
        value = made[key] = _value(one, indent)
        if one.comment and not isinstance(value, _literal_class()):
            made.yaml_add_eol_comment(_MARK + one.comment, key)
    if table.notes and indent:
        made.yaml_set_comment_before_after_key(next(iter(made)), before="\n".join(table.notes), indent=indent)
    return made


def _value(entry: Entry, indent: int) -> Any:
    value = entry.value
    if isinstance(value, Scalar):
        return _scalar(value, inline=False)
    room = _WIDTH - indent - len(entry.key) - 2
    if isinstance(value, Table) and not (value.inline and _fits(value, room)):
        return _table(value, indent + 2)
    if isinstance(value, Items) and not _fits(value, room):
        return [_scalar(one, inline=False) for one in value.items]
    return _inline(value)


def _inline(value: Value) -> Any:
    """A value in braces or brackets."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, Scalar):
        return _scalar(value, inline=True)
    made: Any
    if isinstance(value, Items):
        made = CommentedSeq(_scalar(one, inline=True) for one in value.items)
    else:
        made = CommentedMap((_key(one, inline=True), _inline(one.value)) for one in value.entries)
    made.fa.set_flow_style()
    return made


def _fits(value: Value, room: int) -> bool:
    """Whether a value can stand on one line: it is short enough, and holds no comment and no line break."""
    return all(part is not None for part in _pieces(value)) and sum(len(part or "") + 2 for part in _pieces(value)) <= room


def _pieces(value: Value) -> Iterator[str | None]:
    """The texts of a value; None for what has to have lines of its own."""
    if isinstance(value, Scalar):
        yield None if "\n" in value.text else value.text
    elif isinstance(value, Items):
        for item in value.items:
            yield from _pieces(item)
    else:
        if value.notes or not value.inline:
            yield None
        for one in value.entries:
            yield None if one.comment else one.key
            yield from _pieces(one.value)


def _scalar(scalar: Scalar, *, inline: bool) -> Any:
    return _Bare(scalar.text) if scalar.bare else _text(scalar.text, inline=inline, lines=not inline)


def _key(entry: Entry, *, inline: bool) -> Any:
    return _Bare(entry.key) if entry.word else _text(entry.key, inline=inline, lines=False)


def _text(value: str, *, inline: bool, lines: bool) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    if lines and "\n" in value and value.strip("\n") and not _SPEAKS.search(value):
        return _literal_class()(value)
    if is_bare(value, inline=inline) and not _ORDER.search(value):
        return _Bare(value)
    if ('"' in value or "\\" in value) and value.isprintable() and not _ORDER.search(value):
        return SingleQuotedScalarString(value)
    return DoubleQuotedScalarString(value)


def _literal_class() -> Any:
    from ruamel.yaml.scalarstring import LiteralScalarString

    return LiteralScalarString


def _spaced(lines: list[str]) -> Iterator[str]:
    """The lines with an empty one above every section, and above every connection but the first."""
    section, before = "", -1
    pending: list[str] = []
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        if depth <= 2 and line.lstrip(" ").startswith("#"):
            pending.append(line)
            continue
        if line == "..." and not pending:
            continue
        apart = (
            bool(line)
            and depth == 0
            and not line.startswith("language:")
            and not (line.startswith("automatic_sync:") and section.startswith("sync_priority:"))
        )
        section = line if line and depth == 0 else section
        if (before >= 0 and apart) or (depth == 2 and section.startswith("connections:") and before > 2):
            yield ""
        before = depth if line else before
        yield from pending
        pending = []
        yield line
    yield from pending


def _aligned(lines: Iterator[str]) -> list[str]:
    """The lines with the comments of entries that belong together below each other."""
    found = list(lines)
    groups: dict[tuple[int, int], list[int]] = {}
    opened: list[tuple[int, int]] = []  # indentation and number of the lines that this one lies below
    for number, line in enumerate(found):
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip(" "))
        while opened and opened[-1][0] >= depth:
            opened.pop()
        if _MARK in line:
            groups.setdefault((depth, opened[-1][1] if opened else -1), []).append(number)
        opened.append((depth, number))
    for numbers in groups.values():
        parts = {number: found[number].rpartition(f"# {_MARK}")[::2] for number in numbers}
        widths = [len(code.rstrip()) for code, _ in parts.values()]
        column = max((width for width in widths if width <= _COMMENT_COLUMN), default=0)
        for number, (code, comment) in parts.items():
            found[number] = f"{code.rstrip():<{column}}  # {comment}"
    return found


def _disarmed(line: str) -> str:
    """A line that no build server takes for a command: such a text stands in double quotes, where `#` may be written as its number."""
    return _ORDER.sub(r"\\x23", line)
