"""Links between CRM records and ERP actors, and the values on both sides, as far as they can be told without records.

The emulator holds no contacts, persons or ERP records: links are rows, values are blank.

Effects: writes links.

Source: SuperOffice docs, ErpSync agent, actor operations; database tables erpinternalkey and erpexternalkey.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.carriers import Carrier, carrier, stored_metadata_carrier
from reconciler.emulator.history import Row
from reconciler.emulator.members import ACTOR_TYPES_CRM, ACTOR_TYPES_ERP
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.mapping_rules import crm_type
from reconciler.emulator.operations.mappings import actor_of, fields_of
from reconciler.emulator.operations.registry import operation

TABLE_NUMBERS = {"Contact": 5, "Person": 6, "Project": 9, "Sale": 13}
"""Source: SuperOffice docs, database table numbers."""


def _link(office: Office, ask: Ask) -> bool:
    """Link a record with an ERP actor; false where either side of the pair is linked already or something does not exist."""
    body = ask.body
    connection, record = office.state.row("ErpConnection", body.integer("ErpConnectionId")), body.integer("CrmRecordId")
    crm, erp = body.choice("CrmActorType", ACTOR_TYPES_CRM), body.choice("ErpActorType", ACTOR_TYPES_ERP)
    key = body.text("ErpKey") or ""
    if connection is None or connection["Deleted"] or record <= 0 or not key or crm_type(erp) != crm:
        return False
    with office.storing(ask.author):
        return _store_link(office, connection["ErpConnectionId"], (TABLE_NUMBERS[crm], record), erp, key)


def _store_link(office: Office, connection: int, record: tuple[int, int], erp: str, key: str) -> bool:
    inner = office.state.first("ErpInternalKey", tableId=record[0], recordId=record[1])
    inner_key = inner["ErpInternalKeyId"] if inner else office.state.insert("ErpInternalKey", {"tableId": record[0], "recordId": record[1]})
    linked = office.state.first("ErpExternalKey", ErpConnectionId=connection, ErpInternalKeyId=inner_key)
    taken = office.state.first("ErpExternalKey", ErpConnectionId=connection, ActorType=erp, ErpKey=key)
    if linked or taken:
        return False
    values = {"ErpInternalKeyId": inner_key, "ErpConnectionId": connection, "ErpKey": key, "ActorType": erp}
    office.state.insert("ErpExternalKey", values)
    return True


@operation("CreateActorLink", writes=True)
def create_link(office: Office, ask: Ask) -> Any:
    """Link a record and an ERP actor, moving no values."""
    return _link(office, ask)


@operation("TryConnectActor", writes=True)
def try_connect(office: Office, ask: Ask) -> Any:
    """Link a record and an ERP actor and set values; whether it worked."""
    return _link(office, ask)


@operation("ConnectActor", writes=True, void=True)
def connect(office: Office, ask: Ask) -> Any:
    """The same without an answer."""
    _link(office, ask)


@operation("BreakActorLink", writes=True)
def break_link(office: Office, ask: Ask) -> Any:
    """Remove a link; the ERP is not told and keeps its record."""
    found = _linked(
        office, ask.body.integer("ErpConnectionId"), ask.body.choice("CrmActorType", ACTOR_TYPES_CRM), ask.body.integer("CrmRecordId")
    )
    if found is None:
        return False
    with office.storing(ask.author):
        office.state.remove("ErpExternalKey", found["ErpExternalKeyId"])
    return True


def _linked(office: Office, connection: int, crm: str, record: int) -> Row | None:
    inner = office.state.first("ErpInternalKey", tableId=TABLE_NUMBERS.get(crm, 0), recordId=record)
    return office.state.first("ErpExternalKey", ErpConnectionId=connection, ErpInternalKeyId=inner["ErpInternalKeyId"]) if inner else None


@operation("CreateErpActorFromCrm", writes=True)
def create_actor(office: Office, ask: Ask) -> Any:
    """Create an ERP actor for a record and link them. The connection's id is called `ConnectionId` here."""
    body = ask.body
    connection, erp = office.state.row("ErpConnection", body.integer("ConnectionId")), body.choice("ErpActorType", ACTOR_TYPES_ERP)
    crm, record = body.choice("CrmActorType", ACTOR_TYPES_CRM), body.integer("CrmEntityId")
    body.dictionary("ErpFieldKeyValues")
    if connection is None or not connection["Active"] or connection["Deleted"] or record <= 0 or crm_type(erp) != crm:
        return False
    with office.storing(ask.author):
        return _store_link(office, connection["ErpConnectionId"], (TABLE_NUMBERS[crm], record), erp, f"{erp[:3].upper()}{record}")


