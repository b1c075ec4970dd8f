"""Reads and tests: repeated as the table allows, and never believed when they are not what was asked for."""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from reconciler.errors import ConnectorUnavailable, ReadError, TargetError, UnauthorizedError
from reconciler.model import Connector, Limits, Secret, TestResult, Timeouts
from reconciler.superoffice.callline import Call
from reconciler.superoffice.gateway import Gateway
from reconciler.wire import carriers
from tests.superoffice.scripted import (
    QUICK,
    Act,
    FakeClock,
    RealClock,
    Scripted,
    client_for,
    closes,
    gateway_for,
    hangs,
    patience_with,
    raw,
    reply,
    resets,
)
from tests.superoffice.test_writes import CONNECTION, EXCEPTION, STORED

LISTED = [{"ErpConnectionId": 110, "DisplayName": "Visma", "DisplayDescription": None}]
GOOD = reply(200, LISTED)
HTML = reply(200, body=b"<html>", kind="text/html")
CUT = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: application/json\r\n\r\n[", then_close=True)


def listed(gateway: Gateway) -> Any:
    return gateway.list_connections(include_deleted=False)


# --- what is repeated ---


@pytest.mark.parametrize(
    "act", [closes, resets, CUT, HTML, reply(200, body=b""), *(reply(status) for status in (408, 429, 500, 502, 503, 504))]
)
def test_a_read_is_repeated_after_what_may_pass(act: Act) -> None:
    clock = FakeClock()
    with Scripted([act, act, act, GOOD]) as server:
        assert [one.id for one in listed(gateway_for(server.url, clock=clock, timeouts=Timeouts()))] == [110]
        assert len(server.got) == 4
    assert clock.slept == [0.25, 0.5, 1.0]


def test_a_read_that_hangs_is_repeated_within_its_budget() -> None:
    with Scripted([hangs, GOOD]) as server:
        assert listed(gateway_for(server.url, clock=RealClock(), timeouts=QUICK)) != ()
    began = time.monotonic()
    with Scripted([hangs]) as server, pytest.raises(ReadError, match=r"no complete answer within"):
        listed(gateway_for(server.url, clock=RealClock(), timeouts=QUICK))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("act", [closes, HTML, reply(500, EXCEPTION), reply(429)])
def test_a_read_gives_up_after_four_attempts(act: Act) -> None:
    with Scripted([act]) as server:
        with pytest.raises(ReadError) as caught:
            listed(gateway_for(server.url, timeouts=Timeouts()))
        assert len(server.got) == 4
    assert caught.value.operation == "GetAllConnections"
    assert caught.value.hint


@pytest.mark.parametrize("status", [300, 302, 307, 400, 401, 403, 404, 405, 409, 421])
def test_a_refusal_is_not_repeated(status: int) -> None:
    with Scripted([reply(status, EXCEPTION, Location="http://127.0.0.1:1/")]) as server:
        with pytest.raises(UnauthorizedError if status in (401, 403) else ReadError) as caught:
            listed(gateway_for(server.url))
        # Where a server lacks the operation an archive is asked instead, once.
        assert [request.path.rsplit("/", 1)[-1].partition("?")[0] for request in server.got] == [
            "GetAllConnections",
            *(["ErpConnection"] if status == 404 else []),
        ]
    assert caught.value.status == status
    assert caught.value.detail.endswith("No such group.")
    assert ("Redirects are never followed" in caught.value.hint) == (300 <= status < 400)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("2", 2.0),
        ("0", 0.25),
        ("-5", 0.25),
        ("soon", 0.25),
        ("Sat, 31 Jan 2026 12:00:07 GMT", 7.0),
        ("Sat, 31 Jan 2015 12:00:07 GMT", 0.25),
    ],
)
def test_a_pause_that_the_server_asks_for(asked: str, waited: float) -> None:
    clock = FakeClock()
    with Scripted([reply(429, Retry_After=asked), GOOD]) as server:
        listed(gateway_for(server.url, clock=clock, timeouts=Timeouts()))
    assert clock.slept == [waited]


