"""Mappings, lists, defaults, order and the engine: against the embedded SuperOffice, and against a server that misbehaves."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler import ports
from reconciler.emulator import Emulator, Fault, FaultKind, Switches
from reconciler.errors import ConnectorUnavailable, ReadError
from reconciler.model import (
    ACTOR_TYPES,
    ActorMapping,
    DefaultValue,
    Engine,
    FieldMapping,
    FieldType,
    Limits,
    ListItemMapping,
    ListMapping,
    ListMappings,
    Named,
    Outcome,
    Result,
    Secret,
    Timeouts,
)
from reconciler.superoffice.auth import Basic
from reconciler.superoffice.client import Client
from reconciler.superoffice.mapping_gateway import MAPPING_READINGS, MappingGateway
from reconciler.superoffice.transport import MAX_BODY
from reconciler.wire import crm_lists, mappings
from reconciler.wire.operations import OPERATIONS, Answer
from tests.superoffice.scripted import PATIENT, QUICK, Act, FakeClock, Scripted, client_for, hangs, patience_with, reply
from tests.superoffice.test_against_emulator import BELOW, READ_FAULTS, TRUTHS, URL
from tests.superoffice.test_writes import EXCEPTION, MALFORMED, NOT_SURE, told
from tests.wire.test_mappings import CONTAINER, DEFAULT, ENGINE, MAPPING

APPLIED, NOT_APPLIED, UNKNOWN = Outcome.APPLIED, Outcome.NOT_APPLIED, Outcome.UNKNOWN
WRITES = sorted(BELOW)
TABLES = ("ErpConnection", "ErpConnectionActorType", "ErpField", "ErpListItemMapping", "ErpConfiguration")


def gateway_of(emulator: Emulator, *, timeouts: Timeouts = PATIENT) -> MappingGateway:
    name, password = emulator.login
    login = Basic(Secret(name), Secret(password))
    return MappingGateway(Client(emulator.url, login, timeouts=timeouts, limits=Limits(), clock=FakeClock(), jitter=lambda: 0.0))


class Tenant:
    """An emulator with one connector and two refreshed, inactive connections; CustGr of the first is mapped to a list."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.gateway = gateway_of(emulator)
        edit = emulator.edit
        connector = edit.add_connector("Visma Business", URL)
        self.connection, self.other = (edit.add_connection(connector, name, {"Filename": "ErpClient.xlsm"}) for name in ("Visma", "Other"))
        for key in (self.connection, self.other):
            assert edit.refresh(key)
        edit.map_field(self.connection, "Customer", "CustGr", "BUSINESS", to_crm=True, to_erp=True)
        self.start = emulator.snapshot()

    def mapping(self, actor: str = "Customer") -> ActorMapping:
        found = self.gateway.actor_mapping(self.connection, actor)
        assert found is not None
        return found

    def field(self, key: str) -> FieldMapping:
        return next(one for one in self.mapping().fields if one.key == key)

    def stored(self, key: str) -> dict[str, Any]:
        return self.emulator.inspect.field(self.connection, "Customer", key)

    def order(self) -> list[str]:
        rows = [one for one in self.gateway.erp_fields(self.connection) if one.actor_type == "Customer"]
        return [one.key for one in sorted(rows, key=lambda one: one.rank)]

    def chosen(self, **items: int | None) -> ListMappings:
        """The list mappings as they are, with these items chosen."""
        found = self.gateway.list_mappings(self.connection)
        one = found.lists[0]
        kept = tuple(dataclasses.replace(item, crm_id=items.get(item.erp_key, item.crm_id)) for item in one.items)
        return dataclasses.replace(found, lists=(dataclasses.replace(one, items=kept), *found.lists[1:]))

    def changed(self, key: str, **values: Any) -> ActorMapping:
        """The mapping as it is, with one field changed."""
        mapping = self.mapping()
        fields = tuple(dataclasses.replace(one, **values) if one.key == key else one for one in mapping.fields)
        return dataclasses.replace(mapping, fields=fields)

    def send(self, write: str, gateway: MappingGateway) -> Result:
        """One write that changes something; what it needs is read first, through the usual gateway."""
        field, mapping, lists = self.field("NAME").id, self.changed("NAME", to_erp=True), self.chosen(A=self.items()["Other"])
        writes: dict[str, Callable[[], Result]] = {
            "SaveActorTypeMapping": lambda: gateway.save_mapping(mapping),
            "SaveConnectionListMappings": lambda: gateway.save_lists(lists),
            "SaveDefaultValueInfo": lambda: gateway.save_default(DefaultValue(field, has_value=True, value="x", ask=True, mandatory=True)),
            "MoveErpFieldItem": lambda: gateway.move_rank(self.connection, "Customer", field, 1),
            "SaveErpConnectionSyncPriorities": lambda: gateway.save_priority([self.other, 0, self.connection]),
            "ChangeEngineStatus": lambda: gateway.set_engine(running=False),
            "ChangeEngineInterval": lambda: gateway.set_interval(900),
        }
        self.emulator.clear_calls()
        return writes[write]()

    def items(self) -> dict[str, int]:
        return {one.name: one.id for one in self.gateway.crm_items("business")}

    def rows(self) -> object:
        """Everything that a write could have changed."""
        return [self.emulator.inspect.rows(table) for table in TABLES]


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    with Emulator() as emulator:
        yield Tenant(emulator)


