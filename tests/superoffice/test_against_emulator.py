"""The gateway against the embedded SuperOffice: every method, every fault, and both readings where documents are silent."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.emulator import Emulator, Fault, FaultKind, Switches
from reconciler.errors import ConnectorUnavailable, ReadError, UnauthorizedError
from reconciler.model import Connection, Connector, FieldType, Limits, Outcome, Result, Secret, Timeouts
from reconciler.superoffice.auth import Basic
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.readings import READINGS
from reconciler.superoffice.transport import MAX_BODY
from reconciler.wire.operations import OPERATIONS, Answer
from reconciler.wire.values import encode
from tests.superoffice.scripted import PATIENT, QUICK, FakeClock

URL = "https://connectors.example.com/visma/ErpConnectorWS.svc"
APPLIED, NOT_APPLIED, UNKNOWN = Outcome.APPLIED, Outcome.NOT_APPLIED, Outcome.UNKNOWN
PASSWORD = "[password]"  # what the shipped ERP file is protected with is of no matter: its test asks for the file only


def gateway_of(emulator: Emulator, *, password: str | None = None, timeouts: Timeouts | None = None) -> Gateway:
    name, real = emulator.login
    login = Basic(Secret(name), Secret(real if password is None else password))
    return Gateway(Client(emulator.url, login, timeouts=timeouts or PATIENT, limits=Limits(), clock=FakeClock(), jitter=lambda: 0.0))


class Tenant:
    """An emulator with one connector and one inactive connection."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.gateway = gateway_of(emulator)
        self.connector = self.gateway.save_connector(Connector(0, "Visma Business", URL)).body.id
        fields = self.gateway.config_fields(self.connector)
        self.config = {one.key: one.default for one in fields if one.type is not FieldType.PASSWORD}
        self.secrets = {one.key: Secret(PASSWORD) for one in fields if one.type is FieldType.PASSWORD}
        made = self.gateway.save_connection(self.new("Visma Norway"), self.secrets)
        self.connection: int = made.body.id
        self.start = emulator.snapshot()

    def new(self, name: str) -> Connection:
        return Connection(0, "", self.connector, name, "", False, False, "", True, (), (), self.config)

    def renamed(self) -> Result:
        row = self.gateway.connection(self.connection)
        assert row is not None
        plain = {key: value for key, value in row.config.items() if key not in self.secrets}
        return self.gateway.save_connection(dataclasses.replace(row, name='US:"Renamed"', config=plain), self.secrets)

    def send(self, write: str) -> Result:
        writes = {
            "SaveConnection": self.renamed,
            "CreateConnection": lambda: self.gateway.save_connection(self.new("Another"), self.secrets),
            "DeleteConnection": lambda: self.gateway.delete_connection(self.connection),
            "ToggleErpConnectionActive": lambda: self.gateway.toggle(self.connection),
            "UpdateConnectionFields": lambda: self.gateway.refresh(self.connection),
            "SaveErpSyncConnectorEntity": lambda: self.gateway.save_connector(Connector(self.connector, "Renamed", URL)),
            "CreateConnector": lambda: self.gateway.save_connector(Connector(0, "Another", URL)),
            "DeleteErpSyncConnectorEntity": lambda: self.gateway.delete_connector(self.spare),
        }
        return writes[write]()

    def prepare(self, write: str) -> None:
        """Let a toggle be possible, and a connector be deletable."""
        if write == "ToggleErpConnectionActive":
            self.gateway.refresh(self.connection)
        self.spare = self.gateway.save_connector(Connector(0, "Spare", "u")).body.id

    @contextmanager
    def hurried(self, really: bool) -> Iterator[None]:
        """With a client that does not wait long for an answer."""
        usual = self.gateway
        if really:
            self.gateway = gateway_of(self.emulator, timeouts=QUICK)
        yield
        self.gateway = usual

    def rows(self) -> object:
        """Everything that a write could have changed."""
        tables = ("ErpConnector", "ErpConnection", "ConnectionConfigField", "ErpField", "ErpConnectionActorType", "ErpConnectionAccess")
        return [self.emulator.inspect.rows(table) for table in tables]


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


