"""One trial: a command is harmed, judged, and everything that a person would do next is done and judged too."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler import flow
from reconciler.model import End
from tests.faults.checker import Violation, judge, judge_plan, judge_refusal
from tests.faults.scenarios import ENVIRON
from tests.faults.stage import Account, Harm, Prepared, Stage
from tests.faults.truth import stand_of


@dataclass
class Trial:
    """What came of it.

    Attributes:
        first: the harmed command.
        then: the commands after it, in order.
        operation: of the call that was hit first; empty when nothing was.
    """

    scenario: str
    harms: tuple[Harm, ...]
    first: Account
    then: list[Account] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    operation: str = ""

    def __str__(self) -> str:
        codes = " ".join(str(one.code) for one in (self.first, *self.then))
        harms = ", ".join(f"{harm.kind} {harm.of} {harm.nth}x{harm.times}" for harm in self.harms)
        return f"{self.scenario}: {harms} at {self.operation or '-'} -> {codes}"


def attempt(stage: Stage, name: str, *harms: Harm, again: bool = True) -> Trial:
    """Apply a scenario with harm, then settle what is open, plan again, and apply again without harm.

    Args:
        again: also apply again what did not come about.
    """
    prepared = stage.prepare(name)
    stage.begin(prepared)
    first = stage.apply(prepared, *harms, before=prepared.before)
    trial = Trial(name, harms, first, operation=_hit(first))
    settle(stage, prepared, trial, again=again)
    return trial


def attempt_recovery(stage: Stage, name: str, opening: Harm, *harms: Harm) -> Trial:
    """Leave a run open by an outage, then harm `recover --back`; the trial's first command is that."""
    prepared = stage.prepare(name)
    stage.begin(prepared)
    left = stage.apply(prepared, opening, before=prepared.before)
    assert left.open_runs, f"{opening} leaves nothing open"
    harmed = stage.recover(prepared, "back", *harms)
    trial = Trial(name, harms, harmed, operation=_hit(harmed))
    trial.violations += judge(harmed, prepared)
    if harmed.code not in (5, 6):
        trial.violations.append(Violation("recovery", f"recover --back ended with {harmed.code} ({harmed.error})"))
    if harmed.open_runs:
        _finish(stage, prepared, trial)
    return trial


def settle(stage: Stage, prepared: Prepared, trial: Trial, *, again: bool = True) -> None:
    """Judge the first command of a trial, and do and judge what follows from it."""
    first, origin = trial.first, prepared.before
    trial.violations += judge(first, prepared)
    last = first
    if first.open_runs:
        last = _recover(stage, prepared, trial)
    if last.open_runs or (first.open_runs and last.code != 5):
        return
    plan = stage.plan_again(prepared.scenario)
    assert last.after is not None
    stands = {one.address: stand_of(one, origin, last.after) for one in prepared.expected}
    original = {str(unit.address): unit.digest for unit in prepared.plan.units}
    trial.violations += judge_plan(last, plan.units, stands, original, fresh=prepared.scenario.fresh)
    if again and last.code != 0 and prepared.scenario.clean == 0 and not plan.stopping:
        options = prepared.scenario.options
        account = stage.run(prepared, "apply", lambda session: flow.apply_plan(session, plan, retry_failed=True, **options))
        trial.then.append(account)
        assert account.after is not None
        left = [one.address for one in prepared.expected if stand_of(one, origin, account.after).stand != "desired"]
        if account.code != 0 or left:
            trial.violations.append(
                Violation("recovery", f"the next apply ended with {account.code} ({account.error}), and {left} are left")
            )


def _recover(stage: Stage, prepared: Prepared, trial: Trial) -> Account:
    refused = stage.apply(prepared)
    trial.then.append(refused)
    trial.violations += judge_refusal(refused)
    with stage.session({**ENVIRON, **prepared.scenario.environ}) as session:
        view = flow.recover_view(session)
    attention = {str(unit.address) for unit in (trial.first.report.units if trial.first.report else ()) if unit.end is End.NEEDS_ATTENTION}
    if attention - {str(one.address) for one in view}:
        trial.violations.append(Violation("recovery", f"`recover` shows {[str(one.address) for one in view]}, not {attention}"))
    return _finish(stage, prepared, trial)


def _finish(stage: Stage, prepared: Prepared, trial: Trial) -> Account:
    """Recover without harm: back, and where that leaves something open, by accepting what is there."""
    back = stage.recover(prepared)
    trial.then.append(back)
    trial.violations += judge(back, prepared)
    if back.code not in (5, 6):
        trial.violations.append(Violation("recovery", f"recover --back ended with {back.code} ({back.error})"))
    if not back.open_runs:
        return back
    accepted = stage.recover(prepared, "accept-current")
    trial.then.append(accepted)
    trial.violations += judge(accepted, prepared)
    if accepted.code != 0 or accepted.open_runs:
        trial.violations.append(Violation("recovery", f"recover --accept-current ended with {accepted.code} ({accepted.error})"))
    return accepted


def _hit(account: Account) -> str:
    """The operation of the first call that was harmed."""
    harmed = [call.operation for call in account.calls if call.fault is not None]
    return harmed[0] if harmed else account.unsent[0][1] if account.unsent else ""
