"""A secret in a request is found in nothing that comes out of this package: no result, no error, no debug line, no log."""

import base64
import html
import json
import logging
import traceback
from urllib.parse import quote, quote_plus

import pytest

from reconciler.errors import ReconcilerError
from reconciler.model import Connection, Secret
from reconciler.superoffice.callline import Call
from reconciler.superoffice.gateway import Gateway
from tests.superoffice.scripted import LOGIN_CANARY, Act, Scripted, closes, gateway_for, reply

FIELD_CANARY = 'field-canary-"Kx9<&\\%+/ø'
CONNECTION = Connection(0, "", 7, "Visma", "", False, False, "", True, (), (), {"Filename": "a"})


def forms(canary: str) -> list[str]:
    plain = [canary, json.dumps(canary)[1:-1], quote(canary, safe=""), quote_plus(canary), html.escape(canary), canary[:12], canary[-12:]]
    octets = canary.encode()
    coded = [base64.b64encode(b"x" * shift + octets).decode()[8:-8] for shift in range(3)]
    return plain + coded + [octets.hex()]


FORMS = [form for canary in (FIELD_CANARY, LOGIN_CANARY) for form in forms(canary)]
LOGIN = base64.b64encode(f"user:{LOGIN_CANARY}".encode()).decode()
ECHO = f"Bad value {FIELD_CANARY} / {LOGIN_CANARY} / {quote(FIELD_CANARY, safe='')} / {html.escape(FIELD_CANARY)} / {LOGIN} / " + (
    base64.b64encode(FIELD_CANARY.encode()).decode() + " / " + json.dumps(FIELD_CANARY)
)


def told(name: str) -> Act:
    objects = {
        "400": reply(400, {"Message": ECHO, "MessageDetail": ECHO}),
        "400 exception": reply(400, {"Error": True, "ErrorType": "ArgumentException", "Message": ECHO}),
        "401": reply(401, {"Message": ECHO}),
        "403": reply(403, {"ErrorMessage": ECHO}),
        "500": reply(500, {"Error": True, "ErrorType": "X", "ErrorMessage": ECHO}),
        "500 page": reply(500, body=ECHO.encode(), kind="text/html"),
        "200 error": reply(200, {"Message": ECHO}),
        "200 text": reply(200, ECHO),
        "200 texts": reply(200, [ECHO, ECHO]),
        "200 members": reply(200, {ECHO: ECHO, "ErpConnectionId": ECHO}),
        "200 broken": reply(200, body=ECHO.encode()),
        "200 twice": reply(200, body=f"{{{json.dumps(ECHO)}: 1, {json.dumps(ECHO)}: 2}}".encode()),
        "302": reply(302, {"Message": ECHO}, Location=f"http://127.0.0.1/{quote(FIELD_CANARY)}"),
        "cut": reply(200, body=ECHO.encode(), Content_Encoding="gzip"),
        "closed": closes,
    }
    return objects[name]


ANSWERS = [
    "400", "400 exception", "401", "403", "500", "500 page", "200 error", "200 text", "200 texts", "200 members", "200 broken",
    "200 twice", "302", "cut", "closed",
]  # fmt: skip


def everything_said(gateway: Gateway, lines: list[Call]) -> str:
    """Save, test, toggle and read, and gather every text that comes of it."""
    secrets = {"PasswordField": Secret(FIELD_CANARY)}
    said: list[object] = [gateway.save_connection(CONNECTION, secrets), gateway.test_config(7, secrets)]
    said += [gateway.toggle(1), gateway.refresh(1), gateway.delete_connection(1), gateway.test_connection(1)]
    for read in (gateway.connectors, lambda: gateway.connection(1), lambda: gateway.config_fields(7), gateway.principal):
        try:
            said.append(read())
        except ReconcilerError as error:
            said += [error.summary, error.detail, error.hint, "".join(traceback.format_exception(error))]
    return "\n".join([*map(repr, said), *map(str, said), *map(str, lines), *map(repr, lines)])


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_secret_comes_out(answer: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[Call] = []
    with Scripted([told(answer)]) as server:
        text = everything_said(gateway_for(server.url, log=lines.append), lines)
        sent = b"".join(request.body for request in server.got).decode()
    assert json.dumps(FIELD_CANARY)[1:-1] in sent
    for place in (text, caplog.text):
        assert [form for form in FORMS if form in place] == []


def test_an_error_carries_no_request_in_its_chain() -> None:
    with Scripted([reply(500, {"Message": ECHO})]) as server, pytest.raises(ReconcilerError) as caught:
        gateway_for(server.url).connection(1)
    assert caught.value.__cause__ is None
