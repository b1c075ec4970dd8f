"""The log of calls: what was asked, what was answered, and whether anything changed.

Effects: none (memory only).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Call:
    """One HTTP request to the emulator (control requests are not logged).

    Attributes:
        sequence: 1 for the first call since the emulator was made.
        operation: `SaveConnection`, `MDOList/usergroup`, `archive/ErpField`, `User/currentPrincipal`, `api`, …
        writes: whether the operation is one that can change something.
        at: when it arrived.
        request: the decoded body; None when there was none or it was not JSON.
        query: the query string, names in lower case.
        status: the status of the answer; None when the connection was cut.
        response: the decoded answer; None when there was none.
        effect: whether SuperOffice's state changed because of it; a late effect sets it when it lands.
        fault: the kind of the fault that hit it, or None.
        active_before, active_after: for toggles, the connection's Active around the call.
        landed: for a late effect, whether it has landed.
        host: the number of the host that was called (0 is the root; there is no other onsite).
        scheme: the scheme of its Authorization in lower case; blank when it had none.
    """

    sequence: int
    operation: str
    writes: bool
    at: datetime
    request: Any = None
    query: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    response: Any = None
    effect: bool = False
    fault: str | None = None
    active_before: bool | None = None
    active_after: bool | None = None
    landed: bool | None = None
    host: int = 0
    scheme: str = ""


@dataclass
class CallLog:
    """All calls, oldest first; the oldest are dropped beyond `limit`."""

    limit: int = 50_000
    _calls: list[Call] = field(default_factory=list)
    _next: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, operation: str, writes: bool, at: datetime, request: Any, query: dict[str, str]) -> Call:
        """Log a call that has arrived."""
        with self._lock:
            call = Call(self._next, operation, writes, at, request, query)
            self._next += 1
            self._calls.append(call)
            if len(self._calls) > self.limit:
                del self._calls[: self.limit // 10]
            return call

    def all(self) -> list[Call]:
        """A copy of the log."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Forget the calls; numbering goes on."""
        with self._lock:
            self._calls.clear()
