"""Reading, listing, testing and deleting connections.

Effects: through the office's state; tests and deletion call the connector.

Source: SuperOffice docs, ErpSync agent, operations on ErpConnection.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.carriers import NO_DATE, carrier, connection_carrier, named_only, shown_config
from reconciler.emulator.history import Row
from reconciler.emulator.members import Invalid
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.registry import operation


@operation("GetAllConnections")
def get_all(office: Office, ask: Ask) -> Any:
    """Connections without config values; strictly read, with id, name and description only."""
    with_deleted = ask.body.boolean("IncludeDeleted")
    rows = [row for row in office.state.rows("ErpConnection") if with_deleted or not row["Deleted"]]
    if office.switches.all_connections == "strict":
        return [named_only(row) for row in rows]
    return [{**connection_carrier(office, row), "ConfigFields": None} for row in rows]


@operation("GetConnection")
def get(office: Office, ask: Ask) -> Any:
    """One connection with its config values, or null."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    if row is None or (row["Deleted"] and office.switches.deleted_connection_read == "null"):
        return None
    return connection_carrier(office, row)


@operation("GetErpConnectionConfigFields")
def config_fields(office: Office, ask: Ask) -> Any:
    """The stored config values alone, or null."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    return None if row is None else shown_config(office, row)


@operation("GetErpSyncConnectionSummary")
def summary(office: Office, ask: Ask) -> Any:
    """Name, state, last synchronisation and a line per actor type, or null. The id has another name than elsewhere."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpSyncConnectionId"))
    if row is None:
        return None
    actors = office.state.rows("ErpConnectionActorType", ErpConnectionId=row["ErpConnectionId"])
    return carrier(
        DisplayName=row["DisplayName"],
        DisplayDescription=row["DisplayDescription"],
        Active=row["Active"],
        Deleted=row["Deleted"],
        LastSync=row["LastSync"] or NO_DATE,
        Actors=[_actor_summary(office, actor) for actor in actors],
    )


def _actor_summary(office: Office, actor: Row) -> dict[str, Any]:
    fields = office.state.rows("ErpField", order="Rank", ErpConnectionActorTypeId=actor["ErpConnectionActorTypeId"])
    mapped = [field["DisplayName"] for field in fields if field["CrmFieldKey"]]
    defaults = [field["DisplayName"] for field in fields if field["HasFirstSyncDefaultValue"] or field["PromptUser"]]
    return carrier(ActorType=actor["ActorTypeErp"], HasMappings=bool(mapped), Defaults=", ".join(defaults), Mappings=", ".join(mapped))


@operation("TestConnectionById", talks=True)
def test_by_id(office: Office, ask: Ask) -> Any:
    """Whether the connector's test of a stored connection passes: a bare boolean, without a reason."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    if row is None or row["Deleted"]:
        return False
    url = office.url_of(row)
    return office.with_resend(row, ask.author, lambda: office.connectors.test(url, row["ConnectionId"])).ok


@operation("TestConnectionByConfig", talks=True)
def test_by_config(office: Office, ask: Ask) -> Any:
    """Whether the connector's test of values passes that are not stored. The id is the connector's, despite its name."""
    key = ask.body.integer("ErpConnectionId")
    if office.switches.test_by_config_takes == "connection":
        connection = office.state.row("ErpConnection", key)
        key = connection["ErpConnectorId"] if connection else 0
    connector = office.state.row("ErpConnector", key)
    if connector is None:
        return False
    return office.connectors.test_config(connector["URL"], ask.body.dictionary("ConfigFields") or {}).ok


@operation("DeleteConnection", writes=True, void=True, talks=True)
def delete(office: Office, ask: Ask) -> Any:
    """Soft-delete a connection and tell the connector, whose answer does not matter. An unknown id changes nothing."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    if row is None or row["Deleted"]:
        return
    key = row["ErpConnectionId"]
    if row["Active"] and office.switches.delete_active == "refuse":
        raise Invalid("An active connection cannot be deleted.", "SoIllegalOperationException")
    linked = office.state.rows("ErpExternalKey", ErpConnectionId=key) or office.state.rows("QuoteConnection", ErpConnectionId=key)
    if linked and office.switches.delete_linked == "refuse":
        raise Invalid("Records or quote connections depend on the connection.", "SoIllegalOperationException")
    with office.storing(ask.author):
        office.state.update("ErpConnection", key, {"Deleted": True})
    office.connectors.forget(office.url_of(row), row["ConnectionId"], ask.author)
