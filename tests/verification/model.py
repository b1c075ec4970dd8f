"""L0: an explicit-state model of the protocol of `apply.ensure`, `apply.rollback` and `recover --back`, searched whole.

One active connection; the plan deactivates it, saves a value, activates it, tests it and reads it. The model knows a write whose
answer is lost before its effect, after it, or while it is still on its way; a refusal; a test that fails; a process that ends before
or after any send; and a person who switches the connection or edits the value at any time. Every state that a budget of these allows
is visited, breadth first, and in each terminal state the promise is checked:

    exit 0: as desired · exit 5: as before · never inactive with another exit than 6 · no toggle is sent while the outcome of one
    is unknown and unsettled · a person's value that a read showed is not overwritten

What it leaves out is what `tests.faults` shows of the real thing: wire, journal, several units. Its assumption is the protocol's own:
what is on its way lands or dies within the settle time. `BUGS` are variants that are wrong, and each must yield a violation.
Source: reliability.md §2.12, §3.6 (L0).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.stage import Stage
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["BUDGETS", "BUGS", "Rules", "State", "batches", "explore", "perform"]

OLD, NEW, THEIRS = "old", "new", "theirs"


@dataclass(frozen=True)
class Rules:
    """The protocol; each field but the first is a mistake when it is changed.

    Attributes:
        settles: an unknown outcome is waited out before it is read.
        reads_first: a write starts from a read, and is not sent where that shows what is wanted.
        resends_blindly: after an unknown outcome it is sent again without a read.
        journals_first: the intent is durable before the send, so that a new process knows of it.
        proves: an end is claimed only after a read that shows it.
        honest_exit: exit 0 only where every step was done.
        respects: a value that is neither ours nor found stops the run.
        restores: a rollback switches the connection back on.
    """

    settles: bool = True
    reads_first: bool = True
    resends_blindly: bool = False
    journals_first: bool = True
    proves: bool = True
    honest_exit: bool = True
    respects: bool = True
    restores: bool = True


BUGS: dict[str, Rules] = {
    "sends a toggle again on a guess": Rules(resends_blindly=True),
    "reads at once, without the settle time": Rules(settles=False),
    "journals after the send": Rules(journals_first=False),
    "claims the end without a read": Rules(proves=False),
    "says 0 after a rollback": Rules(honest_exit=False),
    "overwrites what somebody else wrote": Rules(respects=False),
    "forgets to switch it back on": Rules(restores=False),
    "toggles without looking": Rules(reads_first=False),
}


@dataclass(frozen=True)
class State:
    """Everything that matters at one moment.

    Attributes:
        active, value: what SuperOffice holds.
        late: a write that is on its way, as (what, value); None for none.
        goals: what is still to be made true, in order.
        phase: `look`, `send`, `settle` or `check` of the first goal.
        mode: `forward`, `back` (of the run or of a recovery) or `ended`.
        seen: what the last read showed, (active, value).
        noted: the journal has an intent of the write under way.
        began: the journal has any intent, so that a new process finds the run.
        held: what a read proved of our last toggle and our last save.
        exit: once it ended; None while it runs.
        theirs: what a person wrote, and whether a read of ours showed it: (switch, value, seen switch, seen value).
        wrong: a rule that was broken on the way.
    """

    active: bool = True
    value: str = OLD
    late: tuple[str, Any] | None = None
    goals: tuple[tuple[str, Any], ...] = (
        ("open", None),
        ("active", False),
        ("value", NEW),
        ("active", True),
        ("test", None),
        ("verify", None),
    )
    phase: str = "look"
    mode: str = "forward"
    seen: tuple[bool, str] | None = None
    noted: bool = False
    began: bool = False
    sends: int = 0
    held: tuple[bool | None, str | None] = (True, OLD)
    exit: int | None = None
    theirs: tuple[bool | None, str | None, bool, bool] = (None, None, False, False)
    unsure: bool = False
    wrong: str = ""
    faults: int = 0
    crashes: int = 0
    edits: int = 0


def explore(rules: Rules, *, faults: int, crashes: int, edits: int) -> tuple[int, list[str]]:
    """Visit every state that the budgets allow; how many there are, and what was violated, each thing once."""
    start = State(faults=faults, crashes=crashes, edits=edits)
    seen, waiting, found = {start}, deque([start]), dict[str, None]()
    while waiting:
        state = waiting.popleft()
        for text in _violations(state):
            found[text] = None
        for after in _next(state, rules):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return len(seen), list(found)


def _violations(state: State) -> Iterator[str]:
    if state.wrong:
        yield state.wrong
    if state.exit is None or state.late is not None:
        return
    now, wanted, before = (state.active, state.value), (True, NEW), (True, OLD)
    switch, value, saw_switch, saw_value = state.theirs
    unseen = (switch is not None and not saw_switch) or (value is not None and not saw_value)
    if state.exit == 0 and now != wanted and not unseen:
        yield f"exit 0, and it is {now}"
    if state.exit == 5 and now != before and not unseen:
        yield f"exit 5, and it is {now}"
    if switch is not None and saw_switch and state.active is not switch and state.exit != 6:
        yield f"exit {state.exit}, and what a person switched is undone, though a read had shown it"
    if not state.active and state.exit != 6 and switch is None:
        yield f"exit {state.exit}, and it is left inactive"


# --- what can happen -----------------------------------------------------------------------------------------------------


def _next(state: State, rules: Rules) -> Iterator[State]:
    if state.exit is not None:
        if state.exit == 6 and state.mode == "ended":
            yield _recovery(state)
        if state.late is not None:
            yield _landed(state)
        return
    yield from _edits(state)
    if state.crashes and state.began | (state.phase == "look"):
        yield from _crashed(state)
    yield from _step(state, rules)


def _edits(state: State) -> Iterator[State]:
    if not state.edits or state.late is not None:
        return
    switch, value, saw_switch, saw_value = state.theirs
    # Between a toggle and the read that closes it nobody can tell a person's switch from a toggle that did not hold.
    # Who switches it back to where this run had put it cannot be told from this run.
    unknowable = state.held[0] in (None, not state.active)
    theirs = (None if unknowable else not state.active, value, False, saw_value)
    yield replace(state, edits=state.edits - 1, active=not state.active, theirs=theirs)
    yield replace(state, edits=state.edits - 1, value=THEIRS, theirs=(switch, THEIRS, saw_switch, False))


def _crashed(state: State) -> Iterator[State]:
    """The process ends. A new one finds what is durable: an intent without an outcome is unknown."""
    if not state.began:
        yield replace(state, crashes=0, exit=1, mode="ended")  # nothing was sent, nothing is open
        return
    yield replace(_recovery(state), crashes=state.crashes - 1)


def _recovery(state: State) -> State:
    """`recover --back`: the waiting intent is settled, then the way back is gone."""
    known = state.held if not state.noted else (None if state.goals and state.goals[0][0] == "active" else state.held[0], None)
    switch, value, saw_switch, saw_value = state.theirs
    theirs = (switch if saw_switch or known[0] is not None else None, value, saw_switch, saw_value)
    fresh = replace(
        state,
        exit=None,
        held=known,
        theirs=theirs,
        phase="settle" if state.noted or state.late or state.unsure else "look",
        goals=(("back", None),),
        sends=0,
    )
    return replace(fresh, mode="recover", noted=False, seen=None, unsure=state.noted or state.unsure)


def _landed(state: State) -> State:
    assert state.late is not None
    return replace(_applied(state, *state.late), late=None)


def _applied(state: State, what: str, wanted: Any) -> State:
    """The effect of a request: a toggle flips whatever there is, a save replaces."""
    switch, value, saw_switch, saw_value = state.theirs
    if what == "active":
        kept = (switch, value, saw_switch, saw_value) if saw_switch else (None, value, False, saw_value)
        return replace(state, active=not state.active, theirs=kept)
    wrong = "a save overwrites what a read showed to be a person's" if value is not None and saw_value and state.value == THEIRS else ""
    return replace(state, value=wanted, wrong=state.wrong or wrong, theirs=(switch, None, saw_switch, False))


def _read(state: State) -> State:
    switch, value, _, _ = state.theirs
    return replace(state, seen=(state.active, state.value), theirs=(switch, value, switch is not None, value is not None))


def _step(state: State, rules: Rules) -> Iterator[State]:
    what, wanted = state.goals[0]
    if state.phase == "settle":
        after = replace(state, phase="look" if what == "back" else "check", unsure=state.unsure and not rules.settles)
        yield after if state.late is None or not rules.settles else _landed(after)
        if state.late is not None:  # or it dies on its way
            yield replace(after, late=None)
    elif what == "test":
        yield _done(state)
        if state.faults:
            yield _fail(replace(state, faults=state.faults - 1), rules)
    elif what == "open":
        fresh = _read(state)
        yield _fail(fresh, rules) if rules.respects and fresh.seen != (True, OLD) else _done(fresh)
    elif what in ("verify", "prove"):
        yield from _proof(state, rules, wanted)
    elif what == "back":
        yield _way_back(_read(state), rules)
    elif state.phase == "look":
        yield from _look(state, rules, what, wanted)
    elif state.phase == "send":
        yield from _send(state, rules, what, wanted)
    else:
        yield from _check(state, rules, what, wanted)


def _look(state: State, rules: Rules, what: str, wanted: Any) -> Iterator[State]:
    fresh = _read(state) if state.seen is None else state  # the read that closed one write opens the next
    assert fresh.seen is not None
    now = fresh.seen[0] if what == "active" else fresh.seen[1]
    if rules.reads_first and now == wanted:
        yield _done(fresh)
    elif rules.respects and what == "value" and now == THEIRS:
        yield _fail(fresh, rules)
    else:
        yield replace(fresh, phase="send", sends=0)


def _send(state: State, rules: Rules, what: str, wanted: Any) -> Iterator[State]:
    """The intent is noted, then one request goes out; every way that it can go."""
    noted = replace(state, noted=rules.journals_first, began=state.began or rules.journals_first, sends=state.sends + 1)
    if state.unsure and what == "active":
        noted = replace(noted, wrong=noted.wrong or "a toggle is sent while the outcome of one is unknown")
    if what == "active" and state.seen is not None and state.seen[0] is wanted:
        noted = replace(noted, wrong=noted.wrong or "a toggle is sent though a read showed what was wanted")
    noted = replace(noted, held=(None, noted.held[1]) if what == "active" else (noted.held[0], None))
    if state.crashes and noted.began:
        yield from _crashed(noted)
        yield from _crashed(_applied(noted, what, wanted))
        yield from _crashed(replace(noted, late=(what, wanted)))
    elif state.crashes:
        yield replace(_applied(noted, what, wanted), crashes=0, exit=1, mode="ended")  # nobody will ever know
    done = replace(noted, began=True, phase="check")
    yield _applied(done, what, wanted)
    if state.faults:
        lost = replace(done, faults=state.faults - 1, phase="settle", unsure=True)
        yield replace(done, faults=state.faults - 1)  # refused: no effect, and it says so
        if rules.resends_blindly:
            lost = replace(lost, phase="send" if state.sends < 2 else "settle")
        yield lost
        yield _applied(lost, what, wanted)
        yield replace(lost, late=(what, wanted))


def _check(state: State, rules: Rules, what: str, wanted: Any) -> Iterator[State]:
    start, (switch, value, saw_switch, saw_value) = state.seen, state.theirs
    if what == "active" and not saw_switch:  # made between the read that opened the toggle and this one: the documented window
        switch = None
    fresh = replace(_read(replace(state, theirs=(switch, value, saw_switch, saw_value))), noted=False)
    now = fresh.active if what == "active" else fresh.value
    fresh = replace(fresh, held=_hold(fresh, what, now)) if what == "active" else fresh
    was = None if start is None else start[0] if what == "active" else start[1]
    if now == wanted:
        yield _done(replace(fresh, held=_hold(fresh, what, wanted)))
    elif now == was and state.sends < 3 and not (rules.respects and now == THEIRS):
        yield replace(fresh, phase="send")
        yield _fail(fresh, rules)
    else:
        yield _fail(fresh, rules)


def _proof(state: State, rules: Rules, wanted: Any) -> Iterator[State]:
    fresh = _read(state) if rules.proves else state
    goal = (True, NEW) if state.goals[0][0] == "verify" else wanted
    if not rules.proves or (fresh.active, fresh.value) == goal:
        yield replace(fresh, exit=0 if state.goals[0][0] == "verify" else 5, mode="ended", goals=())
    elif state.goals[0][0] == "verify":
        yield _fail(fresh, rules)
    else:
        yield _attention(fresh)


def _hold(state: State, what: str, wanted: Any) -> tuple[bool | None, str | None]:
    return (wanted, state.held[1]) if what == "active" else (state.held[0], wanted)


def _done(state: State) -> State:
    return replace(state, goals=state.goals[1:], phase="look", sends=0)


def _attention(state: State) -> State:
    return replace(state, exit=6, mode="left" if state.mode == "recover" else "ended", goals=())


def _fail(state: State, rules: Rules) -> State:
    """A step cannot be done: the way back is taken, once; on the way back a person has to decide."""
    if state.mode != "forward":
        return _attention(state)
    if not state.began:
        return replace(state, exit=4, mode="ended", goals=())
    if not rules.honest_exit:
        return replace(state, exit=0, mode="ended", goals=())
    return replace(state, mode="back", goals=(("back", None),), phase="look", sends=0, unsure=False)


def _way_back(state: State, rules: Rules) -> State:
    """What is to be put back, from one read: what we wrote and still holds ours. A foreign value stops it, a foreign switch stays."""
    if rules.respects and state.value not in (OLD, NEW):
        return _attention(state)
    foreign = rules.respects and state.held[0] is not None and state.active is not state.held[0] and not state.active
    goals: list[tuple[str, Any]] = []
    if state.value == NEW:
        goals += [("active", False)] if state.active else []
        goals += [("value", OLD)]
    goals += [("active", True)] if rules.restores and not foreign else []
    goals += [("prove", (True, OLD))] if rules.restores else [("prove", (state.active and not goals, OLD))]
    return replace(state, goals=tuple(goals), phase="look", sends=0)


# --- the layer -----------------------------------------------------------------------------------------------------------

BUDGETS = {"alone": (3, 0, 0), "crashed": (2, 2, 0), "edited": (1, 1, 1), "whole": (3, 2, 2)}


def batches(_stage: Stage) -> Iterator[Batch]:
    """The protocol as it is, within each budget, and every variant that is wrong."""
    yield from (Batch("model", name, "protocol") for name in BUDGETS)
    yield from (Batch("model", "edited", "bug", part) for part in range(len(BUGS)))


def perform(_stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    """Search one; for a variant that is wrong it is a violation that nothing was found."""
    faults, crashes, edits = BUDGETS[batch.scenario]
    if batch.kind == "protocol":
        states, found = explore(Rules(), faults=faults, crashes=crashes, edits=edits)
        return [outcome("model", f"{faults} faults, {crashes} crashes, {edits} edits", found, states=states)]
    name = list(BUGS)[batch.part]
    states, found = explore(BUGS[name], faults=faults, crashes=crashes, edits=edits)
    blind = [] if found else [f"the variant that {name} breaks no rule, so the model is blind"]
    return [outcome("model", name, blind, bugs_found=bool(found))]
