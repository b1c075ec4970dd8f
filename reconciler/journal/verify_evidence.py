"""Checks an evidence folder made by `reconciler audit export`. Needs Python 3.8 or newer and nothing else.

    python verify.py [--anchor HEAD] [--manifest DIGEST]

It checks that every file is the one that the manifest names, that the events count from 1 without gaps, that each follows the
one before, and that each event of this target has the content that its hash was made of. An event of another target is shown
by its place only. A head that was kept elsewhere (printed at the end of every run) shows with --anchor that nothing was cut off
and nothing was made anew. The SHA-256 of manifest.json (printed by `audit export`), kept elsewhere, shows with --manifest that
this is the evidence that was made: without it, who can change the folder can show an event of this target by its place only,
as if it were another's, and can write another table of changes.

Effects: reads the folder in which it lies; writes to standard output.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import sys
from typing import Any


def check(folder: pathlib.Path, anchors: list[str], digest: str | None = None) -> tuple[list[str], dict[str, Any]]:
    """Every fault that was found, as sentences, and what the manifest says; `digest` is its SHA-256 as it was kept."""
    octets = (folder / "manifest.json").read_bytes()
    manifest = json.loads(octets)
    faults = []
    if digest is not None and hashlib.sha256(octets).hexdigest() != digest.lower():
        faults.append("manifest.json is not the one with this SHA-256: it was changed after the evidence was made.")
    for name, wanted in sorted(manifest["files"].items()):
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing.")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            faults.append(f"{name} was changed after the evidence was made.")
    heads, own, seq, prev = set(), 0, 0, ""
    for line in (folder / "events.jsonl").read_text(encoding="ascii").splitlines():
        event = json.loads(line)
        seq += 1
        if event["seq"] != seq:
            faults.append(f"Event {seq} is missing: event {event['seq']} stands in its place.")
            break
        if event["prev"] != prev:
            faults.append(f"Event {seq} does not follow event {seq - 1}.")
            break
        if "body" in event:
            own += 1
            content = {name: event[name] for name in ("at", "body", "kind", "prev", "run", "seq", "target")}
            text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
            if hashlib.sha256((prev + text).encode("ascii")).hexdigest() != event["hash"]:
                faults.append(f"Event {seq} was changed: its content does not match its hash.")
                break
        prev = event["hash"]
        heads.add(prev)
    if not faults and (seq, prev, own) != (manifest["events"], manifest["head"], manifest["events_of_target"]):
        faults.append("The events end elsewhere than the manifest says.")
    faults += [f"The head {anchor} is not in it." for anchor in anchors if anchor not in heads]
    return faults, manifest


def main(arguments: list[str]) -> int:
    """0 when everything holds, else 1."""
    parser = argparse.ArgumentParser(description="Checks the evidence in this folder.", allow_abbrev=False)
    parser.add_argument("--anchor", metavar="HEAD", action="append", default=[], help="a head that was kept elsewhere; repeat it for more")
    parser.add_argument("--manifest", metavar="DIGEST", help="the SHA-256 of manifest.json, kept elsewhere")
    given = parser.parse_args(arguments)
    faults, manifest = check(pathlib.Path(__file__).resolve().parent, given.anchor, given.manifest)
    for fault in faults:
        print(fault)
    if faults:
        return 1
    target = manifest["target"]
    print(f"Whole: {manifest['events']} events, {manifest['events_of_target']} of them of {target}, head {manifest['head']}.")
    if not given.anchor:
        print("Not shown: that nothing was cut off at the end or made anew. Give a head that was kept elsewhere: --anchor HEAD")
    if given.manifest is None:
        print(
            f"Not shown: that every event of {target} is told (one can stand here by its place only, as another target's do), and that\n"
            "changes.csv is as it was made. Give the SHA-256 that `audit export` printed, kept elsewhere: --manifest DIGEST"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
