"""Logins of Online: what is sent, what is believed, how often; and that a credential goes to nobody else."""

import base64
import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import jwt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat

from reconciler.errors import TargetError, UnauthorizedError
from reconciler.model import Limits, Outcome, Secret, Timeouts
from reconciler.superoffice.auth import Ticket
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.rsakeys import UnusableKey, private_key
from tests.superoffice.scripted import PATIENT, FakeClock, RealClock, Scripted, reply
from tests.superoffice.vendor import (
    APP_TOKEN,
    CLAIM,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    SYSTEM_TOKEN,
    TENANT,
    Vendor,
    Visitor,
    answer,
    key,
    public_key,
)


def listed(visitor: Visitor) -> list[int]:
    return [one.id for one in Gateway(visitor.client).list_connections(include_deleted=False)]


KINDS = ["system-user", "refresh-token"]
LOGIN = {"system-user": "Authenticate", "refresh-token": "tokens"}

# --- the System User ---


def test_the_system_user_logs_in_once_and_uses_the_ticket() -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor)
        for _ in range(3):
            listed(visitor)
        (login,) = vendor.calls("Authenticate")
        assert login.path == "/Login/api/PartnerSystemUser/Authenticate"
        assert sorted(login.json) == ["ApplicationToken", "ContextIdentifier", "ReturnTokenType", "SignedSystemToken"]
        token, minute, _ = login.json["SignedSystemToken"].split(".")
        assert token == SYSTEM_TOKEN
        signed_at = datetime.strptime(minute, "%Y%m%d%H%M").replace(tzinfo=UTC)
        assert abs(datetime.now(UTC) - signed_at) < timedelta(minutes=2)
        for call in vendor.calls("GetAllConnections"):
            assert call.headers["authorization"] == "SOTicket 7T:ticket-canary-1"
            assert call.headers["so-apptoken"] == APP_TOKEN
        assert all("so-apptoken" not in call.headers and "authorization" not in call.headers for call in vendor.got[:3])


def test_several_threads_share_one_login() -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, limits=Limits(parallel_reads=8))
        together(lambda: listed(visitor), 8)
        assert vendor.issued == 1


@pytest.mark.parametrize("kind", KINDS)
def test_several_threads_that_are_refused_together_renew_once(kind: str) -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, kind=kind, limits=Limits(parallel_reads=8))
        listed(visitor)
        vendor.valid.clear()
        together(lambda: listed(visitor), 8)
        assert vendor.issued == 2