@operation("GetConnectionsAndDisplayFields")
def connections_and_fields(office: Office, ask: Ask) -> Any:
    """For one record: every active connection that has its kind of actor, whether it is linked, and the fields to show."""
    crm, record = ask.body.choice("CrmActorType", ACTOR_TYPES_CRM), ask.body.integer("EntityId")
    made: list[Carrier] = []
    for row in office.state.rows("ErpConnection", Active=1, Deleted=0):
        actors = office.state.rows("ErpConnectionActorType", ErpConnectionId=row["ErpConnectionId"], ActorTypeCrm=crm, IsActive=1)
        if not actors:
            continue
        link = _linked(office, row["ErpConnectionId"], crm, record)
        actor = next((one for one in actors if link and one["ActorTypeErp"] == link["ActorType"]), actors[0])
        made.append(
            carrier(
                ErpConnectionId=row["ErpConnectionId"],
                ConnectionName=row["DisplayName"],
                Connected=link is not None,
                ErpFields=[stored_metadata_carrier(field) for field in fields_of(office, actor) if field["ShowInGui"]],
                CrmActorType=crm,
                ErpActorType=actor["ActorTypeErp"],
                ErpActorTypes=[one["ActorTypeErp"] for one in actors],
            )
        )
    return made


@operation("GetErpFieldValues", talks=True)
def erp_field_values(office: Office, ask: Ask) -> Any:
    """The values of some ERP fields of a record, in the order asked: blank ones, or null where the record is not linked."""
    ask.body.choice("CrmActorType", ACTOR_TYPES_CRM)
    connection, crm = ask.body.integer("ErpConnectionId"), ask.body.choice("CrmActorType", ACTOR_TYPES_CRM)
    linked = _linked(office, connection, crm, ask.body.integer("EntityId"))
    return None if linked is None else ["" for _ in ask.body.texts("FieldKeys") or []]


@operation("GetFieldValuesFromCrm")
def values_from_crm(office: Office, ask: Ask) -> Any:
    """The CRM fields of a kind of record with blank values; this also enumerates the keys."""
    ask.body.integer("RecordId")
    crm = ask.body.choice("ActorTypeCrm", ACTOR_TYPES_CRM)
    rows = office.state.rows("CrmField", ActorTypeCrm=crm, Deleted=0)
    return [_value_carrier(row["DisplayName"], row["CrmFieldKey"], to_crm=False, to_erp=False) for row in rows]


@operation("GetFieldValuesFromErp", talks=True)
def values_from_erp(office: Office, ask: Ask) -> Any:
    """The mapped fields of an ERP actor with blank values; null without the actor type."""
    ask.body.text("ErpKey")
    actor = actor_of(office, ask.body.integer("ErpConnectionId"), ask.body.choice("ActorTypeErp", ACTOR_TYPES_ERP))
    if actor is None:
        return None
    mapped = [row for row in fields_of(office, actor) if row["CrmFieldKey"]]
    return [_value_carrier(row["DisplayName"], row["CrmFieldKey"], to_crm=row["SyncToCrm"], to_erp=row["SyncToErp"]) for row in mapped]


def _value_carrier(name: str, key: str, *, to_crm: bool, to_erp: bool) -> Carrier:
    return carrier(DisplayName=name, CrmFieldKey=key, Value="", DisplayValue="", SyncToCrm=to_crm, SyncToErp=to_erp)
