"""What the tenant says: rows as the API gives them, with the API's names in our spelling and its encodings untouched.

`Connection` keeps the wire's own texts (raw multi-language strings, encoded config values), because a save must echo
what it does not change, byte for byte. `live.normalise` turns it into `Attributes`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.fieldlist import CrmField
from reconciler.model.fieldtype import FieldType
from reconciler.model.mapping import Engine, Mappings


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One configuration field as the connector declares it (carrier FieldMetadata)."""

    key: str
    type: FieldType
    label: str = ""  # raw, possibly multi-language
    mandatory: bool = False
    read_only: bool = False
    default: str = ""  # raw, encoded by type
    max_length: int = 0  # 0 is unlimited
    list_name: str = ""


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector row (carrier ErpSyncConnectorEntity)."""

    id: int
    name: str
    url: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list of connections: only what the list is documented to fill."""

    id: int
    name: str  # raw
    description: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who saved a row last, and when; as the tenant says, empty where it does not say.

    Attributes:
        at: ISO text in UTC. Source: SuperOffice docs, registered and updated stamps.
        by: a login.
    """

    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Connection:
    """An ERP connection row (carrier ErpConnection) as read in full.

    `config` holds encoded values and may hold secrets in clear, so it never appears in a printed representation.
    `cursor` is the engine's watermark (MostRecentTimestamp): opaque, echoed as it came (null too), never compared.
    """

    id: int
    guid: str
    connector_id: int
    name: str
    description: str
    active: bool
    deleted: bool
    cursor: str | None
    everyone: bool
    groups: tuple[int, ...]
    users: tuple[int, ...]
    config: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """An id with its name: a user group or the item of a CRM list (raw, possibly multi-language), or an associate (login).

    Attributes:
        headings: raw names of the headings under which a list shows the item, in the list's order; empty where they were not read.
    """

    id: int
    name: str
    deleted: bool = False
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connections a read must fetch in full, besides listing them all.

    Attributes:
        ids: rows that the journal binds to an address.
        names: for each desired connection that has no binding, the texts that would identify it (whole name, or a text
            in any language). If one of these sets matches no listed row, every live row is read: a creation has to see
            what it might duplicate.
        also: texts of connections that are read if they are there, and not missed if they are not.
        everything: read every live row (a GUID in the file is found no other way).
        scopes: user groups and logins are needed even if no connection that is read has a restricted scope.
        connectors: names of connectors whose config fields are needed although no connection that is read is on them.
        priority, engine: the order of connections and the engine are needed.
    """

    ids: frozenset[int] = frozenset()
    names: tuple[frozenset[str], ...] = ()
    also: frozenset[str] = frozenset()
    everything: bool = False
    scopes: bool = False
    connectors: frozenset[str] = frozenset()
    priority: bool = False
    engine: bool = False


@dataclass(frozen=True, slots=True)
class Live:
    """One reading of the tenant.

    Attributes:
        connectors: live and deleted connectors, by id.
        listed: every live connection as the list shows it, sorted by id.
        connections: those that were read in full, by id; a bound row that is deleted or gone is here as deleted or absent.
        fields: config fields by connector id, in the connector's order; None when the connector did not answer.
        groups, users: by id, including deleted ones; None when they were not needed and not read.
        mappings: what is below a connection, by its id, for connections whose actors the file mentions.
        crm_items: items of the CRM lists that these need, by list name; one that could not be read is not here.
        crm_lists: for CRM fields that a plan may choose anew for a list with items: the name of the CRM list, by CRM actor type and
            the field's key in small letters; absent where the tenant does not tell.
        flows: what flows through connections that `mappings` does not have, by their ids: the wire's actor type and the CRM field in
            small letters. Only where a file lets something flow to SuperOffice alone.
        crm_fields: the CRM fields that the tenant tells (None: it does not), by CRM actor type, where a plan may choose one anew.
        priority, engine: None when the file does not manage them.
    """

    connectors: Mapping[int, Connector]
    listed: tuple[Listed, ...]
    connections: Mapping[int, Connection]
    fields: Mapping[int, tuple[ConfigField, ...] | None]
    groups: Mapping[int, Named] | None = None
    users: Mapping[int, Named] | None = None
    mappings: Mapping[int, Mappings] = field(default_factory=dict)
    crm_items: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    crm_lists: Mapping[tuple[str, str], str] = field(default_factory=dict)
    flows: Mapping[int, frozenset[tuple[str, str]]] = field(default_factory=dict)
    crm_fields: Mapping[str, tuple[CrmField, ...] | None] = field(default_factory=dict)
    priority: tuple[int, ...] | None = None
    engine: Engine | None = None
