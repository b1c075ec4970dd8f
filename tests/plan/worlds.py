"""Random tenants, files and journals for the planner, built from values alone: no network, no disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from reconciler.flow.reading import normalised
from reconciler.model import (
    Address,
    Attributes,
    Binding,
    ConfigField,
    Connection,
    Connector,
    Desired,
    DesiredConnection,
    DesiredConnector,
    DesiredScope,
    FieldType,
    Limits,
    Listed,
    Live,
    Marked,
    Named,
    Plain,
    Plan,
    Recorded,
    SecretRef,
    SentSecret,
    Source,
)
from reconciler.plan import Policy, make_plan
from reconciler.plan.identity import Identity, match
from reconciler.plan.known import known_of
from reconciler.plan.plan import Inputs
from reconciler.wire import values

GROUPS = {
    1: Named(1, 'US:"Sales";NO:"Salg"'),
    2: Named(2, "Support"),
    3: Named(3, "Gone", deleted=True),
    4: Named(4, "Twin"),
    5: Named(5, "Twin"),
}
USERS = {1: Named(1, "ADMIN"), 2: Named(2, "ANNA"), 3: Named(3, "LEFT", deleted=True)}
TEXTS = ("", "Norway", "Sweden", "a;b", 'quote"quote', "Ærø", "0012")
RAW_NAMES = ("Norway", 'US:"Norway"', 'NO:"Norge";US:"Norway";', 'SW:"Norge";XX:"odd"', "Other", "")
NAMES: tuple[Any, ...] = ("Norway", "Other", {"en": "Norway"}, {"en": "Norway", "nb": "Norge"}, {"sv": "Sverige"}, {"nb": "Noreg"})
KEYS = ("Plain", "with.dot", "with['both']", 'with"quote', "$secret", "__private", "1", "Æ")
PLAINS: dict[FieldType, tuple[str, ...]] = {
    FieldType.TEXT: ("one", "two", "[I:5]"),
    FieldType.LIST: ("item1", "item2"),
    FieldType.INTEGER: ("0", "1", "-7"),
    FieldType.CHECKBOX: ("true", "false"),
    FieldType.DOUBLE: ("1", "0.5", "-2.25"),
    FieldType.DATE: ("2026-01-31", "2026-01-31T10:00:00"),
}
RAWS = ("", "one", "[I:0]", "[I:1]", "1", "true", "[F:0.50]", "[F:0.5]", "[D:31.01.2026]", "[DT:01/31/2026 00:00:00.0000000]")
SECRETS = (SecretRef("env", "ONE"), SecretRef("env", "ONE", "2"), SecretRef("file", "two.txt", "1"))


@dataclass(frozen=True)
class World:
    """Everything that a plan is made from."""

    desired: Desired
    live: Live
    recorded: Recorded
    policy: Policy

    @property
    def identity(self) -> Identity:
        return match(self.desired, self.live, self.recorded)

    @property
    def known(self) -> Recorded:
        identity = self.identity
        rows = {one.address: identity.connections.get(one.address) for one in self.desired.connections.values()}
        return known_of(self.recorded, {str(address): row.guid if row else "" for address, row in rows.items()})

    @property
    def before(self) -> dict[Address, Attributes]:
        return normalised(self.desired, self.live, self.identity, self.known)

    def planned(self) -> Plan:
        """The plan, as `flow` would make it of the same reading."""
        return make_plan(
            Inputs(
                desired=self.desired,
                live=self.live,
                identity=self.identity,
                before=self.before,
                recorded=self.known,
                policy=self.policy,
                tool_version="0",
                created="2026-01-01T00:00:00+00:00",
                expires="2026-01-02T00:00:00+00:00",
                permissions=("delete=connection/a",),
            )
        )


def mark(value: Any, line: int = 1) -> Marked[Any]:
    return Marked(value, Source("connections.yaml", line, 3))


@st.composite
def _fields(draw: st.DrawFn) -> tuple[ConfigField, ...]:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    return tuple(
        ConfigField(
            key,
            draw(st.sampled_from([*PLAINS, FieldType.PASSWORD, FieldType.LABEL])),
            mandatory=draw(st.booleans()),
            default=draw(st.sampled_from(["", "one", "[I:1]", "<tag>"])),
        )
        for key in keys
    )


@st.composite
def lives(draw: st.DrawFn) -> Live:
    """A reading of a tenant with up to three connectors and four connections."""
    connectors = {
        key: Connector(key, draw(st.sampled_from(["One", "Two", "Old"])), f"https://{draw(st.sampled_from('ab'))}.example.com/x")
        for key in range(11, 11 + draw(st.integers(0, 3)))
    }
    rows = {}
    for key in range(101, 101 + (draw(st.integers(0, 4)) if connectors else 0)):
        everyone = draw(st.booleans())
        rows[key] = Connection(
            id=key,
            guid=f"00000000-0000-0000-0000-{key:012}",
            connector_id=draw(st.sampled_from(sorted(connectors))),
            name=draw(st.sampled_from(RAW_NAMES)),
            description=draw(st.sampled_from([*RAW_NAMES, *TEXTS])),
            active=draw(st.booleans()),
            deleted=draw(st.integers(0, 4)) == 0,
            cursor="tx-1",
            everyone=everyone,
            groups=draw(st.sampled_from([(), (1,), (1, 2, 4), (3, 5)])),
            users=draw(st.sampled_from([(), (1,), (2, 3)])),
            config=draw(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(RAWS), max_size=4)),
        )
    return Live(
        connectors=connectors,
        listed=tuple(Listed(row.id, row.name) for row in rows.values() if not row.deleted),
        connections=rows,
        fields={key: draw(st.one_of(st.none(), _fields(), _fields())) for key in connectors},
        groups=GROUPS,
        users=USERS,
    )


@st.composite
def _scopes(draw: st.DrawFn) -> DesiredScope:
    if draw(st.booleans()):
        return DesiredScope(everyone=True)
    groups = draw(st.lists(st.sampled_from(["Sales", "Support", "#1", "#4"]), unique=True, max_size=3))
    return DesiredScope(
        everyone=False, groups=tuple(map(mark, groups)), users=tuple(map(mark, draw(st.sets(st.sampled_from(["ANNA", "#1"])))))
    )


@st.composite
def _desired_config(draw: st.DrawFn, fields: tuple[ConfigField, ...] | None) -> dict[str, Marked[Any]]:
    """Mostly what fits the declared types, so that plans come about; sometimes what does not."""
    config: dict[str, Marked[Any]] = {}
    for one in fields if fields is not None else [ConfigField(key, FieldType.TEXT) for key in KEYS[:3]]:
        if one.type is FieldType.PASSWORD:
            config[one.key] = mark(draw(st.sampled_from(SECRETS)))
        elif one.type is not FieldType.LABEL and draw(st.integers(0, 3)) > 0:
            config[one.key] = mark(Plain(draw(st.sampled_from(PLAINS[one.type])), quoted=True))
    if draw(st.integers(0, 20)) == 0:
        config[draw(st.sampled_from(KEYS))] = mark(Plain("stray"))
    return config


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A tenant, a file that has something to do with it, and a journal that may know some of it."""
    live = draw(lives())
    names = draw(st.lists(st.sampled_from(["One", "Two", "Three"]), unique=True, min_size=1, max_size=2))
    connectors = {
        name.lower(): DesiredConnector(
            name.lower(),
            Source("connections.yaml", 2 + at),
            name=mark(name),
            url=mark(f"https://{draw(st.sampled_from('abc'))}.example.com/x"),
            identifies_erp=(mark("Plain"),),
            protect=draw(st.booleans()),
        )
        for at, name in enumerate(names)
    }
    ids = {row.name: row.id for row in live.connectors.values()}
    connections = {}
    for at, key in enumerate("abc"[: draw(st.integers(0, 3))]):
        source = Source("connections.yaml", 10 + at)
        if draw(st.integers(0, 5)) == 0:
            connections[key] = DesiredConnection(key, source, absent=True, protect=draw(st.booleans()))
            continue
        connector = draw(st.sampled_from(sorted(connectors)))
        fields = live.fields.get(ids.get(connector.capitalize(), 0))
        connections[key] = DesiredConnection(
            key,
            source,
            name=mark(draw(st.sampled_from(NAMES))),
            description=draw(st.none() | st.sampled_from([*TEXTS, *NAMES]).map(mark)),
            connector=mark(connector),
            active=draw(st.none() | st.booleans().map(mark)),
            scope=mark(draw(_scopes())),
            config=draw(_desired_config(fields)),
            protect=draw(st.booleans()),
        )
    return World(Desired("en", connectors, connections, digest="d"), live, draw(_journals(live)), draw(_policies()))


