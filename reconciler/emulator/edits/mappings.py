"""Edits of actor types, field mappings, defaults, ranks and list mappings.

Effects: writes those rows; a refresh asks the connector.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.emulator.edits.author import EditError, Editor
from reconciler.emulator.history import Row
from reconciler.emulator.operations.mapping_rules import crm_fields
from reconciler.emulator.operations.refresh import refresh


class MappingEdits(Editor):
    """What an administrator does on the mapping screens."""

    def refresh(self, connection: int) -> bool:
        """Ask the connector for its fields again."""
        return refresh(self._office, self._row("ErpConnection", connection), self._author())

    def set_actor(self, connection: int, actor: str, active: bool) -> None:
        """Switch the synchronisation of an actor type on or off."""
        with self._signed():
            self._state.update("ErpConnectionActorType", self._actor(connection, actor)["ErpConnectionActorTypeId"], {"IsActive": active})

    def map_field(
        self,
        connection: int,
        actor: str,
        key: str,
        crm: str | None = None,
        *,
        to_crm: bool | None = None,
        to_erp: bool | None = None,
        show_in_tab: bool | None = None,
        show_in_search: bool | None = None,
    ) -> None:
        """Change what is given of a field's mapping; `crm=""` unmaps."""
        with self._signed():
            row = self._actor(connection, actor)
            values: Row
            values = {"SyncToCrm": to_crm, "SyncToErp": to_erp, "ShowInGui": show_in_tab, "ShowInSearch": show_in_search}
            values = {name: value for name, value in values.items() if value is not None}
            if crm is not None:
                known = crm_fields(self._office, row["ActorTypeCrm"]).get(crm.lower())
                values |= {"CrmFieldKey": known["CrmFieldKey"] if known else crm, "ListReference": known["ListReference"] if known else ""}
                values |= {} if crm else {"SyncToCrm": False, "SyncToErp": False}
            self._state.update("ErpField", self._field(connection, actor, key)["ErpFieldId"], values)

    def set_default(
        self, connection: int, actor: str, key: str, *, value: str | None = None, ask: bool = False, mandatory: bool = False
    ) -> None:
        """Give a field a default for new ERP actors; without a value it has none."""
        with self._signed():
            values = {"HasFirstSyncDefaultValue": value is not None, "FirstSyncDefaultValue": value or ""}
            values |= {"PromptUser": ask, "Mandatory": mandatory}
            self._state.update("ErpField", self._field(connection, actor, key)["ErpFieldId"], values)

    def set_rank(self, connection: int, actor: str, keys: Sequence[str]) -> None:
        """Put these fields first, in this order; the others keep theirs behind them."""
        with self._signed():
            row = self._actor(connection, actor)
            fields = self._state.rows("ErpField", order="Rank", ErpConnectionActorTypeId=row["ErpConnectionActorTypeId"])
            by_key = {field["ErpFieldKey"]: field for field in fields}
            for rank, key in enumerate([*keys, *(key for key in by_key if key not in keys)], 1):
                self._state.update("ErpField", by_key[key]["ErpFieldId"], {"Rank": rank})

    def map_item(self, connection: int, actor: str, key: str, erp_item: str, crm_item: int | None) -> None:
        """Map an item of an ERP list to a CRM item, or (None) to no selection."""
        with self._signed():
            field = self._field(connection, actor, key)["ErpFieldId"]
            row = self._state.first("ErpListItemMapping", ErpFieldId=field, ErpItemKey=erp_item)
            if row is None:
                self._state.insert("ErpListItemMapping", {"ErpFieldId": field, "ErpItemKey": erp_item, "CrmItemKey": crm_item})
            else:
                self._state.update("ErpListItemMapping", row["ErpListItemMappingId"], {"CrmItemKey": crm_item})

    def _actor(self, connection: int, actor: str) -> Row:
        row = self._state.first("ErpConnectionActorType", ErpConnectionId=connection, ActorTypeErp=actor)
        if row is None:
            raise EditError(f"connection {connection} has no actor type {actor}")
        return row

    def _field(self, connection: int, actor: str, key: str) -> Row:
        its = self._actor(connection, actor)["ErpConnectionActorTypeId"]
        row = self._state.first("ErpField", ErpConnectionActorTypeId=its, ErpFieldKey=key)
        if row is None:
            raise EditError(f"connection {connection}, {actor}: there is no field {key}")
        return row
