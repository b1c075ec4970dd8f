"""One line per exchange, for `--debug`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.superoffice.answers import Unreadable, read_json
from reconciler.superoffice.outline import outline
from reconciler.superoffice.transport import Exchange, NoReply

__all__ = ["Call", "answered"]


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange: never headers; of bodies the outline, in which nothing can be a secret."""

    at: datetime
    operation: str
    status: int | None
    seconds: float
    attempt: int
    note: str = ""
    host: str = ""
    sent: str = ""
    got: str = ""

    def __str__(self) -> str:
        told = self.status if self.status is not None else "no answer"
        line = f"{self.at:%Y-%m-%dT%H:%M:%S.%fZ} {self.operation} {told} {self.seconds * 1000:.0f} ms, attempt {self.attempt}"
        line += f" ({self.note})" if self.note else ""
        bodies = (("at", self.host), ("sent", self.sent), ("got", self.got))
        return line + "".join(f"; {word} {text}" for word, text in bodies if text)


def answered(exchange: Exchange, *, show: Callable[[str], str], hides_texts: bool = False) -> tuple[int | None, str, str]:
    """Status, note and outline of what came back."""
    if isinstance(exchange, NoReply):
        return None, show(exchange.why), ""
    try:
        content: Any = read_json(exchange)
    except Unreadable as error:
        return exchange.status, "", f"{len(exchange.body)} bytes, {error}" if exchange.body else ""
    return exchange.status, "", outline(content, show=show, hides_texts=hides_texts)
