"""Nobody makes a review, a broken lease or a read of the tenant say something else, and nobody takes one away, unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.journal.chain import verify
from reconciler.journal.events import RECORDS, Event
from reconciler.journal.evidence import evidence_files
from reconciler.journal.verify_evidence import check
from tests.journal.bodies import TARGET, Account, good_run


def chain() -> list[Event]:
    """A run whose glass was broken, then one record of each kind, twice."""
    account = Account()
    account.add("run-opened", break_glass={"reason": "down", "passed": ["Not approved."]}, controls={"limits": {"digest": "a", "says": {}}})
    account.add("run-closed", ends={}, head="")
    account = good_run(Account(run="20261122-150000-0001", after=account))
    for number in range(6):
        account = Account(run=f"20261123-00000{number}-0000", after=account)
        account.add(sorted(RECORDS)[number % 3])
    return account.events


def changed(value: Any) -> Iterator[Any]:
    """The value with one leaf changed, each leaf in turn; and with each member taken out."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            yield from ({**value, key: other} for other in changed(part))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield [*value[:at], *value[at + 1 :]]
            yield from ([*value[:at], other, *value[at + 1 :]] for other in changed(part))
    else:
        yield "somebody else" if value != "somebody else" else "nobody"


def test_every_change_of_what_an_event_says_is_found_where_it_is() -> None:
    events = chain()
    assert verify(events) is None
    tried = 0
    for at, event in enumerate(events):
        for body in changed(event.body):
            broken = verify([*events[:at], replace(event, body=body), *events[at + 1 :]])
            assert broken is not None, (event.kind, body)
            assert broken.seq == event.seq
            tried += 1
    assert tried > 300


def test_every_event_taken_away_doubled_or_moved_is_found() -> None:
    events = chain()
    for at, event in enumerate(events):
        assert at == len(events) - 1 or verify([*events[:at], *events[at + 1 :]]) is not None
        assert verify([*events[: at + 1], event, *events[at + 1 :]]) is not None
        if at:
            assert verify([*events[: at - 1], event, events[at - 1], *events[at + 1 :]]) is not None


def test_a_review_that_was_cut_off_the_end_is_found_by_a_head_that_was_kept(tmp_path: Path) -> None:
    events = chain()
    for name, octets in evidence_files(events[:-1], TARGET, changes="", about={}).items():
        (tmp_path / name).write_bytes(octets)
    assert check(tmp_path, [])[0] == []
    assert check(tmp_path, [events[-1].hash])[0] == [f"The head {events[-1].hash} is not in it."]


def test_the_evidence_holds_the_new_kinds_and_its_verifier_reads_them(tmp_path: Path) -> None:
    events = chain()
    for name, octets in evidence_files(events, TARGET, changes="", about={}).items():
        (tmp_path / name).write_bytes(octets)
    faults, manifest = check(tmp_path, [event.hash for event in events])
    assert (faults, manifest["events"]) == ([], len(events))
    lines = (tmp_path / "events.jsonl").read_text(encoding="ascii").splitlines()
    assert {json.loads(line)["kind"] for line in lines} >= set(RECORDS)