BELOW = {
    "ChangeEngineInterval", "ChangeEngineStatus", "MoveErpFieldItem", "SaveActorTypeMapping", "SaveConnectionListMappings",
    "SaveDefaultValueInfo", "SaveErpConnectionSyncPriorities",
}  # fmt: skip
"""Writes of what lies below a connection: test_mapping_gateway.py."""
WRITES = sorted(key for key, operation in OPERATIONS.items() if operation.kind.is_write and key not in BELOW)

TRUTHS: dict[FaultKind, set[Outcome]] = {
    FaultKind.REFUSED: {UNKNOWN},
    FaultKind.DROP_BEFORE: {UNKNOWN},
    FaultKind.DROP_AFTER: {UNKNOWN},
    FaultKind.LATE: {UNKNOWN},
    FaultKind.ERROR_500_BEFORE: {UNKNOWN},
    FaultKind.ERROR_500_AFTER: {UNKNOWN},
    FaultKind.BAD_GATEWAY_BEFORE: {UNKNOWN},
    FaultKind.BAD_GATEWAY_AFTER: {UNKNOWN},
    FaultKind.UNAVAILABLE: {UNKNOWN},
    FaultKind.TOO_MANY: {NOT_APPLIED},
    FaultKind.UNAUTHORIZED: {NOT_APPLIED},
    FaultKind.FORBIDDEN: {NOT_APPLIED},
    FaultKind.MISDIRECTED: {NOT_APPLIED},
    FaultKind.REDIRECT: {NOT_APPLIED},
    FaultKind.HTML_BEFORE: {UNKNOWN},
    FaultKind.HTML_AFTER: {UNKNOWN},
    FaultKind.NULL_BODY: {UNKNOWN},
    FaultKind.ERROR_OBJECT_200: {UNKNOWN},
    FaultKind.TRUNCATED: {UNKNOWN, APPLIED},  # half of no body is a whole one
    FaultKind.HUGE_BODY: {UNKNOWN, APPLIED},  # an answer without a body has none to pad
    FaultKind.SLOW: {UNKNOWN},
    FaultKind.DRIP: {UNKNOWN, APPLIED},
}


@pytest.mark.parametrize("kind", TRUTHS)
@pytest.mark.parametrize("write", WRITES)
def test_what_a_write_says_is_never_more_than_what_is_true(tenant: Tenant, write: str, kind: FaultKind) -> None:
    tenant.prepare(write)
    before = tenant.rows()
    tenant.emulator.clear_calls()
    delay = 1.0 if kind in (FaultKind.SLOW, FaultKind.DRIP) else None
    tenant.emulator.faults.add(Fault(OPERATIONS[write].name, kind, delay_s=delay, size_bytes=MAX_BODY + 1))
    with tenant.hurried(delay is not None):
        result = tenant.send(write)
    assert result.outcome in TRUTHS[kind], result
    after = tenant.rows()
    if result.outcome is APPLIED:
        assert before != after
        assert kind not in (FaultKind.HUGE_BODY, FaultKind.TRUNCATED, FaultKind.DRIP) or OPERATIONS[write].answer is Answer.NOTHING
    if result.outcome is NOT_APPLIED:
        assert before == after
    assert [call.operation for call in tenant.emulator.calls].count(OPERATIONS[write].name) == 1
    tenant.emulator.land_late()
    if kind is FaultKind.SLOW:
        end = time.monotonic() + 20
        while tenant.rows() == before and time.monotonic() < end:  # its effect must not land in the next test
            time.sleep(0.05)
        assert tenant.rows() != before


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_works(tenant: Tenant, write: str) -> None:
    tenant.prepare(write)
    before = tenant.rows()
    result = tenant.send(write)
    assert (result.outcome, result.final) == (APPLIED, False)
    assert tenant.rows() != before