@pytest.fixture(autouse=True)
def _afresh(tenant: Tenant) -> None:
    tenant.emulator.restore(tenant.start)
    tenant.emulator.faults.clear()
    tenant.emulator.clear_calls()
    for name, value in Switches().as_dict().items():
        tenant.emulator.switches.set(name, value)


def test_one_class_is_everything_that_a_session_needs(tenant: Tenant) -> None:
    everything: tuple[ports.Reader, ports.Tester, ports.Writer, ports.MappingReader, ports.MappingWriter]
    everything = (tenant.gateway,) * 5
    assert all(everything)


# --- reading ---


def test_a_mapping_as_it_is_stored(tenant: Tenant) -> None:
    mapping = tenant.mapping()
    assert (mapping.connection_id, mapping.erp, mapping.crm, mapping.active) == (tenant.connection, "Customer", "Contact", False)
    assert [one.key for one in mapping.fields] == tenant.order()
    name, group = tenant.field("NAME"), tenant.field("CustGr")
    assert (name.crm, name.to_crm, name.to_erp, name.access, name.field_type) == ("NAME", False, False, "Mandatory", FieldType.TEXT)
    assert (group.crm, group.field_type, group.list_reference, group.label) == (
        "BUSINESS",
        FieldType.LIST,
        "table=business",
        'US:"Customer group";NO:"Kundegruppe"',
    )
    assert [tenant.gateway.actor_mapping(tenant.connection, one) is not None for one in ACTOR_TYPES.values()] == [
        True, True, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["null", "empty"])
def test_an_actor_type_that_a_connection_lacks_is_none(tenant: Tenant, how: str) -> None:
    tenant.emulator.switches.set("unsupported_actor", how)
    assert tenant.gateway.actor_mapping(tenant.connection, "Partner") is None
    assert tenant.gateway.actor_mapping(4711, "Customer") is None


def test_the_flags_of_other_tables_are_read(tenant: Tenant) -> None:
    edit = tenant.emulator.edit
    edit.map_field(tenant.other, "Customer", "CustGr", "BUSINESS", to_crm=True)
    edit.delete_crm_field("Contact", "BUSINESS")
    group = tenant.field("CustGr")
    assert (group.already_mapped, group.missing_in_crm, group.missing_in_erp) == (True, True, False)


def test_field_rows_hold_defaults_ranks_and_both_kinds_of_mandatory(tenant: Tenant) -> None:
    tenant.emulator.edit.set_default(tenant.connection, "Customer", "IntField", value="[I:30]", mandatory=True)
    tenant.emulator.edit.set_rank(tenant.connection, "Customer", ["CustGr", "IntField"])
    rows = {one.key: one for one in tenant.gateway.erp_fields(tenant.connection) if one.actor_type == "Customer"}
    number, name, group = rows["IntField"], rows["NAME"], rows["CustGr"]
    assert (number.has_default, number.default, number.ask, number.default_mandatory) == (True, "[I:30]", False, True)
    assert (number.access, number.mandatory, number.field_type, number.rank) == ("Normal", False, FieldType.INTEGER, 2)
    assert (name.access, name.mandatory, name.has_default, name.has_direction) == ("Mandatory", True, False, False)
    assert (group.list_name, group.rank, group.has_direction) == ("CustomerGroup", 1, True)