@st.composite
def _journals(draw: st.DrawFn, live: Live) -> Recorded:
    rows = list(live.connections.values())
    bindings = {}
    for key in "abc":
        if len(rows) > 0 and draw(st.booleans()):
            row = draw(st.sampled_from(rows))
            bindings[f"connection/{key}"] = Binding(row.id, row.guid)
    known = sorted(bindings)
    sent = {
        (address, key): SentSecret(draw(st.sampled_from(SECRETS)), "f", draw(st.sampled_from(["", "s"])), draw(st.booleans()))
        for address in known
        for key in draw(st.sets(st.sampled_from(KEYS), max_size=3))
    }
    return Recorded(
        bindings=bindings,
        secrets=sent,
        applied=frozenset(draw(st.sets(st.sampled_from(known)))) if known else frozenset(),
        ever_activated=frozenset(draw(st.sets(st.sampled_from(known)))) if known else frozenset(),
        elsewhere={rows[0].guid: "other"} if len(rows) > 0 and draw(st.booleans()) else {},
    )


@st.composite
def _policies(draw: st.DrawFn) -> Policy:
    limit = st.none() | st.integers(0, 3) | st.sampled_from([0.0, 0.5, 1.0])
    return Policy(
        "t", Limits(draw(limit), draw(limit), draw(limit)), frozenset(draw(st.sets(st.sampled_from(["takes-over"])))), draw(st.booleans())
    )


