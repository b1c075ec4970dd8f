"""What can be wrong with a tenant on the day: each ends with the right code, says what to do, and sends no write blindly."""

import itertools

import pytest

from reconciler.emulator import Emulator, Fault, FaultKind
from reconciler.emulator.certificates import Certificates
from tests.online.conftest import KINDS, LOGIN, Place

EXPIRE = KINDS[1:]
TOGGLE = "ToggleErpConnectionActive"


def once_each(place: Place, kind: str) -> bool:
    """No write was repeated after an outcome that is not known to be nothing: two of the same in a row have a read between them."""
    calls = place.emulators[kind].calls
    for before, after in itertools.pairwise(calls):
        if before.writes and after.writes and (before.operation, before.request) == (after.operation, after.request):
            return False
    return True


# --- a tenant that moves, rests, or is busy ---


@pytest.mark.parametrize("operation", ["GetConnection", "SaveConnection", TOGGLE, "UpdateConnectionFields"])
def test_a_tenant_that_moves_in_the_middle_of_an_apply(place: Place, operation: str) -> None:
    emulator = place.emulators["system-user"]
    hosts: list[int] = []

    def move(call: object) -> None:
        if getattr(call, "operation", "") == operation and not hosts:
            hosts.append(2)
            emulator.door.switches.tenant_host = 2

    assert place.run("system-user", "apply", "--yes").code == 0
    place.change("IntegerField: 12", "IntegerField: 13")
    emulator.clear_calls()
    emulator.before_call = move
    done = place.run("system-user", "apply", "--yes")
    assert done.code == 0, done.err
    assert hosts == [2]
    assert any(call.status == 421 for call in emulator.calls)
    assert place.row("system-user")["Active"] is True
    assert once_each(place, "system-user")
    assert place.run("system-user", "plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("throttled", ["seconds", "date", "silent"])
def test_a_tenant_that_lets_few_calls_through(place: Place, throttled: str) -> None:
    emulator = place.emulators["system-user"]
    switches = emulator.door.switches
    switches.calls_per_second = 20
    switches.set("throttled", throttled)
    done = place.run("system-user", "apply", "--yes")
    assert done.code == 0, done.err
    assert once_each(place, "system-user")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("OfflineMaintenance", "under maintenance"),
        ("Suspended", "suspended"),
        ("MigrationPending", "waits to be moved"),
        ("Deleted", "is deleted"),
        ("Deleting", "being deleted"),
        ("Provisioning", "being set up"),
        ("ProvisioningFailed", "does not run (state ProvisioningFailed)"),
        ("DeleteFailed", "does not run (state DeleteFailed)"),
        ("Unknown", "does not run (state Unknown)"),
    ],
)
def test_a_tenant_that_does_not_run(place: Place, state: str, words: str) -> None:
    place.emulators["system-user"].door.switches.set("tenant_state", state)
    for arguments in (("plan",), ("apply", "--yes"), ("status",)):
        ran = place.run("system-user", *arguments)
        assert ran.code == 1
        assert words in ran.err
    check = place.run("system-user", "target", "check")
    assert check.code == 3
    assert words in check.out
    assert place.writes("system-user") == []


def test_a_tenant_under_online_maintenance_is_used(place: Place) -> None:
    place.emulators["system-user"].door.switches.tenant_state = "OnlineMaintenance"
    assert place.run("system-user", "apply", "--yes").code == 0


@pytest.mark.parametrize("names", ["foreign_host", "plain_http"])
def test_a_state_that_leads_elsewhere(place: Place, names: str) -> None:
    place.emulators["system-user"].door.switches.set("state_names", names)
    ran = place.run("system-user", "plan")
    assert ran.code == 1
    assert "to which no login may be sent" in ran.err
    assert [call.operation for call in place.emulators["system-user"].calls if call.scheme] == []


# --- logins ---

WRONG = {
    "tampered": "has a signature that does not fit",
    "expired": "has expired",
    "not_yet": "is not valid yet",
    "other_audience": "was made for another audience",
    "other_issuer": "was not issued by SuperOffice AS",
    "other_tenant": "was made for another tenant",
    "no_ticket": "holds no ticket",
    "unsigned": "is not signed with RS256",
    "wrong_key": "has a signature that does not fit",
    "unknown_key": "names a key that the vendor does not publish",
    "shared_secret": "is not signed with RS256",
}


