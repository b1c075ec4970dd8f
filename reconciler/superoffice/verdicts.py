"""What may be believed after one write: the table that keeps a toggle from being sent twice.

APPLIED only where the server says so in full. NOT_APPLIED only where it surely did not happen. All else is UNKNOWN: it may
have happened, or may still happen, and only a read after the settle time tells.

    what came back                                                  outcome      final
    nothing, and no byte was sent (refused, DNS, TLS, no route)     NOT_APPLIED  no
    nothing complete after a byte was sent (timeout, reset,
      truncated, too long, compressed)                              UNKNOWN      no
    3xx                                                             NOT_APPLIED  yes
    400 403 404 405                                                 NOT_APPLIED  yes
    400 with an application exception, where the row is stored
      before the connector is asked (saves of connections, lists)   UNKNOWN      no
    401 421 429                                                     NOT_APPLIED  no
    408, other 4xx, 5xx, 1xx, other 2xx                             UNKNOWN      no
    204 where 204 is expected                                       APPLIED      no
    200 where 204 is expected, 204 where 200 is                     UNKNOWN      no
    200 not JSON, or null, or an error object, or another type      UNKNOWN      no
    toggle: [] / texts                                              APPLIED / NOT_APPLIED with reasons, final
    field refresh, priorities: true / false                         APPLIED / NOT_APPLIED, may be repeated
    save: the row that was sent, or a new id for id 0 / another     APPLIED with the row / UNKNOWN
    engine switch: the engine, whatever its state                   APPLIED with the engine; it may show later

A refresh that answers false is over: nothing lands later, rows it may have stored are what a repeat would store too, and a
repeat is safe. A toggle's reasons are its own word that it did nothing; a read has to prove it.

Source: RFC 9110 section 15 (status codes) and 9.2.2; SuperOffice docs, ErpSync agent, ToggleErpConnectionActive ("empty if
operation was successful"), sequence diagram "create connection" (stored first, then sent to the connector).

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.model import Outcome, Result
from reconciler.superoffice.answers import Unreadable, error_message, is_exception, read_json
from reconciler.superoffice.transport import Exchange, NoReply
from reconciler.wire.carriers import WireError, connection_from, connector_from
from reconciler.wire.crm_lists import list_mappings_from
from reconciler.wire.mappings import actor_mapping_from, default_from, engine_from
from reconciler.wire.operations import Answer, Operation

__all__ = ["verdict"]

_REFUSED: Final[Mapping[int, bool]] = {400: True, 401: False, 403: True, 404: True, 405: True, 421: False, 429: False}
"""Statuses that mean refused before processing, and whether the refusal is final."""

_BELOW: Final[Mapping[Answer, tuple[Callable[[Any], Any], Callable[[Any], object]]]] = {
    Answer.MAPPING: (actor_mapping_from, lambda row: (row.connection_id, row.erp)),
    Answer.LISTS: (list_mappings_from, lambda row: row.connection_id),
    Answer.DEFAULT: (default_from, lambda row: row.field_id),
    Answer.ENGINE: (engine_from, lambda _: 0),
}
"""How what lies below a connection is read from the answer to its save, and what tells one from another."""


def verdict(operation: Operation, exchange: Exchange, *, row_id: object = 0, show: Callable[[str], str]) -> Result:
    """Classify one write.

    Args:
        operation: what was sent.
        exchange: what came back.
        row_id: the id in what was saved; 0 for a creation. Of a mapping: the connection's id and the ERP actor type.
        show: makes somebody else's text fit to be shown.
    """
    if isinstance(exchange, NoReply):
        outcome = Outcome.UNKNOWN if exchange.sent else Outcome.NOT_APPLIED
        told = "it may or may not have been carried out" if exchange.sent else "nothing was sent"
        return Result(outcome, show(f"{operation.name} got no answer: {exchange.why}; {told}"))
    try:
        value, problem = read_json(exchange), ""
    except Unreadable as error:
        value, problem = None, str(error)
    words = "" if problem else error_message(value, operation.answer)
    detail = show(f"{operation.name} answered {exchange.status}" + (f": {words}" if words else ""))
    status = exchange.status
    if 300 <= status < 400:
        return Result(Outcome.NOT_APPLIED, f"{detail} (a redirect, which is never followed)", status=status, final=True)
    if status in _REFUSED and not (status == 400 and operation.stores_first and is_exception(value)):
        return Result(Outcome.NOT_APPLIED, detail, status=status, final=_REFUSED[status])
    if operation.answer is Answer.NOTHING:
        return Result(Outcome.APPLIED if status == 204 else Outcome.UNKNOWN, detail, status=status)
    if status != 200 or words is not None:
        return Result(Outcome.UNKNOWN, f"{detail} ({problem})" if problem and status == 200 else detail, status=status)
    return _said(operation, value, row_id, show)


def _said(operation: Operation, value: Any, row_id: object, show: Callable[[str], str]) -> Result:
    """What an answer of status 200 with proper JSON says."""
    if operation.answer is Answer.REASONS:
        return _toggled(operation, value, show)
    if operation.answer is Answer.BOOLEAN and isinstance(value, bool):
        outcome = Outcome.APPLIED if value else Outcome.NOT_APPLIED
        return Result(outcome, f"{operation.name} answered {str(value).lower()}", status=200)
    try:
        if operation.answer is Answer.CONNECTION:
            return _saved(operation, connection_from(value), row_id)
        if operation.answer is Answer.CONNECTOR:
            return _saved(operation, connector_from(value), row_id)
        if operation.answer in _BELOW:
            read, identity = _BELOW[operation.answer]
            row = read(value)
            return _stored(operation, row, same=identity(row) == row_id)
    except WireError as error:
        return Result(Outcome.UNKNOWN, show(f"{operation.name} answered something unexpected ({error})"), status=200)
    return _unexpected(operation, value)


def _toggled(operation: Operation, value: Any, show: Callable[[str], str]) -> Result:
    if not isinstance(value, list) or any(not isinstance(reason, str) for reason in value):
        return _unexpected(operation, value)
    if not value:
        return Result(Outcome.APPLIED, f"{operation.name} answered without reasons", status=200)
    reasons = tuple(show(reason) or "(a reason without text)" for reason in value)
    return Result(Outcome.NOT_APPLIED, f"{operation.name} was refused", reasons, status=200, final=True)


def _saved(operation: Operation, row: Any, row_id: object) -> Result:
    return _stored(operation, row, same=row.id > 0 and (not row_id or row.id == row_id))


def _stored(operation: Operation, row: Any, *, same: bool) -> Result:
    if not same:
        return Result(Outcome.UNKNOWN, f"{operation.name} answered with another row than the one that was saved", status=200)
    return Result(Outcome.APPLIED, f"{operation.name} answered with the stored row", body=row, status=200)


def _unexpected(operation: Operation, value: Any) -> Result:
    found = "null" if value is None else "an answer of another type"
    return Result(Outcome.UNKNOWN, f"{operation.name} answered {found} where {operation.answer} is expected", status=200)
