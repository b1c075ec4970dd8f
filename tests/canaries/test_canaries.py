"""Secrets are planted wherever one can stand, everything is done and everything can fail, and no byte that comes out holds one."""

from __future__ import annotations

import base64
import html
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from reconciler import flow
from reconciler.cli.entry import run
from reconciler.emulator import Call, Fault, FaultKind
from reconciler.emulator.connectors import ConnectorAnswer, Connectors
from reconciler.superoffice.gateway import Gateway
from tests.canaries.needles import find, forms
from tests.scenarios.stage import CONNECTIONS, TARGET, VISMA, RealClock, Stage, staged

# Alphanumeric at both ends, so that every encoding keeps these; in between what encodings change.
SECRETS = {
    "from the environment": 'Kq7Zr1-"&<ø>%/+=?\\-Wv9Rj4',
    "from a file": "Tb3Xn8-'é;|{}$`~#-Hc5Ym2",
    "raised to": "Lg6Pd9-<&\"'>%20-Fs2Qk7",
    "in the tenant, of somebody else": "Zu4Jb7-\"<&>'-Nw8Gt3",
    "in the tenant, under a key that is not declared": "Mx2Vf5-%41&-Dr6Sh9",
    "the key of the target": "Ye8Ck3-a long fingerprint key-Pb1Lz6",
    "the login": base64.b64encode(b"admin:admin").decode(),
}
FROM_ENV, FROM_FILE, RAISED = (SECRETS[name] for name in ("from the environment", "from a file", "raised to"))
SWEDEN = """\
  sweden:
    name: Sweden
    connector: visma
    active: true
    scope: {groups: [Sales], users: []}
    config:
      Filename: F0001.xlsm
      PasswordField: {secret: file:secrets/sweden, version: 1}
      TextField: {secret: env:TEXT_SECRET, version: 1}
"""
RAISE = ("env:VISMA_PASSWORD, version: 1", "env:VISMA_PASSWORD, version: 2")


class Aviary:
    """A stage on which every secret is a canary, and everything that came out of it so far."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.stage, self._capfd = stage, capfd
        self.out: dict[str, bytes] = {}
        for name, value in stage.environ.items():
            monkeypatch.setenv(name, value)
        self.setenv = monkeypatch.setenv

    def type(self, *arguments: str, code: int | None) -> str:
        """Type a command line that ends with this code (None for any); returns what it wrote."""
        self._capfd.readouterr()
        got = run(["--target", TARGET, "--debug", *arguments])
        written = self._capfd.readouterr()
        self.out[f"{len(self.out)} {' '.join(arguments)}"] = (written.out + written.err).encode("utf-8", "surrogateescape")
        assert code in (None, got), (got, written.out, written.err)
        assert "Traceback" not in written.err
        return written.out + written.err

    def look_around(self, *, open_run: bool | None = False) -> None:
        """Every command that only shows, in both formats, and every file that was written."""
        with self.stage.session() as session:
            runs = [one.run for one in session.runs()]
        for form in ("text", "json"):
            for words in (["validate", "-f", "connections.yaml"], ["status"], ["history"], *(["show", one] for one in runs)):
                self.type(*words, "--format", form, code=0)
            self.type("recover", "--format", form, code=None if open_run is None else 6 if open_run else 0)
        for form in ("markdown", "html", "junit"):
            for one in runs:
                self.type("show", one, "--format", form, code=0)
        for path in sorted((self.stage.folder / ".reconciler").rglob("*")):
            if path.is_file() and path.name != "key":
                self.out[path.name] = path.read_bytes()
        for path in self.stage.folder.glob("*.json"):
            self.out[path.name] = path.read_bytes()
        self.out["journal, unsealed by base64 only"] = sealed_values(self.stage.folder / ".reconciler" / "journal.db")

    def is_silent(self) -> None:
        """No canary sings."""
        hits = find(SECRETS, self.out)
        assert hits == [], hits
        assert len(b"".join(self.out.values())) > 1000


def sealed_values(journal: Path) -> bytes:
    """Every sealed value of the journal, decoded but not decrypted."""
    database = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        texts = [str(cell) for table in tables for row in database.execute(f"SELECT * FROM {table}") for cell in row]
    finally:
        database.close()
    found: list[str] = []
    for text in texts:
        if '"sealed"' in text:
            found += _strings(json.loads(text))
    return b"\n".join(filter(None, map(_from_base64, found)))


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    if isinstance(value, str) and value.startswith("{"):
        return _strings(json.loads(value))
    return [value] if isinstance(value, str) else []


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if len(text) > 40 else b""
    except ValueError:
        return b""


@pytest.fixture
def aviary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Aviary]:
    """Nothing applied yet; secrets in the environment, in a file, in the tenant, and in the target's own entry."""
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, text=CONNECTIONS + SWEDEN, clock=RealClock()) as stage:
        stage.write_targets("timeouts: {connect: 1s, read: 1s, connector: 1s, settle: 1s}", "secrets: ['env:*', file:secrets/]")
        (tmp_path / "secrets").mkdir()
        stage.write(FROM_FILE + "\n", "secrets/sweden")
        stage.environ |= {"VISMA_PASSWORD": FROM_ENV, "TEXT_SECRET": RAISED, "STAGE_KEY": SECRETS["the key of the target"]}
        stage.emulator.edit.set_password_in_erp("F0003.xlsm", None)
        theirs = stage.emulator.edit.add_connector("Theirs", VISMA)
        foreign = {"PasswordField": SECRETS["in the tenant, of somebody else"]}
        stray = stage.emulator.edit.add_connection(theirs, "Not ours", foreign, active=True)
        undeclared = SECRETS["in the tenant, under a key that is not declared"]
        stage.emulator.edit.set_config(stray, "Stray", undeclared, tell_connector=False)
        yield Aviary(stage, monkeypatch, capfd)


