"""Canonical bytes, the hash of an event, and where a chain of events breaks.

One chain runs through a store, over all targets. It shows damage and meddling with single events; whoever can write the
whole file can compute a new chain, which is why the head is printed at the end of every run and can be kept elsewhere.

Effects: none.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal.events import Body, Event

__all__ = ["Break", "canonical", "event_hash", "plain", "verify"]

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})  # exactly these: a subclass has to be made plain


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold.

    Attributes:
        seq: of the event that does not fit; for a missing event the number that was expected; 0 when it is no event.
        reason: a sentence for people.
    """

    seq: int
    reason: str


def plain(value: Any) -> Any:
    """The value as JSON knows it: mappings become dicts, sequences lists, text enums plain text.

    Raises:
        JournalError: something JSON has no form for (a secret, a number that is not finite, a key that is not text). The
            message names types and keys, never values.
    """
    return _plain(value, "body")


def _plain(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise JournalError("Event is not JSON", f"{where} has a key that is not text.", "This is a bug in reconciler.")
        return {str.__str__(key): part if type(part) in _AS_THEY_ARE else _plain(part, f"{where}.{key}") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [part if type(part) in _AS_THEY_ARE else _plain(part, f"{where}[{number}]") for number, part in enumerate(value)]
    raise JournalError("Event is not JSON", f"{where} is a {type(value).__name__}.", "This is a bug in reconciler.")


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces and ASCII only, so that equal values have equal text. The value has to be `plain`."""
    return _encode(value)


def event_hash(*, seq: int, target: str, run: str, kind: str, at: str, body: Body, prev: str) -> str:
    """SHA-256 over the previous hash and the canonical event without its own, as lower-case hex."""
    text = canonical({"at": at, "body": body, "kind": kind, "prev": prev, "run": run, "seq": seq, "target": target})
    return hashlib.sha256(prev.encode("ascii", "replace") + text.encode("ascii")).hexdigest()


def verify(events: Iterable[Event]) -> Break | None:
    """Find the first break of a whole chain, in the order of the events given.

    Returns:
        None when every event follows the one before and matches its own hash. A chain that was cut off at its end is
        whole: that shows only against a head kept elsewhere.
    """
    prev = ""
    for seq, event in enumerate(events, start=1):
        if event.seq != seq:
            return Break(seq, f"Event {seq} is missing or out of order: event {event.seq} stands in its place.")
        if event.prev != prev:
            return Break(seq, f"Event {seq} does not follow event {seq - 1}: the hash of the event before it differs.")
        made = event_hash(seq=seq, target=event.target, run=event.run, kind=event.kind, at=event.at, body=event.body, prev=prev)
        if event.hash != made:
            return Break(seq, f"Event {seq} was changed: its content does not match its hash.")
        prev = event.hash
    return None
