"""Tickets and access tokens: handed out, used, run out.

Effects: none (memory only; random values).

Source: SuperOffice docs, system user tickets (six hours, sliding) and access tokens (3600 seconds).
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Literal

from reconciler.emulator.clock import Clock
from reconciler.emulator.door.switches import DoorSwitches

Who = Literal["user", "system"]


@dataclass
class _Session:
    who: Who
    since: float
    calls: int = 0
    is_over: bool = False


@dataclass
class Sessions:
    """Everything that was handed out, by its value. Safe to use from any thread."""

    clock: Clock
    switches: DoorSwitches
    tenant: str
    _tickets: dict[str, _Session] = field(default_factory=dict)
    _tokens: dict[str, _Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ticket(self, who: Who = "system") -> str:
        """A new ticket."""
        made = f"7T:{secrets.token_urlsafe(24)}=="
        with self._lock:
            self._tickets[made] = _Session(who, self.clock.monotonic())
        return made

    def token(self, who: Who = "user") -> str:
        """A new access token."""
        made = f"8A:{self.tenant}.{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens[made] = _Session(who, self.clock.monotonic())
        return made

    def use_ticket(self, value: str) -> Who | None:
        """Who a ticket stands for; its time begins anew. None when it is unknown or over."""
        return self._use(self._tickets, value, self.switches.ticket_lives_s, slides=True)

    def use_token(self, value: str) -> Who | None:
        """Who an access token stands for. None when it is unknown or over."""
        return self._use(self._tokens, value, self.switches.token_lives_s, slides=False)

    def expire(self) -> int:
        """Everything that was handed out is over. Returns how many were still good."""
        with self._lock:
            living = [one for one in (*self._tickets.values(), *self._tokens.values()) if not one.is_over]
            for one in living:
                one.is_over = True
            return len(living)

    def values(self) -> set[str]:
        """Every value that was ever handed out."""
        with self._lock:
            return {*self._tickets, *self._tokens}

    def _use(self, known: dict[str, _Session], value: str, lives_s: float, *, slides: bool) -> Who | None:
        now, most = self.clock.monotonic(), self.switches.lives_calls
        with self._lock:
            session = known.get(value)
            if session is None or session.is_over:
                return None
            if now - session.since >= lives_s or (most and session.calls >= most):
                session.is_over = True
                return None
            session.calls += 1
            if slides:
                session.since = now
            return session.who
