"""The rows below a connection: read strictly, written whole, and lists echoed but for what changed."""

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import (
    ActorMapping,
    DefaultValue,
    Engine,
    ErpField,
    FieldMapping,
    FieldType,
    ListItemMapping,
    ListMapping,
    ListMappings,
    Named,
)
from reconciler.wire import crm_lists, mappings
from reconciler.wire.carriers import WireError
from reconciler.wire.mappings import UnknownName

RIGHTS: dict[str, Any] = {"TableRight": None, "FieldProperties": {}}
FIELD: dict[str, Any] = {
    "ErpFieldId": 1007, "CrmFieldKey": "BUSINESS", "CrmDisplayName": "Business", "CrmDisplayTooltip": "", "ErpFieldKey": "CustGr",
    "FieldType": "List", "ErpDisplayName": 'US:"Customer group"', "ErpDisplayTooltip": None, "SyncToCrm": True, "SyncToErp": False,
    "ShowInGui": False, "ShowInSearch": True, "AlreadyMapped": True, "MissingInERP": False, "MissingInCRM": True, "Access": "Normal",
    "ListReference": "table=business", **RIGHTS,
}  # fmt: skip
MAPPING: dict[str, Any] = {
    "ErpConnectionId": 101, "IsActive": True, "FieldMappings": [FIELD], "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact", **RIGHTS,
}  # fmt: skip
ITEM: dict[str, Any] = {
    "Id": 9001, "Name": 'US:"Retail"', "ToolTip": "", "Deleted": False, "Rank": 1, "Type": "", "ChildItems": [], "IconHint": "",
    "ColorBlock": 0, "ExtraInfo": "", "StyleHint": "", "FullName": 'US:"Retail"', **RIGHTS,
}  # fmt: skip
LIST: dict[str, Any] = {
    "CrmList": {**ITEM, "Id": 901, "Name": "Business", "Type": "business", "ExtraInfo": "table=business"},
    "ErpListName": "CustomerGroup",
    "ErpCrmListItemMappings": [
        {"ErpListItemId": "A", "ErpListItemName": "Group A", "CrmListItem": ITEM, **RIGHTS},
        {"ErpListItemId": "B", "ErpListItemName": "Group B", "CrmListItem": None, **RIGHTS},
        {"ErpListItemId": "01", "ErpListItemName": None, "CrmListItem": {**ITEM, "Id": 0}, "Surprise": 1.5, **RIGHTS},
    ],
    "ErpActorTypeName": "Customer", "ErpFieldId": 1007, **RIGHTS,
}  # fmt: skip
CONTAINER: dict[str, Any] = {"ErpListItemMappings": [LIST], "ErpConnectionId": 101, "ErpConnectionName": "Visma", "Extra": [1], **RIGHTS}
DEFAULT: dict[str, Any] = {
    "ErpFieldId": 1008, "DefaultValue": "[I:0]", "HasFirstSyncDefaultValue": True, "FirstSyncDefaultValue": "[I:30]", "PromptUser": False,
    "Mandatory": True, "ErpFieldKey": "IntField", "FieldType": "Integer", "ListName": "", "Access": "Normal", **RIGHTS,
}  # fmt: skip
ENGINE: dict[str, Any] = {"IsRunning": True, "StatusMessage": 'US:"On"', "Interval": "00:05:00", **RIGHTS}
ARCHIVED: dict[str, Any] = {
    "PrimaryKey": "1008", "EntityName": "erpField", "Id": 1008, "ConnectionId": 101, "ActorTypeErp": "Customer", "ErpFieldKey": "IntField",
    "DisplayName": 'US:"Integer"', "FieldType": "Integer", "Access": "Mandatory", "ListName": None, "HasFirstSyncDefaultValue": 1,
    "FirstSyncDefaultValue": "[I:30]", "PromptUser": True, "Mandatory": False, "CrmFieldKey": "NUMBER1", "SyncToCrm": 0, "SyncToErp": 1, "Rank": 8, "MissingInERP": 0,
}  # fmt: skip


# --- what is read ---


def test_a_mapping() -> None:
    field = FieldMapping(
        1007, "CustGr", "BUSINESS", to_crm=True, to_erp=False, in_tab=False, in_search=True, field_type=FieldType.LIST, access="Normal",
        label='US:"Customer group"', crm_label="Business", already_mapped=True, missing_in_crm=True, list_reference="table=business",
    )  # fmt: skip
    assert mappings.actor_mapping_from(MAPPING) == ActorMapping(101, "Customer", "Contact", active=True, fields=(field,))
    assert mappings.actor_mapping_from({**MAPPING, "FieldMappings": None}).fields == ()


