"""SaveConnection: store locally, then tell the connector, then (a switch) refresh the fields.

Effects: writes the connection's rows; calls the connector.

Source: SuperOffice docs, ErpSync agent SaveConnection; ERP connectors, setting up a connection.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.carriers import connection_carrier
from reconciler.emulator.history import Row
from reconciler.emulator.members import Invalid, Members
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.activation import reasons_against
from reconciler.emulator.operations.refresh import refresh
from reconciler.emulator.operations.registry import operation


@operation("SaveConnection", writes=True, talks=True)
def save(office: Office, ask: Ask) -> Any:
    """Create a connection (id 0) or replace one wholly: what is omitted becomes false, 0 or empty. An unknown id answers null."""
    sent = ask.body.needed("Connection")
    key = sent.integer("ErpConnectionId")
    before = office.state.row("ErpConnection", key) if key else None
    if key and before is None:
        return None
    values = _columns(office, sent, before)
    config = _config_to_store(office, sent, before)
    _check(office, sent, before, config)
    with office.storing(ask.author):
        if before is None:
            # The GUID is the server's, whatever was sent.
            key = office.state.insert("ErpConnection", {**values, "ConnectionId": office.make_guid()})
        else:
            office.state.update("ErpConnection", key, values)
        _store_config(office, key, config, ask)
        _store_access(office, key, sent, ask)
    row = office.state.row("ErpConnection", key)
    assert row is not None  # stored a moment ago
    pushed = office.connectors.save(office.url_of(row), row["ConnectionId"], office.config_of(key), ask.author)
    if not pushed.ok:
        if not office.switches.refused_save_keeps_row:
            _take_back(office, before, key, ask)
        if office.switches.refused_save_answer == "error":
            raise Invalid(pushed.explanation, "SoServerException")
    elif office.switches.save_refreshes_fields:
        refresh(office, row, ask.author)
    row = office.state.row("ErpConnection", key)
    return connection_carrier(office, row) if row else None


def _config_to_store(office: Office, sent: Members, before: Row | None) -> dict[str, str]:
    """The config values that the save asks for, after the switches on missing keys and blank passwords."""
    config = sent.dictionary("ConfigFields") or {}
    if before is None:
        return config
    stored = office.config_of(before["ErpConnectionId"])
    if office.switches.missing_config_keys == "kept":
        config = {**stored, **config}
    if office.switches.blank_keeps_secret:
        kept = {key for key in office.passwords_of(before) if key in stored and config.get(key) == ""}
        config = {key: stored[key] if key in kept else value for key, value in config.items()}
    return config


def _check(office: Office, sent: Members, before: Row | None, config: dict[str, str]) -> None:
    """Refuse what the server would not store."""
    connector_id = _connector_id(office, sent, before)
    connector = office.state.row("ErpConnector", connector_id)
    if connector is None:
        raise Invalid(f"There is no connector with id {connector_id}.")
    guarded = before is not None and before["Active"] and office.switches.config_change_while_active == "refuse"
    if guarded and before is not None and config != office.config_of(before["ErpConnectionId"]):
        raise Invalid("Deactivate the connection before its configuration is changed.", "SoIllegalOperationException")
    if office.switches.save_requires_test and not office.connectors.test_config(connector["URL"], config).ok:
        raise Invalid("The connection test failed.", "SoValidationException")
    for name, table in (("UserGroupAccessIds", "UserGroup"), ("AssociateAccessIds", "Associate")):
        unknown = [one for one in sent.integers(name) or [] if office.state.row(table, one) is None]
        if unknown:
            raise Invalid(f"{name} names ids that do not exist: {', '.join(map(str, unknown))}.")
    wanted = office.switches.save_honours_active and office.switches.save_active_checked and sent.boolean("Active")
    if wanted and before is not None and not before["Active"]:
        reasons = reasons_against(office, before)
        if reasons:
            raise Invalid(" ".join(reasons), "SoValidationException")


def _connector_id(office: Office, sent: Members, before: Row | None) -> int:
    if before is not None and not office.switches.save_honours_connector:
        return int(before["ErpConnectorId"])
    return sent.integer("ErpConnectorId")


def _columns(office: Office, sent: Members, before: Row | None) -> Row:
    """The connection's own columns as the save asks for them, after the switches on what a save honours."""
    switches, cursor = office.switches, sent.text("MostRecentTimestamp") or ""
    values: Row = {
        "ErpConnectorId": _connector_id(office, sent, before),
        "DisplayName": sent.text("DisplayName") or "",
        "DisplayDescription": sent.text("DisplayDescription") or "",
        "AllAccess": sent.boolean("AllAccess"),
    }
    if switches.save_honours_active:
        values["Active"] = sent.boolean("Active")
    if before is not None and switches.save_honours_deleted:
        values["Deleted"] = sent.boolean("Deleted")
    if before is not None and switches.save_honours_timestamp and (cursor or switches.blank_timestamp == "resets"):
        values["MostRecentTimestamp"] = cursor
    return values


def _store_config(office: Office, key: int, config: dict[str, str], ask: Ask) -> None:
    if "ConfigFields" in ask.author.ignoring:
        return
    stored = {row["FieldKey"]: row for row in office.state.rows("ConnectionConfigField", ErpConnectionId=key)}
    for name, row in stored.items():
        if name not in config and name not in ask.author.ignoring:
            office.state.remove("ConnectionConfigField", row["ConnectionConfigFieldId"])
    for name, value in config.items():
        if name in ask.author.ignoring:
            continue
        if name in stored:
            office.state.update("ConnectionConfigField", stored[name]["ConnectionConfigFieldId"], {"FieldValue": value})
        else:
            office.state.insert("ConnectionConfigField", {"ErpConnectionId": key, "FieldKey": name, "FieldValue": value})


def _store_access(office: Office, key: int, sent: Members, ask: Ask) -> None:
    """Replace the scope's rows; rows that stay keep their key, and their hidden flags as the switch says."""
    cleared = sent.boolean("AllAccess") and office.switches.all_access_clears_lists
    flags = {"CanConnect": True, "CanCreateERP": True}
    stored = office.state.rows("ErpConnectionAccess", ErpConnectionId=key)
    for member, column in (("UserGroupAccessIds", "UserGroupId"), ("AssociateAccessIds", "AssociateId")):
        if member in ask.author.ignoring:
            continue
        wanted = [] if cleared else list(dict.fromkeys(sent.integers(member) or []))
        have = {row[column]: row for row in stored if row[column] is not None}
        for one, row in have.items():
            if one not in wanted:
                office.state.remove("ErpConnectionAccess", row["ErpConnectionAccessId"])
            elif office.switches.access_save_resets_flags:
                office.state.update("ErpConnectionAccess", row["ErpConnectionAccessId"], flags)
        for one in wanted:
            if one not in have:
                other = {"AssociateId": None, "UserGroupId": None, column: one}
                office.state.insert("ErpConnectionAccess", {"ErpConnectionId": key, **other, **flags})


def _take_back(office: Office, before: Row | None, key: int, ask: Ask) -> None:
    """The other reading of a refused save: nothing of a new connection stays stored."""
    if before is not None:
        return
    with office.storing(ask.author):
        for table, name in (("ConnectionConfigField", "ConnectionConfigFieldId"), ("ErpConnectionAccess", "ErpConnectionAccessId")):
            for row in office.state.rows(table, ErpConnectionId=key):
                office.state.remove(table, row[name])
        office.state.remove("ErpConnection", key)
