"""The tables of SuperOffice that the emulator keeps, with their lengths and unique keys.

Effects: none.
"""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "bool", "text"]


@dataclass(frozen=True)
class Column:
    """One column. `length` is the longest text that fits; None means no limit. A nullable column may hold NULL."""

    name: str
    kind: Kind = "text"
    length: int | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table: its integer key, columns, unique keys, and the first key it hands out.

    First keys differ by table so that an id of the wrong kind is never right by luck.
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    first_key: int = 1
    side: Literal["office", "connector", "emulator"] = "office"

    @property
    def names(self) -> tuple[str, ...]:
        """Every column, the key first and the stamps last."""
        return (self.key, *(column.name for column in self.columns), *STAMPS)


STAMPS = ("registered", "registeredAssociateId", "updated", "updatedAssociateId", "updatedCount")
"""Every table carries these.

Source: SuperOffice docs, database tables erpconnection, erpfield and their siblings.
"""


def _columns(*parts: str) -> tuple[Column, ...]:
    """Columns from notes like `Name:254`, `Active?`, `Rank#`, `AssociateId#~`: text with length, bool, int, nullable."""
    made = []
    for part in parts:
        name, nullable = part.rstrip("~"), part.endswith("~")
        if name.endswith("?"):
            made.append(Column(name[:-1], "bool", nullable=nullable))
        elif name.endswith("#"):
            made.append(Column(name[:-1], "int", nullable=nullable))
        else:
            text, _, length = name.partition(":")
            made.append(Column(text, "text", int(length) if length else None, nullable))
    return tuple(made)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("ErpConnector", "ErpConnectorId", _columns("DisplayName:254", "URL:1023", "Deleted?"), first_key=11),
        Table(
            "ErpConnection", "ErpConnectionId",
            _columns("ErpConnectorId#", "DisplayName:254", "DisplayDescription:254", "Active?", "ConnectionId:127",
                     "MostRecentTimestamp:254", "AllAccess?", "Deleted?", "LastSync:40"),
            unique=(("ConnectionId",),), first_key=101,
        ),
        Table(
            "ErpConnectionActorType", "ErpConnectionActorTypeId",
            _columns("ErpConnectionId#", "ActorTypeErp", "ActorTypeCrm", "IsActive?"),
            unique=(("ErpConnectionId", "ActorTypeErp"),), first_key=501,
        ),
        Table(
            "ErpConnectionAccess", "ErpConnectionAccessId",
            _columns("ErpConnectionId#", "AssociateId#~", "UserGroupId#~", "CanConnect?", "CanCreateERP?"), first_key=701,
        ),
        Table(
            "ConnectionConfigField", "ConnectionConfigFieldId", _columns("ErpConnectionId#", "FieldKey:254", "FieldValue:1023"),
            first_key=3001,
        ),
        Table("ErpInternalKey", "ErpInternalKeyId", _columns("tableId#", "recordId#", "MostRecentTimestamp:254"),
              unique=(("recordId", "tableId"),), first_key=40001),
        Table(
            "ErpExternalKey", "ErpExternalKeyId",
            _columns("ErpInternalKeyId#", "ErpConnectionId#", "ErpKey:254", "ActorType", "MostRecentTimestamp:254"),
            unique=(("ErpConnectionId", "ErpInternalKeyId"), ("ErpConnectionId", "ActorType", "ErpKey")), first_key=41001,
        ),
        Table("ErpListItemMapping", "ErpListItemMappingId", _columns("ErpFieldId#", "ErpItemKey:254", "CrmItemKey#~"),
              unique=(("ErpFieldId", "ErpItemKey"),), first_key=6001),
        Table(
            "ErpField", "ErpFieldId",
            _columns("ErpConnectionActorTypeId#", "ErpFieldKey:254", "DisplayName:254", "DisplayDescription:254", "FieldType",
                     "ListName:254", "DefaultValue:254", "MaxLength#", "Access", "HasFirstSyncDefaultValue?",
                     "FirstSyncDefaultValue:254", "PromptUser?", "Mandatory?", "CrmFieldKey:254", "SyncToCrm?", "SyncToErp?",
                     "ShowInGui?", "ShowInSearch?", "Rank#", "ListReference:254", "MissingInERP?", "Searchable?"),
            unique=(("ErpConnectionActorTypeId", "ErpFieldKey"),), first_key=1001,
        ),
        Table("ErpSyncLog", "ErpSyncLogId",
              _columns("ErpExternalKeyId#", "ErpFieldKey", "CrmFieldKey", "TargetIsCrm?", "OldValue", "NewValue"), first_key=50001),
        Table("ErpConfiguration", "ErpConfigurationId", _columns("ConnectionRank:254", "SyncInterval#", "SyncRunning?")),
        Table("QuoteConnection", "QuoteConnectionId", _columns("ErpConnectionId#", "DisplayName:254", "Deleted?"), first_key=801),
        Table("UserGroup", "UserGroupId", _columns("Name:254", "ToolTip:254", "Rank#", "Deleted?")),
        Table("Associate", "AssociateId", _columns("Name:254", "FullName:254", "UserGroupId#", "Type#", "Deleted?")),
        Table("CrmList", "CrmListId", _columns("Name:254", "DisplayName:254"), unique=(("Name",),), first_key=901),
        Table("CrmListItem", "CrmListItemId", _columns("CrmListId#", "Name:254", "ToolTip:254", "Rank#", "Deleted?"), first_key=9001),
        # Headings have ids of their own, which may be those of items.
        Table("CrmHeading", "CrmHeadingId", _columns("CrmListId#", "Name:254", "Rank#"), first_key=9001),
        Table("CrmHeadingLink", "CrmHeadingLinkId", _columns("CrmHeadingId#", "CrmListItemId#"),
              unique=(("CrmHeadingId", "CrmListItemId"),), first_key=9501),
        Table(
            "CrmField", "CrmFieldId",
            _columns("ActorTypeCrm", "CrmFieldKey:254", "DisplayName:254", "FieldType", "ListReference:254", "Deleted?"),
            unique=(("ActorTypeCrm", "CrmFieldKey"),), first_key=20001,
        ),
        Table("ConnectorStored", "ConnectorStoredId", _columns("Connector", "ConnectionId", "Config"),
              unique=(("Connector", "ConnectionId"),), side="connector"),
        Table("ConnectorCondition", "ConnectorConditionId", _columns("Address", "Condition"), unique=(("Address",),), side="connector"),
        Table("ConnectorDefinition", "ConnectorDefinitionId", _columns("Name", "Definition"), unique=(("Name",),), side="connector"),
        Table("ConnectorAddress", "ConnectorAddressId", _columns("Address", "Name"), unique=(("Address",),), side="connector"),
        Table("Setting", "SettingId", _columns("Name", "Value"), unique=(("Name",),), side="emulator"),
        Table("PendingFault", "PendingFaultId", _columns("Fault"), side="emulator"),
    )
}  # fmt: skip
"""Source: SuperOffice docs, database tables ErpConnector (417) to ErpConfiguration (449), QuoteConnection, usergroup, associate.

The tables of side `connector` are what the pretended connectors remember; those of side `emulator` hold its own settings.
"""

