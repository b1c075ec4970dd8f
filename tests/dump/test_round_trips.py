"""A tenant that somebody filled in nasty ways, dumped: the file is valid, plans to no changes, and is the same every time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.emulator import Fault, FaultKind
from tests.dump.conftest import FORTNOX, VISMA, Tenant, checked, filled
from tests.scenarios.stage import staged

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
KEYS = (
    "a/b c",
    "01",
    "1",
    "no",
    "null",
    "1.10",
    "on",
    "~",
    "🙂",
    "quoted: key",
    "it's",
    'say "x"',
    "back\\slash",
    "<<",
    "#x",
    "-",
    "k" * 200,
)


def test_any_name_and_description(tenant: Tenant) -> None:
    connector = tenant.connector()
    for name in NAMES:
        tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm"}, description=name, refresh_fields=False)
    dumped = tenant.dump()
    text = checked(tenant, dumped)
    assert text.count("    connector: visma-business\n") == len(NAMES)
    assert dumped.proof.left_out == ()
    # What a file cannot hold is told, and the connection is found by its id.
    assert text.count("left out: name,") == 3
    assert text.count("    id: ") == 6
    assert "vso[" in text
    assert "##vso[" not in text


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


def test_any_key_of_a_field_and_of_an_item(tenant: Tenant) -> None:
    """Field keys, item keys, keys of config fields, and the texts beside them."""
    retail = tenant.crm_item("business", "Retail")
    tenant.edit.set_items("Test.Excel", "Odd", {**dict.fromkeys(KEYS, "an item"), "other": "\u202eother"})
    for key in KEYS:
        tenant.edit.add_field("Test.Excel", "Customer", key, name=f'US:"Label of {key.replace(chr(34), "")}"')
        tenant.edit.add_field("Test.Excel", "Customer", f"{key} list", type="List", list_name="Odd")
        tenant.edit.change_config_field("Test.Excel", key, type="Text")
    row = tenant.edit.add_connection(tenant.connector(), "Odd", {"Filename": "F0001.xlsm", **{key: key for key in KEYS}})
    for key in KEYS:
        tenant.edit.map_field(row, "Customer", key, "NAME", to_crm=True, to_erp=True, show_in_tab=True)
        tenant.edit.map_field(row, "Customer", f"{key} list", "BUSINESS", to_crm=True)
        tenant.edit.map_item(row, "Customer", f"{key} list", key, retail)
        tenant.edit.set_default(row, "Customer", key, value=key, ask=True)
    tenant.edit.set_rank(row, "Customer", [*KEYS, "NAME"])
    dumped = tenant.dump()
    text = checked(tenant, dumped)
    assert dumped.proof.left_out == ()
    assert text.count(": Retail") == len(KEYS)
    for key in ("01", "1", "no", "null", "1.10", "on", "~", "<<"):
        assert f'          "{key}": {{crm: NAME, direction: both' in text
    assert "          a/b c: {crm: NAME, direction: both" in text


def test_several_lines_and_odd_texts_in_config(tenant: Tenant) -> None:
    tenant.edit.change_config_field("Test.Excel", "Lines", type="Text")
    connector = tenant.connector()
    for number, value in enumerate(
        ("a\nb", "a\nb\n", "  a\n\n b\n\n", "\n\na", "::set-output\nx", "a\tb", "a\r\nb", "\n", " ", "a\n##vso[x]\n", "0012")
    ):
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
    for note in ("left out: Old.", "left out: scope.", "left out: Undeclared."):
        assert f"# {note}" in text
    # What only a change of it would break is written as it is.
    assert "CustNo: {crm: NUMBER1, direction: to-crm}" in text
    assert "canary-undeclared" not in text


def test_two_dumps_are_the_same_bytes_and_order_follows_the_screen(tenant: Tenant) -> None:
    connector = tenant.connector()
    for name in ("Zebra", "Apple", "Møre & Romsdal"):
        tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm"})
    assert tenant.dump().text == tenant.dump().text


def test_the_language_of_groups_items_and_labels(tenant: Tenant) -> None:
    row = tenant.edit.add_connection(tenant.connector(), 'US:"Norway";NO:"Norge"', {"Filename": "F0001.xlsm"})
    tenant.edit.set_scope(row, groups=[1, 2], users=[2])
    tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
    tenant.edit.map_item(row, "Customer", "CustGr", "A", tenant.crm_item("business", "Retail"))
    for language, group, item, label in (("en", "Sales", "Retail", "# Customer group"), ("nb", "Salg", "Detaljhandel", "# Kundegruppe")):
        text = checked(tenant, tenant.dump(language=language))
        assert f"language: {language}" in text
        assert group in text
        assert f"A: {item}" in text
        assert label in text
        assert "  norway:\n" in text  # keys do not depend on the language


def test_groups_and_items_without_a_name_of_their_own(tenant: Tenant) -> None:
    connector = tenant.connector()
    twin = tenant.edit.add_group("Sales")
    row = tenant.edit.add_connection(connector, "Odd", {"Filename": "F0001.xlsm"}, all_access=False, groups=[1, twin, 4], users=[4])
    tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
    again = tenant.edit.add_crm_item("business", "Retail")
    gone = tenant.edit.add_crm_item("business", "Gone")
    for key, item in (("A", again), ("B", gone), ("C", tenant.crm_item("business", "Other"))):
        tenant.edit.map_item(row, "Customer", "CustGr", key, item)
    tenant.edit.delete_crm_item(gone)
    dumped = tenant.dump()
    text = checked(tenant, dumped)
    assert f'groups: ["#1", "#4", "#{twin}"]' in text
    assert f'A: "#{again}"' in text
    assert [place[-1] for place, _ in dumped.proof.left_out] == ["B"]


def test_a_silent_connector_hides_items_too(tenant: Tenant) -> None:
    row = tenant.edit.add_connection(tenant.connector(), "Silent", {"Filename": "F0001.xlsm"})
    tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
    tenant.edit.connector_down(VISMA)
    text = checked(tenant, tenant.dump())
    assert "# left out: items of lists. The connector did not answer." in text


@pytest.mark.parametrize(
    "switches",
    [
        {"unsupported_actor": "empty"}, {"connectors_list_deleted": True}, {"deleted_connection_read": "null"}, {"all_connections": "full"},
        {"auto_map": "off"}, {"auto_map": "empty"}, {"already_mapped_by": "erp_field", "one_way_to_crm": "never"},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_the_documents_leave_open(tmp_path: Path, switches: dict[str, Any]) -> None:
    with filled(tmp_path, **switches) as tenant:
        connector = tenant.connector()
        tenant.edit.delete_connector(tenant.connector(FORTNOX, "Gone"))
        rows = [tenant.edit.add_connection(connector, name, {"Filename": "F0001.xlsm", "PasswordField": "x"}) for name in ("A", "B", "C")]
        for row in rows:
            tenant.edit.map_field(row, "Customer", "NAME", "NAME", to_crm=True, to_erp=True)
            tenant.edit.map_field(row, "Customer", "CustGr", "BUSINESS", to_crm=True)
        tenant.edit.delete(rows[1])
        text = checked(tenant, tenant.dump())
    assert "  a:\n" in text
    assert "  b:\n" not in text


def test_an_order_that_the_tenant_does_not_tell(tenant: Tenant) -> None:
    tenant.edit.add_connection(tenant.connector(), "One", {"Filename": "F0001.xlsm"})
    tenant.emulator.faults.add(Fault("MDOList/erpconnections", FaultKind.HTML_BEFORE, times=None))
    text = checked(tenant, tenant.dump())
    assert "sync_priority" not in text


def test_connectors_of_one_name_cannot_be_written(tenant: Tenant) -> None:
    for url in (VISMA, FORTNOX):
        tenant.edit.add_connection(tenant.connector(url, "Same"), "On one of them", {"Filename": "F0001.xlsm"}, tell_connector=False)
    dead = tenant.connector("app://dead", "Dead")
    tenant.edit.add_connection(dead, "On a deleted one", tell_connector=False)
    tenant.edit.delete_connector(dead)
    text = checked(tenant, tenant.dump())
    assert "connector:" not in text.replace("left out: connector.", "")
    assert text.count("    id: ") == 3


def test_keys_that_the_journal_keeps_for_others_are_not_given_away(tmp_path: Any) -> None:
    with staged(tmp_path) as stage:
        assert stage.apply().exit_code == 0
        tenant = Tenant(stage)
        bound = stage.connection("Visma Norway")
        tenant.edit.delete(bound["ErpConnectionId"])
        tenant.edit.add_connection(bound["ErpConnectorId"], "Norway", {"Filename": "F0001.xlsm"})
        text = checked(tenant, tenant.dump())
    assert "  norway-2:\n" in text


PIECES = st.sampled_from(("NAME", "POSTALAD1", "CustGr", "IntField", "DoubleField", "DateField", "CheckboxField", "CatErp", "CustNo"))
MAPPED = st.tuples(PIECES, st.sampled_from(("", "NAME", "BUSINESS", "NUMBER1", "PHONE")), *(st.booleans() for _ in range(4)))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=20)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_state(data: st.DataObject) -> None:
    """Random names, values, mappings, items, defaults and orders."""
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder)) as tenant:
        connector = tenant.connector()
        for _ in range(data.draw(st.integers(1, 3))):
            name = data.draw(TEXTS) or 'US:"x"'
            row = tenant.edit.add_connection(connector, name, description=data.draw(TEXTS), active=data.draw(st.booleans()))
            for key, values in (("Filename", TEXTS), ("TextField", TEXTS), ("IntegerField", st.sampled_from(("", "[I:7]", "x")))):
                tenant.edit.set_config(row, key, data.draw(values), tell_connector=False)
            for key, crm, to_crm, to_erp, tab, search in data.draw(st.lists(MAPPED, max_size=6)):
                tenant.edit.map_field(row, "Customer", key, crm, show_in_tab=tab, show_in_search=search)
                if crm:
                    tenant.edit.map_field(row, "Customer", key, to_crm=to_crm, to_erp=to_erp)
            tenant.edit.map_item(row, "Customer", "CustGr", "A", data.draw(st.sampled_from((None, tenant.crm_item("business", "IT")))))
            tenant.edit.set_default(row, "Customer", data.draw(PIECES), value=data.draw(st.none() | TEXTS), ask=data.draw(st.booleans()))
            tenant.edit.set_rank(row, "Customer", data.draw(st.lists(PIECES, unique=True, max_size=4)))
            tenant.edit.set_actor(row, "Customer", data.draw(st.booleans()))
        first = tenant.dump()
        assert first.text == tenant.dump().text
        if first.proof.told:  # mandatory fields of an active connection without a direction: a person has to decide
            assert all("needs a direction" in sentence for sentence in first.proof.told)
        else:
            checked(tenant, first)


def test_a_crm_field_that_is_gone_stands_as_a_note(tenant: Tenant) -> None:
    row = tenant.edit.add_connection(tenant.connector(), "Gone", {"Filename": "F0001.xlsm"})
    tenant.edit.map_field(row, "Customer", "POSTALZIP", "POSTALZIP", to_erp=True)
    tenant.edit.delete_crm_field("Contact", "POSTALZIP")
    assert "# left out: POSTALZIP." in checked(tenant, tenant.dump())


def test_an_interval_that_a_file_may_not_ask_for(tenant: Tenant) -> None:
    tenant.edit.set_engine(interval_s=48 * 3600)
    assert "automatic_sync: {on: true}" in checked(tenant, tenant.dump())


def test_an_empty_tenant(tenant: Tenant) -> None:
    text = checked(tenant, tenant.dump())
    assert "connections" not in text
