"""Edits of connectors, of the programs behind them, and of the ERP.

Effects: writes connectors, connector conditions and definitions, and the ERP folder.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.emulator.definitions import Definition, FieldDefinition, as_content, normal_url
from reconciler.emulator.edits.author import EditError, Editor


class ConnectorEdits(Editor):
    """What an administrator does to connectors, and what happens on their side of the wire."""

    def add_connector(self, name: str, url: str) -> int:
        """Create a connector; returns its id."""
        with self._signed():
            return self._state.insert("ErpConnector", {"DisplayName": name, "URL": url})

    def rename_connector(self, connector: int, name: str) -> None:
        """Give a connector another name."""
        with self._signed():
            self._row("ErpConnector", connector)
            self._state.update("ErpConnector", connector, {"DisplayName": name})

    def set_url(self, connector: int, url: str) -> None:
        """Give a connector another address."""
        with self._signed():
            self._row("ErpConnector", connector)
            self._state.update("ErpConnector", connector, {"URL": url})

    def delete_connector(self, connector: int) -> None:
        """Soft-delete a connector, whether or not connections use it."""
        with self._signed():
            self._row("ErpConnector", connector)
            self._state.update("ErpConnector", connector, {"Deleted": True})

    def restore_connector(self, connector: int) -> None:
        """Take the deletion back."""
        with self._signed():
            self._row("ErpConnector", connector)
            self._state.update("ErpConnector", connector, {"Deleted": False})

    # ---- how it misbehaves -------------------------------------------------------------------------------------

    def connector_down(self, url: str, down: bool = True) -> None:
        """Nothing answers at the address, or it does again."""
        self._condition(url, {"down": down})

    def connector_slow(self, url: str, seconds: float) -> None:
        """Each answer from the address takes so long."""
        self._condition(url, {"delay_s": seconds})

    def connector_refuses_save(self, url: str, refuses: bool = True) -> None:
        """It does not take config."""
        self._condition(url, {"refuse_save": refuses})

    def connector_refuses_keys(self, url: str, keys: Sequence[str]) -> None:
        """It does not take config that has any of these keys."""
        self._condition(url, {"refuse_keys": list(keys)})

    def connector_refuses_fields(self, url: str, refuses: bool = True) -> None:
        """It cannot tell its fields."""
        self._condition(url, {"refuse_fields": refuses})

    def connector_stops_telling_fields(self, url: str, after: int | None) -> None:
        """It tells so many actor types with their fields and then fails; None lets it tell all."""
        self._condition(url, {"fields_stop_after": after})

    def connector_fails_tests(self, url: str, fails: bool = True) -> None:
        """Its tests fail, whatever is tested."""
        self._condition(url, {"fail_tests": fails})

    def _condition(self, url: str, change: dict[str, Any]) -> None:
        address = normal_url(url)
        with self._state.transaction(self._author(2)):
            row = self._state.first("ConnectorCondition", Address=address)
            if row is None:
                self._state.insert("ConnectorCondition", {"Address": address, "Condition": json.dumps(change)})
            else:
                content = json.dumps({**json.loads(row["Condition"]), **change})
                self._state.update("ConnectorCondition", row["ConnectorConditionId"], {"Condition": content})

    def forget_in_connector(self, connection: int) -> None:
        """The connector loses what it knew of a connection."""
        row = self._row("ErpConnection", connection)
        self._office.connectors.forget(self._office.url_of(row), row["ConnectionId"], self._author())

    def answer_at(self, url: str, name: str) -> None:
        """Let the connector of this name answer at one more address."""
        with self._signed():
            self._definition(name)
            self._state.insert("ConnectorAddress", {"Address": normal_url(url), "Name": name})

    # ---- what it offers ----------------------------------------------------------------------------------------

    def add_field(self, name: str, actor: str, key: str, /, *, at: int | None = None, **more: Any) -> None:
        """The connector offers one more field: `type`, `access`, `default`, `list_name` and so on as in its file."""
        field = FieldDefinition(**{"key": key, "name": key, **more})
        self._change_actor(name, actor, lambda fields: (*fields[:at], field, *fields[at:]) if at is not None else (*fields, field))

    def drop_field(self, name: str, actor: str, key: str) -> None:
        """The connector no longer offers a field."""
        self._change_actor(name, actor, lambda fields: tuple(field for field in fields if field.key != key))

    def change_field(self, name: str, actor: str, key: str, /, **change: Any) -> None:
        """The connector describes a field differently: `access="Mandatory"`, `key="NewName"`."""
        self._change_actor(
            name, actor, lambda fields: tuple(dataclasses.replace(field, **change) if field.key == key else field for field in fields)
        )

    def _change_actor(self, name: str, actor: str, change: Any) -> None:
        definition = self._definition(name)
        actors = {**definition.actors, actor: change(definition.actors.get(actor, ()))}
        self._redefine(dataclasses.replace(definition, actors=actors), 3)

    def drop_actor(self, name: str, actor: str) -> None:
        """The connector no longer offers an actor type."""
        definition = self._definition(name)
        self._redefine(dataclasses.replace(definition, actors={one: its for one, its in definition.actors.items() if one != actor}), 2)

    def change_config_field(self, name: str, key: str, /, **change: Any) -> None:
        """The connector describes a config field differently, or (`drop=True`) no longer, or a new one for the first time."""
        definition = self._definition(name)
        drop = change.pop("drop", False)
        fields = [dataclasses.replace(field, **change) if field.key == key else field for field in definition.config]
        if drop:
            fields = [field for field in fields if field.key != key]
        elif all(field.key != key for field in definition.config):
            fields.append(FieldDefinition(**{"key": key, "name": key, **change}))
        self._redefine(dataclasses.replace(definition, config=tuple(fields)), 2)

    def set_items(self, name: str, list_name: str, items: Mapping[str, str]) -> None:
        """The connector's list has these items, key to text."""
        definition = self._definition(name)
        self._redefine(dataclasses.replace(definition, lists={**definition.lists, list_name: dict(items)}), 2)

    def _definition(self, name: str) -> Definition:
        definition = self._office.connectors.named(name)
        if definition is None:
            raise EditError(f"no connector definition is called {name}")
        return definition

    def _redefine(self, definition: Definition, depth: int) -> None:
        content = json.dumps(as_content(definition))
        with self._state.transaction(self._author(depth)):
            row = self._state.first("ConnectorDefinition", Name=definition.name)
            if row is None:
                self._state.insert("ConnectorDefinition", {"Name": definition.name, "Definition": content})
            else:
                self._state.update("ConnectorDefinition", row["ConnectorDefinitionId"], {"Definition": content})

    # ---- the ERP -----------------------------------------------------------------------------------------------

    def set_password_in_erp(self, name: str, password: str | None) -> None:
        """A workbook (a name with a dot in it) opens only with this password, or with any (None); otherwise the SQLite ERP
        takes the login of that name with this password. A stored connection with another password starts to fail its test.
        """
        if "." in name:
            self._erp.set_file_password(name, password)
        elif password is not None:
            self._erp.set_login(name, password)

    def remove_erp_file(self, name: str) -> None:
        """A workbook is gone."""
        path = self._erp.file(name)
        if path is None:
            raise EditError(f"there is no file {name} in the ERP folder")
        path.unlink()

    def add_erp_file(self, name: str, content: str = "pretended workbook") -> None:
        """A workbook appears."""
        (self._erp.path / name).write_text(content, encoding="utf-8")
