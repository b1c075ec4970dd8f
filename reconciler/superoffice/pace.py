"""No more calls per second than the target allows, in whichever second one looks: a token bucket that all threads share.

A bucket that simply fills again lets through twice its size around the moment in which it was emptied. Here a token comes back
a second after it was taken, so that no second sees more calls than there are tokens, and a burst of that size starts at once.

Effects: waits, on the clock it is given.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from reconciler.ports import Clock

__all__ = ["Pace"]


@dataclass(slots=True)
class _Token:
    """When a call was, or will be, let go."""

    at: float


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
        self._taken: deque[_Token] = deque(maxlen=tokens)
        self._held_until = clock.monotonic()

    def take(self) -> None:
        """Wait for a turn. Turns are given in order: each takes the token that comes back first, and waits for it."""
        while True:
            token, before = self._claimed()
            while (wait := self._due(token, before) - self._clock.monotonic()) > 0:
                self._clock.sleep(wait)
            if token.at >= self._held_until:
                token.at = max(token.at, self._clock.monotonic())  # a thread that woke late used it late
                return

    def _claimed(self) -> tuple[_Token, _Token | None]:
        """A token, and the one that has to be back before it may be used."""
        with self._lock:
            token, before = _Token(max(self._clock.monotonic(), self._held_until)), None
            if self._taken.maxlen:
                before = self._taken[0] if len(self._taken) == self._taken.maxlen else None
                token.at = self._due(token, before)
                self._taken.append(token)
            return token, before

    def _due(self, token: _Token, before: _Token | None) -> float:
        return token.at if before is None else max(token.at, before.at + self._back_after)

    def hold(self, seconds: float) -> None:
        """Give no turn for some seconds, because the server asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
