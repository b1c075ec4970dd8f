"""No more calls per second than the target allows: a token bucket that all threads share.

Effects: waits, on the clock it is given.
"""

from __future__ import annotations

import threading

from reconciler.ports import Clock

__all__ = ["Pace"]


class Pace:
    """A token bucket that holds one second's worth of calls, and can be held when the server asks for a pause.

    Args:
        calls_per_second: None for no limit.
        clock: measures and waits.
    """

    def __init__(self, calls_per_second: float | None, clock: Clock) -> None:
        self._rate = calls_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self._size = max(1.0, calls_per_second or 1.0)
        self._filled = clock.monotonic()
        self._held_until = self._filled

    def take(self) -> None:
        """Wait for a turn. Turns are given in order: each takes its token now and waits until it would be there."""
        with self._lock:
            now = self._clock.monotonic()
            wait = max(0.0, self._held_until - now)
            if self._rate:
                self._tokens = min(self._size, self._tokens + (now - self._filled) * self._rate) - 1.0
                self._filled = now
                wait = max(wait, -self._tokens / self._rate)
        if wait > 0:
            self._clock.sleep(wait)

    def hold(self, seconds: float) -> None:
        """Give no turn for some seconds, because the server asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
