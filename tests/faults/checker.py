"""Judges a command from what SuperOffice saw and holds, never from the applier's own account.

The applier's report, exit code and journal are compared with the truth, as claims. Each rule has a name; a violation names
the rule and says what was found.

    ends          what the report says of each unit is what the rows show; `untouched` has neither intent nor request
    code          0: every unit desired · 5: written, and each unit desired or before · 6: something is left to do ·
                  1, 3, 4, 7, 130, 143: no write was sent
    loud          a connection that was active and is not, against the plan: exit 6, its unit needs attention, the run is open
    works         after any exit but 6, every connection that passed its test before and still exists passes it now
    next          exit 6 names the command that goes on, and leaves the run open; any other code leaves none open
    strangers     rows of no unit are as they were, and no write was sent for them
    leftovers     new rows are the plan's creations; soft-deleted ones are listed as residue
    cursor        no sync cursor goes backwards
    guid          no ConnectionId changes
    secrets       no mask, blank or foreign secret is ever sent; no secret stands in the journal in clear
    intents       each write arrives after its intent is durable, and each intent has its write or is recorded as not applied
    settle        after a write with an unknown outcome nothing is written until a read made after the settle time
    look          between two writes of one thing there is a read of it; an end is claimed only after a read that came last
    toggles       one ensure flips at most once, and only towards what it wants
    honest        a write that had its effect is not recorded as not applied, unless the server itself said so
    chain         the journal's chain holds and has the head that was reported
    bounded       one ensure sends at most three times; the run ends within an hour of virtual time
    bug           nothing but our own errors is raised
    plan          after exit 0 the plan is empty; after a rollback it is the plan that it was
    recovery      an open run refuses the next apply without a write; `recover` closes what it proves

Source: reliability.md §3.5 (oracle), §3.7 (I1-I9, I11-I15, I18); DESIGN §1 (promise), §4 (exit codes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reconciler.emulator import Call
from reconciler.errors import Interrupted, JournalError, ReconcilerError
from reconciler.journal.events import Event
from reconciler.model import End, UnitEnd
from reconciler.wire.operations import OPERATIONS
from tests.faults.scenarios import CANARIES
from tests.faults.stage import SETTLE_S, Account, Prepared
from tests.faults.truth import Expected, Found, Picture, stand_of, strangers

NOTHING_WRITTEN = frozenset({1, 3, 4, 7, 130, 143})
STANDS = {End.AS_DESIRED: {"desired"}, End.AS_BEFORE: {"before"}, End.UNTOUCHED: {"before"}}

# After these the server surely did nothing, or said itself what it did; after every other fault the outcome is unknown.
CERTAIN = frozenset({
    "too-many", "unauthorized", "forbidden", "misdirected", "redirect", "reasons-without-flip", "reasons-with-flip", "ignored-field",
    "slow", "drip", "stale-read",
})  # fmt: skip
# The read that shows what a write did, where it is not the row's own.
SHOWN_BY = {
    "UpdateConnectionFields": "archive/ErpField",
    "SaveDefaultValueInfo": "archive/ErpField",
    "MoveErpFieldItem": "archive/ErpField",
    "SaveActorTypeMapping": "GetActorTypeMapping",
    "SaveConnectionListMappings": "GetConnectionListMappings",
    "SaveErpConnectionSyncPriorities": "MDOList/erpconnections",
    "ChangeEngineInterval": "GetEngineStatus",
    "ChangeEngineStatus": "GetEngineStatus",
}
PASSWORDS = frozenset({"PasswordField", "Password", "Token"})
WRITES = frozenset(one.name.rsplit("/", 1)[-1] for one in OPERATIONS.values() if one.kind.is_write)


@dataclass(frozen=True)
class Violation:
    """One broken rule."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


