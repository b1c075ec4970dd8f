"""A run as it happens: drawn on a terminal, one line per unit elsewhere.

In -> Out: the events of a run -> standard error.
Neighbours: `report.progress` folds the events and chooses the words; `picture` draws, and is loaded only where somebody watches.

Effects: writes standard error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.cli.streams import Streams

if TYPE_CHECKING:
    from reconciler.report.progress import Progress

__all__ = ["busy", "watching"]

T = TypeVar("T")
Listener = Callable[[str, Mapping[str, Any]], None]


@contextlib.contextmanager
def watching(progress: Progress, streams: Streams, *, drawn: bool) -> Iterator[Listener]:
    """Give a listener for the events of a run.

    Args:
        drawn: keep a picture of the unit under way; else only write a line per unit.
    """
    if not drawn:
        yield lambda kind, body: streams.err(progress.take(kind, body))
        return
    from reconciler.cli.picture import Picture, drawing, write_above

    picture = Picture(progress)
    gone = False
    with _outliving(drawing(picture, streams)) as live:

        def listen(kind: str, body: Mapping[str, Any]) -> None:
            nonlocal gone
            page = progress.take(kind, body)
            try:
                if not gone:
                    picture.note(kind)
                    if page.lines:
                        write_above(live, page, colour=not streams.no_color)
            except (OSError, ValueError):
                # The terminal went away. The run goes on: what it does is told by the journal.
                gone = True

        yield listen


@contextlib.contextmanager
def busy(words: str, streams: Streams, *, drawn: bool) -> Iterator[None]:
    """Turn a spinner with the seconds beside it until the block ends; then no trace of it is left."""
    if not drawn:
        yield
        return
    from reconciler.cli.picture import Waiting, drawing

    with _outliving(drawing(Waiting(words), streams)):
        yield


@contextlib.contextmanager
def _outliving(drawing: contextlib.AbstractContextManager[T]) -> Iterator[T]:
    """A drawing that may end after its terminal did."""
    drawn = drawing.__enter__()
    try:
        yield drawn
    finally:
        with contextlib.suppress(OSError, ValueError):
            drawing.__exit__(None, None, None)
