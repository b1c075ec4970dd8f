"""Turns a merged tree into the model.

In -> Out: a tree that was held against the schema, with the mapping sets laid under the connections -> `Desired`, without its
files and digest; values that cannot be used are left out, and a problem says why.
Effects: none.
"""

from __future__ import annotations

from reconciler.desired import fields
from reconciler.desired.actors import ActorReader
from reconciler.desired.durations import seconds
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Entry, Node, Scalar, Table
from reconciler.desired.permits import permits
from reconciler.model import Address, AutomaticSync, Desired, DesiredConnection, DesiredConnector, DesiredScope, Marked
from reconciler.wire import timespan
from reconciler.wire.languages import LanguageError, iso

DEFAULT_LANGUAGE = "en"


def build(root: Node, findings: Findings) -> Desired:
    """The model of a merged tree; entries that are no mappings count as written without attributes, so that references to them hold."""
    top = root if isinstance(root, Table) else Table({}, root.source)
    actors = ActorReader(findings)
    for _, entry in _entries(top, "mapping_sets"):  # first, so that what is wrong in a set belongs to no connection, used or not
        actors.read(entry.value, None)
    return Desired(
        language=_language(top.get("language")),
        connectors={key: _connector(key, entry, findings) for key, entry in _entries(top, "connectors")},
        connections={key: _connection(key, entry, actors, findings) for key, entry in _entries(top, "connections")},
        sync_priority=fields.names(top.get("sync_priority")),
        automatic_sync=_automatic_sync(top.entries.get("automatic_sync"), findings),
        permits=permits(top.get("permits"), findings),
    )


def _entries(top: Table, kind: str) -> list[tuple[str, Entry]]:
    things = top.get(kind)
    return sorted(things) if isinstance(things, Table) else []


def _language(node: Node | None) -> str:
    try:
        return iso(node.text) if isinstance(node, Scalar) else DEFAULT_LANGUAGE
    except LanguageError:
        return DEFAULT_LANGUAGE  # reported with the schema


def _connector(key: str, entry: Entry, findings: Findings) -> DesiredConnector:
    address, node = Address.connector(key), entry.value
    written = node if isinstance(node, Table) else Table({}, node.source)
    return DesiredConnector(
        key=key,
        source=entry.key,
        name=fields.one_name(written.get("name"), address, findings),
        url=fields.url(written.get("url"), address, findings),
        identifies_erp=fields.texts(written.get("identifies_erp")) or (),
        renamed_from=fields.text(written.get("renamed_from")),
        moved_from=fields.text(written.get("moved_from")),
        absent=_is_set(written.get("absent")),
        protect=_is_set(written.get("protect")),
    )


def _connection(key: str, entry: Entry, actors: ActorReader, findings: Findings) -> DesiredConnection:
    address, node = Address.connection(key), entry.value
    written = node if isinstance(node, Table) else Table({}, node.source)
    config = written.get("config")
    values = {
        name: fields.config_value(name, field.value, address, findings) for name, field in (config if isinstance(config, Table) else ())
    }
    return DesiredConnection(
        key=key,
        source=entry.key,
        id=fields.text(written.get("id")),
        name=fields.languages(written.get("name"), "name", address, findings),
        description=fields.languages(written.get("description"), "description", address, findings),
        connector=fields.text(written.get("connector")),
        active=fields.flag(written.get("active")),
        scope=_scope(written.get("scope"), address, findings),
        config={name: value for name, value in sorted(values.items()) if value is not None},
        actors=actors.read(written.get("actors"), address),
        renamed_from=fields.text(written.get("renamed_from")),
        moved_from=fields.text(written.get("moved_from")),
        absent=_is_set(written.get("absent")),
        protect=_is_set(written.get("protect")),
    )


def _scope(node: Node | None, address: Address, findings: Findings) -> Marked[DesiredScope] | None:
    if isinstance(node, Scalar):
        return Marked(DesiredScope(everyone=True), node.source) if node.text == "everyone" else None
    if not isinstance(node, Table):
        return None
    groups = fields.texts(node.get("groups")) if "groups" in node.entries else ()
    users = fields.texts(node.get("users")) if "users" in node.entries else ()
    if groups is None or users is None or not {"groups", "users"} >= set(node.entries):
        return None
    if not groups and not users:
        message = "This scope names neither a group nor a user, so nobody could use the connection."
        findings.add("empty-scope", message, node.source, "Write `scope: everyone`, or at least one group or user.", address)
        return None
    return Marked(DesiredScope(everyone=False, groups=groups, users=users), node.source)


def _automatic_sync(entry: Entry | None, findings: Findings) -> AutomaticSync | None:
    if entry is None or not isinstance(entry.value, Table):
        return None
    interval = entry.value.get("interval")
    length = seconds(interval.text) if isinstance(interval, Scalar) else None
    if length is not None and length > timespan.LONGEST:
        message = "An interval of a day or more is not sent: servers read `24:00:00` as one day or as 24 days."
        hint = "Write less than `24h`, or leave `interval` out and set it in SuperOffice."
        findings.add("out-of-range", message, interval.source if interval else None, hint, Address(("automatic-sync",)))
    marked = None if length is None or interval is None else Marked(int(length), interval.source)
    return AutomaticSync(source=entry.key, on=fields.flag(entry.value.get("on")), interval_s=marked)


def _is_set(node: Node | None) -> bool:
    value = fields.flag(node)
    return value is not None and value.value
