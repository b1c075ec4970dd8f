"""One virtual clock for the session and the emulator: whoever waits moves it, and late effects land as it moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class VirtualClock:
    """Time that passes only when somebody sleeps.

    Attributes:
        on_time_passes: called after each move; the emulator's method of that name.
        set_s: how far somebody has set the wall clock.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.set_s = 0.0
        self.on_time_passes: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds + self.set_s)

    def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)
        self.on_time_passes()
