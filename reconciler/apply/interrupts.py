"""Signals: the first one cuts the waiting call and stops the run at the step; the second one stops it at once.

Before a first write a signal ends the command with 130 (SIGINT) or 143 (SIGTERM). After it, the unit that is under way
rolls back. While the journal is written, and between an intent and its outcome, a signal is only counted: what is durable
and what was sent must not come apart.

Effects: installs signal handlers while `listening` (main thread only), restores the earlier ones afterwards.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from reconciler.errors import Interrupted

T = TypeVar("T")

# Windows has no SIGTERM that a console can send; SIGBREAK is its Ctrl-Break.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP") if hasattr(signal, name))


class Interrupts:
    """Counts signals and raises `Interrupted` where that is safe.

    Attributes:
        write_begun: set by the run before its first intent.
        free: a signal may end what is under way at once: nothing has to be closed, or whoever began it closes it.
        count: signals received so far.
    """

    def __init__(self) -> None:
        self.write_begun = False
        self.free = True
        self.count = 0
        self._cuts = False
        self._held = 0
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

    def checkpoint_of_second(self) -> None:
        """Stop here if a second signal asked for it; the first one lets a rollback go on.

        Raises:
            Interrupted: once per signal.
        """
        if self.count > 1:
            self.checkpoint()

    def ask(self, name: str = "SIGINT", code: int = 130) -> None:
        """What a signal does; public so that tests and other front ends can ask in the same way.

        Raises:
            Interrupted: at once, where the run is free, in a call that may be cut, and for the second signal.
        """
        self.count += 1
        self._name, self._code = name, code
        if self._cuts:
            # Cut the call, and leave the signal to the next checkpoint: the run has to stop, too.
            raise self._interrupted()
        if not self._held and (self.free or self.count > 1):
            self._raise()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Only count signals for the length of the block."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def cut(self, call: Callable[[], T], otherwise: Callable[[Interrupted], T]) -> T:
        """What a call returns that a signal may cut; what `otherwise` makes of it when one did."""
        try:
            try:
                self._cuts = True
                return call()
            finally:
                self._cuts = False
        except Interrupted as interrupted:
            self._cuts = False
            return otherwise(interrupted)

    def _raise(self) -> None:
        self._served = self.count
        raise self._interrupted()

    def _interrupted(self) -> Interrupted:
        return Interrupted(self._name, self._code, twice=self.count > 1)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self.ask(name, 130 if name == "SIGINT" else 143)

    @contextmanager
    def listening(self) -> Iterator[Interrupts]:
        """Handle signals for the length of the block; does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        # What is ignored (SIGHUP under nohup, SIGINT of a job in the background) is meant to be.
        heard = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) is not signal.SIG_IGN}
        for number in heard:
            signal.signal(number, self._handle)
        try:
            yield self
        finally:
            for number, handler in heard.items():
                signal.signal(number, handler)
