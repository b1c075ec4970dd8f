"""Every documented row, met over a socket: what a status and an error body mean for a read, a test, and each kind of write.

Source: SuperOffice docs, agents WebAPI and REST WebAPI ("Errors"), tests of the official TypeScript client (shapes of bodies); RFC 9110
section 15 (statuses that the vendor does not document).
"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import ReadError, TargetError, UnauthorizedError
from reconciler.model import Outcome, Timeouts
from reconciler.superoffice.gateway import Gateway
from reconciler.wire.operations import OPERATIONS, Kind
from tests.superoffice.scripted import Act, FakeClock, Scripted, gateway_for, raw, reply
from tests.superoffice.test_writes import WRITES, send

UNKNOWN, NOT, APPLIED = Outcome.UNKNOWN, Outcome.NOT_APPLIED, Outcome.APPLIED
PAGE = "<html><body><h1>Something stands in between</h1></body></html>"

# --- the shapes of an error (each as official material shows it) ---

SHAPES: dict[str, tuple[int, Any, str]] = {
    "REST, missing entity": (
        404,
        {"Error": True, "ErrorType": "SoNotFoundException", "ErrorMessage": "Contact not found.", "ErrorSource": "X"},
        "Contact not found",
    ),
    "agent, exception": (
        400,
        {"Error": True, "ErrorType": "ArgumentException", "Message": "Bad argument.", "ErrorSource": "X"},
        "Bad argument",
    ),
    "agent, bad parameter": (400, {"Message": "The request is invalid.", "MessageDetail": "Id is missing."}, "Id is missing"),
    "agent, bad parameter with success": (200, {"Message": "The request is invalid.", "MessageDetail": "Id is missing."}, "Id is missing"),
    "agent, exception with success": (200, {"Error": True, "ErrorType": "SoServerException", "ErrorMessage": "It broke."}, "It broke"),
    "ASP.NET": (404, {"$type": "HttpError", "Message": "No HTTP resource was found."}, "No HTTP resource"),
    "nothing": (200, None, "an answer of another type"),
    "exception, 500": (500, {"Error": True, "ErrorType": "SoDbAccessException", "ErrorMessage": "Database."}, "Database"),
    "right missing": (403, {"Error": True, "ErrorType": "SoSentryException", "ErrorMessage": "No right."}, "No right"),
    "no credentials": (401, PAGE, ""),
    "page with success": (200, PAGE, "web page"),
    "page with 502": (502, PAGE, "web page"),
}


def act_of(status: int, content: Any) -> Act:
    if isinstance(content, str):
        return reply(status, body=content.encode(), kind="text/html; charset=utf-8")
    return reply(status, content)


@pytest.mark.parametrize("name", SHAPES)
def test_a_read_says_what_the_server_said(name: str) -> None:
    status, content, words = SHAPES[name]
    with Scripted([act_of(status, content)]) as server, pytest.raises(TargetError) as caught:
        gateway_for(server.url, timeouts=Timeouts()).list_connections(include_deleted=False)
    error = caught.value
    assert error.exit_code == 1
    assert isinstance(error, UnauthorizedError if status in (401, 403) else ReadError)
    assert words in error.detail or content is None
    assert error.hint
    assert "<html" not in error.detail


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_never_applied_by_an_error(write: str, name: str) -> None:
    status, content, _ = SHAPES[name]
    with Scripted([act_of(status, content)]) as server:
        result = send(write, gateway_for(server.url))
        assert len(server.got) == 1  # sent once, whatever came back
    assert result.outcome is (UNKNOWN if status in (200, 500, 502) or _stored_first(write, status, content) else NOT)
    assert "<html" not in result.detail


def _stored_first(write: str, status: int, content: Any) -> bool:
    """An exception from an operation that stores before it calls the connector may come after the row was stored."""
    exception = isinstance(content, dict) and content.get("Error") is True
    return status == 400 and exception and write in ("save", "create")


# --- statuses ---

STATUSES: dict[int, tuple[int, Outcome, bool]] = {
    # status: (times a read is sent, outcome of a write, whether the refusal is final)
    201: (1, UNKNOWN, False),
    202: (1, UNKNOWN, False),
    301: (1, NOT, True),
    302: (1, NOT, True),
    304: (1, NOT, True),
    307: (1, NOT, True),
    308: (1, NOT, True),
    400: (1, NOT, True),
    401: (1, NOT, False),
    403: (1, NOT, True),
    404: (1, NOT, True),
    405: (1, NOT, True),
    408: (4, UNKNOWN, False),
    409: (1, UNKNOWN, False),
    412: (1, UNKNOWN, False),
    413: (1, UNKNOWN, False),
    418: (1, UNKNOWN, False),
    421: (1, NOT, False),
    429: (4, NOT, False),
    500: (4, UNKNOWN, False),
    501: (1, UNKNOWN, False),
    502: (4, UNKNOWN, False),
    503: (4, UNKNOWN, False),
    504: (4, UNKNOWN, False),
    599: (1, UNKNOWN, False),
}


def bare(status: int) -> Act:
    """A status and nothing else, with a body only where one may be."""
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\n"
    return raw(f"{head}\r\n".encode()) if status == 304 else raw(f"{head}Content-Type: text/html\r\nContent-Length: 2\r\n\r\nno".encode())


@pytest.mark.parametrize("status", STATUSES)
def test_what_a_status_means(status: int) -> None:
    times, outcome, final = STATUSES[status]
    with Scripted([bare(status)]) as server:
        with pytest.raises(TargetError) as caught:
            gateway_for(server.url, timeouts=Timeouts()).list_connections(include_deleted=False)
        assert len([request for request in server.got if request.path.endswith("GetAllConnections")]) == times
    assert caught.value.status == status
    assert caught.value.exit_code == 1
    for write in ("save connector", "toggle", "delete"):
        with Scripted([bare(status)]) as server:
            result = send(write, gateway_for(server.url))
            assert (len(server.got), result.outcome, result.status, result.final) == (1, outcome, status, final)
    with Scripted([bare(status)]) as server:
        tested = gateway_for(server.url).test_connection(1)
        assert tested.passed is None
        assert len(server.got) == (2 if status == 429 else 1)


# --- the retry table: by operation, never by verb ---


@pytest.mark.parametrize("key", [key for key, operation in OPERATIONS.items() if operation.kind.is_write])
@pytest.mark.parametrize("status", [401, 421, 429, 500, 502, 503, 504])
def test_no_write_of_the_table_is_sent_twice(key: str, status: int) -> None:
    clock = FakeClock()
    with Scripted([bare(status)]) as server:
        client = gateway_for(server.url, clock=clock)._client
        client.once(key, body={"ErpConnectionId": 1})
        assert len(server.got) == 1
        assert clock.slept == []
        with pytest.raises(ValueError, match="is a write"):
            client.repeatable(key)


@pytest.mark.parametrize("key", [key for key, operation in OPERATIONS.items() if operation.kind is Kind.READ])
def test_every_read_of_the_table_is_sent_again_after_what_may_pass(key: str) -> None:
    with Scripted([bare(503)]) as server:
        client = gateway_for(server.url, timeouts=Timeouts())._client
        client.repeatable(key, body=None, name="Business" if "{name}" in OPERATIONS[key].path else "")
        assert len(server.got) == (2 if OPERATIONS[key].reaches_connector else 4)
        with pytest.raises(ValueError, match="is not a write"):
            client.once(key)


@pytest.mark.parametrize("key", [key for key, operation in OPERATIONS.items() if operation.kind is Kind.TEST])
@pytest.mark.parametrize(("status", "times"), [(429, 2), (503, 1), (500, 1), (502, 1)])
def test_a_test_is_sent_again_only_when_it_surely_did_not_reach_the_erp(key: str, status: int, times: int) -> None:
    """Each one logs in to an ERP that counts refused logins."""
    with Scripted([bare(status)]) as server:
        gateway_for(server.url)._client.repeatable(key)
        assert len(server.got) == times


def test_nothing_that_moves_business_data_can_be_called() -> None:
    forbidden = ("SyncAll", "ForceSync", "ForceResync", "ConnectActor", "CreateErpActor", "CreateCrmActor", "BreakActor", "TryConnect")
    assert [key for key, operation in OPERATIONS.items() if any(word in operation.path for word in forbidden)] == []


def test_null_is_not_found_only_where_a_row_was_asked_for() -> None:
    with Scripted([reply(200, None)]) as server:
        gateway: Gateway = gateway_for(server.url)
        assert gateway.connection(1) is None
        assert gateway.connector(1) is None
        with pytest.raises(ReadError):
            gateway.connectors()
        with pytest.raises(ReadError):
            gateway.user_groups()
