"""Signals at every moment: a moment is one that a real signal could hit, and is told by what the run does just then.

Nothing here is a real signal: the run's own `Interrupts` is asked, as its handler would, from the thread in which a handler
would run. `during` a call means while it waits, so after its effect and before its answer is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from reconciler.apply.interrupts import Interrupts
from reconciler.emulator import Emulator
from reconciler.flow import applying
from reconciler.journal.store import RunJournal
from reconciler.session import Session
from reconciler.superoffice.transport import Exchange

Where = Literal["before-event", "event", "before-call", "during-call", "sleep"]
MOMENTS: tuple[Where, ...] = ("before-event", "event", "before-call", "during-call", "sleep")


@dataclass(frozen=True)
class Signal:
    """Ask at the n-th moment of a kind."""

    where: Where
    nth: int
    name: str = "SIGINT"
    code: int = 130


@dataclass
class Signals:
    """Asks a run's `Interrupts` at given moments.

    Attributes:
        signals: in any order; each is asked once.
        asked: how many were.
        cut: the calls whose answer a signal kept from being seen, by their sequence.
        unsent: the operations that a signal kept from being sent, each after the call of that sequence.
    """

    signals: tuple[Signal, ...]
    emulator: Emulator
    asked: int = 0
    cut: set[int] = field(default_factory=set)
    unsent: list[tuple[int, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    _interrupts: Interrupts | None = None

    def at(self, where: Where) -> None:
        """A moment has come.

        Raises:
            Interrupted: where the handler would.
        """
        self.counts[where] = count = self.counts.get(where, 0) + 1
        for signal in self.signals:
            if (signal.where, signal.nth) == (where, count) and self._interrupts is not None:
                self.asked += 1
                self._interrupts.ask(signal.name, signal.code)

    @contextmanager
    def listening(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Get hold of the run's `Interrupts` and of the moments that pass through the journal."""
        signals = self

        class Held(Interrupts):
            @contextmanager
            def listening(self) -> Iterator[Interrupts]:
                signals._interrupts = self
                yield self

        append = RunJournal.append

        def appending(journal: RunJournal, kind: str, body: Mapping[str, Any]) -> int:
            signals.at("before-event")
            return append(journal, kind, body)

        with monkeypatch.context() as patch:
            patch.setattr(applying, "Interrupts", Held)
            patch.setattr(RunJournal, "append", appending)
            yield

    def listener(self, _kind: str, _body: Mapping[str, Any]) -> None:
        """For the run."""
        self.at("event")

    def watch(self, session: Session) -> None:
        """Pass through the moments around each call, and those in which the run waits."""
        transport = session.opened.client._transport_to(self.emulator.url)
        through: Callable[..., Exchange] = transport.exchange

        def exchange(*args: Any, **more: Any) -> Exchange:
            try:
                self.at("before-call")
            except BaseException:
                calls = self.emulator.calls
                self.unsent.append((calls[-1].sequence if calls else 0, str(args[1]).rsplit("/", 1)[-1].partition("?")[0]))
                raise
            answer = through(*args, **more)
            try:
                self.at("during-call")
            except BaseException:
                self.cut.add(self.emulator.calls[-1].sequence)
                raise
            return answer

        vars(transport)["exchange"] = exchange
        clock: Any = session.clock
        sleep: Callable[[float], None] = clock.sleep

        def sleeping(seconds: float) -> None:
            self.at("sleep")
            sleep(seconds)

        clock.sleep = sleeping

    def unwatch(self, session: Session) -> None:
        """Nothing is a moment any more."""
        vars(session.clock).pop("sleep", None)
