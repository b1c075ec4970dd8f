"""Connections in an embedded SuperOffice that nobody keeps as code yet: as an administrator would have made them on the Sync tab.

The ERPs of a fresh emulator let them in: the workbooks of `Test.Excel` with one password, the database of `Test.Sql` with another.
They protect nothing: the emulator is on loopback and holds made-up companies.

Effects: writes the state that it is given.
"""

from __future__ import annotations

from reconciler.emulator.edits import Edits
from reconciler.emulator.seed import ASSOCIATES

__all__ = ["PASSWORDS", "fill"]

PASSWORDS = {"VISMA_PASSWORD": "winter-2026", "FORTNOX_PASSWORD": "erp-password"}
"""What the ERPs of a fresh emulator let in, under the variables that the documentation uses."""

_VISMA = "https://connectors.example.com/visma/ErpConnectorWS.svc"
_FORTNOX = "https://connectors.example.com/fortnox/ErpConnectorWS.svc"
_CUSTOMER = {"NAME": "NAME", "POSTALAD1": "POSTALAD1", "POSTALZIP": "POSTALZIP", "POSTALCITY": "POSTALCITY"}
_PERSON = {"FIRSTNAME": "FIRSTNAME", "LASTNAME": "LASTNAME"}


def fill(edit: Edits) -> None:
    """Make two connectors and three active connections: two companies of one ERP, one of another."""
    visma, fortnox = edit.add_connector("Visma Business", _VISMA), edit.add_connector("Fortnox", _FORTNOX)
    password = {"PasswordField": PASSWORDS["VISMA_PASSWORD"]}
    norway = edit.add_connection(visma, "Visma Norway", {"Filename": "F0001.xlsm", "IntegerField": "[I:12]", **password})
    edit.describe(norway, "Customers and persons of company F0001")
    _map(edit, norway, "Customer", _CUSTOMER)
    _map(edit, norway, "Person", _PERSON)
    edit.set_default(norway, "Customer", "IntField", value="[I:30]")
    sweden = edit.add_connection(visma, "Visma Sweden", {"Filename": "F0003.xlsm", **password})
    edit.describe(sweden, "Customers of company F0003")
    _map(edit, sweden, "Customer", _CUSTOMER)
    edit.set_scope(sweden, groups=[1], users=[1 + [login for login, *_ in ASSOCIATES].index("ANNA")])
    database = {"Server": "sqlite:///erp.db", "Company": "Nordic AB", "User": "erp", "Password": PASSWORDS["FORTNOX_PASSWORD"]}
    other = edit.add_connection(fortnox, "Fortnox", database)
    for one in (norway, sweden, other):
        edit.set_active(one, True)
    edit.set_priorities([norway, 0, sweden, other])


def _map(edit: Edits, connection: int, actor: str, fields: dict[str, str]) -> None:
    """Let an actor type synchronise these fields both ways, and no others."""
    edit.set_actor(connection, actor, True)
    for key, crm in fields.items():
        edit.map_field(connection, actor, key, crm, to_erp=True, to_crm=True)
