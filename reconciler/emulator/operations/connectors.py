"""Operations on connectors: create, replace, list, delete, and asking whether an address answers.

Effects: through the office's state; TestConnectorUrl asks a connector.

Source: SuperOffice docs, ErpSync agent, operations on ErpSyncConnectorEntity.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.carriers import connector_carrier, metadata_carrier
from reconciler.emulator.history import Row
from reconciler.emulator.members import Invalid, Trouble
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.registry import operation


@operation("CreateDefaultErpSyncConnectorEntity", raw=True, select=False)
def create_default(_office: Office, _ask: Ask) -> Any:
    """A blank connector; nothing is stored."""
    return connector_carrier({"ErpConnectorId": 0, "DisplayName": "", "URL": "", "Deleted": False})


@operation("SaveErpSyncConnectorEntity", writes=True, raw=True, select=False)
def save(office: Office, ask: Ask) -> Any:
    """Create a connector (id 0) or replace one wholly; the body is the bare entity. An unknown id answers null."""
    key = ask.body.integer("ErpConnectorId")
    values: Row = {"DisplayName": ask.body.text("DisplayName") or "", "URL": ask.body.text("URL") or ""}
    if office.switches.save_honours_deleted:
        values["Deleted"] = ask.body.boolean("Deleted")
    with office.storing(ask.author):
        if key == 0:
            key = office.state.insert("ErpConnector", {**values, "Deleted": False})
        elif office.state.row("ErpConnector", key) is None:
            return None
        else:
            office.state.update("ErpConnector", key, values)
        row = office.state.row("ErpConnector", key)
    return connector_carrier(row) if row else None


@operation("GetErpSyncConnectorEntity", raw=True)
def get(office: Office, ask: Ask) -> Any:
    """One connector by the id in the query string, also a deleted one, or null."""
    row = office.state.row("ErpConnector", ask.query_id("erpSyncConnectorEntityId"))
    return connector_carrier(row) if row else None


@operation("GetAllConnectors", raw=True)
def get_all(office: Office, _ask: Ask) -> Any:
    """Connectors as list items: id, name, and the URL as tooltip. A ListItem is no carrier: it has no members about rights."""
    rows = office.state.rows("ErpConnector")
    return [
        {"Id": row["ErpConnectorId"], "Name": row["DisplayName"], "ToolTip": row["URL"]}
        for row in rows
        if office.switches.connectors_list_deleted or not row["Deleted"]
    ]


@operation("CanDeleteErpSyncConnectorEntity")
def can_delete(office: Office, ask: Ask) -> Any:
    """Whether a connector may be deleted, as a code."""
    return _deletable(office, ask.body.integer("ErpSyncConnectorId"))


def _deletable(office: Office, key: int) -> str:
    row = office.state.row("ErpConnector", key)
    if row is None or row["Deleted"]:
        return "ErrorNotFound"
    counted = office.state.rows("ErpConnection", ErpConnectorId=key)
    if any(office.switches.deleted_connections_count or not one["Deleted"] for one in counted):
        return "ErrorConnectorHasConnections"
    return "NoError"


@operation("DeleteErpSyncConnectorEntity", writes=True, void=True, raw=True, select=False)
def delete(office: Office, ask: Ask) -> Any:
    """Soft-delete the connector in the query string; what happens to one in use is a switch. Answers nothing."""
    key = ask.query_id("erpSyncConnectorEntityId")
    code = _deletable(office, key)
    if code == "ErrorConnectorHasConnections":
        if office.switches.delete_connector_in_use == "ignore":
            return
        if office.switches.delete_connector_in_use == "refuse":
            raise Invalid("The connector has connections and cannot be deleted.", "SoIllegalOperationException")
    if code != "ErrorNotFound":
        with office.storing(ask.author):
            office.state.update("ErpConnector", key, {"Deleted": True})


@operation("TestConnectorUrl", talks=True)
def test_url(office: Office, ask: Ask) -> Any:
    """NoError when a connector answers at the address. The codes have none for an address where nothing answers."""
    if office.connectors.reach(ask.body.text("Url") or ""):
        return "NoError"
    if office.switches.unreachable_url == "server_error":
        raise Trouble("There was no endpoint listening at the address.")
    return "ErrorNotFound"


@operation("GetConfigurationFields", talks=True)
def configuration_fields(office: Office, ask: Ask) -> Any:
    """What a connector wants to be configured with; null for an unknown connector."""
    row = office.state.row("ErpConnector", ask.body.integer("ErpConnectorId"))
    if row is None:
        return None
    answer = office.connectors.config_fields(row["URL"])
    if not answer.ok:
        return office.without_connector(answer)
    return [metadata_carrier(field) for field in answer.value]
