"""Plans built by hand, for golden files and properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model import (
    HIDDEN,
    Address,
    Binding,
    Change,
    Grade,
    Hazard,
    HazardName,
    NotChecked,
    Plan,
    SecretRef,
    Source,
    Unit,
    UnitKind,
    Why,
)
from reconciler.plan.steps import Shape, connection_steps, connector_steps, window_calls

VISMA = Address.connection("visma-no")
FORTNOX = Address.connection("fortnox-se")
OLD = Address.connection("old one")
CONNECTOR = Address.connector("visma")
EVERYONE = {"everyone": True}
SALES = {"everyone": False, "groups": {"Sales": 3, "Support": 4}, "users": {"ANNA": 12}}


def change(address: Address, path: str, before: Any, after: Any, why: Why = Why.DESIRED, line: int = 0) -> Change:
    source = Source("connections.yaml", line, 5) if line else None
    return Change(address, tuple(path.split("/")), before, after, why, source)


def unit(
    address: Address, kind: UnitKind, changes: tuple[Change, ...], *, active: tuple[bool, bool], sets: Mapping[str, Any], line: int
) -> Unit:
    steps = connection_steps(Shape(address, kind, active[0], active[1], sets))
    return Unit(
        address=address,
        kind=kind,
        row=None if kind is UnitKind.CREATE else Binding(7, "0f0e"),
        connector="connector/visma",
        connector_id=1,
        before=None,
        wants=None,
        sets=sets,
        secrets={},
        changes=changes,
        steps=steps,
        window_calls=window_calls(steps),
        source=Source("connections.yaml", line, 3),
        digest="d" * 64,
    )


def update() -> Unit:
    changes = (
        change(VISMA, "config/Filename", "F0001.xlsm", "F0002.xlsm", line=18),
        change(
            VISMA, "config/PasswordField", SecretRef("env", "VISMA_PASSWORD", "2"), SecretRef("env", "VISMA_PASSWORD", "3"), Why.VERSION, 22
        ),
        change(
            VISMA,
            "description",
            "Customers, suppliers and projects of F0001. " * 8,
            "Customers, suppliers and projects of F0002. " * 8,
            line=16,
        ),
        change(VISMA, "name/nb", "Visma Norge", "Visma Norge AS", line=15),
        change(VISMA, "name/sv", None, "Visma Norge", line=15),
        change(VISMA, "scope", EVERYONE, SALES, line=20),
    )
    sets = {
        "config": {"Filename": "F0002.xlsm", "PasswordField": SecretRef("env", "VISMA_PASSWORD", "3")},
        "description": "...",
        "name": {"nb": "Visma Norge AS", "sv": "Visma Norge"},
        "scope": SALES,
    }
    return unit(VISMA, UnitKind.UPDATE, changes, active=(True, True), sets=sets, line=14)


def rename() -> Unit:
    changes = (change(VISMA, "name/nb", "Visma Norge", "Visma Norge AS", line=15),)
    return unit(VISMA, UnitKind.UPDATE, changes, active=(True, True), sets={"name": {"nb": "Visma Norge AS"}}, line=14)


def creation() -> Unit:
    changes = (
        change(FORTNOX, "active", None, True, Why.CREATED, 31),
        change(
            FORTNOX,
            "config",
            None,
            {"IntegerField": 12, "CheckboxField": True, "Text": "0010", "Password": SecretRef("env", "F")},
            Why.CREATED,
            33,
        ),
        change(FORTNOX, "connector", None, "connector/visma", Why.CREATED, 30),
        change(FORTNOX, "name", None, {"en": "Fortnox Sweden", "sv": "Fortnox Sverige"}, Why.CREATED, 29),
        change(FORTNOX, "scope", None, EVERYONE, Why.CREATED, 32),
    )
    sets = {"active": True, "config": {"IntegerField": 12}, "name": {"en": "Fortnox Sweden"}, "scope": EVERYONE}
    return unit(FORTNOX, UnitKind.CREATE, changes, active=(False, True), sets=sets, line=28)


def deletion() -> Unit:
    changes = (
        change(OLD, "active", True, None, Why.ABSENT, 40),
        change(OLD, "config", {"Filename": "OLD.xlsm", "PasswordField": HIDDEN}, None, Why.ABSENT, 40),
        change(OLD, "name", "Old Visma", None, Why.ABSENT, 40),
    )
    return unit(OLD, UnitKind.DELETE, changes, active=(True, False), sets={}, line=40)


def moved_connector() -> Unit:
    url = "https://connectors.example.com/visma2/ErpConnectorWS.svc"
    steps = connector_steps(CONNECTOR, UnitKind.UPDATE, {"url": url}, connections=2)
    changes = (change(CONNECTOR, "url", "https://connectors.example.com/visma/ErpConnectorWS.svc", url, line=6),)
    return Unit(
        CONNECTOR, UnitKind.UPDATE, Binding(1), "", None, {}, {}, {"url": url}, {}, changes, steps, source=Source("connections.yaml", 6, 3)
    )


def plan(
    *units: Unit, hazards: tuple[Hazard, ...] = (), not_checked: tuple[NotChecked, ...] = (), unchanged: int = 11, unmanaged: int = 3
) -> Plan:
    return Plan(
        tool_version="0.1.0",
        target="prod",
        created="2026-11-22T14:00:00.000000Z",
        expires="2026-11-23T14:00:00.000000Z",
        units=units,
        hazards=hazards,
        permissions=tuple(sorted(hazard.permission for hazard in hazards if hazard.permitted)),
        bindings={},
        unchanged=tuple(Address.connection(f"kept-{number:02}") for number in range(unchanged)),
        unmanaged=tuple(f"Foreign {number}" for number in range(unmanaged)),
        not_checked=not_checked,
        live_connections=14,
        desired_digest="a" * 64,
        live_digest="b" * 64,
        target_digest="c" * 64,
        digest="3f2a" * 16,
    )


def barrier(name: HazardName, address: Address, text: str, *, permitted: bool = False) -> Hazard:
    return Hazard(name, address, Grade.BARRIER, text, permitted)


def notice(name: HazardName, address: Address, text: str) -> Hazard:
    return Hazard(name, address, Grade.NOTICE, text)


ELSEWHERE = barrier(
    HazardName.POINTS_ELSEWHERE,
    VISMA,
    'The field Filename decides which ERP company is reached; it changes from "F0001.xlsm" to "F0002.xlsm".',
)
GONE = barrier(HazardName.DELETE, OLD, 'The connection "Old Visma" is deleted; nothing undoes a deletion.')
STARTS = notice(
    HazardName.STARTS_DATA_FLOW,
    FORTNOX,
    "This connection is activated for the first time: from the next sync records are overwritten, and no rollback brings them back.",
)
UNSEEN = NotChecked(FORTNOX, ("config", "Password"), "the tenant does not show it and this journal never sent it")
