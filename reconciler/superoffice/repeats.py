"""When a request may be sent again, and after which pause.

Source: RFC 9110 section 10.2.3 (Retry-After), 15.5.20 (421: the request was not for this server, and may be repeated elsewhere).

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from reconciler.superoffice.answers import Unreadable, read_json
from reconciler.superoffice.transport import Exchange, NoReply, Reply
from reconciler.wire.operations import Kind

__all__ = ["ATTEMPTS", "ahead_seconds", "passes", "pause_after", "server_time"]

ATTEMPTS: Final = 4  # of one read
_PASSES: Final = frozenset({408, 429, 500, 502, 503, 504})  # statuses after which a read is worth repeating
_FIRST_PAUSE: Final = 0.25  # seconds before the second attempt; doubled for each further one, and jittered
_LONGEST_PAUSE: Final = 30.0  # of what a server asks for in Retry-After


def passes(kind: Kind, exchange: Exchange) -> bool:
    """Whether a repetition is allowed and may help."""
    if isinstance(exchange, NoReply):
        return kind is Kind.READ or not exchange.sent
    if kind is Kind.TEST:
        return exchange.status == 429
    if exchange.status != 200:
        return exchange.status in _PASSES
    try:
        read_json(exchange)
    except Unreadable:  # a page of something in between
        return True
    return False


def pause_after(exchange: Exchange, attempt: int, *, now: datetime, jitter: Callable[[], float]) -> float:
    """Seconds until the next attempt: what the server asks for, bounded, or else growing and jittered."""
    pause = _FIRST_PAUSE * 2.0 ** (attempt - 1) * (0.5 + jitter() / 2)
    asked = _asked(exchange.retry_after, now) if isinstance(exchange, Reply) else 0.0
    return max(pause, min(asked, _LONGEST_PAUSE))


def server_time(reply: Reply) -> datetime | None:
    """What the server's clock said when it answered; None when it did not say."""
    return _moment(reply.date)


def ahead_seconds(reply: Reply, now: datetime) -> float | None:
    """How far our clock is ahead of the server's, in seconds (to the second); None when the server did not say."""
    theirs = server_time(reply)
    return None if theirs is None else (now - theirs).total_seconds()


def _asked(retry_after: str, now: datetime) -> float:
    """Retry-After in seconds, from a number or a date; 0 for none, nonsense and the past."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    moment = _moment(retry_after)
    return 0.0 if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
