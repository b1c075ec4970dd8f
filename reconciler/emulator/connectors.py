"""The other side of SuperOffice: pretended connectors with the vendor's contract, driven by definition files.

A connector keeps the config that it was sent under the connection's GUID and knows nothing else about the tenant.

Effects: reads and writes the connector tables of the state; tests reach files, loopback HTTP and databases.
Neighbours: operations call it where SuperOffice would call a connector; `edits` bends it.

Source: SuperOffice docs, ERP connectors: IErpConnector, PluginResponseInfo, ResponseErrorCodes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.definitions import Definition, FieldDefinition, normal_url, parsed
from reconciler.emulator.erp import ErpFolder
from reconciler.emulator.history import Author
from reconciler.emulator.probes import passes
from reconciler.emulator.state import State

UNKNOWN_CONNECTION_ID = "UNKNOWN_CONNECTION_ID"
NO_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class ConnectorAnswer:
    """What a connector answers: whether it went well, for whom to read why, and a value."""

    ok: bool
    explanation: str = ""
    technical: str = ""
    code: str = ""
    value: Any = None


@dataclass(frozen=True)
class Condition:
    """How a connector at an address misbehaves at the moment.

    Attributes:
        down: nothing answers there.
        delay_s: how long each answer takes.
        refuse_save: it does not take config.
        refuse_keys: it does not take config that has any of these keys.
        refuse_fields: it does not tell its actor types and fields.
        fields_stop_after: it tells so many actor types with their fields, then fails; None tells all.
        fail_tests: its tests fail, whatever is tested.
    """

    down: bool = False
    delay_s: float = 0.0
    refuse_save: bool = False
    refuse_keys: tuple[str, ...] = ()
    refuse_fields: bool = False
    fields_stop_after: int | None = None
    fail_tests: bool = False


DOWN = ConnectorAnswer(False, "The connector does not answer.", "connection refused", "CONNECTOR_DOWN")


@dataclass
class Connectors:
    """Every connector that can be reached, by address."""

    state: State
    erp: ErpFolder
    clock: Clock
    shipped: Mapping[str, Definition]
    log: list[str] = field(default_factory=list)
    """Why tests failed, newest last; the API itself never says."""

    def at(self, url: str) -> Definition | None:
        """The connector that answers at a URL, or None."""
        address = normal_url(url)
        moved = self.state.first("ConnectorAddress", Address=address)
        if moved is not None:
            return self.named(moved["Name"])
        for name, definition in self.shipped.items():
            if any(normal_url(one) == address for one in definition.urls):
                return self.named(name)
        return None

    def named(self, name: str) -> Definition | None:
        """A connector by name, as it was last edited."""
        edited = self.state.first("ConnectorDefinition", Name=name)
        return parsed(edited["Definition"]) if edited else self.shipped.get(name)

    def condition(self, url: str) -> Condition:
        """How the connector at a URL misbehaves."""
        row = self.state.first("ConnectorCondition", Address=normal_url(url))
        content = json.loads(row["Condition"]) if row else {}
        return Condition(**{**content, "refuse_keys": tuple(content.get("refuse_keys", ()))})

    def reach(self, url: str) -> tuple[Definition, Condition] | None:
        """The connector and its condition, after its delay; None when nothing answers."""
        condition = self.condition(url)
        if condition.delay_s:
            self.clock.sleep(condition.delay_s)
        definition = self.at(url)
        return None if definition is None or condition.down else (definition, condition)

    # ---- the contract ------------------------------------------------------------------------------------------

    def config_fields(self, url: str) -> ConnectorAnswer:
        """GetConfigData: what the connector wants to be told."""
        reached = self.reach(url)
        return ConnectorAnswer(True, value=reached[0].config) if reached else DOWN

    def test_config(self, url: str, config: Mapping[str, str]) -> ConnectorAnswer:
        """TestConfigData: try values that are not stored anywhere."""
        reached = self.reach(url)
        return self._tested(*reached, config) if reached else DOWN

    def save(self, url: str, guid: str, config: Mapping[str, str], author: Author) -> ConnectorAnswer:
        """SaveConnection: remember the values under the GUID."""
        reached = self.reach(url)
        if reached is None:
            return DOWN
        definition, condition = reached
        refused = [key for key in condition.refuse_keys if key in config]
        if condition.refuse_save or refused:
            return self._no(f"The connector refuses the values{' of ' + ', '.join(refused) if refused else ''}.")
        problem = _problem_with_keys(definition, config)
        if problem:
            return self._no(problem)
        self._remember(definition, guid, config, author)
        return ConnectorAnswer(True)

    def test(self, url: str, guid: str) -> ConnectorAnswer:
        """TestConnection: try the values that the connector remembers."""
        reached = self.reach(url)
        if reached is None:
            return DOWN
        config = self.remembered(reached[0], guid)
        return _unknown(guid) if config is None else self._tested(*reached, config)

    def forget(self, url: str, guid: str, author: Author) -> ConnectorAnswer:
        """DeleteConnection: forget the values."""
        reached = self.reach(url)
        if reached is None:
            return DOWN
        row = self.state.first("ConnectorStored", Connector=reached[0].name, ConnectionId=guid.lower())
        if row is not None:
            with self.state.transaction(author):
                self.state.remove("ConnectorStored", row["ConnectorStoredId"])
        return ConnectorAnswer(True)

    def actors(self, url: str, guid: str) -> ConnectorAnswer:
        """GetSupportedActorTypes and GetSupportedActorTypeFields: all fields by actor type."""
        reached = self.reach(url)
        if reached is None:
            return DOWN
        definition, condition = reached
        if condition.refuse_fields:
            return self._no("The connector could not read the fields of the ERP.")
        if self.remembered(definition, guid) is None:
            return _unknown(guid)
        if condition.fields_stop_after is not None:
            part = dict(list(definition.actors.items())[: condition.fields_stop_after])
            return dataclasses.replace(self._no("The connector lost the ERP while it read the fields."), value=part)
        return ConnectorAnswer(True, value=definition.actors)

    def items(self, url: str, guid: str, list_name: str) -> ConnectorAnswer:
        """GetList: the items of one ERP list, key to text; empty for an unknown list of an unsaved connection."""
        reached = self.reach(url)
        if reached is None:
            return DOWN
        definition = reached[0]
        if guid != NO_GUID and self.remembered(definition, guid) is None:
            return _unknown(guid)
        return ConnectorAnswer(True, value=dict(definition.lists.get(list_name, {})))

    # ---- inside ------------------------------------------------------------------------------------------------

    def remembered(self, definition: Definition, guid: str) -> dict[str, str] | None:
        """The config that a connector holds for a GUID."""
        row = self.state.first("ConnectorStored", Connector=definition.name, ConnectionId=guid.lower())
        return dict(json.loads(row["Config"])) if row else None

    def _remember(self, definition: Definition, guid: str, config: Mapping[str, str], author: Author) -> None:
        content = json.dumps(dict(config), ensure_ascii=False, sort_keys=True)
        with self.state.transaction(author):
            row = self.state.first("ConnectorStored", Connector=definition.name, ConnectionId=guid.lower())
            if row is None:
                self.state.insert("ConnectorStored", {"Connector": definition.name, "ConnectionId": guid.lower(), "Config": content})
            else:
                self.state.update("ConnectorStored", row["ConnectorStoredId"], {"Config": content})

    def _tested(self, definition: Definition, condition: Condition, config: Mapping[str, str]) -> ConnectorAnswer:
        problem = _problem_with_keys(definition, config)
        if problem:
            return self._no(problem)
        if condition.fail_tests:
            return self._no("The connector was told to fail its tests.")
        passed, why = passes(definition.probe, config, self.erp)
        return ConnectorAnswer(True) if passed else self._no("The connection test failed.", why)

    def _no(self, explanation: str, technical: str = "") -> ConnectorAnswer:
        self.log.append(technical or explanation)
        del self.log[:-500]
        return ConnectorAnswer(False, explanation, technical or explanation)


def _unknown(guid: str) -> ConnectorAnswer:
    return ConnectorAnswer(False, "The connector does not know this connection.", f"unknown {guid}", UNKNOWN_CONNECTION_ID)


def _problem_with_keys(definition: Definition, config: Mapping[str, str]) -> str:
    """The keys must be exactly the declared ones, and mandatory values must not be blank; labels carry no input."""
    declared: dict[str, FieldDefinition] = {one.key: one for one in definition.config if one.type != "Label"}
    missing, extra = declared.keys() - config.keys(), config.keys() - declared.keys()
    if missing or extra:
        parts = [f"missing {', '.join(sorted(missing))}"] if missing else []
        parts += [f"not declared {', '.join(sorted(extra))}"] if extra else []
        return f"The config keys are not the declared ones: {'; '.join(parts)}."
    blank = [key for key, one in declared.items() if one.access == "Mandatory" and not config[key]]
    return f"Mandatory config fields are blank: {', '.join(blank)}." if blank else ""
