"""What earlier files write, as a document of the same form as a dump, so that the two can be told apart.

In -> Out: desired state and the attributes that it writes -> document.
Effects: none.

Things that a tenant cannot show (protection, former names, what happens to fields not listed) are left out: an overlay leaves them alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.live.document import Entry, Scalar, Table, Value, flag, inline, text, texts
from reconciler.live.dump import Dump, duration, scope_value, secret
from reconciler.live.dump_actors import actor_facts, actor_table, scalar
from reconciler.model import ACTOR_TYPES, Address, Attributes, Connection, Desired, FieldType, SecretRef


def base_document(desired: Desired, dump: Dump, rows: Mapping[str, Connection]) -> Table:
    """What the files write, without what they ask to be absent.

    Args:
        dump: with the attributes that the files write in `base`.
        rows: the live rows by the files' keys.
    """
    connectors = [
        Entry(key, Table(tuple(Entry(name, text(mark.value)) for name, mark in (("name", one.name), ("url", one.url)) if mark is not None)))
        for key, one in sorted(desired.connectors.items())
        if not one.absent
    ]
    connections = []
    for key, one in sorted(desired.connections.items()):
        if one.absent:
            continue
        row = rows.get(key)
        table = _connection(dump, dump.base[key], row)
        if one.id is not None:
            same = row is not None and row.guid.lower() == one.id.value.lower()
            table = Table((Entry("id", text(row.guid if same and row is not None else one.id.value)), *table.entries))
        connections.append(Entry(key, table))
    entries = [
        Entry("version", Scalar("1", bare=True)),
        Entry("language", text(desired.language)),
        Entry("connectors", Table(tuple(connectors))),
        Entry("connections", Table(tuple(connections))),
    ]
    if desired.sync_priority is not None:
        entries.append(Entry("sync_priority", texts(mark.value for mark in desired.sync_priority)))
    if desired.automatic_sync is not None:
        on, interval = desired.automatic_sync.on, desired.automatic_sync.interval_s
        entries.append(
            Entry(
                "automatic_sync",
                inline(
                    on=flag(on.value) if on is not None else None,
                    interval=text(duration(int(interval.value))) if interval is not None else None,
                ),
            )
        )
    return Table(tuple(entries))


def _connection(dump: Dump, attributes: Attributes, row: Connection | None) -> Table:
    entries = [Entry(name, _text(attributes[name])) for name in ("name", "description") if name in attributes]
    if "connector" in attributes:
        entries.append(Entry("connector", text(Address.parse(attributes["connector"]).key)))
    if "active" in attributes:
        entries.append(Entry("active", flag(attributes["active"])))
    if "scope" in attributes:
        scope = scope_value(attributes["scope"], dump.rules)
        entries += [Entry("scope", scope)] if scope is not None else []
    live = dump.whole.live
    types = {one.key: one.type for one in (live.fields.get(row.connector_id) or () if row is not None else ())}
    config = [
        Entry(key, secret(value) if isinstance(value, SecretRef) else scalar(value, types.get(key, FieldType.TEXT)))
        for key, value in attributes["config"].items()
    ]
    entries += [Entry("config", Table(tuple(config)))] if config else []
    below = live.mappings.get(row.id) if row is not None else None
    actors = []
    for name in ACTOR_TYPES:
        if name in attributes["actors"] and below is not None:
            facts, actor = actor_facts(below, name, dump.whole.language, dump.rules), attributes["actors"][name]
            actors.append(Entry(name, actor_table(actor, facts, complete=True, first=actor.get("rank", ()))))
    entries += [Entry("actors", Table(tuple(actors)))] if actors else []
    return Table(tuple(entries))


def _text(value: str | Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return text(value)
    return Table(tuple(Entry(code, text(one)) for code, one in value.items()), inline=True)