def test_list_mappings_with_every_item_of_the_connector(tenant: Tenant) -> None:
    tenant.emulator.edit.map_item(tenant.connection, "Customer", "CustGr", "B", tenant.items()["IT"])
    found = tenant.gateway.list_mappings(tenant.connection)
    one = found.lists[0]
    assert (found.connection_id, one.field_id, one.actor_type) == (tenant.connection, tenant.field("CustGr").id, "Customer")
    assert (one.erp_list, one.crm_list) == ("CustomerGroup", "business")
    assert [(item.erp_key, item.crm_id, item.crm_name) for item in one.items] == [
        ("A", None, ""),
        ("B", tenant.items()["IT"], "IT"),
        ("C", None, ""),
    ]
    assert found.raw["ErpConnectionName"] == "Visma"


@pytest.mark.parametrize("how", ["server_error", "error_object", "null"])
def test_a_connector_that_is_down_has_no_empty_lists(tenant: Tenant, how: str) -> None:
    tenant.emulator.switches.set("connector_unreachable", how)
    lists = tenant.chosen(A=tenant.items()["Other"])
    connector = tenant.gateway.connectors()[0]
    tenant.gateway.save_connector(dataclasses.replace(connector, url="https://nowhere.example.com/"))
    with pytest.raises(ConnectorUnavailable):
        tenant.gateway.list_mappings(tenant.connection)
    assert tenant.gateway.save_lists(lists).outcome is UNKNOWN


def test_crm_items_with_deleted_ones_and_raw_names(tenant: Tenant) -> None:
    items = tenant.items()
    tenant.emulator.edit.delete_crm_item(items["IT"])
    found = tenant.gateway.crm_items("Business")
    assert Named(items["IT"], "IT", deleted=True) in found
    assert found[0].name == 'US:"Retail";NO:"Detaljhandel"'
    assert "Finland" in [one.name for one in tenant.gateway.crm_items("country")]  # whose ids are called CountryId


@pytest.mark.parametrize("name", ["", "../User/currentPrincipal", "a/b", "a?b", "a b", "."])
def test_a_list_without_a_proper_name_is_not_asked_for(tenant: Tenant, name: str) -> None:
    with pytest.raises(ReadError):
        tenant.gateway.crm_items(name)
    assert tenant.emulator.calls == []


def test_a_list_that_is_not_there(tenant: Tenant) -> None:
    with pytest.raises(ReadError, match="no CRM list nothing"):
        tenant.gateway.crm_items("nothing")


@pytest.mark.parametrize("absent", [reply(404, EXCEPTION), reply(200, None)])
def test_what_is_no_list_may_be_an_mdo_list(absent: Act) -> None:
    heading = {"Id": 1, "Name": "Heading", "Deleted": False, "ChildItems": [{"Id": 7, "Name": "x", "Deleted": False, "ChildItems": []}]}
    with Scripted([absent, reply(200, [heading])]) as server:
        assert MappingGateway(client_for(server.url)).crm_items("udlist") == (Named(7, "x", headings=("Heading",)),)
        assert [one.path.rpartition("/v1/")[2] for one in server.got] == ["List/udlist/Items", "MDOList/udlist?flat=true"]


def test_other_refusals_of_a_list_are_not_its_absence() -> None:
    with Scripted([reply(400, EXCEPTION)]) as server, pytest.raises(ReadError):
        MappingGateway(client_for(server.url)).crm_items("business")


def test_the_order_of_connections_with_superoffice_in_its_place(tenant: Tenant) -> None:
    assert tenant.gateway.sync_priority() == (0, tenant.connection, tenant.other)
    tenant.gateway.delete_connection(tenant.connection)
    assert tenant.gateway.sync_priority() == (0, tenant.other)


def test_an_order_that_was_saved_without_superoffice_does_not_show_it(tenant: Tenant) -> None:
    tenant.gateway.save_priority([tenant.other, tenant.connection])
    assert tenant.gateway.sync_priority() == (tenant.other, tenant.connection)


def test_the_engine(tenant: Tenant) -> None:
    engine = tenant.gateway.engine()
    assert (engine.running, engine.interval_s) == (True, 300)
    assert engine.message.startswith('US:"')