def test_fields_keep_the_servers_order() -> None:
    fields = [{**FIELD, "ErpFieldId": key, "ErpFieldKey": str(key)} for key in (9, 3, 7)]
    assert [one.id for one in mappings.actor_mapping_from({**MAPPING, "FieldMappings": fields}).fields] == [9, 3, 7]


def test_list_mappings() -> None:
    found = crm_lists.list_mappings_from(CONTAINER)
    items = (ListItemMapping("A", "Group A", 9001, 'US:"Retail"'), ListItemMapping("B", "Group B", None), ListItemMapping("01", "", None))
    assert found == ListMappings(101, (ListMapping(1007, "Customer", "CustomerGroup", "business", items),), CONTAINER)
    assert crm_lists.list_mappings_from({**CONTAINER, "ErpListItemMappings": None}).lists == ()


@pytest.mark.parametrize(
    ("crm_list", "name"),
    [
        ({"ExtraInfo": "table=udlist&udlistid=12", "Type": "x", "Name": "y"}, "udlist"),
        ({"ExtraInfo": "", "Type": "business", "Name": "Business"}, "business"),
        ({"ExtraInfo": None, "Type": None, "Name": "Business"}, "Business"),
        (None, ""),
    ],
)
def test_which_crm_list_a_mapping_names(crm_list: Any, name: str) -> None:
    container = {**CONTAINER, "ErpListItemMappings": [{**LIST, "CrmList": crm_list}]}
    assert crm_lists.list_mappings_from(container).lists[0].crm_list == name


def test_a_default() -> None:
    assert mappings.default_from(DEFAULT) == DefaultValue(1008, has_value=True, value="[I:30]", ask=False, mandatory=True)


def test_the_engine() -> None:
    assert mappings.engine_from(ENGINE) == Engine(running=True, interval_s=300, message='US:"On"')
    assert mappings.engine_from({**ENGINE, "Interval": "PT5M"}).interval_s == 300


@pytest.mark.parametrize("interval", [None, "", "auto", "-00:05:00", "00:05:00.5", 300])
def test_an_interval_that_is_none(interval: Any) -> None:
    with pytest.raises(WireError, match=r"ErpSyncEngineStatus\.Interval"):
        mappings.engine_from({**ENGINE, "Interval": interval})


FIELD_ROW = ErpField(
    1008, "Customer", "IntField", mandatory=True, has_direction=True, label='US:"Integer"', field_type=FieldType.INTEGER,
    access="Mandatory", has_default=True, default="[I:30]", ask=True, default_mandatory=False, rank=8, connection_id=101, crm="NUMBER1",
)  # fmt: skip


@pytest.mark.parametrize(
    "spelled",
    [
        {},
        {"FieldType": 3, "Access": 1, "ActorTypeErp": 1},
        {"Id": "1008", "HasFirstSyncDefaultValue": True, "PromptUser": 1, "SyncToErp": True},
    ],
)
def test_a_field_row_with_names_or_numbers(spelled: dict[str, Any]) -> None:
    assert mappings.erp_fields_from([{**ARCHIVED, **spelled}]) == (FIELD_ROW,)


def test_field_rows_come_by_id_and_know_both_kinds_of_mandatory() -> None:
    other = {**ARCHIVED, "Id": 3, "Access": "Normal", "Mandatory": 1, "SyncToErp": 0, "MissingInERP": True}
    rows = mappings.erp_fields_from([ARCHIVED, other])
    assert [(one.id, one.mandatory, one.default_mandatory, one.has_direction, one.missing_in_erp) for one in rows] == [
        (3, False, True, False, True),
        (1008, True, False, True, False),
    ]
    with pytest.raises(WireError):
        mappings.erp_fields_from([ARCHIVED, ARCHIVED])


@pytest.mark.parametrize(
    ("list_name", "key"), [("business", "Id"), ("Country", "CountryId"), ("currency", "CurrencyId"), ("12", "SaleTypeId")]
)
def test_the_items_of_a_list_have_ids_under_several_names(list_name: str, key: str) -> None:
    rows = [{key: 5, "Name": 'US:"b"', "Deleted": True}, {key: 2, "Name": "a", "Deleted": 0}]
    assert crm_lists.list_items_from(rows, list_name) == (Named(2, "a"), Named(5, 'US:"b"', deleted=True))


def test_a_countrys_own_id_is_not_its_currencys() -> None:
    rows = [{"CurrencyId": 9, "CountryId": 5, "Name": "Norway", "Deleted": False}]
    assert crm_lists.list_items_from(rows, "country") == (Named(5, "Norway"),)


