"""The time the emulator lives in: stamps, late effects and pauses all ask one clock.

Effects: SystemClock reads the system's clocks and sleeps; nothing else here does.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the emulator asks of time. A test hands in a virtual one."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, or let virtual time pass."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Seconds on the system's monotonic clock."""
        return time.monotonic()

    def now(self) -> datetime:
        """The system's wall clock in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        time.sleep(seconds)