@pytest.mark.parametrize("asked", ["999999999999999", "3600", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_that_is_too_long_is_cut_and_then_given_up(asked: str) -> None:
    clock = FakeClock()
    with Scripted([reply(503, Retry_After=asked)]) as server:
        with pytest.raises(ReadError):
            listed(gateway_for(server.url, clock=clock, timeouts=Timeouts(read=30)))
        assert len(server.got) == 2
    assert clock.slept == [30.0]


def test_a_write_that_was_told_to_slow_down_holds_the_next_call() -> None:
    clock = FakeClock()
    with Scripted([reply(429, Retry_After="7"), GOOD]) as server:
        gateway = gateway_for(server.url, clock=clock)
        assert gateway.toggle(1).status == 429
        listed(gateway)
    assert clock.slept == [7.0]


def test_a_login_that_can_be_renewed_is_renewed_once() -> None:
    class Ticket:
        hint = "renew the ticket"
        number = 1

        def headers(self) -> dict[str, str]:
            return {"Authorization": f"SOTicket {self.number}"}

        def secrets(self) -> tuple[str, ...]:
            return ()

        def renew(self, refused: Mapping[str, str]) -> bool:
            self.number += 1
            return True

        def accepted(self, sent: Mapping[str, str]) -> None:
            pass

    with Scripted([reply(401), GOOD]) as server:
        client = client_for(server.url)
        client.auth = Ticket()
        assert listed(Gateway(client)) != ()
        assert [request.headers["authorization"] for request in server.got] == ["SOTicket 1", "SOTicket 2"]
    with Scripted([reply(401)]) as server:
        client = client_for(server.url)
        client.auth = Ticket()
        with pytest.raises(UnauthorizedError) as caught:
            listed(Gateway(client))
        assert len(server.got) == 2
    assert caught.value.hint == "renew the ticket"


# --- what is believed ---

BROKEN: list[Any] = [None, {}, "x", 1, [None], [{}], [{"ErpConnectionId": "110"}], EXCEPTION, {"Message": "canary"}]


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize(
    "read",
    [
        listed,
        lambda gateway: gateway.connectors(),
        lambda gateway: gateway.user_groups(),
        lambda gateway: gateway.associates(),
        lambda gateway: gateway.can_delete_connector(1),
    ],
)
def test_an_answer_of_another_type_is_an_error(read: Callable[[Gateway], Any], content: Any) -> None:
    with Scripted([reply(200, content)]) as server, pytest.raises(ReadError) as caught:
        read(gateway_for(server.url))
    assert caught.value.status == 200


def test_not_found_is_none() -> None:
    with Scripted([reply(200, None)]) as server:
        gateway = gateway_for(server.url)
        assert gateway.connection(5) is None
        assert gateway.connector(5) is None
        assert gateway.last_sync(5) is None
        assert gateway.principal() == ""


def test_a_connection_in_full() -> None:
    with Scripted([reply(200, STORED)]) as server:
        assert gateway_for(server.url).connection(110) == CONNECTION
        assert json.loads(server.got[0].body) == {"ErpConnectionId": 110}
        assert "$select" not in server.got[0].path


def test_another_row_than_the_one_asked_for_is_an_error() -> None:
    with Scripted([reply(200, STORED)]) as server, pytest.raises(ReadError, match="another row"):
        gateway_for(server.url).connection(111)


def test_an_error_tells_operation_status_and_what_to_do() -> None:
    page = reply(401, body=b"<html>", kind="text/html", WWW_Authenticate='Basic realm="x"')
    with Scripted([page]) as server, pytest.raises(UnauthorizedError) as caught:
        listed(gateway_for(server.url))
    error = caught.value
    assert (error.operation, error.status) == ("GetAllConnections", 401)
    assert "IIS" in error.hint
    with Scripted([reply(403, EXCEPTION)]) as server, pytest.raises(UnauthorizedError) as caught:
        listed(gateway_for(server.url))
    assert "ErpSync agent must be granted" in caught.value.hint


def test_connectors_are_read_one_by_one_because_the_list_is_not_reliable() -> None:
    rows = {1: Connector(1, "a", "u"), 2: Connector(2, "b", "u", deleted=True), 3: Connector(3, "c", "v")}

    def serve() -> list[Act]:
        return [reply(200, [{"Id": one, "Name": "?", "ToolTip": None} for one in (3, 1, 2)])] + [
            reply(200, carriers.connector_to(rows[one])) for one in (1, 2, 3)
        ]

    with Scripted(serve()) as server:
        assert gateway_for(server.url, limits=Limits(parallel_reads=1)).connectors() == (rows[1], rows[3])
        assert server.got[1].path.endswith("/Agents/ErpSync/GetErpSyncConnectorEntity?erpSyncConnectorEntityId=1")


def test_companions_are_read_with_get() -> None:
    groups = [
        {"Id": 2, "Name": "b", "Deleted": True},
        {"Id": 1, "Name": 'US:"a"', "Deleted": False},
        {"Id": 0, "Name": "all", "Deleted": False},
    ]
    people = {"value": [{"associate.associate_id": 5, "associate.name": "ANNA", "associate.deleted": False}]}
    with Scripted([reply(200, groups), reply(200, people), reply(200, {"Associate": "ADMIN", "Message": "unrelated"})]) as server:
        gateway = gateway_for(server.url)
        assert [(one.id, one.deleted) for one in gateway.user_groups()] == [(1, False), (2, True)]
        assert [(one.id, one.name) for one in gateway.associates()] == [(5, "ANNA")]
        assert gateway.principal() == "ADMIN"
        assert [(request.method, request.path) for request in server.got] == [
            ("GET", "/SuperOffice/api/v1/MDOList/usergroup?flat=true"),
            (
                "GET",
                "/SuperOffice/api/v1/archive/dynamic?$select=associate.associate_id,associate.name,associate.deleted,associate.type",
            ),
            ("GET", "/SuperOffice/api/v1/User/currentPrincipal"),
        ]


def test_a_long_archive_is_read_page_by_page_without_following_its_links() -> None:
    def page(*ids: int, more: bool) -> Act:
        rows = [{"associate.associate_id": one, "associate.name": f"U{one}", "associate.deleted": 0} for one in ids]
        return reply(200, {"odata.nextLink": "http://127.0.0.1:1/archive/dynamic?$skip=99" if more else None, "value": rows})

    with Scripted([page(3, 4, more=True), page(1, more=True), page(2, more=False)]) as server:
        assert [one.id for one in gateway_for(server.url).associates()] == [1, 2, 3, 4]
        assert [request.path.partition("&")[2] for request in server.got] == ["", "$skip=2", "$skip=3"]
    with Scripted([page(3, more=True)]) as server, pytest.raises(ReadError, match="the same page twice"):
        gateway_for(server.url).associates()


# --- what only the connector can answer ---


@pytest.mark.parametrize("act", [reply(200, None), reply(200, EXCEPTION), reply(500, EXCEPTION), HTML, reply(200, [1]), hangs, closes])
def test_a_silent_connector_is_told_from_a_silent_tenant(act: Act) -> None:
    with Scripted([act]) as server, pytest.raises(ConnectorUnavailable) as caught:
        gateway_for(server.url, timeouts=patience_with(act)).config_fields(7)
    assert caught.value.operation == "GetConfigurationFields"
    assert len(server.got) <= 2


@pytest.mark.parametrize(("act", "error"), [(reply(401), UnauthorizedError), (reply(403), UnauthorizedError), (reply(404), ReadError)])
def test_a_refusal_is_not_the_connectors_fault(act: Act, error: type[TargetError]) -> None:
    with Scripted([act]) as server, pytest.raises(error):
        gateway_for(server.url).config_fields(7)


def test_a_tenant_that_is_not_there_is_not_the_connectors_fault() -> None:
    with pytest.raises(ReadError):
        gateway_for("http://127.0.0.1:1").config_fields(7)


# --- tests ---


def test_a_test_says_yes_or_no() -> None:
    with Scripted([reply(200, content=True), reply(200, content=False), reply(200, "NoError"), reply(200, "ErrorNotFound")]) as server:
        gateway = gateway_for(server.url)
        assert gateway.test_connection(110) == TestResult(True)
        assert gateway.test_config(7, {"Filename": "a", "PasswordField": Secret("s3cret")}) == TestResult(False)
        assert gateway.test_url("https://connectors.example.com") == TestResult(True)
        assert gateway.test_url("https://nowhere.example.com") == TestResult(False, detail="ErrorNotFound")
        body = json.loads(server.got[1].body)
    assert body == {"ErpConnectionId": 7, "ConfigFields": {"Filename": "a", "PasswordField": "s3cret"}}


@pytest.mark.parametrize(
    "act", [closes, hangs, HTML, CUT, reply(500, EXCEPTION), reply(503), reply(200, None), reply(200, "yes"), reply(403)]
)
@pytest.mark.parametrize("name", ["connection", "config", "url"])
def test_a_test_without_an_answer_did_not_pass_and_is_not_repeated(name: str, act: Act) -> None:
    with Scripted([act]) as server:
        gateway = gateway_for(server.url, timeouts=patience_with(act))
        tests = {
            "connection": lambda: gateway.test_connection(1),
            "config": lambda: gateway.test_config(1, {}),
            "url": lambda: gateway.test_url("u"),
        }
        result = tests[name]()
        assert (result.passed, result.ok) == (None, False)
        assert result.detail
        assert len(server.got) == 1


def test_a_test_that_was_not_let_in_is_repeated() -> None:
    with Scripted([reply(429), reply(200, content=True)]) as server:
        assert gateway_for(server.url).test_connection(1).ok


def test_a_test_that_never_left_is_repeated() -> None:
    clock = FakeClock()
    assert gateway_for("http://127.0.0.1:1", clock=clock).test_connection(1).passed is None
    assert clock.slept == [0.25]


def test_a_test_says_how_long_it_took() -> None:
    def slowly(sock: socket.socket) -> None:
        time.sleep(0.2)
        reply(200, content=True)(sock)

    with Scripted([slowly]) as server:
        assert gateway_for(server.url, clock=RealClock()).test_connection(1).seconds >= 0.2


# --- the client around them ---


def test_no_more_calls_than_allowed() -> None:
    clock = FakeClock()
    with Scripted([GOOD]) as server:
        gateway = gateway_for(server.url, clock=clock, limits=Limits(calls_per_second=5))
        for _ in range(20):
            listed(gateway)
    assert clock.elapsed == pytest.approx(3.0)  # five at once, then five per second


def test_no_more_reads_at_once_than_allowed() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def act(sock: Any) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        GOOD(sock)

    with Scripted([act]) as server:
        gateway = gateway_for(server.url, clock=RealClock(), limits=Limits(parallel_reads=3))
        threads = [threading.Thread(target=listed, args=(gateway,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.got) == 12
        assert server.connections <= 3
    assert most <= 3


def test_one_line_per_call() -> None:
    lines: list[Call] = []
    with Scripted([reply(500), GOOD, closes]) as server:
        host = urlsplit(server.url).netloc
        gateway = gateway_for(server.url, log=lines.append)
        listed(gateway)
        gateway.toggle(1)
    assert [(call.operation, call.status, call.attempt) for call in lines] == [
        ("GetAllConnections", 500, 1),
        ("GetAllConnections", 200, 2),
        ("ToggleErpConnectionActive", None, 1),
    ]
    assert str(lines[0]) == (
        f"2026-01-31T12:00:00.000000Z GetAllConnections 500 0 ms, attempt 1; at {host}; sent {{IncludeDeleted: false}}; got null"
    )
    assert lines[1].got == '[{ErpConnectionId: 110, DisplayName: "Visma", DisplayDescription: null}]'
    assert str(lines[2]).endswith(
        f"attempt 1 (the connection broke off before the answer was complete); at {host}; sent {{ErpConnectionId: 1}}"
    )


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Scripted([GOOD]) as server:
        assert listed(gateway_for(server.url)) != ()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/SuperOffice", "/SuperOffice/api/v1/"),
        ("/SuperOffice/", "/SuperOffice/api/v1/"),
        ("/SuperOffice/api", "/SuperOffice/api/v1/"),
        ("/SuperOffice/api/v1/", "/SuperOffice/api/v1/"),
        ("", "/api/v1/"),
        ("/", "/api/v1/"),
        ("/Cust26759/api/", "/Cust26759/api/v1/"),
    ],
)
def test_base_addresses(url: str, path: str) -> None:
    with Scripted([GOOD]) as server:
        listed(gateway_for(server.url.removesuffix("/SuperOffice") + url))
        assert server.got[0].path == f"{path}Agents/ErpSync/GetAllConnections"


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/SuperOffice",
        "http://127.0.0.1.example.com",
        "https://user:pw@crm.example.com",
        "https://crm.example.com/?a=b",
        "https://crm.example.com/#x",
        "ftp://crm.example.com",
        "crm.example.com",
        "https://",
        "",
    ],
)
def test_addresses_to_which_no_login_is_sent(url: str) -> None:
    with pytest.raises(TargetError, match="Target address cannot be used"):
        client_for(url)


def test_a_write_cannot_be_repeated_by_mistake_nor_a_read_be_sent_as_a_write() -> None:
    client = client_for("http://127.0.0.1:1")
    with pytest.raises(ValueError, match="is a write"):
        client.repeatable("ToggleErpConnectionActive")
    with pytest.raises(ValueError, match="is not a write"):
        client.once("GetConnection")
