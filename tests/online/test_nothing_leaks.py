"""Whatever goes wrong on the way to a tenant, with --debug and in every format: no credential is in anything that comes out or is kept."""

import os
from collections.abc import Callable

import pytest

import reconciler.session
from docs.ask_tenant import main as ask_tenant
from reconciler.emulator import Fault, FaultKind
from tests.canaries.needles import find
from tests.online.conftest import APP_SECRET, ENVIRON, KEY, KINDS, REFRESH_TOKEN, SYSTEM_TOKEN, Place
from tests.online.test_faults_online import NoWaiting

COMMANDS = (
    ("target", "check"),
    ("target", "check", "--format", "json"),
    ("plan",),
    ("apply", "--yes", "--format", "markdown"),
    ("status",),
)


def switched(name: str, value: object) -> Callable[[Place, str], None]:
    return lambda place, kind: setattr(place.emulators[kind].door.switches, name, value)


def faulty(operation: str, kind: FaultKind, shape: str = "argument") -> Callable[[Place, str], None]:
    return lambda place, target: place.emulators[target].faults.add(Fault(operation, kind, shape=shape, times=None))


def written(old: str, new: str) -> Callable[[Place, str], None]:
    def change(place: Place, _: str) -> None:
        path = place.path / "targets.yaml"
        path.write_text(path.read_text().replace(old, new))

    return change


def ungranted(place: Place, kind: str) -> None:
    place.emulators[kind].switches.agent_granted = False


TROUBLE: dict[str, Callable[[Place, str], None]] = {
    "maintenance": switched("tenant_state", "OfflineMaintenance"),
    "a foreign host": switched("state_names", "foreign_host"),
    "a tampered token": switched("login_answer", "tampered"),
    "an unsigned token": switched("login_answer", "unsigned"),
    "a clock that is wrong": switched("clock_ahead_s", 1200.0),
    "no grant": ungranted,
    "the login fails": faulty("login", FaultKind.ERROR_BODY, "text"),
    "the tokens fail": faulty("oauth/tokens", FaultKind.ERROR_BODY, "page"),
    "reads fail": faulty("GetConnection", FaultKind.ERROR_BODY),
    "writes fail": faulty("write", FaultKind.ERROR_500_AFTER),
    "writes are refused": faulty("write", FaultKind.UNAUTHORIZED),
    "another tenant": written("tenant: Cust26759", "tenant: Cust11111"),
    "nobody there": written("url: https://127.0.0.1", "url: https://no-such-host.invalid"),
    "no authority": written("ca_bundle: emulator-ca.pem", "plan_expires: 24h"),
    "a wrong key": written("app.pem", "targets.yaml"),
}
SAMPLE = list(TROUBLE) if os.environ.get("RECONCILER_FAULTS") == "all" else list(TROUBLE)[::2]


@pytest.mark.parametrize("kind", KINDS)
def test_no_credential_is_in_what_trouble_brings_out(place: Place, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    emulator, targets = place.emulators[kind], (place.path / "targets.yaml").read_text()
    secrets = {name: text for name, text in ENVIRON.items() if name not in ("SO_USER", "VISMA_PASSWORD")}
    assert {APP_SECRET, SYSTEM_TOKEN, REFRESH_TOKEN, KEY} < set(secrets.values())
    secrets |= {f"line {at} of the key": line for at, line in enumerate((place.path / "app.pem").read_text().splitlines()[1:-1])}
    codes = set()
    for number, name in enumerate(SAMPLE):
        place.change("IntegerField: 12", "IntegerField: 13") if number % 2 else place.write()
        TROUBLE[name](place, kind)
        codes |= {place.run(kind, *command, "--debug").code for command in COMMANDS}
        emulator.faults.clear()
        emulator.switches.agent_granted = True
        for switch, value in (("tenant_state", "Running"), ("state_names", "right"), ("login_answer", "right"), ("clock_ahead_s", 0.0)):
            setattr(emulator.door.switches, switch, value)
        (place.path / "targets.yaml").write_text(targets)
    secrets |= {f"issued {at}": text for at, text in enumerate(emulator.door.secrets())}
    assert {1, 3} <= codes
    assert any("debug" in text for text in place.said)
    kept = {str(path): path.read_bytes() for path in place.path.rglob("*") if path.is_file() and path.name != "app.pem"}
    assert find(secrets, {"what was said": "\n".join(place.said).encode(), **kept}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_credential_is_in_what_the_questions_bring_out(place: Place, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert place.run(kind, "apply", "--yes").code == 0
    assert ask_tenant([kind, "--connector", "Visma Business", "--writes", "--yes", "-o", "answers.json"]) == 0
    secrets = {name: text for name, text in ENVIRON.items() if name != "SO_USER"}
    secrets |= {f"issued {at}": text for at, text in enumerate(place.emulators[kind].door.secrets())}
    said = "".join(capfd.readouterr()).encode()
    assert b"18 answers" in said
    assert find(secrets, {"what was said": said, "answers": (place.path / "answers.json").read_bytes()}) == []
