"""What the journal proves, to hand to somebody who does not have this tool: one target's events, and how to check them.

The chain runs over all targets of a store. Events of other targets are left out but for their numbers and hashes, so that the
sequence is shown to be gapless without showing other customers' runs.

In -> Out: events -> the files of an evidence folder, as bytes by name.
Effects: reads the verifier's own text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Final

from reconciler.journal.chain import canonical
from reconciler.journal.events import Event

__all__ = ["FORMAT", "evidence_files", "evidence_line"]

FORMAT: Final = "reconciler-evidence/v1"


def evidence_line(event: Event, target: str) -> str:
    """An event as one line: in full for the target, else only its place in the chain."""
    place: dict[str, Any] = {"seq": event.seq, "prev": event.prev, "hash": event.hash}
    if event.target == target:
        place |= {"target": event.target, "run": event.run, "kind": event.kind, "at": event.at, "body": event.body}
    return canonical(place) + "\n"


def evidence_files(events: Iterable[Event], target: str, *, changes: str, about: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of an evidence folder.

    Args:
        events: of the whole store, in order.
        changes: the changes of the target's runs as CSV.
        about: what the manifest says besides: when and with what it was made.
    """
    lines, count, own, head = [], 0, 0, ""
    for event in events:
        lines.append(evidence_line(event, target))
        count, head = event.seq, event.hash
        own += event.target == target
    found = {
        "events.jsonl": "".join(lines).encode("ascii"),
        "changes.csv": changes.encode("utf-8"),
        "verify.py": files("reconciler.journal").joinpath("verify_evidence.py").read_bytes(),
    }
    manifest = {
        "format": FORMAT,
        "target": target,
        "events": count,
        "events_of_target": own,
        "head": head,
        "files": {name: hashlib.sha256(octets).hexdigest() for name, octets in sorted(found.items())},
        **about,
    }
    return {**found, "manifest.json": (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode("ascii")}
