"""Every row of the table of outcomes, over a real socket; and that a write is sent exactly once."""

import gzip
import json
import socket
import sys
import threading
import time
from typing import Any

import pytest

from reconciler.errors import Interrupted
from reconciler.model import Connection, Connector, Outcome, Result, Secret, Timeouts
from reconciler.superoffice import deadlines, transport
from reconciler.superoffice.gateway import Gateway
from reconciler.wire import carriers
from tests.superoffice.scripted import QUICK, Act, Scripted, closes, drips, gateway_for, hangs, patience_with, raw, reply, resets, stalls

CONNECTION = Connection(110, "guid", 7, "Visma", "", False, False, "cursor", True, (), (), {"Filename": "F0001.xlsm"})
STORED = carriers.connection_to(CONNECTION, {})
CONNECTOR = Connector(7, "Visma Business", "https://connectors.example.com/")
APPLIED, NOT_APPLIED, UNKNOWN = Outcome.APPLIED, Outcome.NOT_APPLIED, Outcome.UNKNOWN
EXCEPTION = {"Error": True, "ErrorType": "ArgumentException", "Message": "No such group.", "ErrorSource": "SuperOffice"}
MALFORMED = {"Message": "The request is invalid.", "MessageDetail": "Connection is missing."}


def send(name: str, gateway: Gateway) -> Result:
    writes = {
        "save": lambda: gateway.save_connection(CONNECTION, {}),
        "create": lambda: gateway.save_connection(Connection(0, "", 7, "Visma", "", False, False, "", True, (), (), {}), {}),
        "delete": lambda: gateway.delete_connection(110),
        "toggle": lambda: gateway.toggle(110),
        "refresh": lambda: gateway.refresh(110),
        "save connector": lambda: gateway.save_connector(CONNECTOR),
        "create connector": lambda: gateway.save_connector(Connector(0, "n", "u")),
        "delete connector": lambda: gateway.delete_connector(7),
    }
    return writes[name]()


WRITES = ["save", "create", "delete", "toggle", "refresh", "save connector", "create connector", "delete connector"]
WITH_ANSWER = [name for name in WRITES if not name.startswith("delete")]


def once(name: str, act: Act) -> Result:
    """Send one write to a server that acts so; it must have received it exactly once."""
    with Scripted([act]) as server:
        gateway = gateway_for(server.url, timeouts=patience_with(act))
        result = send(name, gateway)
        gateway.close()
        assert len(server.got) == 1
    return result


def told(result: Result) -> tuple[Outcome, bool, int | None]:
    return (result.outcome, result.final, result.status)


# --- what was surely not sent ---


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = send("toggle", gateway_for(f"http://127.0.0.1:{port}"))
    assert told(result) == (NOT_APPLIED, False, None)
    assert result.detail.startswith("ToggleErpConnectionActive got no answer: could not connect (")
    assert result.detail.endswith("; nothing was sent")


def test_unknown_host() -> None:
    result = send("toggle", gateway_for("https://no-such-host.invalid"))
    assert told(result) == (NOT_APPLIED, False, None)
    assert "the host name is not known; nothing was sent" in result.detail


def test_no_tls_at_the_other_end() -> None:
    def chatter(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        sock.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=chatter, args=(listener,), daemon=True).start()
        result = send("toggle", gateway_for(f"https://127.0.0.1:{listener.getsockname()[1]}"))
    assert told(result) == (NOT_APPLIED, False, None)
    assert "TLS failed" in result.detail


@pytest.mark.skipif(sys.platform != "linux", reason="other systems queue connections in other ways")
def test_nobody_accepts_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(address)
        result = send("toggle", gateway_for(f"http://127.0.0.1:{address[1]}", timeouts=QUICK))
        for one in crowd:
            one.close()
    assert told(result) == (NOT_APPLIED, False, None)
    assert "no connection came about in time; nothing was sent" in result.detail


