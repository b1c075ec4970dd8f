"""Read two targets, or a target and a file, and lay them side by side.

Effects: reads disk, tenants and the journal.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired import load_desired
from reconciler.flow.taking_over import whole_tenant
from reconciler.live.whole import Whole, connector_snapshot
from reconciler.model import Address, Attributes, Change, Desired
from reconciler.plan.compare import Comparison, Pairs, Thing, compared, pairs_of
from reconciler.plan.diff import diff
from reconciler.plan.tenant_wide import AUTOMATIC, PRIORITY, SUPEROFFICE, engine_attributes
from reconciler.plan.written import written_attributes
from reconciler.session import Session
from reconciler.wire import languages

NotCompared = tuple[tuple[Address, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """A target or a file; one of the two is None.

    Attributes:
        label: how it is called.
    """

    label: str
    whole: Whole | None = None
    desired: Desired | None = None

    def connectors(self) -> list[Thing]:
        """Its connectors, sorted by key."""
        if self.whole is not None:
            return [Thing(key, row.name) for key, row in self.whole.connectors().items()]
        assert self.desired is not None
        named = sorted(self.desired.connectors.items())
        return [Thing(key, one.name.value if one.name is not None else key) for key, one in named if not one.absent]

    def connections(self) -> list[Thing]:
        """Its connections, sorted by key."""
        names = {thing.key: thing.name for thing in self.connectors()}
        if self.whole is not None:
            keys = self.whole.keys.connectors
            return [
                Thing(key, languages.parse(row.name), str(names.get(keys.get(row.connector_id, ""), f"#{row.connector_id}")))
                for key, row in self.whole.connections().items()
            ]
        assert self.desired is not None
        return [
            Thing(
                key,
                one.name.value if one.name is not None else key,
                str(names.get(one.connector.value, "")) if one.connector is not None else "",
            )
            for key, one in sorted(self.desired.connections.items())
            if not one.absent
        ]

    def connector(self, key: str) -> Attributes:
        """What it says of a connector."""
        if self.whole is not None:
            return connector_snapshot(self.whole)[key]
        assert self.desired is not None
        one = self.desired.connectors[key]
        return {name: mark.value for name, mark in (("name", one.name), ("url", one.url)) if mark is not None}

    def connection(self, key: str, types: Side, its_key: str) -> Attributes:
        """What it says of a connection; a file's values are read by the types of the other side.

        The connector stands by its name, since its key is this side's own.
        """
        names = {thing.key: thing.connector for thing in self.connections()}
        if self.whole is not None:
            return {**self.whole.attributes[key], "connector": names[key]}
        assert self.desired is not None
        fields, below = None, None
        if types.whole is not None:
            row = types.whole.connections()[its_key]
            fields, below = types.whole.live.fields.get(row.connector_id), types.whole.live.mappings.get(row.id)
        written = written_attributes(self.desired.connections[key], fields, below)
        return {**written, "connector": names[key]} if "connector" in written else written


def tenant_side(session: Session, *, language: str = "en") -> Side:
    """A target, read in full.

    Raises:
        TargetError: the tenant cannot be read.
    """
    return Side(session.target.name, whole=whole_tenant(session, language))


def file_side(files: tuple[str, ...]) -> Side:
    """Files, merged.

    Raises:
        InputError: with every problem of every file.
    """
    return Side(", ".join(files), desired=load_desired([Path(name) for name in files]))


def compare(one: Side, other: Side) -> Comparison:
    """The two sides by name; nothing is written."""
    names: dict[Address, str] = {}
    changes: list[Change] = []
    hidden: list[tuple[Address, tuple[str, ...]]] = []
    narrow = "" if (one.whole is None) == (other.whole is None) else "one" if one.whole is None else "other"
    connectors = pairs_of(one.connectors(), other.connectors())
    for left, right in connectors.same:
        address = Address.connector(left)
        names[address] = _name(one.connectors(), left)
        changes += _connector_changes(address, one.connector(left), other.connector(right), narrow)
    connections = pairs_of(one.connections(), other.connections())
    for left, right in connections.same:
        address = Address.connection(left)
        names[address] = _name(one.connections(), left)
        found, unseen = compared(address, one.connection(left, other, right), other.connection(right, one, left), narrow=narrow)
        changes += found
        hidden += unseen
    changes += _tenant_wide(one, other, connections)
    differing = {change.address for change in changes}
    return Comparison(
        one=one.label,
        other=other.label,
        names=names,
        changes=tuple(changes),
        only_one=_only(one, connectors.only_one, connections.only_one),
        only_other=() if narrow == "one" else _only(other, connectors.only_other, connections.only_other),
        unclear=(*connectors.unclear, *connections.unclear),
        not_compared=tuple(hidden),
        same=sum(1 for address in names if address not in differing),
    )


def _connector_changes(address: Address, one: Attributes, other: Attributes, narrow: str) -> tuple[Change, ...]:
    if narrow:
        both = one.keys() & other.keys()
        one, other = ({key: value for key, value in side.items() if key in both} for side in (one, other))
    return diff(address, one, other)


def _name(things: list[Thing], key: str) -> str:
    name = next(thing.name for thing in things if thing.key == key)
    return name if isinstance(name, str) else name.get("en") or next(iter(name.values()), key)


def _only(side: Side, connectors: tuple[str, ...], connections: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return (
        *(("connector", _name(side.connectors(), key)) for key in connectors),
        *(("connection", _name(side.connections(), key)) for key in connections),
    )


def _tenant_wide(one: Side, other: Side, pairs: Pairs) -> list[Change]:
    """The order of those connections that both have, and automatic sync, as far as both say something of it."""
    renamed = {right: left for left, right in pairs.same}
    orders = (_order(one, {left: left for left in renamed.values()}), _order(other, renamed))
    engines = (_engine(one), _engine(other))
    changes: list[Change] = []
    if orders[0] is not None and orders[1] is not None:
        both = set(orders[0]) & set(orders[1])
        left, right = ({"order": tuple(key for key in order if key in both)} for order in orders if order is not None)
        changes += diff(PRIORITY, left, right)
    common = engines[0].keys() & engines[1].keys()
    changes += diff(AUTOMATIC, *({key: engine[key] for key in sorted(common)} for engine in engines))
    return changes


def _order(side: Side, names: Mapping[str, str]) -> list[str] | None:
    if side.whole is not None:
        keys, order = side.whole.keys.connections, side.whole.live.priority
        found = None if order is None else [SUPEROFFICE if row == 0 else keys.get(row, "") for row in order]
    else:
        assert side.desired is not None
        written = side.desired.sync_priority
        found = None if written is None else [mark.value for mark in written]
    return None if found is None else [names.get(key, key) for key in found if key in names or key == SUPEROFFICE]


def _engine(side: Side) -> Attributes:
    if side.whole is not None:
        return engine_attributes(side.whole.live.engine) if side.whole.live.engine is not None else {}
    assert side.desired is not None
    written = side.desired.automatic_sync
    marks = (("on", written.on), ("interval", written.interval_s)) if written is not None else ()
    return {name: mark.value for name, mark in marks if mark is not None}
