"""Every status and every shape of an error body that is known, met by a read and by a write of a command at a tenant of Online.

A row says what must come of it: the outcome in the journal, the words that a person reads, and the exit code. The call log proves
that nothing was sent again but after a read.

Source: SuperOffice docs, errors of the REST and the agents WebAPI, status codes of their Swagger files, tenant status; tests of the
vendor's TypeScript client (bodies); RFC 9110 section 15 (statuses that no page of the vendor names).
"""

import json
import os
import sqlite3
from dataclasses import dataclass

import pytest

import reconciler.session
from reconciler.emulator import Fault, FaultKind
from tests.online.conftest import KINDS, Place
from tests.online.test_faults_online import KIND, TOGGLE, NoWaiting, sends, waited

EVERYTHING = os.environ.get("RECONCILER_FAULTS") == "all"


@dataclass(frozen=True)
class Row:
    """One answer, and what it means.

    Attributes:
        shape, status: the body, and a status that is not its usual one.
        read: words of the error when a read is answered so; `null` is the one answer that a read believes.
        outcome: of a write that is answered so.
        again: whether the write is sent again, once a read has shown that it had no effect.
        of_toggle: the outcome of a toggle, where that is another one: then it is final.
    """

    shape: str
    status: int | None
    read: str
    outcome: str
    again: bool
    of_toggle: str = ""


ROWS = [
    Row("not-found", None, "answered 404: It was not found.", "not-applied", again=False),
    Row("argument", None, "answered 400: It is not valid.", "unknown", again=True, of_toggle="not-applied"),
    Row("argument", 200, "answered 200: It is not valid.", "unknown", again=True),
    Row("argument", 500, "answered 500: It is not valid.", "unknown", again=True),
    Row("argument", 304, "answered 304", "not-applied", again=False),
    Row("argument", 405, "answered 405: It is not valid.", "not-applied", again=False),
    Row("argument", 409, "answered 409: It is not valid.", "unknown", again=True),
    Row("argument", 412, "answered 412: It is not valid.", "unknown", again=True),
    Row("parameter", None, "answered 400: The request is invalid. A parameter is wrong.", "not-applied", again=False),
    Row("parameter", 200, "answered 200: The request is invalid. A parameter is wrong.", "unknown", again=True),
    Row("http-error", None, "answered 404: No resource was found.", "not-applied", again=False),
    Row("right", None, "SuperOffice does not allow this: GetConnection answered 403: A right is missing.", "not-applied", again=False),
    Row("null", None, "recreate", "unknown", again=True),
    Row("null", 204, "answered 204", "unknown", again=True),
    Row("page", None, "SuperOffice does not know this login: GetConnection answered 401.", "not-applied", again=True),
    Row("page", 200, "answered 200: it answered a web page instead of JSON", "unknown", again=True),
    Row("page", 421, "answered 421", "not-applied", again=True),
    Row("page", 429, "answered 429", "not-applied", again=True),
    Row("page", 502, "answered 502", "unknown", again=True),
    Row("text", None, "answered 500", "unknown", again=True),
    Row("text", 503, "answered 503", "unknown", again=True),
    Row("nothing", None, "answered 500", "unknown", again=True),
    Row("nothing", 200, "answered 200: it answered something else than JSON", "unknown", again=True),
]


def outcomes(place: Place, operation: str) -> list[str]:
    """The outcomes of an operation's sends in the last run, as the journal has them."""
    with sqlite3.connect(place.path / ".reconciler" / "journal.db") as journal:
        events = [json.loads(body) | {"kind": kind} for kind, body in journal.execute("SELECT kind, body FROM event ORDER BY seq")]
    opened = max(at for at, event in enumerate(events) if event["kind"] == "run-opened")
    operations = [event["operation"] for event in events[opened:] if event["kind"] == "intent"]
    found = [event["outcome"] for event in events[opened:] if event["kind"] == "outcome"]
    return [outcome for name, outcome in zip(operations, found, strict=True) if name == operation]


@pytest.mark.parametrize("kind", KINDS if EVERYTHING else [KIND])
def test_what_a_read_is_answered_is_told_and_ends_before_any_write(place: Place, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    assert place.run(kind, "apply", "--yes").code == 0
    place.change("IntegerField: 12", "IntegerField: 13")
    emulator = place.emulators[kind]
    wrong = {}
    for row in ROWS:
        emulator.clear_calls()
        emulator.faults.add(Fault("GetConnection", FaultKind.ERROR_BODY, shape=row.shape, status=row.status, times=None))
        for command in (("plan",), ("apply", "--yes")):
            ran = place.run(kind, *command)
            hint = ran.err.partition("\nhint: ")[2]
            if row.shape == "null" and row.status is None:  # the row is not there: shown, and in the way until somebody permits it
                good = ran.code == 3 and row.read in ran.out
            else:
                good = ran.code == 1 and row.read in ran.err and bool(hint.strip())
            if not good or place.writes(kind):
                wrong[row.shape, row.status, row.read] = (command[0], ran.code, ran.err)
        emulator.faults.clear()
    assert not wrong, "\n".join(f"{row}: {found}" for row, found in wrong.items())


@pytest.mark.parametrize("operation", [TOGGLE, "SaveConnection"])
def test_what_a_write_is_answered_decides_whether_it_is_sent_again(place: Place, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    emulator = place.emulators[KIND]
    assert place.run(KIND, "apply", "--yes").code == 0
    value, wrong = 12, {}
    for row in ROWS if EVERYTHING else ROWS[operation == TOGGLE :: 2]:
        place.change(f"IntegerField: {value}", f"IntegerField: {value + 1}")
        emulator.clear_calls()
        waited.clear()
        emulator.faults.add(Fault(operation, FaultKind.ERROR_BODY, shape=row.shape, status=row.status))
        done = place.run(KIND, "apply", "--yes", "--retry-failed")
        emulator.faults.clear()
        refused = operation == TOGGLE and row.of_toggle
        outcome, again = (row.of_toggle, False) if refused else (row.outcome, row.again)
        first = outcomes(place, operation)[0]
        proved = all("GetConnection" in reads for reads in sends(emulator.calls, operation))
        settled = (20.0 in waited) is (outcome == "unknown")
        if (first, done.code, proved, settled, place.row(KIND)["Active"]) != (outcome, 0 if again else 5, True, True, True):
            wrong[row.shape, row.status] = (first, done.code, proved, settled)
        value = value + 1 if done.code == 0 else value
        place.write((place.path / "connections.yaml").read_text().replace(f"IntegerField: {value + 1}", f"IntegerField: {value}"))
    assert not wrong, "\n".join(f"{row}: {found}" for row, found in wrong.items())
