"""The rows of the Sync tab below a connection, both ways: mappings, lists, defaults, field rows, the order and the engine.

Reading trusts nothing, as in `carriers`. Names of kinds (types, actor types, access) that are not known are named in the
error: they are words of the API and never a secret. Saves give whole carriers; display texts, which a save ignores, are null.

Source: SuperOffice docs, ErpSync agent swagger, definitions ErpSyncActorTypeMapping, ErpSyncFieldMapping, ErpSyncDefaultValue,
ErpConnectionListMappingContainer, ErpConnectionListMapping, ErpCrmListItemMapping, ErpSyncEngineStatus; archive provider
ErpField; list swagger, items of a list; MDO list swagger, MDOListItem; enums of the database (name and number).

Effects: none.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.model import (
    ActorMapping,
    DefaultValue,
    Engine,
    ErpField,
    FieldMapping,
    FieldType,
    ListItemMapping,
    ListMapping,
    ListMappings,
    Named,
)
from reconciler.wire.carriers import Row, WireError, each_once, list_of
from reconciler.wire.timespan import seconds_from

__all__ = [
    "ERP_FIELD_COLUMNS",
    "UnknownName",
    "actor_mapping_from",
    "actor_mapping_to",
    "default_from",
    "default_to",
    "engine_from",
    "erp_fields_from",
    "list_items_from",
    "list_mappings_from",
    "list_mappings_to",
    "mdo_items_from",
    "priority_from",
]

Json = Any  # what json.loads gives

ERP_FIELD_COLUMNS: Final = (
    "Id,ActorTypeErp,ErpFieldKey,DisplayName,FieldType,Access,ListName,HasFirstSyncDefaultValue,FirstSyncDefaultValue,"
    "PromptUser,Mandatory,SyncToCrm,SyncToErp,Rank,MissingInERP"
)
"""What is selected from archive ErpField. Source: SuperOffice docs, archive providers, ErpField."""

_ERP_ACTORS: Final = dict(enumerate(("Unknown", "Customer", "Supplier", "Partner", "Person", "Project", "Employee", "Sale")))
_CRM_ACTORS: Final = dict(enumerate(("Unknown", "Contact", "Person", "Project", "Sale")))
_ACCESS: Final = dict(enumerate(("Normal", "Mandatory", "ReadOnly")))
_TYPES: Final = {**dict(enumerate(("Checkbox", "Text", "Password", "Integer", "Double", "List", "Date"))), 99: "Label"}
_RIGHTS: Final[Mapping[str, Any]] = {"TableRight": None, "FieldProperties": {}}

_ITEM_KEYS: Final = ("countryid", "saletypeid", "currencyid")
"""How some lists call the id of an item, in lower case. Source: SuperOffice docs, list swagger (entities of a list's items)."""


class UnknownName(WireError):
    """A name of a kind that this version does not know; `name` is what the API said."""

    def __init__(self, place: str, expected: str, name: str) -> None:
        super().__init__(place, expected, name)
        self.name = name
        self.args = (f"{place}: expected {expected}, found the unknown name {name}",)


def actor_mapping_from(json: Json) -> ActorMapping:
    """ErpSyncActorTypeMapping, its fields in the server's order.

    Raises:
        WireError: a member is missing or of another type, or a field comes twice.
    """
    row = Row(json, "ErpSyncActorTypeMapping")
    fields = tuple(_field_from(one, f"ErpSyncFieldMapping[{at}]") for at, one in enumerate(_rows(row, "FieldMappings")))
    each_once([one.id for one in fields], "ErpSyncFieldMapping[].ErpFieldId")
    each_once([one.key for one in fields], "ErpSyncFieldMapping[].ErpFieldKey")
    return ActorMapping(
        connection_id=row.identity("ErpConnectionId"),
        erp=_named(row, "ActorTypeErp", _ERP_ACTORS),
        crm=_named(row, "ActorTypeCrm", _CRM_ACTORS),
        active=row.boolean("IsActive"),
        fields=fields,
    )


def _field_from(json: Json, place: str) -> FieldMapping:
    row = Row(json, place)
    return FieldMapping(
        id=row.identity("ErpFieldId"),
        key=row.name("ErpFieldKey"),
        crm=row.text("CrmFieldKey"),
        to_crm=row.boolean("SyncToCrm"),
        to_erp=row.boolean("SyncToErp"),
        in_tab=row.boolean("ShowInGui"),
        in_search=row.boolean("ShowInSearch"),
        field_type=FieldType(_named(row, "FieldType", _TYPES)),
        access=_named(row, "Access", _ACCESS),
        label=row.text("ErpDisplayName"),
        crm_label=row.text("CrmDisplayName"),
        already_mapped=row.boolean("AlreadyMapped"),
        missing_in_erp=row.boolean("MissingInERP"),
        missing_in_crm=row.boolean("MissingInCRM"),
        list_reference=row.text("ListReference"),
    )


def actor_mapping_to(mapping: ActorMapping) -> dict[str, Any]:
    """The whole ErpSyncActorTypeMapping to save: every field, with an explicitly empty CrmFieldKey where it is not mapped."""
    return {
        "ErpConnectionId": mapping.connection_id,
        "IsActive": mapping.active,
        "FieldMappings": [_field_to(one) for one in mapping.fields],
        "ActorTypeErp": mapping.erp,
        "ActorTypeCrm": mapping.crm,
        **_RIGHTS,
    }


def _field_to(field: FieldMapping) -> dict[str, Any]:
    return {
        "ErpFieldId": field.id,
        "CrmFieldKey": field.crm,
        "CrmDisplayName": None,
        "CrmDisplayTooltip": None,
        "ErpFieldKey": field.key,
        "FieldType": field.field_type.value,
        "ErpDisplayName": None,
        "ErpDisplayTooltip": None,
        "SyncToCrm": field.to_crm,
        "SyncToErp": field.to_erp,
        "ShowInGui": field.in_tab,
        "ShowInSearch": field.in_search,
        "AlreadyMapped": field.already_mapped,
        "MissingInERP": field.missing_in_erp,
        "MissingInCRM": field.missing_in_crm,
        "Access": field.access,
        "ListReference": field.list_reference,
        **_RIGHTS,
    }


def erp_fields_from(json: Json) -> tuple[ErpField, ...]:
    """The rows of archive `ErpField`, by id. `default_mandatory` is the default's own flag, `access` the connector's.

    The documentation gives the kinds as numbers of the database and does not show a row; names and numbers are read alike.

    Source: SuperOffice docs, archive providers, ErpField (names and types of columns; Id is a text or a number).
    """
    fields = []
    for at, one in enumerate(list_of(json, "archive rows")):
        row = Row(one, f"archive row[{at}]")
        access = _named(row, "Access", _ACCESS, stored=True)
        fields.append(
            ErpField(
                id=_stored_id(row, "Id"),
                actor_type=_named(row, "ActorTypeErp", _ERP_ACTORS, stored=True),
                key=row.name("ErpFieldKey"),
                mandatory=access == "Mandatory",
                has_direction=row.flag("SyncToCrm") | row.flag("SyncToErp"),
                missing_in_erp=row.flag("MissingInERP"),
                label=row.text("DisplayName"),
                field_type=FieldType(_named(row, "FieldType", _TYPES, stored=True)),
                access=access,
                list_name=row.text("ListName"),
                has_default=row.flag("HasFirstSyncDefaultValue"),
                default=row.text("FirstSyncDefaultValue"),
                ask=row.flag("PromptUser"),
                default_mandatory=row.flag("Mandatory"),
                rank=row.integer("Rank"),
            )
        )
    each_once([field.id for field in fields], "ErpField.Id")
    return tuple(sorted(fields, key=lambda field: field.id))


def default_from(json: Json) -> DefaultValue:
    """What can be set of ErpSyncDefaultValue."""
    row = Row(json, "ErpSyncDefaultValue")
    return DefaultValue(
        field_id=row.identity("ErpFieldId"),
        has_value=row.boolean("HasFirstSyncDefaultValue"),
        value=row.text("FirstSyncDefaultValue"),
        ask=row.boolean("PromptUser"),
        mandatory=row.boolean("Mandatory"),
    )


def default_to(default: DefaultValue) -> dict[str, Any]:
    """The whole ErpSyncDefaultValue to save.

    What the connector owns is not ours to say: its texts are null, its two kinds are left out, because a kind cannot be null.
    """
    return {
        "ErpFieldId": default.field_id,
        "DefaultValue": None,
        "HasFirstSyncDefaultValue": default.has_value,
        "FirstSyncDefaultValue": default.value,
        "PromptUser": default.ask,
        "Mandatory": default.mandatory,
        "ErpFieldKey": None,
        "ListName": None,
        **_RIGHTS,
    }


def list_mappings_from(json: Json) -> ListMappings:
    """ErpConnectionListMappingContainer; the container itself is kept, because a save echoes it."""
    row = Row(json, "ErpConnectionListMappingContainer")
    lists = tuple(_list_from(one, f"ErpConnectionListMapping[{at}]") for at, one in enumerate(_rows(row, "ErpListItemMappings")))
    each_once([one.field_id for one in lists], "ErpConnectionListMapping[].ErpFieldId")
    return ListMappings(row.identity("ErpConnectionId"), lists, json)


def _list_from(json: Json, place: str) -> ListMapping:
    row = Row(json, place)
    items = tuple(_pair_from(one, f"{place}.ErpCrmListItemMapping[{at}]") for at, one in enumerate(_rows(row, "ErpCrmListItemMappings")))
    each_once([one.erp_key for one in items], f"{place}.ErpCrmListItemMapping[].ErpListItemId")
    return ListMapping(
        field_id=row.identity("ErpFieldId"),
        actor_type=row.text("ErpActorTypeName"),
        erp_list=row.text("ErpListName"),
        crm_list=_crm_list(row),
        items=items,
    )


def _crm_list(row: Row) -> str:
    """Which CRM list a mapping goes to, as far as the container says: a reference `table=<name>`, or a name.

    Which member of CrmList holds it is not documented; the field's own ListReference is what is to be relied on.
    """
    if row.member("CrmList") is None:
        return ""
    crm_list = Row(row.member("CrmList"), f"{row.place}.CrmList")
    reference = dict(part.partition("=")[::2] for part in crm_list.text("ExtraInfo").split("&"))
    return reference.get("table") or crm_list.text("Type") or crm_list.text("Name")


def _pair_from(json: Json, place: str) -> ListItemMapping:
    """One pair. Both null and an item with id 0 are "(No selection)"."""
    row = Row(json, place)
    crm_id, name = None, ""
    if row.member("CrmListItem") is not None:
        item = Row(row.member("CrmListItem"), f"{place}.CrmListItem")
        if item.integer("Id"):
            crm_id, name = item.identity("Id"), item.text("Name")
    return ListItemMapping(row.text("ErpListItemId"), row.text("ErpListItemName"), crm_id, name)


def list_mappings_to(lists: ListMappings) -> dict[str, Any]:
    """The container to save: `raw` as it was read, in which only the items that differ are others.

    Raises:
        ValueError: `lists` holds a list or an item that `raw` does not have, or an id that is none.
    """
    stored = list_mappings_from(lists.raw)
    known = {(one.field_id, item.erp_key): item.crm_id for one in stored.lists for item in one.items}
    wanted = {(one.field_id, item.erp_key): item for one in lists.lists for item in one.items}
    if stored.connection_id != lists.connection_id or not wanted.keys() <= known.keys():
        raise ValueError("list mappings are saved on top of what was read, and some of these were not read")
    if any(item.crm_id is not None and item.crm_id <= 0 for item in wanted.values()):
        raise ValueError("the id of a CRM list item is above 0; None is no selection")
    container = copy.deepcopy(dict(lists.raw))
    for one in container["ErpListItemMappings"] or ():
        for pair in one["ErpCrmListItemMappings"] or ():
            key = (one["ErpFieldId"], pair["ErpListItemId"] or "")
            if key in wanted and wanted[key].crm_id != known[key]:
                pair["CrmListItem"] = _crm_item(wanted[key])
    return container


def _crm_item(item: ListItemMapping) -> dict[str, Any] | None:
    """MDOListItem of a chosen CRM item; only its id is stored."""
    if item.crm_id is None:
        return None
    texts = dict.fromkeys(("ToolTip", "Type", "IconHint", "ExtraInfo", "StyleHint"), "")
    numbers = {"Deleted": False, "Rank": 0, "ColorBlock": 0, "ChildItems": []}
    return {"Id": item.crm_id, "Name": item.crm_name, "FullName": item.crm_name, **texts, **numbers, **_RIGHTS}


def list_items_from(json: Json, list_name: str) -> tuple[Named, ...]:
    """Every item of a CRM list (`List/<name>/Items`), by id; the id's member is `Id`, `<list>Id` or one of a few others."""
    found = []
    for at, one in enumerate(list_of(json, "list items")):
        row = Row(one, f"list item[{at}]")
        members = {name.lower(): name for name in one}
        key = next((members[name] for name in ("id", f"{list_name.lower()}id", *_ITEM_KEYS) if name in members), "Id")
        found.append(Named(row.identity(key), row.text("Name"), row.flag("Deleted")))
    each_once([one.id for one in found], "list item.Id")
    return tuple(sorted(found, key=lambda one: one.id))


def mdo_items_from(json: Json) -> tuple[Named, ...]:
    """The items of an MDO list, by id. A heading is not an item, its items are, and one item may stand under several."""
    found = {row.identity("Id"): Named(row.integer("Id"), row.text("Name"), row.boolean("Deleted")) for row in _leaves(json, 0)}
    return tuple(found[key] for key in sorted(found))


def _leaves(json: Json, depth: int) -> Iterator[Row]:
    if depth > 8:  # headings are one level deep
        raise WireError("MDOListItem.ChildItems", "headings that end", json)
    for at, one in enumerate(list_of(json, "MDOListItem[]")):
        row = Row(one, f"MDOListItem[{at}]")
        if inner := _rows(row, "ChildItems"):
            yield from _leaves(inner, depth + 1)
        else:
            yield row


def priority_from(json: Json) -> tuple[int, ...]:
    """The ids of MDO list `erpconnections` in the order in which they came; 0 is SuperOffice itself."""
    rows = [Row(one, f"MDOListItem[{at}]") for at, one in enumerate(list_of(json, "MDOListItem[]"))]
    order = tuple(row.identity("Id") if row.integer("Id") else 0 for row in rows if not row.boolean("Deleted"))
    each_once(order, "MDOListItem[].Id")
    return order


def engine_from(json: Json) -> Engine:
    """ErpSyncEngineStatus."""
    row = Row(json, "ErpSyncEngineStatus")
    interval = seconds_from(row.text("Interval"))
    if interval is None:
        raise WireError("ErpSyncEngineStatus.Interval", "a time span of whole seconds", row.member("Interval"))
    return Engine(row.boolean("IsRunning"), interval, row.text("StatusMessage"))


def _rows(row: Row, name: str) -> list[Json]:
    """A list member; null is empty."""
    values = row.member(name)
    return [] if values is None else list_of(values, f"{row.place}.{name}")


def _named(row: Row, name: str, known: Mapping[int, str], *, stored: bool = False) -> str:
    """The name of a kind; an archive may give the number that the database stores."""
    value = row.member(name)
    if isinstance(value, str) and value in known.values():
        return value
    if stored and type(value) is int and value in known:
        return known[value]
    expected = f"one of {', '.join(known.values())}"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", value):
        raise UnknownName(f"{row.place}.{name}", expected, value)
    raise WireError(f"{row.place}.{name}", expected, value)


def _stored_id(row: Row, name: str) -> int:
    value = row.member(name)
    if isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,9}", value) and int(value) < 2**31:
        return int(value)
    return row.identity(name)
