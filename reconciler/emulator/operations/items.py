"""List mappings: the items of the connector's lists and their CRM items.

Effects: writes item pairs; asks the connector for its items.

Source: SuperOffice docs, ErpSync agent GetConnectionListMappings, SaveConnectionListMappings; database table erplistitemmapping.
"""

from __future__ import annotations

import functools
from typing import Any

from reconciler.emulator.carriers import Carrier, carrier, mdo_item
from reconciler.emulator.history import Row
from reconciler.emulator.members import Invalid, Members
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.mappings import fields_of
from reconciler.emulator.operations.registry import operation


@operation("GetConnectionListMappings", talks=True)
def get_list_mappings(office: Office, ask: Ask) -> Any:
    """The lists behind mapped List fields with every item of the connector; null for an unknown connection."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    return None if row is None else _container(office, row, ask)


def _mapped_lists(office: Office, connection: Row) -> list[tuple[Row, Row, Row]]:
    """(actor type, field, CRM list) of every List field that is mapped to a CRM list and still offered."""
    found = []
    for actor in office.state.rows("ErpConnectionActorType", ErpConnectionId=connection["ErpConnectionId"]):
        for field in fields_of(office, actor):
            crm_list = _crm_list(office, field["ListReference"])
            if field["FieldType"] == "List" and field["CrmFieldKey"] and crm_list is not None and not field["MissingInERP"]:
                found.append((actor, field, crm_list))
    return found


def _crm_list(office: Office, reference: str) -> Row | None:
    """The list that a reference such as `table=business` names."""
    name = dict(part.partition("=")[::2] for part in reference.split("&")).get("table", "")
    return office.state.first("CrmList", Name=name.lower()) if name else None


def _container(office: Office, connection: Row, ask: Ask) -> Carrier | None:
    mappings = []
    url, guid = office.url_of(connection), connection["ConnectionId"]
    for actor, field, crm_list in _mapped_lists(office, connection):
        ask_items = functools.partial(office.connectors.items, url, guid, field["ListName"])
        answer = office.with_resend(connection, ask.author, ask_items)
        if not answer.ok:
            office.without_connector(answer)
            return None
        mappings.append(_list_carrier(office, actor, field, crm_list, answer.value))
    return carrier(ErpListItemMappings=mappings, ErpConnectionId=connection["ErpConnectionId"], ErpConnectionName=connection["DisplayName"])


def _list_carrier(office: Office, actor: Row, field: Row, crm_list: Row, items: dict[str, str]) -> Carrier:
    pairs = {row["ErpItemKey"]: row["CrmItemKey"] for row in office.state.rows("ErpListItemMapping", ErpFieldId=field["ErpFieldId"])}
    return carrier(
        CrmList=mdo_item(crm_list["CrmListId"], crm_list["DisplayName"], Type=crm_list["Name"], ExtraInfo=field["ListReference"]),
        ErpListName=field["ListName"],
        ErpCrmListItemMappings=[
            carrier(ErpListItemId=key, ErpListItemName=text, CrmListItem=_crm_item(office, pairs.get(key))) for key, text in items.items()
        ],
        ErpActorTypeName=actor["ActorTypeErp"],
        ErpFieldId=field["ErpFieldId"],
    )


def _crm_item(office: Office, key: int | None) -> Carrier | None:
    row = office.state.row("CrmListItem", key)
    return None if row is None else mdo_item(row["CrmListItemId"], row["Name"], Rank=row["Rank"], Deleted=row["Deleted"])


@operation("SaveConnectionListMappings", writes=True, talks=True)
def save_list_mappings(office: Office, ask: Ask) -> Any:
    """Store item pairs and answer the whole container again; a missing CRM item, or id 0, is no selection."""
    sent = ask.body.needed("ListMapping")
    connection = office.state.row("ErpConnection", sent.integer("ErpConnectionId"))
    if connection is None:
        return None
    if connection["Active"] and office.switches.mapping_while_active == "refuse":
        raise Invalid("Deactivate the connection before its list mappings are changed.", "SoIllegalOperationException")
    mapped = {field["ErpFieldId"]: (field, crm_list) for _, field, crm_list in _mapped_lists(office, connection)}
    with office.storing(ask.author):
        for one in sent.members("ErpListItemMappings") or []:
            key = one.integer("ErpFieldId")
            if key not in mapped:
                raise Invalid(f"Field {key} is not a mapped list of this connection.")
            _store_pairs(office, *mapped[key], one.members("ErpCrmListItemMappings") or [])
    return _container(office, connection, ask)


def _store_pairs(office: Office, field: Row, crm_list: Row, sent: list[Members]) -> None:
    stored = {row["ErpItemKey"]: row for row in office.state.rows("ErpListItemMapping", ErpFieldId=field["ErpFieldId"])}
    for one in sent:
        erp_item, chosen = one.text("ErpListItemId") or "", one.member("CrmListItem")
        crm_item = (chosen.integer("Id") if chosen else 0) or None
        found = office.state.row("CrmListItem", crm_item)
        if crm_item is not None and (found is None or found["CrmListId"] != crm_list["CrmListId"]):
            raise Invalid(f"{crm_item} is not an item of the list {crm_list['Name']}.")
        row = stored.pop(erp_item, None)
        if row is not None:
            office.state.update("ErpListItemMapping", row["ErpListItemMappingId"], {"CrmItemKey": crm_item})
        elif crm_item is not None:
            office.state.insert("ErpListItemMapping", {"ErpFieldId": field["ErpFieldId"], "ErpItemKey": erp_item, "CrmItemKey": crm_item})
    if office.switches.omitted_list_items == "cleared":
        for row in stored.values():
            office.state.update("ErpListItemMapping", row["ErpListItemMappingId"], {"CrmItemKey": None})
