"""Actor types and their field mappings: reading, saving, moving a field up or down.

Effects: writes actor types and fields.

Source: SuperOffice docs, ErpSync agent GetActorTypeMapping, SaveActorTypeMapping, GetCrmActorType, MoveErpFieldItem.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.carriers import Carrier, carrier
from reconciler.emulator.history import Row
from reconciler.emulator.members import ACTOR_TYPES_ERP, Invalid, Members
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.mapping_rules import already_mapped, crm_fields, crm_type, mismatched
from reconciler.emulator.operations.registry import operation


@operation("GetCrmActorType")
def get_crm_actor_type(office: Office, ask: Ask) -> Any:
    """The CRM actor type that an ERP actor type has on a connection; by the general rule where the connection lacks it."""
    actor_type = ask.body.choice("ErpActorType", ACTOR_TYPES_ERP)
    actor = actor_of(office, ask.body.integer("ErpConnectionId"), actor_type)
    return actor["ActorTypeCrm"] if actor else crm_type(actor_type)


@operation("GetActorTypeMapping")
def get_mapping(office: Office, ask: Ask) -> Any:
    """The mapping of one actor type; null, or an empty one, where the connection lacks it. The type's member is `ActorType`."""
    key, actor_type = ask.body.integer("ErpConnectionId"), ask.body.choice("ActorType", ACTOR_TYPES_ERP)
    connection = office.state.row("ErpConnection", key)
    if connection is None:
        return None
    actor = actor_of(office, key, actor_type)
    if actor is not None:
        return _mapping_carrier(office, connection, actor)
    if office.switches.unsupported_actor == "null":
        return None
    return carrier(ErpConnectionId=key, IsActive=False, FieldMappings=[], ActorTypeErp=actor_type, ActorTypeCrm=crm_type(actor_type))


def actor_of(office: Office, connection: int, actor_type: str) -> Row | None:
    """The row of an actor type on a connection, or None."""
    return office.state.first("ErpConnectionActorType", ErpConnectionId=connection, ActorTypeErp=actor_type)


def fields_of(office: Office, actor: Row) -> list[Row]:
    """The fields of an actor type, lowest rank first."""
    return office.state.rows("ErpField", order="Rank", ErpConnectionActorTypeId=actor["ErpConnectionActorTypeId"])


def _mapping_carrier(office: Office, connection: Row, actor: Row) -> Carrier:
    known = crm_fields(office, actor["ActorTypeCrm"])
    return carrier(
        ErpConnectionId=connection["ErpConnectionId"],
        IsActive=actor["IsActive"],
        FieldMappings=[_field_carrier(office, connection, actor, field, known) for field in fields_of(office, actor)],
        ActorTypeErp=actor["ActorTypeErp"],
        ActorTypeCrm=actor["ActorTypeCrm"],
    )


def _field_carrier(office: Office, connection: Row, actor: Row, field: Row, known: dict[str, Row]) -> Carrier:
    crm = known.get(field["CrmFieldKey"].lower())
    return carrier(
        ErpFieldId=field["ErpFieldId"],
        CrmFieldKey=field["CrmFieldKey"],
        CrmDisplayName=crm["DisplayName"] if crm else "",
        CrmDisplayTooltip="",
        ErpFieldKey=field["ErpFieldKey"],
        FieldType=field["FieldType"],
        ErpDisplayName=field["DisplayName"],
        ErpDisplayTooltip=field["DisplayDescription"],
        SyncToCrm=field["SyncToCrm"],
        SyncToErp=field["SyncToErp"],
        ShowInGui=field["ShowInGui"],
        ShowInSearch=field["ShowInSearch"],
        AlreadyMapped=already_mapped(office, connection, actor, field),
        MissingInERP=field["MissingInERP"],
        MissingInCRM=bool(field["CrmFieldKey"]) and crm is None,
        Access=field["Access"],
        ListReference=field["ListReference"],
    )


@operation("SaveActorTypeMapping", writes=True)
def save_mapping(office: Office, ask: Ask) -> Any:
    """Store a mapping and answer it as stored; null for an unknown connection. What the connector owns is ignored."""
    sent = ask.body.needed("Mapping")
    key, actor_type = sent.integer("ErpConnectionId"), sent.choice("ActorTypeErp", ACTOR_TYPES_ERP)
    connection = office.state.row("ErpConnection", key)
    if connection is None:
        return None
    if connection["Active"] and office.switches.mapping_while_active == "refuse":
        raise Invalid("Deactivate the connection before its mappings are changed.", "SoIllegalOperationException")
    if crm_type(actor_type) == "Unknown":
        raise Invalid(f"The actor type {actor_type} is not supported.")
    with office.storing(ask.author):
        actor = actor_of(office, key, actor_type)
        if actor is None:
            values = {"ErpConnectionId": key, "ActorTypeErp": actor_type, "ActorTypeCrm": crm_type(actor_type), "IsActive": False}
            actor = {**values, "ErpConnectionActorTypeId": office.state.insert("ErpConnectionActorType", values)}
        office.state.update("ErpConnectionActorType", actor["ErpConnectionActorTypeId"], {"IsActive": sent.boolean("IsActive")})
        _store_fields(office, connection, actor, sent.members("FieldMappings") or [])
    actor = actor_of(office, key, actor_type)
    return _mapping_carrier(office, connection, actor) if actor else None


