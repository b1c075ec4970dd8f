"""All that the journal holds of one target, added up for an audit in one pass.

In -> Out: the events of a target in their order -> an `Account`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.audit.people import person_of
from reconciler.journal.events import RECORDS, Event, Kind
from reconciler.journal.fold import MISSHAPEN, misshapen
from reconciler.journal.view import RunView, view_run

__all__ = ["Account", "Broken", "Review", "Seen", "account_of", "around"]


@dataclass(frozen=True, slots=True)
class Review:
    """A person looked at exceptions, and says why they may stand.

    Attributes:
        subjects: ids of the exceptions.
        run: that they are about; empty for none.
    """

    seq: int
    at: str
    subjects: tuple[str, ...]
    run: str
    actor: Mapping[str, Any]
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Somebody took the right to write away from a run."""

    seq: int
    at: str
    holder: str
    run: str
    actor: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tenant held at one read, in digests: of each connection, by GUID, what `tenant-read` says of it."""

    seq: int
    at: str
    actor: Mapping[str, Any]
    principal: str
    connections: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one target.

    Attributes:
        runs: in the order in which they were opened.
        events: how many events it is made of.
        times: of every event, number and time in their order.
    """

    target: str
    runs: tuple[RunView, ...] = ()
    reviews: tuple[Review, ...] = ()
    broken: tuple[Broken, ...] = ()
    reads: tuple[Seen, ...] = ()
    events: int = 0
    times: tuple[tuple[int, str], ...] = field(default=(), repr=False)


def around(run: str, events: Iterable[Event]) -> Iterator[Event]:
    """Of all events only those that tell of one run: its own, those of the run that was opened before it, and what belongs to no run."""
    before: list[Event] = []
    began = False
    for event in events:
        if event.run == run or event.kind in RECORDS:
            if event.run == run and not began:
                began = True
                yield from before
            yield event
        elif began:
            if before and event.run == before[0].run:
                yield event
        elif event.kind == Kind.RUN_OPENED:
            before = [event]
        elif before and event.run == before[0].run:
            before.append(event)


def account_of(target: str, events: Iterable[Event]) -> Account:
    """Add the events of one target up.

    Raises:
        JournalError: one does not have the form that every append is checked for.
    """
    by_run: dict[str, list[Event]] = {}
    records: list[Event] = []
    times = []
    for event in events:
        times.append((event.seq, event.at))
        if event.kind in RECORDS:
            records.append(event)
        else:
            by_run.setdefault(event.run, []).append(event)
    runs = tuple(view_run(found) for found in by_run.values())
    reviews, broken, reads = [], [], []
    for event in records:
        match event.kind:
            case Kind.REVIEWED:
                reviews.append(_built(event, _review))
            case Kind.LEASE_BROKEN:
                broken.append(_built(event, _broken))
            case _:
                reads.append(_built(event, _seen))
    return Account(target, runs, tuple(reviews), tuple(broken), tuple(reads), len(times), tuple(times))


def _built(event: Event, build: Any) -> Any:
    try:
        return build(event)
    except MISSHAPEN as error:
        raise misshapen(event) from error


def _review(event: Event) -> Review:
    body = event.body
    person = str(body["actor"].get("person") or person_of(body["actor"]))
    return Review(event.seq, event.at, tuple(body["subjects"]), body["run"], body["actor"], person, body["reason"])


def _broken(event: Event) -> Broken:
    body = event.body
    return Broken(event.seq, event.at, body["holder"], body["run"], body["actor"], body["reason"])


def _seen(event: Event) -> Seen:
    body = event.body
    return Seen(event.seq, event.at, body["actor"], body["principal"], {one["guid"]: dict(one) for one in body["connections"]})