READ_FAULTS = [
    FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.ERROR_500_BEFORE, FaultKind.BAD_GATEWAY_AFTER, FaultKind.UNAVAILABLE,
    FaultKind.TOO_MANY, FaultKind.HTML_BEFORE, FaultKind.TRUNCATED,
]  # fmt: skip


@pytest.mark.parametrize("kind", READ_FAULTS)
@pytest.mark.parametrize("name", ["GetConnection", "GetAllConnections", "GetAllConnectors", "MDOList/usergroup", "archive/dynamic"])
def test_a_read_survives_one_fault(tenant: Tenant, name: str, kind: FaultKind) -> None:
    tenant.emulator.faults.add(Fault(name, kind))
    reads = {
        "GetConnection": lambda: tenant.gateway.connection(tenant.connection),
        "GetAllConnections": lambda: tenant.gateway.list_connections(include_deleted=True),
        "GetAllConnectors": tenant.gateway.connectors,
        "MDOList/usergroup": tenant.gateway.user_groups,
        "archive/dynamic": tenant.gateway.associates,
    }
    assert reads[name]()
    assert [call.operation for call in tenant.emulator.calls].count(name) == 2


def test_toggle_reasons_and_the_proof_by_a_read(tenant: Tenant) -> None:
    gateway, key = tenant.gateway, tenant.connection
    for kind, flipped in ((FaultKind.REASONS_WITHOUT_FLIP, False), (FaultKind.REASONS_WITH_FLIP, True)):
        tenant.emulator.restore(tenant.start)
        gateway.refresh(key)
        tenant.emulator.faults.add(Fault("ToggleErpConnectionActive", kind, reason="NAME has no direction."))
        result = gateway.toggle(key)
        assert (result.outcome, result.reasons) == (NOT_APPLIED, ("NAME has no direction.",))
        row = gateway.connection(key)
        assert row is not None
        assert row.active is flipped


def test_reading_back_what_was_saved(tenant: Tenant) -> None:
    new = dataclasses.replace(tenant.new('US:"Sweden";SW:"Sverige";'), description="x", everyone=False, groups=(3, 1), users=(2,))
    saved = tenant.gateway.save_connection(new, tenant.secrets)
    assert saved.outcome is APPLIED
    row = tenant.gateway.connection(saved.body.id)
    assert row == saved.body
    assert row is not None
    assert (row.name, row.description, row.everyone, row.groups, row.users) == (new.name, "x", False, (3, 1), (2,))
    assert row.guid
    assert {key: row.config[key] for key in tenant.config} == tenant.config


def test_listing(tenant: Tenant) -> None:
    gateway = tenant.gateway
    gateway.delete_connection(tenant.connection)
    assert gateway.list_connections(include_deleted=False) == ()
    assert [one.id for one in gateway.list_connections(include_deleted=True)] == [tenant.connection]
    deleted = gateway.connection(tenant.connection)
    assert deleted is not None
    assert deleted.deleted
    assert [one.id for one in gateway.connectors()] == [tenant.connector]
    assert gateway.can_delete_connector(tenant.connector) == "NoError"
    gateway.delete_connector(tenant.connector)
    assert gateway.connectors() == ()
    gone = gateway.connector(tenant.connector)
    assert gone is not None
    assert gone.deleted
    assert gateway.can_delete_connector(tenant.connector) == "ErrorNotFound"


def test_people_and_groups(tenant: Tenant) -> None:
    groups = {one.id: (one.name, one.deleted) for one in tenant.gateway.user_groups()}
    assert groups[1] == ('US:"Sales";NO:"Salg"', False)
    assert groups[4][1]
    logins = {one.name: one.deleted for one in tenant.gateway.associates()}
    assert (logins["ANNA"], logins["LEFT"]) == (False, True)
    assert tenant.gateway.principal() == "ADMIN"
    assert tenant.gateway.last_sync(tenant.connection) is None
    assert tenant.gateway.last_sync(4711) is None


