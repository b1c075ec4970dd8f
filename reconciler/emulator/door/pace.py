"""How fast the server lets itself be called.

Effects: none.

Source: RFC 6585 section 4 (429), RFC 9110 section 10.2.3 (Retry-After). SuperOffice documents neither; its checklist for custom
apps asks for at most ten calls per second.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from reconciler.emulator.clock import Clock
from reconciler.emulator.dispatch import Answer, json_answer
from reconciler.emulator.door.switches import DoorSwitches


@dataclass
class Pace:
    """Counts the calls that were let through in the last second (for less than one a second, in as long as one call takes)."""

    clock: Clock
    switches: DoorSwitches
    now: Callable[[], datetime]
    _passed: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self) -> Answer | None:
        """429, when one more call would be too many; None lets it through and counts it."""
        rate = self.switches.calls_per_second
        if not rate:
            return None
        window = max(1.0, 1.0 / rate)
        with self._lock:
            at = self.clock.monotonic()
            while self._passed and at - self._passed[0] >= window:
                self._passed.popleft()
            if len(self._passed) < round(rate * window):
                self._passed.append(at)
                return None
            wait = math.ceil(self._passed[0] + window - at)
        return json_answer({"Message": "Too many requests."}, 429, self._retry_after(max(1, wait)))

    def _retry_after(self, seconds: int) -> dict[str, str]:
        if self.switches.throttled == "silent":
            return {}
        if self.switches.throttled == "seconds":
            return {"Retry-After": str(seconds)}
        # A date has no fractions: a second more, so that it is never too early.
        return {"Retry-After": format_datetime(self.now() + timedelta(seconds=seconds + 1), usegmt=True)}
