"""What all events of a target add up to: the planner's `Recorded`, and every run in one line.

In: the events of one target in their order, of the kinds in `KINDS` at least. Out: `Recorded` and `RunEnd`s. Folding more
events later gives the same as folding all at once, so a store can keep a fold and feed it what is new.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.errors import JournalError
from reconciler.journal.events import Body, Event, Kind
from reconciler.journal.transitions import RunPhase, phase_after
from reconciler.model import Binding, End, Outcome, Recorded, RunEnd, SecretRef, SentSecret, Settled, UsedPermit

__all__ = ["KINDS", "MISSHAPEN", "Fold", "actor_text", "misshapen", "sent_secret"]

KINDS = frozenset(
    {
        Kind.RUN_OPENED,
        Kind.RECOVERY_OPENED,
        Kind.UNIT_OPENED,
        Kind.INTENT,
        Kind.OUTCOME,
        Kind.BOUND,
        Kind.UNBOUND,
        Kind.SENT,
        Kind.ACTIVATED,
        Kind.PARKED,
        Kind.ROLLBACK_OPENED,
        Kind.UNIT_CLOSED,
        Kind.RUN_CLOSED,
    }
)

_Key = tuple[str, str]
_OPEN = "open"

# What taking an event apart raises if it was changed after every append was checked.
MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError)


def misshapen(event: Event) -> JournalError:
    """What to raise of an event that does not have the form that every append is checked for."""
    return JournalError(
        "Journal cannot be trusted",
        f"event {event.seq} ({event.kind}) does not have the form in which it was written",
        "Check the chain with: reconciler audit verify",
    )


@dataclass(slots=True)
class _Run:
    """One run while its events are folded; `before` holds the secrets as they were before the intent that waits."""

    run: str
    started: str
    plan_digest: str = ""
    desired_digest: str = ""
    actor: str = ""
    ended: str | None = None
    exit_code: int | None = None
    recovered: bool = False
    phase: RunPhase = RunPhase.OPEN
    units: dict[str, str] = field(default_factory=dict)
    before: dict[_Key, SentSecret | None] = field(default_factory=dict)
    sending: dict[_Key, SentSecret] = field(default_factory=dict)
    permits: dict[str, str] = field(default_factory=dict)  # digest to the address that each permit of the plan is for

    def line(self) -> RunEnd:
        code = self.exit_code if self.phase is RunPhase.CLOSED else None
        return RunEnd(self.run, self.started, self.ended, code, self.plan_digest, self.actor, dict(self.units))


class Fold:
    """A running sum over the events of one target."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._bindings: dict[str, Binding] = {}
        self._bound: dict[str, str] = {}  # GUID to the one address that stands for it
        self._secrets: dict[_Key, SentSecret] = {}
        self._applied: set[str] = set()
        self._activated: set[str] = set()
        self._parked: dict[str, str] = {}
        self._rolled_back: set[str] = set()
        self._begun: dict[str, set[str]] = {}
        self._windows: dict[str, float] = {}
        self._settled: dict[str, Settled] = {}
        self._permits: dict[str, UsedPermit] = {}

    def add(self, event: Event) -> None:
        """Take in one event. Kinds that do not matter here are passed over.

        Raises:
            JournalError: the event does not have the form that every append is checked for: it was changed afterwards.
        """
        try:
            self._add(event)
        except MISSHAPEN as error:
            raise misshapen(event) from error

    def _add(self, event: Event) -> None:
        body = event.body
        run = self._runs.get(event.run)
        if run is None:
            run = self._runs[event.run] = _Run(event.run, event.at)
        match event.kind:
            case Kind.SENT:
                self._secrets.update(_secrets(body["unit"], body["fields"]))
            case Kind.BOUND:
                self._bind(body["address"], Binding(body["id"], body["guid"]))
                self._settle(run, body["address"])
            case Kind.UNBOUND:
                self._bindings.pop(body["address"], None)
                self._settled.pop(body["address"], None)
            case Kind.ACTIVATED:
                self._activated.add(body["unit"])
                self._parked.pop(body["unit"], None)
            case Kind.PARKED:
                self._parked[body["unit"]] = body["reason"]
            case _:
                self._step(run, event)

    def _bind(self, address: str, binding: Binding) -> None:
        """One row has one address: the newest. The key that it had before is free for another row."""
        earlier = self._bound.get(binding.guid, address)
        if binding.guid:
            self._bound[binding.guid] = address
        if earlier != address and earlier in self._bindings and self._bindings[earlier].guid == binding.guid:
            del self._bindings[earlier]
            self._move(earlier, address)
        self._bindings[address] = binding

    def _move(self, old: str, new: str) -> None:
        """What was filed under the old key is the row's, so it goes along; a value was sealed for the old key, and is lost."""
        for unit, name in [key for key in self._secrets if key[0] == old]:
            sent = self._secrets.pop((unit, name))
            self._secrets.setdefault((new, name), replace(sent, fingerprint="", sealed=""))
        if old in self._parked:
            self._parked[new] = self._parked.pop(old)
        for filed in (self._applied, self._activated):
            if old in filed:
                filed.remove(old)
                filed.add(new)
        if old in self._settled:
            self._settled.setdefault(new, self._settled.pop(old))

    def _settle(self, run: _Run, address: str) -> None:
        """From this run on the files and the tenant agree on an address; its plan says on what."""
        self._settled[address] = Settled(run.run, address, run.desired_digest)

    def _step(self, run: _Run, event: Event) -> None:
        body = event.body
        match event.kind:
            case Kind.RUN_OPENED:
                run.plan_digest, run.actor = body["plan_digest"], actor_text(body["actor"])
                run.desired_digest = body["desired_digest"]
                run.units = dict.fromkeys(body["units"], End.UNTOUCHED.value)
                run.permits = dict(body.get("permits", {}))  # not in runs of earlier versions
            case Kind.RECOVERY_OPENED:
                run.recovered, run.phase = True, RunPhase.OPEN
                run.units = {unit: _OPEN if end == End.NEEDS_ATTENTION else end for unit, end in run.units.items()}
            case Kind.UNIT_OPENED | Kind.ROLLBACK_OPENED:
                run.units[body["unit"]] = _OPEN
            case Kind.INTENT:
                self._begun.setdefault(run.plan_digest, set()).add(body["unit"])
                self._use(run, body["unit"])
                self._send(run, body)
            case Kind.OUTCOME:
                self._sent(run, body["outcome"])
            case Kind.UNIT_CLOSED:
                self._unit_closed(run, body)
            case Kind.RUN_CLOSED:
                run.ended, run.exit_code = event.at, body["exit_code"]
                run.phase = phase_after(body["exit_code"], recovered=run.recovered)
                run.units.update(body["ends"])

    def _use(self, run: _Run, unit: str) -> None:
        """A permit is used by the first write to the unit it is for; one for no unit of the plan (a limit) by the first write of all."""
        for digest in [digest for digest, address in run.permits.items() if address == unit or address not in run.units]:
            del run.permits[digest]
            self._permits.setdefault(digest, UsedPermit(run.run, run.plan_digest))

    def _send(self, run: _Run, body: Body) -> None:
        """From the moment of the intent until its outcome, what the tenant holds is in doubt."""
        run.sending = _secrets(body["unit"], body["secrets"])
        run.before = {key: self._secrets.get(key) for key in run.sending}
        for key, secret in run.sending.items():
            self._secrets[key] = _in_doubt(run.before[key], secret)

    def _sent(self, run: _Run, outcome: str) -> None:
        for key, before in run.before.items():
            if outcome == Outcome.APPLIED:
                self._secrets[key] = run.sending[key]
            elif outcome == Outcome.NOT_APPLIED and before is not None:
                self._secrets[key] = before
            elif outcome == Outcome.NOT_APPLIED:
                del self._secrets[key]
        run.sending, run.before = {}, {}

    def _unit_closed(self, run: _Run, body: Body) -> None:
        unit, end, digest = body["unit"], body["end"], body["digest"]
        run.units[unit] = end
        if body["applied"]:
            self._applied.add(unit)
        if end == End.AS_DESIRED:
            self._settle(run, unit)
        if body["window_s"] is not None:
            self._windows[unit] = float(body["window_s"])
        # An attempt that never touched the unit says nothing about whether the last real attempt was rolled back.
        if body["rolled_back"]:
            self._rolled_back.add(digest)
        elif end != End.UNTOUCHED:
            self._rolled_back.discard(digest)

    def runs(self) -> tuple[RunEnd, ...]:
        """Every run in one line, oldest first."""
        return tuple(run.line() for run in self._runs.values())

    @property
    def bindings(self) -> Mapping[str, Binding]:
        """Address text to the row it stands for now."""
        return dict(self._bindings)

    def recorded(self, *, elsewhere: Mapping[str, str], head: str) -> Recorded:
        """What the events so far add up to.

        Args:
            elsewhere: GUID to the name of another target that is bound to it; it takes other targets' events to know.
            head: the hash of the store's last event.
        """
        return Recorded(
            bindings=dict(self._bindings),
            secrets=dict(self._secrets),
            applied=frozenset(self._applied),
            ever_activated=frozenset(self._activated),
            parked=dict(self._parked),
            rolled_back=frozenset(self._rolled_back),
            permits=dict(self._permits),
            begun={digest: frozenset(units) for digest, units in self._begun.items()},
            open_runs=tuple(run.line() for run in self._runs.values() if run.phase is not RunPhase.CLOSED),
            elsewhere=dict(elsewhere),
            window_seconds=dict(self._windows),
            settled=dict(self._settled),
            head=head,
        )


def sent_secret(entry: Mapping[str, Any]) -> SentSecret:
    """What an intent or a `sent` event says of one field: `{ref, version, fingerprint, sealed}`."""
    return SentSecret(SecretRef.parse(entry["ref"], entry["version"]), entry["fingerprint"], entry["sealed"])


def actor_text(actor: Mapping[str, Any]) -> str:
    """Who ran it, in a few words: `anna@build-7`."""
    return "@".join(str(actor[key]) for key in ("user", "host") if actor.get(key))


def _secrets(unit: str, fields: Mapping[str, Any]) -> dict[_Key, SentSecret]:
    return {(unit, name): sent_secret(entry) for name, entry in fields.items()}


def _in_doubt(before: SentSecret | None, sending: SentSecret) -> SentSecret:
    """A write that carries the value already there leaves no doubt about that value, whatever becomes of the write."""
    same = before is not None and not before.in_doubt and before.ref == sending.ref
    if same and before is not None and before.fingerprint and before.fingerprint == sending.fingerprint:
        return before
    return replace(sending, in_doubt=True)
