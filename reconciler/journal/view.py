"""One run in full, from its events: what `show` prints and what `recover` decides by.

In: the events of one run in their order. Out: a `RunView`. Any prefix of a run gives a view: that is what a crash leaves.

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.errors import JournalError
from reconciler.journal.events import Body, Event, Kind, Verdict
from reconciler.journal.fold import MISSHAPEN, actor_text, misshapen, sent_secret
from reconciler.journal.transitions import RunPhase, RunState, UnitPhase, UnitState, advance
from reconciler.model import Act, Binding, Outcome, SentSecret

__all__ = ["AS_SENT", "Attempt", "Reading", "Recovery", "RunView", "Tested", "UnitView", "made_word", "view_run"]

AS_SENT: Final = ", as it was sent"
"""How the word for a created row ends where a read showed that it holds what was sent."""
_MADE = re.compile(rf"#(\d+)(?:{AS_SENT})?$")


def made_word(ids: Iterable[int], *, as_sent: bool = False) -> str:
    """How the journal notes what a read of a creation showed: the rows that it may have made."""
    return (",".join(f"#{key}" for key in ids) or "absent") + (AS_SENT if as_sent else "")


@dataclass(slots=True)
class Reading:
    """A read after an outcome; `seen` is the digest of what was read."""

    seq: int
    at: str
    step: Any
    verdict: str
    seen: str
    detail: str


@dataclass(slots=True)
class Tested:
    """One test; `unit` is None where it belongs to no unit, `passed` is None where no answer came."""

    seq: int
    at: str
    unit: str | None
    phase: str
    address: str
    passed: bool | None
    seconds: float
    detail: str


@dataclass(slots=True)
class Attempt:
    """One write: what was announced, and what came of it.

    Attributes:
        seq: of the intent.
        object: `connection` or `connector`; `id` is the row's, 0 for a creation.
        attempt: counts from 1 for each thing the step wants.
        seen: digest of the read on which it was based.
        secrets: config field key to the secret that the request carried.
        outcome: `applied`, `not-applied` or `unknown`; None when the process died before it was recorded.
        outcome_seq: None with it.
        settled_s: seconds waited for a late effect; None when none was waited for.
        readings: what was read of it afterwards, in order.
    """

    seq: int
    at: str
    step: Any
    act: str
    operation: str
    object: str
    id: int
    attempt: int
    rollback: bool
    sets: Mapping[str, Any]
    seen: str
    secrets: Mapping[str, SentSecret]
    outcome: str | None = None
    outcome_seq: int | None = None
    outcome_at: str | None = None
    detail: str = ""
    status: int | None = None
    reasons: tuple[str, ...] = ()
    seconds: float | None = None
    settled_s: float | None = None
    readings: list[Reading] = field(default_factory=list)

    @property
    def in_doubt(self) -> bool:
        """Whether it may have happened, or may still happen, and no read has told since."""
        unknown = self.outcome is None or self.outcome == Outcome.UNKNOWN
        return unknown and all(reading.verdict == Verdict.UNREADABLE for reading in self.readings)


@dataclass(slots=True)
class UnitView:
    """One unit of the run's plan.

    Attributes:
        phase: where the unit stands: `new`, `open`, `back`, `done`, `untouched` or `attention`.
        opened: when; None while it is new.
        digest, kind, row: as unit-opened has them; empty or None while it is new.
        observed: the normalised attributes found before its first write, as JSON: what a rollback goes back to. None for a
            creation and while it is new.
        raw_sealed: the sealed row as it was read, where there was a key.
        attempts: every write, those of a rollback and of recoveries included, in order.
        sent: config field key to the secret proved to be the one last sent.
        made_id: the id of what the last creation made, as a read or its binding tells; 0 before that, and once it was given up.
        parked: why it was switched off on purpose; empty when it was not.
        end: the last unit-closed's; empty before one or when a recovery opened it again.
        state: what the table knows of it (`touched`, `doubt`, `proved`).
    """

    address: str
    phase: UnitPhase = UnitPhase.NEW
    opened: str | None = None
    digest: str = ""
    kind: str = ""
    row: Binding | None = None
    observed: Any = None
    raw_sealed: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    tests: list[Tested] = field(default_factory=list)
    noops: list[tuple[Any, str]] = field(default_factory=list)
    sent: dict[str, SentSecret] = field(default_factory=dict)
    activated: bool = False
    made_id: int = 0
    parked: str = ""
    rollback_reason: str = ""
    end: str = ""
    reason: str = ""
    rolled_back: bool = False
    applied: bool = False
    window_s: float | None = None
    residue: tuple[str, ...] = ()
    state: UnitState = field(default_factory=UnitState)

    @property
    def touched(self) -> bool:
        """Whether the run holds an intent for it."""
        return bool(self.attempts)

    @property
    def row_id(self) -> int:
        """The id that its writes named last, or of what its last creation made; 0 while neither is known."""
        found = 0
        for attempt in self.attempts:
            found = 0 if attempt.act == Act.CREATE else attempt.id or found
        return found or self.made_id

    @property
    def in_doubt(self) -> Attempt | None:
        """The write whose effect nobody knows: no outcome was recorded, or it is unknown and no read has told since."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and (self.state.doubt or last.outcome is None) else None