@pytest.fixture
def applied(aviary: Aviary) -> Aviary:
    """The file is applied; the password of one connection was then changed behind our back, and a stray key added."""
    aviary.type("apply", "--yes", code=0)
    edit = aviary.stage.emulator.edit
    row = aviary.stage.connection("Sweden")["ErpConnectionId"]
    edit.set_config(row, "PasswordField", SECRETS["in the tenant, of somebody else"])
    edit.set_config(row, "Stray", SECRETS["in the tenant, under a key that is not declared"], tell_connector=False)
    return aviary


def test_each_form_would_be_found() -> None:
    """The search itself is tested: a planted form is a hit, a clean text is none."""
    for name, value in SECRETS.items():
        for form, needle in forms(value):
            assert len(needle) >= 6
            assert find({name: value}, {"place": b"before " + needle + b" after"}), (name, form)
    assert find(SECRETS, {"place": b"nothing of the kind; env:VISMA_PASSWORD, PasswordField"}) == []


def test_plan_and_apply(applied: Aviary) -> None:
    """Everything goes well: a creation, a changed password, a changed name; saved plans and both formats."""
    applied.stage.change(RAISE, ("IntegerField: 12", "IntegerField: 13"), ("name: Sweden", "name: Sverige"))
    applied.setenv("VISMA_PASSWORD", RAISED)
    allow = ("--allow", "no-way-back=connection/sweden")
    applied.type("plan", "-o", "plan.json", *allow, code=0)
    applied.type("plan", "--format", "json", *allow, code=0)
    applied.type("apply", "plan.json", "--ticket", "T-1", "--format", "json", code=0)
    applied.type("test", code=0)
    applied.type("test", "--format", "json", code=0)
    applied.look_around()
    applied.is_silent()


def test_a_connector_that_is_silent_makes_every_value_a_secret(applied: Aviary) -> None:
    applied.stage.emulator.edit.connector_down(VISMA)
    applied.stage.change(("IntegerField: 12", "IntegerField: 13"), ("name: Sweden", "name: Sverige"))
    applied.type("plan", "-o", "plan.json", code=0)
    applied.type("plan", "--format", "json", code=0)
    applied.type("apply", "--yes", code=3)
    applied.look_around()
    applied.is_silent()