_SQL_TYPES = {"int": "INTEGER", "bool": "INTEGER", "text": "TEXT"}
_BLANK = {"int": "0", "bool": "0", "text": "''"}


def statements() -> list[str]:
    """The SQL that makes empty tables, including where each numbering starts."""
    made = []
    for table in TABLES.values():
        columns = [f'"{table.key}" INTEGER PRIMARY KEY AUTOINCREMENT']
        for column in table.columns:
            rule = "" if column.nullable else f" NOT NULL DEFAULT {_BLANK[column.kind]}"
            columns.append(f'"{column.name}" {_SQL_TYPES[column.kind]}{rule}')
        columns += [
            "registered TEXT",
            "registeredAssociateId INTEGER",
            "updated TEXT",
            "updatedAssociateId INTEGER",
            "updatedCount INTEGER",
        ]
        columns += ["UNIQUE (" + ", ".join(f'"{name}"' for name in key) + ")" for key in table.unique]
        made.append(f'CREATE TABLE "{table.name}" ({", ".join(columns)})')
        # AUTOINCREMENT never hands out a key twice, also after its row is gone; it remembers the highest one here.
        made.append(" ".join(("INSERT INTO sqlite_sequence (name, seq) VALUES", f"('{table.name}', {table.first_key - 1})")))
    made.append('CREATE INDEX "ErpFieldByActor" ON "ErpField" ("ErpConnectionActorTypeId", "Rank")')
    flows = '("SyncToCrm" OR "SyncToErp")'
    made += [f'CREATE INDEX "{name}ThatFlows" ON "ErpField" ("{name}") WHERE {flows}' for name in ("CrmFieldKey", "ErpFieldKey")]
    made.append('CREATE INDEX "ConfigByConnection" ON "ConnectionConfigField" ("ErpConnectionId")')
    made.append('CREATE INDEX "AccessByConnection" ON "ErpConnectionAccess" ("ErpConnectionId")')
    made.append('CREATE INDEX "ItemsByList" ON "CrmListItem" ("CrmListId")')
    return made


@functools.cache
def version() -> int:
    """A number that is another one whenever the tables are."""
    return zlib.crc32("".join(statements()).encode()) & 0x7FFFFFFF