@pytest.mark.parametrize("kind", READ_FAULTS)
@pytest.mark.parametrize(
    "name", ["GetActorTypeMapping", "List/business/Items", "MDOList/erpconnections", "GetEngineStatus", "archive/ErpField"]
)
def test_a_read_survives_one_fault(tenant: Tenant, name: str, kind: FaultKind) -> None:
    tenant.emulator.faults.add(Fault(name, kind))
    reads: dict[str, Callable[[], object]] = {
        "GetActorTypeMapping": tenant.mapping,
        "List/business/Items": tenant.items,
        "MDOList/erpconnections": tenant.gateway.sync_priority,
        "GetEngineStatus": tenant.gateway.engine,
        "archive/ErpField": lambda: tenant.gateway.erp_fields(tenant.connection),
    }
    assert reads[name]()
    assert [call.operation for call in tenant.emulator.calls] == [name, name]


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (lambda gateway: gateway.actor_mapping(102, "Customer"), MAPPING),
        (lambda gateway: gateway.actor_mapping(101, "Supplier"), MAPPING),
        (lambda gateway: gateway.list_mappings(102), CONTAINER),
        (lambda gateway: gateway.actor_mapping(101, "Customer"), {**MAPPING, "IsActive": None}),
        (lambda gateway: gateway.actor_mapping(101, "Customer"), {**MAPPING, "ActorTypeCrm": "Robot"}),
        (lambda gateway: gateway.engine(), None),
        (lambda gateway: gateway.sync_priority(), None),
    ],
)
def test_an_answer_about_something_else_is_no_answer(read: Callable[[MappingGateway], Any], content: Any) -> None:
    with Scripted([reply(200, content)]) as server, pytest.raises(ReadError) as caught:
        read(MappingGateway(client_for(server.url)))
    assert "Robot" in str(caught.value) or content is None or content.get("ActorTypeCrm") != "Robot"


def test_a_silent_connector_is_not_asked_for_its_lists_again_and_again() -> None:
    with Scripted([hangs]) as server, pytest.raises(ConnectorUnavailable):
        MappingGateway(client_for(server.url, timeouts=QUICK)).list_mappings(101)
    assert len(server.got) <= 2


# --- writing ---


def test_every_write_below_a_connection_is_tested_here() -> None:
    assert set(BELOW) < set(OPERATIONS)
    with Emulator() as emulator:
        one = Tenant(emulator)
        assert [one.send(write, one.gateway).outcome for write in WRITES] == [APPLIED] * len(WRITES)


@pytest.mark.parametrize("kind", TRUTHS)
@pytest.mark.parametrize("write", WRITES)
def test_what_a_write_says_is_never_more_than_what_is_true(tenant: Tenant, write: str, kind: FaultKind) -> None:
    before = tenant.rows()
    slow = kind in (FaultKind.SLOW, FaultKind.DRIP)
    tenant.emulator.faults.add(Fault(write, kind, delay_s=1.0 if slow else None, size_bytes=MAX_BODY + 1))
    result = tenant.send(write, gateway_of(tenant.emulator, timeouts=QUICK) if slow else tenant.gateway)
    assert result.outcome in TRUTHS[kind], result
    after = tenant.rows()
    if result.outcome is APPLIED:
        assert before != after
        assert kind not in (FaultKind.HUGE_BODY, FaultKind.TRUNCATED, FaultKind.DRIP) or OPERATIONS[write].answer is Answer.NOTHING
    if result.outcome is NOT_APPLIED:
        assert before == after
    assert [call.operation for call in tenant.emulator.calls].count(write) == 1
    tenant.emulator.land_late()
    if kind is FaultKind.SLOW:
        end = time.monotonic() + 20
        while tenant.rows() == before and time.monotonic() < end:  # its effect must not land in the next test
            time.sleep(0.05)
        assert tenant.rows() != before


def scripted(name: str) -> tuple[Callable[[MappingGateway], Result], Any]:
    """A write, and what a server answers that carried it out."""
    mapping, lists = mappings.actor_mapping_from(MAPPING), crm_lists.list_mappings_from(CONTAINER)
    writes: dict[str, tuple[Callable[[MappingGateway], Result], Any]] = {
        "SaveActorTypeMapping": (lambda gateway: gateway.save_mapping(mapping), MAPPING),
        "SaveConnectionListMappings": (lambda gateway: gateway.save_lists(lists), CONTAINER),
        "SaveDefaultValueInfo": (lambda gateway: gateway.save_default(mappings.default_from(DEFAULT)), DEFAULT),
        "MoveErpFieldItem": (lambda gateway: gateway.move_rank(101, "Customer", 1007, -1), None),
        "SaveErpConnectionSyncPriorities": (lambda gateway: gateway.save_priority((3, 0, 1)), True),
        "ChangeEngineStatus": (lambda gateway: gateway.set_engine(running=True), ENGINE),
        "ChangeEngineInterval": (lambda gateway: gateway.set_interval(5400), None),
    }
    return writes[name]