def test_adoption_of_what_somebody_else_made(aviary: Aviary) -> None:
    """The plan shows what is there, but not what may be a password."""
    aviary.stage.change(("  sweden:\n    name: Sweden\n    connector: visma", "  sweden:\n    name: Not ours\n    connector: theirs"))
    aviary.stage.change(("connections:\n", f"  theirs:\n    name: Theirs\n    url: {VISMA}\nconnections:\n"))
    aviary.type("plan", "-o", "plan.json", code=3)
    aviary.type("plan", "--format", "json", code=3)
    aviary.type("apply", "--yes", "--allow", "no-way-back=connection/sweden", code=0)
    aviary.look_around()
    aviary.is_silent()


DELETED = ("--allow", "delete=connection/sweden", "--allow", "linked-records=connection/sweden")


def test_a_planned_deletion_shows_what_is_there_without_its_secrets(applied: Aviary) -> None:
    """The file no longer says which fields are secret; the connector does for one, the journal for the other."""
    applied.stage.write(CONNECTIONS + "  sweden: {absent: true}\n")
    applied.type("plan", "-o", "plan.json", code=3)
    applied.type("plan", "--format", "json", code=3)
    applied.look_around()
    applied.is_silent()


def test_a_deletion_leaves_no_secret_behind(applied: Aviary) -> None:
    applied.stage.write(CONNECTIONS + "  sweden: {absent: true}\n")
    applied.type("apply", "--yes", *DELETED, code=0)
    applied.look_around()
    applied.is_silent()


TEXT_FIELD = "      TextField: {secret: env:TEXT_SECRET, version: 1}\n"


def test_a_secret_of_a_text_field_stays_one_when_the_file_no_longer_writes_it(applied: Aviary) -> None:
    applied.stage.change((TEXT_FIELD, ""), ("name: Sweden", "name: Sverige"))
    applied.type("plan", "-o", "plan.json", code=3)
    applied.type("apply", "--yes", "--allow", "no-way-back=connection/sweden", code=0)
    applied.look_around()
    applied.is_silent()


def test_a_secret_of_a_text_field_that_the_file_now_writes_in_clear_is_not_shown(applied: Aviary) -> None:
    applied.stage.change((TEXT_FIELD, "      TextField: nothing to hide\n"))
    assert "nothing to hide" in applied.type("plan", "-o", "plan.json", code=3)
    applied.is_silent()
    applied.type("apply", "--yes", "--allow", "no-way-back=connection/sweden", code=0)
    applied.look_around()
    applied.is_silent()


# ---- servers that repeat what they were sent ----------------------------------------------------------------------------


def echo(*values: str) -> str:
    """What a careless server might say."""
    return "Login failed: " + " ".join(f"{value} {value!r} {json.dumps(value)} {quote(value)} {html.escape(value)}" for value in values)


def refuse_activation(aviary: Aviary, reason: str) -> None:
    aviary.stage.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=2, reason=reason))


def test_a_reason_that_repeats_the_password(applied: Aviary) -> None:
    applied.stage.change(RAISE)
    applied.setenv("VISMA_PASSWORD", RAISED)
    refuse_activation(applied, echo(RAISED))
    assert "Login failed" in applied.type("apply", "--yes", code=5)
    applied.look_around()
    applied.is_silent()


def test_a_reason_that_repeats_the_password_before_this_one(applied: Aviary) -> None:
    applied.stage.change(RAISE)
    applied.setenv("VISMA_PASSWORD", RAISED)
    refuse_activation(applied, echo(FROM_ENV))
    applied.type("apply", "--yes", code=5)
    applied.look_around()
    applied.is_silent()


def test_a_reason_that_tells_a_password_which_we_only_read(applied: Aviary) -> None:
    """It was never ours, but a read brought it here, so it is known for what it is."""
    row = applied.stage.connection("Sweden")["ErpConnectionId"]
    applied.stage.emulator.edit.set_config(row, "Stray", None)
    applied.stage.change(("Filename: F0001.xlsm", "Filename: F0002.xlsm"))
    refuse_activation(applied, echo(SECRETS["in the tenant, of somebody else"]))
    applied.type("apply", "--yes", "--allow", "points-elsewhere=connection/sweden", code=5)
    applied.is_silent()


