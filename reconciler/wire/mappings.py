"""Rows of the Sync tab below a connection, both ways: mappings, defaults and field rows; and the engine. Lists: `crm_lists`.

Reading trusts nothing, as in `carriers`. Names of kinds (types, actor types, access) that are not known are named in the
error: they are words of the API and never a secret. Saves give whole carriers; display texts, which a save ignores, are null.

Source: SuperOffice docs, ErpSync agent swagger, definitions ErpSyncActorTypeMapping, ErpSyncFieldMapping, ErpSyncDefaultValue,
ErpSyncEngineStatus; archive provider ErpField; enums of the database (name and number).

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from reconciler.model import (
    ActorMapping,
    DefaultValue,
    Engine,
    ErpField,
    FieldMapping,
    FieldType,
)
from reconciler.wire.carriers import RIGHTS, Row, WireError, each_once, list_of
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
]

Json = Any  # what json.loads gives

ERP_FIELD_COLUMNS: Final = (
    "Id,ConnectionId,ActorTypeErp,ErpFieldKey,DisplayName,FieldType,Access,ListName,HasFirstSyncDefaultValue,FirstSyncDefaultValue,"
    "PromptUser,Mandatory,CrmFieldKey,SyncToCrm,SyncToErp,Rank,MissingInERP"
)
"""What is selected from archive ErpField. Source: SuperOffice docs, archive providers, ErpField."""

_ERP_ACTORS: Final = dict(enumerate(("Unknown", "Customer", "Supplier", "Partner", "Person", "Project", "Employee", "Sale")))
_CRM_ACTORS: Final = dict(enumerate(("Unknown", "Contact", "Person", "Project", "Sale")))
_ACCESS: Final = dict(enumerate(("Normal", "Mandatory", "ReadOnly")))
_TYPES: Final = {**dict(enumerate(("Checkbox", "Text", "Password", "Integer", "Double", "List", "Date"))), 99: "Label"}


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
    fields = tuple(_field_from(one, f"ErpSyncFieldMapping[{at}]") for at, one in enumerate(row.rows("FieldMappings")))
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
        **RIGHTS,
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
        **RIGHTS,
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
                id=row.stored_id("Id"),
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
                connection_id=row.stored_id("ConnectionId"),
                crm=row.text("CrmFieldKey"),
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
        **RIGHTS,
    }


def engine_from(json: Json) -> Engine:
    """ErpSyncEngineStatus."""
    row = Row(json, "ErpSyncEngineStatus")
    interval = seconds_from(row.text("Interval"))
    if interval is None:
        raise WireError("ErpSyncEngineStatus.Interval", "a time span of whole seconds", row.member("Interval"))
    return Engine(row.boolean("IsRunning"), interval, row.text("StatusMessage"))


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
