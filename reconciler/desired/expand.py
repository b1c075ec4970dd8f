"""Writes short forms out before layers are laid over each other, so that a short form in one file meets the long one in another.

`default: 30` becomes `default: {value: 30}`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.desired.nodes import Entry, Node, Scalar, Table
from reconciler.desired.readings import is_no_value


def expanded(root: Node) -> Node:
    """The tree of a file with every short form written out; the very same nodes where there is none."""
    root = _each(root, {"connections": lambda things: _every(things, lambda one: _each(one, {"actors": _actors}))})
    return _each(root, {"mapping_sets": lambda sets: _every(sets, _actors)})


def _actors(node: Node) -> Node:
    return _every(node, lambda actor: _each(actor, {"fields": lambda fields: _every(fields, _field)}))


def _field(node: Node) -> Node:
    return _each(node, {"default": _default})


def _default(node: Node) -> Node:
    """A plain value as the mapping it stands for. No value at all is judged as it stands, and `null` removes."""
    if not isinstance(node, Scalar) or (node.plain and is_no_value(node.text)):
        return node
    return Table({"value": Entry(node.source, node)}, node.source)


def _each(node: Node, changes: Mapping[str, Callable[[Node], Node]]) -> Node:
    """The mapping with the values of some keys changed."""
    if not isinstance(node, Table):
        return node
    changed = {
        key: Entry(entry.key, after)
        for key, change in changes.items()
        if (entry := node.entries.get(key)) is not None and (after := change(entry.value)) is not entry.value
    }
    return Table({**node.entries, **changed}, node.source) if changed else node


def _every(node: Node, change: Callable[[Node], Node]) -> Node:
    """The mapping with every value changed."""
    return _each(node, dict.fromkeys(node.entries, change)) if isinstance(node, Table) else node
