"""Edits of connections.

Effects: writes connections, their config and their scope; adding one tells its connector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.emulator.edits.author import EditError, Editor
from reconciler.emulator.operations.refresh import refresh


class ConnectionEdits(Editor):
    """What an administrator does to connections."""

    def add_connection(
        self,
        connector: int,
        name: str,
        config: Mapping[str, str] | None = None,
        *,
        description: str = "",
        active: bool = False,
        all_access: bool = True,
        groups: Sequence[int] = (),
        users: Sequence[int] = (),
        cursor: str = "",
        tell_connector: bool = True,
        refresh_fields: bool = True,
    ) -> int:
        """Create a connection as the screen does: stored, told to the connector, fields refreshed. Config keys that are
        not given take the connector's defaults. Returns its id.

        Raises:
            EditError: there is no such connector.
        """
        author = self._author()
        url = self._row("ErpConnector", connector)["URL"]
        definition = self._office.connectors.at(url)
        declared = {field.key: field.default for field in definition.config if field.type != "Label"} if definition else {}
        with self._state.transaction(author):
            key = self._state.insert("ErpConnection", {
                "ErpConnectorId": connector, "DisplayName": name, "DisplayDescription": description, "Active": active,
                "AllAccess": all_access, "MostRecentTimestamp": cursor, "ConnectionId": self._office.make_guid(),
            })  # fmt: skip
            for field_key, value in {**declared, **(config or {})}.items():
                self._state.insert("ConnectionConfigField", {"ErpConnectionId": key, "FieldKey": field_key, "FieldValue": value})
            self._set_scope(key, all_access, groups, users)
        row = self._row("ErpConnection", key)
        if tell_connector:
            self._office.connectors.save(url, row["ConnectionId"], self._office.config_of(key), author)
            if refresh_fields:
                refresh(self._office, row, author)
        return key

    def toggle(self, connection: int) -> bool:
        """Flip Active, whatever the rules say; returns what it is now."""
        with self._signed():
            active = not self._row("ErpConnection", connection)["Active"]
            self._state.update("ErpConnection", connection, {"Active": active})
            return active

    def set_active(self, connection: int, active: bool) -> None:
        """Make it active or inactive, whatever the rules say."""
        with self._signed():
            self._change(connection, {"Active": active})

    def rename(self, connection: int, name: str) -> None:
        """Give it another name (raw, so a multi-language text is possible)."""
        with self._signed():
            self._change(connection, {"DisplayName": name})

    def describe(self, connection: int, description: str) -> None:
        """Give it another description."""
        with self._signed():
            self._change(connection, {"DisplayDescription": description})

    def set_cursor(self, connection: int, cursor: str) -> None:
        """Put the sync cursor somewhere, active or not."""
        with self._signed():
            self._change(connection, {"MostRecentTimestamp": cursor})

    def set_guid(self, connection: int, guid: str) -> None:
        """Give it another GUID, as a restored backup or a cloned tenant would."""
        with self._signed():
            self._change(connection, {"ConnectionId": guid})

    def set_connector(self, connection: int, connector: int) -> None:
        """Hang it on another connector."""
        with self._signed():
            self._row("ErpConnector", connector)
            self._change(connection, {"ErpConnectorId": connector})

    def delete(self, connection: int) -> None:
        """Soft-delete it."""
        with self._signed():
            self._change(connection, {"Deleted": True})

    def restore(self, connection: int) -> None:
        """Take the deletion back."""
        with self._signed():
            self._change(connection, {"Deleted": False})

    def set_config(self, connection: int, key: str, value: str | None, *, tell_connector: bool = True) -> None:
        """Change, add or (None) take away one config value; by default the connector hears of it, as from the screen."""
        author = self._author()
        row = self._row("ErpConnection", connection)
        with self._state.transaction(author):
            stored = self._state.first("ConnectionConfigField", ErpConnectionId=connection, FieldKey=key)
            if stored is None and value is not None:
                self._state.insert("ConnectionConfigField", {"ErpConnectionId": connection, "FieldKey": key, "FieldValue": value})
            elif stored is not None and value is not None:
                self._state.update("ConnectionConfigField", stored["ConnectionConfigFieldId"], {"FieldValue": value})
            elif stored is not None:
                self._state.remove("ConnectionConfigField", stored["ConnectionConfigFieldId"])
        if tell_connector:
            config = self._office.config_of(connection)
            self._office.connectors.save(self._office.url_of(row), row["ConnectionId"], config, author)

    def set_scope(self, connection: int, *, all_access: bool = False, groups: Sequence[int] = (), users: Sequence[int] = ()) -> None:
        """Say who may use it: everyone, or these user groups and associates, by id."""
        with self._signed():
            self._set_scope(connection, all_access, groups, users)

    def set_access_flags(self, connection: int, *, can_connect: bool, can_create_erp: bool) -> None:
        """Set the hidden flags of every row of its scope."""
        with self._signed():
            for row in self._state.rows("ErpConnectionAccess", ErpConnectionId=connection):
                self._state.update(
                    "ErpConnectionAccess", row["ErpConnectionAccessId"], {"CanConnect": can_connect, "CanCreateERP": can_create_erp}
                )

    def link_record(self, connection: int, *, record: int = 1, erp_key: str = "1", actor: str = "Customer") -> int:
        """Connect a CRM record with an ERP actor through it; returns the key of the link."""
        with self._signed():
            self._row("ErpConnection", connection)
            inner = self._state.first("ErpInternalKey", tableId=5, recordId=record)
            key = inner["ErpInternalKeyId"] if inner else self._state.insert("ErpInternalKey", {"tableId": 5, "recordId": record})
            return self._state.insert("ErpExternalKey", {
                "ErpInternalKeyId": key, "ErpConnectionId": connection, "ErpKey": erp_key, "ActorType": actor,
            })  # fmt: skip

    def add_quote_connection(self, connection: int, name: str = "Quotes") -> int:
        """Let a quote connection depend on it; returns its key."""
        with self._signed():
            self._row("ErpConnection", connection)
            return self._state.insert("QuoteConnection", {"ErpConnectionId": connection, "DisplayName": name})

    def set_priorities(self, connections: Sequence[int]) -> None:
        """Store an order of priority as it is; 0 stands for SuperOffice."""
        with self._signed():
            self._state.update("ErpConfiguration", 1, {"ConnectionRank": ";".join(map(str, connections))})

    def set_engine(self, *, running: bool | None = None, interval_s: int | None = None) -> None:
        """Switch automatic synchronisation, or change its interval."""
        values: dict[str, Any] = {"SyncRunning": running, "SyncInterval": interval_s}
        with self._signed():
            self._state.update("ErpConfiguration", 1, {name: value for name, value in values.items() if value is not None})

    def _change(self, connection: int, values: dict[str, Any]) -> None:
        self._row("ErpConnection", connection)
        self._state.update("ErpConnection", connection, values)

    def _set_scope(self, connection: int, all_access: bool, groups: Sequence[int], users: Sequence[int]) -> None:
        self._change(connection, {"AllAccess": all_access})
        for row in self._state.rows("ErpConnectionAccess", ErpConnectionId=connection):
            self._state.remove("ErpConnectionAccess", row["ErpConnectionAccessId"])
        for table, column, ids in (("UserGroup", "UserGroupId", groups), ("Associate", "AssociateId", users)):
            for one in ids:
                if self._state.row(table, one) is None:
                    raise EditError(f"there is no {table} {one}")
                who = {"AssociateId": None, "UserGroupId": None, column: one}
                self._state.insert("ErpConnectionAccess", {"ErpConnectionId": connection, **who, "CanConnect": True, "CanCreateERP": True})