def judge(account: Account, prepared: Prepared) -> list[Violation]:
    """Every rule that one command broke, measured against what the tenant was before the first command of the trial."""
    assert account.after is not None
    units, origin = prepared.expected, prepared.before
    stands = {one.address: stand_of(one, origin, account.after) for one in units}
    found = [
        *_ends(account, stands),
        *_code(account, stands),
        *_loud(account, units, origin),
        *_works(account, prepared),
        *_next(account),
        *(Violation("strangers", text) for text in strangers(origin, account.after, units)),
        *_unplanned_writes(account, units, origin),
        *_leftovers(account, units, origin, stands),
        *_history(account),
        *_secrets(account),
        *_intents(account),
        *_settle(account),
        *_toggles(account),
        *_bounds(account),
    ]
    if not account.sound:
        found.append(Violation("chain", "the journal's chain does not hold, or its head is not the one that was reported"))
    if account.error is not None and not isinstance(account.error, ReconcilerError):
        found.append(Violation("bug", f"{type(account.error).__name__}: {account.error}"))
    # Who accepts was told by a 6 what is left off or does not work, and takes it as it is.
    told = {"loud", "works"} if account.command == "recover --accept-current" else set[str]()
    return [one for one in found if one.rule not in told]


# --- what is claimed ----------------------------------------------------------------------------------------------------


def ends_of(account: Account) -> dict[str, UnitEnd]:
    """What the report says of each unit."""
    return {} if account.report is None else {str(unit.address): unit for unit in account.report.units}


def _ends(account: Account, stands: dict[str, Found]) -> Iterator[Violation]:
    if account.report is None:
        return
    ends = ends_of(account)
    if account.command == "apply" and ends.keys() != stands.keys():
        yield Violation("ends", f"the report has {sorted(ends)} and the plan {sorted(stands)}")
    touched = {event.body["unit"] for event in account.events if event.kind == "intent"}
    for address, unit in ends.items():
        found = stands[address]
        if unit.end in STANDS and found.stand not in STANDS[unit.end]:
            yield Violation("ends", f"{address} is reported {unit.end.value} and is {found.stand} {'; '.join(found.why)}")
        if unit.end is End.UNTOUCHED and (unit.written or address in touched):
            yield Violation("ends", f"{address} is reported untouched and the journal has an intent for it")
        if unit.end is End.NEEDS_ATTENTION and not unit.reason:
            yield Violation("ends", f"{address} needs attention without a reason")
        if unit.end in (End.AS_DESIRED, End.AS_BEFORE) and address in touched and not _proved(account, address):
            yield Violation("look", f"{address} is reported {unit.end.value}, and no read of it came after its last write")


def _proved(account: Account, address: str) -> bool:
    """Whether a clean read of the unit's row came after the last write for it."""
    sendings = [(intent, call) for intent, call in paired(account) if intent.body["unit"] == address and call is not None]
    if not sendings:
        return True
    last = sendings[-1][1]
    assert last is not None
    return any(_proves(account, call, last) for call in account.calls if call.sequence > last.sequence)


def _code(account: Account, stands: dict[str, Found]) -> Iterator[Violation]:
    writes = [call for call in account.calls if call.writes]
    other = {address: found for address, found in stands.items() if found.stand == "other"}
    if account.code == 0 and account.command in ("apply", "recover --forward"):
        for address, found in stands.items():
            if found.stand != "desired":
                yield Violation("code", f"exit 0, and {address} is {found.stand} {'; '.join(found.why)}")
    elif account.code == 5:
        for address, found in other.items():
            yield Violation("code", f"exit 5, and {address} is neither desired nor before: {'; '.join(found.why)}")
        if account.command == "apply" and all(found.stand == "desired" for found in stands.values()):
            yield Violation("code", "exit 5, and every unit is as desired")
        if account.command == "apply" and not any(event.kind == "intent" for event in account.events):
            yield Violation("code", "exit 5, and nothing was written")
    elif account.code in NOTHING_WRITTEN:
        for call in writes:
            yield Violation("code", f"exit {account.code}, and {call.operation} was sent")
        for address, found in stands.items():
            if found.stand != "before":
                yield Violation("code", f"exit {account.code}, and {address} is {found.stand} {'; '.join(found.why)}")
    elif account.code not in (0, 5, 6):
        yield Violation("code", f"exit {account.code} is none that a run may have ({account.error})")


