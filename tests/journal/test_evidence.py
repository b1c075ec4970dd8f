"""Evidence is checked without the tool, and nothing can be changed in it unseen."""

from __future__ import annotations

import hashlib
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


def digest_of(folder: Path) -> str:
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def verified(folder: Path, *arguments: str) -> tuple[int, str]:
    """What the script in the folder says, run alone: no packages, no environment, another working directory."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments]
    done = subprocess.run(command, cwd=folder.parent, env={}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_own_events_shown_as_another_targets_are_found_by_the_digest_of_the_manifest_and_only_by_it(folder: Path) -> None:
    """Somebody hides a run: its events by their place alone, its change gone, the counts and hashes of the manifest made to fit."""
    kept, head = digest_of(folder), chain()[-1].hash
    assert verified(folder, "--anchor", head, "--manifest", kept.upper()) == (0, verified(folder, "--anchor", head, "--manifest", kept)[1])
    lines = [json.loads(line) for line in lines_of(folder)]
    hidden = [{name: line[name] for name in ("seq", "prev", "hash")} if line.get("run") == "run-3" else line for line in lines]
    assert hidden != lines
    assert tampered(folder, [json.dumps(line, sort_keys=True, separators=(",", ":")) for line in hidden]) == []
    code, told = verified(folder, "--anchor", head)
    assert (code, "Not shown: that every event of prod is told" in told, "--manifest DIGEST" in told) == (0, True, True)
    code, told = verified(folder, "--anchor", head, "--manifest", kept)
    assert (code, told) == (1, "manifest.json is not the one with this SHA-256: it was changed after the evidence was made.\n")
    assert verified(folder, "--anchor", head, "--manifest", "")[0] == 1


@pytest.mark.parametrize("arguments", [("--anchors", "0"), ("--manifest",), ("--manif", "0"), ("0",)])
def test_words_that_the_script_does_not_know_are_not_passed_over(folder: Path, arguments: tuple[str, ...]) -> None:
    code, told = verified(folder, *arguments)
    assert (code, "Whole" in told) == (2, False)


@pytest.mark.parametrize("name", ["changes.csv", "verify.py"])
def test_a_changed_or_missing_file_is_found(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    assert check(folder, [])[0] == [f"{name} was changed after the evidence was made."]
    (folder / name).unlink()
    assert check(folder, [])[0] == [f"{name} is missing."]


def test_the_verifier_runs_alone(folder: Path) -> None:
    head, digest = chain()[-1].hash, digest_of(folder)
    assert verified(folder, "--anchor", head, "--manifest", digest) == (0, f"Whole: 200 events, 134 of them of prod, head {head}.\n")
    assert "Not shown: that nothing was cut off" in verified(folder, "--manifest", digest)[1]
    assert verified(folder, "--anchor", "0" * 64) == (1, f"The head {'0' * 64} is not in it.\n")