def test_items_below_headings_are_found_once() -> None:
    def item(key: int, *inner: Any) -> Any:
        return {"Id": key, "Name": f"n{key}", "Deleted": False, "ChildItems": list(inner) or None}

    rows = [item(7), item(1, item(4), item(2)), item(2, item(4))]
    assert [one.id for one in crm_lists.mdo_items_from(rows)] == [2, 4, 7]


def test_headings_without_end_are_refused() -> None:
    row: dict[str, Any] = {"Id": 1, "Name": "", "Deleted": False, "ChildItems": []}
    for _ in range(20):
        row = {**row, "ChildItems": [row]}
    with pytest.raises(WireError):
        crm_lists.mdo_items_from([row])


def test_the_order_of_connections() -> None:
    rows = [{"Id": key, "Deleted": key == 3} for key in (7, 0, 3, 5)]
    assert crm_lists.priority_from(rows) == (7, 0, 5)
    for wrong in ([{"Id": -1, "Deleted": False}], [*rows, rows[0]], None, [{"Id": 1}]):
        with pytest.raises(WireError):
            crm_lists.priority_from(wrong)


# --- what is refused ---

READERS: list[tuple[Callable[[Any], Any], Any, str]] = [
    (mappings.actor_mapping_from, MAPPING, "ErpSyncActorTypeMapping"),
    (lambda row: mappings.actor_mapping_from({**MAPPING, "FieldMappings": [row]}), FIELD, "ErpSyncFieldMapping[0]"),
    (crm_lists.list_mappings_from, CONTAINER, "ErpConnectionListMappingContainer"),
    (lambda row: crm_lists.list_mappings_from({**CONTAINER, "ErpListItemMappings": [row]}), LIST, "ErpConnectionListMapping[0]"),
    (mappings.default_from, DEFAULT, "ErpSyncDefaultValue"),
    (mappings.engine_from, ENGINE, "ErpSyncEngineStatus"),
    (lambda row: mappings.erp_fields_from([row]), ARCHIVED, "archive row[0]"),
]  # fmt: skip
NOT_READ = {
    "TableRight", "FieldProperties", "ErpConnectionName", "Extra", "CrmDisplayTooltip", "ErpDisplayTooltip", "PrimaryKey", "EntityName",
}  # fmt: skip
OF_A_DEFAULT = {"DefaultValue", "ErpFieldKey", "FieldType", "ListName", "Access"}  # the connector's, which a default does not read
CASES = [
    pytest.param(read, row, place, member, id=f"{place}.{member}")
    for read, row, place in READERS
    for member in row
    if member not in NOT_READ and not (row is DEFAULT and member in OF_A_DEFAULT)
]


@pytest.mark.parametrize(("read", "row", "place", "member"), CASES)
def test_a_member_of_another_type_is_named_and_its_value_is_not(read: Callable[[Any], Any], row: Any, place: str, member: str) -> None:
    read(row)
    for wrong in ({"canary": 1}, 4.5, ["canary"]):
        with pytest.raises(WireError) as caught:
            read({**row, member: wrong})
        assert f"{place}.{member}" in str(caught.value) or "Mapping[0]: expected an object" in str(caught.value)
        assert "canary" not in str(caught.value)
    with pytest.raises(WireError) as caught:
        read({name: value for name, value in row.items() if name != member})
    assert f"{place}.{member}: expected a member, found nothing" in str(caught.value)


@pytest.mark.parametrize(
    ("read", "row", "member"),
    [
        (READERS[0][0], MAPPING, "ActorTypeErp"),
        (READERS[0][0], MAPPING, "ActorTypeCrm"),
        (READERS[1][0], FIELD, "FieldType"),
        (READERS[1][0], FIELD, "Access"),
        (READERS[6][0], ARCHIVED, "FieldType"),
        (READERS[6][0], ARCHIVED, "Access"),
        (READERS[6][0], ARCHIVED, "ActorTypeErp"),
    ],
)
def test_an_unknown_name_of_a_kind_is_named(read: Callable[[Any], Any], row: Any, member: str) -> None:
    with pytest.raises(UnknownName) as caught:
        read({**row, member: "Datetime"})
    assert caught.value.name == "Datetime"
    assert f".{member}: expected one of " in str(caught.value)
    assert str(caught.value).endswith("found the unknown name Datetime")
    for other in ("a text with canary", "canary" * 20, 42, "", True):
        with pytest.raises(WireError) as refused:
            read({**row, member: other})
        assert "canary" not in str(refused.value)


def test_numbers_of_kinds_are_read_in_archives_only() -> None:
    with pytest.raises(WireError):
        mappings.actor_mapping_from({**MAPPING, "ActorTypeErp": 1})


@pytest.mark.parametrize("key", ["0", "01", "-1", "x", "99999999999", 0, True, None])
def test_an_id_that_is_none(key: Any) -> None:
    with pytest.raises(WireError, match=r"an id above 0|a 32-bit integer"):
        mappings.erp_fields_from([{**ARCHIVED, "Id": key}])