def _loud(account: Account, units: tuple[Expected, ...], origin: Picture) -> Iterator[Violation]:
    assert account.after is not None
    wanted_off = {one.row for one in units if one.kind == "delete" or (one.columns or {}).get("Active") is False}
    addresses = {one.row: one.address for one in units if not one.is_connector}
    for key, row in origin.connections.items():
        now = account.after.connections.get(key, {})
        if not row["Active"] or row["Deleted"] or (now.get("Active") and not now.get("Deleted")) or key in wanted_off:
            continue
        unit = ends_of(account).get(addresses.get(key, ""))
        named = unit is not None and unit.end is End.NEEDS_ATTENTION
        if account.code != 6 or not account.open_runs or not (named or account.report is None):
            yield Violation("loud", f"connection #{key} was active and is not; exit {account.code}, reported as {unit and unit.end}")


def _works(account: Account, prepared: Prepared) -> Iterator[Violation]:
    if account.code != 6:
        for key, worked in prepared.works.items():
            if worked and not account.works.get(key, True):
                yield Violation("works", f"exit {account.code}, and connection #{key} fails its test, which it passed before")


def _next(account: Account) -> Iterator[Violation]:
    if account.code == 6:
        ends = [unit for unit in ends_of(account).values() if unit.end is End.NEEDS_ATTENTION]
        hint = getattr(account.error, "hint", "")
        named = any("reconciler recover" in unit.next_step for unit in ends) or "reconciler recover" in hint
        named = named or isinstance(account.error, Interrupted)  # for which the command line says it: `cli.failures.report_interrupt`
        if not named:
            yield Violation("next", f"exit 6 without naming the command that goes on ({account.error})")
        if not account.open_runs:
            yield Violation("next", "exit 6, and no run is open")
    elif account.open_runs and not isinstance(account.error, JournalError):  # which may keep a run from being closed, too
        yield Violation("next", f"exit {account.code}, and a run is open")


# --- what was written ---------------------------------------------------------------------------------------------------


def _unplanned_writes(account: Account, units: tuple[Expected, ...], origin: Picture) -> Iterator[Violation]:
    assert account.after is not None
    made = (account.after.connections.keys() - origin.connections.keys(), account.after.connectors.keys() - origin.connectors.keys())
    mine = {("connection", one.row or 0) for one in units if not one.is_connector} | {("connection", key) for key in made[0]}
    mine |= {("connector", one.row or 0) for one in units if one.is_connector} | {("connector", key) for key in made[1]}
    mine |= {(one.address, 0) for one in units if one.is_tenant_wide}
    for call in account.calls:
        if call.writes and account.rows[call.sequence] not in mine:
            yield Violation("strangers", f"{call.operation} was sent for {account.rows[call.sequence]}, which no unit is about")


def _leftovers(account: Account, units: tuple[Expected, ...], origin: Picture, stands: dict[str, Found]) -> Iterator[Violation]:
    assert account.after is not None
    ends = ends_of(account)
    residue = " ".join(text for unit in ends.values() for text in unit.residue)
    created = {one.address for one in units if one.kind == "create"}
    open_ones = {address for address in created if address not in ends or ends[address].end is End.NEEDS_ATTENTION}
    fine = {stands[address].row for address in created}
    for kind, old, new in (
        ("connection", origin.connections, account.after.connections),
        ("connector", origin.connectors, account.after.connectors),
    ):
        for key in new.keys() - old.keys():
            attention = any(address.startswith(f"{kind}/") for address in open_ones)
            if new[key]["Deleted"]:
                if f"#{key} " not in f"{residue} " and not attention and account.command == "apply" and account.report is not None:
                    yield Violation("leftovers", f"{kind} #{key} was created and deleted again, and no unit lists it")
            elif key not in fine and not attention:
                yield Violation("leftovers", f"{kind} #{key} is new and belongs to no unit")


def _history(account: Account) -> Iterator[Violation]:
    for entry in account.entries:
        if entry.table != "ErpConnection" or entry.before is None or entry.after is None:
            continue
        before, after = entry.before["MostRecentTimestamp"], entry.after["MostRecentTimestamp"]
        if after < before:
            yield Violation("cursor", f"connection #{entry.key} went from {before!r} back to {after!r} by {entry.operation}")
        if entry.before["ConnectionId"] != entry.after["ConnectionId"]:
            yield Violation("guid", f"connection #{entry.key} has another GUID after {entry.operation}")


