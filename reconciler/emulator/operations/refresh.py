"""UpdateConnectionFields: ask the connector what it offers and store it, keeping what users set.

Effects: writes actor types and fields; calls the connector.

Source: SuperOffice docs, ErpSync agent UpdateConnectionFields; ERP connectors, automatic field mapping, setting up defaults.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.emulator.definitions import FieldDefinition
from reconciler.emulator.history import Author, Row
from reconciler.emulator.members import ACTOR_TYPES_ERP, Invalid
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.mapping_rules import crm_type, matching_crm_field
from reconciler.emulator.operations.registry import operation


@operation("UpdateConnectionFields", writes=True, talks=True)
def update_fields(office: Office, ask: Ask) -> Any:
    """True when the connector told its fields and they were stored; false for an unknown connection or a failing connector."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    if row is None or row["Deleted"]:
        return False
    if row["Active"] and office.switches.refresh_while_active == "refuse":
        raise Invalid("Deactivate the connection before its fields are refreshed.", "SoIllegalOperationException")
    return refresh(office, row, ask.author)


def refresh(office: Office, connection: Row, author: Author) -> bool:
    """Store what the connector offers for one connection; also the part that it told before it failed."""
    url, guid = office.url_of(connection), connection["ConnectionId"]
    answer = office.with_resend(connection, author, lambda: office.connectors.actors(url, guid))
    if answer.value is None:
        return False
    with office.storing(author):
        known = {
            row["ActorTypeErp"]: row for row in office.state.rows("ErpConnectionActorType", ErpConnectionId=connection["ErpConnectionId"])
        }
        for actor_type, fields in answer.value.items():
            if actor_type not in ACTOR_TYPES_ERP[1:]:
                continue
            actor = known.pop(actor_type, None) or _new_actor(office, connection, actor_type)
            _store_fields(office, actor, fields)
        for actor in known.values() if answer.ok else ():
            _flag_missing(office, _fields_of(office, actor))
    return answer.ok


def _new_actor(office: Office, connection: Row, actor_type: str) -> Row:
    """A new actor type starts inactive: somebody has to decide that its records are synchronised."""
    values = {
        "ErpConnectionId": connection["ErpConnectionId"],
        "ActorTypeErp": actor_type,
        "ActorTypeCrm": crm_type(actor_type),
        "IsActive": False,
    }
    return {**values, "ErpConnectionActorTypeId": office.state.insert("ErpConnectionActorType", values)}


def _fields_of(office: Office, actor: Row) -> list[Row]:
    return office.state.rows("ErpField", order="Rank", ErpConnectionActorTypeId=actor["ErpConnectionActorTypeId"])


def _flag_missing(office: Office, fields: Iterable[Row]) -> None:
    for field in fields:
        office.state.update("ErpField", field["ErpFieldId"], {"MissingInERP": True})


def _store_fields(office: Office, actor: Row, offered: tuple[FieldDefinition, ...]) -> None:
    stored = {row["ErpFieldKey"]: row for row in _fields_of(office, actor)}
    taken = {row["CrmFieldKey"] for row in stored.values() if row["CrmFieldKey"]}
    rank = max((row["Rank"] for row in stored.values()), default=0)
    for field in offered:
        values = _from_connector(field)
        before = stored.pop(field.key, None)
        if before is None:
            rank += 1
            values |= {"ErpConnectionActorTypeId": actor["ErpConnectionActorTypeId"], "ErpFieldKey": field.key, "Rank": rank}
            values["Mandatory"] = field.access == "Mandatory"
            if office.switches.auto_map != "off":
                values |= _mapped_by_name(office, actor, field, taken)
            office.state.insert("ErpField", values)
            continue
        if field.access == "Mandatory":
            values["Mandatory"] = True
        if office.switches.auto_map == "empty" and not before["CrmFieldKey"]:
            values |= _mapped_by_name(office, actor, field, taken)
        office.state.update("ErpField", before["ErpFieldId"], values)
    _flag_missing(office, stored.values())


def _from_connector(field: FieldDefinition) -> Row:
    """The columns that belong to the connector; a refresh overwrites these and no others."""
    return {
        "DisplayName": field.name,
        "DisplayDescription": field.description,
        "FieldType": field.type,
        "ListName": field.list_name,
        "DefaultValue": field.default,
        "MaxLength": field.max_length,
        "Access": field.access,
        "MissingInERP": False,
        "Searchable": field.searchable,
    }


def _mapped_by_name(office: Office, actor: Row, field: FieldDefinition, taken: set[str]) -> Row:
    """The CRM field of the same name, and no direction: automatic mapping never starts a flow."""
    if field.access == "ReadOnly":
        return {}
    found = matching_crm_field(office, field.key, actor["ActorTypeCrm"], taken)
    if found is None:
        return {}
    taken.add(found["CrmFieldKey"])
    return {"CrmFieldKey": found["CrmFieldKey"], "ListReference": found["ListReference"]}
