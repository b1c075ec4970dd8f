"""One guarded write: look, say what is intended, send once, look again, and never guess.

    read (or the read that closed the last write); equal already -> journal no-op
    journal the intent, durably                        (fails -> stop, nothing was sent)
    lease still ours, with time to spare? -> send once, with a total deadline
    applied      -> journal; read; compare
    not applied  -> journal; read; may send again, bounded
    unknown      -> journal; settle; read; equal -> adopt / as before -> may send again / else -> conflict

One read is believed where it says what the answer said. Any other is repeated until enough of them agree (`_observe`).

In -> Out: a `Write` -> the read that proves it.
Effects: writes the journal and the target.
Neighbours: called by `unit` and `rollback`, and by nothing else; no other place sends a write.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from reconciler.apply.context import LEASE_MARGIN_S, STALE_READ_PAUSES_S, Context
from reconciler.errors import ConflictError, InDoubt, ReadError, StepFailed, TargetError
from reconciler.journal.events import Verdict
from reconciler.model import Act, Outcome, Result

T = TypeVar("T")

# How the error of a write begins that SuperOffice refused in words.
REFUSED: Final = "SuperOffice refused"
# One write is sent at most this often: once, and twice more after a read proved that it had no effect.
MAX_SENDS = 3
# How many reads in a row have to agree before they are believed against, or without, an answer. What is as desired needs no
# further write, and the next read of the row shows it again; on the word of the others something is sent, or the unit given up.
AGREEING = {Verdict.AS_DESIRED: 2, Verdict.AS_BEFORE: 3, Verdict.OTHER: 3}
# How often such a read is repeated at most beyond `Write.pauses`, as long as the reads do not agree, and the pause before each.
MORE_PAUSES_S = (2.0, 2.0)


@dataclass(slots=True)
class Write(Generic[T]):
    """One property that is to become true, and the one request that makes it so.

    Attributes:
        unit, step, act: what the journal files it under.
        operation: the API operation, for the journal and for messages.
        row_id: the tenant's id of the row; 0 for a creation.
        read: reads what proves the property; never from a cache.
        done: whether a read shows the property.
        before: whether a read shows the state the write started from, so that it surely had no effect.
        send: sends the request, once. Gets the latest read, so that a save can echo it.
        provable: a read can show the property. False for a save that only changes what the tenant does not show: then
            only an acknowledged request counts, and the request must be one that may be repeated.
        pauses: how long to wait, read after read, for an acknowledged write to show.
        resend: it may be sent again after a read proved that it had no effect.
        secrets: what the journal keeps of the secrets it carries.
    """

    unit: str
    step: int
    act: Act
    operation: str
    row_id: int
    read: Callable[[], T]
    done: Callable[[T], bool]
    before: Callable[[T], bool]
    send: Callable[[T], Result]
    seen: Callable[[T], str]
    sets: Any = None
    secrets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kind: str = "connection"
    rollback: bool = False
    provable: bool = True
    pauses: tuple[float, ...] = STALE_READ_PAUSES_S
    resend: bool = True


@dataclass(slots=True)
class Proof(Generic[T]):
    """What `ensure` reached: the read that proves it, and whether a request was sent for it."""

    read: T
    sent: bool
    body: Any = None


def ensure(context: Context, write: Write[T], opening: T) -> Proof[T]:
    """Make the property true, or raise with what is known.

    Args:
        opening: the read that closed the last write, or a fresh one.

    Raises:
        StepFailed: it is not true, and a read proved that the write had no effect (or another one than asked for).
        ConflictError: a read shows neither what was nor what should be.
        InDoubt: the outcome is unknown and the tenant cannot be read.
        LeaseLost, JournalError: nothing was sent by this attempt.
        Interrupted: before anything (more) is sent; in a rollback, and while an outcome is unknown, only for a second signal.
    """
    if write.provable and write.done(opening):
        context.record("noop", unit=write.unit, step=write.step, act=write.act.value)
        return Proof(opening, sent=False)
    latest, result = opening, Result(Outcome.NOT_APPLIED)
    for attempt in range(1, MAX_SENDS + 1):
        _stop_if_asked(context, write)
        with context.interrupts.holding():
            result = _send(context, write, latest, attempt)
        context.interrupts.checkpoint_of_second()
        if result.outcome is Outcome.UNKNOWN:
            _settle(context, write)
        latest = _observe(context, write, result)
        if write.done(latest) and (write.provable or result.outcome is Outcome.APPLIED):
            return Proof(latest, sent=True, body=result.body)
        if not write.done(latest) and not write.before(latest):
            raise ConflictError(
                "Somebody else is at work", f"After {write.operation}, a read shows a state that this run neither found nor wrote."
            )
        if result.outcome is Outcome.APPLIED:
            raise StepFailed(
                "The write did not hold", f"{write.operation} was answered with success, and a read shows that it had no effect."
            )
        if result.reasons or result.final or not write.resend:
            break
    raise StepFailed(*_why(write, result))


def _stop_if_asked(context: Context, write: Write[T]) -> None:
    """Send nothing more after a signal; the first one still lets a rollback go on."""
    if write.rollback:
        context.interrupts.checkpoint_of_second()
    else:
        context.interrupts.checkpoint()


def _send(context: Context, write: Write[T], latest: T, attempt: int) -> Result:
    context.interrupts.write_begun, context.interrupts.free = True, False
    context.lease.ensure(context.write_deadline_s + LEASE_MARGIN_S)
    intent = context.record(
        "intent",
        unit=write.unit,
        step=write.step,
        act=write.act.value,
        operation=write.operation,
        object=write.kind,
        id=write.row_id,
        attempt=attempt,
        rollback=write.rollback,
        sets=write.sets,
        seen=write.seen(latest),
        secrets=dict(write.secrets),
    )
    started = context.clock.monotonic()
    # Journalling can block; nothing may be sent on a lease that ran out meanwhile.
    lost = _lease_problem(context)
    if lost is None:
        result = _send_once(context, write, latest)
    else:
        result = Result(Outcome.NOT_APPLIED, "the lease was lost before anything was sent", final=True)
    context.record(
        "outcome",
        unit=write.unit,
        step=write.step,
        intent=intent,
        outcome=result.outcome.value,
        detail=result.detail,
        status=result.status,
        reasons=list(result.reasons),
        seconds=round(context.clock.monotonic() - started, 3),
    )
    if lost is not None:
        raise lost
    return result


def _lease_problem(context: Context) -> Exception | None:
    try:
        context.lease.ensure(context.write_deadline_s)
    except Exception as error:  # noqa: BLE001 - it is raised again as soon as the outcome "nothing was sent" is durable
        return error
    return None


def _send_once(context: Context, write: Write[T], latest: T) -> Result:
    # A call that was cut may have happened, or may still happen. It is settled like any other unknown outcome.
    return context.interrupts.cut(lambda: write.send(latest), lambda signal: Result(Outcome.UNKNOWN, f"the call was cut: {signal.detail}"))


def _settle(context: Context, write: Write[T]) -> None:
    """Wait until a late request must have landed or died; only then does a read mean anything."""
    context.clock.sleep(context.timeouts.settle)
    context.record("settled", unit=write.unit, step=write.step, seconds=context.timeouts.settle)


def _observe(context: Context, write: Write[T], result: Result) -> T:
    """Read what the write did.

    A read that says what the answer said is believed. One that contradicts the answer, and any one after an unknown outcome, may
    be older than the write, also after the settle time: it is repeated until as many in a row agree as `AGREEING` asks for.

    Raises:
        InDoubt: the reads never agreed; or the outcome is unknown, one read showed the effect, and those after it agree that there
            is none. Then somebody else took it back, or the one was older than it said: nobody is overruled on a guess.
    """
    latest = _read(context, write, result)
    verdict, agreed = _verdict(write, latest), 1
    shown = verdict is Verdict.AS_DESIRED
    pauses = [*write.pauses, *MORE_PAUSES_S]
    while not _is_enough(verdict, agreed, result.outcome, may_show_later=len(pauses) > len(MORE_PAUSES_S)):
        if not pauses:
            raise _in_doubt(context, write, result, "SuperOffice contradicts itself", "the reads after it do not agree with each other.")
        context.clock.sleep(pauses.pop(0))
        latest = _read(context, write, result)
        earlier, verdict = verdict, _verdict(write, latest)
        agreed = agreed + 1 if verdict is earlier else 1
        shown = shown or verdict is Verdict.AS_DESIRED
    if shown and verdict is Verdict.AS_BEFORE and result.outcome is Outcome.UNKNOWN:
        why = "one read showed its effect and those after it do not. Somebody else may have taken it back."
        raise _in_doubt(context, write, result, "SuperOffice contradicts itself", why)
    context.record("observed", unit=write.unit, step=write.step, verdict=verdict.value, seen=write.seen(latest), detail="")
    return latest


def _verdict(write: Write[T], read: T) -> Verdict:
    return Verdict.AS_DESIRED if write.done(read) else Verdict.AS_BEFORE if write.before(read) else Verdict.OTHER


def _is_enough(verdict: Verdict, agreed: int, outcome: Outcome, *, may_show_later: bool) -> bool:
    if verdict is _SAID.get(outcome):
        return True
    return agreed >= AGREEING[verdict] and (verdict is Verdict.AS_DESIRED or not may_show_later)


# What a read shows if the answer was true.
_SAID = {Outcome.APPLIED: Verdict.AS_DESIRED, Outcome.NOT_APPLIED: Verdict.AS_BEFORE}


def _read(context: Context, write: Write[T], result: Result) -> T:
    """Read, and again after a pause; without an answer the outcome stays in doubt."""
    for pause in STALE_READ_PAUSES_S:
        try:
            return write.read()
        except TargetError:
            context.clock.sleep(pause)
    try:
        return write.read()
    except TargetError as error:
        raise _in_doubt(context, write, result, error.summary, f"the tenant could not be read afterwards: {error}") from error


def _in_doubt(context: Context, write: Write[T], result: Result, detail: str, why: str) -> InDoubt:
    context.record("observed", unit=write.unit, step=write.step, verdict="unreadable", seen="", detail=detail)
    return InDoubt("The outcome is unknown", f"{write.operation} was sent ({result.outcome.value}), and {why}")


def look(context: Context, read: Callable[[], T], expected: Callable[[T], bool]) -> T:
    """Read until the answer is as expected, a few times; then the last answer counts.

    For reads on which a verdict hangs without a write before them: one stale or lost answer must not decide it.

    Raises:
        TargetError: the last read got no answer.
    """
    for pause in STALE_READ_PAUSES_S:
        with contextlib.suppress(TargetError):
            found = read()
            if expected(found):
                return found
        context.clock.sleep(pause)
    return read()


def agreed(context: Context, read: Callable[[], T], told: Callable[[T], object]) -> T:
    """Read until as many reads in a row agree as a verdict needs that no write comes before: one may be older than the run's last write.

    Args:
        told: what of an answer has to be the same.

    Raises:
        ReadError: they never agreed.
        TargetError: a read got no answer.
    """
    enough = max(AGREEING.values())
    found, same = read(), 1
    for pause in (*STALE_READ_PAUSES_S, *MORE_PAUSES_S):
        if same == enough:
            break
        context.clock.sleep(pause)
        earlier, found = found, read()
        same = same + 1 if told(found) == told(earlier) else 1
    if same < enough:
        raise ReadError("SuperOffice contradicts itself", "Several reads in a row do not agree with each other.")
    return found


def _why(write: Write[T], result: Result) -> tuple[str, str]:
    if result.reasons:
        return REFUSED, f"{write.operation}: {'; '.join(one.rstrip('. ') for one in result.reasons)}."
    said = f": {result.detail}" if result.detail else ""
    if result.outcome is Outcome.UNKNOWN:
        return "The write was never acknowledged", f"{write.operation} was sent several times without an answer that can be trusted{said}"
    return "The write was refused", f"{write.operation} had no effect{said}"
