"""The ERP fields of one connection with everything that a person needs to map them: values for `fields`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CrmField:
    """A CRM field that an ERP field may be mapped to; `type` and `list` are empty where the tenant does not tell them."""

    key: str
    label: str = ""
    type: str = ""
    list: str = ""


@dataclass(frozen=True, slots=True)
class FieldItem:
    """An item of an ERP list; `crm` is the CRM item's name, empty for "(No selection)"."""

    key: str
    label: str
    crm: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One ERP field.

    Attributes:
        access: `Normal`, `Mandatory` or `ReadOnly`.
        crm: CRM field key; empty is not mapped.
        direction: `to-crm`, `to-erp`, `both` or `none`.
        items: None when it is no mapped list, or when the connector did not tell its items.
        crm_items: names of the items that its own may stand for.
        notes: what is wrong or special: gone in the ERP or in SuperOffice, mapped elsewhere too.
    """

    key: str
    label: str
    type: str
    access: str
    crm: str
    crm_label: str
    direction: str
    show: tuple[str, ...] = ()
    default: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[FieldItem, ...] | None = None
    crm_items: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActorFields:
    """One ERP actor type of a connection.

    Attributes:
        crm_type: what its actors are in SuperOffice.
        fields: in the order of the screen.
        crm_fields: None when the tenant does not tell them.
        lists: names of the items of CRM lists, by list name, as far as they were asked for and could be read.
    """

    actor: str
    crm_type: str
    sync: bool
    fields: tuple[FieldRow, ...]
    crm_fields: tuple[CrmField, ...] | None = None
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldList:
    """What `fields` shows.

    Attributes:
        connection: address, or `#<id>` where the journal knows none.
        name: display name.
        connector: the connector's display name.
        yaml: the same, as a part of a file to paste below the connection.
    """

    target: str
    connection: str
    name: str
    connector: str
    language: str
    actors: tuple[ActorFields, ...]
    yaml: str = ""
