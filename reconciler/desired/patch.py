"""Puts other values into a file at the places where they are written, and leaves every other character as it is.

In -> Out: the text of a file and edits -> its new text, and the edits that a person has to make.
Effects: none.
Neighbours: called by `flow.drifting`, which proves the result by planning with it.

Own code instead of ruamel.yaml's round trip: that writes the whole file again, with its own idea of quotes, widths and indents, and a patch
for a pull request must show the values that changed and nothing else. PyYAML tells where a value begins and ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.desired.format import scalar_text
from reconciler.model import Source, Value

__all__ = ["Edit", "patched"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to write.

    Attributes:
        source: where the value that it replaces, or the mapping that holds it, is written.
        below: the key in that mapping; empty when the value itself stands at `source`.
        value: what to write: a text, number, switch, list of texts, or mapping of these.
    """

    source: Source
    below: str
    value: Value


def patched(text: str, edits: Sequence[Edit]) -> tuple[str, dict[int, str]]:
    """Make every edit that can be made.

    Args:
        text: of a file that the strict reader accepts, without a byte order mark.

    Returns:
        The new text, and why an edit was not made, by its number.
    """
    from yaml import SafeLoader, compose

    placed = {_place(node): (path, node) for path, node in _values(compose(text, Loader=SafeLoader), ())}
    refused: dict[int, str] = {}
    spans: dict[tuple[int, int], tuple[int, str]] = {}
    for number, edit in enumerate(edits):
        path, node = placed.get((edit.source.line, edit.source.column), ((), None))
        if node is not None and edit.below:
            node = _below(node, edit.below)
        if reason := _reason(path, node):
            refused[number] = reason
            continue
        span = node.start_mark.index, node.end_mark.index
        written = _written(edit.value) + ("\n" if getattr(node, "style", None) in ("|", ">") else "")
        if spans.setdefault(span, (number, written))[1] != written:
            refused[number] = "several values are written at this one place"
    for (start, end), (_, written) in sorted(spans.items(), reverse=True):
        text = text[:start] + written + text[end:]
    return text, refused


def _values(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a file with its path; keys are not values."""
    yield path, node
    if isinstance(node.value, str):
        return
    for entry in node.value:
        if isinstance(entry, tuple):
            yield from _values(entry[1], (*path, str(entry[0].value)))
        else:
            yield from _values(entry, path)


def _place(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _reason(path: tuple[str, ...], node: Any) -> str:
    """Why a value cannot be replaced; empty when it can."""
    if node is None:
        return "the files do not write it there"
    if path[:1] == ("mapping_sets",):
        return "it stands in a mapping set, which other connections may use too"
    return "" if _in_one_piece(node) else "it stands on several lines"


def _below(node: Any, key: str) -> Any:
    if isinstance(node.value, str):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _in_one_piece(node: Any) -> bool:
    """A text, or something in braces or brackets: what can be replaced without moving anything else."""
    return isinstance(node.value, str) or bool(node.flow_style)


def _written(value: Value) -> str:
    """A value on one line, in quotes only where a reader needs them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return scalar_text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar_text(key)}: {_written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return repr(value)
