"""Death at every boundary of a run: before and after each durable record, and after each request, before its answer is recorded.

The process does not die for real here (`test_processes.py` does that): from one point on, everything that it would record or
send fails with something that no code of ours catches, and what it leaves is what a killed process leaves. So every boundary
can be tried in the time of one run. The lease is left behind, too, and is let expire by the store's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler import flow
from reconciler.emulator import Call
from reconciler.errors import ReconcilerError
from reconciler.model import RunReport
from reconciler.session import Session
from tests.faults.checker import Violation, judge
from tests.faults.kept import expire
from tests.faults.scenarios import ENVIRON
from tests.faults.stage import Account, Prepared, Stage
from tests.faults.truth import stand_of

__all__ = ["Death", "Killed", "Mortal", "die", "expire", "kill_and_recover", "told", "unsettled"]

WRITES = (
    *("save_connection", "delete_connection", "toggle", "refresh", "save_connector", "delete_connector"),
    *("save_mapping", "save_lists", "save_default", "move_rank", "save_priority", "set_engine", "set_interval"),
)


_OF_ENDS = frozenset({"ends", "code", "loud", "works", "next", "leftovers"})


class Killed(BaseException):
    """Nothing more is recorded or sent by this process."""


class Mortal:
    """Counts boundaries, and dies at one of them; at none of them when it is never reached."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.passed = 0
        self.dead = False

    def boundary(self) -> None:
        if self.dead:
            raise Killed
        self.passed += 1
        if self.passed == self.at:
            self.dead = True
            raise Killed

    def inhabit(self, session: Session) -> None:
        """Stand at every boundary of a session."""
        database = session.store(create=True).database
        writing = database.writing

        @contextmanager
        def mortally() -> Iterator[Any]:
            self.boundary()
            with writing() as sql:
                yield sql
            self.boundary()

        vars(database)["writing"] = mortally
        for name in WRITES:
            vars(session.gateway)[name] = self._after(getattr(session.gateway, name))

    def _after(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def sending(*arguments: Any, **named: Any) -> Any:
            if self.dead:
                raise Killed
            answer = send(*arguments, **named)
            self.boundary()
            return answer

        return sending


@dataclass
class Death:
    """One run that died, and what recovery made of it.

    Attributes:
        at: the boundary; 0 for a run that was let live.
        passed: boundaries that the run passed.
        choices: made by `recover`, in order; the last one was let live.
        stands: how each unit stands in the end, by address.
    """

    scenario: str
    at: int
    passed: int
    choices: list[str]
    stands: dict[str, str]
    violations: list[Violation]
    codes: list[int]


def die(stage: Stage, prepared: Prepared, mortal: Mortal, act: Callable[[Session], RunReport]) -> bool:
    """Do something mortally; whether it died."""
    emulator, hook = stage.emulator, prepared.scenario.hook

    def before_call(call: Call) -> None:
        if not call.writes and call.operation == "GetConnection":
            emulator.tick()  # the engine is at work whenever somebody looks at a connection
        if hook is not None:
            hook(emulator, call)

    emulator.before_call = before_call
    try:
        with stage.session({**ENVIRON, **prepared.scenario.environ}) as session:
            mortal.inhabit(session)
            try:
                act(session)
            except Killed:
                return True
            except ReconcilerError:
                return False
    finally:
        emulator.before_call = None
    return False


def kill_and_recover(
    stage: Stage, name: str, at: int, *, choice: str = "", during: int = 0, then: str = "", between: Callable[[], None] = lambda: None
) -> Death:
    """Apply a scenario, die at a boundary, and recover.

    Args:
        choice: empty for the one that is recommended.
        during: die at this boundary of the recovery as well, and recover once more; 0 for never.
        then: the choice of that second recovery, where it is another one.
        between: what happens between the death and the recovery.
    """
    prepared = stage.prepare(name)
    stage.begin(prepared)
    mortal = Mortal(at)
    options: dict[str, Any] = dict(prepared.scenario.options)
    died = die(stage, prepared, mortal, lambda session: flow.apply_plan(session, prepared.plan, **options))
    death = Death(name, at if died else 0, mortal.passed, [], {}, [], [])
    if died:
        between()
        stage.kept.expire()
        if during:
            again = Mortal(during)
            first = _choice(stage, prepared, choice)
            if first and die(stage, prepared, again, lambda session: flow.recover(session, first, reason="test")):
                death.choices.append(first)
                stage.kept.expire()
        _settle(stage, prepared, death, (death.choices and then) or choice)
    return death


def _choice(stage: Stage, prepared: Prepared, choice: str) -> str:
    """What a person chooses; empty when nothing is open."""
    with stage.session({**ENVIRON, **prepared.scenario.environ}) as session:
        if not session.recorded().open_runs:
            return ""
        advised = {unit.recommended for unit in flow.recover_view(session)} or {"forward"}
    return choice or (advised.pop() if len(advised) == 1 else "back")


def _settle(stage: Stage, prepared: Prepared, death: Death, choice: str) -> None:
    chosen = _choice(stage, prepared, choice)
    account: Account | None = None
    if chosen:
        death.choices.append(chosen)
        account = stage.run(prepared, f"recover --{chosen}", lambda session: flow.recover(session, chosen, reason="test"))
        death.codes.append(account.code)
        broken = judge(account, prepared)
        # Whoever accepts or parks asks for neither of the two ends.
        death.violations += [one for one in broken if chosen not in ("accept-current", "park") or one.rule not in _OF_ENDS]
    else:
        account = stage.run(prepared, "plan", lambda session: RunReport("", "stage", "", (), 0, session.recorded().head, 0.0))
    assert account.after is not None
    death.stands = {one.address: stand_of(one, prepared.before, account.after).stand for one in prepared.expected}
    if _same_order(prepared, account):
        death.stands["sync-priority"] = "before"
        death.violations = [one for one in death.violations if "sync-priority" not in one.text]
    if account.open_runs:
        death.violations.append(
            Violation("recovery", f"{account.open_runs} still open after --{chosen}: {account.report or account.error}")
        )


def _same_order(prepared: Prepared, account: Account) -> bool:
    """Whether the order is the one that was, written out: SuperOffice puts behind it what was not listed, and is told so by a save."""
    assert account.after is not None
    return str(account.after.settings["ConnectionRank"]).startswith(f"{prepared.before.settings['ConnectionRank']};")


def unsettled(death: Death, choice: str) -> bool:
    """Whether a death did not end as it should have.

    A creation that had been active is not deleted again: going back switches it off and leaves the rest to a person.
    """
    if (
        choice == "back"
        and death.codes[-1:] == [6]
        and any("had been active, so records may hang on it" in str(one) for one in death.violations)
    ):
        return False
    between = choice not in ("accept-current", "park") and not set(death.stands.values()) <= {"desired", "before"}
    return between or bool(death.violations)


def told(death: Death) -> str:
    """A death in a line."""
    return f"{death.scenario} at {death.at}: {death.choices} {death.codes} {death.stands} {[str(one) for one in death.violations]}"
