"""The names that a tenant has, for the schema that completes and checks a file in an editor.

Effects: reads the tenant and the journal.
Neighbours: called by `cli.schema` through `flow`; `desired.tenant_schema` makes the schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.desired.tenant_schema import ConnectionNames, ConnectorNames, ErpFieldNames, TenantNames, tenant_schema
from reconciler.errors import ConnectorUnavailable
from reconciler.flow.taking_over import whole_tenant
from reconciler.live.whole import Whole
from reconciler.model import ActorMapping, ConfigField, FieldMapping, FieldType, Live, Mappings, Named
from reconciler.session import Session
from reconciler.wire import languages
from reconciler.wire.crm_items import item_names, list_name


def online_schema(session: Session, *, language: str = "en") -> dict[str, Any]:
    """The schema of `connections.yaml` with the names of the session's tenant.

    Args:
        language: in which groups and list items are named.

    Raises:
        TargetError: the tenant cannot be read.
    """
    return tenant_schema(tenant_names(session, language))


def tenant_names(session: Session, language: str) -> TenantNames:
    """The names of everything that a file can name.

    Raises:
        TargetError: the tenant cannot be read.
    """
    whole = whole_tenant(session, language)
    live, gateway = whole.live, session.gateway
    groups = live.groups.values() if live.groups is not None else gateway.user_groups()
    users = live.users.values() if live.users is not None else gateway.associates()
    crm_types = sorted({one.crm for mappings in live.mappings.values() for one in mappings.actors.values() if one is not None})
    told = {kind: gateway.crm_fields(kind) for kind in crm_types}
    crm = {kind: None if fields is None else tuple(one.key for one in fields) for kind, fields in told.items()}
    return TenantNames(
        target=session.target.name,
        connectors={key: ConnectorNames(row.name, _config(session, live, row.id, language)) for key, row in whole.connectors().items()},
        connections=_connections(whole, crm),
        groups=_names(groups, language),
        users=tuple(one.name for one in users if not one.deleted),
    )


def _config(session: Session, live: Live, connector_id: int, language: str) -> tuple[ConfigField, ...] | None:
    """A connector's config fields with their labels in one language; None while it does not answer."""
    fields = live.fields.get(connector_id)
    if connector_id not in live.fields:
        try:
            fields = tuple(session.gateway.config_fields(connector_id))
        except ConnectorUnavailable:
            return None
    return None if fields is None else tuple(replace(one, label=languages.shown(one.label, language)) for one in fields)


def _connections(whole: Whole, crm: Mapping[str, tuple[str, ...] | None]) -> dict[str, ConnectionNames]:
    found = {}
    for key, row in whole.connections().items():
        mappings = whole.live.mappings.get(row.id)
        offered = {} if mappings is None else {name: one for name, one in mappings.actors.items() if one is not None}
        actors = {name: _fields(one, mappings, whole, crm.get(one.crm)) for name, one in offered.items()}
        found[key] = ConnectionNames(languages.shown(row.name, whole.language), actors)
    return found


def _fields(actor: ActorMapping, mappings: Mappings | None, whole: Whole, crm: tuple[str, ...] | None) -> dict[str, ErpFieldNames]:
    items = {
        one.field_id: tuple(item.erp_key for item in one.items) for one in (mappings.lists.lists if mappings and mappings.lists else ())
    }
    return {
        one.key: ErpFieldNames(
            label=languages.shown(one.label, whole.language),
            type=one.field_type,
            access=one.access,
            crm=None if crm is None else tuple(sorted({*crm, *([one.crm] if one.crm else [])})),
            items=items.get(one.id),
            crm_items=_crm_items(one, whole),
        )
        for one in actor.fields
    }


def _crm_items(one: FieldMapping, whole: Whole) -> tuple[str, ...] | None:
    """Names of the items of the CRM list that a mapped list field's items stand for; None where it is none, or was not read."""
    rows = whole.live.crm_items.get(list_name(one.list_reference)) if one.list_reference else None
    if one.field_type is not FieldType.LIST or rows is None:
        return None
    return tuple(item_names(rows, whole.language).values())


def _names(rows: Iterable[Named], language: str) -> tuple[str, ...]:
    """What a file calls them. A name that several have is left out: each of those is written as `#<id>`."""
    shown = [languages.shown(one.name, language) for one in rows if not one.deleted]
    return tuple(name for name in shown if shown.count(name) == 1)
