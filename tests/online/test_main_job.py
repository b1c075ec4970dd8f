"""The main job, end to end over TLS, as each kind of target, from one targets file that holds nothing but references."""

import json

import pytest

from reconciler.emulator import Fault, FaultKind
from tests.online.conftest import APP_SECRET, ERP_PASSWORD, KEY, KINDS, LOGIN, REFRESH_TOKEN, SYSTEM_TOKEN, Place
from tests.superoffice.test_canary import forms

TOGGLE = "ToggleErpConnectionActive"
EXPIRE = KINDS[1:]


@pytest.mark.parametrize("kind", KINDS)
def test_plan_apply_and_a_rollback(place: Place, kind: str) -> None:
    check = place.run(kind, "target", "check")
    assert (check.code, check.err) == (0, ""), check.out
    planned = place.run(kind, "plan", "-o", "plan.json")
    assert planned.code == 0, planned.err
    assert place.writes(kind) == []
    done = place.run(kind, "apply", "plan.json")
    assert done.code == 0, done.err
    row = place.row(kind)
    assert (row["Active"], place.run(kind, "plan", "--detailed-exitcode").code) == (True, 0)

    place.change("IntegerField: 12", "IntegerField: 13")
    assert place.run(kind, "apply", "--yes").code == 0
    place.change("Filename: F0001.xlsm", "Filename: F9999.xlsm")
    refused = place.run(kind, "apply", "--yes", "--allow", "points-elsewhere=connection/norway")
    assert refused.code == 3, refused.err  # the candidate's test said no

    place.change("Filename: F9999.xlsm", "Filename: F0001.xlsm")
    place.change("IntegerField: 13", "IntegerField: 14")
    before = place.row(kind)
    place.emulators[kind].faults.add(Fault(TOGGLE, FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    back = place.run(kind, "apply", "--yes")
    assert back.code == 5, back.err
    assert same(place.row(kind), before)
    assert place.run(kind, "plan", "--detailed-exitcode").code == 2


@pytest.mark.parametrize("kind", KINDS)
def test_one_login_serves_a_whole_command(place: Place, kind: str) -> None:
    assert place.run(kind, "apply", "--yes").code == 0
    schemes = [call.scheme for call in place.emulators[kind].calls if call.operation not in ("state", "jwks", "login", "tokens", "api")]
    assert set(schemes) - {"", None} == {{"onsite": "basic", "system-user": "soticket", "refresh-token": "bearer"}[kind]}
    logins = [call.operation for call in place.emulators[kind].calls if call.scheme in ("", None)]
    assert len(logins) == {"onsite": 0, "system-user": 3, "refresh-token": 2}[kind], logins


@pytest.mark.parametrize("kind", EXPIRE)
@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_tickets_that_expire_in_the_middle_of_everything(place: Place, kind: str, every: int) -> None:
    """A ticket is good for so many calls: plan, apply, a rollback and a recovery all finish."""
    emulator = place.emulators[kind]
    one_read_at_a_time(place)
    emulator.door.switches.lives_calls = every
    done = place.run(kind, "apply", "--yes")
    assert done.code == 0, done.err
    assert place.row(kind)["Active"] is True
    before = place.row(kind)
    place.change("IntegerField: 12", "IntegerField: 13")
    emulator.faults.add(Fault(TOGGLE, FaultKind.REASONS_WITHOUT_FLIP, nth=2))
    back = place.run(kind, "apply", "--yes")
    assert back.code == 5, back.err
    assert same(place.row(kind), before)
    renewed = sum(1 for call in emulator.calls if call.status == 401)
    assert renewed > 3
    for call in emulator.calls:  # what was refused did nothing, and nothing was sent twice behind a read's back
        assert not (call.status == 401 and call.effect)


@pytest.mark.parametrize("kind", EXPIRE)
@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_recovery_finishes_although_its_ticket_expires(place: Place, kind: str, every: int) -> None:
    emulator = place.emulators[kind]
    one_read_at_a_time(place)
    assert place.run(kind, "apply", "--yes").code == 0
    place.change("IntegerField: 12", "IntegerField: 13")
    before = place.row(kind)
    # The connection that was deactivated cannot be activated again, and not rolled back either: the run stays open.
    emulator.faults.add(Fault(TOGGLE, FaultKind.REASONS_WITHOUT_FLIP, nth=2, times=None))
    stuck = place.run(kind, "apply", "--yes")
    assert stuck.code == 6, stuck.err
    emulator.faults.clear()
    emulator.door.switches.lives_calls = every
    emulator.door.expire()
    done = place.run(kind, "recover", "--back")
    assert done.code == 5, done.err
    assert same(place.row(kind), before)
    assert place.run(kind, "recover").code == 0


def one_read_at_a_time(place: Place) -> None:
    """Of several reads at once, others use up what one of them renewed; a read renews once, and is then refused for good."""
    path = place.path / "targets.yaml"
    path.write_text(path.read_text().replace("calls_per_second: 1000", "calls_per_second: 1000, parallel_reads: 1"))


def same(row: dict[str, object], before: dict[str, object]) -> bool:
    """Equal in everything but the stamps of the last change."""
    ignored = {name for name in before if "updated" in name.lower()}
    return {k: v for k, v in row.items() if k not in ignored} == {k: v for k, v in before.items() if k not in ignored}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_comes_out_holds_a_credential(place: Place, kind: str) -> None:
    for arguments in (("target", "check"), ("plan", "-o", "plan.json"), ("apply", "plan.json"), ("status",), ("dump",)):
        place.run(kind, *arguments, "--debug")
        place.run(kind, *arguments, "--format", "json")
    emulator = place.emulators[kind]
    said = "\n".join(place.said)
    files = [path for path in place.path.rglob("*") if path.is_file() and path.name != "app.pem"]
    kept = "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    canaries = {LOGIN[1], APP_SECRET, SYSTEM_TOKEN, REFRESH_TOKEN, ERP_PASSWORD, KEY, *emulator.door.secrets()}
    if kind == "system-user":
        canaries |= set((place.path / "app.pem").read_text().splitlines()[1:-1])
    assert "debug" in said
    assert "ErpSync" in said or "GetAllConnections" in said
    for canary in canaries:
        for form in forms(canary):
            if len(form) >= 8:
                assert form not in said
                assert form not in kept
    json.loads((place.path / "plan.json").read_text())