@pytest.mark.parametrize("item", [{**ITEM, "Id": -1}, {**ITEM, "Id": "9001"}, {"Name": "x"}, [], 9001])
def test_a_crm_item_that_is_none(item: Any) -> None:
    pair = {**LIST["ErpCrmListItemMappings"][0], "CrmListItem": item}
    with pytest.raises(WireError, match="CrmListItem"):
        crm_lists.list_mappings_from({**CONTAINER, "ErpListItemMappings": [{**LIST, "ErpCrmListItemMappings": [pair]}]})


def test_what_comes_twice_is_refused() -> None:
    pair = LIST["ErpCrmListItemMappings"][0]
    for wrong in ([LIST, LIST], [{**LIST, "ErpCrmListItemMappings": [pair, pair]}]):
        with pytest.raises(WireError, match="each value once"):
            crm_lists.list_mappings_from({**CONTAINER, "ErpListItemMappings": wrong})
    for again in (FIELD, {**FIELD, "ErpFieldId": 5}, {**FIELD, "ErpFieldKey": "other"}):
        with pytest.raises(WireError, match="each value once"):
            mappings.actor_mapping_from({**MAPPING, "FieldMappings": [FIELD, again]})


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    readers: list[Callable[[Any], Any]] = [read for read, _, _ in READERS]
    for read in (*readers, crm_lists.mdo_items_from, crm_lists.priority_from, lambda rows: crm_lists.list_items_from(rows, "business")):
        with contextlib.suppress(WireError):
            read(value)


# --- what is written ---


def test_a_mapping_is_saved_whole_without_texts_for_display() -> None:
    unmapped = {**FIELD, "ErpFieldId": 1009, "ErpFieldKey": "CatErp", "CrmFieldKey": "", "SyncToCrm": False}
    sent = mappings.actor_mapping_to(mappings.actor_mapping_from({**MAPPING, "FieldMappings": [FIELD, unmapped]}))
    blank = dict.fromkeys(("CrmDisplayName", "CrmDisplayTooltip", "ErpDisplayName", "ErpDisplayTooltip"))
    assert sent == {**MAPPING, "FieldMappings": [{**FIELD, **blank}, {**unmapped, **blank}]}


def test_a_default_is_saved_without_what_the_connector_owns() -> None:
    sent = mappings.default_to(mappings.default_from(DEFAULT))
    assert sent == {
        "ErpFieldId": 1008, "DefaultValue": None, "HasFirstSyncDefaultValue": True, "FirstSyncDefaultValue": "[I:30]", "PromptUser": False,
        "Mandatory": True, "ErpFieldKey": None, "ListName": None, **RIGHTS,
    }  # fmt: skip


def changed(**wanted: int | None) -> ListMappings:
    found = crm_lists.list_mappings_from(CONTAINER)
    one = found.lists[0]
    items = tuple(ListItemMapping(key.lstrip("_"), "", value, "chosen") for key, value in wanted.items())
    return ListMappings(101, (ListMapping(one.field_id, "", "", "", items),), CONTAINER)


def test_lists_without_a_change_are_echoed_byte_for_byte() -> None:
    found = crm_lists.list_mappings_from(CONTAINER)
    assert json.dumps(crm_lists.list_mappings_to(found)) == json.dumps(CONTAINER)
    assert json.dumps(crm_lists.list_mappings_to(ListMappings(101, (), CONTAINER))) == json.dumps(CONTAINER)


def test_only_the_items_that_changed_are_replaced() -> None:
    before = copy.deepcopy(CONTAINER)
    sent = crm_lists.list_mappings_to(changed(A=None, B=9002, _01=None))
    assert before == CONTAINER
    expected = copy.deepcopy(CONTAINER)
    pairs = expected["ErpListItemMappings"][0]["ErpCrmListItemMappings"]
    pairs[0]["CrmListItem"] = None
    pairs[1]["CrmListItem"] = {**ITEM, "Id": 9002, "Name": "chosen", "FullName": "chosen", "Rank": 0}
    assert sent == expected  # the third, which had id 0, stays as it was
    assert [item.crm_id for item in crm_lists.list_mappings_from(sent).lists[0].items] == [None, 9002, None]


@pytest.mark.parametrize(
    "lists", [changed(Z=9001), changed(A=0), changed(A=-5), ListMappings(102, (), CONTAINER)], ids=["unknown item", "0", "-5", "other"]
)
def test_what_was_not_read_is_not_sent(lists: ListMappings) -> None:
    with pytest.raises(ValueError, match=r"read|above 0"):
        crm_lists.list_mappings_to(lists)
