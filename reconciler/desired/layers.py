"""Which parts of a file merge when one layer lies over another, and what a layer takes away from those below it.

The same table serves files over files (`overlay`), connections over their mapping sets (`sets`) and the account of who won
(`explain`). `*` is any key. A mapping at a place that is not in the table replaces the earlier value as a whole.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.desired.nodes import Node, Scalar, Table

Shape = Mapping[str, Any]

ANY: Final = "*"
ACTORS: Final[Shape] = {ANY: {"fields": {ANY: {"items": {}}}}}
FILE: Final[Shape] = {
    "connectors": {ANY: {}},
    "connections": {ANY: {"name": {}, "description": {}, "config": {}, "actors": ACTORS}},
    "mapping_sets": {ANY: ACTORS},
    "automatic_sync": {},
}
THINGS: Final = ("connectors", "connections", "mapping_sets")
"""The mappings of a file whose entries stand on their own, and are checked on their own."""

BESIDE_ABSENT: Final = frozenset({"id", "name", "connector", "renamed_from", "moved_from", "protect", "absent"})
OF_A_MAPPING: Final = ("direction", "items", "items_not_listed")
"""What means nothing for a field that is not mapped."""


def below(shape: Shape, key: str) -> Shape | None:
    """The table for the value of a key; None where that value replaces as a whole."""
    found: Shape | None = shape.get(key, shape.get(ANY))
    return found


def is_field(shape: Shape) -> bool:
    """Whether the mapping that this table is for is what stands below the key of an ERP field."""
    return "items" in shape


def voided(later: Table, shape: Shape, depth: int) -> frozenset[str] | None:
    """The keys of the earlier layer that a later one makes meaningless; None when it is all of them except what identifies a thing.

    A later `absent: true` leaves only what identifies the thing, since what is to be deleted has no other attributes. A later
    `crm: ""` unmaps the field, and takes the direction and the items away that an earlier layer gave it.

    Args:
        later: what lies on top.
        shape: the table for it.
        depth: how many keys above it.
    """
    if depth == 2 and _is_true(later.get("absent")):
        return None
    if is_field(shape) and _is_empty_text(later.get("crm")):
        return frozenset(OF_A_MAPPING)
    return frozenset()


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text == "true"


def _is_empty_text(node: Node | None) -> bool:
    return isinstance(node, Scalar) and not node.plain and node.text == ""