def _secrets(account: Account) -> Iterator[Violation]:
    for call in account.calls:
        body = call.request if isinstance(call.request, dict) else {}
        config = body.get("ConfigFields") or (body.get("Connection") or {}).get("ConfigFields") or {}
        for name in PASSWORDS & config.keys():
            if config[name] not in CANARIES:
                yield Violation("secrets", f"{call.operation} carried {config[name]!r} for {name}")
    for canary in CANARIES:
        if canary.encode() in account.journal_bytes:
            yield Violation("secrets", f"{canary!r} stands in the journal")


# --- how it was written -------------------------------------------------------------------------------------------------


def paired(account: Account) -> list[tuple[Event, Call | None]]:
    """Each intent with the request that it announced, both in their order; None where none came.

    Requests that never left the machine take their place in the order, too.
    """
    sent: list[tuple[int, str, Call | None]] = [(call.sequence, call.operation, call) for call in account.calls if call.writes]
    sent += [(after, operation, None) for after, operation in (*account.unsent, *account.lost) if operation in WRITES]
    sent.sort(key=lambda one: (one[0], one[2] is None))
    pairs: list[tuple[Event, Call | None]] = []
    for intent in (event for event in account.events if event.kind == "intent"):
        operation, call = (sent[0][1], sent[0][2]) if sent else ("", None)
        fits = operation == intent.body["operation"] and (
            call is None or account.rows[call.sequence] == (intent.body["object"], intent.body["id"])
        )
        pairs.append((intent, call if fits else None))
        if fits:
            sent.pop(0)
    return pairs


def _outcomes(account: Account) -> dict[int, Event]:
    return {event.body["intent"]: event for event in account.events if event.kind == "outcome"}


def _intents(account: Account) -> Iterator[Violation]:
    pairs, outcomes = paired(account), _outcomes(account)
    matched = {call.sequence for _, call in pairs if call is not None}
    for call in account.calls:
        if call.writes and call.sequence not in matched:
            yield Violation("intents", f"{call.operation} of {account.rows[call.sequence]} was sent without an intent")
    unsent = [operation for _, operation in account.unsent if operation in WRITES]
    lost = [operation for _, operation in account.lost if operation in WRITES]
    for intent, sent in pairs:
        outcome = outcomes.get(intent.seq)
        said = None if outcome is None else outcome.body["outcome"]
        if sent is None:
            if intent.body["operation"] in lost:  # it left, and nobody can tell that it never arrived
                lost.remove(intent.body["operation"])
                continue
            if intent.body["operation"] in unsent:
                unsent.remove(intent.body["operation"])
            cut = said == "unknown" and "was cut" in outcomes[intent.seq].body["detail"]  # before its first byte: nobody can tell
            if said not in ("not-applied", None) and not cut:
                yield Violation("intents", f"intent {intent.seq} is recorded as {said}, and no request came")
        elif said == "not-applied" and sent.effect and sent.fault != "reasons-with-flip":
            yield Violation("honest", f"{sent.operation} had its effect and is recorded as not applied")
    for operation in (*unsent, *lost):
        yield Violation("intents", f"{operation} was about to be sent without an intent")
    by_call = {call.sequence: call for call in account.calls}
    for arrival in account.arrivals:
        call = by_call[arrival.call]
        durable = arrival.kind == "intent" and arrival.body["operation"] == call.operation
        if not durable or (arrival.body["object"], arrival.body["id"]) != account.rows[call.sequence]:
            yield Violation("intents", f"when {call.operation} arrived, the newest durable event was {arrival.kind or 'none'}")


