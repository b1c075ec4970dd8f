"""An event as it stands in a row of the table, and back.

Effects: none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal.chain import canonical, event_hash
from reconciler.journal.events import Body, Event, Kind

__all__ = ["distrusted", "event_of", "matching", "split"]

_parse = json.JSONDecoder().decode
# Large parts of a body that folding never needs; stored beside it, hashed with it.
_LARGE: Mapping[str, tuple[str, ...]] = {
    Kind.RUN_OPENED: ("plan", "controls"),
    Kind.UNIT_OPENED: ("observed", "raw_sealed"),
    Kind.INTENT: ("sets",),
}


def distrusted(detail: str) -> JournalError:
    """What to raise of a journal that was changed or damaged."""
    return JournalError("Journal cannot be trusted", detail, "Look for the place with: reconciler audit verify")


def split(kind: str, body: Body) -> tuple[str, str]:
    """The canonical texts of a body: without its large parts, and those alone (empty where there are none)."""
    large = {key: body[key] for key in _LARGE.get(kind, ()) if key in body}
    small = {key: value for key, value in body.items() if key not in large}
    return canonical(small), canonical(large) if large else ""


def event_of(row: Sequence[Any]) -> Event:
    """A row as an event; rows without the last column give bodies without their large parts.

    Raises:
        JournalError: it was changed after it was written: it has not the form, or (read whole) not the canonical text.
    """
    seq, target, run, kind, at, prev, made, body, *bulk = row
    content: dict[str, Any] = {}
    try:
        content = _parse(body)
        if bulk and bulk[0]:
            content.update(_parse(bulk[0]))
        # Text that differs from its canonical form could show another value to those who read the file directly.
        altered = bool(bulk) and split(kind, content) != (body, bulk[0])
        altered = altered or {type(target), type(run), type(kind), type(at), type(prev), type(made)} != {str}
    except (ValueError, TypeError, AttributeError, RecursionError):
        altered = True
    if altered:
        raise distrusted(f"Event {seq} was changed: its content is not as it was written.")
    return Event(seq, target, run, kind, at, content, prev, made)


def matching(event: Event) -> Event:
    """The event, read whole, if it matches its own hash.

    Raises:
        JournalError: it was changed after it was written, be its form as right as it may.
    """
    made = event_hash(seq=event.seq, target=event.target, run=event.run, kind=event.kind, at=event.at, body=event.body, prev=event.prev)
    if made != event.hash:
        raise distrusted(f"Event {event.seq} was changed: its content does not match its hash.")
    return event