@pytest.mark.parametrize("answer", WRONG)
def test_a_login_that_is_answered_with_a_wrong_token(place: Place, answer: str) -> None:
    place.emulators["system-user"].door.switches.set("login_answer", answer)
    ran = place.run("system-user", "plan")
    assert ran.code == 1
    assert WRONG[answer] in ran.err
    assert [call.operation for call in place.emulators["system-user"].calls if call.scheme] == []


@pytest.mark.parametrize("how", ["flag", "forbidden"])
def test_a_login_that_is_refused(place: Place, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place.emulators["system-user"].door.switches.set("refused_login", how)
    monkeypatch.setenv("SO_SYSTEM_TOKEN", "another-canary-of-the-tenant")
    ran = place.run("system-user", "plan")
    assert ran.code == 1
    assert "SuperOffice refused the login" in ran.err
    assert "another-canary" not in ran.err


def test_a_clock_that_is_wrong_is_named(place: Place) -> None:
    place.emulators["system-user"].door.switches.clock_ahead_s = 1200
    ran = place.run("system-user", "plan")
    assert ran.code == 1
    assert "behind the server's" in ran.err
    place.emulators["onsite"].door.switches.clock_ahead_s = 1200
    check = place.run("onsite", "target", "check")
    assert check.code == 0
    assert "behind the server" in check.out
    assert "Set this machine's clock right" in check.out
    said = place.run("system-user", "target", "check").out
    assert "login: Set this machine's clock right, and repeat the command. If that is not enough: check the references" in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["forbidden", "unauthorized", "error_object"])
def test_an_agent_that_is_not_granted(place: Place, kind: str, how: str) -> None:
    emulator = place.emulators[kind]
    emulator.switches.agent_granted = False
    emulator.door.switches.set("agent_refusal", how)
    ran = place.run(kind, "plan")
    assert ran.code == 1
    check = place.run(kind, "target", "check")
    assert check.code == 3
    assert "login        good" in check.out
    assert "agent        missing" in check.out
    if kind != "onsite":
        assert "Standard ERP sync and quote app" in check.out
        said = "gives no usable answer, although the login is good" if how == "error_object" else "The ErpSync agent is not granted"
        assert said in check.out
    assert sum(1 for call in emulator.calls if call.operation in ("login", "Login", "system user login")) <= 4


