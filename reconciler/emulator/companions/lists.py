"""MDO lists and list items.

Effects: reads the office's state.

Source: SuperOffice docs, MDO providers usergroup, erpconnections, erpconnectors, erpactortype, crmfields; REST List and MDOList.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.carriers import Carrier, mdo_item
from reconciler.emulator.history import Row
from reconciler.emulator.members import ACTOR_TYPES_ERP
from reconciler.emulator.office import Office
from reconciler.emulator.operations.mapping_rules import CRM_TYPE
from reconciler.emulator.operations.priorities import priority_order

LISTS = {name.lower(): name for name in ("usergroup", "associate", "erpconnections", "erpconnectors", "erpactortype", "crmfields")}


def mdo_list(office: Office, name: str, query: Mapping[str, str]) -> Any:
    """One MDO list by name; a list that does not exist answers null."""
    extra = dict(re.findall(r"(\w+)=([^&;,]*)", query.get("additional", "")))
    extra = {key.lower(): value.lower() for key, value in extra.items()}
    if name == "usergroup":
        return [
            mdo_item(row["UserGroupId"], row["Name"], ToolTip=row["ToolTip"], Rank=row["Rank"], Deleted=row["Deleted"])
            for row in office.state.rows("UserGroup", order="Rank")
        ]
    if name == "associate":
        return [mdo_item(row["AssociateId"], row["FullName"], Deleted=row["Deleted"]) for row in office.state.rows("Associate")]
    if name == "erpconnections":
        return _connections(office, extra)
    if name == "erpconnectors":
        rows = office.state.rows("ErpConnector", Deleted=0)
        return [mdo_item(row["ErpConnectorId"], row["DisplayName"], ExtraInfo=row["URL"]) for row in rows]
    if name == "erpactortype":
        return [mdo_item(at, one, ExtraInfo=one) for at, one in enumerate(ACTOR_TYPES_ERP) if one in CRM_TYPE]
    if name == "crmfields":
        return _crm_fields(office, query)
    row = office.state.first("CrmList", Name=name.lower())
    return None if row is None else _shown(office, row, flat=query.get("flat", "").lower() == "true")


def _connections(office: Office, extra: Mapping[str, str]) -> list[Carrier]:
    """With `useRank`, in the order of priority, SuperOffice itself (id 0) included where the order holds it."""
    rows = {row["ErpConnectionId"]: row for row in office.state.rows("ErpConnection", Deleted=0)}
    order = priority_order(office) if extra.get("userank") == "true" else list(rows)
    made = []
    for rank, key in enumerate(order, 1):
        if key == 0:
            made.append(mdo_item(0, "SuperOffice", Rank=rank))
        elif key in rows:
            row = rows[key]
            connector = office.state.row("ErpConnector", row["ErpConnectorId"])
            prefix = f"{connector['DisplayName']}: " if connector and extra.get("prefixwithconnector") == "true" else ""
            made.append(mdo_item(key, prefix + row["DisplayName"], ExtraInfo=row["ConnectionId"], Rank=rank))
    return made


def _crm_fields(office: Office, query: Mapping[str, str]) -> list[Carrier]:
    """All CRM fields, or those of the actor type that `additional` names. The arguments are undocumented: this is a guess."""
    named = re.search(r"(?i)(contact|person|project|customer|supplier|partner)", query.get("additional", ""))
    wanted = named[1].capitalize() if named else None
    crm = CRM_TYPE.get(wanted, wanted) if wanted else None
    rows = office.state.rows("CrmField", Deleted=0)
    return [
        mdo_item(row["CrmFieldId"], row["DisplayName"], ExtraInfo=row["CrmFieldKey"], Type=row["FieldType"], StyleHint=row["ListReference"])
        for row in rows
        if crm in (None, row["ActorTypeCrm"])
    ]


def _items(office: Office, crm_list: Row) -> list[Row]:
    return office.state.rows("CrmListItem", order="Rank", CrmListId=crm_list["CrmListId"])


def _shown(office: Office, crm_list: Row, *, flat: bool) -> list[Carrier]:
    """The items that are not deleted, below their headings unless `flat`; an item may stand under several, or under none."""
    items = {row["CrmListItemId"]: row for row in _items(office, crm_list) if not row["Deleted"]}
    made, below = [], set()
    for heading in [] if flat else office.state.rows("CrmHeading", order="Rank", CrmListId=crm_list["CrmListId"]):
        links = office.state.rows("CrmHeadingLink", CrmHeadingId=heading["CrmHeadingId"])
        its = [items[link["CrmListItemId"]] for link in links if link["CrmListItemId"] in items]
        below |= {row["CrmListItemId"] for row in its}
        if its:
            children = [_item(row, crm_list) for row in its]
            made.append(mdo_item(heading["CrmHeadingId"], heading["Name"], Rank=heading["Rank"], Type="Heading", ChildItems=children))
    return made + [_item(row, crm_list) for key, row in items.items() if key not in below]


def _item(row: Row, crm_list: Row) -> Carrier:
    name = row["Name"]
    return mdo_item(row["CrmListItemId"], name, ToolTip=row["ToolTip"], Rank=row["Rank"], Deleted=row["Deleted"], Type=crm_list["Name"])


def list_items(office: Office, rest: str) -> Any:
    """`List/<name>/Items` and `List/<name>/MDOItems`: every item, deleted ones marked; null for an unknown list."""
    name, _, form = rest.partition("/")
    by_id = office.state.row("CrmList", int(name)) if name.isdecimal() else None
    crm_list = by_id or office.state.first("CrmList", Name=name.lower())
    if crm_list is None:
        return None
    rows = _items(office, crm_list)
    if form == "MDOItems":
        return _shown(office, crm_list, flat=False)
    key = {"country": "CountryId", "currency": "CurrencyId"}.get(crm_list["Name"], "Id")
    return [
        {key: row["CrmListItemId"], "Name": row["Name"], "Tooltip": row["ToolTip"], "Deleted": row["Deleted"], "Rank": row["Rank"]}
        for row in rows
    ]