def test_the_three_tests(tenant: Tenant) -> None:
    gateway = tenant.gateway
    assert gateway.test_connection(tenant.connection).ok
    assert gateway.test_config(tenant.connector, {**tenant.config, **tenant.secrets}).ok
    bad = gateway.test_config(tenant.connector, {**tenant.config, **tenant.secrets, "Filename": "absent.xlsm"})
    assert bad.passed is False
    assert gateway.test_url(URL).ok
    nowhere = gateway.test_url("https://nowhere.example.com/")
    assert (nowhere.passed, nowhere.detail) == (False, "ErrorNotFound")


def test_fields_exist_after_a_refresh_and_without_a_direction(tenant: Tenant) -> None:
    gateway, key = tenant.gateway, tenant.connection
    assert gateway.erp_fields(key) == ()
    assert gateway.actor_is_active(key, "Customer") is False
    gateway.refresh(key)
    fields = gateway.erp_fields(key)
    assert [one.id for one in fields] == sorted({one.id for one in fields})
    name = next(one for one in fields if (one.actor_type, one.key) == ("Customer", "NAME"))
    assert (name.mandatory, name.has_direction, name.missing_in_erp) == (True, False, False)
    assert not next(one for one in fields if one.key == "CustNo").mandatory
    assert gateway.actor_is_active(key, "Customer") is False
    assert gateway.actor_is_active(4711, "Customer") is False


