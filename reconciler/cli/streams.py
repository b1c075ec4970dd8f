"""Standard output and standard error: data on one, everything else on the other, coloured only where a person looks.

Effects: reads and writes the standard streams; reads the environment for NO_COLOR and TERM.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from reconciler.report.page import Page

__all__ = ["Streams"]

# What a reader that went away looks like. Windows says EINVAL when the other end of a pipe is closed.
_GONE = frozenset({errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN})


class Streams:
    """The two streams of one command.

    Attributes:
        lost: why standard output could not take all of the data; empty when it did, or when its reader left on purpose.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self.no_color = bool(environ.get("NO_COLOR"))
        self.dumb = environ.get("TERM") == "dumb"
        self.lost = ""
        self._closed = False
        for stream in (sys.stdout, sys.stderr):
            _accept_everything(stream)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: both the question and the answer have a terminal."""
        return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)

    @property
    def lively(self) -> bool:
        """Whether standard error can be drawn on while work goes on."""
        return _is_terminal(sys.stderr) and not self.dumb

    def out(self, page: Page) -> None:
        """Write a page of data."""
        self.data(page.text(colour=self._colour(sys.stdout)))

    def data(self, text: str) -> None:
        """Write text that is data as it is, all of it. A reader that left is no error, and no reason to stop what is under way."""
        if self._closed:
            return
        try:
            click.echo(text, nl=False)
            sys.stdout.flush()
        except OSError as error:
            self._closed = True
            self.lost = "" if error.errno in _GONE else (error.strerror or type(error).__name__)
            _discard(sys.stdout)

    def err(self, page: Page) -> None:
        """Write a page of everything else. Nobody may be there to read it; that never stops a command."""
        self.say(page.text(colour=self._colour(sys.stderr)))

    def say(self, text: str) -> None:
        """Write finished text to standard error."""
        with contextlib.suppress(OSError, ValueError):
            click.echo(text, nl=False, err=True)
            sys.stderr.flush()

    def finish(self) -> None:
        """Deliver what is buffered, or let it go nowhere: a terminal that went away must not change the exit code."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                _discard(stream)

    def width(self, *, err: bool = False) -> int | None:
        """The columns to wrap prose at; None where no person looks, so that a sentence stays on one line."""
        if self.dumb or not _is_terminal(sys.stderr if err else sys.stdout):
            return None
        from shutil import get_terminal_size

        return max(40, get_terminal_size().columns)

    def ask(self, question: str) -> bool:
        """Ask for y or N; everything but a clear yes is no."""
        self.say(question)
        return sys.stdin.readline().strip().casefold() in ("y", "yes")

    def _colour(self, stream: TextIO) -> bool:
        return _is_terminal(stream) and not self.no_color and not self.dumb


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _accept_everything(stream: TextIO | None) -> None:
    """Let a stream take every character: UTF-8 on Windows, where the default loses names, and escapes where an encoding has no letter."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        with contextlib.suppress(ValueError, OSError):
            reconfigure(encoding="utf-8" if os.name == "nt" else None, errors="backslashreplace")


def _discard(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that closing the stream at the end raises nothing."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