def test_an_error_that_repeats_the_password(applied: Aviary, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connector refuses the save and says why, with the value that it was sent."""
    refused = ConnectorAnswer(False, f"Could not store: {echo(RAISED)}")
    monkeypatch.setattr(Connectors, "save", lambda *_: refused)
    applied.stage.change(RAISE, ("IntegerField: 12", "IntegerField: 13"))
    applied.setenv("VISMA_PASSWORD", RAISED)
    applied.type("apply", "--yes", code=None)
    applied.look_around(open_run=None)
    applied.is_silent()


# ---- crashes ------------------------------------------------------------------------------------------------------------


def test_a_crash_whose_message_holds_a_secret(applied: Aviary, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a write. The run is open afterwards, and what it says of the crash is not the exception's own text."""

    def crash(_self: Gateway, *_arguments: Any) -> None:
        raise RuntimeError(f"cannot send {RAISED} instead of {FROM_ENV}")

    applied.stage.change(RAISE)
    applied.setenv("VISMA_PASSWORD", RAISED)
    with monkeypatch.context() as patched:
        patched.setattr(Gateway, "save_connection", crash)
        applied.type("apply", "--yes", code=6)
        applied.look_around(open_run=True)
    applied.type("recover", "--back", code=5)
    applied.look_around()
    applied.is_silent()


@pytest.mark.parametrize(
    "place", ["reconciler.flow.planning.plan_from", "reconciler.flow.reading.read_live", "reconciler.flow.planning.load_desired"]
)
def test_a_crash_before_any_write(applied: Aviary, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def crash(*_arguments: Any, **_named: Any) -> None:
        raise KeyError(FROM_ENV, FROM_FILE, RAISED)

    monkeypatch.setattr(place, crash)
    for words in (["plan"], ["plan", "--format", "json"], ["apply", "--yes"]):
        assert "KeyError" in applied.type(*words, code=70)
    applied.is_silent()


def test_an_open_run_and_its_recovery(applied: Aviary) -> None:
    applied.stage.change(RAISE, ("IntegerField: 12", "IntegerField: 13"))
    applied.setenv("VISMA_PASSWORD", RAISED)

    def blind(call: Call) -> None:
        if call.operation == "UpdateConnectionFields":
            applied.stage.emulator.faults.add(Fault("ToggleErpConnectionActive", FaultKind.DROP_BEFORE, times=None))
            applied.stage.emulator.faults.add(Fault("GetConnection", FaultKind.FORBIDDEN, times=None))

    applied.stage.emulator.before_call = blind
    applied.type("apply", "--yes", code=6)
    applied.stage.emulator.before_call = None
    applied.stage.emulator.faults.clear()
    applied.look_around(open_run=True)
    applied.type("apply", "--yes", code=6)
    applied.type("recover", "--back", "--format", "json", code=5)
    applied.look_around()
    applied.is_silent()


def test_problems_with_a_file_that_holds_a_password_in_clear(applied: Aviary) -> None:
    """The line of the file is shown to the person who wrote it, but a password is not."""
    quoted = "'" + FROM_FILE.replace("'", "''") + "'"
    applied.stage.change(("PasswordField: {secret: env:VISMA_PASSWORD, version: 1}", f"PasswordField: {quoted}"))
    applied.type("plan", code=1)
    applied.type("plan", "--format", "json", code=1)
    applied.type("apply", "--yes", code=1)
    applied.is_silent()


def test_library_errors_hold_no_secret(applied: Aviary) -> None:
    """A program that uses the library prints errors and values as it likes."""
    applied.stage.change(RAISE)
    applied.stage.environ["VISMA_PASSWORD"] = RAISED
    applied.stage.emulator.edit.connector_fails_tests(VISMA)
    with applied.stage.session() as session:
        made = flow.make_plan(session, flow.load(session, ()))
        with pytest.raises(Exception, match="works") as refused:
            flow.apply_plan(session, made)
        error = refused.value
        told = [repr(made), repr(error), str(error), repr(error.args), repr(session.recorded()), repr(session.target), repr(vars(error))]
    applied.out["library"] = "\n".join(told).encode()
    applied.is_silent()
