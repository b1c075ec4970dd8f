"""From rows to the carriers of the wire: PascalCase members, in the vendor's order, with the two that every carrier has.

Effects: none (reads rows it is given, or through the office).

Source: SuperOffice docs, ErpSync agent swagger, definitions.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.definitions import FieldDefinition
from reconciler.emulator.history import Row
from reconciler.emulator.office import Office

Carrier = dict[str, Any]
MASK = "********"
NO_DATE = "0001-01-01T00:00:00"


def carrier(**members: Any) -> Carrier:
    """A carrier with these members and the two that describe rights."""
    return {**members, "TableRight": None, "FieldProperties": {}}


def connector_carrier(row: Row) -> Carrier:
    """ErpSyncConnectorEntity."""
    return carrier(ErpConnectorId=row["ErpConnectorId"], DisplayName=row["DisplayName"], URL=row["URL"], Deleted=row["Deleted"])


def connection_carrier(office: Office, row: Row) -> Carrier:
    """ErpConnection, secrets shown as the switch says."""
    access = office.state.rows("ErpConnectionAccess", ErpConnectionId=row["ErpConnectionId"])
    return carrier(
        ErpConnectionId=row["ErpConnectionId"],
        ErpConnectorId=row["ErpConnectorId"],
        DisplayName=row["DisplayName"],
        DisplayDescription=row["DisplayDescription"],
        Active=row["Active"],
        ConnectionId=row["ConnectionId"],
        MostRecentTimestamp=row["MostRecentTimestamp"],
        ConfigFields=shown_config(office, row),
        Deleted=row["Deleted"],
        AllAccess=row["AllAccess"],
        UserGroupAccessIds=[one["UserGroupId"] for one in access if one["UserGroupId"] is not None],
        AssociateAccessIds=[one["AssociateId"] for one in access if one["AssociateId"] is not None],
    )


def shown_config(office: Office, row: Row) -> dict[str, str]:
    """The config values of a connection as a read shows them: clear, masked or blank where they are secrets."""
    config = office.config_of(row["ErpConnectionId"])
    if office.switches.secrets_on_read == "clear":
        return config
    hidden = MASK if office.switches.secrets_on_read == "masked" else ""
    secrets = office.passwords_of(row)
    return {key: hidden if key in secrets and value else value for key, value in config.items()}


def named_only(row: Row) -> Carrier:
    """ErpConnection as GetAllConnections is documented: id, name and description."""
    return carrier(
        ErpConnectionId=row["ErpConnectionId"],
        ErpConnectorId=0,
        DisplayName=row["DisplayName"],
        DisplayDescription=row["DisplayDescription"],
        Active=False,
        ConnectionId=None,
        MostRecentTimestamp=None,
        ConfigFields=None,
        Deleted=False,
        AllAccess=False,
        UserGroupAccessIds=None,
        AssociateAccessIds=None,
    )


def metadata_carrier(field: FieldDefinition) -> Carrier:
    """FieldMetadata from a connector's description of a field."""
    return carrier(
        FieldKey=field.key, Rank=field.rank, DisplayName=field.name, DisplayDescription=field.description, FieldType=field.type,
        ListName=field.list_name, DefaultValue=field.default, MaxLength=field.max_length, Access=field.access, ShowInSearch=False,
    )  # fmt: skip


def stored_metadata_carrier(row: Row) -> Carrier:
    """FieldMetadata from a stored ERP field."""
    return carrier(
        FieldKey=row["ErpFieldKey"], Rank=row["Rank"], DisplayName=row["DisplayName"], DisplayDescription=row["DisplayDescription"],
        FieldType=row["FieldType"], ListName=row["ListName"], DefaultValue=row["DefaultValue"], MaxLength=row["MaxLength"],
        Access=row["Access"], ShowInSearch=row["ShowInSearch"],
    )  # fmt: skip


def plugin_response(ok: bool = True, *, explanation: str = "", technical: str = "", code: str = "") -> Carrier:
    """PluginResponse without record changes."""
    changes = carrier(AddedRecords=[], UpdatedRecords=[], DeletedRecords=[])
    status = "Ok" if ok else "Error"
    return carrier(IsOk=ok, UserExplanation=explanation, TechExplanation=technical, ErrorCode=code, Changes=changes, Status=status)


def mdo_item(row_id: int, name: str, **more: Any) -> Carrier:
    """MDOListItem."""
    members: Carrier = {
        "Id": row_id, "Name": name, "ToolTip": "", "Deleted": False, "Rank": 0, "Type": "", "ChildItems": [], "IconHint": "",
        "ColorBlock": 0, "ExtraInfo": "", "StyleHint": "", "FullName": name,
    }  # fmt: skip
    return carrier(**{**members, **more})
