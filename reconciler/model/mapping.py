"""What the tenant says of mappings, defaults, ranks, lists and the engine: rows of the Sync tab below a connection.

Encoded values and raw texts stay as the wire has them; `live` turns them into attributes.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.fieldtype import FieldType

# Our names of the ERP actor types that can be synchronised, and the wire's.
# Source: SuperOffice docs, erp-connectors, erp-actor-carrier (Employee and Sale are not supported by ERP Sync).
ACTOR_TYPES: Mapping[str, str] = {
    "customer": "Customer",
    "supplier": "Supplier",
    "partner": "Partner",
    "person": "Person",
    "project": "Project",
}


@dataclass(frozen=True, slots=True)
class ErpField:
    """One stored ERP field row (archive ErpField): mapping, display, default and rank live in one row.

    Attributes:
        actor_type: the wire's name, such as `Customer`.
        label: raw display name.
        field_type: declared type.
        access: `Normal`, `Mandatory` or `ReadOnly`.
        default: encoded first-sync default; it counts only with `has_default`.
        ask, default_mandatory: the flags "Ask user" and "Mandatory" of the default.
        rank: lowest is shown first.
    """

    id: int
    actor_type: str
    key: str
    mandatory: bool
    has_direction: bool
    missing_in_erp: bool = False
    label: str = ""
    field_type: FieldType = FieldType.TEXT
    access: str = "Normal"
    list_name: str = ""
    has_default: bool = False
    default: str = ""
    ask: bool = False
    default_mandatory: bool = False
    rank: int = 0
    connection_id: int = 0
    crm: str = ""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One ERP field in an actor type mapping (carrier ErpSyncFieldMapping).

    Attributes:
        crm: CRM field key; empty is not mapped.
        already_mapped: mapped on another connection too, so one-way to CRM is forbidden here.
        list_reference: which CRM list its items map to; empty when it is no list.
    """

    id: int
    key: str
    crm: str
    to_crm: bool
    to_erp: bool
    in_tab: bool
    in_search: bool
    field_type: FieldType = FieldType.TEXT
    access: str = "Normal"
    label: str = ""
    crm_label: str = ""
    already_mapped: bool = False
    missing_in_erp: bool = False
    missing_in_crm: bool = False
    list_reference: str = ""


@dataclass(frozen=True, slots=True)
class ActorMapping:
    """The mapping of one ERP actor type on one connection (carrier ErpSyncActorTypeMapping); fields in the server's order."""

    connection_id: int
    erp: str
    crm: str
    active: bool
    fields: tuple[FieldMapping, ...]


@dataclass(frozen=True, slots=True)
class ListItemMapping:
    """One ERP list item and the CRM item it stands for; `crm_id` None is "(No selection)"."""

    erp_key: str
    erp_name: str
    crm_id: int | None
    crm_name: str = ""


@dataclass(frozen=True, slots=True)
class ListMapping:
    """The list mapping of one mapped List field (carrier ErpConnectionListMapping)."""

    field_id: int
    actor_type: str
    erp_list: str
    crm_list: str
    items: tuple[ListItemMapping, ...]


@dataclass(frozen=True, slots=True)
class ListMappings:
    """All list mappings of a connection. `raw` is the container as it was read: what is not changed is echoed from it."""

    connection_id: int
    lists: tuple[ListMapping, ...]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class DefaultValue:
    """The first-sync default of one field, as a save sets it; all three flags False removes it.

    Attributes:
        value: encoded; counts only with `has_value`.
    """

    field_id: int
    has_value: bool
    value: str
    ask: bool
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine's global switch and interval (carrier ErpSyncEngineStatus)."""

    running: bool
    interval_s: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Mappings:
    """Everything below one connection that a plan needs.

    Attributes:
        actors: by our actor type name; None for a type the connection does not have.
        fields: every stored field row, by id.
        lists: None when no items are declared or the connector did not answer.
    """

    actors: Mapping[str, ActorMapping | None]
    fields: tuple[ErpField, ...]
    lists: ListMappings | None = None
