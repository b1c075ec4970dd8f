"""A hypothesis state machine: files and tenant are edited, plans applied with faults, runs die and are recovered, in any order.

The reference is three values of one connection: what the files want, and what the tenant must hold. Every command is judged by the
checker of the laboratory besides; nothing here asks the applier.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from reconciler import flow
from reconciler.model import RunReport
from reconciler.session import Session
from tests.faults.checker import judge, judge_refusal
from tests.faults.matrix import KINDS
from tests.faults.scenarios import BASE, ENVIRON, Scenario, ids_of
from tests.faults.stage import Account, Harm, Prepared, Stage, stage
from tests.faults.truth import Expected, picture, stand_of, strangers
from tests.verification.kills import Mortal, die

__all__ = ["Machine", "play"]

Values = dict[str, Any]
KEY, ADDRESS = "visma-no", "connection/visma-no"
_ASKED = sorted(name for name, kind in KINDS.items() if kind.asked)
_UNTOUCHED = frozenset({1, 3, 4, 7})


class Machine(RuleBasedStateMachine):
    """One connection, as its files want it and as the tenant has it."""

    def __init__(self) -> None:
        super().__init__()
        self.stage: Stage = stage()
        self.stage.begin(self.stage.prepare("three"))  # for where it begins; plans are made here
        self.row = ids_of(self.stage.emulator)[KEY]
        written = BASE["connections"][KEY]
        self.wants: Values = {"number": written["config"]["IntegerField"], "text": written["description"], "active": True}
        self.holds: Values = dict(self.wants)
        self.open: Prepared | None = None
        self.others = picture(self.stage.emulator)

    # ---- what people do --------------------------------------------------------------------------------------------

    @rule(number=st.integers(10, 14))
    def edit_the_file(self, number: int) -> None:
        self.wants = {**self.wants, "number": number}

    @rule(text=st.sampled_from(["Company F0001", "Company F1", "Oslo"]))
    def describe_it_in_the_file(self, text: str) -> None:
        self.wants = {**self.wants, "text": text}

    @rule(active=st.booleans())
    def switch_it_in_the_file(self, active: bool) -> None:
        self.wants = {**self.wants, "active": active}

    @precondition(lambda self: self.open is None)
    @rule(active=st.booleans())
    def switch_it_by_hand(self, active: bool) -> None:
        self.stage.emulator.edit.set_active(self.row, active)
        self.holds = {**self.holds, "active": active}

    @precondition(lambda self: self.open is None)
    @rule(text=st.sampled_from(["Company F0001", "By hand"]))
    def describe_it_by_hand(self, text: str) -> None:
        self.stage.emulator.edit.describe(self.row, text)
        self.holds = {**self.holds, "text": text}

    @rule()
    def let_the_engine_work(self) -> None:
        self.stage.emulator.tick()

    # ---- what the tool does ----------------------------------------------------------------------------------------

    @precondition(lambda self: self.open is None)
    @rule(faults=st.lists(st.tuples(st.sampled_from(_ASKED), st.integers(1, 24)), max_size=2))
    def apply(self, faults: list[tuple[str, int]]) -> None:
        made = self._planned()
        if made is None:
            return
        harms = [Harm(harm.kind, nth, 1, "*", harm.delay_s, harm.effect) for name, nth in faults for harm in (KINDS[name].harm,)]
        account = self.stage.run(made, "apply", lambda session: flow.apply_plan(session, made.plan, retry_failed=True), tuple(harms))
        self._judged(account, made)

    @precondition(lambda self: self.open is None)
    @rule(at=st.integers(1, 70))
    def apply_and_die(self, at: int) -> None:
        made = self._planned()
        if made is None:
            return
        died = die(self.stage, made, Mortal(at), lambda session: flow.apply_plan(session, made.plan, retry_failed=True))
        if died:
            self.stage.kept.expire()
            self.stage.clock.sleep(600)
        self._learn(made, open_=self._is_open())

    @precondition(lambda self: self.open is not None)
    @rule()
    def apply_beside_an_open_run(self) -> None:
        made = self.open
        assert made is not None
        account = self.stage.run(made, "apply", lambda session: flow.apply_plan(session, made.plan))
        assert list(judge_refusal(account)) == []

    @precondition(lambda self: self.open is not None)
    @rule(choice=st.sampled_from(["back", "forward"]), fault=st.none() | st.tuples(st.sampled_from(_ASKED), st.integers(1, 12)))
    def recover(self, choice: str, fault: tuple[str, int] | None) -> None:
        made = self.open
        assert made is not None
        harms = () if fault is None else (Harm(KINDS[fault[0]].harm.kind, fault[1], 1, "*", KINDS[fault[0]].harm.delay_s),)

        def act(session: Session) -> RunReport:
            return flow.recover(session, choice)

        self._judged(self.stage.run(made, f"recover --{choice}", act, harms), made)

    # ---- the reference ---------------------------------------------------------------------------------------------

    def _planned(self) -> Prepared | None:
        """The plan of the files on the tenant as it is; None where the reference says, and the plan too, that nothing is to do."""
        files = copy.deepcopy(BASE)
        written = files["connections"][KEY]
        written["config"]["IntegerField"] = self.wants["number"]
        written["description"], written["active"] = self.wants["text"], self.wants["active"]
        with self.stage.session(ENVIRON) as session:
            plan = self.stage._plan(session, files)
        differs = {name for name, value in self.wants.items() if self.holds[name] != value}
        assert [str(unit.address) for unit in plan.units] == ([ADDRESS] if differs else []), (differs, plan.units)
        if not differs:
            return None
        columns = {"DisplayDescription": self.wants["text"], "Active": self.wants["active"]}
        changed = {name: columns[name] for name, of in (("DisplayDescription", "text"), ("Active", "active")) if of in differs}
        config = {"IntegerField": f"[I:{self.wants['number']}]"} if "number" in differs else None
        expected = (Expected(ADDRESS, "update", self.row, columns=changed, config=config),)
        scenario = Scenario("machine", "", lambda _files: None, lambda _ids: expected)
        before = picture(self.stage.emulator)
        return Prepared(scenario, self.stage.furnished, None, plan, expected, self.stage.clock.seconds, before, self.stage.works(scenario))

    def _judged(self, account: Account, made: Prepared) -> None:
        assert [str(one) for one in judge(account, made)] == []
        stand = self._learn(made, open_=bool(account.open_runs))
        if account.code in _UNTOUCHED or account.code == 5:
            assert stand == "before" or account.command.startswith("recover")
        if account.code == 0:
            assert stand == "desired"

    def _learn(self, made: Prepared, *, open_: bool) -> str:
        """What the tenant must hold from now on: once a run is settled, one of the two known states."""
        self.open = made if open_ else None
        found = stand_of(made.expected[0], made.before, picture(self.stage.emulator))
        if self.open is None:
            assert found.stand in ("desired", "before"), found.why
            self.holds = dict(self._goal(made)) if found.stand == "desired" else self.holds
        return found.stand

    def _goal(self, made: Prepared) -> Values:
        (one,) = made.expected
        columns, config = one.columns or {}, one.config or {}
        told = {"text": columns.get("DisplayDescription"), "active": columns.get("Active")}
        told["number"] = int(config["IntegerField"][3:-1]) if config else None
        return {name: self.holds[name] if value is None else value for name, value in told.items()}

    def _is_open(self) -> bool:
        with self.stage.session(ENVIRON) as session:
            return bool(session.recorded().open_runs)

    @invariant()
    def the_tenant_holds_what_the_reference_says(self) -> None:
        now = picture(self.stage.emulator)
        mine = Expected(ADDRESS, "update", self.row)
        assert strangers(self.others, now, (mine,)) == []
        if self.open is None:
            row = now.connections[self.row]
            held = {"number": int(row["ConfigFields"]["IntegerField"][3:-1]), "text": row["DisplayDescription"], "active": row["Active"]}
            assert held == self.holds
            assert row["Remembered"] == row["ConfigFields"]


def play(number: int, *, examples: int, steps: int) -> None:
    """Let the machine play so many games of so many moves, all decided by the number.

    Raises:
        AssertionError: the reference or the checker was contradicted; hypothesis prints the shortest game that shows it.
    """
    quiet = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    run_state_machine_as_test(seed(number)(Machine), settings=quiet)