@dataclass(slots=True)
class Recovery:
    """One time that somebody set out to finish the run; who, and why (`ticket`, `reason`), where that was said."""

    seq: int
    at: str
    choice: str
    fencing: int
    actor: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class RunView:
    """One run.

    Attributes:
        opening: the body of run-opened, `plan` included.
        exit_code: of the last run-closed, 6 included; None when the process died.
        unfinished: `recover` has something to do.
        units: every unit of the plan, in the plan's order.
        tests: those that belong to no unit.
        bound: address text to the row, None where a binding was given up.
        head: the hash of the run's last event.
    """

    run: str
    target: str
    started: str
    opening: Body
    units: dict[str, UnitView]
    ended: str | None = None
    exit_code: int | None = None
    recoveries: list[Recovery] = field(default_factory=list)
    tests: list[Tested] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bound: dict[str, Binding | None] = field(default_factory=dict)
    state: RunState = field(default_factory=RunState)
    first_seq: int = 0
    last_seq: int = 0
    head: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether the run has to be settled before the next one on its target."""
        return self.state.phase is not RunPhase.CLOSED

    @property
    def waiting(self) -> Attempt | None:
        """The write whose outcome was never recorded; a recovery records `unknown` for it first."""
        waiting = self.state.waiting
        return None if waiting is None else self.units[waiting.unit].attempts[-1]

    @property
    def actor(self) -> str:
        """Who ran it, in a few words."""
        return actor_text(self.opening["actor"])

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan that it ran, as its JSON."""
        plan: Mapping[str, Any] = self.opening["plan"]
        return plan


def view_run(events: Iterable[Event]) -> RunView:
    """Add the events of one run up.

    Raises:
        JournalError: there are none, or one does not have the form that every append is checked for.
    """
    view: RunView | None = None
    for event in events:
        try:
            if view is None:
                units = {address: UnitView(address) for address in event.body["units"]}
                view = RunView(event.run, event.target, event.at, event.body, units, first_seq=event.seq)
            _take(view, event)
        except (*MISSHAPEN, IndexError) as error:
            raise misshapen(event) from error
    if view is None:
        raise JournalError("Run not found", "the journal has no event of this run", "See the runs with: reconciler history")
    return view