def shuffled(draw: st.DrawFn, mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    """The same mapping in another order."""
    return dict(draw(st.permutations(list(mapping.items()))))


@st.composite
def twins(draw: st.DrawFn) -> tuple[World, World]:
    """One world, told in two orders."""
    one = draw(worlds())
    live, desired, recorded = one.live, one.desired, one.recorded
    other = World(
        replace(
            desired,
            connectors=shuffled(draw, desired.connectors),
            connections={
                key: replace(connection, config=shuffled(draw, connection.config))
                for key, connection in shuffled(draw, desired.connections).items()
            },
        ),
        replace(
            live,
            connectors=shuffled(draw, live.connectors),
            connections={key: replace(row, config=shuffled(draw, row.config)) for key, row in shuffled(draw, live.connections).items()},
            fields=shuffled(draw, live.fields),
            groups=shuffled(draw, GROUPS),
            users=shuffled(draw, USERS),
        ),
        replace(recorded, bindings=shuffled(draw, recorded.bindings), secrets=shuffled(draw, recorded.secrets)),
        one.policy,
    )
    return one, other


def elsewhere(world: World) -> World:
    """The same world, everything in the file some lines further down."""

    def moved(value: Any) -> Any:
        if isinstance(value, Marked):
            inner = value.value
            if isinstance(inner, DesiredScope):
                inner = replace(inner, groups=tuple(map(moved, inner.groups)), users=tuple(map(moved, inner.users)))
            return Marked(inner, Source("other.yaml", value.source.line + 7, 1))
        return value

    def moved_thing(thing: Any) -> Any:
        parts = {
            name: moved(getattr(thing, name))
            for name in ("name", "url", "description", "connector", "active", "scope")
            if hasattr(thing, name)
        }
        if hasattr(thing, "config"):
            parts["config"] = {key: moved(value) for key, value in thing.config.items()}
        return replace(thing, source=Source("other.yaml", thing.source.line + 7), **parts)

    desired = world.desired
    return replace(
        world,
        desired=replace(
            desired,
            connectors={key: moved_thing(one) for key, one in desired.connectors.items()},
            connections={key: moved_thing(one) for key, one in desired.connections.items()},
        ),
    )


def decoded(text: str, field_type: FieldType) -> Any:
    """What a quoted scalar of the file means."""
    return values.from_plain(text, quoted=True, field_type=field_type)