def once(name: str, act: Act) -> Result:
    with Scripted([act]) as server:
        result = scripted(name)[0](MappingGateway(client_for(server.url, timeouts=patience_with(act))))
        assert len(server.got) == 1
    return result


VOID = ("MoveErpFieldItem", "ChangeEngineInterval")
WITH_ANSWER = [name for name in WRITES if name not in VOID]


@pytest.mark.parametrize(("status", "content", "body"), NOT_SURE)
@pytest.mark.parametrize("name", WITH_ANSWER)
def test_an_answer_that_does_not_say_it_in_full_is_unknown(name: str, status: int, content: Any, body: bytes | None) -> None:
    assert told(once(name, reply(status, content, body=body))) == (UNKNOWN, False, status)


@pytest.mark.parametrize("name", WRITES)
def test_refusals(name: str) -> None:
    assert told(once(name, reply(400, MALFORMED))) == (NOT_APPLIED, True, 400)
    stored_first = name == "SaveConnectionListMappings"
    assert told(once(name, reply(400, EXCEPTION))) == ((UNKNOWN, False, 400) if stored_first else (NOT_APPLIED, True, 400))
    for status in (401, 421, 429):
        assert told(once(name, reply(status, body=b""))) == (NOT_APPLIED, False, status)


@pytest.mark.parametrize("name", VOID)
def test_204_and_nothing_else_says_that_it_was_done(name: str) -> None:
    assert told(once(name, reply(204, body=b""))) == (APPLIED, False, 204)
    assert told(once(name, reply(200, None))) == (UNKNOWN, False, 200)


@pytest.mark.parametrize("name", WITH_ANSWER)
def test_what_is_answered_is_handed_on(name: str) -> None:
    content = scripted(name)[1]
    result = once(name, reply(200, content))
    bodies = {
        "SaveActorTypeMapping": lambda: mappings.actor_mapping_from(content),
        "SaveConnectionListMappings": lambda: crm_lists.list_mappings_from(content),
        "SaveDefaultValueInfo": lambda: mappings.default_from(content),
        "ChangeEngineStatus": lambda: mappings.engine_from(content),
        "SaveErpConnectionSyncPriorities": lambda: None,
    }
    assert (told(result), result.body) == ((APPLIED, False, 200), bodies[name]())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("SaveActorTypeMapping", {"ErpConnectionId": 102}),
        ("SaveActorTypeMapping", {"ActorTypeErp": "Supplier"}),
        ("SaveActorTypeMapping", {"ActorTypeErp": "Robot"}),
        ("SaveConnectionListMappings", {"ErpConnectionId": 102}),
        ("SaveDefaultValueInfo", {"ErpFieldId": 1}),
        ("ChangeEngineStatus", {"Interval": "soon"}),
    ],
)
def test_an_answer_with_another_row_is_unknown(name: str, change: dict[str, Any]) -> None:
    assert told(once(name, reply(200, {**scripted(name)[1], **change}))) == (UNKNOWN, False, 200)


def test_an_order_that_was_not_saved() -> None:
    assert told(once("SaveErpConnectionSyncPriorities", reply(200, content=False))) == (NOT_APPLIED, False, 200)


def test_what_is_sent() -> None:
    with Scripted([reply(200, scripted(name)[1]) if name not in VOID else reply(204, body=b"") for name in WRITES]) as server:
        gateway = MappingGateway(client_for(server.url))
        for name in WRITES:
            scripted(name)[0](gateway)
        got = {one.path.rpartition("/")[2]: json.loads(one.body) for one in server.got}
    assert got == {
        "ChangeEngineInterval": {"Interval": "01:30:00"},
        "ChangeEngineStatus": {"Run": True},
        "MoveErpFieldItem": {"ErpFieldId": 1007, "Direction": -1, "ErpConnectionId": 101, "ErpActorType": "Customer"},
        "SaveActorTypeMapping": {"Mapping": mappings.actor_mapping_to(mappings.actor_mapping_from(MAPPING))},
        "SaveConnectionListMappings": {"ListMapping": CONTAINER},
        "SaveDefaultValueInfo": {"ErpSyncDefaultValue": mappings.default_to(mappings.default_from(DEFAULT))},
        "SaveErpConnectionSyncPriorities": {"ErpConnectionIds": [3, 0, 1]},
    }


