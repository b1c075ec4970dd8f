"""No more calls per second than the target allows, in whichever second one looks: a token bucket that all threads share.

A bucket that simply fills again lets through twice its size around the moment in which it was emptied. Here a token comes back
a second after it was taken, so that no second sees more calls than there are tokens, and a burst of that size starts at once.

Effects: waits, on the clock it is given.
"""

from __future__ import annotations

import threading
from collections import deque

from reconciler.ports import Clock

__all__ = ["Pace"]


class Pace:
    """Tokens for calls, and a pause for all when the server asks for one.

    Args:
        calls_per_second: None for no limit. A rate that is no whole number is kept over the time in which its whole part
            may pass (2.5 is two in 0.8 seconds; 0.5 is one in two).
        clock: measures and waits.
    """

    def __init__(self, calls_per_second: float | None, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        tokens = 0 if calls_per_second is None else max(1, int(calls_per_second))
        self._back_after = tokens / calls_per_second if calls_per_second else 0.0
        self._taken: deque[float] = deque(maxlen=tokens)
        self._held_until = clock.monotonic()

    def take(self) -> None:
        """Wait for a turn. Turns are given in order: each takes the token that comes back first, and waits for it."""
        while True:
            turn = self._turn()
            if (wait := turn - self._clock.monotonic()) > 0:
                self._clock.sleep(wait)
            if turn >= self._held_until:
                return

    def _turn(self) -> float:
        with self._lock:
            turn = max(self._clock.monotonic(), self._held_until)
            if self._taken.maxlen:
                if len(self._taken) == self._taken.maxlen:
                    turn = max(turn, self._taken[0] + self._back_after)
                self._taken.append(turn)
            return turn

    def hold(self, seconds: float) -> None:
        """Give no turn for some seconds, because the server asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
