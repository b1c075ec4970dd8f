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
        ("Deleted", "deleted"),
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
    if how != "error_object" and kind != "onsite":
        assert "The ErpSync agent is not granted" in check.out
        assert "Standard ERP sync and quote app" in check.out
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


# --- TLS ---


@pytest.mark.parametrize("how", ["expired", "self-signed", "other-host", "unknown-authority", "tls-1.0"])
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
        assert emulator.calls == []
