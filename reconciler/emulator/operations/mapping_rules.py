"""Rules that several mapping operations share: which CRM type belongs to an actor type, what is mapped elsewhere, what maps by name.

Effects: none (reads rows).

Source: SuperOffice docs, ERP Sync: setting up mappings, automatic field mapping; ErpSyncFieldMapping.AlreadyMapped.
"""

from __future__ import annotations

from reconciler.emulator.history import Row
from reconciler.emulator.office import Office

CRM_TYPE = {"Customer": "Contact", "Supplier": "Contact", "Partner": "Contact", "Person": "Person", "Project": "Project"}
"""Employee and Sale have no counterpart: ERP Sync does not support them today."""


def crm_type(actor_type: str) -> str:
    """The CRM actor type for an ERP one."""
    return CRM_TYPE.get(actor_type, "Unknown")


def crm_fields(office: Office, actor_type_crm: str) -> dict[str, Row]:
    """The CRM fields of a CRM actor type that exist now, by lower-case key."""
    rows = office.state.rows("CrmField", ActorTypeCrm=actor_type_crm, Deleted=0)
    return {row["CrmFieldKey"].lower(): row for row in rows}


def matching_crm_field(office: Office, field_key: str, actor_type_crm: str, taken: set[str]) -> Row | None:
    """The CRM field of the same name, whatever the case, unless this actor type has one mapped to it already."""
    found = crm_fields(office, actor_type_crm).get(field_key.lower())
    return None if found is None or found["CrmFieldKey"] in taken else found


_FITS = {"Text": {"Checkbox", "Text", "Password", "Integer", "Double", "List", "Date", "Label"}, "Double": {"Double", "Integer"}}


def mismatched(field: Row, crm: Row | None) -> bool:
    """Whether a field cannot flow the way it is mapped, because values of one type do not fit into the other: anything fits a text.

    The documents give one pair, a checkbox that is mapped both ways with a text; the rest is a guess.
    """
    if crm is None:
        return False
    erp, its = field["FieldType"], crm["FieldType"]
    to_crm, to_erp = erp == its or erp in _FITS.get(its, ()), erp == its or its in _FITS.get(erp, ())
    return bool((field["SyncToCrm"] and not to_crm) or (field["SyncToErp"] and not to_erp))


def already_mapped(office: Office, connection: Row, actor: Row, field: Row) -> bool:
    """Whether another connection that is not deleted maps the same field with a direction."""
    by_crm = office.switches.already_mapped_by == "crm_field"
    if by_crm and not field["CrmFieldKey"]:
        return False
    field_column, actor_column = ("CrmFieldKey", "ActorTypeCrm") if by_crm else ("ErpFieldKey", "ActorTypeErp")
    return office.state.flows_elsewhere(
        connection["ErpConnectionId"], field=(field_column, field[field_column]), actor=(actor_column, actor[actor_column])
    )
