"""What a fresh emulator holds: user groups, associates, CRM lists and CRM fields; no connectors and no connections.

Effects: writes the state it is given.

Source: SuperOffice docs, ERP connectors, automatic field mapping (keys of contact, person and project).
"""

from __future__ import annotations

import functools

from reconciler.emulator.clock import SystemClock
from reconciler.emulator.history import History
from reconciler.emulator.state import SEED, State

GROUPS = (
    ('US:"Sales";NO:"Salg"', False),
    ('US:"Administration";NO:"Administrasjon";', False),
    ("Support", False),
    ('US:"Old group";NO:"Gammel gruppe"', True),
)
ASSOCIATES = (
    ("ADMIN", "Ada Administrator", 2, 0, False),
    ("ANNA", "Anna Berg", 1, 0, False),
    ("OLAV", "Olav Dahl", 1, 0, False),
    ("LEFT", "Lena Left", 1, 0, True),
    ("ROOM1", "Meeting room", 2, 1, False),
)
"""Login, full name, group, type (0 employee, 1 resource), deleted. ADMIN (1) makes API calls, OLAV (3) edits behind its back."""

LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "business": ('US:"Business";NO:"Bransje"', (
        'US:"Retail";NO:"Detaljhandel"', 'US:"Trade/Wholesale";NO:"Engros"', 'US:"Manufacturing";NO:"Produksjon"', "IT", "Other")),
    "category": ('US:"Category";NO:"Kategori"', (
        'US:"Customer";NO:"Kunde"', 'US:"Vendor";NO:"Leverandør";', 'US:"Partner";NO:"Partner"', 'US:"Potential";NO:"Potensiell"')),
    "country": ('US:"Country";NO:"Land"', ('US:"Norway";NO:"Norge"', 'US:"Sweden";NO:"Sverige"', 'US:"Denmark";NO:"Danmark"', "Finland")),
    "perspos": ('US:"Position";NO:"Stilling"', ('US:"Manager";NO:"Leder"', 'US:"Buyer";NO:"Innkjøper"', "CEO")),
    "projtype": ('US:"Project type";NO:"Prosjekttype"', ('US:"Internal";NO:"Internt"', 'US:"Customer project";NO:"Kundeprosjekt"')),
    "projstatus": ('US:"Project status";NO:"Prosjektstatus"', (
       'US:"Planned";NO:"Planlagt"', 'US:"Running";NO:"Pågår"', 'US:"Done";NO:"Ferdig"')),
}  # fmt: skip

_ADDRESS = ("POSTALAD1", "POSTALAD2", "POSTALAD3", "POSTALZIP", "POSTALCITY", "POSTALCOUNTY", "POSTALSTATE")
_STREET = ("STREETAD1", "STREETAD2", "STREETAD3", "STREETZIP", "STREETCITY", "STREETCOUNTY", "STREETSTATE")
CRM_FIELDS: dict[str, tuple[str, ...]] = {
    "Contact": ("NAME", "NUMBER1", "NUMBER2", "DEPARTMENT", "PHONE", "FAX", "EMAIL", "URL", *_ADDRESS, *_STREET, "VATNO"),
    "Person": ("FIRSTNAME", "MIDDLENAME", "LASTNAME", "TITLE", "NUMBER", "PHONE_DIRECT", "PHONE_PRIVATE", "PHONE_MOBILE", "PHONE_OTHER",
               "EMAIL", "BIRTHDATE", "URL", *_ADDRESS, "POSTALCOUNTRY"),
    "Project": ("NAME", "TEXT", "NUMBER", "URL", "ENDDATE"),
}  # fmt: skip
CRM_LIST_FIELDS = {
    "Contact": {"BUSINESS": "business", "CATEGORY": "category", "COUNTRY": "country"},
    "Person": {"POSITION": "perspos"},
    "Project": {"PROJTYPE": "projtype", "PROJSTATUS": "projstatus"},
}
"""The spelling of list fields other than COUNTRY and POSITION is not documented; these are the emulator's."""

_LABELS = {
    "NAME": 'US:"Name";NO:"Navn"',
    "NUMBER1": 'US:"Code";NO:"Kode"', "NUMBER2": 'US:"Number";NO:"Nummer"', "PHONE": 'US:"Telephone";NO:"Telefon"',
    "BUSINESS": 'US:"Business";NO:"Bransje"', "CATEGORY": 'US:"Category";NO:"Kategori"', "COUNTRY": 'US:"Country";NO:"Land"',
}  # fmt: skip


@functools.cache
def seeded() -> bytes:
    """A fresh state as bytes; made once in a process, because making it takes longer than everything else at a start."""
    state = State(None, SystemClock(), History())
    try:
        state.create()
        _fill(state)
        return state.serialized()
    finally:
        state.close()


def _fill(state: State) -> None:
    with state.transaction(SEED):
        state.insert("ErpConfiguration", {"ConnectionRank": "0", "SyncInterval": 300, "SyncRunning": True})
        for rank, (name, deleted) in enumerate(GROUPS, 1):
            state.insert("UserGroup", {"Name": name, "Rank": rank, "Deleted": deleted})
        for login, full_name, group, kind, deleted in ASSOCIATES:
            values = {"Name": login, "FullName": full_name, "UserGroupId": group, "Type": kind, "Deleted": deleted}
            state.insert("Associate", values)
        for name, (label, items) in LISTS.items():
            crm_list = state.insert("CrmList", {"Name": name, "DisplayName": label})
            for rank, item in enumerate(items, 1):
                state.insert("CrmListItem", {"CrmListId": crm_list, "Name": item, "Rank": rank})
        for actor, keys in CRM_FIELDS.items():
            for key in keys:
                kind_of = "Date" if key in ("ENDDATE", "BIRTHDATE") else "Text"
                _crm_field(state, actor, key, kind_of, "")
        for actor, lists in CRM_LIST_FIELDS.items():
            for key, name in lists.items():
                _crm_field(state, actor, key, "List", f"table={name}")


def _crm_field(state: State, actor: str, key: str, kind: str, reference: str) -> None:
    label = _LABELS.get(key, key.replace("_", " ").capitalize())
    values = {"ActorTypeCrm": actor, "CrmFieldKey": key, "DisplayName": label, "FieldType": kind, "ListReference": reference}
    state.insert("CrmField", values)
