"""Which live row an address stands for; never a guess.

For a connection the first of these that is written or recorded decides, without falling through: the `id` in the file,
the journal's binding (of this key, or of `moved_from`), the name, `renamed_from`. For a connector: binding, name,
`renamed_from`; never its URL. A connection that no other binding finds stands for the row that a move was to replace and that
is still there: that move was rolled back.

In -> Out: desired, live, recorded -> `Identity`.
Effects: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.model import (
    Address,
    Binding,
    Connection,
    Connector,
    Desired,
    DesiredConnection,
    DesiredConnector,
    Live,
    Problem,
    Recorded,
    Source,
    Text,
)
from reconciler.wire import languages


@dataclass(slots=True)
class Identity:
    """The result of matching.

    Attributes:
        connectors, connections: address to its live row; a desired address that is missing here does not exist yet.
        recreated: addresses whose bound row was deleted or is gone.
        replaced: addresses whose live row is on another connector than the file asks for, with that row.
        by_name: addresses that neither an `id` nor a binding ties to their live row.
        problems: ambiguous or impossible identities.
    """

    connectors: dict[Address, Connector] = field(default_factory=dict)
    connections: dict[Address, Connection] = field(default_factory=dict)
    recreated: set[Address] = field(default_factory=set)
    replaced: dict[Address, Connection] = field(default_factory=dict)
    by_name: set[Address] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def connector_address(self, connector_id: int) -> str:
        """How plans call a live connector: its address, or `#<id>` when the file does not name it."""
        for address, row in self.connectors.items():
            if row.id == connector_id:
                return str(address)
        return f"#{connector_id}"


class Rows:
    """Connections that are not deleted, found by a text of their name or by GUID without a look at each of them."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self._by_text: defaultdict[str, list[Connection]] = defaultdict(list)
        self._by_guid: defaultdict[str, list[Connection]] = defaultdict(list)
        for row in sorted(connections, key=lambda one: one.id):
            if not row.deleted:
                self._by_guid[row.guid.lower()].append(row)
                for text in _texts(row.name):
                    self._by_text[text].append(row)

    def with_guid(self, guid: str) -> list[Connection]:
        """The rows of one GUID, by id; more than one after somebody copied rows."""
        return self._by_guid.get(guid.lower(), [])

    def with_any_text(self, declared: Text) -> list[Connection]:
        """The rows that have one of these texts, in whatever language, by id."""
        texts = (declared,) if isinstance(declared, str) else declared.values()
        found = {row.id: row for text in texts for row in self._by_text.get(text, ())}
        return [found[key] for key in sorted(found)]


def match(desired: Desired, live: Live, recorded: Recorded) -> Identity:
    """Match every desired address with at most one live row, and every live row with at most one address."""
    identity = Identity()
    for connector in sorted(desired.connectors.values(), key=lambda one: one.key):
        _match_connector(connector, live, recorded, identity)
    rows = Rows(live.connections.values())
    for connection in sorted(desired.connections.values(), key=lambda one: one.key):
        _match_connection(connection, desired.language, live, rows, recorded, identity)
    _let_the_deleted_go(identity, desired)
    _refuse_shared_rows(identity, desired)
    _find_replaced(desired, rows, recorded, identity)
    return identity


def name_matches(declared: Text, raw: str, language: str) -> bool:
    """Whether a declared name identifies a live raw name.

    A mapping matches when one of its languages has the same text live, or when the live text is plain and equal to one of
    them. A plain text matches a plain live text, or the live text in the file's language.
    """
    live = languages.parse(raw)
    if isinstance(declared, str):
        return declared == live if isinstance(live, str) else live.get(language) == declared
    if isinstance(live, str):
        return live in declared.values()
    return any(live.get(code) == text for code, text in declared.items())


def _bound(address: Address, moved_from: str | None, recorded: Recorded) -> Binding | None:
    binding = recorded.bindings.get(str(address))
    if binding is None and moved_from is not None:
        binding = recorded.bindings.get(str(Address((address.kind, moved_from))))
    return binding


def _match_connector(one: DesiredConnector, live: Live, recorded: Recorded, identity: Identity) -> None:
    binding = _bound(one.address, one.moved_from.value if one.moved_from else None, recorded)
    if binding is not None:
        row = live.connectors.get(binding.id)
        if row is None or row.deleted:
            identity.recreated.add(one.address)
        else:
            identity.connectors[one.address] = row
        return
    for wanted in (one.name, one.renamed_from):
        if wanted is None:
            continue
        rows = [row for _, row in sorted(live.connectors.items()) if row.name == wanted.value and not row.deleted]
        if len(rows) > 1:
            identity.problems.append(_ambiguous(one.address, [wanted.value], wanted.source, [row.id for row in rows], "connectors"))
        if rows:
            identity.connectors[one.address] = rows[0]
            identity.by_name.add(one.address)
            return


