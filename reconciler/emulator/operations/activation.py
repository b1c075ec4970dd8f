"""The toggle: it flips, it never sets, and it answers with reasons instead of an error.

Effects: writes the connection's Active column; may run the connector's test (a switch).

Source: SuperOffice docs, ErpSync agent ToggleErpConnectionActive; ERP Sync manual, activating a connection.
"""

from __future__ import annotations

from typing import Any

from reconciler.emulator.history import Row
from reconciler.emulator.office import Ask, Office
from reconciler.emulator.operations.mapping_rules import already_mapped, crm_fields, mismatched
from reconciler.emulator.operations.registry import operation


@operation("ToggleErpConnectionActive", writes=True, talks=True)
def toggle(office: Office, ask: Ask) -> Any:
    """Flip Active. An empty list is success; reasons mean that nothing changed. Switching off always works."""
    row = office.state.row("ErpConnection", ask.body.integer("ErpConnectionId"))
    if row is None:
        return None
    if not row["Active"]:
        reasons = reasons_against(office, row)
        if office.switches.toggle_tests_connection:
            url = office.url_of(row)
            tested = office.with_resend(row, ask.author, lambda: office.connectors.test(url, row["ConnectionId"]))
            reasons += [] if tested.ok else [f"The connection test failed: {tested.explanation}"]
        if reasons:
            return reasons
    with office.storing(ask.author):
        # Read again: the test above ran without the lock, and a flip must flip what is there now.
        now = office.state.row("ErpConnection", row["ErpConnectionId"])
        if now is not None:
            office.state.update("ErpConnection", row["ErpConnectionId"], {"Active": not now["Active"]})
    return []


def reasons_against(office: Office, connection: Row) -> list[str]:
    """Why a connection cannot be activated, in the order of actor types and ranks; empty when it can."""
    if connection["Deleted"]:
        return ["The connection is deleted."]
    reasons = []
    for actor in office.state.rows("ErpConnectionActorType", ErpConnectionId=connection["ErpConnectionId"]):
        if not actor["IsActive"]:
            continue
        for field in office.state.rows("ErpField", order="Rank", ErpConnectionActorTypeId=actor["ErpConnectionActorTypeId"]):
            problem = _problem(office, connection, actor, field)
            if problem:
                reasons.append(f"{actor['ActorTypeErp']}, field {field['ErpFieldKey']}: {problem}")
    return reasons


def _problem(office: Office, connection: Row, actor: Row, field: Row) -> str:
    directed = bool(field["CrmFieldKey"]) and (field["SyncToCrm"] or field["SyncToErp"])
    if field["MissingInERP"]:
        missing = office.switches.toggle_refuses_missing_fields and field["CrmFieldKey"]
        return "the connector no longer reports this mapped field." if missing else ""
    if field["Access"] == "Mandatory" and not directed:
        return "a mandatory field needs a synchronisation direction."
    if office.switches.read_only_mapping == "activation" and field["Access"] == "ReadOnly" and directed:
        return "a read-only field cannot be synchronised."
    if office.switches.mismatched_types == "activation":
        crm = crm_fields(office, actor["ActorTypeCrm"]).get(field["CrmFieldKey"].lower())
        if directed and mismatched(field, crm):
            return "its type and that of the CRM field do not go together."
    one_way = field["SyncToCrm"] and not field["SyncToErp"]
    if office.switches.one_way_to_crm == "activation" and one_way and already_mapped(office, connection, actor, field):
        return "it is mapped in another connection and may not flow to SuperOffice only."
    return ""
