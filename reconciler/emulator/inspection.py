"""The truth behind the API: whole rows with clear values, for tests and for the independent checker.

Effects: reads the state.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.history import Row
from reconciler.emulator.office import Office
from reconciler.emulator.operations.mapping_rules import already_mapped
from reconciler.emulator.operations.priorities import priority_order


class Inspection:
    """What is really stored. Nothing here is masked or translated."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._state = office.state

    def connection(self, key: int) -> Row:
        """One connection: its columns, plus `ConfigFields`, `UserGroupAccessIds`, `AssociateAccessIds` and `Actors`.

        `Actors` maps an ERP actor type to its columns plus `Fields`, which maps a field key to its columns plus `Items`
        (ERP item key to CRM item key or None).

        Raises:
            KeyError: there is no such connection.
        """
        row = self._state.row("ErpConnection", key)
        if row is None:
            raise KeyError(key)
        access = self._state.rows("ErpConnectionAccess", ErpConnectionId=key)
        return {
            **row,
            "ConfigFields": self._office.config_of(key),
            "UserGroupAccessIds": [one["UserGroupId"] for one in access if one["UserGroupId"] is not None],
            "AssociateAccessIds": [one["AssociateId"] for one in access if one["AssociateId"] is not None],
            "Access": access,
            "Actors": {one["ActorTypeErp"]: self._actor(one) for one in self._state.rows("ErpConnectionActorType", ErpConnectionId=key)},
        }

    def _actor(self, actor: Row) -> Row:
        fields = self._state.rows("ErpField", order="Rank", ErpConnectionActorTypeId=actor["ErpConnectionActorTypeId"])
        return {**actor, "Fields": {field["ErpFieldKey"]: {**field, "Items": self._items(field)} for field in fields}}

    def _items(self, field: Row) -> dict[str, int | None]:
        rows = self._state.rows("ErpListItemMapping", ErpFieldId=field["ErpFieldId"])
        return {row["ErpItemKey"]: row["CrmItemKey"] for row in rows}

    def connections(self, *, deleted: bool = True) -> list[Row]:
        """Every connection as `connection` gives it, oldest first."""
        rows = self._state.rows("ErpConnection")
        return [self.connection(row["ErpConnectionId"]) for row in rows if deleted or not row["Deleted"]]

    def connectors(self, *, deleted: bool = True) -> list[Row]:
        """Every connector's columns, oldest first."""
        return [row for row in self._state.rows("ErpConnector") if deleted or not row["Deleted"]]

    def connector(self, key: int) -> Row:
        """One connector's columns.

        Raises:
            KeyError: there is no such connector.
        """
        row = self._state.row("ErpConnector", key)
        if row is None:
            raise KeyError(key)
        return row

    def find(self, name: str, *, deleted: bool = False) -> list[Row]:
        """The connections whose stored name is this text or holds it as the text of one language."""
        wanted = (name, f':"{name}"')
        found = self._state.rows("ErpConnection")
        return [
            self.connection(row["ErpConnectionId"])
            for row in found
            if (row["DisplayName"] == wanted[0] or wanted[1] in row["DisplayName"]) and (deleted or not row["Deleted"])
        ]

    def field(self, key: int, actor: str, field_key: str) -> Row:
        """One ERP field of a connection, as in `connection`.

        Raises:
            KeyError: there is no such connection, actor type or field.
        """
        found: Row = self.connection(key)["Actors"][actor]["Fields"][field_key]
        return found

    def remembered_by_connector(self, key: int) -> dict[str, str] | None:
        """What the connector holds for a connection; None when it does not know it."""
        row = self.connection(key)
        definition = self._office.connectors.at(self._office.url_of(row))
        return self._office.connectors.remembered(definition, row["ConnectionId"]) if definition else None

    def engine(self) -> Row:
        """The settings row: `SyncRunning`, `SyncInterval` in seconds, `ConnectionRank`, and `Order` as it is used."""
        return {**(self._state.row("ErpConfiguration", 1) or {}), "Order": priority_order(self._office)}

    def duplicate_items(self, key: int) -> list[tuple[str, str, int]]:
        """(actor type, field key, CRM item) wherever two ERP items of a field share one CRM item."""
        found = []
        for actor, its in self.connection(key)["Actors"].items():
            for field_key, field in its["Fields"].items():
                used = [item for item in field["Items"].values() if item is not None]
                found += [(actor, field_key, item) for item in sorted(set(used)) if used.count(item) > 1]
        return found

    def already_mapped(self, key: int, actor: str, field_key: str) -> bool:
        """Whether another connection maps the same field."""
        row = self.connection(key)
        its = row["Actors"][actor]
        return already_mapped(self._office, row, its, its["Fields"][field_key])

    def why_tests_failed(self) -> list[str]:
        """The connectors' own explanations, newest last; the API never tells them."""
        return list(self._office.connectors.log)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of any table."""
        return self._state.rows(table)
