"""One folder with one targets file: the same SuperOffice onsite, Online for a system user, and Online for a named user; all over TLS."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from reconciler.emulator import DoorSwitches, Emulator, Online
from reconciler.emulator.certificates import Certificates

KINDS = ("onsite", "system-user", "refresh-token")
TENANT = "Cust26759"
LOGIN = ("CI", "7Gh-canary-of-the-user-6Yd")
APP_SECRET = "3Tf-canary-of-the-app-1Zs"
SYSTEM_TOKEN = "9Lm-canary-of-the-tenant-4Wc"
REFRESH_TOKEN = "5Vb-canary-of-consent-8Rq"
ERP_PASSWORD = "winter-2026"
KEY = "a fingerprint key of sufficient length"
ENVIRON = {
    "SO_USER": LOGIN[0],
    "SO_PASSWORD": LOGIN[1],
    "SO_APP_TOKEN": APP_SECRET,
    "SO_SYSTEM_TOKEN": SYSTEM_TOKEN,
    "SO_REFRESH_TOKEN": REFRESH_TOKEN,
    "RECONCILER_KEY": KEY,
    "VISMA_PASSWORD": ERP_PASSWORD,
}
TARGETS = """\
targets:
  onsite:
    kind: onsite
    url: {onsite}
    auth: {{kind: basic, username: {{secret: env:SO_USER}}, password: {{secret: env:SO_PASSWORD}}}}
    {common}
  system-user:
    kind: online
    environment: sod
    tenant: {tenant}
    emulated_at: {system_user}
    auth: {{kind: system-user, app_token: {{secret: env:SO_APP_TOKEN}}, system_token: {{secret: env:SO_SYSTEM_TOKEN}}, private_key: {{secret: file:app.pem}}}}
    {common}
  refresh-token:
    kind: online
    environment: sod
    tenant: {tenant}
    emulated_at: {refresh_token}
    auth: {{kind: refresh-token, client_id: {client}, client_secret: {{secret: env:SO_APP_TOKEN}}, refresh_token: {{secret: env:SO_REFRESH_TOKEN}}}}
    {common}
"""
COMMON = (
    "ca_bundle: emulator-ca.pem",
    "secrets: [env:VISMA_*]",
    "limits: {calls_per_second: 1000}",
    "timeouts: {connect: 5s, read: 20s, connector: 20s, settle: 20s}",
    "fingerprint_key: {secret: env:RECONCILER_KEY}",
    "journal: local",
)
FILE = """\
version: 1
language: en
connectors:
  visma:
    name: Visma Business
    url: https://connectors.example.com/visma/ErpConnectorWS.svc
    identifies_erp: [Filename]
connections:
  norway:
    name: {en: Visma Norway, nb: Visma Norge}
    description: Company F0001
    connector: visma
    active: true
    scope: everyone
    config:
      Filename: F0001.xlsm
      IntegerField: 12
      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}
"""


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


@dataclass
class Place:
    """A folder in which commands are run, and the SuperOffice behind each target."""

    path: Path
    emulators: dict[str, Emulator]
    said: list[str] = field(default_factory=list)

    def write(self, text: str = FILE) -> None:
        """Write the connections file."""
        (self.path / "connections.yaml").write_text(text, encoding="utf-8")

    def change(self, old: str, new: str) -> None:
        """Change the connections file."""
        text = (self.path / "connections.yaml").read_text(encoding="utf-8")
        assert text.count(old) == 1
        self.write(text.replace(old, new))

    def run(self, target: str, *arguments: str) -> Ran:
        """Run a command in this process."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--target", target, *arguments])
        texts = []
        for stream in (out, err):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())
        self.said += texts
        return Ran(code, *texts)

    def row(self, target: str) -> dict[str, object]:
        """The one live connection behind a target, as it is stored."""
        (row,) = [one for one in self.emulators[target].inspect.rows("ErpConnection") if not one["Deleted"]]
        return dict(row)

    def writes(self, target: str) -> list[str]:
        """The operations that could have changed something, in order."""
        return [call.operation for call in self.emulators[target].calls if call.writes]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    certificates = Certificates.below(tmp_path)
    played = Online(tenant=TENANT, client_secret=APP_SECRET, system_token=SYSTEM_TOKEN, refresh_token=REFRESH_TOKEN)
    with ExitStack() as stack:
        emulators = {
            kind: stack.enter_context(
                Emulator(login=LOGIN, online=None if kind == "onsite" else played, tls=certificates.server(), door=DoorSwitches())
            )
            for kind in KINDS
        }
        (tmp_path / "app.pem").write_text(emulators["system-user"].door.credentials.private_key)
        (tmp_path / "targets.yaml").write_text(
            TARGETS.format(
                onsite=emulators["onsite"].url,
                system_user=emulators["system-user"].url,
                refresh_token=emulators["refresh-token"].url,
                tenant=TENANT,
                client=played.client_id,
                common="\n    ".join(COMMON),
            )
        )
        one = Place(tmp_path, emulators)
        one.write()
        yield one