def _take(view: RunView, event: Event) -> None:
    body = event.body
    view.state = advance(view.state, event.seq, event.kind, body)
    view.last_seq, view.head = event.seq, event.hash
    affected = set(view.units) if event.kind == Kind.RECOVERY_OPENED else view.units.keys() & {str(body.get("unit"))}
    for address in affected:
        state = view.state.units.get(address, UnitState())
        view.units[address].phase, view.units[address].state = state.phase, state
    match event.kind:
        case Kind.RECOVERY_OPENED:
            view.recoveries.append(
                Recovery(event.seq, event.at, body["choice"], body["fencing"], body.get("actor", {}), body.get("why", {}))
            )
            for unit in view.units.values():
                unit.end = unit.end if unit.phase is UnitPhase.DONE else ""
        case Kind.RUN_CLOSED:
            view.ended, view.exit_code = event.at, body["exit_code"]
        case Kind.NOTE:
            view.notes.append(body["text"])
        case Kind.BOUND:
            view.bound[body["address"]] = Binding(body["id"], body["guid"])
            if body["address"] in view.units:
                view.units[body["address"]].made_id = body["id"]
        case Kind.UNBOUND:
            view.bound[body["address"]] = None
            if body["address"] in view.units:
                view.units[body["address"]].made_id = 0
        case Kind.TEST:
            made = Tested(event.seq, event.at, *(body[key] for key in ("unit", "phase", "address", "passed", "seconds", "detail")))
            (view.units[made.unit].tests if made.unit in view.units else view.tests).append(made)
        case Kind.RUN_OPENED:
            pass
        case _:
            _take_unit(view.units[body["unit"]], event)


def _take_unit(unit: UnitView, event: Event) -> None:
    body = event.body
    match event.kind:
        case Kind.UNIT_OPENED:
            unit.opened, unit.digest, unit.kind, unit.observed = event.at, body["digest"], body["kind"], body["observed"]
            unit.row = None if body["row"] is None else Binding(body["row"]["id"], body["row"]["guid"])
            unit.raw_sealed = body.get("raw_sealed") or ""
        case Kind.NOOP:
            unit.noops.append((body["step"], body["act"]))
        case Kind.SENT:
            unit.sent.update({name: sent_secret(entry) for name, entry in body["fields"].items()})
        case Kind.ACTIVATED:
            unit.activated = True
        case Kind.PARKED:
            unit.parked = body["reason"]
        case Kind.ROLLBACK_OPENED:
            unit.rollback_reason = body["reason"]
        case Kind.UNIT_CLOSED:
            unit.end, unit.reason, unit.residue = body["end"], body["reason"], tuple(body["residue"])
            unit.rolled_back, unit.applied, unit.window_s = body["rolled_back"], body["applied"], body["window_s"]
        case _:
            _take_attempt(unit, event)


def _take_attempt(unit: UnitView, event: Event) -> None:
    body = event.body
    if event.kind == Kind.INTENT:
        what = {key: body[key] for key in ("step", "act", "operation", "object", "id", "attempt", "rollback", "sets", "seen")}
        secrets = {name: sent_secret(entry) for name, entry in body["secrets"].items()}
        unit.attempts.append(Attempt(event.seq, event.at, secrets=secrets, **what))
        unit.made_id = 0 if body["act"] == Act.CREATE else unit.made_id
        return
    last = unit.attempts[-1] if unit.attempts else None
    if event.kind == Kind.OBSERVED:
        reading = Reading(event.seq, event.at, *(body[key] for key in ("step", "verdict", "seen", "detail")))
        unit.readings.append(reading)
        made = _MADE.match(reading.seen) if last is not None and last.act == Act.CREATE and reading.verdict == Verdict.AS_DESIRED else None
        unit.made_id = int(made[1]) if made is not None else unit.made_id
        if last is not None:
            last.readings.append(reading)
    elif event.kind == Kind.OUTCOME and last is not None:
        last.outcome, last.outcome_seq, last.outcome_at = body["outcome"], event.seq, event.at
        last.detail, last.status, last.reasons, last.seconds = body["detail"], body["status"], tuple(body["reasons"]), body["seconds"]
    elif event.kind == Kind.SETTLED and last is not None:
        last.settled_s = body["seconds"]