# --- what was sent and not answered in full ---

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: application/json\r\n\r\n[]"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n[]\r\n"
BOMB = gzip.compress(b" " * (transport.MAX_BODY + 10) + b"[]")
HALF_ZIP = gzip.compress(b"[]" * 1000)[:-12]

UNANSWERED: list[tuple[str, Act, str]] = [
    ("closed", closes, "broke off"),
    ("reset", resets, "broke off"),
    ("silence", hangs, "no complete answer within 0.5 s"),
    ("cut short", raw(CUT, then_close=True), "broke off"),
    ("length too long", stalls(CUT), "no complete answer within 0.5 s"),
    ("chunks without end", raw(CHUNKED, then_close=True), "broke off"),
    ("no HTTP", raw(b"hello\r\n\r\n", then_close=True), "broke off"),
    ("half a status line", raw(b"HTTP/1.1 2", then_close=True), "broke off"),
    ("dripping headers", drips(b"HTTP/1.1 200 OK\r\nX-Y: " + b"z" * 50), "no complete answer within 0.5 s"),
    ("dripping body", drips(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" + b"[" * 40, 0.03), "no complete answer within 0.5 s"),
    ("zip bomb", reply(body=BOMB, Content_Encoding="gzip"), "longer than 32 MiB"),
    ("half a zip", reply(body=HALF_ZIP, Content_Encoding="gzip"), "incomplete"),
    ("zip that is none", reply(body=b"[]", Content_Encoding="gzip"), "damaged"),
    ("unknown compression", reply(body=b"[]", Content_Encoding="br"), "compressed"),
    ("too many headers", raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"), "broke off"),
]


@pytest.mark.parametrize(("act", "why"), [case[1:] for case in UNANSWERED], ids=[case[0] for case in UNANSWERED])
@pytest.mark.parametrize("name", ["toggle", "create", "delete"])
def test_no_complete_answer_is_unknown_and_nothing_is_sent_again(name: str, act: Act, why: str) -> None:
    began = time.monotonic()
    result = once(name, act)
    assert told(result) == (UNKNOWN, False, None)
    assert why in result.detail
    assert "it may or may not have been carried out" in result.detail
    assert time.monotonic() - began < 3


def test_a_body_without_end_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 100_000)
    result = once("toggle", reply(body=b" " * 300_000 + b"[]"))
    assert told(result) == (UNKNOWN, False, None)


def test_a_write_does_not_ride_on_a_connection_that_was_used_before() -> None:
    with Scripted([reply(content=[])]) as server:
        gateway = gateway_for(server.url)
        gateway.list_connections(include_deleted=True)
        gateway.toggle(1)
        gateway.toggle(1)
        gateway.list_connections(include_deleted=True)
        assert [request.connection for request in server.got] == [1, 2, 3, 1]


def test_a_signal_during_a_write_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    class Attempt(deadlines.Attempt):
        def left(self) -> float:
            if self.sent:
                raise Interrupted("SIGINT", 130)
            return super().left()

    monkeypatch.setattr(deadlines, "Attempt", Attempt)
    with Scripted([hangs]) as server, pytest.raises(Interrupted):
        gateway_for(server.url, timeouts=QUICK).toggle(1)


# --- what was answered ---

NOT_SURE = [
    (200, None, None),
    (200, EXCEPTION, None),
    (200, MALFORMED, None),
    (200, {"ErrorMessage": "x"}, None),
    (200, {}, None),
    (200, "text", None),
    (200, 12, None),
    (200, [1], None),
    (200, [None], None),
    (200, [["x"]], None),
    (201, [], None),
    (202, True, None),
    (204, None, b""),
    (200, None, b""),
    (200, None, b"{"),
    (200, None, b"\xff\xfe[]"),
    (200, None, b'{"a": 1, "a": 2}'),
    (200, None, b"NaN"),
    (200, None, b"[1e999]"),
    (200, None, b'["\\ud800"]'),
    (200, None, b"[" * 100_000),
    (200, None, b"9" * 5000),
    (408, EXCEPTION, None),
    (409, EXCEPTION, None),
    (410, None, b""),
    (412, None, b""),
    (500, EXCEPTION, None),
    (500, None, b"<html>"),
    (502, None, b""),
    (503, None, b""),
    (504, None, b""),
    (599, None, b""),
    (600, None, b""),
]


@pytest.mark.parametrize(("status", "content", "body"), NOT_SURE)
@pytest.mark.parametrize("name", WITH_ANSWER)
def test_an_answer_that_does_not_say_it_in_full_is_unknown(name: str, status: int, content: Any, body: bytes | None) -> None:
    assert told(once(name, reply(status, content, body=body))) == (UNKNOWN, False, status)


@pytest.mark.parametrize("name", WITH_ANSWER)
def test_a_page_is_unknown(name: str) -> None:
    result = once(name, reply(200, kind="text/html; charset=utf-8", body=b"<html>canary-page</html>"))
    assert told(result) == (UNKNOWN, False, 200)
    assert "a web page instead of JSON" in result.detail
    assert "canary" not in result.detail


@pytest.mark.parametrize("status", [400, 403, 404, 405])
@pytest.mark.parametrize("name", WRITES)
def test_a_refusal_before_processing_is_final(name: str, status: int) -> None:
    result = once(name, reply(status, MALFORMED))
    assert told(result) == (NOT_APPLIED, True, status)
    assert result.detail.endswith(f"answered {status}: The request is invalid. Connection is missing.")


@pytest.mark.parametrize("status", [401, 421, 429])
@pytest.mark.parametrize("name", WRITES)
def test_a_refusal_that_may_pass_is_not_final(name: str, status: int) -> None:
    assert told(once(name, reply(status, body=b"<html>", kind="text/html"))) == (NOT_APPLIED, False, status)


@pytest.mark.parametrize("name", WRITES)
def test_an_exception_of_the_application_is_unknown_where_the_row_is_stored_first(name: str) -> None:
    result = once(name, reply(400, EXCEPTION))
    assert told(result) == ((UNKNOWN, False, 400) if name in ("save", "create") else (NOT_APPLIED, True, 400))
    assert result.detail.endswith("answered 400: No such group.")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("name", ["toggle", "save", "delete"])
def test_a_redirect_is_refused_and_never_followed(name: str, status: int) -> None:
    with Scripted([reply(content=[])]) as elsewhere:
        assert told(once(name, reply(status, body=b"", Location=f"{elsewhere.url}/canary"))) == (NOT_APPLIED, True, status)
        assert elsewhere.got == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_the_same_host_is_not_followed_either(status: int) -> None:
    """Whoever follows it sends the write a second time."""
    redirect = reply(status, body=b"", Location="/SuperOffice/api/v1/Agents/ErpSync/ToggleErpConnectionActive")
    with Scripted([redirect, reply(content=[])]) as server:
        assert told(send("toggle", gateway_for(server.url))) == (NOT_APPLIED, True, status)
        assert len(server.got) == 1


@pytest.mark.parametrize("name", ["delete", "delete connector"])
def test_204_where_204_is_expected(name: str) -> None:
    assert told(once(name, reply(204, body=b""))) == (APPLIED, False, 204)


@pytest.mark.parametrize("content", [None, True, EXCEPTION, []])
@pytest.mark.parametrize("name", ["delete", "delete connector"])
def test_a_body_where_204_is_expected_is_unknown(name: str, content: Any) -> None:
    assert told(once(name, reply(200, content))) == (UNKNOWN, False, 200)


def test_a_toggle_without_reasons_is_applied() -> None:
    assert told(once("toggle", reply(200, []))) == (APPLIED, False, 200)


def test_a_toggle_with_reasons_is_not_applied_until_a_read_proves_it() -> None:
    result = once("toggle", reply(200, ["Field NAME has no\ndirection.", ""]))
    assert told(result) == (NOT_APPLIED, True, 200)
    assert result.reasons == ("Field NAME has no direction.", "(a reason without text)")


@pytest.mark.parametrize("content", [True, False, "", {"a": []}])
def test_a_toggle_that_answers_something_else_is_unknown(content: Any) -> None:
    assert told(once("toggle", reply(200, content))) == (UNKNOWN, False, 200)


def test_a_refresh_says_yes_or_no() -> None:
    assert told(once("refresh", reply(200, content=True))) == (APPLIED, False, 200)
    assert told(once("refresh", reply(200, content=False))) == (NOT_APPLIED, False, 200)
    assert told(once("refresh", reply(200, []))) == (UNKNOWN, False, 200)


def test_a_save_answers_with_the_stored_row() -> None:
    result = once("save", reply(200, {**STORED, "DisplayName": "normalised"}))
    assert told(result) == (APPLIED, False, 200)
    assert result.body.name == "normalised"
    created = once("create", reply(200, {**STORED, "ErpConnectionId": 111}))
    assert (created.outcome, created.body.id) == (APPLIED, 111)
    assert once("save connector", reply(200, carriers.connector_to(CONNECTOR))).body == CONNECTOR
    assert once("create connector", reply(200, carriers.connector_to(CONNECTOR))).body == CONNECTOR


@pytest.mark.parametrize("row_id", [111, 0, -1, None, "110"])
def test_a_save_that_answers_with_another_row_is_unknown(row_id: Any) -> None:
    assert told(once("save", reply(200, {**STORED, "ErpConnectionId": row_id}))) == (UNKNOWN, False, 200)


@pytest.mark.parametrize("row_id", [0, -1, None])
def test_a_creation_without_a_new_id_is_unknown(row_id: Any) -> None:
    assert told(once("create", reply(200, {**STORED, "ErpConnectionId": row_id}))) == (UNKNOWN, False, 200)


@pytest.mark.parametrize("member", [one for one in STORED if one not in ("TableRight", "FieldProperties")])
def test_a_stored_row_with_a_member_missing_is_unknown(member: str) -> None:
    assert told(once("save", reply(200, {key: value for key, value in STORED.items() if key != member}))) == (UNKNOWN, False, 200)


# --- what is sent ---


def test_bodies_and_headers() -> None:
    with Scripted([reply(200, STORED), reply(200, carriers.connector_to(CONNECTOR)), reply(204, body=b"")]) as server:
        gateway = gateway_for(server.url)
        gateway.save_connection(CONNECTION, {"PasswordField": Secret("s3cret")})
        gateway.save_connector(CONNECTOR)
        gateway.delete_connector(7)
        saved, connector, deleted = server.got
    assert saved.path == "/SuperOffice/api/v1/Agents/ErpSync/SaveConnection"
    expected = {**STORED, "ConfigFields": {"Filename": "F0001.xlsm", "PasswordField": "s3cret"}}
    assert json.loads(saved.body) == {"Connection": expected}
    assert json.loads(connector.body) == carriers.connector_to(CONNECTOR)
    assert deleted.path.endswith("/DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId=7")
    assert deleted.body == b""
    for request in server.got:
        assert request.method == "POST"
        assert request.headers["accept-language"] == request.headers["so-language"] == "*"
        assert request.headers["accept"] == "application/json"
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["user-agent"].startswith("reconciler/")
        assert "so-culture" not in request.headers


def test_the_whole_deadline_counts_and_not_each_receive() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]"
    with Scripted([drips(body, 0.02)]) as server:
        patient = gateway_for(server.url, timeouts=Timeouts(connector=10, settle=10))
        assert patient.toggle(1).outcome is APPLIED
        began = time.monotonic()
        assert gateway_for(server.url, timeouts=QUICK).toggle(1).outcome is UNKNOWN
        assert 0.4 < time.monotonic() - began < 3