def test_long_archives_are_read_to_the_end(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.gateway.refresh(tenant.connection)
    at_once = tenant.gateway.erp_fields(tenant.connection)
    monkeypatch.setattr("reconciler.emulator.companions.archives.PAGE_SIZE", 7)
    tenant.emulator.clear_calls()
    assert tenant.gateway.erp_fields(tenant.connection) == at_once
    assert len(tenant.emulator.calls) == -(-len(at_once) // 7)


def test_values_that_we_encode_are_values_that_the_connector_declares(tenant: Tenant) -> None:
    by_type = {one.type: one.default for one in tenant.gateway.config_fields(tenant.connector)}
    assert by_type[FieldType.DATE] == encode("2026-01-31", FieldType.DATE)
    assert by_type[FieldType.CHECKBOX] == encode(False, FieldType.CHECKBOX)
    assert by_type[FieldType.DOUBLE] == encode(1.5, FieldType.DOUBLE)


@pytest.mark.parametrize("how", ["server_error", "error_object", "null"])
def test_a_connector_that_is_down_is_not_an_empty_one(tenant: Tenant, how: str) -> None:
    tenant.emulator.switches.set("connector_unreachable", how)
    row = tenant.gateway.connector(tenant.connector)
    assert row is not None
    tenant.gateway.save_connector(dataclasses.replace(row, url="https://nowhere.example.com/"))
    with pytest.raises(ConnectorUnavailable):
        tenant.gateway.config_fields(tenant.connector)
    assert tenant.gateway.refresh(tenant.connection).outcome is not APPLIED


@pytest.mark.parametrize("how", ["bad_request", "error_object", "server_error"])
@pytest.mark.parametrize("keeps", [True, False])
def test_a_creation_that_the_connector_refused_may_have_left_a_row(tenant: Tenant, how: str, keeps: bool) -> None:
    tenant.emulator.switches.set("invalid_data", how)
    tenant.emulator.switches.set("refused_save_keeps_row", keeps)
    new = dataclasses.replace(tenant.new("Refused"), config={**tenant.config, "Filename": ""})
    before = len(tenant.gateway.list_connections(include_deleted=True))
    result = tenant.gateway.save_connection(new, tenant.secrets)
    assert result.outcome is UNKNOWN
    assert len(tenant.gateway.list_connections(include_deleted=True)) - before == int(keeps)


def test_test_url_under_the_other_reading(tenant: Tenant) -> None:
    tenant.emulator.switches.set("unreachable_url", "server_error")
    assert tenant.gateway.test_url("https://nowhere.example.com/").passed is None


def test_the_list_in_full_reads_the_same(tenant: Tenant) -> None:
    strict = tenant.gateway.list_connections(include_deleted=True)
    tenant.emulator.switches.set("all_connections", "full")
    assert tenant.gateway.list_connections(include_deleted=True) == strict


def test_a_server_without_lists_of_everything_reads_the_same(tenant: Tenant) -> None:
    """Servers before NetServer 10.1.5: archives stand in, and that the operations are not there is found out once."""
    gone = tenant.emulator.edit.add_connection(tenant.gateway.connectors()[0].id, "Gone", {"Filename": "F0002.xlsm"})
    tenant.emulator.edit.delete(gone)

    def everything() -> tuple[object, ...]:
        gateway = tenant.gateway
        return gateway.connectors(), gateway.list_connections(include_deleted=True), gateway.list_connections(include_deleted=False)

    today = everything()
    tenant.emulator.switches.set("lists_everything", value=False)
    tenant.emulator.clear_calls()
    assert (everything(), everything()) == (today, today)
    asked = [call.operation for call in tenant.emulator.calls]
    assert (asked.count("GetAllConnections"), asked.count("GetAllConnectors")) == (1, 1)
    assert (asked.count("archive/ErpConnection"), asked.count("archive/ErpConnector")) == (4, 2)


def test_a_wrong_address_is_not_taken_for_an_old_server(tenant: Tenant) -> None:
    """Then the archive is not there either."""
    tenant.emulator.faults.add(Fault("read", FaultKind.ERROR_BODY, times=None, status=404, shape="not-found"))
    with pytest.raises(ReadError, match="it answered 404") as told:
        tenant.gateway.list_connections(include_deleted=False)
    assert "Check `url`" in told.value.hint


def test_connectors_that_list_deleted_ones_read_the_same(tenant: Tenant) -> None:
    tenant.gateway.delete_connector(tenant.gateway.save_connector(Connector(0, "Gone", "u")).body.id)
    tenant.emulator.switches.set("connectors_list_deleted", value=True)
    assert [one.name for one in tenant.gateway.connectors()] == ["Visma Business"]


def test_a_deleted_connection_that_is_not_readable_is_absent(tenant: Tenant) -> None:
    tenant.emulator.switches.set("deleted_connection_read", "null")
    tenant.gateway.delete_connection(tenant.connection)
    assert tenant.gateway.connection(tenant.connection) is None


def test_a_wrong_password(tenant: Tenant) -> None:
    stranger = gateway_of(tenant.emulator, password="wrong")
    with pytest.raises(UnauthorizedError) as caught:
        stranger.connectors()
    assert caught.value.status == 401
    result = stranger.toggle(tenant.connection)
    assert (result.outcome, result.final, result.status) == (NOT_APPLIED, False, 401)


def test_an_agent_that_is_not_granted(tenant: Tenant) -> None:
    tenant.emulator.switches.set("agent_granted", value=False)
    with pytest.raises(UnauthorizedError) as caught:
        tenant.gateway.connectors()
    assert caught.value.status == 403
    assert tenant.gateway.principal() == "ADMIN"
    result = tenant.gateway.toggle(tenant.connection)
    assert (result.outcome, result.final) == (NOT_APPLIED, True)


def test_a_tenant_that_stopped() -> None:
    with Emulator() as emulator:
        gateway = gateway_of(emulator)
    assert gateway.toggle(1).outcome is NOT_APPLIED
    assert gateway.test_connection(1).passed is None
    with pytest.raises(ReadError):
        gateway.connectors()


def test_every_reading_has_a_switch_that_exists() -> None:
    switches = Switches().as_dict()
    assert [one.switch for one in READINGS if one.switch and one.switch not in switches] == []


def test_nothing_is_called_that_is_not_in_the_table(tenant: Tenant) -> None:
    known = {operation.name for operation in OPERATIONS.values()}
    for write in WRITES:
        tenant.prepare(write)
        tenant.send(write)
    tenant.gateway.connectors()
    assert {call.operation for call in tenant.emulator.calls} <= known
