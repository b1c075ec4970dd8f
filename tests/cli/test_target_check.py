"""`target check`: what is said, for a person and for a machine, and what it ends with."""

import json

import pytest

from tests.cli.conftest import Folder

TARGETS = """\
targets:
  away: {kind: onsite, url: "http://127.0.0.1:1/SuperOffice", auth: {kind: ticket, ticket: {secret: env:TICKET}}}
"""
READY = """\
Target emulator, kind emulator.

  credentials  good  The emulator's own login.
  address      good  (here).
  server       good  NetServer 12.4.0.0 (12.4 (embedded)).
  clock        good  0 s apart from the server's.
  login        good  ADMIN (Ada Administrator), in Emulator.
  rights       good  Role Administrator; functional rights: admin-all.
  agent        good  The ErpSync agent answers; automatic synchronisation runs.
  connections  good  0 connections and 0 connectors can be read. Only a write shows whether it is allowed.
  journal      good  On this machine, which is enough for an emulator.
  key          good  Passwords are compared and kept for rollback under a generated key.
  secrets      good  Desired state may refer to env:*, file:./.

Ready. Nothing was written. Next: reconciler plan
"""


def test_a_target_that_is_ready(folder: Folder) -> None:
    done = folder.run("target", "check")
    assert (done.code, done.err) == (0, "")
    lines = [f"{line[: line.index('http')]}(here)." if " address " in line else line for line in done.out.splitlines()]
    lines = ["  clock        good  0 s apart from the server's." if " clock " in line else line for line in lines]
    assert "\n".join(lines) + "\n" == READY


def test_a_target_that_is_not_there(folder: Folder) -> None:
    folder.write(TARGETS, "targets.yaml")
    done = folder.run("target", "check", "away")
    assert done.code == 3
    assert "credentials  missing      The secret env:TICKET cannot be used: the environment variable TICKET is not set." in done.out
    assert done.out.endswith("Not ready. Nothing was written.\n")
    assert "  credentials: Set TICKET and run again.\n" in done.out


def test_as_json(folder: Folder, monkeypatch: object) -> None:
    folder.write(TARGETS.replace("env:TICKET", "env:VISMA_PASSWORD"), "targets.yaml")
    done = folder.run("target", "check", "away", "--format", "json")
    assert done.code == 3
    found = json.loads(done.out)
    assert (found["format"], found["target"], found["kind"], found["exit_code"]) == ("reconciler/target-check/v1", "away", "onsite", 3)
    assert {item["name"]: item["verdict"] for item in found["checks"]} == {
        "credentials": "good",
        "address": "good",
        "server": "missing",
        "clock": "not-checked",
        "login": "not-checked",
        "rights": "not-checked",
        "agent": "not-checked",
        "connections": "not-checked",
        "journal": "notice",
        "key": "notice",
        "secrets": "notice",
    }


@pytest.mark.parametrize(
    ("ci", "written", "verdict"), [("true", "", "missing"), ("", "", "notice"), ("true", ", journal: local", "notice")]
)
def test_a_journal_that_nobody_shares(folder: Folder, monkeypatch: pytest.MonkeyPatch, ci: str, written: str, verdict: str) -> None:
    """In CI, where the next runner is another machine, apply would be refused."""
    monkeypatch.setenv("CI", ci)
    folder.write(TARGETS.replace("}}}", f"}}}}{written}}}"), "targets.yaml")
    found = json.loads(folder.run("target", "check", "away", "--format", "json").out)
    (journal,) = [item for item in found["checks"] if item["name"] == "journal"]
    assert journal["verdict"] == verdict
    assert ("apply is refused in CI" in journal["text"]) == (verdict == "missing")


def test_a_target_that_does_not_exist(folder: Folder) -> None:
    done = folder.run("target", "check", "prod")
    assert done.code == 64
    assert "Unknown target" in done.err
