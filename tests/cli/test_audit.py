"""`audit` as an auditor's counterpart types it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import zipfile

from tests.cli.conftest import CANARY, Folder


def table(folder: Folder) -> list[dict[str, str]]:
    done = folder.run("audit", "changes")
    assert done.code == 0
    return list(csv.DictReader(io.StringIO(done.out)))


def test_every_change_of_every_run_is_one_line(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("apply", "--yes", "--ticket", "CHG-17", "--reason", "new limit").code == 0
    newest = table(applied)[-1]
    assert (newest["unit"], newest["path"], newest["before"], newest["after"]) == ("connection/visma-no", "config.IntegerField", "12", "13")
    assert (newest["ticket"], newest["reason"], newest["end"], newest["exit_code"]) == ("CHG-17", "new limit", "as-desired", "0")
    assert (newest["file"], newest["line"]) == ("connections.yaml", "17")
    assert CANARY not in applied.run("audit", "changes").out


def test_no_cell_is_a_formula(applied: Folder) -> None:
    applied.change("Customers of company F0001", "'=HYPERLINK(\"http://evil.example\")'")
    assert applied.run("apply", "--yes", "--reason", "=1+1", "--ticket", "@SUM(A1)").code == 0
    cells = [cell for row in table(applied) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'=1+1" in cells


def test_evidence_is_checked_by_plain_python_somewhere_else(applied: Folder) -> None:
    done = applied.run("audit", "export", "-o", "evidence.zip")
    assert done.code == 0, done.err
    again = applied.run("audit", "export", "-o", "evidence.zip")
    assert again.code == 1
    elsewhere = applied.path / "elsewhere"
    with zipfile.ZipFile(applied.path / "evidence.zip") as archive:
        assert sorted(archive.namelist()) == ["changes.csv", "events.jsonl", "manifest.json", "verify.py"]
        archive.extractall(elsewhere)
    head = json.loads((elsewhere / "manifest.json").read_text(encoding="ascii"))["head"]
    assert head in done.err
    digest = hashlib.sha256((elsewhere / "manifest.json").read_bytes()).hexdigest()
    assert f"python verify.py --anchor {head} --manifest {digest}\n" in done.err
    command = [sys.executable, "-I", "-S", str(elsewhere / "verify.py"), "--anchor", head, "--manifest", digest]
    assert subprocess.run(command, env={}, capture_output=True, check=False).returncode == 0
    assert CANARY.encode() not in b"".join(path.read_bytes() for path in elsewhere.iterdir())


def test_what_to_keep_of_evidence_is_told_to_a_machine_too(applied: Folder) -> None:
    told = json.loads(applied.run("audit", "export", "-o", "evidence.zip", "--format", "json").out)
    with zipfile.ZipFile(applied.path / "evidence.zip") as archive:
        manifest = archive.read("manifest.json")
    assert (told["file"], told["manifest"]) == ("evidence.zip", hashlib.sha256(manifest).hexdigest())
    assert (told["events"], told["head"]) == (json.loads(manifest)["events"], json.loads(manifest)["head"])


def test_a_journal_that_was_changed_fails_verification_and_is_no_evidence(applied: Folder) -> None:
    assert applied.run("audit", "verify").code == 0
    database = sqlite3.connect(applied.path / ".reconciler" / "journal.db")
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")  # the store itself refuses to change an event
    database.execute("""UPDATE event SET body = replace(body, '"user":"', '"user":"not-') WHERE seq = 1""")
    database.commit()
    database.close()
    assert applied.run("audit", "verify").code in (3, 6)
    assert applied.run("audit", "export", "-o", "evidence.zip").code != 0
    assert not (applied.path / "evidence.zip").exists()


def test_a_head_that_was_kept_elsewhere_has_to_be_there(applied: Folder) -> None:
    assert applied.run("audit", "verify", "--anchor", "0" * 64).code == 3


def test_wrong_arguments(applied: Folder) -> None:
    for arguments in (("export",), ("verify", "-o", "x"), ("changes", "--anchor", "0" * 64), ("erase",), ()):
        assert applied.run("audit", *arguments).code == 64