# --- what a write does ---


def test_mapping_and_unmapping(tenant: Tenant) -> None:
    before = {one.key: one for one in tenant.mapping().fields}
    wanted = dataclasses.replace(tenant.changed("NAME", to_crm=True, in_tab=True, in_search=True), active=True)
    result = tenant.gateway.save_mapping(wanted)
    assert (result.outcome, result.body) == (APPLIED, tenant.mapping())
    assert tenant.mapping() == wanted
    assert tenant.gateway.actor_is_active(tenant.connection, "Customer")
    tenant.gateway.save_mapping(tenant.changed("CustGr", crm="", to_crm=False, to_erp=False))
    assert (tenant.stored("CustGr")["CrmFieldKey"], tenant.stored("CustGr")["SyncToErp"]) == ("", False)
    others = [one for one in tenant.mapping().fields if one.key not in ("NAME", "CustGr")]
    assert others == [before[one.key] for one in others]


@pytest.mark.parametrize("omitted", ["untouched", "unmapped"])
def test_the_full_array_leaves_nothing_to_chance(tenant: Tenant, omitted: str) -> None:
    tenant.emulator.switches.set("omitted_fields", omitted)
    wanted = tenant.changed("NAME", to_erp=True)
    tenant.gateway.save_mapping(wanted)
    assert tenant.mapping() == wanted


def test_a_mapping_that_is_refused(tenant: Tenant) -> None:
    tenant.emulator.edit.map_field(tenant.other, "Customer", "NAME", "NAME", to_crm=True)
    before = tenant.rows()
    result = tenant.gateway.save_mapping(tenant.changed("NAME", to_crm=True))
    assert (result.outcome, result.final) == (NOT_APPLIED, True)
    assert "another connection" in result.detail
    assert tenant.rows() == before


def test_a_mapping_of_a_connection_that_is_not_there(tenant: Tenant) -> None:
    assert tenant.gateway.save_mapping(dataclasses.replace(tenant.mapping(), connection_id=4711)).outcome is UNKNOWN


@pytest.mark.parametrize("omitted", ["untouched", "cleared"])
def test_choosing_items_and_taking_them_back(tenant: Tenant, omitted: str) -> None:
    tenant.emulator.switches.set("omitted_list_items", omitted)
    items = tenant.items()
    result = tenant.gateway.save_lists(tenant.chosen(A=items["Other"], C=items["IT"]))
    assert (result.outcome, result.body) == (APPLIED, tenant.gateway.list_mappings(tenant.connection))
    assert tenant.stored("CustGr")["Items"] == {"A": items["Other"], "C": items["IT"]}
    tenant.gateway.save_lists(tenant.chosen(A=None))
    assert tenant.stored("CustGr")["Items"] == {"A": None, "C": items["IT"]}


def test_an_item_of_another_list_is_refused(tenant: Tenant) -> None:
    before = tenant.rows()
    assert tenant.gateway.save_lists(tenant.chosen(A=tenant.gateway.crm_items("category")[0].id)).outcome is UNKNOWN
    assert tenant.rows() == before


def test_lists_that_were_not_read_are_not_sent(tenant: Tenant) -> None:
    strange = ListMappings(tenant.connection, (ListMapping(1, "Customer", "", "", (ListItemMapping("A", "", 1),)),), CONTAINER)
    with pytest.raises(ValueError, match="read"):
        tenant.gateway.save_lists(strange)
    assert tenant.emulator.calls == []


def test_setting_and_removing_a_default(tenant: Tenant) -> None:
    field = tenant.field("IntField").id
    wanted = DefaultValue(field, has_value=True, value="[I:30]", ask=True, mandatory=False)
    result = tenant.gateway.save_default(wanted)
    assert (result.outcome, result.body) == (APPLIED, wanted)
    row = tenant.stored("IntField")
    assert (row["HasFirstSyncDefaultValue"], row["FirstSyncDefaultValue"]) == (True, "[I:30]")
    assert (row["PromptUser"], row["Mandatory"]) == (True, False)
    assert (row["DefaultValue"], row["FieldType"], row["ErpFieldKey"]) == ("[I:0]", "Integer", "IntField")  # the connector's
    tenant.gateway.save_default(DefaultValue(field, has_value=False, value="", ask=False, mandatory=False))
    row = tenant.stored("IntField")
    assert [row[flag] for flag in ("HasFirstSyncDefaultValue", "PromptUser", "Mandatory")] == [False, False, False]


