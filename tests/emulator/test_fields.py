"""Field refresh, mappings, rank, defaults and list items."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulator import Emulator
from tests.emulator.api import FORTNOX, VISMA, Api

# ---- refresh ----


def test_field_ids_exist_after_a_refresh_and_belong_to_one_connection_and_actor_type(api: Api, connector: int) -> None:
    keys = [api.connection(connector)["ErpConnectionId"] for _ in range(2)]
    assert api.ok("GetActorTypeMapping", {"ErpConnectionId": keys[0], "ActorType": "Customer"}) is None
    assert [api.refresh(key) for key in keys] == [True, True]
    ids = [api.field(key, "NAME", actor)["ErpFieldId"] for key in keys for actor in ("Customer", "Supplier")]
    assert len(set(ids)) == 4


def test_new_actor_types_are_inactive_and_fields_are_ranked_in_the_connectors_order(api: Api, emulator: Emulator, connection: int) -> None:
    customer = emulator.inspect.connection(connection)["Actors"]["Customer"]
    assert (customer["IsActive"], customer["ActorTypeCrm"]) == (False, "Contact")
    ranks = [(field["Rank"], key) for key, field in customer["Fields"].items()]
    assert ranks[:3] == [(1, "CustNo"), (2, "NAME"), (3, "POSTALAD1")]
    assert [rank for rank, _ in ranks] == list(range(1, 13))


def test_fields_map_themselves_by_name_without_a_direction(api: Api, connector: int, connection: int) -> None:
    name, number = api.field(connection, "NAME"), api.field(connection, "CustNo")
    assert (name["CrmFieldKey"], name["SyncToCrm"], name["SyncToErp"], name["CrmDisplayName"]) == (
        "NAME",
        False,
        False,
        'US:"Name";NO:"Navn"',
    )
    assert number["CrmFieldKey"] == ""
    sql = api.connector(FORTNOX, "Fortnox")
    config = api.config(sql, User="erp", Password="erp-password")
    key = api.connection(sql, config=config)["ErpConnectionId"]
    api.refresh(key)
    assert api.field(key, "VatNo")["CrmFieldKey"] == "VATNO"  # whatever the case


def test_a_refresh_keeps_what_users_set_and_flags_what_went_missing(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.map_field(connection, "Customer", "CustGr", "BUSINESS", to_crm=True, show_in_tab=True)
    emulator.edit.set_default(connection, "Customer", "CustGr", value="A", ask=True)
    before = emulator.inspect.field(connection, "Customer", "CustGr")
    emulator.edit.drop_field("Test.Excel", "Customer", "CustGr")
    emulator.edit.change_field("Test.Excel", "Customer", "IntField", type="Text", name="Number")
    emulator.edit.add_field("Test.Excel", "Customer", "FAX", at=0)
    assert api.refresh(connection)
    after = emulator.inspect.field(connection, "Customer", "CustGr")
    stamps = {"updated", "updatedCount", "updatedAssociateId"}
    assert {name for name in after if after[name] != before[name]} - stamps == {"MissingInERP"}
    assert emulator.inspect.field(connection, "Customer", "IntField")["FieldType"] == "Text"
    fresh = emulator.inspect.field(connection, "Customer", "FAX")
    assert (fresh["Rank"], fresh["CrmFieldKey"]) == (13, "FAX")
    emulator.edit.add_field("Test.Excel", "Customer", "CustGr", type="List", list_name="CustomerGroup")
    assert api.refresh(connection)
    assert api.field(connection, "CustGr")["MissingInERP"] is False


def test_an_actor_type_that_went_away_keeps_its_rows(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.drop_actor("Test.Excel", "Person")
    assert api.refresh(connection)
    assert all(field["MissingInERP"] for field in api.mapping(connection, "Person")["FieldMappings"])


def test_automatic_mapping_never_overrides_and_can_be_switched(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.map_field(connection, "Customer", "NAME", "DEPARTMENT")
    emulator.edit.map_field(connection, "Customer", "POSTALAD1", "")
    api.refresh(connection)
    assert [api.field(connection, key)["CrmFieldKey"] for key in ("NAME", "POSTALAD1")] == ["DEPARTMENT", ""]
    emulator.switches.auto_map = "empty"
    api.refresh(connection)
    assert [api.field(connection, key)["CrmFieldKey"] for key in ("NAME", "POSTALAD1")] == ["DEPARTMENT", "POSTALAD1"]
    emulator.switches.auto_map = "off"
    emulator.edit.add_field("Test.Excel", "Customer", "PHONE")
    api.refresh(connection)
    assert api.field(connection, "PHONE")["CrmFieldKey"] == ""


def test_a_connector_that_cannot_tell_its_fields_makes_the_refresh_false(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.connector_refuses_fields(VISMA)
    before = emulator.state.digest()
    assert api.refresh(connection) is False
    assert emulator.state.digest() == before
    assert api.refresh(999) is False


def test_a_connector_that_breaks_off_leaves_a_part_stored(api: Api, emulator: Emulator, connector: int) -> None:
    key = api.connection(connector)["ErpConnectionId"]
    emulator.edit.connector_stops_telling_fields(VISMA, 2)
    assert api.refresh(key) is False
    assert set(emulator.inspect.connection(key)["Actors"]) == {"Customer", "Supplier"}
    emulator.edit.connector_stops_telling_fields(VISMA, None)
    assert api.refresh(key) is True
    assert len(emulator.inspect.connection(key)["Actors"]) == 4


def test_a_refresh_can_be_refused_while_active(api: Api, emulator: Emulator, connection: int) -> None:
    api.toggle(connection)
    assert api.refresh(connection) is True
    emulator.switches.refresh_while_active = "refuse"
    assert api.post("UpdateConnectionFields", {"ErpConnectionId": connection}).status == 400


def test_a_field_that_becomes_mandatory_forces_its_default_to_be(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.change_field("Test.Excel", "Customer", "POSTALAD1", access="Mandatory")
    api.refresh(connection)
    assert emulator.inspect.field(connection, "Customer", "POSTALAD1")["Mandatory"] is True


# ---- mappings ----


def test_a_mapping_is_saved_and_answered_as_stored(api: Api, connection: int) -> None:
    sent: dict[str, Any] = {
        "SyncToCrm": True,
        "SyncToErp": True,
        "ShowInGui": True,
        "ShowInSearch": True,
        "ErpDisplayName": "ignored",
        "FieldType": "Date",
        "Access": "ReadOnly",
        "MissingInERP": True,
        "ListReference": "ignored",
        "CrmFieldKey": "name",
    }
    stored = next(one for one in api.map(connection, "NAME", **sent).json["FieldMappings"] if one["ErpFieldKey"] == "NAME")
    assert stored == api.field(connection, "NAME")
    assert (stored["SyncToCrm"], stored["SyncToErp"], stored["ShowInGui"], stored["ShowInSearch"]) == (True, True, True, True)
    kept = ("ErpDisplayName", "FieldType", "Access", "MissingInERP", "ListReference", "CrmFieldKey")
    assert [stored[name] for name in kept] == ['US:"Name";NO:"Navn"', "Text", "Mandatory", False, "", "NAME"]


def test_an_actor_type_is_switched_with_its_mapping_and_omitted_means_off(api: Api, emulator: Emulator, connection: int) -> None:
    mapping = api.mapping(connection)
    assert api.ok("SaveActorTypeMapping", {"Mapping": {**mapping, "IsActive": True}})["IsActive"] is True
    del mapping["IsActive"]
    assert api.ok("SaveActorTypeMapping", {"Mapping": mapping})["IsActive"] is False


def test_an_empty_crm_field_unmaps_and_clears_directions_and_items(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.map_field(connection, "Customer", "CustGr", "BUSINESS", to_crm=True, to_erp=True)
    emulator.edit.map_item(connection, "Customer", "CustGr", "A", 9001)
    api.map(connection, "CustGr", CrmFieldKey="")
    stored = emulator.inspect.field(connection, "Customer", "CustGr")
    assert [stored[name] for name in ("CrmFieldKey", "SyncToCrm", "SyncToErp", "ListReference", "Items")] == ["", False, False, "", {}]


@pytest.mark.parametrize(("reading", "left"), [("untouched", "NAME"), ("unmapped", "")])
def test_omitted_fields_stay_or_are_unmapped(api: Api, emulator: Emulator, connection: int, reading: str, left: str) -> None:
    emulator.switches.set("omitted_fields", reading)
    mapping = api.mapping(connection)
    mapping["FieldMappings"] = [one for one in mapping["FieldMappings"] if one["ErpFieldKey"] != "NAME"]
    api.ok("SaveActorTypeMapping", {"Mapping": mapping})
    assert api.field(connection, "NAME")["CrmFieldKey"] == left


def test_fields_are_found_by_id_or_else_by_key_and_unknown_ones_are_refused(api: Api, connection: int) -> None:
    def saved(**field: Any) -> int:
        mapping = {"ErpConnectionId": connection, "ActorTypeErp": "Customer", "FieldMappings": [field]}
        return api.post("SaveActorTypeMapping", {"Mapping": mapping}).status

    assert saved(ErpFieldKey="NAME", CrmFieldKey="NAME", SyncToErp=True) == 200
    assert api.field(connection, "NAME")["SyncToErp"] is True
    assert saved(ErpFieldId=9, CrmFieldKey="NAME") == 400
    assert saved(ErpFieldKey="Nothing") == 400


def test_unknown_connections_and_unsupported_actor_types(api: Api, emulator: Emulator, connection: int) -> None:
    assert api.ok("SaveActorTypeMapping", {"Mapping": {"ErpConnectionId": 999, "ActorTypeErp": "Customer"}}) is None
    assert api.post("SaveActorTypeMapping", {"Mapping": {"ErpConnectionId": connection, "ActorTypeErp": "Employee"}}).status == 400
    assert api.ok("GetActorTypeMapping", {"ErpConnectionId": connection, "ActorType": "Partner"}) is None
    emulator.switches.unsupported_actor = "empty"
    assert api.ok("GetActorTypeMapping", {"ErpConnectionId": connection, "ActorType": "Partner"})["FieldMappings"] == []
    assert api.ok("GetCrmActorType", {"ErpConnectionId": connection, "ErpActorType": "Employee"}) == "Unknown"
    saved = api.ok("SaveActorTypeMapping", {"Mapping": {"ErpConnectionId": connection, "ActorTypeErp": "Partner", "IsActive": True}})
    assert (saved["ActorTypeCrm"], saved["FieldMappings"]) == ("Contact", [])


def test_already_mapped_looks_at_other_connections_that_live(api: Api, emulator: Emulator, connector: int, connection: int) -> None:
    other = int(api.connection(connector)["ErpConnectionId"])
    api.refresh(other)
    emulator.edit.map_field(other, "Customer", "NAME", to_crm=True)
    assert api.field(connection, "NAME")["AlreadyMapped"] is True
    assert api.field(other, "NAME")["AlreadyMapped"] is False
    assert api.map(connection, "NAME", SyncToCrm=True).status == 400
    assert api.map(connection, "NAME", SyncToCrm=True, SyncToErp=True).status == 200
    emulator.edit.delete(other)
    assert api.field(connection, "NAME")["AlreadyMapped"] is False


def test_where_one_way_to_the_crm_is_refused_is_a_switch(api: Api, emulator: Emulator, connector: int, connection: int) -> None:
    other = int(api.connection(connector)["ErpConnectionId"])
    api.refresh(other)
    emulator.edit.map_field(other, "Customer", "NAME", to_crm=True)
    emulator.edit.set_actor(connection, "Customer", True)
    emulator.switches.one_way_to_crm = "activation"
    assert api.map(connection, "NAME", SyncToCrm=True).status == 200
    assert "another connection" in api.toggle(connection)[0]
    emulator.switches.one_way_to_crm = "never"
    assert api.toggle(connection) == []


def test_already_mapped_by_the_erp_field(api: Api, emulator: Emulator, connector: int, connection: int) -> None:
    other = int(api.connection(connector)["ErpConnectionId"])
    api.refresh(other)
    emulator.edit.map_field(other, "Customer", "CustGr", "CATEGORY", to_crm=True)
    emulator.edit.map_field(connection, "Customer", "CustGr", "BUSINESS")
    assert api.field(connection, "CustGr")["AlreadyMapped"] is False
    emulator.switches.already_mapped_by = "erp_field"
    assert api.field(connection, "CustGr")["AlreadyMapped"] is True


def test_where_a_read_only_field_is_refused_is_a_switch(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.switches.read_only_mapping = "save"
    assert api.map(connection, "CustNo", CrmFieldKey="NUMBER2", SyncToCrm=True).status == 400
    emulator.switches.read_only_mapping = "activation"
    emulator.edit.set_actor(connection, "Customer", True)
    emulator.edit.map_field(connection, "Customer", "NAME", to_erp=True)
    assert api.map(connection, "CustNo", CrmFieldKey="NUMBER2", SyncToCrm=True).status == 200
    mapping = api.mapping(connection)
    api.ok("SaveActorTypeMapping", {"Mapping": {**mapping, "IsActive": True}})
    assert "read-only" in api.toggle(connection)[0]
    emulator.switches.read_only_mapping = "never"
    assert api.toggle(connection) == []


def test_missing_in_crm_follows_the_catalogue(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.delete_crm_field("Contact", "NAME")
    seen = api.field(connection, "NAME")
    assert (seen["MissingInCRM"], seen["CrmDisplayName"]) == (True, "")
    emulator.edit.delete_crm_field("Contact", "NAME", deleted=False)
    assert api.field(connection, "NAME")["MissingInCRM"] is False
    emulator.edit.add_crm_field("Contact", "x_extra")
    assert api.map(connection, "IntField", CrmFieldKey="x_extra", SyncToCrm=True).status == 200
    assert api.field(connection, "IntField")["MissingInCRM"] is False


def test_types_that_do_not_go_together(api: Api, emulator: Emulator, connection: int) -> None:
    checkbox: dict[str, Any] = {"CrmFieldKey": "NUMBER1", "SyncToErp": True}
    assert api.map(connection, "CheckboxField", **checkbox, SyncToCrm=True).status == 400
    assert api.map(connection, "CheckboxField", CrmFieldKey="NUMBER1", SyncToCrm=True).status == 200
    emulator.switches.mismatched_types = "activation"
    assert api.map(connection, "CheckboxField", **checkbox).status == 200
    api.map(connection, "NAME", CrmFieldKey="NAME", SyncToErp=True)
    emulator.edit.set_actor(connection, "Customer", True)
    assert api.toggle(connection) == ["Customer, field CheckboxField: its type and that of the CRM field do not go together."]
    emulator.switches.mismatched_types = "never"
    assert api.toggle(connection) == []


def test_mappings_can_be_refused_while_active(api: Api, emulator: Emulator, connection: int) -> None:
    api.toggle(connection)
    assert api.map(connection, "NAME", SyncToErp=True).status == 200
    emulator.switches.mapping_while_active = "refuse"
    assert api.map(connection, "NAME", SyncToErp=False).status == 400
    assert api.post("SaveConnectionListMappings", {"ListMapping": {"ErpConnectionId": connection}}).status == 400


# ---- rank ----


def _order(api: Api, connection: int) -> list[str]:
    found = api.get(
        f"archive/ErpField?$select=ErpFieldKey,Rank&$filter=ConnectionId%20eq%20{connection}%20and%20ActorTypeErp%20eq%20'Person'&$orderby=Rank"
    )
    assert [row["Rank"] for row in found["value"]] == list(range(1, 8))
    return [row["ErpFieldKey"] for row in found["value"]]


def _move(api: Api, connection: int, key: str, direction: int) -> None:
    field = api.field(connection, key, "Person")["ErpFieldId"]
    body = {"ErpFieldId": field, "Direction": direction, "ErpConnectionId": connection, "ErpActorType": "Person"}
    assert api.post("MoveErpFieldItem", body).status == 204


def test_moving_swaps_with_the_neighbour_and_stops_at_the_ends(api: Api, emulator: Emulator, connection: int) -> None:
    start = ["PersonNo", "FIRSTNAME", "LASTNAME", "POSTALAD1", "PHONE_DIRECT", "PersPos", "PersType"]
    assert _order(api, connection) == start
    _move(api, connection, "FIRSTNAME", 5)
    assert _order(api, connection)[:3] == ["PersonNo", "LASTNAME", "FIRSTNAME"]
    _move(api, connection, "FIRSTNAME", -1)
    _move(api, connection, "PersonNo", -1)
    _move(api, connection, "PersType", 1)
    _move(api, connection, "PersType", 0)
    assert _order(api, connection) == start
    emulator.switches.move_uses = "magnitude"
    _move(api, connection, "PersonNo", 3)
    assert _order(api, connection)[3] == "PersonNo"


# ---- defaults ----


def test_a_default_is_replaced_wholly_and_mandatory_is_the_connectors_word(api: Api, connection: int) -> None:
    field = api.field(connection, "NAME")["ErpFieldId"]
    saved = api.ok(
        "SaveDefaultValueInfo",
        {"ErpSyncDefaultValue": {"ErpFieldId": field, "HasFirstSyncDefaultValue": True, "FirstSyncDefaultValue": "x", "PromptUser": True}},
    )
    assert saved == api.ok("GetDefaultValueInfo", {"ErpFieldId": field})
    assert (saved["HasFirstSyncDefaultValue"], saved["FirstSyncDefaultValue"], saved["PromptUser"], saved["Mandatory"]) == (
        True,
        "x",
        True,
        True,
    )
    wiped = api.ok("SaveDefaultValueInfo", {"ErpSyncDefaultValue": {"ErpFieldId": field}})
    assert (wiped["HasFirstSyncDefaultValue"], wiped["FirstSyncDefaultValue"], wiped["PromptUser"], wiped["Mandatory"]) == (
        False,
        "",
        False,
        True,
    )
    assert api.ok("SaveDefaultValueInfo", {"ErpSyncDefaultValue": {"ErpFieldId": 9}}) is None


def test_fields_to_ask_for_are_the_mandatory_and_the_prompted(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.set_default(connection, "Customer", "CatErp", value="A", ask=True)
    asked = api.ok("GetFieldsForNewErpActor", {"ErpConnectionId": connection, "ErpActorType": "Customer"})
    assert [one["FieldKey"] for one in asked] == ["NAME", "CatErp"]
    assert api.ok("GetFieldsForNewErpActor", {"ErpConnectionId": 999, "ErpActorType": "Customer"}) is None
    assert api.ok("SupportsAdvancedSearch", {"ErpConnectionId": connection, "ErpActorType": "Customer"}) is True
    assert api.ok("SupportsAdvancedSearch", {"ErpConnectionId": connection, "ErpActorType": "Partner"}) is False


# ---- list items ----


def _lists(api: Api, connection: int) -> dict[str, Any]:
    return dict(api.ok("GetConnectionListMappings", {"ErpConnectionId": connection}))


def _with_items(container: dict[str, Any], **items: int | None) -> dict[str, Any]:
    pairs = [{"ErpListItemId": key, "CrmListItem": None if item is None else {"Id": item}} for key, item in items.items()]
    (first, *rest) = container["ErpListItemMappings"]
    return {**container, "ErpListItemMappings": [{**first, "ErpCrmListItemMappings": pairs}, *rest]}


@pytest.fixture
def listed(api: Api, emulator: Emulator) -> int:
    """A connection whose only mapped list is CustGr."""
    emulator.switches.auto_map = "off"
    key = int(api.connection(api.connector())["ErpConnectionId"])
    api.refresh(key)
    assert _lists(api, key)["ErpListItemMappings"] == []
    api.map(key, "CustGr", CrmFieldKey="business", SyncToCrm=True)
    return key


def test_a_mapped_list_shows_every_item_of_the_connector(api: Api, listed: int) -> None:
    container = _lists(api, listed)
    (one,) = container["ErpListItemMappings"]
    assert (one["ErpListName"], one["ErpActorTypeName"], one["CrmList"]["Type"]) == ("CustomerGroup", "Customer", "business")
    assert [(item["ErpListItemId"], item["CrmListItem"]) for item in one["ErpCrmListItemMappings"]] == [
        ("A", None),
        ("B", None),
        ("C", None),
    ]
    assert (container["ErpConnectionId"], container["ErpConnectionName"]) == (listed, "Norway")


def test_item_pairs_are_stored_replaced_and_cleared(api: Api, emulator: Emulator, listed: int) -> None:
    container = _lists(api, listed)
    saved = api.ok("SaveConnectionListMappings", {"ListMapping": _with_items(container, A=9001, B=9002)})
    assert saved == _lists(api, listed)
    api.ok("SaveConnectionListMappings", {"ListMapping": _with_items(container, A=None, B=9001, C=0)})
    assert emulator.inspect.field(listed, "Customer", "CustGr")["Items"] == {"A": None, "B": 9001}
    api.ok("SaveConnectionListMappings", {"ListMapping": _with_items(container, A=9001)})
    assert emulator.inspect.duplicate_items(listed) == [("Customer", "CustGr", 9001)]
    emulator.switches.omitted_list_items = "cleared"
    api.ok("SaveConnectionListMappings", {"ListMapping": _with_items(container, A=9002)})
    assert emulator.inspect.field(listed, "Customer", "CustGr")["Items"] == {"A": 9002, "B": None}


def test_items_of_other_lists_and_fields_that_are_not_mapped_are_refused(api: Api, listed: int) -> None:
    container = _lists(api, listed)
    other_list = _with_items(container, A=9006)
    assert api.post("SaveConnectionListMappings", {"ListMapping": other_list}).status == 400
    field = api.field(listed, "CatErp")["ErpFieldId"]
    assert (
        api.post("SaveConnectionListMappings", {"ListMapping": {**container, "ErpListItemMappings": [{"ErpFieldId": field}]}}).status == 400
    )


def test_list_items_live_in_the_connector(api: Api, emulator: Emulator, listed: int) -> None:
    emulator.edit.set_items("Test.Excel", "CustomerGroup", {"Z": "Zulu"})
    assert [item["ErpListItemId"] for item in _lists(api, listed)["ErpListItemMappings"][0]["ErpCrmListItemMappings"]] == ["Z"]
    emulator.edit.connector_down(VISMA)
    assert api.post("GetConnectionListMappings", {"ErpConnectionId": listed}).status == 500
