"""Bugs to plant: each is a mistake that an applier could make, put in by monkeypatching. The checker must find every one.

A bug names the trial in which it shows, and the rules of the checker of which at least one must be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.apply import connection, connector, ensure, rollback, rows, run
from reconciler.apply.context import Context
from reconciler.apply.ensure import Proof
from reconciler.journal.sealing import KeyedSealer
from reconciler.model import End, Outcome, Result
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.transport import NoReply
from reconciler.wire import carriers
from tests.faults.checker import Violation, judge
from tests.faults.stage import Harm, Stage


@dataclass(frozen=True)
class Bug:
    """One mistake.

    Attributes:
        plant: puts it in.
        scenario, harms: the trial in which it shows.
        rules: of which the checker must name one.
    """

    plant: Callable[[pytest.MonkeyPatch], None]
    scenario: str
    harms: tuple[Harm, ...]
    rules: frozenset[str]


BUGS: dict[str, Bug] = {}


def bug(scenario: str, *harms: Harm, breaks: str) -> Callable[[Callable[[pytest.MonkeyPatch], None]], Callable[[pytest.MonkeyPatch], None]]:
    """Enter a bug under the words of its docstring."""

    def enter(plant: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
        BUGS[plant.__name__] = Bug(plant, scenario, harms, frozenset(breaks.split()))
        return plant

    return enter


def _on(operation: str, kind: str, nth: int = 1, times: int | None = 1, **more: Any) -> Harm:
    return Harm(kind, nth, times, operation, **more)


_TOGGLE = "ToggleErpConnectionActive"
_LATE = _on(_TOGGLE, "late", delay_s=60.0)


@bug("three", _LATE, breaks="settle")
def skips_the_settle(patch: pytest.MonkeyPatch) -> None:
    """After an unknown outcome it reads at once: a late effect is not seen yet."""
    patch.setattr(ensure, "_settle", lambda _context, _write: None)


@bug("three", _on(_TOGGLE, "drop-after"), breaks="intents toggles")
def repeats_a_toggle_in_the_client(patch: pytest.MonkeyPatch) -> None:
    """The client retries a write as it retries a read."""
    once = Client.once

    def twice(self: Client, key: str, **more: Any) -> Any:
        exchange = once(self, key, **more)
        return once(self, key, **more) if isinstance(exchange, NoReply) else exchange

    patch.setattr(Client, "once", twice)


@bug("three", _LATE, breaks="settle toggles look")
def takes_unknown_for_not_applied(patch: pytest.MonkeyPatch) -> None:
    """A lost answer counts as a refusal, so the toggle is sent again at once."""
    toggle = Gateway.toggle

    def guessing(self: Gateway, connection_id: int) -> Result:
        result = toggle(self, connection_id)
        return replace(result, outcome=Outcome.NOT_APPLIED) if result.outcome is Outcome.UNKNOWN else result

    patch.setattr(Gateway, "toggle", guessing)


@bug("three", breaks="intents")
def journals_after_sending(patch: pytest.MonkeyPatch) -> None:
    """The intent becomes durable together with the outcome."""
    record = Context.record
    waiting: list[dict[str, Any]] = []

    def late(self: Context, event: str, /, **body: Any) -> int:
        if event == "intent":
            waiting.append(body)
            return 0
        if event == "outcome":
            body["intent"] = record(self, "intent", **waiting.pop())
        return record(self, event, **body)

    patch.setattr(Context, "record", late)


@bug("three", _on(_TOGGLE, "forbidden", nth=2), breaks="code")
def says_0_after_a_rollback(patch: pytest.MonkeyPatch) -> None:
    """A run whose unit was rolled back ends with 0."""
    patch.setattr(run, "run_exit_code", lambda ends, stopped: 6 if any(one.end is End.NEEDS_ATTENTION for one in ends) else 0)


@bug("metadata", _on("TestConnectionById", "drop-before", nth=2, times=2), breaks="ends code")
def rolls_back_to_the_file(patch: pytest.MonkeyPatch) -> None:
    """The rollback restores what the file knows of the name, not what was observed: a language is lost."""
    restored = rows.restored

    def planned(*given: Any) -> Any:
        row = restored(*given)
        return replace(row, name=row.name.replace(';FI:"Fortnox Ruotsi"', ""))

    patch.setattr(rollback, "_prove", lambda _context, _running, _observed, _problem: rollback.Back(End.AS_BEFORE))
    patch.setattr(rows, "restored", planned)


@bug("three", breaks="cursor")
def echoes_the_first_cursor(patch: pytest.MonkeyPatch) -> None:
    """A save echoes the sync cursor of the read from before the first write."""
    candidate = rows.candidate
    cursors: dict[int, str] = {}

    def stale(fresh: Any, *more: Any) -> Any:
        return replace(candidate(fresh, *more), cursor=cursors.setdefault(fresh.id, fresh.cursor))

    patch.setattr(rows, "candidate", stale)


@bug("metadata", breaks="secrets")
def sends_a_secret_as_it_was_read(patch: pytest.MonkeyPatch) -> None:
    """A save echoes the mask that a read shows in place of a secret."""
    save = Gateway.save_connection
    read = Gateway.connection
    shown: dict[int, Mapping[str, str]] = {}

    def reading(self: Gateway, connection_id: int) -> Any:
        row = read(self, connection_id)
        if row is not None:
            shown[row.id] = row.config
        return row

    def echoing(self: Gateway, row: Any, secrets: Mapping[str, Any]) -> Result:
        return save(self, replace(row, config={**shown.get(row.id, {}), **row.config}), {} if row.id else secrets)

    patch.setattr(Gateway, "connection", reading)
    patch.setattr(Gateway, "save_connection", echoing)


@bug("three", _on(_TOGGLE, "ignored-field", nth=2, field="Active"), breaks="ends code loud look")
def trusts_the_answer(patch: pytest.MonkeyPatch) -> None:
    """What was answered with success is not read again, neither after the write nor in the end."""
    looking = ensure.ensure

    def trusting(context: Context, write: Any, opening: Any) -> Any:
        if write.act.value != "activate":
            return looking(context, write, opening)
        result = ensure._send(context, write, opening, 1)
        context.record("observed", unit=write.unit, step=write.step, verdict="as-desired", seen="", detail="")
        return Proof(opening, sent=True, body=result.body)

    patch.setattr(connection, "ensure", trusting)
    patch.setattr(connection, "_ACTIONS", {act: do for act, do in connection._ACTIONS.items() if act.value != "verify"})


@bug("three", _on(_TOGGLE, "forbidden", nth=2), breaks="loud ends code")
def leaves_it_inactive(patch: pytest.MonkeyPatch) -> None:
    """The rollback forgets that the connection was active, and says that it is as before."""
    set_active = vars(rollback)["set_active"]

    def forgetting(context: Context, running: Any, *, wanted: bool, **more: Any) -> Any:
        return Proof(running.latest, sent=False) if wanted else set_active(context, running, wanted=wanted, **more)

    def proving(context: Context, running: Any, _observed: Any, _problem: str) -> Any:
        rollback._note_read(context, running, "as-before")
        return rollback.Back(End.AS_BEFORE)

    patch.setattr(rollback, "set_active", forgetting)
    patch.setattr(rollback, "_prove", proving)


@bug("create-back", _on("SaveConnection", "late", delay_s=60.0), breaks="ends leftovers code settle")
def creates_again_on_a_guess(patch: pytest.MonkeyPatch) -> None:
    """A creation without an answer is sent again without waiting, and the first one lands later."""
    patch.setattr(ensure, "_settle", lambda _context, _write: None)


@bug("create-back", breaks="leftovers")
def hides_what_it_left(patch: pytest.MonkeyPatch) -> None:
    """The soft-deleted row of a creation that was rolled back is not listed."""
    patch.setattr(rollback, "_deleted_residue", lambda _running: ())


@bug("three", breaks="ends code strangers")
def drops_the_access_lists(patch: pytest.MonkeyPatch) -> None:
    """A save sends empty lists of groups and users."""
    made = carriers.connection_to

    def without(row: Any, secrets: Any) -> Any:
        return made(replace(row, groups=(), users=()) if row.id else row, secrets)

    patch.setattr(carriers, "connection_to", without)


@bug("three", breaks="secrets")
def keeps_secrets_in_clear(patch: pytest.MonkeyPatch) -> None:
    """The journal keeps the value last sent as it is."""

    def seal(_self: KeyedSealer, value: Any, *, address: str, field: str) -> str:
        del address, field
        return str(value.reveal())

    patch.setattr(KeyedSealer, "seal", seal)


@bug("url-back", breaks="works")
def tests_nothing_after_a_url(patch: pytest.MonkeyPatch) -> None:
    """The connections on a connector are not tested before and after its URL changes."""
    patch.setattr(connector, "_ACTIONS", {act: do for act, do in connector._ACTIONS.items() if not act.value.endswith("-all")})


@bug("update-back", breaks="works")
def rolls_nothing_back(patch: pytest.MonkeyPatch) -> None:
    """A test that fails after the change is passed over."""
    patch.setattr(connection, "_ACTIONS", {act: do for act, do in connection._ACTIONS.items() if act.value != "test"})


@bug("three", _on(_TOGGLE, "drop-before", nth=1), breaks="toggles intents strangers ends code")
def toggles_the_neighbour(patch: pytest.MonkeyPatch) -> None:
    """A second attempt goes to another connection."""
    toggle = Gateway.toggle
    sent: list[int] = []

    def wrong(self: Gateway, connection_id: int) -> Result:
        sent.append(connection_id)
        return toggle(self, connection_id - 1 if sent.count(connection_id) == 2 else connection_id)

    patch.setattr(Gateway, "toggle", wrong)


@bug("three", breaks="code")
def checks_nothing_before(patch: pytest.MonkeyPatch) -> None:
    """Exit 3 after a first write: the tests of a unit are made when its turn has come."""

    def late(context: Context, runnings: Any) -> None:
        del context, runnings

    def failing(context: Context, running: Any, step: Any) -> Any:
        from reconciler.errors import CheckFailed

        del context, running, step
        raise CheckFailed("The candidate is bad")

    patch.setattr(run, "run_tests", late)
    patch.setattr(run, "run_exit_code", lambda _ends, _stopped: 3)
    patch.setattr(
        connection, "_ACTIONS", {**connection._ACTIONS, next(act for act in connection._ACTIONS if act.value == "refresh"): failing}
    )


def found_by_checker(stage: Stage, name: str) -> tuple[list[Violation], list[Violation]]:
    """What the checker says of a bug's trial, without the bug and with it."""
    one = BUGS[name]
    prepared = stage.prepare(one.scenario)
    stage.begin(prepared)
    without = judge(stage.apply(prepared, *one.harms), prepared)
    with pytest.MonkeyPatch.context() as patch:
        one.plant(patch)
        stage.begin(prepared)
        first = stage.apply(prepared, *one.harms)
    return without, judge(first, prepared)


__all__ = ["BUGS", "Bug", "found_by_checker"]