def together(act: Callable[[], Any], count: int) -> None:
    failed: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        try:
            barrier.wait(10)
            act()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_ticket_that_expired_is_renewed_and_the_read_repeated(kind: str) -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, kind=kind)
        listed(visitor)
        vendor.valid.clear()
        assert listed(visitor) == [110]
        assert vendor.issued == 2
        assert len(vendor.calls("GetAllConnections")) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_with_an_expired_ticket_is_not_sent_again_by_itself(kind: str) -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, kind=kind)
        gateway = Gateway(visitor.client)
        listed(visitor)
        vendor.valid.clear()
        result = gateway.toggle(110)
        assert (result.outcome, result.status, result.final) == (Outcome.NOT_APPLIED, 401, False)
        assert len(vendor.calls("ToggleErpConnectionActive")) == 1
        listed(visitor)  # the read that follows every write renews
        assert gateway.toggle(110).outcome is Outcome.APPLIED
        assert (len(vendor.calls("ToggleErpConnectionActive")), vendor.issued) == (2, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_that_is_good_for_one_call_carries_writes_too(kind: str) -> None:
    """The read between two writes uses up what it renewed; from the second refusal on a write brings a login of its own."""
    with Vendor(once=True) as vendor:
        visitor = Visitor(vendor, kind=kind)
        gateway = Gateway(visitor.client)
        found = []
        for _ in range(4):
            listed(visitor)
            found.append(gateway.toggle(110).status)
        assert found == [401, 401, 200, 200]
        toggles = [call.headers["authorization"] for call in vendor.calls("ToggleErpConnectionActive")]
        assert len(toggles) == 4
        assert len(set(toggles[2:])) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_is_refused_with_a_fresh_login_too_does_not_renew_for_every_call(kind: str) -> None:
    with Vendor(asked={"ToggleErpConnectionActive": [answer(401, b"<html>")] * 20}) as vendor:
        visitor = Visitor(vendor, kind=kind)
        gateway = Gateway(visitor.client)
        for sent in range(1, 7):
            listed(visitor)
            result = gateway.toggle(110)
            assert (result.outcome, result.status, result.final) == (Outcome.NOT_APPLIED, 401, False)
            assert len(vendor.calls("ToggleErpConnectionActive")) == sent
        assert vendor.issued == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_that_fails_before_a_write_sends_nothing(kind: str) -> None:
    with Vendor(once=True) as vendor:
        visitor = Visitor(vendor, kind=kind)
        gateway = Gateway(visitor.client)
        for _ in range(2):
            listed(visitor)
            gateway.toggle(110)
        listed(visitor)
        vendor.asked = {"Authenticate": [answer(500, b"")] * 9, "tokens": [answer(500, b"")] * 9}
        result = gateway.toggle(110)
        assert (result.outcome, result.status, result.final) == (Outcome.NOT_APPLIED, None, False)
        assert "nothing was sent" in result.detail
        assert len(vendor.calls("ToggleErpConnectionActive")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_ticket_that_is_refused_at_once_is_not_renewed_over_and_over(kind: str) -> None:
    """Each login leaves a row in the tenant."""
    with Vendor(asked={"GetAllConnections": [answer(401, b"<html>")] * 20}) as vendor:
        visitor = Visitor(vendor, kind=kind)
        for _ in range(4):
            with pytest.raises(UnauthorizedError):
                listed(visitor)
        with pytest.raises(UnauthorizedError) as caught:
            listed(visitor)
        assert vendor.issued == 1
    assert "reconciler target check" in caught.value.hint
    assert caught.value.summary == "SuperOffice does not know this login"


@pytest.mark.parametrize("kind", KINDS)
def test_what_one_agent_refuses_does_not_renew_for_every_call(kind: str) -> None:
    with Vendor(asked={"GetAllConnections": [answer(401, b"<html>")] * 20}) as vendor:
        visitor = Visitor(vendor, kind=kind)
        Gateway(visitor.client).principal()
        for _ in range(5):
            with pytest.raises(UnauthorizedError):
                listed(visitor)
        assert vendor.issued == 2


@pytest.mark.parametrize("told", [answer(200, {"IsSuccessful": False, "ErrorMessage": "App is not approved."}), answer(401, b"<html>")])
def test_a_refused_login_says_so_and_calls_nothing(told: Any) -> None:
    with Vendor(asked={"Authenticate": [told] * 9}) as vendor:
        visitor = Visitor(vendor)
        for _ in range(4):
            with pytest.raises(UnauthorizedError):
                listed(visitor)
        with pytest.raises(UnauthorizedError) as caught:
            listed(visitor)
        assert len(vendor.calls("Authenticate")) == 3  # whoever is refused thrice is not let in the fourth time either
        assert vendor.calls("GetAllConnections") == []
        result = Gateway(visitor.client).toggle(110)
        assert (result.outcome, result.final) == (Outcome.NOT_APPLIED, False)
    assert caught.value.summary == "SuperOffice refused the login"
    assert "the tenant's administrator has to have approved the app" in caught.value.hint
    if told[0] == 200:
        assert "App is not approved." in caught.value.detail


def test_a_wrong_signature_is_told_without_a_secret() -> None:
    with Vendor() as vendor, pytest.raises(UnauthorizedError) as caught:
        listed(Visitor(vendor, signs_with="other"))
    assert caught.value.detail == "The system user login was refused: Bad signature."
    with Vendor() as vendor, pytest.raises(UnauthorizedError) as caught:
        listed(Visitor(vendor, app_token="another-app-token-canary"))
    assert caught.value.detail == "The system user login was refused: Unknown <secret>."


@pytest.mark.parametrize(("minutes", "side"), [(-11, "ahead of"), (11, "behind")])
def test_a_refusal_tells_how_far_the_clocks_are_apart(minutes: int, side: str) -> None:
    clock = FakeClock()
    date = format_datetime(clock.now() + timedelta(minutes=minutes), usegmt=True)
    body = {"IsSuccessful": False, "ErrorMessage": "Too old."}
    steps = [reply(200, {"ContextIdentifier": TENANT, "IsRunning": True, "Api": "http://127.0.0.1:1/api"}), reply(200, body, Date=date)]
    with Scripted(steps) as server:
        vendor: Any = type("Where", (), {"url": server.url.removesuffix("/SuperOffice")})
        with pytest.raises(UnauthorizedError, match=rf"clock is 660 s {side} the server's"):
            listed(Visitor(vendor, clock=clock))


@pytest.mark.parametrize(
    "told",
    [
        answer(200, {"IsSuccessful": True, "Token": None}),
        answer(200, {"IsSuccessful": "true", "Token": "x"}),
        answer(200, {"Token": "x"}),
        answer(200, None),
        answer(200, b"<html>", Content_Type="text/html"),
        answer(404, {"Message": "no"}),
        answer(302, None, Location="http://127.0.0.1:1/"),
    ],
)
def test_an_answer_that_is_no_login(told: Any) -> None:
    with Vendor(asked={"Authenticate": [told] * 9}) as vendor:
        with pytest.raises(TargetError) as caught:
            listed(Visitor(vendor, clock=FakeClock()))
        assert vendor.calls("GetAllConnections") == []
    assert caught.value.exit_code == 1


# --- what is believed of a token ---


def unsigned(claims: dict[str, Any], head: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none", headers=head)


def signed_with_the_public_key(claims: dict[str, Any], head: dict[str, Any]) -> str:
    """The old trick: the published key as the secret of a symmetric signature."""
    import hashlib
    import hmac
    import json

    def text(octets: bytes) -> str:
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    body = f"{text(json.dumps({'alg': 'HS256', 'typ': 'JWT', **head}).encode())}.{text(json.dumps(claims).encode())}"
    secret = key("vendor").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{body}.{text(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"


def with_another_algorithm(claims: dict[str, Any], head: dict[str, Any]) -> str:
    return jwt.encode(claims, key("vendor"), algorithm="RS512", headers=head)


def with_a_changed_claim(claims: dict[str, Any], head: dict[str, Any]) -> str:
    good = jwt.encode(claims, key("vendor"), algorithm="RS256", headers=head).split(".")
    other = jwt.encode({**claims, f"{CLAIM}ticket": "7T:another"}, key("other"), algorithm="RS256", headers=head).split(".")
    return f"{good[0]}.{other[1]}.{good[2]}"


def signed_by_somebody_else(claims: dict[str, Any], head: dict[str, Any]) -> str:
    return jwt.encode(claims, key("other"), algorithm="RS256", headers=head)


def nothing(claims: dict[str, Any], head: dict[str, Any]) -> str:
    return "not.a.token"


NOW = int(datetime.now(UTC).timestamp())
BAD: list[tuple[dict[str, Any], str]] = [
    ({"make_token": unsigned}, "is not signed with RS256"),
    ({"make_token": signed_with_the_public_key}, "is not signed with RS256"),
    ({"make_token": with_another_algorithm}, "is not signed with RS256"),
    ({"make_token": with_a_changed_claim}, "has a signature that does not fit"),
    ({"make_token": signed_by_somebody_else}, "has a signature that does not fit"),
    ({"make_token": nothing}, "cannot be read as a signed token"),
    ({"signer": "other"}, "names a key that the vendor does not publish"),
    ({"head": {"kid": None}}, "names a key that the vendor does not publish"),
    ({"published": ()}, "keys cannot be read"),
    ({"claims": {"iss": "Somebody AS"}}, "was not issued by SuperOffice AS"),
    ({"claims": {"iss": None}}, "cannot be read as a signed token"),
    ({"claims": {"aud": "spn:999"}}, "was made for another audience"),
    ({"claims": {"aud": None}}, "cannot be read as a signed token"),
    ({"claims": {"aud": "spn:", f"{CLAIM}serial": ""}}, "names no serial"),
    ({"claims": {f"{CLAIM}serial": None}}, "names no serial"),
    ({"claims": {"exp": NOW - 3600}}, "has expired"),
    ({"claims": {"exp": None}}, "cannot be read as a signed token"),
    ({"claims": {"nbf": NOW + 3600}}, "is not valid yet"),
    ({"claims": {f"{CLAIM}ctx": "Cust99999"}}, "was made for another tenant"),
    ({"claims": {f"{CLAIM}ctx": None}}, "was made for another tenant"),
    ({"claims": {f"{CLAIM}ticket": None}}, "holds no ticket"),
    ({"claims": {f"{CLAIM}ticket": "7T:a\r\nX-Evil: 1"}}, "holds no ticket"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_a_token_that_is_not_right_in_everything_is_not_believed(change: dict[str, Any], words: str) -> None:
    with Vendor(**change) as vendor:
        with pytest.raises(TargetError) as caught:
            listed(Visitor(vendor))
        assert vendor.calls("GetAllConnections") == []
    assert caught.value.summary == "The login was answered with a token that is not believed"
    assert words in caught.value.detail
    assert "ticket-canary" not in str(caught.value)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("head", [{"x5t": "thumb-vendor", "kid": None}, {"x5t": "thumb-vendor", "kid": "unknown"}])
def test_a_key_may_be_named_by_its_thumbprint(head: dict[str, Any]) -> None:
    with Vendor(head=head) as vendor:
        assert listed(Visitor(vendor)) == [110]


def test_a_key_is_chosen_by_its_name_and_not_by_its_place() -> None:
    with Vendor(published=("other", "vendor")) as vendor:
        assert listed(Visitor(vendor)) == [110]


def test_keys_that_were_exchanged_are_fetched_again() -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor)
        listed(visitor)
        vendor.valid.clear()
        vendor.signer, vendor.published = "other", ("other",)
        assert listed(visitor) == [110]
        assert len(vendor.calls("jwks")) == 2


def test_keys_that_cannot_be_used_do_not_hide_those_that_can() -> None:
    keys: list[Any] = [None, {}, {"kty": "RSA", "kid": "vendor"}, {"kty": "EC", "kid": "x"}, public_key("vendor")]
    with Vendor(asked={"jwks": [answer(200, {"keys": keys})]}) as vendor:
        assert listed(Visitor(vendor)) == [110]


# --- private keys ---


def pem(form: PrivateFormat) -> str:
    return key("app").private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def xml() -> str:
    numbers = key("app").private_numbers()
    public = numbers.public_numbers
    members = {
        "Modulus": public.n,
        "Exponent": public.e,
        "P": numbers.p,
        "Q": numbers.q,
        "DP": numbers.dmp1,
        "DQ": numbers.dmq1,
        "InverseQ": numbers.iqmp,
        "D": numbers.d,
    }
    texts = {name: base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8)).decode() for name, number in members.items()}
    return "<RSAKeyValue>" + "".join(f"<{name}>{text}</{name}>" for name, text in texts.items()) + "</RSAKeyValue>"


KEYS: dict[str, Callable[[], str]] = {
    "PKCS8": lambda: pem(PrivateFormat.PKCS8),
    "PKCS1": lambda: pem(PrivateFormat.TraditionalOpenSSL),
    "CRLF": lambda: pem(PrivateFormat.PKCS8).replace("\n", "\r\n"),
    "one line": lambda: pem(PrivateFormat.PKCS8).replace("\n", "\\n"),
    "XML": xml,
    "XML with a header, lines and a mark": lambda: "\ufeff" + xml().replace("><", ">\r\n  <") + "\n",
}


@pytest.mark.parametrize("form", KEYS)
def test_a_private_key_in_every_form_in_which_people_have_it(form: str) -> None:
    assert private_key(Secret(KEYS[form]())).private_numbers() == key("app").private_numbers()


WRONG_KEYS: dict[str, tuple[Callable[[], str], str]] = {
    "protected": (lambda: key("app").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode(), "password"),
    "elliptic": (
        lambda: generate_ec_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "not an RSA key",
    ),
    "public": (lambda: key("app").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), "is a public key"),
    "public XML": (lambda: xml()[: xml().index("<P>")] + "</RSAKeyValue>", "is a public key"),
    "certificate": (lambda: trustme.CA().cert_pem.bytes().decode(), "is a certificate"),
    "cut": (lambda: pem(PrivateFormat.PKCS8)[:200], "damaged"),
    "cut XML": (lambda: xml().replace("<P>", "<X>"), "damaged"),
    "changed XML": (lambda: xml().replace("<Exponent>AQAB", "<Exponent>AQAD"), "damaged"),
    "other XML": (lambda: "<key/>", "not <RSAKeyValue>"),
    "entities": (lambda: "<!DOCTYPE x [<!ENTITY a 'b'>]><RSAKeyValue>&a;</RSAKeyValue>", "not <RSAKeyValue>"),
    "text": (lambda: "canary-key", "neither PEM"),
    "long": (lambda: "<" + "x" * 20000, "too long"),
}


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_a_key_that_cannot_be_used_is_told_without_showing_it(name: str) -> None:
    make, words = WRONG_KEYS[name]
    with pytest.raises(UnusableKey, match=words) as caught:
        private_key(Secret(make()))
    assert caught.value.__cause__ is None
    assert "canary" not in str(caught.value)


# --- refresh tokens ---


def test_a_refresh_token_is_exchanged_in_the_body_and_used_while_it_lives() -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor, kind="refresh-token")
        for _ in range(3):
            listed(visitor)
        (login,) = vendor.calls("tokens")
        assert login.path == "/login/common/oauth/tokens"
        assert login.headers["content-type"] == "application/x-www-form-urlencoded"
        for call in vendor.calls("GetAllConnections"):
            assert call.headers["authorization"] == "Bearer 8A:Cust12345.access-canary-1"
            assert "so-apptoken" not in call.headers


def test_an_access_token_is_exchanged_before_it_ends() -> None:
    clock = FakeClock()
    with Vendor() as vendor:
        visitor = Visitor(vendor, kind="refresh-token", clock=clock, timeouts=Timeouts())
        listed(visitor)
        clock.sleep(3500)
        listed(visitor)
        assert vendor.issued == 1
        clock.sleep(60)
        listed(visitor)
        assert vendor.issued == 2
        assert len(vendor.calls("GetAllConnections")) == 3  # none of them was refused


@pytest.mark.parametrize("lives", [None, "3600", True, 0, -5])
def test_a_token_that_does_not_say_how_long_it_lives_is_used_until_it_is_refused(lives: Any) -> None:
    clock = FakeClock()
    with Vendor(expires_in=lives) as vendor:
        visitor = Visitor(vendor, kind="refresh-token", clock=clock)
        listed(visitor)
        clock.sleep(86400)
        listed(visitor)
        assert vendor.issued == 1


def test_a_refresh_token_that_was_revoked() -> None:
    with Vendor() as vendor:
        with pytest.raises(UnauthorizedError) as caught:
            listed(Visitor(vendor, kind="refresh-token", refresh_token="revoked-canary-123"))
        assert vendor.calls("GetAllConnections") == []
    assert "invalid_grant" in caught.value.detail
    assert CLIENT_SECRET not in caught.value.detail
    assert "revoked-canary" not in caught.value.detail
    assert "log in once more" in caught.value.hint


def test_a_refresh_token_of_another_tenant_is_not_used() -> None:
    with Vendor(access_token="8A:Cust99.access") as vendor:
        with pytest.raises(TargetError, match="belongs to another tenant than Cust12345"):
            listed(Visitor(vendor, kind="refresh-token"))
        assert vendor.calls("GetAllConnections") == []


@pytest.mark.parametrize(
    "content", [None, [], {}, {"access_token": 5}, {"access_token": ""}, {"access_token": "a b"}, {"access_token": "a\nb"}]
)
def test_an_answer_that_is_no_access_token(content: Any) -> None:
    with Vendor(asked={"tokens": [answer(200, content)]}) as vendor:
        with pytest.raises(TargetError, match="no access token"):
            listed(Visitor(vendor, kind="refresh-token"))
        assert vendor.calls("GetAllConnections") == []


# --- a ticket from elsewhere ---


@pytest.mark.parametrize(("app_token", "expected"), [(None, None), (Secret("app"), "app")])
def test_a_ticket_is_sent_as_it_is_and_cannot_be_renewed(app_token: Secret | None, expected: str | None) -> None:
    with Scripted([reply(401, body=b"")]) as server:
        auth = Ticket(Secret("7T:mine"), app_token)
        client = Client(server.url, auth, timeouts=PATIENT, limits=Limits(), clock=RealClock())
        with pytest.raises(UnauthorizedError) as caught:
            Gateway(client).principal()
        assert [(call.headers["authorization"], call.headers.get("so-apptoken")) for call in server.got] == [("SOTicket 7T:mine", expected)]
    assert "cannot make another" in caught.value.hint


# --- nobody else gets a credential ---


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("last", ["Authenticate", "tokens", "jwks", TENANT, "GetAllConnections", "ToggleErpConnectionActive"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_and_nothing_reaches_the_other_host(kind: str, last: str, status: int) -> None:
    with Scripted([reply(content=[])]) as other, Vendor() as vendor:
        vendor.asked = {last: [answer(status, None, Location=other.url)] * 9}
        visitor = Visitor(vendor, kind=kind, clock=FakeClock())
        gateway = Gateway(visitor.client)
        for act in (lambda: gateway.list_connections(include_deleted=False), lambda: gateway.toggle(110)):
            with contextlib.suppress(TargetError):
                act()
        assert other.got == []
        assert other.connections == 0


def test_what_every_login_says_of_its_secrets() -> None:
    with Vendor() as vendor:
        visitor = Visitor(vendor)
        listed(visitor)
        assert {APP_TOKEN, SYSTEM_TOKEN, "7T:ticket-canary-1"} <= set(visitor.auth.secrets())
        visitor = Visitor(vendor, kind="refresh-token")
        listed(visitor)
        assert set(visitor.auth.secrets()) == {CLIENT_SECRET, REFRESH_TOKEN, "8A:Cust12345.access-canary-2"}
