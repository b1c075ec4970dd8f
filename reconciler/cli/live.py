"""A run as it happens: drawn on a terminal, one line per unit elsewhere.

In -> Out: the events of a run -> standard error.
Neighbours: `report.progress` folds the events and chooses the words; `picture` draws, and is loaded only where somebody watches.

Effects: writes standard error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.cli.streams import Streams

if TYPE_CHECKING:
    from reconciler.report.progress import Progress

__all__ = ["busy", "watching"]

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
    with drawing(picture, streams) as live:

        def listen(kind: str, body: Mapping[str, Any]) -> None:
            picture.note(kind)
            page = progress.take(kind, body)
            if page.lines:
                write_above(live, page, colour=not streams.no_color)

        yield listen


@contextlib.contextmanager
def busy(words: str, streams: Streams, *, drawn: bool) -> Iterator[None]:
    """Turn a spinner with the seconds beside it until the block ends; then no trace of it is left."""
    if not drawn:
        yield
        return
    from reconciler.cli.picture import Waiting, drawing

    with drawing(Waiting(words), streams):
        yield
