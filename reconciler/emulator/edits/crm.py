"""Edits of what lies around ERP Sync in the CRM: groups, associates, list items, CRM fields.

Effects: writes those rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.emulator.edits.author import EditError, Editor


class CrmEdits(Editor):
    """What an administrator does elsewhere in SuperOffice."""

    def add_group(self, name: str) -> int:
        """Create a user group; returns its id."""
        with self._signed():
            return self._state.insert("UserGroup", {"Name": name, "Rank": len(self._state.rows("UserGroup")) + 1})

    def rename_group(self, group: int, name: str) -> None:
        """Give a user group another name (raw)."""
        with self._signed():
            self._row("UserGroup", group)
            self._state.update("UserGroup", group, {"Name": name})

    def delete_group(self, group: int, deleted: bool = True) -> None:
        """Soft-delete a user group, or take that back."""
        with self._signed():
            self._row("UserGroup", group)
            self._state.update("UserGroup", group, {"Deleted": deleted})

    def add_associate(self, login: str, full_name: str = "", group: int = 1) -> int:
        """Create an associate; returns its id."""
        with self._signed():
            return self._state.insert("Associate", {"Name": login, "FullName": full_name or login, "UserGroupId": group})

    def delete_associate(self, associate: int, deleted: bool = True) -> None:
        """Soft-delete an associate, or take that back."""
        with self._signed():
            self._row("Associate", associate)
            self._state.update("Associate", associate, {"Deleted": deleted})

    def add_crm_list(self, name: str, display_name: str = "") -> int:
        """Create a CRM list; returns its id."""
        with self._signed():
            return self._state.insert("CrmList", {"Name": name.lower(), "DisplayName": display_name or name})

    def add_crm_item(self, list_name: str, name: str) -> int:
        """Add an item to a CRM list; returns its id."""
        with self._signed():
            crm_list = self._state.first("CrmList", Name=list_name.lower())
            if crm_list is None:
                raise EditError(f"there is no CRM list {list_name}")
            rank = len(self._state.rows("CrmListItem", CrmListId=crm_list["CrmListId"])) + 1
            return self._state.insert("CrmListItem", {"CrmListId": crm_list["CrmListId"], "Name": name, "Rank": rank})

    def add_crm_heading(self, list_name: str, name: str, items: Sequence[int]) -> int:
        """Show items of a CRM list under a heading, too; returns the heading's id."""
        with self._signed():
            crm_list = self._state.first("CrmList", Name=list_name.lower())
            if crm_list is None:
                raise EditError(f"there is no CRM list {list_name}")
            rank = len(self._state.rows("CrmHeading", CrmListId=crm_list["CrmListId"])) + 1
            heading = self._state.insert("CrmHeading", {"CrmListId": crm_list["CrmListId"], "Name": name, "Rank": rank})
            for item in items:
                self._row("CrmListItem", item)
                self._state.insert("CrmHeadingLink", {"CrmHeadingId": heading, "CrmListItemId": item})
            return heading

    def rename_crm_item(self, item: int, name: str) -> None:
        """Give a CRM item another name (raw)."""
        with self._signed():
            self._row("CrmListItem", item)
            self._state.update("CrmListItem", item, {"Name": name})

    def delete_crm_item(self, item: int, deleted: bool = True) -> None:
        """Soft-delete a CRM item, or take that back."""
        with self._signed():
            self._row("CrmListItem", item)
            self._state.update("CrmListItem", item, {"Deleted": deleted})

    def add_crm_field(self, actor: str, key: str, *, field_type: str = "Text", list_name: str = "") -> int:
        """A CRM field appears (a user-defined one, say); returns its id."""
        with self._signed():
            reference = f"table={list_name}" if list_name else ""
            values = {"ActorTypeCrm": actor, "CrmFieldKey": key, "DisplayName": key, "FieldType": field_type, "ListReference": reference}
            return self._state.insert("CrmField", values)

    def delete_crm_field(self, actor: str, key: str, deleted: bool = True) -> None:
        """A CRM field goes away: mappings to it become MissingInCRM."""
        with self._signed():
            row = self._state.first("CrmField", ActorTypeCrm=actor, CrmFieldKey=key)
            if row is None:
                raise EditError(f"there is no CRM field {actor} {key}")
            self._state.update("CrmField", row["CrmFieldId"], {"Deleted": deleted})
