"""No credential of a login, and no value of a configuration, is in anything that comes out: errors, results, debug lines, logs."""

import logging
import traceback
from typing import Any

import pytest

from reconciler.errors import ReconcilerError
from reconciler.model import Connection, Secret
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.outline import outline
from tests.superoffice.scripted import FakeClock
from tests.superoffice.test_canary import forms
from tests.superoffice.vendor import APP_TOKEN, CLIENT_SECRET, REFRESH_TOKEN, SYSTEM_TOKEN, TENANT, Got, Vendor, Visitor, answer

FIELD_CANARY = "field-canary-Kx9%+/ø"
LIVE_CANARY = "live-canary-Wm3%+/å"  # stands in the tenant; we never sent it
TICKET, ACCESS = "ticket-canary", "access-canary"
FORMS = [
    form
    for canary in (APP_TOKEN, SYSTEM_TOKEN, CLIENT_SECRET, REFRESH_TOKEN, FIELD_CANARY, LIVE_CANARY, TICKET, ACCESS)
    for form in forms(canary)
    if len(form) >= 8
]
ROW = {"ErpConnectionId": 110, "DisplayName": "Visma", "ConfigFields": {"Filename": LIVE_CANARY, "PasswordField": LIVE_CANARY}}
FIELDS = [{"FieldKey": "PasswordField", "FieldType": "Password", "DefaultValue": LIVE_CANARY, "DisplayName": "Password"}]


class Echo(Vendor):
    """Answers some questions with everything that it was sent."""

    status = 200
    where = ""

    def decide(self, request: Got) -> Any:
        last = request.path.partition("?")[0].rsplit("/", 1)[-1]
        if last == self.where or (self.where == "agents" and "Agents" in request.path):
            text = f"{request.headers} {request.body.decode()} {sorted(self.valid)}"
            error = {"Error": True, "ErrorType": "X", "ErrorMessage": text, "Message": text, "error": "x", "error_description": text}
            shapes = {"object": error, "refusal": {"IsSuccessful": False, "ErrorMessage": text}, "texts": [text], "members": {text: text}}
            return answer(self.status, shapes[self.shape] if self.shape in shapes else text.encode(), Content_Type=self.content_type)
        if last == "GetConnection":
            return answer(200, ROW)
        if last == "GetConfigurationFields":
            return answer(200, FIELDS)
        return super().decide(request)

    shape = "object"
    content_type = "application/json"


def everything_said(visitor: Visitor) -> str:
    gateway = Gateway(visitor.client)
    secrets = {"PasswordField": Secret(FIELD_CANARY)}
    connection = Connection(0, "", 7, "Visma", "", False, False, "", True, (), (), {"Filename": "a"})
    said: list[object] = []
    for act in (
        gateway.principal,
        lambda: gateway.list_connections(include_deleted=False),
        lambda: repr(gateway.connection(110)).replace(LIVE_CANARY, ""),  # a value that was read is in the model, not in a text
        lambda: gateway.config_fields(7) and None,
        lambda: gateway.save_connection(connection, secrets),
        lambda: gateway.test_config(7, secrets),
        lambda: gateway.toggle(1),
    ):
        try:
            said.append(act())
        except ReconcilerError as error:
            said += [error.summary, error.detail, error.hint, "".join(traceback.format_exception(error))]
    assert visitor.lines
    return "\n".join([*map(repr, said), *map(str, said), *map(str, visitor.lines), *map(repr, visitor.lines)])


PLACES = {
    "system-user": ("agents", "Authenticate", "jwks", TENANT, "currentPrincipal", "nowhere"),
    "refresh-token": ("agents", "tokens"),
}


@pytest.mark.parametrize(("kind", "where"), [(kind, where) for kind, places in PLACES.items() for where in places])
@pytest.mark.parametrize(
    ("status", "shape"),
    [(200, "object"), (200, "refusal"), (200, "texts"), (400, "object"), (401, "object"), (500, "members"), (200, "text"), (403, "page")],
)
def test_no_credential_comes_out(kind: str, where: str, status: int, shape: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Echo() as vendor:
        vendor.where, vendor.status, vendor.shape = where, status, shape
        vendor.content_type = "text/html" if shape == "page" else "application/json"
        text = everything_said(Visitor(vendor, kind=kind, clock=FakeClock()))
    for place in (text, caplog.text):
        assert [form for form in FORMS if form in place] == []


def test_a_debug_line_shows_structure_and_no_value_of_a_configuration() -> None:
    with Echo() as vendor:
        visitor = Visitor(vendor)
        everything_said(visitor)
        lines = [str(line) for line in visitor.lines]
    login = next(line for line in lines if "system user login" in line)
    assert "sent {SignedSystemToken: <hidden>, ApplicationToken: <hidden>, ContextIdentifier: <hidden>, ReturnTokenType: <hidden>}" in login
    assert "got {IsSuccessful: true, Token: <hidden>, ErrorMessage: null}" in login
    read = next(line for line in lines if "GetConnection " in line)
    assert "sent {ErpConnectionId: 110}" in read
    assert 'DisplayName: "Visma", ConfigFields: {Filename: <hidden>, PasswordField: <hidden>}' in read
    fields = next(line for line in lines if "GetConfigurationFields" in line)
    assert 'FieldType: "Password", DefaultValue: <hidden>' in fields
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ([], "[]"),
        ({}, "{}"),
        ([1], "[1]"),
        ([1, 2, 3], "[1, … 3 in all]"),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, "{a: {b: {c: {d: {…}}}}}"),
        ({str(at): at for at in range(20)}, "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, … 8 more}"),
        ("x" * 50, f'"{"x" * 40}…"'),
        ({"ConfigFields": {"a": "1", "b": None}}, "{ConfigFields: {a: <hidden>, b: <hidden>}}"),
        ({"Connection": {"ConfigFields": {"a": "1"}}}, "{Connection: {ConfigFields: {a: <hidden>}}}"),
        ({"ClientSecret": {"deep": 1}, "apiToken": 5}, "{ClientSecret: <hidden>, apiToken: <hidden>}"),
    ],
)
def test_outlines(value: Any, expected: str) -> None:
    assert outline(value, show=lambda text: text) == expected


def test_an_outline_is_short_and_hides_before_it_cuts() -> None:
    assert len(outline({f"member-{at}": "y" * 100 for at in range(50)}, show=lambda text: text)) <= 240
    secret = "0123456789abcdef"
    assert "0123" not in outline("x" * 36 + secret, show=lambda text: text.replace(secret, "<secret>"))


@pytest.mark.parametrize(
    ("kind", "text"), [("system-user", "The app Reconciler is not approved."), ("refresh-token", f"in {TENANT}, at online3")]
)
def test_the_name_of_an_app_or_a_tenant_with_which_a_token_begins_stays_readable(kind: str, text: str) -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, kind=kind)
        Gateway(visitor.client).principal()
        assert visitor.client.show(text) == text
        for secret in visitor.auth.secrets():
            assert visitor.client.show(secret) == "<secret>"
