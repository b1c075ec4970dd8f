"""A tenant that somebody filled in nasty ways, dumped: the file is valid, plans to no changes, and is the same every time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dump.conftest import FORTNOX, Tenant, checked, filled

NAMES = (
    "Visma Norway",
    "it's O'Brien's",
    'a "quoted" name \\ with a backslash',
    'US:"Visma Norway";NO:"Visma Norge";SW:"Visma Norge";',
    'US:"Fjord & Sønner, Ærlig: 100 %";GE:"Straße #1"',
    "🙂 party 👩‍🚀",
    "bidi \u202eevil\u202c end",
    "zero\u200bwidth",
    "no",
    "1.10",
    "0010",
    "null",
    "- dash",
    "# hash",
    "{braces}",
    "[brackets]",
    "key: value",
    "trailing space ",
    " leading space",
    "tab\tinside",
    'XX:"unknown language only"',
    'XX:"unknown";US:"beside a known one"',
    "@at",
    "`tick`",
    "%percent",
    "##vso[task.setvariable]x",
    "日本語",
    "~",
    "=",
    "<<",
    "2026-01-31",
    "x" * 250,
)
KEYS = ("a/b c", "01", "1", "no", "null", "1.10", "on", "~", "🙂", "quoted: key", "it's", 'say "x"', "back\\slash", "<<", "#x", "-", "k" * 200)


@pytest.mark.parametrize("name", NAMES)
def test_any_name(tenant: Tenant, name: str) -> None:
    tenant.edit.add_connection(tenant.connector(), name, {"Filename": "F0001.xlsm"}, description=name)
    checked(tenant, tenant.dump())


def test_many_names_at_once_have_their_own_keys(tenant: Tenant) -> None:
    connector = tenant.connector()
    for name in NAMES:
        tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm"})
    dumped = tenant.dump()
    checked(tenant, dumped)
    assert dumped.text.count("    connector: visma-business\n") == len(NAMES)


def test_two_connections_with_one_name_get_their_ids(tenant: Tenant) -> None:
    connector, other = tenant.connector(), tenant.connector(FORTNOX, "Fortnox")
    for name in ("Same", 'US:"Same";NO:"Samme"', "Same", 'NO:"Samme"'):
        tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm"})
    tenant.edit.add_connection(other, "Same", {"Server": "s"})
    text = checked(tenant, tenant.dump())
    assert text.count("    id: ") == 4


def test_soft_deleted_twins_are_not_there(tenant: Tenant) -> None:
    connector = tenant.connector()
    kept, gone = (tenant.edit.add_connection(connector, "Twin", {"Filename": f"F000{n}.xlsm"}) for n in (1, 2))
    tenant.edit.delete(gone)
    dead = tenant.connector(FORTNOX, "Gone")
    tenant.edit.delete_connector(dead)
    text = checked(tenant, tenant.dump())
    assert (text.count("Twin"), "Gone" in text, "id:" in text) == (1, False, False)
    assert kept != gone


@pytest.mark.parametrize("key", KEYS)
def test_any_key_of_a_field_and_of_an_item(tenant: Tenant, key: str) -> None:
    """Field keys, item keys, keys of config fields, and the texts beside them."""
    tenant.edit.add_field("Test.Excel", "Customer", key, name=f'US:"Label of {key.replace(chr(34), "")}"')
    tenant.edit.add_field("Test.Excel", "Customer", f"{key} list", type="List", list_name="Odd")
    tenant.edit.set_items("Test.Excel", "Odd", {key: "odd", "other": "\u202eother", **dict.fromkeys(KEYS[:6], "six")})
    tenant.edit.change_config_field("Test.Excel", key, type="Text")
    row = tenant.edit.add_connection(tenant.connector(), "Odd", {"Filename": "F0001.xlsm", key: key})
    tenant.edit.map_field(row, "Customer", key, "NAME", to_crm=True, to_erp=True, show_in_tab=True)
    tenant.edit.map_field(row, "Customer", f"{key} list", "BUSINESS", to_crm=True)
    tenant.edit.map_item(row, "Customer", f"{key} list", key, tenant.crm_item("business", "Retail"))
    tenant.edit.set_default(row, "Customer", key, value=key, ask=True)
    tenant.edit.set_rank(row, "Customer", [key, "NAME"])
    dumped = tenant.dump()
    text = checked(tenant, dumped)
    assert dumped.proof.left_out == ()
    assert "Retail" in text


def test_several_lines_and_odd_texts_in_config(tenant: Tenant) -> None:
    tenant.edit.change_config_field("Test.Excel", "Lines", type="Text")
    connector = tenant.connector()
    for number, value in enumerate(("a\nb", "a\nb\n", "  a\n\n b\n\n", "\n\na", "::set-output\nx", "a\tb", "a\r\nb", "\n", " ", "a\n##vso[x]\n", "0012")):
        tenant.edit.add_connection(connector, f"Lines {number}", {"Filename": "F0001.xlsm", "Lines": value})
    text = checked(tenant, tenant.dump())
    assert "##vso[" not in text
    assert not any(line.strip().startswith("::") for line in text.splitlines())


def test_every_type_of_value(tenant: Tenant) -> None:
    connector = tenant.connector()
    for number, (field, raw) in enumerate(
        (
            ("IntegerField", "[I:-12]"), ("IntegerField", "12"), ("IntegerField", "abc"), ("IntegerField", ""),
            ("DoubleField", "[F:1e300]"), ("DoubleField", "[F:0.1]"), ("DoubleField", "[F:3]"), ("DoubleField", "x,y"),
            ("DateField", "[DT:02/28/2026 10:11:12.0000000]"), ("DateField", "[DT:02/28/2026 10:11:12.5000000]"), ("DateField", "soon"),
            ("CheckboxField", "[I:1]"), ("CheckboxField", "true"), ("CheckboxField", "maybe"),
            ("ListField", "1.10"), ("TextField", "on"), ("TextField", "x" * 600), ("Filename", ""),
        )
    ):  # fmt: skip
        tenant.edit.add_connection(connector, f"Value {number}", {"Filename": "F0001.xlsm", field: raw})
    checked(tenant, tenant.dump())


def test_defaults_of_every_kind(tenant: Tenant) -> None:
    row = tenant.edit.add_connection(tenant.connector(), "Defaults", {"Filename": "F0001.xlsm"})
    for key, value, more in (
        ("IntField", "[I:30]", {}), ("DoubleField", "[F:1.5]", {"ask": True}), ("CheckboxField", "[I:1]", {"mandatory": True}),
        ("DateField", "[DT:01/31/2026 00:00:00.0000000]", {}), ("POSTALAD1", "", {}), ("POSTALAD2", None, {"ask": True, "mandatory": True}),
        ("CatErp", "A", {"ask": True, "mandatory": True}), ("NAME", "on", {"mandatory": True}), ("POSTALZIP", "0010", {}),
    ):  # fmt: skip
        tenant.edit.set_default(row, "Customer", key, value=value, **more)
    tenant.edit.set_default(row, "Supplier", "IntField", value="")
    text = checked(tenant, tenant.dump())
    assert "IntField: {default: 30}" in text
    assert 'POSTALZIP: {crm: POSTALZIP, direction: none, default: "0010"}' in text
    assert "CatErp: {default: {value: A, ask: true, mandatory: true}}" in text


def test_what_the_rules_would_refuse_stands_as_a_note(tmp_path: Any) -> None:
    """A tenant can be in states that a file may not ask for; the rest of it is still a file."""
    with filled(tmp_path, one_way_to_crm="never") as tenant:
        tenant.edit.add_field("Test.Excel", "Customer", "Old")
        connector = tenant.connector()
        row = tenant.edit.add_connection(connector, "Odd state", {"Filename": "F0001.xlsm"})
        tenant.edit.map_field(row, "Customer", "CustNo", "NUMBER1", to_crm=True)
        tenant.edit.map_field(row, "Customer", "Old", "NUMBER2", to_crm=True)
        tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_erp=True)
        for item in ("A", "B"):
            tenant.edit.map_item(row, "Customer", "CustGr", item, tenant.crm_item("business", "Retail"))
        tenant.edit.drop_field("Test.Excel", "Customer", "Old")
        tenant.edit.refresh(row)
        tenant.edit.set_scope(row)
        tenant.edit.set_config(row, "Undeclared", "canary-undeclared")
        text = checked(tenant, tenant.dump())
    for note in ("left out: CustNo.", "left out: Old.", "left out: scope.", "left out: Undeclared."):
        assert f"# {note}" in text
    assert "canary-undeclared" not in text


def test_two_dumps_are_the_same_bytes_and_order_follows_the_screen(tenant: Tenant) -> None:
    connector = tenant.connector()
    for name in ("Zebra", "Apple", "Møre & Romsdal"):
        tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm"})
    assert tenant.dump().text == tenant.dump().text


def test_an_empty_tenant(tenant: Tenant) -> None:
    text = checked(tenant, tenant.dump())
    assert "connections" not in text
