"""Signals: the first one cuts the waiting call and stops the run at the step; the second one stops it at once.

Before a first write a signal ends the command with 130 (SIGINT) or 143 (SIGTERM). After it, the unit that is under way
rolls back.

Effects: installs signal handlers while `listening` (main thread only), restores the earlier ones afterwards.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reconciler.errors import Interrupted

# Windows has no SIGTERM that a console can send; SIGBREAK is its Ctrl-Break.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP") if hasattr(signal, name))


class Interrupts:
    """Counts signals and raises `Interrupted` where that is safe.

    Attributes:
        write_begun: set by the run before its first intent; from then on one signal only asks.
        cuts: a call is waiting that may be cut: its outcome is then unknown, and is settled like any other.
        count: signals received so far.
    """

    def __init__(self) -> None:
        self.write_begun = False
        self.cuts = False
        self.count = 0
        self._name = "SIGINT"
        self._code = 130
        self._served = 0

    def checkpoint(self) -> None:
        """Stop here if a signal asked for it and this has not been answered yet.

        Raises:
            Interrupted: once per signal.
        """
        if self.count > self._served:
            self._raise()

    def ask(self, name: str = "SIGINT", code: int = 130) -> None:
        """What a signal does; public so that tests and other front ends can ask in the same way.

        Raises:
            Interrupted: at once, before a first write, in a call that may be cut, and for the second signal.
        """
        self.count += 1
        self._name, self._code = name, code
        if not self.write_begun or self.cuts or self.count > 1:
            self._raise()

    def _raise(self) -> None:
        self._served = self.count
        raise Interrupted(self._name, self._code, twice=self.count > 1 and self.write_begun)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self.ask(name, 130 if name == "SIGINT" else 143)

    @contextmanager
    def listening(self) -> Iterator[Interrupts]:
        """Handle signals for the length of the block; does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        earlier = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield self
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)
