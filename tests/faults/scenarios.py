"""The plans under test: a tenant as it is, what the files ask for, and what a person expects of each unit, in clear.

The tenant of every scenario but `fresh` is the same: six connections, of which one has no file, with names in more languages
than the file has, restricted scopes, moved cursors, and secrets that the journal has sent.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator import Call, Emulator
from tests.faults.truth import Expected

VISMA = "https://connectors.example.com/visma/ErpConnectorWS.svc"
SPARE = "https://spare.example.com/visma/ErpConnectorWS.svc"
FORTNOX = "https://connectors.example.com/fortnox/ErpConnectorWS.svc"
WEB = "https://connectors.example.com/tripletex/ErpConnectorWS.svc"

OLD_SECRET, NEW_SECRET = "canary-old-4711", "canary-new-0815"
ENVIRON = {
    "NO_SECRET": OLD_SECRET,
    "SE_SECRET": "winter-2026",
    "ERP_SECRET": "erp-password",
    "DK_SECRET": "canary-dk-3333",
    "KEY": "a key of more than sixteen bytes",
}
CANARIES = (OLD_SECRET, NEW_SECRET, "winter-2026", "erp-password", "canary-dk-3333")

Files = dict[str, Any]

BASE: Files = {
    "version": 1,
    "language": "en",
    "connectors": {
        "visma": {"name": "Visma Business", "url": VISMA},
        "fortnox": {"name": "Fortnox", "url": FORTNOX},
    },
    "connections": {
        "visma-no": {
            "name": {"en": "Visma Norway", "nb": "Visma Norge"},
            "description": "Company F0001",
            "connector": "visma",
            "active": True,
            "scope": {"groups": ["Sales"], "users": ["ANNA"]},
            "config": {
                "Filename": "F0001.xlsm",
                "IntegerField": 12,
                "CheckboxField": True,
                "PasswordField": {"secret": "env:NO_SECRET", "version": 1},
            },
        },
        "visma-se": {
            "name": {"en": "Visma Sweden", "sv": "Visma Sverige"},
            "description": "",
            "connector": "visma",
            "active": True,
            "scope": "everyone",
            "config": {"Filename": "F0003.xlsm", "PasswordField": {"secret": "env:SE_SECRET", "version": 1}},
        },
        "visma-fi": {
            "name": "Visma Finland",
            "connector": "visma",
            "active": True,
            "scope": "everyone",
            "config": {"Filename": "F0002.xlsm", "PasswordField": {"secret": "env:SE_SECRET", "version": 1}},
        },
        "visma-is": {
            "name": "Visma Iceland",
            "connector": "visma",
            "active": False,
            "scope": "everyone",
            "config": {"Filename": "F0002.xlsm", "PasswordField": {"secret": "env:SE_SECRET", "version": 1}},
        },
        "fortnox-se": {
            "name": {"en": "Fortnox Sweden", "sv": "Fortnox Sverige"},
            "description": "Nordic AB",
            "connector": "fortnox",
            "active": True,
            "scope": {"groups": ["Sales"], "users": []},
            "config": {
                "Server": "sqlite:///erp.db",
                "Company": "Nordic AB",
                "User": "erp",
                "Password": {"secret": "env:ERP_SECRET", "version": 1},
                "Timeout": 10,
            },
        },
    },
}

DENMARK: Files = {
    "name": {"en": "Visma Denmark", "da": "Visma Danmark"},
    "description": "Company F0002",
    "connector": "visma",
    "active": True,
    "scope": "everyone",
    "config": {
        "Filename": "F0002.xlsm",
        "IntegerField": 7,
        "PasswordField": {"secret": "env:DK_SECRET", "version": 1},
    },
}
DENMARK_CONFIG = {
    "Filename": "F0002.xlsm",
    "CheckboxField": "[I:0]",
    "DateField": "[DT:01/31/2026 00:00:00.0000000]",
    "DoubleField": "[F:1.5]",
    "IntegerField": "[I:7]",
    "PasswordField": "canary-dk-3333",
    "TextField": "",
    "ListField": "item1",
}
DENMARK_COLUMNS = {
    "DisplayName": 'DA:"Visma Danmark";US:"Visma Denmark"',
    "DisplayDescription": "Company F0002",
    "Active": True,
    "AllAccess": True,
    "UserGroupAccessIds": [],
    "AssociateAccessIds": [],
}


def furnish(emulator: Emulator) -> None:
    """After the first apply: what other people and the engine did to the tenant since."""
    ids = ids_of(emulator)
    emulator.edit.rename(ids["visma-no"], 'US:"Visma Norway";NO:"Visma Norge";GE:"Visma Norwegen"')
    emulator.edit.rename(ids["fortnox-se"], 'US:"Fortnox Sweden";SW:"Fortnox Sverige";FI:"Fortnox Ruotsi"')
    for number, key in enumerate(ids[name] for name in _ENGLISH):
        emulator.edit.set_cursor(key, f"tx-{40 + number:08d}")
    visma = next(row["ErpConnectorId"] for row in emulator.inspect.connectors() if row["URL"] == VISMA)
    emulator.edit.add_connection(
        visma, "By hand", {"Filename": "F0001.xlsm", "PasswordField": "by-hand"}, active=True, cursor="tx-00000099"
    )
    emulator.edit.add_connector("Unused", WEB)
    emulator.edit.set_priorities([ids["visma-no"], 0, ids["fortnox-se"]])


_ENGLISH = {
    "visma-no": "Visma Norway",
    "visma-se": "Visma Sweden",
    "visma-fi": "Visma Finland",
    "visma-is": "Visma Iceland",
    "fortnox-se": "Fortnox Sweden",
}


def ids_of(emulator: Emulator) -> dict[str, int]:
    """What a person would call a row, to its id: connections by key or name, connectors, `group:`, `user:` and `item:`."""
    found = {key: emulator.inspect.find(name) for key, name in {**_ENGLISH, "By hand": "By hand"}.items()}
    ids = {key: int(rows[0]["ErpConnectionId"]) for key, rows in found.items() if rows}
    rows = emulator.inspect.rows
    ids |= {row["DisplayName"]: row["ErpConnectorId"] for row in rows("ErpConnector")}
    ids |= {f"group:{_in_english(row['Name'])}": row["UserGroupId"] for row in rows("UserGroup")}
    ids |= {f"user:{row['Name']}": row["AssociateId"] for row in rows("Associate")}
    return ids | {f"item:{_in_english(row['Name'])}": row["CrmListItemId"] for row in rows("CrmListItem")}


def _in_english(name: str) -> str:
    return next((part[4:-1] for part in name.split(";") if part.startswith('US:"')), name)


Hook = Callable[[Emulator, Call], None]


@dataclass(frozen=True)
class Scenario:
    """One plan under test.

    Attributes:
        text: what it is for, for the table.
        change: makes the files of the plan from those of the base.
        expected: the units, given the ids of the rows by key (connectors by name).
        environ: what differs from the base's environment when the plan is made and run.
        hook: how the world behaves at each call, beside any fault.
        clean: the exit code without any fault.
        fresh: the tenant is empty, and so is the journal.
        options: of `apply_plan`.
        secrets_on_read: the emulator's switch.
    """

    name: str
    text: str
    change: Callable[[Files], None]
    expected: Callable[[Mapping[str, int]], tuple[Expected, ...]]
    environ: Mapping[str, str] = field(default_factory=dict)
    hook: Hook | None = None
    clean: int = 0
    fresh: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets_on_read: str = "clear"

    def files(self) -> Files:
        """The files of the plan."""
        made = copy.deepcopy(BASE)
        self.change(made)
        return made


# --- three: an update with a config change and a secret, a creation, a deletion ------------------------------------------


def _update(files: Files) -> None:
    config = files["connections"]["visma-no"]["config"]
    config["IntegerField"] = 13
    config["PasswordField"]["version"] = 2


def _update_and_create(files: Files) -> None:
    _update(files)
    files["connections"]["visma-dk"] = copy.deepcopy(DENMARK)


def _three(files: Files) -> None:
    _update(files)
    files["connections"]["visma-dk"] = copy.deepcopy(DENMARK)
    files["connections"]["visma-se"] = {"name": "Visma Sweden", "absent": True}


def _updated(ids: Mapping[str, int]) -> Expected:
    return Expected("connection/visma-no", "update", ids["visma-no"], config={"IntegerField": "[I:13]", "PasswordField": NEW_SECRET})


def _created(_ids: Mapping[str, int]) -> Expected:
    return Expected("connection/visma-dk", "create", columns=DENMARK_COLUMNS, config=DENMARK_CONFIG, connector="Visma Business")


def _deleted(ids: Mapping[str, int]) -> Expected:
    return Expected("connection/visma-se", "delete", ids["visma-se"])


# --- the others --------------------------------------------------------------------------------------------------------


def _metadata(files: Files) -> None:
    one = files["connections"]["fortnox-se"]
    one["name"]["sv"] = "Fortnox i Sverige"
    one["description"] = {"en": "Nordic AB", "sv": "Nordiska AB"}
    one["scope"] = {"groups": ["Sales"], "users": ["ANNA"]}


def _renamed(ids: Mapping[str, int]) -> Expected:
    return Expected(
        "connection/fortnox-se",
        "update",
        ids["fortnox-se"],
        columns={
            "DisplayName": 'US:"Fortnox Sweden";SW:"Fortnox i Sverige";FI:"Fortnox Ruotsi"',
            "DisplayDescription": 'SW:"Nordiska AB";US:"Nordic AB"',
        },
        groups=(ids["group:Sales"],),
        users=(ids["user:ANNA"],),
    )


def _moved_url(files: Files) -> None:
    files["connectors"]["visma"]["url"] = SPARE


def _onoff(files: Files) -> None:
    files["connections"]["visma-fi"]["active"] = False
    files["connections"]["visma-is"]["active"] = True


def _tenant(files: Files) -> None:
    files["sync_priority"] = ["fortnox-se", "SuperOffice", "visma-no"]
    files["automatic_sync"] = {"on": False, "interval": "15m"}


def _ordered(ids: Mapping[str, int]) -> tuple[Expected, ...]:
    rest = [ids["visma-fi"], ids["visma-is"], ids["visma-se"], ids["By hand"]]  # the rest keep theirs
    order = ";".join(map(str, [ids["fortnox-se"], 0, ids["visma-no"], *rest]))
    return (
        Expected("sync-priority", "update", columns={"ConnectionRank": order}),
        Expected("automatic-sync", "update", columns={"SyncRunning": False, "SyncInterval": 900}),
    )


def _mappings(files: Files) -> None:
    files["connections"]["visma-no"]["actors"] = {
        "customer": {
            "sync": True,
            "fields": {
                "NAME": {"crm": "NAME", "direction": "both"},
                "CustGr": {"crm": "BUSINESS", "direction": "to-crm", "items": {"A": "Retail", "B": ""}},
                "IntField": {"default": 30},
                "POSTALZIP": {"crm": "", "show": ["erp-tab"]},
            },
            "rank": ["CustGr", "NAME"],
        }
    }


_ORDER = "CustGr NAME CustNo POSTALAD1 POSTALAD2 POSTALZIP POSTALCITY"


def _mapped(ids: Mapping[str, int]) -> Expected:
    fields: dict[str, dict[str, Any]] = {key: {"Rank": rank} for rank, key in enumerate(_ORDER.split(), 1)}
    fields["NAME"] |= {"SyncToCrm": True, "SyncToErp": True}
    fields["CustGr"] |= {
        "CrmFieldKey": "BUSINESS",
        "ListReference": "table=business",
        "SyncToCrm": True,
        "Items": {"A": ids["item:Retail"]},
    }
    fields["IntField"] = {"HasFirstSyncDefaultValue": True, "FirstSyncDefaultValue": "[I:30]"}
    fields["POSTALZIP"] |= {"CrmFieldKey": "", "ShowInGui": True}
    return Expected(
        "connection/visma-no",
        "update",
        ids["visma-no"],
        fields={("Customer", key): columns for key, columns in fields.items()},
        actors={"Customer": {"IsActive": True}},
    )


def _dislikes_customers(emulator: Emulator, call: Call) -> None:
    """The stored connection fails its test once customers are synchronised."""
    if call.operation == "TestConnectionById":
        key = call.request["ErpConnectionId"]
        actors = [row for row in emulator.inspect.rows("ErpConnectionActorType") if row["ErpConnectionId"] == key]
        _fail_tests(emulator, VISMA, fails=any(row["IsActive"] for row in actors))


def _connectors(files: Files) -> None:
    files["connectors"]["web"] = {"name": "Tripletex", "url": "app://test-web"}
    files["connectors"]["unused"] = {"name": "Unused", "absent": True}
    files["connectors"]["fortnox"]["name"] = "Fortnox AB"


def _dislikes_thirteen(emulator: Emulator, call: Call) -> None:
    """The ERP refuses the new value once it is stored, although it passes when tested as a candidate."""
    if call.operation == "TestConnectionById":
        key = call.request["ErpConnectionId"]
        stored = {
            row["FieldKey"]: row["FieldValue"] for row in emulator.inspect.rows("ConnectionConfigField") if row["ErpConnectionId"] == key
        }
        _fail_tests(emulator, VISMA, fails=stored.get("IntegerField") == "[I:13]")
    elif call.operation == "TestConnectionByConfig":
        _fail_tests(emulator, VISMA, fails=False)


def _dislikes_denmark(emulator: Emulator, call: Call) -> None:
    """The stored creation fails its test, although it passes when tested as a candidate."""
    if call.operation == "TestConnectionById":
        row = emulator.inspect.connection(call.request["ErpConnectionId"])
        _fail_tests(emulator, VISMA, fails="Denmark" in row["DisplayName"])
    elif call.operation == "TestConnectionByConfig":
        _fail_tests(emulator, VISMA, fails=False)


def _dislikes_spare(emulator: Emulator, call: Call) -> None:
    """At the new URL one connection fails its test."""
    if call.operation == "TestConnectionById":
        row = emulator.inspect.connection(call.request["ErpConnectionId"])
        _fail_tests(emulator, SPARE, fails="Finland" in row["DisplayName"])


def _fail_tests(emulator: Emulator, url: str, *, fails: bool) -> None:
    if emulator.office.connectors.condition(url).fail_tests is not fails:
        emulator.edit.connector_fails_tests(url, fails)


def _everything(_ids: Mapping[str, int]) -> tuple[Expected, ...]:
    return (
        Expected("connector/visma", "create", columns={"DisplayName": "Visma Business", "URL": VISMA}),
        Expected("connection/visma-dk", "create", columns=DENMARK_COLUMNS, config=DENMARK_CONFIG, connector="Visma Business"),
    )


def _only_denmark(files: Files) -> None:
    files["connectors"] = {"visma": files["connectors"]["visma"]}
    files["connections"] = {"visma-dk": copy.deepcopy(DENMARK)}


_CHANGED = {"NO_SECRET": NEW_SECRET}

SCENARIOS = {
    one.name: one
    for one in (
        Scenario(
            "three",
            "update (config and secret) of an active connection, create one, delete an active one",
            _three,
            lambda ids: (_updated(ids), _created(ids), _deleted(ids)),
            _CHANGED,
        ),
        Scenario(
            "metadata",
            "name, description and scope of an active connection that has a secret",
            _metadata,
            lambda ids: (_renamed(ids),),
            secrets_on_read="masked",
        ),
        Scenario(
            "url",
            "the URL of a connector with five connections",
            _moved_url,
            lambda ids: (Expected("connector/visma", "update", ids["Visma Business"], {"URL": SPARE}),),
        ),
        Scenario(
            "onoff",
            "switch one connection off, activate another for the first time",
            _onoff,
            lambda ids: (
                Expected("connection/visma-fi", "update", ids["visma-fi"], {"Active": False}),
                Expected("connection/visma-is", "update", ids["visma-is"], {"Active": True}),
            ),
            secrets_on_read="blank",
        ),
        Scenario(
            "connectors",
            "create, rename and delete connectors",
            _connectors,
            lambda ids: (
                Expected("connector/web", "create", columns={"DisplayName": "Tripletex", "URL": "app://test-web"}),
                Expected("connector/fortnox", "update", ids["Fortnox"], {"DisplayName": "Fortnox AB"}),
                Expected("connector/unused", "delete", ids["Unused"]),
            ),
        ),
        Scenario(
            "mappings",
            "mappings, list items, a default and the order of the fields of an active connection",
            _mappings,
            lambda ids: (_mapped(ids),),
        ),
        Scenario(
            "mappings-back",
            "the test after the same fails: all of it is rolled back",
            _mappings,
            lambda ids: (_mapped(ids),),
            hook=_dislikes_customers,
            clean=5,
        ),
        Scenario("tenant", "the order of connections, and automatic synchronisation", _tenant, _ordered),
        Scenario("fresh", "an empty tenant: a connector and a connection on it", _only_denmark, _everything, fresh=True),
        Scenario(
            "update-back",
            "the test after an update fails: all of it is rolled back",
            _update,
            lambda ids: (_updated(ids),),
            _CHANGED,
            _dislikes_thirteen,
            clean=5,
            secrets_on_read="masked",
        ),
        Scenario(
            "create-back",
            "the test of a stored creation fails: it is deleted again",
            lambda files: files["connections"].update({"visma-dk": copy.deepcopy(DENMARK)}),
            lambda ids: (_created(ids),),
            hook=_dislikes_denmark,
            clean=5,
        ),
        Scenario(
            "url-back",
            "a connection fails at the connector's new URL: the old one is restored",
            _moved_url,
            lambda ids: (Expected("connector/visma", "update", ids["Visma Business"], {"URL": SPARE}),),
            hook=_dislikes_spare,
            clean=5,
        ),
        Scenario(
            "atomic",
            "--atomic: a creation fails after an update, which is rolled back too",
            _update_and_create,
            lambda ids: (_updated(ids), _created(ids)),
            _CHANGED,
            _dislikes_denmark,
            clean=5,
            options={"atomic": True},
            secrets_on_read="masked",
        ),
    )
}
