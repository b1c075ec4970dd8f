"""The steps for what lies below a connection: mappings, list items, defaults, order.

One save per actor type with changed mappings, then one for its list items (lists exist for mapped fields only). Defaults and
order of fields that exist are written while the connection is active, before the window; those of fields that a refresh brings,
and all of a creation, after it. Source: the vendor's manual asks for an inactive connection before field and list mappings, and
says no such thing of defaults, rank and priority (editions of 2022).

In -> Out: what changes below a connection -> steps in order.
Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model import Act, Address, Attributes, Step, Why

MAPPING = frozenset({"sync", "crm", "direction", "show"})
ITEMS = frozenset({"items"})
MAPPED = MAPPING | ITEMS
DEFAULT = frozenset({"default"})
RANK = frozenset({"rank"})


@dataclass(frozen=True, slots=True)
class Below:
    """What the steps are made from.

    Attributes:
        sets: the connection's attributes that differ.
        late: (actor, field key) that exist only after the refresh.
        creates: the connection is created, so everything is late.
    """

    address: Address
    sets: Attributes
    late: frozenset[tuple[str, str]]
    creates: bool
    has_window: bool

    @property
    def actors(self) -> tuple[str, ...]:
        """Actor types with a change, sorted."""
        return tuple(sorted(self.sets.get("actors", {})))

    def is_late(self, actor: str, key: str) -> bool:
        """Whether a field exists only after the refresh."""
        return self.creates or (actor, key) in self.late


def parts_of(sets: Attributes, actor: str) -> frozenset[str]:
    """Which parts of an actor type are written: `sync`, `rank`, and of its fields `crm`, `direction`, `show`, `items`, `default`."""
    change = sets.get("actors", {}).get(actor, {})
    return frozenset({key for key in change if key != "fields"} | {part for field in change.get("fields", {}).values() for part in field})


def only(sets: Attributes, actor: str, parts: frozenset[str], field: str | None = None) -> Attributes:
    """What `sets` writes of one actor type, cut down to some parts (and to one field); empty when nothing is left."""
    change = sets.get("actors", {}).get(actor, {})
    fields = {
        key: {part: value for part, value in written.items() if part in parts}
        for key, written in change.get("fields", {}).items()
        if field in (None, key) and parts & written.keys()
    }
    found = {key: value for key, value in change.items() if key in parts and field is None}
    if fields:
        found["fields"] = fields
    return {"actors": {actor: found}} if found else {}


def mapping_steps(below: Below) -> list[Step]:
    """A save per actor type with changed mappings, then one per actor type with changed list items."""
    checked = "a read shows the mappings, and every field that was not changed as it was"
    steps = []
    for act, parts, check, inverse in (
        (Act.MAP, MAPPING, checked, "save the observed mappings"),
        (Act.ITEMS, ITEMS, "a read shows the pairs", "save the observed pairs"),
    ):
        for actor in below.actors:
            sets = only(below.sets, actor, parts)
            if sets:
                steps.append(_step(below, act, sets, check, inverse, calls=3, window=True))
    return steps


def orders_and_defaults(below: Below, *, late: bool) -> list[Step]:
    """A save per changed default, then the moves of each changed order."""
    steps = []
    for actor in below.actors:
        for key in sorted(below.sets["actors"][actor].get("fields", {})):
            sets = only(below.sets, actor, DEFAULT, key)
            if sets and below.is_late(actor, key) is late:
                check, inverse = "a read shows the default", "save the observed default"
                steps.append(_step(below, Act.DEFAULT, sets, check, inverse, calls=2, window=late))
    for actor in below.actors:
        sets = only(below.sets, actor, RANK)
        order_is_late = below.creates or any(owner == actor for owner, _ in below.late)
        if sets and order_is_late is late:
            check, inverse = "a read after each move shows the fields in this order", "move them back, one place at a time"
            steps.append(_step(below, Act.RANK, sets, check, inverse, calls=2, window=late))
    return steps


def _step(below: Below, act: Act, sets: Attributes, check: str, inverse: str, *, calls: int, window: bool) -> Step:
    why = Why.CREATED if below.creates else Why.DESIRED
    return Step(0, act, below.address, why, {}, sets, check, inverse, calls=calls, in_window=below.has_window and window)
