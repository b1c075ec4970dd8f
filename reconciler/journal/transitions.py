"""What may follow what within a run, as one table that is checked on every append.

In: the state that the earlier events of a run add up to, and the next event. Out: the next state, or `JournalError`.
The table is an assertion that stays on in production: an apply that is about to forget a rule of the promise (send while
an outcome is unknown, call a unit proved without a read) is stopped before anything is stored, so before anything is sent.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal.events import Body, Choice, Kind, TestPhase, Verdict
from reconciler.model import End, Outcome

__all__ = [
    "LISTED_VALUES",
    "TABLE",
    "Rule",
    "RunPhase",
    "RunState",
    "UnitPhase",
    "UnitState",
    "Waiting",
    "advance",
    "check",
    "follow",
    "phase_after",
    "transitions_markdown",
]

NEEDS_ATTENTION_CODE = 6
SETTLED_CODES = frozenset({0, 5})


class RunPhase(StrEnum):
    """Where a run stands."""

    NEW = "new"
    OPEN = "open"
    ENDED = "ended"  # closed, but with something left to settle: `recover` may open it again
    CLOSED = "closed"


class UnitPhase(StrEnum):
    """Where a unit of a run stands."""

    NEW = "new"
    OPEN = "open"
    BACK = "back"  # being rolled back
    DONE = "done"  # closed as desired or as before
    UNTOUCHED = "untouched"  # closed without an intent
    ATTENTION = "attention"  # closed as needs-attention


@dataclass(frozen=True, slots=True)
class UnitState:
    """What the earlier events say of one unit.

    Attributes:
        touched: the run holds an intent for it.
        doubt: its last outcome is unknown and no readable read came after it.
        proved: a readable read came after its last outcome, and after the rollback or recovery that is under way was opened.
        end: what the last unit-closed said; empty before one.
    """

    phase: UnitPhase = UnitPhase.NEW
    touched: bool = False
    doubt: bool = False
    proved: bool = False
    end: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The one intent that has no outcome yet."""

    seq: int
    unit: str
    step: Any


@dataclass(frozen=True, slots=True)
class RunState:
    """What the earlier events of a run add up to, as far as the table needs it. The empty state is that of a new run.

    Attributes:
        fencing: of the lease under which the run was opened or last recovered.
        choice: of the last recovery; empty when there was none.
        listed: the units of the plan.
    """

    phase: RunPhase = RunPhase.NEW
    fencing: int = 0
    choice: str = ""
    listed: frozenset[str] = frozenset()
    waiting: Waiting | None = None
    units: Mapping[str, UnitState] = field(default_factory=dict)

    @property
    def unfinished(self) -> bool:
        """Whether the run has to be settled before the next one."""
        return self.phase in (RunPhase.OPEN, RunPhase.ENDED)