def test_the_connector_forces_its_own_mandatory(tenant: Tenant) -> None:
    result = tenant.gateway.save_default(DefaultValue(tenant.field("NAME").id, has_value=True, value="x", ask=False, mandatory=False))
    assert result.outcome is APPLIED
    assert result.body.mandatory is True


@pytest.mark.parametrize("uses", ["sign", "magnitude"])
def test_moving_a_field_one_place(tenant: Tenant, uses: str) -> None:
    tenant.emulator.switches.set("move_uses", uses)
    first, second, third, *rest = tenant.order()
    field = tenant.field(second).id
    assert tenant.gateway.move_rank(tenant.connection, "Customer", field, 1).outcome is APPLIED
    assert tenant.order() == [first, third, second, *rest]
    tenant.gateway.move_rank(tenant.connection, "Customer", field, -1)
    tenant.gateway.move_rank(tenant.connection, "Customer", field, -1)
    assert tenant.order() == [second, first, third, *rest]
    tenant.gateway.move_rank(tenant.connection, "Customer", field, -1)  # at the end nothing moves
    assert tenant.order() == [second, first, third, *rest]


@pytest.mark.parametrize("direction", [0, 2, -2])
def test_a_field_moves_one_place_at_a_time(tenant: Tenant, direction: int) -> None:
    with pytest.raises(ValueError, match="one place"):
        tenant.gateway.move_rank(tenant.connection, "Customer", 1001, direction)
    assert tenant.emulator.calls == []


def test_the_order_is_saved_whole(tenant: Tenant) -> None:
    wanted = (tenant.other, 0, tenant.connection)
    assert tenant.gateway.save_priority(wanted).outcome is APPLIED
    assert tenant.gateway.sync_priority() == wanted
    assert tenant.gateway.save_priority([tenant.other, 4711]).outcome is NOT_APPLIED
    assert tenant.gateway.sync_priority() == wanted


@pytest.mark.parametrize("delay", [0.0, 30.0])
def test_the_engines_switch_may_show_later(tenant: Tenant, delay: float) -> None:
    tenant.emulator.switches.set("engine_status_delay_s", delay)
    result = tenant.gateway.set_engine(running=False)
    assert result.outcome is APPLIED
    assert isinstance(result.body, Engine)
    assert result.body.running is bool(delay)
    assert tenant.emulator.inspect.engine()["SyncRunning"] is False


@pytest.mark.parametrize("accepts", ["both", "clock"])
def test_the_interval(tenant: Tenant, accepts: str) -> None:
    tenant.emulator.switches.set("interval_accepts", accepts)
    assert tenant.gateway.set_interval(3661).outcome is APPLIED
    assert tenant.gateway.engine().interval_s == 3661


def test_a_server_that_knows_iso_durations_only_refuses(tenant: Tenant) -> None:
    tenant.emulator.switches.set("interval_accepts", "iso")
    result = tenant.gateway.set_interval(600)
    assert (result.outcome, result.final) == (NOT_APPLIED, True)


@pytest.mark.parametrize("seconds", [-1, 86400])
def test_an_interval_that_servers_read_in_different_ways_is_not_sent(tenant: Tenant, seconds: int) -> None:
    result = tenant.gateway.set_interval(seconds)
    assert (result.outcome, result.final) == (NOT_APPLIED, True)
    assert "nothing was sent" in result.detail
    assert tenant.emulator.calls == []


def test_every_reading_has_a_switch_that_exists() -> None:
    switches = Switches().as_dict()
    assert [one.switch for one in MAPPING_READINGS if one.switch and one.switch not in switches] == []


def test_the_log_tells_which_list_was_read(tenant: Tenant) -> None:
    lines: list[str] = []
    name, password = tenant.emulator.login
    login = Basic(Secret(name), Secret(password))
    client = Client(
        tenant.emulator.url, login, timeouts=PATIENT, limits=Limits(), clock=FakeClock(), log=lambda call: lines.append(call.operation)
    )
    MappingGateway(client).crm_items("business")
    assert lines == ["List/business/Items"]
