"""One reading of a tenant for a plan: which row each address stands for, and everything that is compared, in as few calls as that takes.

Effects: reads the tenant.
Neighbours: called by `planning` and by commands that look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from reconciler.flow.choosing import with_choices
from reconciler.live import connection_attributes, connector_attributes, read_live
from reconciler.live.actors import actors_attributes
from reconciler.live.mappings import WantedActors, read_mappings
from reconciler.model import (
    HIDDEN,
    Address,
    Attributes,
    Connection,
    Desired,
    DesiredConnection,
    DesiredField,
    Live,
    Plain,
    Recorded,
    SecretRef,
    SentSecret,
    Value,
    Wanted,
    same,
)
from reconciler.plan.declared import undeclared_value
from reconciler.plan.identity import Identity, keys_of, match
from reconciler.plan.tenant_wide import AUTOMATIC, PRIORITY, engine_attributes, priority_attributes
from reconciler.session import Session
from reconciler.wire import values

__all__ = ["guids_of", "normalised", "read_and_match"]


def guids_of(desired: Desired, identity: Identity) -> dict[str, str]:
    """The GUID of the live row that each address stands for; empty where there is none yet."""
    rows = {one.address: identity.connections.get(one.address) for one in desired.connections.values()}
    rows |= {address.replaced: row for address, row in identity.replaced.items()}
    return {str(address): row.guid if row is not None else "" for address, row in rows.items()}


def read_and_match(session: Session, desired: Desired, recorded: Recorded) -> tuple[Live, Identity]:
    """One reading of the tenant, and which row each address stands for.

    A creation has to see every row that it might duplicate, and a URL that changes every connection behind it.
    """
    wanted, parallel = wanted_rows(desired, recorded), session.target.limits.parallel_reads
    live = read_live(session.gateway, wanted, parallel=parallel)
    identity = match(desired, live, recorded)
    creates = any(not one.absent and one.address not in identity.connections for one in desired.connections.values())
    moves = any(
        one.url is not None and (row := identity.connectors.get(one.address)) is not None and row.url != one.url.value
        for one in desired.connectors.values()
    )
    if (creates or moves) and any(row.id not in live.connections for row in live.listed):
        priority, engine = live.priority, live.engine
        wanted = replace(wanted, everything=True, priority=False, engine=False)
        live = replace(read_live(session.gateway, wanted, parallel=parallel), priority=priority, engine=engine)
        identity = match(desired, live, recorded)
    return with_mappings(session, desired, live, identity), identity


def with_mappings(session: Session, desired: Desired, live: Live, identity: Identity) -> Live:
    """The reading, with what lies below the connections whose actors the file mentions."""
    wanted = {
        row.id: wanted_actors(one)
        for one in desired.connections.values()
        if one.actors and not one.absent and (row := identity.connections.get(one.address)) is not None
    }
    flows = any(_flows_one_way(one) for one in desired.connections.values() if not one.absent)
    if not (wanted or flows):
        return with_choices(session, desired, live, identity)
    below = read_mappings(session.gateway, wanted, parallel=session.target.limits.parallel_reads, flows=flows)
    live = replace(live, mappings=below.mappings, crm_items=below.crm_items, flows=below.flows)
    return with_choices(session, desired, live, identity)


def wanted_actors(one: DesiredConnection) -> WantedActors:
    """Which actor types of a connection are read, and whether its list items are."""
    fields = [field for actor in one.actors.values() for field in actor.fields.values()]
    return WantedActors(frozenset(one.actors), any(map(_needs_items, fields)))


def _flows_one_way(one: DesiredConnection) -> bool:
    """Whether something is to flow to SuperOffice alone, so that it matters what flows through other connections."""
    fields = (field for actor in one.actors.values() for field in actor.fields.values())
    return any(field.direction is not None and field.direction.value == "to-crm" for field in fields)


def _needs_items(field: DesiredField) -> bool:
    return bool(field.items or field.items_not_listed != "leave" or field.renamed_from)


def wanted_rows(desired: Desired, recorded: Recorded) -> Wanted:
    """What has to be read in full to plan these files."""
    ids: set[int] = set()
    names: list[frozenset[str]] = []
    also: set[str] = set()
    for one in desired.connections.values():
        keys = keys_of(one)
        bound = [binding for key in keys if (binding := recorded.bindings.get(str(key))) is not None]
        ids |= {recorded.bindings[text].id for key in keys if (text := str(key.replaced)) in recorded.bindings}
        if bound:
            ids.add(bound[0].id)
        elif one.absent:
            also |= _texts(one)
        elif _texts(one):
            names.append(_texts(one))
    return Wanted(
        ids=frozenset(ids),
        names=tuple(names),
        also=frozenset(also),
        everything=any(one.id is not None for one in desired.connections.values()),
        scopes=any(one.scope is not None and not one.scope.value.everyone for one in desired.connections.values()),
        connectors=frozenset(
            mark.value for one in desired.connectors.values() for mark in (one.name, one.renamed_from) if mark is not None
        ),
        priority=desired.sync_priority is not None,
        engine=desired.automatic_sync is not None,
    )


def _texts(one: DesiredConnection) -> frozenset[str]:
    name = one.name.value if one.name is not None else ""
    texts = {name} if isinstance(name, str) else set(name.values())
    if one.renamed_from is not None:
        texts.add(one.renamed_from.value)
    return frozenset(texts - {""})


def normalised(desired: Desired, live: Live, identity: Identity, recorded: Recorded) -> dict[Address, Attributes]:
    """The live attributes of everything that was matched, in the shape that desired has too."""
    before: dict[Address, Attributes] = {address: connector_attributes(row) for address, row in identity.connectors.items()}
    sent: defaultdict[str, dict[str, SentSecret]] = defaultdict(dict)
    for (owner, key), secret in recorded.secrets.items():
        sent[owner][key] = secret
    for address, row in identity.connections.items():
        before[address] = _attributes(desired, live, identity, sent[str(address)], address, row)
    if live.priority is not None:
        names = {row.id: str(address) for address, row in identity.connections.items()}
        before[PRIORITY] = priority_attributes(live.priority, names)
    if live.engine is not None:
        before[AUTOMATIC] = engine_attributes(live.engine)
    for address, row in identity.replaced.items():
        old = address.replaced
        before[old] = _attributes(desired, live, identity, {**sent[str(address)], **sent[str(old)]}, address, row)
    return before


def _attributes(
    desired: Desired, live: Live, identity: Identity, sent: Mapping[str, SentSecret], address: Address, row: Connection
) -> Attributes:
    one = desired.connections[address.key]

    def by_meaning(key: str, raw: str) -> Value:
        """It may be a secret: a live value is shown only when it means what the file says in clear."""
        mark = one.config.get(key)
        if mark is None or not isinstance(mark.value, Plain):
            return HIDDEN
        wanted = undeclared_value(mark.value)
        plainly = values.generic_decode(raw)
        means_same = same(plainly, wanted) or (isinstance(wanted, bool) and same(plainly, int(wanted)))
        return wanted if means_same else HIDDEN

    attributes = connection_attributes(
        row,
        connector=identity.connector_address(row.connector_id),
        fields=live.fields.get(row.connector_id),
        groups=live.groups,
        users=live.users,
        language=desired.language,
        references={key for key, mark in one.config.items() if isinstance(mark.value, SecretRef)} | sent.keys(),
        sent={key: secret.ref for key, secret in sent.items() if not secret.in_doubt},
        unknown=by_meaning,
    )
    below = live.mappings.get(row.id)
    if below is None:
        return attributes
    return {**attributes, "actors": actors_attributes(below, live.crm_items, desired.language)}