def _proves(account: Account, read: Call, write: Call) -> bool:
    """Whether a call is an undisturbed read that shows what a write did.

    What surely did nothing leaves nothing that a read could be late for: after it, a stale read is a look like any other.
    """
    if read.sequence in account.cut:
        return False
    kind, key = account.rows[write.sequence]
    same = account.rows[read.sequence] == (kind, key)
    if write.operation.startswith("Delete") and read.fault == "null-body":
        return same  # what a read of a deleted row may say at any time
    if read.writes or read.status != 200 or read.fault not in (None, "stale-read", "slow", "ignored-field"):
        return False
    shown_by = SHOWN_BY.get(write.operation)
    if write.operation == "UpdateConnectionFields":  # no read can prove it; what is stored now is looked at all the same
        return read.operation == shown_by
    if read.fault == "stale-read" and (write.effect or write.fault not in CERTAIN):
        return False
    if shown_by is not None:
        return read.operation == shown_by and (same or shown_by.startswith(("archive", "MDOList")))
    if kind == "connection":
        return read.operation == "GetAllConnections" if key == 0 else read.operation == "GetConnection" and same
    return read.operation == "GetAllConnectors" if key == 0 else read.operation == "GetErpSyncConnectorEntity" and same


def _settle(account: Account) -> Iterator[Violation]:
    writes = [call for call in account.calls if call.writes]
    for write, following in pairwise(writes):
        between = [call for call in account.calls if write.sequence < call.sequence < following.sequence and _proves(account, call, write)]
        whole = write.fault == "truncated" and write.status == 204  # there is no half of an answer without a body
        unknown = write.sequence in account.cut or (write.fault is not None and write.fault not in CERTAIN and not whole)
        late_enough = [call for call in between if (call.at - write.at).total_seconds() >= SETTLE_S]
        if unknown and not late_enough:
            yield Violation(
                "settle", f"{following.operation} was sent after {write.operation} ({write.fault or 'cut'}) without a read after the settle"
            )
        elif not between and _thing(account, write) == _thing(account, following):
            yield Violation("look", f"{following.operation} was sent after {write.operation} of the same row without a read of it")


def _thing(account: Account, call: Call) -> tuple[object, ...]:
    """What a write is about: a row, or what one kind of read shows of it."""
    return (*account.rows[call.sequence], SHOWN_BY.get(call.operation))


def _toggles(account: Account) -> Iterator[Violation]:
    flips = 0
    for intent, call in paired(account):
        if intent.body["attempt"] == 1:
            flips = 0
        if call is None or call.operation != "ToggleErpConnectionActive" or not call.effect:
            continue
        flips += 1
        if flips > 1:
            yield Violation("toggles", f"one ensure flipped connection {account.rows[call.sequence][1]} {flips} times")
        if call.active_after is not intent.body["sets"]["active"]:
            yield Violation("toggles", f"connection {account.rows[call.sequence][1]} was flipped away from what the intent wanted")


def _bounds(account: Account) -> Iterator[Violation]:
    for event in account.events:
        if event.kind == "intent" and event.body["attempt"] > 3:
            yield Violation("bounded", f"{event.body['operation']} was sent {event.body['attempt']} times")
    if account.seconds > 3600:
        yield Violation("bounded", f"it took {account.seconds:.0f} s of virtual time")


# --- what comes after ---------------------------------------------------------------------------------------------------


def judge_plan(account: Account, units: Any, stands: dict[str, Found], original: dict[str, str], *, fresh: bool) -> Iterator[Violation]:
    """Whether the plan made afterwards fits what was claimed.

    Args:
        units: of the plan that was made now.
        original: the digests of the plan that was applied, by address.
        fresh: the plan was made for an empty tenant.
    """
    now = {str(unit.address): unit.digest for unit in units}
    if account.code == 0 and now:
        yield Violation("plan", f"exit 0, and the plan still has {sorted(now)}")
    if account.code in (5, *NOTHING_WRITTEN):
        wanted = {address: digest for address, digest in original.items() if stands[address].stand == "before"}
        if fresh:  # once a connector exists, the plan of a connection on it says more
            now, wanted = dict.fromkeys(now, ""), dict.fromkeys(wanted, "")
        if now != wanted:
            yield Violation("plan", f"exit {account.code}: the plan now is not the one it was for {sorted(now.items() ^ wanted.items())}")


def judge_refusal(account: Account) -> Iterator[Violation]:
    """Whether an apply that met an open run did nothing and said so."""
    if account.code != 6 or type(account.error).__name__ != "OpenRun":
        yield Violation("recovery", f"an apply beside an open run ended with {account.code} ({account.error})")
    for call in account.calls:
        if call.writes:
            yield Violation("recovery", f"an apply beside an open run sent {call.operation}")
