"""Runs one command line and turns whatever happens into an exit code.

In -> Out: arguments -> exit code.
Neighbours: called by `main`; commands raise, `failures` puts into words.

Effects: those of the command; installs handlers for SIGTERM and its like while it runs.
"""

from __future__ import annotations

import contextlib
import os
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


def run(arguments: Sequence[str]) -> int:
    """Run one command line; never raises, never prints a traceback."""
    settings = Settings()
    streams = settings.streams
    with _terminable():
        code = _guarded(arguments, settings)
    if streams.lost:
        streams.say(f"Standard output could not be written: {streams.lost}.\n")
    streams.finish()
    return exits.of_output(code, lost=bool(streams.lost), writes=settings.command in _WRITERS)


def _guarded(arguments: Sequence[str], settings: Settings) -> int:
    try:
        return _invoked(arguments, settings)
    except Interrupted as interrupted:
        return failures.report_interrupt(interrupted.detail.partition(" ")[0], interrupted.exit_code, settings)
    except ReconcilerError as error:
        return failures.report_error(error, settings)
    except Terminated as terminated:
        return failures.report_interrupt(terminated.name, 143, settings)
    except KeyboardInterrupt:
        return failures.report_interrupt("SIGINT", 130, settings)
    except OSError as error:
        return failures.report_refusal(error, settings)
    except Exception as error:  # noqa: BLE001 - the last line: whatever it is, a person gets a sentence and a true exit code
        return failures.report_bug(error, settings)


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


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM, SIGHUP and Ctrl-Break end the command in order; `apply` listens in its own way while it runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGTERM", "SIGHUP", "SIGBREAK") if os.name == "nt" else ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # nohup sets SIGHUP to be ignored, and that is meant.
    earlier = {number: signal.getsignal(number) for number in numbers}
    for number, handler in earlier.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(signal.Signals(number).name)
