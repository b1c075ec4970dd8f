"""What a terminal shows while a run goes on: the unit under way, its steps ticked off, seconds, and whether users do without it.

In -> Out: a progress -> a picture that rich draws several times a second.
Neighbours: called by `live`; the only module of the commands that knows rich.

Effects: writes standard error; reads the clock.
"""

from __future__ import annotations

import time

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from reconciler.cli.streams import Streams
from reconciler.report.page import Page
from reconciler.report.progress import Mark, Progress, StepView
from reconciler.report.untrusted import visible
from reconciler.report.values import seconds_text

__all__ = ["Picture", "Waiting", "drawing", "write_above"]

_PER_SECOND = 8
_MARKS = {
    Mark.WAITING: (" ", "dim"),
    Mark.RUNNING: ("", "bold"),  # a spinner
    Mark.DONE: ("\u2713", "green"),
    Mark.FAILED: ("x", "bold red"),
    Mark.UNKNOWN: ("?", "bold yellow"),
}
_SPINNER, _ASCII_SPINNER = Spinner("dots"), Spinner("line")
_NEW_WAIT = frozenset({"intent", "outcome", "settled", "test", "unit-opened", "rollback-opened"})


def drawing(picture: RenderableType, streams: Streams) -> Live:
    """Draw a picture until the block ends; then no trace of it is left."""
    console = Console(stderr=True, no_color=streams.no_color, highlight=False, markup=False, emoji=False)
    return Live(picture, console=console, refresh_per_second=_PER_SECOND, transient=True, redirect_stdout=False, redirect_stderr=False)


def write_above(live: Live, page: Page, *, colour: bool) -> None:
    """Write finished lines above the picture, whole however narrow the screen is."""
    live.console.print(Text.from_ansi(page.text(colour=colour).rstrip("\n")), soft_wrap=True)


class Waiting:
    """One spinner and what it waits for."""

    def __init__(self, words: str) -> None:
        self.words, self.began = words, time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _line("", visible(self.words), _seconds(time.monotonic() - self.began), ascii_only=options.ascii_only)


class Picture:
    """The unit under way: its steps, ticked off; what goes on and for how long; whether users do without it."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.since = progress, time.monotonic()
        self.inactive_since: float | None = None

    def note(self, kind: str) -> None:
        """Restart the seconds when something else begins."""
        if kind in _NEW_WAIT:
            self.since = time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        progress, now = self.progress, time.monotonic()
        elapsed = now - self.since
        if not progress.unit:
            yield _line("  ", visible(progress.now) or "Getting ready", _seconds(elapsed), ascii_only=options.ascii_only)
            return
        total = max(progress.total, progress.done + 1)
        yield Text.assemble(f"  {progress.done + 1}/{total}  ", (visible(progress.unit), "bold"), "  ", (progress.kind, "dim"))
        for step in list(progress.steps):
            yield _step(step, ascii_only=options.ascii_only)
        if progress.now:
            yield _line("      ", visible(progress.now), self._timing(elapsed), ascii_only=options.ascii_only)
        window = self._window(now)
        if window:
            yield Text(f"      inactive for {window}", style="yellow")

    def _timing(self, elapsed: float) -> str:
        """Seconds so far; while a late request is waited for, the seconds that are left."""
        settle = self.progress.settle_s
        return _seconds(elapsed) if settle is None else f"{seconds_text(max(0.0, settle - elapsed))} left"

    def _window(self, now: float) -> str:
        if not self.progress.inactive:
            self.inactive_since = None
            return ""
        if self.inactive_since is None:
            self.inactive_since = now
        return seconds_text(now - self.inactive_since)


def _step(step: StepView, *, ascii_only: bool) -> Text:
    mark, style = _MARKS[step.mark]
    if step.mark is Mark.RUNNING:
        sign = _frame(ascii_only=ascii_only)
    else:
        sign = Text(mark if mark.isascii() or not ascii_only else "+", style=style)
    bar = ("|", "yellow") if step.in_window else " "
    words = "dim" if step.mark is Mark.WAITING else "bold" if step.mark is Mark.RUNNING else ""
    return Text.assemble("      ", sign, " ", bar, " ", (step.text, words))


def _line(indent: str, words: str, timing: str, *, ascii_only: bool) -> Text:
    return Text.assemble(indent, _frame(ascii_only=ascii_only), f" {words}  ", (timing, "dim"))


def _frame(*, ascii_only: bool) -> Text:
    """The spinner as it stands now; all of them turn together."""
    sign = (_ASCII_SPINNER if ascii_only else _SPINNER).render(time.monotonic())
    return sign if isinstance(sign, Text) else Text("*")


def _seconds(elapsed: float) -> str:
    return seconds_text(elapsed) if elapsed >= 1 else ""
