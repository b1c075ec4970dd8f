"""Tenants that somebody else filled, and what their dumps plan to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler import flow
from reconciler.desired import load_desired
from reconciler.emulator import Emulator
from reconciler.flow.taking_over import Dumped
from reconciler.model import Plan
from tests.scenarios.stage import FORTNOX, VISMA, Stage, staged

CANARIES = ("canary-4711-of-norway", "canary-0815-of-sweden")
EMPTY = "version: 1\n"


@dataclass
class Tenant:
    """A tenant that is dumped into the checkout beside it."""

    stage: Stage

    @property
    def emulator(self) -> Emulator:
        return self.stage.emulator

    @property
    def edit(self) -> Any:
        return self.stage.emulator.edit

    def dump(self, **options: Any) -> Dumped:
        """What is live, as a file."""
        with self.stage.session() as session:
            return flow.dump(session, **options)

    def plan_of(self, text: str) -> Plan:
        """What the tenant's own dump would change in it."""
        self.stage.write(text)
        return self.stage.plan()

    def connector(self, url: str = VISMA, name: str = "Visma Business") -> int:
        return int(self.edit.add_connector(name, url))

    def crm_item(self, list_name: str, text: str) -> int:
        """The id of a CRM item by its English text."""
        state = self.emulator.state
        crm_list = state.first("CrmList", Name=list_name)
        assert crm_list is not None
        rows = state.rows("CrmListItem", CrmListId=crm_list["CrmListId"])
        return int(next(row["CrmListItemId"] for row in rows if re.search(rf'(^|US:"){re.escape(text)}("|$)', row["Name"])))


def checked(tenant: Tenant, dumped: Dumped) -> str:
    """A dump that is valid, plans to no changes, and is proved to."""
    assert dumped.proof.holds, dumped.proof
    tenant.stage.write(dumped.text)
    load_desired([tenant.stage.folder / "connections.yaml"])
    plan = tenant.stage.plan()
    assert plan.units == (), [
        (unit.address, [(change.path, change.before, change.after) for change in unit.changes]) for unit in plan.units
    ]
    return dumped.text


@contextmanager
def filled(folder: Path, **switches: Any) -> Iterator[Tenant]:
    """A fresh tenant, to be filled by edits behind the tool's back."""
    with staged(folder, switches=switches, text=EMPTY) as stage:
        yield Tenant(stage)


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with filled(tmp_path) as made:
        yield made


__all__ = ["CANARIES", "FORTNOX", "VISMA", "Tenant", "checked", "filled"]