def _match_connection(one: DesiredConnection, language: str, live: Live, rows: Rows, recorded: Recorded, identity: Identity) -> None:
    if one.id is not None:
        _match_by_guid(one, rows, identity)
        return
    binding = _bound(one.address, one.moved_from.value if one.moved_from else None, recorded)
    left = _left_by_a_move(one, rows, recorded)
    if binding is None and left is not None:
        identity.connections[one.address] = left
        return
    if binding is not None:
        row = live.connections.get(binding.id)
        if row is None or row.deleted or row.guid.lower() != binding.guid.lower():
            identity.recreated.add(one.address)
        else:
            identity.connections[one.address] = row
        return
    for wanted, in_its_language in ((one.name, True), (one.renamed_from, False)):
        if wanted is None:
            continue
        found = _on_its_connector(one, rows.with_any_text(wanted.value), identity)
        if in_its_language:
            found = [row for row in found if name_matches(wanted.value, row.name, language)]
        if len(found) > 1:
            texts = [wanted.value] if isinstance(wanted.value, str) else list(wanted.value.values())
            identity.problems.append(_ambiguous(one.address, texts, wanted.source, [row.id for row in found], "connections"))
        if found:
            identity.connections[one.address] = found[0]
            identity.by_name.add(one.address)
            return


def _texts(raw: str) -> set[str]:
    parsed = languages.parse(raw)
    return {parsed} if isinstance(parsed, str) else {raw, *parsed.values()}


def _on_its_connector(one: DesiredConnection, rows: list[Connection], identity: Identity) -> list[Connection]:
    if one.connector is None:
        return rows
    connector = identity.connectors.get(Address.connector(one.connector.value))
    return [row for row in rows if connector is not None and row.connector_id == connector.id]


def _match_by_guid(one: DesiredConnection, rows: Rows, identity: Identity) -> None:
    assert one.id is not None
    found = rows.with_guid(one.id.value)
    if found:
        identity.connections[one.address] = found[0]
    elif not one.absent:
        identity.problems.append(
            Problem(
                "unknown-id",
                f"No live connection has the id {one.id.value}.",
                one.id.source,
                "Take the line out to match by name, or write the GUID that `reconciler status` shows.",
                one.address,
            )
        )


def _ambiguous(address: Address, texts: list[str], source: Source, ids: list[int], what: str) -> Problem:
    listed, called = ", ".join(f"#{key}" for key in ids), " or ".join(map(repr, texts))
    return Problem(
        "ambiguous-name",
        f"{len(ids)} live {what} are called {called} ({listed}), so it is not clear which one {address} means.",
        source,
        "Write the GUID of the right one as `id:`." if what == "connections" else "Rename one of them in SuperOffice first.",
        address,
    )


def _let_the_deleted_go(identity: Identity, desired: Desired) -> None:
    """What is to be absent and was found by name only gives way to an address that is tied to the row.

    Once its own row is deleted, an entry that stays in the file means no other row which got the name since.
    """
    everything: list[DesiredConnector | DesiredConnection] = [*desired.connectors.values(), *desired.connections.values()]
    absent = {one.address for one in everything if one.absent} & identity.by_name
    for rows in (identity.connectors, identity.connections):
        tied = {row.id for address, row in rows.items() if address not in identity.by_name}
        for address in [address for address, row in rows.items() if address in absent and row.id in tied]:
            del rows[address]


def _refuse_shared_rows(identity: Identity, desired: Desired) -> None:
    sources: dict[Address, Source] = {one.address: one.source for one in desired.connectors.values()}
    sources |= {one.address: one.source for one in desired.connections.values()}
    for rows in (identity.connectors, identity.connections):
        owners: dict[int, Address] = {}
        for address, row in rows.items():
            first = owners.setdefault(row.id, address)
            if first != address:
                identity.problems.append(
                    Problem(
                        "claimed-twice",
                        f"{first} and {address} both stand for the live row #{row.id}.",
                        sources.get(address),
                        "Give each its own name or `id:`, or take one out.",
                        address,
                    )
                )


def keys_of(one: DesiredConnection) -> tuple[Address, ...]:
    """Under which addresses the journal may know it: its own, then the one that it moved away from."""
    return (one.address, *([Address.connection(one.moved_from.value)] if one.moved_from else []))


def _left_by_a_move(one: DesiredConnection, rows: Rows, recorded: Recorded) -> Connection | None:
    """The live row that a move of this connection was to delete, and did not."""
    binding = next((recorded.bindings[text] for key in keys_of(one) if (text := str(key.replaced)) in recorded.bindings), None)
    there = rows.with_guid(binding.guid) if binding is not None else []
    return next((row for row in there if binding is not None and row.id == binding.id), None)


def _find_replaced(desired: Desired, rows: Rows, recorded: Recorded, identity: Identity) -> None:
    claimed = {row.id for row in identity.connections.values()}
    for one in desired.connections.values():
        row = identity.connections.get(one.address)
        if one.connector is None or one.absent:
            continue
        wanted = identity.connectors.get(Address.connector(one.connector.value))
        home = wanted.id if wanted is not None else None
        left = _left_by_a_move(one, rows, recorded)
        if left is not None and left.id not in claimed:
            _go_on_with_move(one, left, home, identity)
        elif row is not None and row.connector_id != home:
            identity.replaced[one.address] = identity.connections.pop(one.address)


def _go_on_with_move(one: DesiredConnection, left: Connection, home: int | None, identity: Identity) -> None:
    """A move that stopped halfway left its old row beside the new one, which may be gone by now."""
    row = identity.connections.get(one.address)
    if row is None and left.connector_id == home:
        identity.connections[one.address] = left
        identity.recreated.discard(one.address)
    elif row is None or row.connector_id == home:
        identity.replaced[one.address] = left
    else:
        text = f"Since a move of {one.address} stopped halfway it has two rows, and the newer (#{row.id}) is not on this connector."
        hint = f"Name the connector of #{row.id} and apply that, which deletes #{left.id}; or delete one of the two in SuperOffice."
        identity.problems.append(Problem("claimed-twice", text, one.source, hint, one.address))
