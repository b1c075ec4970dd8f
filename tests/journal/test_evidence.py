"""Evidence is checked without the tool, and nothing can be changed in it unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.journal.chain import event_hash
from reconciler.journal.events import Event
from reconciler.journal.evidence import evidence_files
from reconciler.journal.verify_evidence import check

COUNT = 200


def chain(count: int = COUNT) -> list[Event]:
    """A journal of two targets that take turns; what it says does not matter here."""
    events: list[Event] = []
    prev = ""
    for seq in range(1, count + 1):
        target = "prod" if seq % 3 else "other-customer"
        about: dict[str, Any] = {
            "seq": seq,
            "target": target,
            "run": f"run-{seq // 20}",
            "kind": "note",
            "at": f"2026-01-01T00:00:{seq:06d}Z",
        }
        body = {"text": f"note {seq} of {target}"}
        made = event_hash(**about, body=body, prev=prev)
        events.append(Event(**about, body=body, prev=prev, hash=made))
        prev = made
    return events


@pytest.fixture(name="folder")
def a_folder(tmp_path: Path) -> Path:
    for name, octets in evidence_files(chain(), "prod", changes="run,unit\r\n", about={"made_at": "2026-01-02"}).items():
        (tmp_path / name).write_bytes(octets)
    return tmp_path


def lines_of(folder: Path) -> list[str]:
    return (folder / "events.jsonl").read_text(encoding="ascii").splitlines()


def tampered(folder: Path, lines: list[str]) -> list[str]:
    """The faults after somebody changed the events and made the manifest fit as far as file hashes and counts go."""
    import hashlib

    octets = ("\n".join(lines) + "\n").encode("ascii")
    (folder / "events.jsonl").write_bytes(octets)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="ascii"))
    manifest["files"]["events.jsonl"] = hashlib.sha256(octets).hexdigest()
    last = json.loads(lines[-1])
    manifest |= {"events": len(lines), "head": last["hash"], "events_of_target": sum("body" in json.loads(line) for line in lines)}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="ascii")
    return check(folder, [chain()[-1].hash])[0]


def test_whole_evidence_holds_and_shows_nothing_of_another_target(folder: Path) -> None:
    assert check(folder, [chain()[-1].hash, chain()[10].hash])[0] == []
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"other-customer" not in everything
    assert b"note 1 of prod" in everything


def test_a_changed_event_is_found_at_every_position(folder: Path) -> None:
    whole = lines_of(folder)
    for at, line in enumerate(whole):
        event = json.loads(line)
        name = "body" if "body" in event else "hash"
        event[name] = {"text": "nothing happened"} if name == "body" else "0" * 64
        assert tampered(folder, [*whole[:at], json.dumps(event), *whole[at + 1 :]]), at


def test_a_missing_event_is_found_at_every_position(folder: Path) -> None:
    whole = lines_of(folder)
    for at in range(COUNT):
        assert tampered(folder, whole[:at] + whole[at + 1 :]), at


def test_two_events_that_changed_places_are_found_at_every_position(folder: Path) -> None:
    whole = lines_of(folder)
    for at in range(COUNT - 1):
        assert tampered(folder, [*whole[:at], whole[at + 1], whole[at], *whole[at + 2 :]]), at


def test_an_event_that_was_slipped_in_is_found_at_every_position(folder: Path) -> None:
    whole = lines_of(folder)
    for at in range(COUNT):
        assert tampered(folder, [*whole[:at], whole[at], *whole[at:]]), at


def test_a_cut_off_end_is_found_by_the_anchor_and_only_by_it(folder: Path) -> None:
    whole = lines_of(folder)
    for count in range(1, COUNT, 7):
        assert tampered(folder, whole[:count]) == [f"The head {chain()[-1].hash} is not in it."]
        assert check(folder, [])[0] == []


@pytest.mark.parametrize("name", ["changes.csv", "verify.py"])
def test_a_changed_or_missing_file_is_found(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    assert check(folder, [])[0] == [f"{name} was changed after the evidence was made."]
    (folder / name).unlink()
    assert check(folder, [])[0] == [f"{name} is missing."]


def test_the_verifier_runs_alone(folder: Path) -> None:
    """Isolated: no packages, no environment, another working directory."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "--anchor", chain()[-1].hash]
    done = subprocess.run(command, cwd=folder.parent, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Whole: 200 events, 134 of them of prod, head ")
    broken = subprocess.run([*command[:-1], "0" * 64], cwd=folder.parent, env={}, capture_output=True, text=True, check=False)
    assert (broken.returncode, broken.stdout) == (1, f"The head {'0' * 64} is not in it.\n")