def test_a_wrong_password_onsite(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SO_PASSWORD", "wrong-canary-password")
    ran = place.run("onsite", "plan")
    assert ran.code == 1
    assert "must be off in IIS" in ran.err
    check = place.run("onsite", "target", "check")
    assert check.code == 3
    assert "server       good" in check.out
    assert "login        missing" in check.out
    assert "agent        not checked" in check.out


@pytest.mark.parametrize("name", ["SO_USER", "SO_PASSWORD"])
def test_a_credential_that_is_not_there(place: Place, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    check = place.run("onsite", "target", "check")
    assert check.code == 3
    assert f"the environment variable {name} is not set" in check.out
    ran = place.run("onsite", "plan")
    assert ran.code == 1
    assert place.emulators["onsite"].calls == []


def test_a_key_that_cannot_be_used(place: Place) -> None:
    (place.path / "app.pem").write_text("-----BEGIN PRIVATE KEY-----\ncanary-of-a-key\n-----END PRIVATE KEY-----\n")
    ran = place.run("system-user", "plan")
    assert ran.code == 1
    assert "The secret file:app.pem is damaged, or not a private key." in ran.err
    assert "canary" not in ran.err


# --- rights ---


@pytest.mark.parametrize("kind", KINDS)
def test_read_only_credentials_are_enough_to_plan(place: Place, kind: str) -> None:
    assert place.run(kind, "apply", "--yes").code == 0
    place.change("IntegerField: 12", "IntegerField: 13")
    emulator = place.emulators[kind]
    emulator.clear_calls()
    emulator.faults.add(Fault("write", FaultKind.FORBIDDEN, times=None))
    for name in ("TestConnectionById", "TestConnectionByConfig"):
        emulator.faults.add(Fault(name, FaultKind.FORBIDDEN, times=None))
    assert place.run(kind, "plan", "--detailed-exitcode").code == 2
    for arguments in (("dump",), ("status",), ("validate", "--online"), ("target", "check")):
        assert place.run(kind, *arguments).code == 0, arguments
    assert place.writes(kind) == []
    assert [call.operation for call in emulator.calls if call.fault] == []


# --- what a pull request may not do ---


@pytest.mark.parametrize(
    "reference", ["env:SO_PASSWORD", "env:SO_USER", "env:so_password", "env:RECONCILER_KEY", "env:HOME", "file:app.pem"]
)
def test_a_file_never_gets_at_the_targets_own_credentials(place: Place, reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is resolved, and before the tenant is asked."""
    text = (place.path / "targets.yaml").read_text()
    (place.path / "targets.yaml").write_text(text.replace("secrets: [env:VISMA_*]", "secrets: [env:VISMA_*, env:SO_*, env:so_*]"))
    place.change("env:VISMA_PASSWORD", reference)
    for name in ("SO_USER", "SO_PASSWORD"):
        monkeypatch.delenv(name)  # whoever resolved them would say so
    ran = place.run("onsite", "plan")
    assert ran.code == 1
    assert "connections.yaml" in ran.err
    assert "is not set" not in ran.err
    assert place.emulators["onsite"].calls == []


def test_an_address_that_something_else_answers(place: Place) -> None:
    """A version is told without a login: whoever asks for one there is not SuperOffice."""
    text = (place.path / "targets.yaml").read_text()
    url = place.emulators["onsite"].url
    (place.path / "targets.yaml").write_text(text.replace(f"url: {url}", f"url: {url.rstrip('/')}/elsewhere"))
    check = place.run("onsite", "target", "check")
    assert check.code == 3
    assert "server       missing      What answers there asks for a login" in check.out
    assert "ends where `/api` begins" in check.out
    assert "user name and the password" not in check.out


def test_an_app_whose_secret_is_over_is_told_apart_from_a_token_that_was_revoked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as over:
        over.setenv("SO_APP_TOKEN", "another-client-secret")
        said = place.run("refresh-token", "target", "check").out
        assert "The client id or the client secret was refused: invalid_client." in said
        assert "Check `client_id`, where `client_secret` points" in said
        assert "The system user login was refused: " in place.run("system-user", "target", "check").out
    monkeypatch.setenv("SO_REFRESH_TOKEN", "another-refresh-token")
    said = place.run("refresh-token", "target", "check").out
    assert "The refresh token was refused: invalid_grant." in said
    assert "log in once more for a new one" in said


def test_a_host_a_proxy_and_a_name_that_are_not_there_are_told_apart(place: Place) -> None:
    text = (place.path / "targets.yaml").read_text()
    url = place.emulators["onsite"].url
    found = {}
    for name, change in {
        "name": "url: https://no-such-host.invalid/SuperOffice",
        "proxy": "proxy: http://127.0.0.1:9\n    url: https://crm.example.invalid/SuperOffice",
        "host": "url: https://127.0.0.1:9/SuperOffice",
    }.items():
        (place.path / "targets.yaml").write_text(text.replace(f"url: {url}", change))
        check, plan = place.run("onsite", "target", "check"), place.run("onsite", "plan")
        assert (check.code, plan.code) == (3, 1)
        found[name] = check.out
        assert "server       missing" in check.out
    assert "the host name is not known" in found["name"]
    assert "can look up names" in found["name"]
    assert "could not connect to the proxy" in found["proxy"]
    assert "Check `proxy` of the target" in found["proxy"]
    assert "could not connect (" in found["host"]
    assert "whether SuperOffice runs there" in found["host"]


# --- TLS ---


CERTIFICATES = {
    "expired": "has to renew its certificate",
    "self-signed": "`ca_bundle` of the target",
    "other-host": "The certificate is for another host",
    "unknown-authority": "`ca_bundle` of the target",
    "tls-1.0": "has to speak TLS 1.2 or newer",
}


@pytest.mark.parametrize("how", CERTIFICATES)
def test_a_server_whose_certificate_is_wrong(place: Place, how: str) -> None:
    certificates = Certificates.below(place.path)
    with Emulator(login=LOGIN, tls=certificates.server(how)) as emulator:  # type: ignore[arg-type]
        text = (place.path / "targets.yaml").read_text()
        (place.path / "targets.yaml").write_text(text.replace(place.emulators["onsite"].url, emulator.url))
        ran = place.run("onsite", "plan")
        assert ran.code == 1
        assert "TLS failed" in ran.err
        check = place.run("onsite", "target", "check")
        assert check.code == 3
        assert "server       missing" in check.out
        assert CERTIFICATES[how] in check.out
        assert CERTIFICATES[how] in ran.err
        assert emulator.calls == []
