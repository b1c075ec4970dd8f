"""Default values for new ERP actors, and what has to be asked when one is created.

Effects: writes the defaults of a field.

Source: SuperOffice docs, ErpSync agent GetDefaultValueInfo, SaveDefaultValueInfo, GetFieldsForNewErpActor, SupportsAdvancedSearch;
ERP connectors, setting up defaults.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.carriers import Carrier, carrier, stored_metadata_carrier
from reconciler.emulator.history import Row
from reconciler.emulator.members import ACTOR_TYPES_ERP
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.mappings import actor_of, fields_of
from reconciler.emulator.operations.registry import operation


def _default_carrier(row: Row) -> Carrier:
    return carrier(
        ErpFieldId=row["ErpFieldId"],
        DefaultValue=row["DefaultValue"],
        HasFirstSyncDefaultValue=row["HasFirstSyncDefaultValue"],
        FirstSyncDefaultValue=row["FirstSyncDefaultValue"],
        PromptUser=row["PromptUser"],
        Mandatory=row["Mandatory"],
        ErpFieldKey=row["ErpFieldKey"],
        FieldType=row["FieldType"],
        ListName=row["ListName"],
        Access=row["Access"],
    )


@operation("GetDefaultValueInfo")
def get_default(office: Office, ask: Ask) -> Any:
    """The default of one field, or null."""
    row = office.state.row("ErpField", ask.body.integer("ErpFieldId"))
    return _default_carrier(row) if row else None


@operation("SaveDefaultValueInfo", writes=True)
def save_default(office: Office, ask: Ask) -> Any:
    """Replace the default of one field; Mandatory stays on where the connector demands it. Null for an unknown field."""
    sent = ask.body.needed("ErpSyncDefaultValue")
    key = sent.integer("ErpFieldId")
    row = office.state.row("ErpField", key)
    if row is None:
        return None
    values = {
        "HasFirstSyncDefaultValue": sent.boolean("HasFirstSyncDefaultValue"),
        "FirstSyncDefaultValue": sent.text("FirstSyncDefaultValue") or "",
        "PromptUser": sent.boolean("PromptUser"),
        "Mandatory": sent.boolean("Mandatory") or row["Access"] == "Mandatory",
    }
    with office.storing(ask.author):
        office.state.update("ErpField", key, values)
    stored = office.state.row("ErpField", key)
    return _default_carrier(stored) if stored else None


@operation("GetFieldsForNewErpActor")
def fields_for_new_actor(office: Office, ask: Ask) -> Any:
    """The fields that have to be filled when an ERP actor is created: mandatory ones and those that ask; null without the actor type."""
    actor = actor_of(office, ask.body.integer("ErpConnectionId"), ask.body.choice("ErpActorType", ACTOR_TYPES_ERP))
    if actor is None:
        return None
    return [stored_metadata_carrier(row) for row in fields_of(office, actor) if row["Mandatory"] or row["PromptUser"]]


@operation("SupportsAdvancedSearch")
def supports_search(office: Office, ask: Ask) -> Any:
    """Whether the connector offers fields to search by."""
    actor = actor_of(office, ask.body.integer("ErpConnectionId"), ask.body.choice("ErpActorType", ACTOR_TYPES_ERP))
    return actor is not None and any(row["Searchable"] and not row["MissingInERP"] for row in fields_of(office, actor))


@operation("ValidateArchiveColumnConfig", writes=True, void=True)
def validate_columns(_office: Office, ask: Ask) -> Any:
    """Housekeeping of stored list columns, of which the emulator has none: it only reads its parameters."""
    ask.body.text("ListOwner")
    ask.body.integer("ErpConnectionId")
