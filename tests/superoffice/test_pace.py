"""No second sees more calls than the target allows, whichever second one looks at, and however many threads call."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from reconciler.superoffice.pace import Pace


class SharedClock:
    """Virtual time for several threads: it moves on when all of them wait, to the moment at which the first is due."""

    def __init__(self, threads: int) -> None:
        self._changed = threading.Condition()
        self._now = 0.0
        self._running = threads
        self._due: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 31, tzinfo=UTC)

    def monotonic(self) -> float:
        with self._changed:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            until = self._now + seconds
            self._due.append(until)
            self._running -= 1
            self._move_on()
            while self._now < until:
                self._changed.wait(10)
            self._due.remove(until)
            self._running += 1

    @contextmanager
    def done(self) -> Iterator[None]:
        yield
        with self._changed:
            self._running -= 1
            self._move_on()

    def _move_on(self) -> None:
        waiting = [due for due in self._due if due > self._now]
        if self._running == 0 and len(waiting) == len(self._due) and waiting:
            self._now = min(waiting)
            self._changed.notify_all()


def moments(rate: float, calls: int, threads: int) -> list[float]:
    """When each call went, in virtual time."""
    clock = SharedClock(threads)
    pace, went, lock = Pace(rate, clock), [], threading.Lock()
    left = iter(range(calls))

    def call() -> None:
        with clock.done():
            while True:
                with lock:
                    if next(left, None) is None:
                        return
                pace.take()
                with lock:
                    went.append(clock.monotonic())

    running = [threading.Thread(target=call) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    assert not any(thread.is_alive() for thread in running)
    return sorted(went)


def most_in(went: list[float], seconds: float) -> int:
    """The fullest span of so many seconds, its end not included."""
    return max(sum(1 for other in went if moment <= other < moment + seconds - 1e-9) for moment in went)


@pytest.mark.parametrize("threads", [1, 4, 16])
def test_fifty_calls_a_second_hold_over_a_thousand_calls(threads: int) -> None:
    went = moments(50, 1000, threads)
    assert len(went) == 1000
    assert most_in(went, 1.0) == 50
    assert went[-1] == pytest.approx(19.0)  # fifty at once, then fifty a second, and not one second longer


@pytest.mark.parametrize(("rate", "span", "most"), [(5, 1.0, 5), (2.5, 0.8, 2), (0.5, 2.0, 1), (1, 1.0, 1), (7.9, 7 / 7.9, 7)])
def test_other_rates(rate: float, span: float, most: int) -> None:
    went = moments(rate, 40, 4)
    assert most_in(went, span) == most
    assert went[-1] == pytest.approx((40 - 1) // most * span)


def test_without_a_limit_nobody_waits() -> None:
    clock = SharedClock(1)
    pace = Pace(None, clock)
    for _ in range(1000):
        pace.take()
    assert clock.monotonic() == 0.0


def test_a_pause_that_the_server_asked_for_holds_everybody_and_costs_no_burst_afterwards() -> None:
    clock = SharedClock(1)
    pace = Pace(5, clock)
    went = []
    for at in range(30):
        if at == 3:
            pace.hold(7.0)
        pace.take()
        went.append(clock.monotonic())
    assert went[3] == pytest.approx(7.0)
    assert most_in(went, 1.0) == 5
