"""The emulator as an Online tenant: state, login, keys, tokens, hosts, as a raw client meets them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from cryptography.hazmat.primitives import serialization

from reconciler.emulator import DoorSwitches, Emulator, Fault, FaultKind, Online
from tests.emulator.api import Api, Reply
from tests.emulator.conftest import VirtualClock
from tests.emulator.tenant import CLAIM, JWKS, LOGIN, WHO, Application, claims, fetch, header, verified_by


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(online=Online()) as made:
        yield made
        assert made.errors == []


@pytest.fixture
def app(emulator: Emulator) -> Application:
    return Application(emulator)


# ---- the tenant's state ----------------------------------------------------------------------------------------------


def test_the_state_says_where_the_tenant_is_and_until_when_to_believe_it(app: Application, emulator: Emulator) -> None:
    emulator.door.switches.state_valid_s = 600
    state = app.state()
    assert state["ContextIdentifier"] == "Cust12345"
    assert (state["State"], state["IsRunning"]) == ("Running", True)
    assert state["Api"] == f"{state['Endpoint']}/api" == emulator.api_url
    assert not state["Api"].startswith(emulator.url)
    until = datetime.fromisoformat(state["ValidUntil"])
    assert timedelta(minutes=9) < until - datetime.now(UTC) <= timedelta(minutes=10)
    assert app.state("cust12345")["Api"] == state["Api"]
    assert emulator.calls[0].operation == "state"


def test_a_tenant_that_nobody_knows(app: Application) -> None:
    assert fetch(f"{app.root}/api/state/Cust1").status == 404


@pytest.mark.parametrize(
    ("state", "running"),
    [
        ("Running", True),
        ("OnlineMaintenance", True),
        ("OfflineMaintenance", False),
        ("Suspended", False),
        ("MigrationPending", False),
        ("Deleted", False),
    ],
)
def test_the_api_answers_only_while_the_tenant_runs(app: Application, emulator: Emulator, state: str, running: bool) -> None:
    ticket = app.ticket()
    emulator.door.switches.set("tenant_state", state)
    assert (app.state()["State"], app.state()["IsRunning"]) == (state, running)
    reply = app.get_with(ticket)
    assert reply.status == (200 if running else 503)
    if not running:
        assert reply.headers["content-type"].startswith("text/html")
        assert state in reply.body.decode()
    assert app.log_in().json["IsSuccessful"] is running


def test_the_state_can_name_an_address_that_nobody_should_send_a_credential_to(app: Application, emulator: Emulator) -> None:
    emulator.door.switches.state_names = "foreign_host"
    assert app.state()["Api"] == "https://online2.superoffice.com.example.net/Cust12345/api"
    emulator.door.switches.state_names = "plain_http"
    assert app.state()["Api"].startswith("http://online2.superoffice.com/")


# ---- hosts -----------------------------------------------------------------------------------------------------------


def test_a_tenant_that_moves_is_gone_from_its_old_host_and_found_through_its_state(app: Application, emulator: Emulator) -> None:
    ticket = app.ticket()
    old = app.state()["Api"]
    emulator.door.switches.tenant_host = 2
    gone = fetch(old + WHO, Authorization=f"SOTicket {ticket}", SO_AppToken=app.own.client_secret)
    assert gone.status == 421
    assert "wrong subdomain" in gone.body.decode()
    assert app.state()["Api"] != old
    assert app.get_with(ticket).status == 200
    assert [(call.host, call.status) for call in emulator.calls if call.operation == "User/currentPrincipal"] == [(1, 421), (2, 200)]
    emulator.door.switches.tenant_host = 1
    assert app.state()["Api"] == old
    assert app.get_with(ticket).status == 200


def test_the_root_is_not_for_data_and_a_host_is_not_for_logins(app: Application, emulator: Emulator) -> None:
    host = app.state()["Api"].removesuffix("/Cust12345/api")
    assert fetch(f"{app.root}/Cust12345/api{WHO}").status == 421
    assert fetch(f"{host}/api/state/Cust12345").status == 421
    assert fetch(host + LOGIN, "POST", {}).status == 421
    assert fetch(host + "/Cust54321/api" + WHO).status == 404
    assert fetch(f"{app.root}/api{WHO}").status == 404
    assert "effect" not in {call.operation for call in emulator.calls if call.effect}


def test_hosts_with_names_are_told_apart_by_the_name_that_was_called() -> None:
    played = Online(
        root_url="https://online.superoffice.com", host_urls=("https://online2.superoffice.com", "https://online3.superoffice.com")
    )
    with Emulator(online=played) as emulator:
        root = emulator.url.rstrip("/")
        app = Application(emulator)
        state = fetch(f"{root}/api/state/Cust12345", Host="online.superoffice.com").json
        assert state["Api"] == "https://online2.superoffice.com/Cust12345/api"
        ticket = emulator.door.ticket()
        sent: Any = {"Authorization": f"SOTicket {ticket}", "SO_AppToken": app.own.client_secret}
        assert fetch(f"{root}/Cust12345/api{WHO}", Host="online2.superoffice.com", **sent).status == 200
        assert fetch(f"{root}/Cust12345/api{WHO}", Host="online3.superoffice.com", **sent).status == 421
        emulator.door.switches.tenant_host = 2
        assert fetch(f"{root}/Cust12345/api{WHO}", Host="online3.superoffice.com", **sent).status == 200
        assert fetch(f"{root}/Cust12345/api{WHO}", Host="online2.superoffice.com", **sent).status == 421


def test_hosts_keep_their_addresses_over_a_stop(app: Application, emulator: Emulator) -> None:
    before = app.state()["Api"]
    emulator.stop()
    with pytest.raises(OSError, match="refused"):
        fetch(before + WHO)
    emulator.start()
    assert app.state()["Api"] == before
    assert app.get_with(app.ticket()).status == 200


# ---- the login of the system user ------------------------------------------------------------------------------------


def test_a_login_gives_a_signed_token_with_a_ticket_that_opens_the_api(app: Application, emulator: Emulator) -> None:
    answer = app.log_in().json
    assert (answer["IsSuccessful"], answer["ErrorMessage"]) == (True, None)
    token = answer["Token"]
    said = claims(token)
    assert (header(token)["alg"], said["iss"], said["aud"]) == ("RS256", "SuperOffice AS", f"spn:{said[CLAIM + 'serial']}")
    assert said[f"{CLAIM}ctx"] == "Cust12345"
    assert said[f"{CLAIM}netserver_url"].startswith(app.state()["Endpoint"])
    assert said["nbf"] <= time.time() < said["exp"] <= time.time() + 301
    ticket = said[f"{CLAIM}ticket"]
    assert ticket.startswith("7T:")
    who = app.get_with(ticket).json
    assert (who["UserType"], who["DatabaseContextIdentifier"], who["FunctionRights"]) == ("SystemAssociate", "Cust12345", ["admin-all"])
    assert app.agent("GetAllConnections", ticket).json == []
    emulator.door.switches.function_rights = "none"
    assert app.get_with(ticket).json["FunctionRights"] == []


def test_the_published_keys_are_chosen_by_id_not_by_place(app: Application, emulator: Emulator) -> None:
    token = app.log_in().json["Token"]
    first, second = app.published()
    assert header(token)["kid"] == second["kid"]
    assert (verified_by(token, first), verified_by(token, second)) == (False, True)
    emulator.door.rotate_keys()
    rotated = app.log_in().json["Token"]
    assert header(rotated)["kid"] not in (first["kid"], second["kid"])
    assert [verified_by(rotated, key) for key in app.published()] == [False, False, True]
    about = fetch(f"{app.root}/login/.well-known/openid-configuration").json
    assert (about["issuer"], about["jwks_uri"]) == (app.root, app.root + JWKS)
    assert "client_credentials" not in about["grant_types_supported"]


def _refused(reply: Reply) -> str:
    assert (reply.status, reply.json["IsSuccessful"], reply.json["Token"]) == (200, False, None)
    return str(reply.json["ErrorMessage"])


def test_a_login_is_refused_with_200_and_a_flag(app: Application, emulator: Emulator) -> None:
    now = datetime.now(UTC)
    assert "application token" in _refused(app.log_in(ApplicationToken="other"))
    assert "context identifier" in _refused(app.log_in(ContextIdentifier="Cust1"))
    assert "token type" in _refused(app.log_in(ReturnTokenType="SAML"))
    assert "system user token is not known" in _refused(app.log_in(SignedSystemToken=app.signed(token="Reconciler-other")))
    assert "out of range" in _refused(app.log_in(SignedSystemToken=app.signed(now - timedelta(minutes=5))))
    assert "out of range" in _refused(app.log_in(SignedSystemToken=app.signed(now + timedelta(minutes=5))))
    signed = app.signed()
    assert "signature" in _refused(app.log_in(SignedSystemToken=signed[:-8] + "AAAAAAA="))
    for nonsense in ("", "a.b", None, 5, signed + "!", signed.rpartition(".")[0]):
        assert "cannot be read" in _refused(app.log_in(SignedSystemToken=nonsense))
    assert fetch(app.root + LOGIN, "POST", ["nothing"]).status == 400
    emulator.door.switches.refused_login = "forbidden"
    assert app.log_in(ApplicationToken="other").status == 403
    assert emulator.door.expire() == 0


def test_the_minute_counts_by_the_clock_of_the_server(app: Application, emulator: Emulator) -> None:
    emulator.door.switches.clock_ahead_s = 600
    reply = app.log_in()
    assert "out of range" in _refused(reply)
    ahead = datetime.strptime(reply.headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(minutes=9) < ahead < timedelta(minutes=11)
    emulator.door.switches.minute_tolerance = 15
    assert app.log_in().json["IsSuccessful"] is True


def test_the_answer_to_a_login_can_be_forged_in_every_way(app: Application, emulator: Emulator) -> None:
    """Each forgery is wrong in the one way that its name says, so that a client that misses one check is caught by one test."""

    def token(forged: str) -> str:
        emulator.door.switches.set("login_answer", forged)
        return str(app.log_in().json["Token"])

    keys = {key["kid"]: key for key in app.published()}
    now = time.time()
    for forged, wrong in {
        "expired": lambda said: said["exp"] < now,
        "not_yet": lambda said: said["nbf"] > now,
        "other_audience": lambda said: said["aud"] != f"spn:{said[CLAIM + 'serial']}",
        "other_issuer": lambda said: said["iss"] != "SuperOffice AS",
        "other_tenant": lambda said: said[f"{CLAIM}ctx"] != "Cust12345",
        "no_ticket": lambda said: f"{CLAIM}ticket" not in said,
    }.items():
        made = token(forged)
        assert wrong(claims(made)), forged
        assert verified_by(made, keys[header(made)["kid"]])
    for forged in ("tampered", "wrong_key"):
        made = token(forged)
        assert not verified_by(made, keys[header(made)["kid"]])
        assert claims(made)["aud"].startswith("spn:")
    assert header(token("unknown_key"))["kid"] not in keys
    unsigned = token("unsigned")
    assert (header(unsigned)["alg"], unsigned.rpartition(".")[2]) == ("none", "")
    shared = token("shared_secret")
    assert header(shared)["alg"] == "HS256"
    content, _, signature = shared.rpartition(".")
    public = emulator.door._identity.keys[-1].key.public_key()
    text = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert base64.urlsafe_b64decode(signature + "=") == hmac.digest(text, content.encode(), hashlib.sha256)


def test_the_key_of_the_application_comes_as_pem_and_as_the_portal_shows_it(app: Application, emulator: Emulator) -> None:
    found = {one.tag: int.from_bytes(base64.b64decode(one.text or ""), "big") for one in fromstring(emulator.door.private_key_xml)}
    private = app.key.private_numbers()
    public = private.public_numbers
    assert found == {
        "Modulus": public.n, "Exponent": public.e, "P": private.p, "Q": private.q, "DP": private.dmp1, "DQ": private.dmq1, "InverseQ": private.iqmp, "D": private.d,
    }  # fmt: skip
    assert app.own.private_key not in repr(app.own)
    assert app.own.client_secret not in repr(app.own)


# ---- tickets and tokens ----------------------------------------------------------------------------------------------


def test_a_ticket_slides_and_then_expires(clock: VirtualClock) -> None:
    with Emulator(online=Online(), clock=clock) as emulator:
        app = Application(emulator)
        ticket = emulator.door.ticket("system")
        for _ in range(3):
            clock.sleep(5 * 3600)
            assert app.get_with(ticket).status == 200
        emulator.door.switches.ticket_lives_s = 600
        clock.sleep(599)
        assert app.get_with(ticket).status == 200
        clock.sleep(600)
        reply = app.get_with(ticket)
        assert (reply.status, reply.headers["content-type"][:9]) == (401, "text/html")
        assert reply.headers["www-authenticate"] == 'Basic realm="SuperOffice Username or Ticket"'
        assert app.get_with(ticket).status == 401


def test_a_token_expires_whether_it_is_used_or_not(clock: VirtualClock) -> None:
    with Emulator(online=Online(), clock=clock) as emulator:
        app = Application(emulator)
        assert app.tokens().json["expires_in"] == 3600
        emulator.door.switches.token_lives_s = 3601
        token = app.tokens().json["access_token"]
        clock.sleep(3000)
        assert app.get(authorization=f"Bearer {token}").status == 200
        clock.sleep(601)
        assert app.get(authorization=f"Bearer {token}").status == 401


def test_a_ticket_can_last_a_number_of_calls_and_a_word_ends_them_all(app: Application, emulator: Emulator) -> None:
    emulator.door.switches.lives_calls = 2
    ticket = app.ticket()
    assert [app.get_with(ticket).status for _ in range(4)] == [200, 200, 401, 401]
    emulator.door.switches.lives_calls = 0
    again = app.ticket()
    assert emulator.door.expire() == 1
    assert app.get_with(again).status == 401
    assert app.get_with(app.ticket()).status == 200


def test_a_ticket_needs_the_token_of_the_application_beside_it(app: Application, emulator: Emulator) -> None:
    ticket = app.ticket()
    assert app.get(authorization=f"SOTicket {ticket}").status == 401
    assert app.get(authorization=f"SOTicket {ticket}", SO_AppToken="other").status == 401
    assert app.get(authorization=f"soticket {ticket}", SO_AppToken=app.own.client_secret).status == 200
    emulator.door.switches.app_token_required = False
    assert app.get(authorization=f"SOTicket {ticket}").status == 200
    assert app.get(authorization="SOTicket 7T:other", SO_AppToken=app.own.client_secret).status == 401


def test_a_name_and_a_password_open_nothing_online(app: Application) -> None:
    basic = base64.b64encode(b"admin:admin").decode()
    assert app.get(authorization=f"Basic {basic}").status == 401
    assert app.get().status == 401


def test_onsite_a_ticket_and_a_token_open_the_api_beside_the_password() -> None:
    with Emulator() as emulator:
        url = emulator.url + "api" + WHO
        assert fetch(url, Authorization=f"SOTicket {emulator.door.ticket()}").json["UserType"] == "InternalAssociate"
        assert fetch(url, Authorization=f"Bearer {emulator.door.token()}").status == 200
        assert fetch(url, Authorization=f"Bearer {emulator.door.ticket()}").status == 401
        assert fetch(f"{emulator.url}api/state/Cust12345").status == 401
        with pytest.raises(LookupError, match="onsite"):
            _ = emulator.door.credentials


def test_a_refresh_token_gives_access_tokens_again_and_again(app: Application, emulator: Emulator) -> None:
    answer = app.tokens().json
    assert (answer["token_type"], answer["expires_in"], sorted(answer)) == (
        "Bearer",
        3600,
        ["access_token", "expires_in", "id_token", "token_type"],
    )
    assert answer["access_token"].startswith("8A:Cust12345.")
    said = claims(answer["id_token"])
    assert (said["iss"], said["aud"]) == (app.root, app.own.client_id)
    assert app.get(authorization=f"Bearer {answer['access_token']}").json["UserType"] == "InternalAssociate"
    assert app.tokens().json["access_token"] != answer["access_token"]


def test_the_token_endpoint_refuses_as_the_standard_says(app: Application, emulator: Emulator) -> None:
    for changes, status, code in (
        ({"client_secret": "other"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"refresh_token": "other"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ):
        reply = app.tokens(**changes)
        assert (reply.status, reply.json) == (status, {"error": code})


def test_where_the_token_endpoint_looks_for_its_parameters(app: Application, emulator: Emulator) -> None:
    own = app.own
    query = f"?grant_type=refresh_token&client_id={own.client_id}&client_secret={own.client_secret}&refresh_token={own.refresh_token}"
    basic = "Basic " + base64.b64encode(f"{own.client_id}:{own.client_secret}".encode()).decode()
    url = app.root + "/login/common/oauth/tokens"

    def statuses() -> tuple[int, int]:
        return app.tokens().status, fetch(url + query, "POST").status

    assert statuses() == (200, 200)
    emulator.door.switches.oauth_parameters = "body"
    assert statuses() == (200, 401)
    emulator.door.switches.oauth_parameters = "query"
    assert statuses() == (401, 200)
    emulator.door.switches.oauth_parameters = "both"
    assert fetch(f"{url}?grant_type=refresh_token&refresh_token={own.refresh_token}", "POST", Authorization=basic).status == 200
    assert fetch(f"{url}?grant_type=refresh_token", "POST", Authorization="Basic !").status == 401


# ---- rights, pace, faults --------------------------------------------------------------------------------------------


def test_the_agent_is_not_granted_but_everything_else_answers(app: Application, emulator: Emulator) -> None:
    ticket = app.ticket()
    emulator.switches.agent_granted = False
    for refusal, status in (("forbidden", 403), ("unauthorized", 401), ("error_object", 200)):
        emulator.door.switches.set("agent_refusal", refusal)
        reply = app.agent("GetAllConnections", ticket)
        assert reply.status == status
        if status != 401:
            assert reply.json["Error"] is True
        assert app.get_with(ticket).status == 200
        assert app.get_with(ticket, "/v1/MDOList/usergroup").status == 200


@pytest.mark.parametrize(
    ("throttled", "kind"), [("seconds", str.isdecimal), ("date", lambda text: text.endswith(" GMT")), ("silent", None)]
)
def test_a_pace_that_is_held_with_and_without_a_word_when_to_come_back(clock: VirtualClock, throttled: str, kind: Any) -> None:
    with Emulator(clock=clock) as emulator:
        api = Api(emulator)
        emulator.door.switches.set("throttled", throttled)
        emulator.door.switches.calls_per_second = 3
        replies = [api.post("GetAllConnections") for _ in range(5)]
        reply = replies[-1]
        assert [one.status for one in replies] == [200, 200, 200, 429, 429]
        assert kind(reply.headers["retry-after"]) if kind else "retry-after" not in reply.headers
        clock.sleep(1)
        assert api.post("GetAllConnections").status == 200
        emulator.door.switches.calls_per_second = 0.5
        clock.sleep(2)
        assert [api.post("GetAllConnections").status for _ in range(2)] == [200, 429]
        emulator.door.switches.calls_per_second = 0
        assert api.post("GetAllConnections").status == 200
        api.http.close()


@pytest.mark.parametrize("operation", ["state", "login", "jwks", "oauth/tokens", "openid-configuration"])
def test_faults_hit_logins_as_they_hit_everything_else(app: Application, emulator: Emulator, operation: str) -> None:
    url = app.root + {"state": "/api/state/Cust12345", "login": LOGIN, "jwks": JWKS, "oauth/tokens": "/login/common/oauth/tokens"}.get(
        operation, "/login/.well-known/" + operation
    )
    method = "POST" if operation in ("login", "oauth/tokens") else "GET"
    normal = fetch(url, method).status
    emulator.faults.add(Fault(operation, FaultKind.UNAVAILABLE, retry_after_s=3))
    hit = fetch(url, method)
    assert (hit.status, hit.headers["retry-after"]) == (503, "3")
    assert fetch(url, method).status == normal != 503


def test_a_hook_can_move_the_tenant_at_the_very_moment_of_a_call(app: Application, emulator: Emulator) -> None:
    ticket = app.ticket()
    emulator.before_call = lambda call: setattr(emulator.door.switches, "tenant_host", 2) if call.operation == "GetAllConnections" else None
    assert app.agent("GetAllConnections", ticket).status == 421
    emulator.before_call = None
    assert app.agent("GetAllConnections", ticket).status == 200


# ---- controls --------------------------------------------------------------------------------------------------------


def test_the_door_is_controlled_over_http_and_stored_like_every_other_switch(tmp_path: Path) -> None:
    path = tmp_path / "emulator.db"
    with Emulator(path, online=Online()) as emulator:
        app, api = Application(emulator), Api(emulator)
        ticket = app.ticket()
        assert api.control("switch", tenant_state="OfflineMaintenance").status == 200
        assert app.state()["IsRunning"] is False
        assert api.control("move").json == {"host": 2}
        assert api.control("expire").json == {"expired": 1}
        assert api.control("rotate-keys").json == {"done": "rotate-keys"}
        jwt = app.tokens().json["id_token"]
        assert len(app.published()) == 3
        assert api.send("GET", "/emulator/switches").json["tenant_host"] == 2
        wrong = api.control("switch", tenant_state="Asleep").json["error"]
        assert "tenant_state is one of Unknown, Provisioning" in wrong
        assert "tenant_host is one of a number" in api.control("switch", tenant_host="far").json["error"]
        assert "no switch is called 'nothing'" in api.control("switch", nothing=1).json["error"]
        shown = json.dumps(api.send("GET", "/emulator/calls").json)
        assert '"operation": "login"' in shown
        issued = [call.response["Token"] for call in emulator.calls if call.operation == "login"]
        for secret in (*issued, ticket, jwt, app.own.client_secret, app.own.system_token, app.own.refresh_token):
            assert secret not in shown
        api.http.close()
    with Emulator(path, online=Online()) as again:
        assert (again.door.switches.tenant_host, again.door.switches.tenant_state) == (2, "OfflineMaintenance")
    with Emulator(path, online=Online(), door=DoorSwitches(tenant_host=4)) as third:
        assert (third.door.switches.tenant_host, third.door.switches.tenant_state) == (4, "Running")
    with Emulator() as onsite:
        api = Api(onsite)
        refused = api.control("rotate-keys")
        api.http.close()
        assert (refused.status, "onsite" in refused.json["error"]) == (400, True)


def test_every_switch_of_the_door_is_exercised_by_a_test() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [one.name for one in fields(DoorSwitches) if f'"{one.name}"' not in text and f"switches.{one.name}" not in text] == []
