"""Runs one command line and turns whatever happens into an exit code.

In -> Out: arguments -> exit code.
Neighbours: called by `main`; commands raise, `failures` puts into words.

Effects: those of the command; installs handlers for SIGTERM and its like while it runs.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

import click

from reconciler.cli import exits, failures
from reconciler.cli.commands import reconciler
from reconciler.cli.settings import Settings
from reconciler.errors import Interrupted, ReconcilerError, RefusedError

__all__ = ["Terminated", "run"]

_WRITERS = frozenset({"apply", "recover", "refresh", "rollback"})


class Terminated(KeyboardInterrupt):
    """A signal other than Ctrl-C asked the process to end; whoever cleans up after Ctrl-C cleans up after this."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def run(arguments: Sequence[str], *, ends_process: bool = False) -> int:
    """Run one command line; never raises, never prints a traceback.

    Args:
        ends_process: no signal is heard any more once the exit code is known: it could only take that away.
    """
    settings = Settings()
    streams = settings.streams
    with _terminable(for_good=ends_process):
        code = _guarded(arguments, settings)
        _hear_no_more()
        if streams.lost:
            streams.say(f"Standard output could not be written: {streams.lost}.\n")
        streams.finish()
    return exits.of_output(code, lost=bool(streams.lost), writes=settings.command in _WRITERS)


def _guarded(arguments: Sequence[str], settings: Settings) -> int:
    try:
        return _invoked(arguments, settings)
    except BaseException as error:  # noqa: BLE001 - what it is, is told below, and never passed over
        _hear_no_more()
        return _told(error, settings)


def _told(error: BaseException, settings: Settings) -> int:
    match error:
        case Interrupted():
            return failures.report_interrupt(error.detail.partition(" ")[0], error.exit_code, settings)
        case ReconcilerError():
            return failures.report_error(error, settings)
        case Terminated():
            return failures.report_interrupt(error.name, 143, settings)
        case KeyboardInterrupt():
            return failures.report_interrupt("SIGINT", 130, settings)
        case OSError():
            return failures.report_refusal(error, settings)
        case Exception():  # the last line: whatever it is, a person gets a sentence and a true exit code
            return failures.report_bug(error, settings)
        case _:
            raise error


def _invoked(arguments: Sequence[str], settings: Settings) -> int:
    try:
        code = reconciler.main(args=list(arguments), prog_name="reconciler", standalone_mode=False, obj=settings)
    except click.UsageError as error:
        return failures.report_usage(error, settings.streams)
    except click.ClickException as error:
        raise ReconcilerError(error.format_message()) from error
    except click.Abort as abort:
        # click turns Ctrl-C into this too, and keeps the original as the cause.
        if isinstance(abort.__cause__, KeyboardInterrupt):
            raise abort.__cause__ from None
        raise RefusedError("Nothing was done", "The answer was not yes.") from None
    return code if isinstance(code, int) else 0


# Windows has no SIGHUP, and SIGBREAK is its Ctrl-Break.
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


@contextlib.contextmanager
def _terminable(*, for_good: bool) -> Iterator[None]:
    """Let SIGTERM, SIGHUP and Ctrl-Break end the command in order; `apply` listens in its own way while it runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in earlier.items():
        # nohup sets SIGHUP to be ignored, and that is meant; SIGINT is a KeyboardInterrupt already.
        if handler is not signal.SIG_IGN and number != signal.SIGINT:
            signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, signal.SIG_IGN if for_good else handler)


def _hear_no_more() -> None:
    """The command is ending, and its exit code says what was written; who presses Ctrl-C once more must not lose that."""
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(signal.Signals(number).name)
