"""What left the usual way is found in events made by hand, and only a review of somebody else closes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from reconciler.audit.account import account_of, around
from reconciler.audit.flags import Flag, FlagKind, flags_of
from reconciler.audit.period import Period, period_of
from reconciler.audit.population import population_of
from reconciler.errors import JournalError, UsageProblem
from reconciler.journal.chain import verify
from reconciler.journal.events import Event
from tests.journal.bodies import TARGET, A, Account, B, body, good_run

ANNA = {"user": "anna", "host": "build-7", "pid": 1}
BERIT = {"person": "berit", "user": "berit", "host": "desk-3"}


def run_of(number: int = 1, *, after: Account | None = None, end: str = "as-desired", **opening: Any) -> Account:
    """A run whose opening says this; one unit was changed."""
    account = Account(run=f"20261122-14300{number}-7f3a", after=after)
    account.add("run-opened", **{"why": {"ticket": "OPS-1"}, "actor": {**ANNA, "approval": {"verified": True}}, **opening})
    account.add("unit-opened")
    account.write()
    account.add("unit-closed", end=end)
    account.add("unit-closed", unit=B, end="untouched", applied=False, digest="u2", window_s=None)
    account.add("run-closed", ends={A: end, B: "untouched"}, head="")
    return account


def record(after: Account, kind: str, **changed: Any) -> Account:
    account = Account(run=f"20261123-0000{len(after.events):02}-0000", after=after)
    account.add(kind, **changed)
    return account


def flags(events: Iterable[Event]) -> list[Flag]:
    return list(flags_of(account_of(TARGET, events)))


def kinds(account: Account) -> list[str]:
    return [flag.kind.value for flag in flags(account.events)]


def seen(**parts: Any) -> list[dict[str, Any]]:
    entry = body("tenant-read")["connections"][0]
    more = {name: parts.pop(name) for name in ("updated", "updated_by") if name in parts}
    return [{**entry, "updated_by": "", **more, "parts": {"row": "d1", "config": "c1", "below": None, **parts}}]


def test_a_run_with_ticket_and_approval_is_no_exception() -> None:
    assert kinds(run_of()) == []


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ({"actor": ANNA}, ["no-approval"]),
        ({"why": {}}, ["no-ticket"]),
        ({"actor": {**ANNA, "approval": {"verified": False, "attested": "bo, by mail"}}}, ["attested-approval"]),
        ({"actor": ANNA, "break_glass": {"reason": "down", "passed": ["Not approved."]}}, ["break-glass"]),
        ({"plan": {"units": [], "hazards": [{"name": "delete", "address": A, "permitted": True}]}}, ["barrier-permitted"]),
        ({"plan": {"units": [{"address": A, "changes": [{"path": ["name"], "attribution": "drift"}]}]}}, ["changed-elsewhere"]),
        ({"plan": {"units": [], "drift": [{"address": A, "path": ["name"]}]}}, ["changed-elsewhere"]),
    ],
)
def test_what_a_run_says_of_itself(opening: dict[str, Any], expected: list[str]) -> None:
    assert kinds(run_of(**opening)) == expected


def test_a_journal_of_an_earlier_version_is_read() -> None:
    """Its runs have no tool, no clock and no controls; a digest of the target tells that something changed."""
    account = good_run(Account())
    later = Account(run="20261122-150000-0001", after=account)
    good_run(later)
    assert kinds(later) == ["no-approval", "no-approval"]
    third = run_of(3, after=later, target_digest="t2")
    assert kinds(third)[-1] == "controls-changed"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"limits": {"digest": "a", "says": {"max_deleted": 0}}}, {"limits": {"digest": "b", "says": {"max_deleted": 5}}}, "0 → 5"),
        ({"secrets": {"digest": "a", "says": ["env:A"]}}, {"secrets": {"digest": "b", "says": ["env:*"]}}, "env:A → env:*"),
        ({"policy": {"digest": "a"}}, {"policy": {"digest": "b"}}, "policy: a → b"),
        ({"policy": {"digest": "a"}}, {"limits": {"digest": "b"}}, "policy: a → none"),
    ],
)
def test_what_limits_a_run_is_compared_with_the_run_before(old: Any, new: Any, told: str) -> None:
    account = run_of(2, after=run_of(controls=old), controls=new)
    (found,) = flags(account.events)
    assert found.kind is FlagKind.CONTROLS
    assert told in found.text
    assert kinds(run_of(2, after=run_of(controls=old), controls=old)) == []


def test_another_tool_is_a_change_of_the_controls() -> None:
    controls = {"limits": {"digest": "a"}}
    first = run_of(controls=controls, tool={"version": "1.0", "digest": "aaaa"})
    (found,) = flags(run_of(2, after=first, controls=controls, tool={"version": "1.1", "digest": "bbbb"}).events)
    assert "the tool: 1.0 (aaaa) → 1.1 (bbbb)" in found.text


@pytest.mark.parametrize(
    ("choice", "kind"), [("back", "recovered"), ("forward", "recovered"), ("park", "parked"), ("accept-current", "accepted")]
)
def test_a_recovery_is_an_exception_of_both_who_ran_and_who_settled(choice: str, kind: str) -> None:
    account = Account()
    account.add("run-opened", why={"ticket": "OPS-1"}, actor={**ANNA, "approval": {"verified": True}})
    account.add("unit-opened")
    account.write(verdict=None)
    account.add("run-closed", exit_code=6, ends={A: "needs-attention"}, head="")
    assert kinds(account) == ["unfinished"]
    account.add("recovery-opened", choice=choice, actor={"user": "carl"}, why={"reason": "it died"})
    assert kinds(account) == ["unfinished", kind]
    found = flags(account.events)[-1]
    assert found.executors == {"anna", "carl"}
    assert "it died" in found.text


@pytest.mark.parametrize(
    ("actor", "closes"),
    [
        (BERIT, True),
        ({"person": "anna", "user": "anna"}, False),
        ({"person": "ANNA", "user": "anna"}, False),
        ({"person": "berit", "ci": {"GITHUB_TRIGGERING_ACTOR": "berit", "GITHUB_ACTOR": "anna"}}, False),
    ],
)
def test_only_somebody_else_closes_an_exception_whatever_the_journal_was_made_to_hold(actor: dict[str, Any], closes: bool) -> None:
    ran = run_of(actor=ANNA)
    (open_one,) = flags(ran.events)
    (found,) = flags(record(ran, "reviewed", subjects=[open_one.id], run=ran.run, actor=actor, reason="looked").events)
    assert (found.review is not None) is closes


def test_a_review_of_one_closes_no_other() -> None:
    ran = run_of(actor=ANNA, why={})
    reviewed = record(ran, "reviewed", subjects=["no-ticket@1"], run=ran.run, actor=BERIT, reason="looked")
    assert {flag.id: flag.review is not None for flag in flags(reviewed.events)} == {"no-approval@1": False, "no-ticket@1": True}


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ({}, {"config": "c2"}, "its configuration"),
        ({}, {"row": "d2", "updated_by": "KARI", "updated": "2026-11-22T01:00:00"}, "KARI saved it last"),
        ({"below": "b1"}, {"below": "b2"}, "its mappings or defaults"),
        ({"config": None}, {"config": "c2"}, ""),
        ({}, {"config": None}, ""),
        ({}, {}, ""),
    ],
)
def test_two_reads_show_what_changed_between_them(first: dict[str, Any], second: dict[str, Any], told: str) -> None:
    before = record(Account(), "tenant-read", connections=seen(**first))
    found = flags(record(before, "tenant-read", connections=seen(**second)).events)
    assert [flag.kind for flag in found] == ([FlagKind.ELSEWHERE] if told else [])
    assert all(told in flag.text for flag in found)


def test_what_a_run_wrote_between_two_reads_was_not_changed_elsewhere() -> None:
    before = record(Account(), "tenant-read", connections=seen())
    written = run_of(after=before, actor={**ANNA, "approval": {"verified": True}, "principal": "SO-ERP"})
    ours = record(written, "tenant-read", principal="so-erp", connections=seen(config="c2", updated_by="so-erp"))
    assert kinds(ours) == []
    theirs = record(written, "tenant-read", principal="so-erp", connections=seen(config="c2", updated_by="KARI"))
    (found,) = flags(theirs.events)
    assert (found.person, "somebody else saved it after that" in found.text) == ("KARI", True)


def test_a_connection_that_came_or_went_is_told() -> None:
    before = record(Account(), "tenant-read", connections=seen())
    gone = record(before, "tenant-read", connections=[])
    assert "was deleted, and no run did that" in flags(gone.events)[0].text
    back = record(gone, "tenant-read", connections=seen())
    assert "was created, and no run did that" in flags(back.events)[1].text


def test_the_account_of_every_prefix_can_be_read() -> None:
    full = record(run_of(actor=ANNA, why={}), "reviewed", subjects=["no-ticket@1"]).events
    for length in range(len(full) + 1):
        flags(full[:length])
    assert verify(full) is None


def test_an_event_without_its_form_is_not_believed() -> None:
    good = record(run_of(), "reviewed").events
    broken = Event(good[-1].seq, TARGET, "x", "reviewed", good[-1].at, {"subjects": 7}, "", "")
    with pytest.raises(JournalError):
        flags([*good[:-1], broken])


def test_the_population_of_a_period_has_its_neighbours() -> None:
    account = account_of(TARGET, run_of(3, after=run_of(2, after=run_of(1))).events)
    everything = population_of(account, Period())
    assert [run.run[-6] for run in everything.runs] == ["1", "2", "3"]
    assert (everything.before, everything.after, everything.backwards) == (None, None, ())
    second = Period(account.runs[1].started, account.runs[2].started)
    found = population_of(account, second)
    assert [run.run for run in found.runs] == [account.runs[1].run]
    assert (found.before, found.after) == (account.runs[0], account.runs[2])


def test_a_clock_that_went_back_is_told() -> None:
    events = run_of().events
    late = [Event(e.seq, e.target, e.run, e.kind, e.at.replace("2026", "2025"), e.body, e.prev, e.hash) for e in events[3:4]]
    account = account_of(TARGET, [*events[:3], *late, *events[4:]])
    assert population_of(account, Period()).backwards == ((3, 4),)


@pytest.mark.parametrize(
    ("begin", "end", "inside", "outside"),
    [
        ("2026-11-22", "2026-11-22", "2026-11-22T23:59:59.999999Z", "2026-11-23T00:00:00.000000Z"),
        ("2026-11-22T10:00+02:00", None, "2026-11-22T08:00:00.000000Z", "2026-11-22T07:59:59.999999Z"),
        (None, "2026-11-22T10:00:00", "2026-11-22T09:59:59.000000Z", "2026-11-22T10:00:00.000000Z"),
    ],
)
def test_a_period_is_of_whole_days_in_utc_or_of_moments(begin: str | None, end: str | None, inside: str, outside: str) -> None:
    period = period_of(begin, end)
    assert period.holds(inside)
    assert not period.holds(outside)


@pytest.mark.parametrize(("begin", "end"), [("november", None), (None, "2026-13-01"), ("2026-02-02", "2026-02-01")])
def test_what_is_no_period_is_refused(begin: str | None, end: str | None) -> None:
    with pytest.raises(UsageProblem):
        period_of(begin, end)


def test_the_exceptions_of_one_run_need_only_what_stands_around_it() -> None:
    controls = [{"limits": {"digest": digest}} for digest in "abc"]
    account = run_of(1, controls=controls[0], actor=ANNA)
    account = run_of(2, after=account, controls=controls[1], actor=ANNA)
    account = record(account, "lease-broken", run="20261122-143002-7f3a")
    account = run_of(3, after=account, controls=controls[2], actor=ANNA, why={})
    account = record(account, "reviewed", subjects=["no-approval@1"], run="x", actor=BERIT, reason="looked")
    for number in range(1, 4):
        run = f"20261122-14300{number}-7f3a"
        alone = [flag for flag in flags(around(run, account.events)) if flag.run == run]
        assert alone == [flag for flag in flags(account.events) if flag.run == run]
        assert alone