Guard = Callable[[RunState, UnitState, Body], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """When one kind of event may come. The first sentence of a guard's docstring is its text in messages and docs.

    Attributes:
        run: the phases of the run in which it may come.
        keys: what its body must hold.
        unit: the phases of the unit named in its body; None for kinds that are not bound to one.
        while_waiting: it may come while an intent has no outcome.
        guards: what else must hold.
    """

    run: frozenset[RunPhase]
    keys: tuple[str, ...]
    unit: frozenset[UnitPhase] | None = None
    while_waiting: bool = False
    guards: tuple[Guard, ...] = ()


def _fencing_grows(run: RunState, _unit: UnitState, body: Body) -> bool:
    """`fencing` is not lower than that of the run so far."""
    return type(body["fencing"]) is int and body["fencing"] >= run.fencing


def _units_fit(_run: RunState, _unit: UnitState, body: Body) -> bool:
    """`units` are addresses, each once."""
    units = body["units"]
    return isinstance(units, list | tuple) and all(isinstance(unit, str) for unit in units) and len(set(units)) == len(units)


def _is_listed(run: RunState, _unit: UnitState, body: Body) -> bool:
    """The unit is one of those that run-opened lists."""
    return body["unit"] in run.listed


def _no_doubt(_run: RunState, unit: UnitState, _body: Body) -> bool:
    """After an unknown outcome of the unit, a readable `observed` of that unit came in between."""
    return not unit.doubt


def _direction(_run: RunState, unit: UnitState, body: Body) -> bool:
    """`rollback` is true exactly while the unit is being rolled back."""
    return body["rollback"] is (unit.phase is UnitPhase.BACK)


def _answers(run: RunState, _unit: UnitState, body: Body) -> bool:
    """`intent`, `unit` and `step` are those of the one intent that waits."""
    waiting = run.waiting
    return waiting is not None and (body["intent"], body["unit"], body["step"]) == (waiting.seq, waiting.unit, waiting.step)


def _end_fits(_run: RunState, unit: UnitState, body: Body) -> bool:
    """`untouched` needs a unit without any intent, and is the only end of a unit that was never opened."""
    if unit.phase is UnitPhase.NEW:
        return bool(body["end"] == End.UNTOUCHED)
    return not (unit.touched and body["end"] == End.UNTOUCHED)


def _end_proved(_run: RunState, unit: UnitState, body: Body) -> bool:
    """`as-desired` and `as-before` of a unit with intents need a read (`observed`, not unreadable, or `noop`) after its last outcome."""
    return body["end"] in (End.UNTOUCHED, End.NEEDS_ATTENTION) or not unit.touched or unit.proved


def _code_fits(run: RunState, _unit: UnitState, body: Body) -> bool:
    """Any code but 6 needs no intent waiting and every touched unit closed and proved (needs-attention after accept-current and park)."""
    if body["exit_code"] == NEEDS_ATTENTION_CODE:
        return True
    if type(body["exit_code"]) is not int:
        return False
    accepted = {UnitPhase.DONE}
    if run.choice in (Choice.ACCEPT_CURRENT, Choice.PARK):
        accepted.add(UnitPhase.ATTENTION)
    return run.waiting is None and all(unit.phase in accepted for unit in run.units.values() if unit.touched)


def _ends_agree(run: RunState, _unit: UnitState, body: Body) -> bool:
    """`ends` repeats what each unit-closed said; a touched unit that is not closed is `needs-attention`."""
    if not isinstance(body["ends"], Mapping):
        return False
    for address, end in body["ends"].items():
        unit = run.units.get(address, UnitState())
        said = unit.end if unit.phase in _CLOSED else End.NEEDS_ATTENTION.value if unit.touched else end
        if said != end:
            return False
    return True


def _signed(_run: RunState, _unit: UnitState, body: Body) -> bool:
    """`actor` names a person, `reason` says something, and `subjects` are ids, at least one, each once."""
    actor, subjects = body["actor"], body["subjects"]
    named = isinstance(subjects, list | tuple) and all(isinstance(one, str) and one for one in subjects)
    said = isinstance(actor, Mapping) and bool(actor.get("person")) and isinstance(body["reason"], str) and bool(body["reason"].strip())
    return said and named and len(subjects) == len(set(subjects)) > 0


_GOING = frozenset({UnitPhase.OPEN, UnitPhase.BACK})
_CLOSED = frozenset({UnitPhase.DONE, UnitPhase.UNTOUCHED, UnitPhase.ATTENTION})
_OPENED = frozenset(UnitPhase) - {UnitPhase.NEW}
_RUNNING = frozenset({RunPhase.OPEN})
_OF_NO_RUN = frozenset({RunPhase.NEW})

TABLE: Mapping[Kind, Rule] = {
    Kind.RUN_OPENED: Rule(
        frozenset({RunPhase.NEW}),
        (
            *("command", "plan_digest", "plan", "units", "actor", "why", "tool_version"),
            *("target_digest", "desired_digest", "fencing", "settle_s"),
        ),
        guards=(_fencing_grows, _units_fit),
    ),
    Kind.RECOVERY_OPENED: Rule(
        frozenset({RunPhase.OPEN, RunPhase.ENDED}), ("choice", "fencing"), while_waiting=True, guards=(_fencing_grows,)
    ),
    Kind.UNIT_OPENED: Rule(_RUNNING, ("unit", "digest", "kind", "row", "observed"), frozenset({UnitPhase.NEW}), guards=(_is_listed,)),
    Kind.INTENT: Rule(
        _RUNNING,
        ("unit", "step", "act", "operation", "object", "id", "attempt", "rollback", "sets", "seen", "secrets"),
        _GOING,
        guards=(_direction, _no_doubt),
    ),
    Kind.OUTCOME: Rule(
        _RUNNING,
        ("unit", "step", "intent", "outcome", "detail", "status", "reasons", "seconds"),
        _GOING,
        while_waiting=True,
        guards=(_answers,),
    ),
    Kind.SETTLED: Rule(_RUNNING, ("unit", "step", "seconds"), _GOING),
    Kind.OBSERVED: Rule(_RUNNING, ("unit", "step", "verdict", "seen", "detail"), _OPENED),
    Kind.NOOP: Rule(_RUNNING, ("unit", "step", "act"), _GOING),
    Kind.TEST: Rule(_RUNNING, ("unit", "phase", "address", "passed", "seconds", "detail")),
    Kind.BOUND: Rule(_RUNNING, ("address", "id", "guid")),
    Kind.UNBOUND: Rule(_RUNNING, ("address", "reason")),
    Kind.SENT: Rule(_RUNNING, ("unit", "fields"), _OPENED),
    Kind.ACTIVATED: Rule(_RUNNING, ("unit",), _OPENED),
    Kind.PARKED: Rule(_RUNNING, ("unit", "reason"), _OPENED),
    Kind.ROLLBACK_OPENED: Rule(_RUNNING, ("unit", "reason"), frozenset({UnitPhase.OPEN, UnitPhase.DONE})),
    Kind.UNIT_CLOSED: Rule(
        _RUNNING,
        ("unit", "digest", "end", "reason", "rolled_back", "applied", "window_s", "residue"),
        _GOING | {UnitPhase.NEW},
        guards=(_is_listed, _end_fits, _end_proved),
    ),
    Kind.NOTE: Rule(_RUNNING, ("text",), while_waiting=True),
    Kind.RUN_CLOSED: Rule(_RUNNING, ("exit_code", "ends", "head"), while_waiting=True, guards=(_code_fits, _ends_agree)),
    Kind.REVIEWED: Rule(_OF_NO_RUN, ("subjects", "run", "actor", "reason"), guards=(_signed,)),
    Kind.LEASE_BROKEN: Rule(_OF_NO_RUN, ("holder", "run", "actor", "reason")),
    Kind.TENANT_READ: Rule(_OF_NO_RUN, ("actor", "principal", "connections")),
}

# Values from a closed list; anything else would be read differently by the fold than by the person.
LISTED_VALUES: Mapping[tuple[Kind, str], frozenset[str]] = {
    (Kind.OUTCOME, "outcome"): frozenset(Outcome),
    (Kind.OBSERVED, "verdict"): frozenset(Verdict),
    (Kind.TEST, "phase"): frozenset(TestPhase),
    (Kind.UNIT_CLOSED, "end"): frozenset(End),
    (Kind.RECOVERY_OPENED, "choice"): frozenset(Choice),
}


def check(state: RunState, kind: str, body: Body) -> None:
    """Refuse an event that may not come now.

    Raises:
        JournalError: it may not; the message names the rule. Nothing was stored.
    """
    try:
        known = Kind(kind)
    except ValueError:
        raise _illegal(kind, "there is no such kind of event") from None
    rule = TABLE[known]
    missing = [key for key in rule.keys if key not in body]
    if missing:
        raise _illegal(kind, f"its body lacks {', '.join(missing)}")
    for key in rule.keys:
        values = LISTED_VALUES.get((known, key))
        if values is not None and not (isinstance(body[key], str) and body[key] in values):
            raise _illegal(kind, f"{key} must be one of {', '.join(sorted(values))}")
    if "unit" in rule.keys and not (isinstance(body["unit"], str) or (known is Kind.TEST and body["unit"] is None)):
        raise _illegal(kind, "unit must be an address")
    if state.phase not in rule.run:
        raise _illegal(kind, f"the run is {state.phase}; it may come while the run is {_names(rule.run)}")
    if state.waiting is not None and not rule.while_waiting:
        raise _illegal(kind, f"intent {state.waiting.seq} of {state.waiting.unit} has no outcome yet")
    unit = UnitState()
    if rule.unit is not None:
        unit = state.units.get(body["unit"], unit)
        if unit.phase not in rule.unit:
            raise _illegal(kind, f"unit {body['unit']} is {unit.phase}; it may come while the unit is {_names(rule.unit)}")
    for guard in rule.guards:
        if not guard(state, unit, body):
            raise _illegal(kind, f"this does not hold: {_text(guard)}")


def follow(state: RunState, seq: int, kind: str, body: Body) -> RunState:
    """The state after one more event, checked first.

    Raises:
        JournalError: see `check`.
    """
    check(state, kind, body)
    return advance(state, seq, kind, body)


def advance(state: RunState, seq: int, kind: str, body: Body) -> RunState:
    """The state after one more event that was checked when it was stored; its large parts may be left out.

    Args:
        seq: the number the event has or will have; an outcome refers to it.
    """
    known = Kind(kind)
    if known is Kind.RUN_OPENED:
        return RunState(phase=RunPhase.OPEN, fencing=body["fencing"], listed=frozenset(body["units"]))
    if known is Kind.RECOVERY_OPENED:
        units = {address: _reopened(unit) for address, unit in state.units.items()}
        return replace(state, phase=RunPhase.OPEN, fencing=body["fencing"], choice=body["choice"], units=units)
    if known is Kind.RUN_CLOSED:
        return replace(state, phase=phase_after(body["exit_code"], recovered=bool(state.choice)))
    if TABLE[known].unit is None:
        return state
    address = body["unit"]
    unit = _unit_after(state.units.get(address, UnitState()), known, body)
    waiting = state.waiting
    if known is Kind.INTENT:
        waiting = Waiting(seq, address, body["step"])
    elif known is Kind.OUTCOME:
        waiting = None
    return replace(state, waiting=waiting, units={**state.units, address: unit})


def phase_after(exit_code: int, *, recovered: bool) -> RunPhase:
    """Where a run stands after run-closed: what needed attention once is closed only by a recovery that ends with 0 or 5."""
    settled = exit_code in SETTLED_CODES if recovered else exit_code != NEEDS_ATTENTION_CODE
    return RunPhase.CLOSED if settled else RunPhase.ENDED


def _unit_after(unit: UnitState, kind: Kind, body: Body) -> UnitState:
    match kind:
        case Kind.UNIT_OPENED:
            return UnitState(UnitPhase.OPEN)
        case Kind.INTENT:
            return replace(unit, touched=True, proved=False)
        case Kind.OUTCOME:
            return replace(unit, doubt=body["outcome"] == Outcome.UNKNOWN, proved=False)
        case Kind.OBSERVED if body["verdict"] != Verdict.UNREADABLE:
            return replace(unit, doubt=False, proved=True)
        case Kind.NOOP if not unit.doubt:
            return replace(unit, proved=True)
        case Kind.ROLLBACK_OPENED:
            return replace(unit, phase=UnitPhase.BACK, proved=False)
        case Kind.UNIT_CLOSED:
            phase = {End.UNTOUCHED: UnitPhase.UNTOUCHED, End.NEEDS_ATTENTION: UnitPhase.ATTENTION}.get(body["end"], UnitPhase.DONE)
            return replace(unit, phase=phase, end=body["end"])
        case _:
            return unit


def _reopened(unit: UnitState) -> UnitState:
    """What a recovery makes of a unit: what is not settled is open again; what nothing was sent to may be opened anew."""
    if unit.phase is UnitPhase.UNTOUCHED:
        return UnitState()
    return unit if unit.phase in (UnitPhase.NEW, UnitPhase.DONE) else replace(unit, phase=UnitPhase.OPEN, proved=False)


def _illegal(kind: str, why: str) -> JournalError:
    return JournalError("Illegal journal event", f"{kind} was refused before it was stored: {why}.", "This is a bug in reconciler.")


def _names(phases: frozenset[Any]) -> str:
    return " or ".join(phase.value for phase in type(next(iter(phases))) if phase in phases)


def _text(guard: Guard) -> str:
    return (guard.__doc__ or guard.__name__).partition("\n")[0]


def transitions_markdown() -> str:
    """The table as Markdown, for `docs/`; a test compares the page with it."""
    lines = ["| event | the run is | its unit is | while an intent waits | and |", "|---|---|---|---|---|"]
    for kind, rule in TABLE.items():
        unit = "–" if rule.unit is None else _names(rule.unit)
        waits = "yes" if rule.while_waiting else "no"
        lines.append(f"| `{kind}` | {_names(rule.run)} | {unit} | {waits} | {' '.join(map(_text, rule.guards)) or '–'} |")
    return "\n".join(lines) + "\n"
