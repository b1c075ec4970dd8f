"""One holder at a time, a number that only grows, and a holder who gives up before anybody else may begin."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import JournalError, LeaseHeld, LeaseLost, RefusedError
from reconciler.journal import lease
from reconciler.journal.lease import HeldLease, acquire, break_lease, holder, is_alive
from reconciler.journal.store import Store
from tests.journal.bodies import RUN, TARGET, StepClock, body
from tests.journal.children import answer, ask, child, end
from tests.journal.places import open_at


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def store(place: str, clock: StepClock) -> Iterator[Store]:
    with open_at(place, clock=clock) as opened:
        yield opened


@pytest.fixture
def take(store: Store, clock: StepClock):
    def take(run: str = RUN, *, who: str = "anna", ttl_s: float = 60.0, target: str = TARGET, alive: bool = True) -> HeldLease:
        return acquire(store, target, run, who, ttl_s, clock, alive=lambda _pid: alive)

    return take


def expire(store: Store, target: str = TARGET) -> None:
    """Let the store's clock pass the end of the lease."""
    with store.database.writing() as sql:
        sql.change("UPDATE lease SET expires_at = ? WHERE target = ?", sql.now() - 1.0, target)


def test_a_lease_says_who_has_it_and_until_when(store: Store, take) -> None:
    assert holder(store, TARGET) is None
    lease = take()
    found = holder(store, TARGET)
    assert found is not None
    assert (found.run, found.who, found.pid, found.fencing, found.held) == (RUN, "anna", os.getpid(), lease.fencing, True)
    assert (found.until - found.since).total_seconds() == pytest.approx(60.0, abs=0.01)
    assert abs(found.since.timestamp() - time.time()) < 5
    lease.release()
    found = holder(store, TARGET)
    assert found is not None
    assert not found.held


def test_a_second_run_is_told_who_has_the_lease_and_what_to_do(take) -> None:
    take(who="anna, GitHub run 4711")
    with pytest.raises(LeaseHeld) as caught:
        take("r2", who="bert")
    assert caught.value.exit_code == 7
    assert f"anna, GitHub run 4711 on {os.uname().nodename if hasattr(os, 'uname') else ''}" in caught.value.detail
    assert RUN in caught.value.detail
    assert "Nothing was written" in caught.value.detail
    assert "reconciler recover" in caught.value.hint


def test_targets_do_not_stand_in_each_others_way(take) -> None:
    take(target="prod")
    take(target="test")


def test_the_fencing_number_grows_through_release_expiry_and_takeover(store: Store, take) -> None:
    numbers = []
    for way in ("release", "expiry", "takeover", "release"):
        lease = take(alive=False)
        numbers.append(lease.fencing)
        if way == "release":
            lease.release()
        elif way == "expiry":
            expire(store)
    assert numbers == [1, 2, 3, 4]


def test_an_expired_lease_may_be_taken_and_the_old_holder_learns_it(store: Store, take) -> None:
    old = take()
    expire(store)
    new = take("r2")
    with pytest.raises(LeaseLost, match=r"run r2 of anna on .* has taken it"):
        old.ensure(10)
    assert old.remaining == 0
    with pytest.raises(LeaseLost):
        old.ensure(10)
    old.release()
    new.ensure(10)


def test_a_lease_is_renewed_in_time_and_outlives_many_lengths(clock: StepClock, store: Store, take) -> None:
    lease = take(ttl_s=60.0)
    for _ in range(20):
        lease.ensure(20)
        assert lease.remaining >= 20
        clock.sleep(35)
    assert holder(store, TARGET).until.timestamp() - time.time() > 20  # type: ignore[union-attr]


def test_a_write_that_takes_longer_than_the_lease_gets_the_time_it_needs(store: Store, take) -> None:
    lease = take(ttl_s=30.0)
    lease.ensure(300)
    assert lease.remaining >= 300
    assert holder(store, TARGET).until.timestamp() - time.time() > 300  # type: ignore[union-attr]


def test_a_holder_who_slept_gives_up_although_nobody_took_it(clock: StepClock, take) -> None:
    lease = take(ttl_s=60.0)
    clock.sleep(60)
    with pytest.raises(LeaseLost, match="may have been paused"):
        lease.ensure(1)


def test_a_holder_whose_own_clock_stood_still_gives_up_by_the_stores_clock(store: Store, take) -> None:
    """What a suspended machine looks like: its monotonic clock did not count the time."""
    lease = take()
    expire(store)
    with pytest.raises(LeaseLost, match="store's clock"):
        lease.ensure(1)


def test_a_lease_that_was_given_back_is_gone(take) -> None:
    lease = take()
    lease.release()
    lease.release()
    with pytest.raises(LeaseLost, match="given back"):
        lease.ensure(1)
    take("r2")


def test_a_store_that_fails_means_that_the_lease_is_lost_and_release_is_silent(clock: StepClock, store: Store, take) -> None:
    lease = take()
    store.database.close()
    with pytest.raises(LeaseLost, match="cannot be confirmed"):
        lease.ensure(10)
    clock.sleep(40)
    with pytest.raises(LeaseLost, match="cannot be confirmed"):
        lease.ensure(10)
    lease.release()


