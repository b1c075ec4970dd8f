"""Every way in which a call can fail, at a write of an apply to a tenant of Online: the end is proved, and no write is sent on a guess."""

import os

import pytest

import reconciler.session
from reconciler.clock import SystemClock
from reconciler.emulator import Call, Fault, FaultKind
from tests.online.conftest import Place

KIND = "system-user"
LATE = (FaultKind.LATE, FaultKind.SLOW, FaultKind.DRIP, FaultKind.STALE_READ)  # about time; the fault matrix owns time and has them
SAMPLE = [
    *(FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.ERROR_500_AFTER, FaultKind.HTML_AFTER, FaultKind.TRUNCATED),
    *(FaultKind.UNAUTHORIZED, FaultKind.MISDIRECTED, FaultKind.TOO_MANY, FaultKind.REDIRECT, FaultKind.REASONS_WITH_FLIP),
]
ALL = [kind for kind in FaultKind if kind not in (*LATE, FaultKind.IGNORED_FIELD)]
KINDS = ALL if os.environ.get("RECONCILER_FAULTS") == "all" else SAMPLE
TOGGLE = "ToggleErpConnectionActive"
# What proves that a write had no effect, so that nothing has to be waited for.
REFUSED = {FaultKind.UNAUTHORIZED, FaultKind.MISDIRECTED, FaultKind.TOO_MANY, FaultKind.FORBIDDEN, FaultKind.REDIRECT}


class NoWaiting(SystemClock):
    """Waits are counted, not sat through: at this emulator nothing lands late."""

    def sleep(self, seconds: float) -> None:
        waited.append(seconds)


waited: list[float] = []


def sends(calls: list[Call], operation: str) -> list[list[str]]:
    """For each time the operation was sent but the first: what was read since the one before."""
    found: list[list[str]] = []
    reads: list[str] | None = None
    for call in calls:
        if call.operation == operation:
            if reads is not None:
                found.append(reads)
            reads = []
        elif reads is not None and not call.writes and call.status == 200:
            reads.append(call.operation)
    return found


@pytest.mark.parametrize("operation", [TOGGLE, "SaveConnection"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_write_is_settled_by_reading(place: Place, operation: str, kind: FaultKind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    emulator = place.emulators[KIND]
    assert place.run(KIND, "apply", "--yes").code == 0
    before = place.row(KIND)
    place.change("IntegerField: 12", "IntegerField: 13")
    emulator.clear_calls()
    waited.clear()
    emulator.faults.add(Fault(operation, kind, size_bytes=40_000_000 if kind in (FaultKind.HUGE_BODY, FaultKind.GZIP_BOMB) else 1000))
    done = place.run(KIND, "apply", "--yes")
    row = place.row(KIND)
    assert done.code in (0, 5), done.err
    assert row["Active"] is True
    if done.code == 5:
        stamps = {name for name in before if "updated" in name.lower()}
        assert {name: value for name, value in row.items() if name not in stamps} == {
            name: value for name, value in before.items() if name not in stamps
        }
    assert place.run(KIND, "plan", "--detailed-exitcode").code == (0 if done.code == 0 else 2)
    assert all("GetConnection" in reads for reads in sends(emulator.calls, operation))
    unknown = kind not in REFUSED and not (kind.name.startswith("REASONS") and operation == TOGGLE)
    assert (20.0 in waited) is unknown or kind in (FaultKind.ERROR_BODY, FaultKind.DROP_BEFORE)
