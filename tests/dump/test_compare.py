"""`compare`: two tenants, or a tenant and a file, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.flow.comparing import Side
from reconciler.plan.compare import Comparison
from reconciler.report.compare_text import compare_page
from reconciler.report.json import json_text
from reconciler.report.taking_over_json import compare_object
from tests.dump.conftest import FORTNOX, Tenant, filled
from tests.scenarios.stage import CONNECTIONS


def side(tenant: Tenant) -> Side:
    with tenant.stage.session() as session:
        return flow.tenant_side(session)


def fill(tenant: Tenant) -> int:
    connector = tenant.connector()
    tenant.connector(FORTNOX, "Fortnox")
    tenant.edit.add_connection(connector, "Another", {"Filename": "F0002.xlsm"})
    row = tenant.edit.add_connection(
        connector, 'US:"Visma Norway";NO:"Visma Norge"', {"Filename": "F0001.xlsm", "PasswordField": "secret-one"}
    )
    tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
    tenant.edit.map_item(row, "Customer", "CustGr", "A", tenant.crm_item("business", "Retail"))
    return int(row)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Tenant, Tenant]]:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with filled(folders[0]) as one, filled(folders[1]) as other:
        other.edit.add_group("makes ids differ")
        yield one, other


def compare(two: tuple[Tenant, Tenant]) -> Comparison:
    return flow.compare(side(two[0]), side(two[1]))


def changes(found: Comparison) -> dict[str, tuple[object, object]]:
    return {f"{change.address} {'.'.join(change.path)}": (change.before, change.after) for change in found.changes}


def test_alike_tenants_have_no_differences(two: tuple[Tenant, Tenant]) -> None:
    fill(two[0])
    two[1].edit.add_crm_item("country", "Iceland")
    fill(two[1])
    found = compare(two)
    assert not found.differs, changes(found)
    assert found.same == 4
    assert [path for _, path in found.not_compared] == [("config", "PasswordField")] * 2
    assert "no differences, 4 things compared" in compare_page(found).text()


def test_every_kind_of_difference_is_named(two: tuple[Tenant, Tenant]) -> None:
    fill(two[0])
    row = fill(two[1])
    edit = two[1].edit
    edit.rename(row, 'US:"Visma Norway";NO:"Noe annet"')
    edit.describe(row, "Other")
    edit.set_active(row, True)
    edit.set_scope(row, groups=[1], users=[2])
    edit.set_config(row, "IntegerField", "[I:7]")
    edit.set_config(row, "PasswordField", "secret-two")
    edit.set_actor(row, "Customer", True)
    edit.map_field(row, "Customer", "CustGr", to_erp=True)
    edit.map_item(row, "Customer", "CustGr", "B", two[1].crm_item("business", "IT"))
    edit.map_field(row, "Customer", "DoubleField", "NUMBER2", to_crm=True, show_in_tab=True)
    edit.set_default(row, "Customer", "IntField", value="[I:30]")
    edit.set_rank(row, "Customer", ["CustGr"])
    edit.set_engine(running=False, interval_s=60)
    edit.set_priorities([row, 0])
    edit.set_url(two[1].stage.emulator.inspect.connectors()[0]["ErpConnectorId"], "app://test-excel")
    found = changes(compare(two))
    key = "connection/visma-norway actors.customer"
    assert found.keys() == {
        *(f"connection/visma-norway {path}" for path in ("name.nb", "description", "active", "scope", "config.IntegerField")),
        *(f"{key}.{path}" for path in ("sync", "rank", "fields.CustGr.direction", "fields.CustGr.items.B", "fields.IntField.default")),
        *(f"{key}.fields.DoubleField.{path}" for path in ("crm", "direction", "show")),
        "connector/visma-business url", "automatic-sync on", "automatic-sync interval", "sync-priority order",
    }  # fmt: skip
    assert found[f"{key}.fields.CustGr.direction"] == ("to-crm", "both")
    assert found["connection/visma-norway config.IntegerField"] == (0, 7)
    page = compare_page(compare(two)).text()
    assert "secret-" not in page
    assert "actors.customer.fields.CustGr.direction" in page


def test_what_only_one_side_has_and_what_is_unclear(two: tuple[Tenant, Tenant]) -> None:
    fill(two[0])
    connector = two[1].connector()
    for name in ("Visma Norge", "Visma Norge", "Third"):
        two[1].edit.add_connection(connector, name, {"Filename": "F0001.xlsm"})
    found = compare(two)
    assert found.only_one == (("connector", "Fortnox"), ("connection", "Another"))
    assert found.only_other == (("connection", "Third"),)
    assert found.unclear == ("Visma Norway",)
    assert "stands for several things" in compare_page(found).text()


def test_a_tenant_and_a_file(two: tuple[Tenant, Tenant], tmp_path: Path) -> None:
    """Only what the file writes counts, read by the types of the tenant."""
    tenant = two[0]
    fill(tenant)
    path = tmp_path / "file.yaml"
    text = CONNECTIONS[: CONNECTIONS.index("      Filename")] + (
        "      Filename: F0001.xlsm\n      IntegerField: 0\n      PasswordField: {secret: env:X}\n"
        "    actors:\n      customer:\n        fields:\n          CustGr: {crm: BUSINESS, direction: both, items: {A: Retail}}\n"
        "          DateField: {default: 2026-01-31}\n        rank: [CustNo, NAME]\nsync_priority: [SuperOffice]\n"
    )
    path.write_text(text, encoding="utf-8")
    found = flow.compare(side(tenant), flow.file_side((str(path),)))
    key = "connection/visma-norway actors.customer.fields"
    assert changes(found) == {
        "connection/visma-norway active": (False, True),
        "connection/visma-norway description": ("", "Company F0003"),
        f"{key}.CustGr.direction": ("to-crm", "both"),
        f"{key}.DateField.default": ({}, {"ask": False, "mandatory": False, "value": "2026-01-31"}),
    }
    assert found.only_one == (("connector", "Fortnox"), ("connection", "Another"))
    turned = flow.compare(flow.file_side((str(path),)), side(tenant))
    assert len(turned.changes) == len(found.changes)
    assert turned.only_one == ()


def test_for_machines(two: tuple[Tenant, Tenant]) -> None:
    fill(two[0])
    document = json.loads(json_text(compare_object(compare(two))))
    assert (document["format"], document["differs"], document["same"]) == ("reconciler/compare/v1", True, 0)
    assert {"kind": "connection", "name": "Visma Norway"} in document["only_one"]
