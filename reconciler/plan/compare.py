"""Lay two tenants, or a tenant and a file, side by side: what is the same by name, and where it differs.

In -> Out: two sides -> `Comparison`.
Effects: none.

Connectors are the same by name, connections by connector and name in any language they share. Ids, GUIDs and cursors are each tenant's
own. Secrets are not compared: no side shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model import HIDDEN, Address, Attributes, Change, SecretRef, Text, Value
from reconciler.plan.diff import diff, is_whole

_NEW: Mapping[str, Value] = {"crm": "", "direction": "none", "show": (), "default": {}}


@dataclass(frozen=True, slots=True)
class Thing:
    """A connector or connection on one side.

    Attributes:
        name: as the side writes it.
        connector: the name of a connection's connector; empty where a file does not say it.
    """

    key: str
    name: Text
    connector: str = ""

    def texts(self) -> frozenset[str]:
        """Every text it is known by."""
        return frozenset({self.name} if isinstance(self.name, str) else self.name.values()) - {""}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which things are the same: keys of one side and the other; and those that are not.

    Attributes:
        unclear: keys of both sides that several of the other side could be.
    """

    same: tuple[tuple[str, str], ...]
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides.

    Attributes:
        one, other: what they are called.
        names: address of `one` to its display name, for what both have.
        changes: `before` is on one side, `after` on the other; by address of `one`.
        only_one, only_other: kind and display name.
        unclear: display names that stand for several things on a side, so that nothing is compared.
        not_compared: secrets and whatever a silent connector hides.
        same: how many things both have alike.
    """

    one: str
    other: str
    names: Mapping[Address, str]
    changes: tuple[Change, ...]
    only_one: tuple[tuple[str, str], ...]
    only_other: tuple[tuple[str, str], ...]
    unclear: tuple[str, ...]
    not_compared: tuple[tuple[Address, tuple[str, ...]], ...]
    same: int

    @property
    def differs(self) -> bool:
        """Whether the two sides are not alike."""
        return bool(self.changes or self.only_one or self.only_other or self.unclear)


def pairs_of(one: Sequence[Thing], other: Sequence[Thing]) -> Pairs:
    """Pair the things of two sides. An equal name goes before a shared text; what stays ambiguous is paired with nothing."""
    left, right = list(one), list(other)
    same: list[tuple[str, str]] = []
    for test in (_equal, _shared):
        found = [(a, b) for a in left for b in right if test(a, b)]
        for a, b in found:
            if sum(1 for x, _ in found if x is a) == 1 and sum(1 for _, y in found if y is b) == 1:
                same.append((a.key, b.key))
                left.remove(a)
                right.remove(b)
    unclear = {thing.key for a in left for b in right if _shared(a, b) for thing in (a, b)}
    return Pairs(
        tuple(sorted(same)),
        tuple(thing.key for thing in left if thing.key not in unclear),
        tuple(thing.key for thing in right if thing.key not in unclear),
        tuple(sorted({_shown(a) for a in left for b in right if _shared(a, b)})),
    )


def _equal(one: Thing, other: Thing) -> bool:
    return one.name == other.name and _on_one_connector(one, other)


def _shared(one: Thing, other: Thing) -> bool:
    return bool(one.texts() & other.texts()) and _on_one_connector(one, other)


def _on_one_connector(one: Thing, other: Thing) -> bool:
    return one.connector == other.connector or "" in (one.connector, other.connector)


def _shown(thing: Thing) -> str:
    return thing.name if isinstance(thing.name, str) else thing.name.get("en") or next(iter(thing.name.values()), thing.key)


def compared(
    address: Address, one: Attributes, other: Attributes, *, narrow: str = ""
) -> tuple[tuple[Change, ...], tuple[tuple[Address, tuple[str, ...]], ...]]:
    """The differences of one thing that both have, and the paths that nobody can compare.

    Args:
        narrow: `one` or `other` where that side is a file, so that only what it writes is compared; empty where both tell everything.
    """
    left, right = _named(one), _named(other)
    if narrow == "other":
        left, right = _as_far(left, right), _ranked_over(right, left)
    elif narrow == "one":
        left, right = _ranked_over(left, right), _as_far(right, left)
    else:
        left, right = _evened(left, right), _evened(right, left)
    hidden = sorted(
        key
        for key in left.get("config", {}).keys() & right.get("config", {}).keys()
        if _is_secret(left["config"][key]) or _is_secret(right["config"][key])
    )
    changes = diff(address, _without(left, hidden), _without(right, hidden))
    return changes, tuple((address, ("config", key)) for key in hidden)


def _named(attributes: Attributes) -> dict[str, Value]:
    """Attributes without the ids behind names, which are each tenant's own."""
    made = dict(attributes)
    if "scope" in made and not made["scope"]["everyone"]:
        names = {kind: tuple(sorted(made["scope"].get(kind, {}))) for kind in ("groups", "users")}
        made["scope"] = {"everyone": False, **names}
    return made


def _is_secret(value: Value) -> bool:
    return value is HIDDEN or isinstance(value, SecretRef)


def _without(attributes: Mapping[str, Value], hidden: Sequence[str]) -> dict[str, Value]:
    config = {key: value for key, value in attributes.get("config", {}).items() if key not in hidden}
    return {**attributes, "config": config}


def _as_far(wide: Mapping[str, Value], narrow: Mapping[str, Value], path: tuple[str, ...] = ()) -> dict[str, Value]:
    """What of one side the other side mentions, inside and out."""
    return {
        key: _as_far(value, narrow[key], (*path, key))
        if isinstance(value, Mapping) and isinstance(narrow[key], Mapping) and not is_whole((*path, key))
        else value
        for key, value in wide.items()
        if key in narrow
    }


def _ranked_over(file: Mapping[str, Value], live: Mapping[str, Value]) -> dict[str, Value]:
    """What a file writes, with the order it gives: its keys first, the others as they are live."""
    actors = {}
    for name, actor in file.get("actors", {}).items():
        order = live.get("actors", {}).get(name, {}).get("rank", ())
        rank = actor.get("rank")
        actors[name] = actor if rank is None else {**actor, "rank": (*rank, *(key for key in order if key not in rank))}
    return {**file, "actors": actors}


def _evened(one: Mapping[str, Value], other: Mapping[str, Value]) -> dict[str, Value]:
    """One side with the fields that the other has too, as new ones, and without those that neither has set."""
    actors = {}
    for name, actor in one.get("actors", {}).items():
        its = other.get("actors", {}).get(name)
        if its is None:
            actors[name] = {**actor, "fields": {key: field for key, field in actor["fields"].items() if _is_set(field)}}
            continue
        keys = {key for side in (actor, its) for key, field in side["fields"].items() if _is_set(field)}
        fields = {key: actor["fields"].get(key, _NEW) for key in sorted(keys)}
        actors[name] = {**actor, "fields": fields, "rank": tuple(key for key in actor["rank"] if key in its["rank"])}
    return {**one, "actors": actors}


def _is_set(field: Mapping[str, Value]) -> bool:
    return bool(field["crm"] or field["show"] or field["default"])