def test_a_damaged_lease_is_a_journal_error(store: Store, take) -> None:
    take()
    untyped = [] if store.database.shared else [("pid", "x"), ("who", b"x")]  # PostgreSQL keeps the types of its columns itself
    for column, value in [("expires_at", 1e300), ("expires_at", -1.0), *untyped]:
        with store.database.writing() as sql:
            before = sql.rows(f"SELECT {column} FROM lease")[0][0]
            sql.change(f"UPDATE lease SET {column} = ?", value)
        with pytest.raises(JournalError, match="damaged"):
            take("r2")
        with store.database.writing() as sql:
            sql.change(f"UPDATE lease SET {column} = ?", before)


def test_the_journal_records_no_intent_for_a_holder_who_was_overtaken(store: Store, take) -> None:
    """The guard that counts: it is asked in the transaction in which the intent becomes durable."""
    old = take()
    journal = store.journal(TARGET, RUN)
    journal.append("run-opened", body("run-opened", fencing=old.fencing))
    journal.append("unit-opened", body("unit-opened"))
    expire(store)
    take("r2")
    with pytest.raises(JournalError, match="taken over"):
        journal.append("intent", body("intent"))
    assert [event.kind for event in store.events()] == ["run-opened", "unit-opened"]


def test_a_lease_is_broken_by_its_holders_name_and_then_that_run_sends_nothing_more(place: str, store: Store, take) -> None:
    with open_at(place) as other:
        with pytest.raises(RefusedError, match="Nobody holds"):
            break_lease(other, TARGET, "anna")
        old = take()
        journal = store.journal(TARGET, RUN)
        journal.append("run-opened", body("run-opened", fencing=old.fencing))
        journal.append("unit-opened", body("unit-opened"))
        for name in ("bert", "", "Anna"):
            with pytest.raises(RefusedError, match="held by 'anna'"):
                break_lease(other, TARGET, name)
        old.ensure(1)
        assert break_lease(other, TARGET, "anna", by="bert: the runner is gone").run == RUN
        with pytest.raises(JournalError, match=r"taken over|connection to the server was lost"):
            journal.append("intent", body("intent"))
        with pytest.raises(LeaseLost):
            old.ensure(1)
        old.release()
        assert other.view(RUN).notes == ["The lease of anna was broken by bert: the runner is gone."]
        assert other.view(RUN).unfinished
        new = acquire(other, TARGET, "r2", "bert", 60.0, StepClock())
        assert new.fencing > old.fencing + 1
        new.release()


def test_a_process_lives_until_it_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_alive(process.pid)
    assert is_alive(os.getpid())
    process.kill()
    if sys.platform == "linux":
        until = time.monotonic() + 10
        while is_alive(process.pid) and time.monotonic() < until:  # dead, but nobody has waited for it yet
            time.sleep(0.01)
        assert not is_alive(process.pid)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
    assert not is_alive(process.pid)


HOLD = """
with open_at(place) as store:
    lease = acquire(store, TARGET, "r1", "anna", 600.0, StepClock())
    say("got", lease.fencing)
    sys.stdin.readline()
"""


def test_the_lease_of_a_killed_process_of_this_machine_is_taken_over_at_once(place: str, store: Store, clock: StepClock) -> None:
    process = child(HOLD, place)
    try:
        assert answer(process) == ["got", "1"]
        with pytest.raises(LeaseHeld):
            acquire(store, TARGET, RUN, "bert", 60.0, clock)
        process.kill()
        process.wait()
        assert acquire(store, TARGET, RUN, "bert", 60.0, clock).fencing == 2
    finally:
        end(process)


def test_the_lease_of_another_machine_is_never_taken_over_before_it_expires(store: Store, take) -> None:
    take()
    with store.database.writing() as sql:
        sql.change("UPDATE lease SET place = 'elsewhere'")
    with pytest.raises(LeaseHeld):
        take("r2", alive=False)
    expire(store)
    take("r2")


RACE = """
with open_at(place) as store:
    say("ready")
    for line in sys.stdin:
        target = line.strip()
        try:
            lease = acquire(store, target, sys.argv[2], sys.argv[2], 60.0, StepClock())
        except ReconcilerError as error:
            say(type(error).__name__)
        else:
            say("got")
            journal = store.journal(target, target + sys.argv[2])
            journal.append("run-opened", body("run-opened", fencing=lease.fencing))
"""


def test_of_two_processes_that_start_together_exactly_one_gets_it(place: str, store: Store) -> None:
    racers = [child(RACE, place, name) for name in ("r1", "r2")]
    winners = []
    try:
        assert [answer(racer) for racer in racers] == [["ready"], ["ready"]]
        for number in range(50):
            for racer in racers if number % 2 else reversed(racers):
                ask(racer, f"target-{number}")
            said = [answer(racer) for racer in racers]
            assert sorted(said) == [["LeaseHeld"], ["got"]]
            winners.append(said.index(["got"]))
    finally:
        for racer in racers:
            if racer.stdin is not None:
                racer.stdin.close()
            racer.wait(timeout=20)
            end(racer)
    assert set(winners) == {0, 1}
    assert store.verify().events == 50


def test_two_machines_of_one_name_are_two_places_also_where_no_boot_id_tells_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows and macOS: their processes must not be taken for dead by each other."""

    def nothing(*_args: object, **_more: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", nothing)
    places = []
    for card in (0x1A2B3C, 0x4D5E6F):
        monkeypatch.setattr(uuid, "getnode", lambda card=card: card)
        places.append(lease._place())
    assert places[0] != places[1]
    assert lease._place() == places[1]
