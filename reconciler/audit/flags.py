"""What is exceptional in an account: runs that left the usual way, controls that changed, changes that this tool did not make.

In -> Out: an `Account` -> `Flag`s, in the order of the journal; each stays open until somebody other than the one who ran it reviews it.

A flag's id is its kind and the number of the event that it is read from, so that it is the same for everybody, always.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from reconciler.audit.account import Account, Review
from reconciler.audit.elsewhere import between_reads, in_plans
from reconciler.audit.people import names_of, person_of
from reconciler.journal.events import Choice
from reconciler.journal.view import Recovery, RunView

__all__ = ["Flag", "FlagKind", "flags_of"]


class FlagKind(StrEnum):
    """Every kind of exception."""

    BREAK_GLASS = "break-glass"
    ATTESTED = "attested-approval"
    NO_APPROVAL = "no-approval"
    NO_TICKET = "no-ticket"
    BARRIER = "barrier-permitted"
    ROLLED_BACK = "rolled-back"
    UNFINISHED = "unfinished"
    RECOVERED = "recovered"
    PARKED = "parked"
    ACCEPTED = "accepted"
    LEASE_BROKEN = "lease-broken"
    CONTROLS = "controls-changed"
    ELSEWHERE = "changed-elsewhere"


@dataclass(frozen=True, slots=True)
class Flag:
    """One exception.

    Attributes:
        id: such as `break-glass@152`.
        at: ISO 8601 UTC, by the writer's clock.
        run: empty where it belongs to none.
        person: who caused it, as far as anybody knows; may be empty.
        text: a full sentence.
        executors: names, in small letters, that cannot review it.
        review: the first review of it that counts.
    """

    id: str
    kind: FlagKind
    at: str
    run: str
    person: str
    text: str
    executors: frozenset[str] = frozenset()
    review: Review | None = None


def flags_of(account: Account) -> tuple[Flag, ...]:
    """Every exception of an account, oldest first."""
    found = [flag for run in account.runs for flag in _of_run(run)]
    found += _controls(account)
    for one in account.broken:
        why = f" The reason given: {one.reason}" if one.reason else " No reason was given."
        text = f"The lease of {one.holder or '(no name)'} was taken away from run {one.run}.{why}"
        found.append(_flag(FlagKind.LEASE_BROKEN, one.seq, one.at, one.run, person_of(one.actor), text, names_of(one.actor)))
    for away in (*in_plans(account), *between_reads(account)):
        executors = frozenset({away.person.casefold()} if away.person else ())
        flag = _flag(FlagKind.ELSEWHERE, away.seq, away.at, away.run, away.person, away.text, executors)
        found.append(replace(flag, id=f"{flag.id}.{away.number}"))
    return tuple(_reviewed(flag, account.reviews) for flag in sorted(found, key=_place))


def _flag(kind: FlagKind, seq: int, at: str, run: str, person: str, text: str, executors: frozenset[str]) -> Flag:
    return Flag(f"{kind.value}@{seq}", kind, at, run, person, text, executors)


def _place(flag: Flag) -> tuple[float, int, str]:
    return float(flag.id.partition("@")[2].partition(".")[0]), list(FlagKind).index(flag.kind), flag.id


def _reviewed(flag: Flag, reviews: tuple[Review, ...]) -> Flag:
    """With the first review that names it and is not of somebody who ran it; the rule is held here again, whoever wrote the journal."""
    for review in reviews:
        if flag.id in review.subjects and not ({review.person.casefold()} | names_of(review.actor)) & flag.executors:
            return replace(flag, review=review)
    return flag


def _of_run(run: RunView) -> Iterator[Flag]:
    actor, why, plan = (run.opening.get(name) or {} for name in ("actor", "why", "plan"))
    person, executors = person_of(actor), names_of(actor)
    glass, approval = run.opening.get("break_glass"), actor.get("approval") or {}
    touched = [unit for unit in run.units.values() if unit.touched]

    def made(kind: FlagKind, text: str) -> Flag:
        return _flag(kind, run.first_seq, run.started, run.run, person, text, executors)

    if glass:
        passed = " ".join(str(one) for one in glass.get("passed") or ())
        went = f"It went past this: {passed}" if passed else "Nothing would have stopped the run, as it turned out."
        yield made(FlagKind.BREAK_GLASS, f"The glass was broken, with the reason: {_sentence(glass.get('reason'))} {went}")
    if approval and not approval.get("verified"):
        text = f"Its approval is the word of the one who ran it ({approval.get('attested', '')}); no forge confirmed it."
        yield made(FlagKind.ATTESTED, text)
    if touched and not approval and not glass:
        yield made(FlagKind.NO_APPROVAL, "It wrote without an approval by somebody else.")
    if touched and not why.get("ticket"):
        yield made(FlagKind.NO_TICKET, "It wrote without a ticket.")
    permitted = [_permitted(one) for one in plan.get("hazards") or () if one.get("permitted")]
    if permitted:
        yield made(FlagKind.BARRIER, f"These barriers were permitted: {', '.join(permitted)}.")
    back = [unit for unit in run.units.values() if unit.rolled_back]
    if back:
        told = " ".join(_sentence(f"{unit.address}{f', because: {_why(unit)}' if _why(unit) else ''}") for unit in back)
        yield made(FlagKind.ROLLED_BACK, f"It was rolled back: {told}")
    if run.unfinished:
        yield made(FlagKind.UNFINISHED, "It is not finished: it needs attention, or its process died. Settle it with reconciler recover.")
    yield from (_recovery(run, recovery, executors) for recovery in run.recoveries)


def _sentence(text: Any) -> str:
    return f"{str(text or '').rstrip('. ')}."


def _why(unit: Any) -> str:
    return str(unit.rollback_reason or unit.reason)


def _permitted(hazard: Mapping[str, Any]) -> str:
    return f"{hazard.get('name', '')}={hazard.get('address', '')}"


_RECOVERIES: Mapping[str, tuple[FlagKind, str]] = {
    Choice.BACK: (FlagKind.RECOVERED, "It was interrupted, and a person let it go back to what it had found."),
    Choice.FORWARD: (FlagKind.RECOVERED, "It was interrupted, and a person let it go on to what its plan wanted."),
    Choice.PARK: (FlagKind.PARKED, "It was interrupted, and a person left its connections switched off."),
    Choice.ACCEPT_CURRENT: (FlagKind.ACCEPTED, "It was interrupted, and a person accepted what a read showed."),
}


def _recovery(run: RunView, recovery: Recovery, executors: frozenset[str]) -> Flag:
    kind, text = _RECOVERIES[recovery.choice]
    parked = [f"{unit.address} ({unit.parked})" for unit in run.units.values() if unit.parked]
    text += f" Parked: {', '.join(parked)}." if kind is FlagKind.PARKED and parked else ""
    reason = recovery.why.get("reason")
    text += f" The reason given: {_sentence(reason)}" if reason else ""
    people = executors | names_of(recovery.actor)
    return _flag(kind, recovery.seq, recovery.at, run.run, person_of(recovery.actor), text, people)


def _controls(account: Account) -> Iterator[Flag]:
    """What limits runs, where it differs from the run before."""
    before: RunView | None = None
    for run in account.runs:
        changed = _changed(before, run) if before is not None else []
        if changed and before is not None:
            actor = run.opening.get("actor") or {}
            text = f"Since run {before.run}, what limits a run changed: {'; '.join(changed)}. Who changed it is not in the journal."
            yield _flag(FlagKind.CONTROLS, run.first_seq, run.started, run.run, person_of(actor), text, names_of(actor))
        before = run


def _changed(before: RunView, run: RunView) -> list[str]:
    old, new = (one.opening.get("controls") or {} for one in (before, run))
    if not old or not new:
        same = before.opening.get("target_digest") == run.opening.get("target_digest")
        return [] if same else ["the target or its limits (an earlier version kept only a digest of them)"]
    told = []
    for name in sorted({*old, *new}):
        one, other = old.get(name) or {}, new.get(name) or {}
        if one.get("digest") != other.get("digest"):
            told.append(f"{name.replace('_', ' ')}: {_difference(one, other)}")
    tools = [one.opening.get("tool") or {} for one in (before, run)]
    if tools[0].get("digest") != tools[1].get("digest"):
        told.append("the tool: " + " → ".join(f"{tool.get('version', '')} ({str(tool.get('digest', ''))[:12]})" for tool in tools))
    return told


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What changed, as far as the journal holds what was said; else the digests."""
    if "says" not in old or "says" not in new:
        return f"{str(old.get('digest', 'none'))[:12]} → {str(new.get('digest', 'none'))[:12]}"
    one, other = old["says"], new["says"]
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]
        return ", ".join(f"{key} {_said(one.get(key))} → {_said(other.get(key))}" for key in keys)
    return f"{_said(one)} → {_said(other)}"


def _said(value: Any) -> str:
    if value is None or value == []:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