def _store_fields(office: Office, connection: Row, actor: Row, sent: list[Members]) -> None:
    stored = fields_of(office, actor)
    by_id, by_key = {row["ErpFieldId"]: row for row in stored}, {row["ErpFieldKey"]: row for row in stored}
    known = crm_fields(office, actor["ActorTypeCrm"])
    untouched = set(by_id)
    for one in sent:
        key = one.integer("ErpFieldId")
        row = by_id.get(key) if key else by_key.get(one.text("ErpFieldKey") or "")
        if row is None:
            raise Invalid(f"The actor type has no field {key or one.text('ErpFieldKey')!r}.")
        untouched.discard(row["ErpFieldId"])
        values = _mapping_values(office, connection, actor, row, one, known)
        if values["CrmFieldKey"] != row["CrmFieldKey"]:
            _forget_items(office, row)
        office.state.update("ErpField", row["ErpFieldId"], values)
    if office.switches.omitted_fields == "unmapped":
        for left in untouched:
            _forget_items(office, by_id[left])
            office.state.update("ErpField", left, {"CrmFieldKey": "", "SyncToCrm": False, "SyncToErp": False, "ListReference": ""})


def _mapping_values(office: Office, connection: Row, actor: Row, row: Row, sent: Members, known: dict[str, Row]) -> Row:
    """The columns of a field that its mapping sets; an empty CRM field clears the directions."""
    crm_key = sent.text("CrmFieldKey") or ""
    crm = known.get(crm_key.lower())
    values: Row = {
        "CrmFieldKey": crm["CrmFieldKey"] if crm else crm_key,
        "SyncToCrm": bool(crm_key) and sent.boolean("SyncToCrm"),
        "SyncToErp": bool(crm_key) and sent.boolean("SyncToErp"),
        "ShowInGui": sent.boolean("ShowInGui"),
        "ShowInSearch": sent.boolean("ShowInSearch"),
        "ListReference": crm["ListReference"] if crm else "",
    }
    directed = values["SyncToCrm"] or values["SyncToErp"]
    if office.switches.read_only_mapping == "save" and row["Access"] == "ReadOnly" and directed:
        raise Invalid(f"The read-only field {row['ErpFieldKey']} cannot be synchronised.", "SoValidationException")
    if office.switches.mismatched_types == "save" and mismatched({**row, **values}, crm):
        raise Invalid(f"{row['ErpFieldKey']} and the CRM field {crm_key} have types that do not go together.", "SoValidationException")
    one_way = values["SyncToCrm"] and not values["SyncToErp"]
    if office.switches.one_way_to_crm == "save" and one_way and already_mapped(office, connection, actor, {**row, **values}):
        raise Invalid(
            f"{row['ErpFieldKey']} is mapped in another connection and may not flow to SuperOffice only.", "SoValidationException"
        )
    return values


def _forget_items(office: Office, field: Row) -> None:
    """List item mappings belong to a pair of lists: another CRM field makes them meaningless."""
    for row in office.state.rows("ErpListItemMapping", ErpFieldId=field["ErpFieldId"]):
        office.state.remove("ErpListItemMapping", row["ErpListItemMappingId"])


@operation("MoveErpFieldItem", writes=True, void=True)
def move(office: Office, ask: Ask) -> Any:
    """Swap a field with its neighbour: positive is one down, negative one up; nothing happens at the ends."""
    key, direction = ask.body.integer("ErpConnectionId"), ask.body.integer("Direction")
    actor = actor_of(office, key, ask.body.choice("ErpActorType", ACTOR_TYPES_ERP))
    if actor is None or direction == 0:
        return
    fields = fields_of(office, actor)
    at = next((place for place, row in enumerate(fields) if row["ErpFieldId"] == ask.body.integer("ErpFieldId")), None)
    if at is None:
        return
    steps = abs(direction) if office.switches.move_uses == "magnitude" else 1
    with office.storing(ask.author):
        for _ in range(min(steps, len(fields))):
            to = at + (1 if direction > 0 else -1)
            if not 0 <= to < len(fields):
                return
            mine, other = fields[at], fields[to]
            office.state.update("ErpField", mine["ErpFieldId"], {"Rank": other["Rank"]})
            office.state.update("ErpField", other["ErpFieldId"], {"Rank": mine["Rank"]})
            mine["Rank"], other["Rank"] = other["Rank"], mine["Rank"]
            fields[at], fields[to] = other, mine
            at = to
