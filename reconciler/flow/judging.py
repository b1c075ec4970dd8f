"""A plan before the target's policy: judged when it is made, and judged again right before it runs.

Effects: reads the policy file and the journal.
Neighbours: called by `planning`, `refreshing` and `applying`; `policy` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.audit.people import person_of
from reconciler.errors import CheckFailed, StalePlan
from reconciler.flow.attributing import last_agreed
from reconciler.model import Attributes, Plan, PolicyVerdict, RuleVerdict, Ruling, Unit
from reconciler.plan.codec import digest_of, plan_digest, value_to_json
from reconciler.session import Session

__all__ = ["Occasion", "judged", "judged_again", "passed_by_glass", "refuse_denied"]

_AGAIN = "Make a new one with `reconciler plan -o FILE`."


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a plan is made now.

    Attributes:
        phase: `plan` for review, `apply` to run it at once.
        who, why: as the journal records them.
    """

    phase: str = "plan"
    who: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)


def judged(session: Session, plan: Plan, occasion: Occasion) -> Plan:
    """The plan with what the target's policy says of it; as it was where the target names none.

    Raises:
        InputError: the policy cannot be read, with every problem in it.
    """
    verdict = _verdict(session, plan, occasion)
    if verdict is None:
        return plan
    made = replace(plan, policy=verdict)
    return replace(made, digest=plan_digest(made))


def judged_again(session: Session, plan: Plan, occasion: Occasion, *, glass: bool = False) -> PolicyVerdict | None:
    """What the policy says right before a plan runs; None where the target names no policy.

    Args:
        glass: a person goes past the rules that say that this may be done.

    Raises:
        StalePlan: the policy is another one, or a rule warns that did not when the plan was reviewed.
        CheckFailed: a rule denies it.
        InputError: the policy cannot be read.
    """
    verdict = _verdict(session, plan, occasion)
    if (None if verdict is None else verdict.digest) != (None if plan.policy is None else plan.policy.digest):
        raise StalePlan("The plan is stale", f"The policy of {plan.target} changed since it was made.", _AGAIN)
    if verdict is None or plan.policy is None:
        return None
    _refuse(plan, verdict.of(Ruling.DENIED), glass=glass)
    known = {one.rule for one in plan.policy.of(Ruling.WARNED)}
    news = [one for one in verdict.of(Ruling.WARNED) if one.rule not in known]
    if news:
        raise StalePlan("The plan is stale", f"The policy warns of what it did not when the plan was made: {_told(news)}", _AGAIN)
    return verdict


def refuse_denied(plan: Plan, *, glass: bool = False) -> None:
    """Refuse a plan that the policy denied when it was made.

    Args:
        glass: a person goes past the rules that say that this may be done.

    Raises:
        CheckFailed
    """
    _refuse(plan, plan.denied, glass=glass)


def passed_by_glass(verdicts: Iterable[RuleVerdict]) -> list[str]:
    """What a broken glass goes past, as sentences for the journal."""
    return [f"The policy's rule {one.rule} denies it: {_told((one,))}" for one in verdicts if one.breakable]


def _refuse(plan: Plan, denied: tuple[RuleVerdict, ...], *, glass: bool) -> None:
    denied = tuple(one for one in denied if not (glass and one.breakable))
    if denied:
        owners = ", ".join(sorted({one.owner for one in denied}))
        hint = f"Do what the rule asks for and plan again, or ask its owner: {owners}."
        if all(one.breakable for one in denied):
            hint += " In an emergency, repeat the command with: --break-glass --reason TEXT"
        raise CheckFailed(f"The policy of {plan.target} denies the plan", _told(denied), hint)


def _told(verdicts: tuple[RuleVerdict, ...] | list[RuleVerdict]) -> str:
    return " ".join(f"{one.rule}: {one.failure or one.message}".rstrip(".") + "." for one in verdicts)


def _verdict(session: Session, plan: Plan, occasion: Occasion) -> PolicyVerdict | None:
    if not session.target.policy:
        return None
    from reconciler.policy import Circumstances, judge, load_policy

    policy = load_policy(session.target)
    assert policy is not None
    about = Circumstances(
        occasion.phase, session.target, session.clock.now(), person_of(occasion.who), occasion.who, occasion.why, _proved_on(session, plan)
    )
    return judge(policy, plan, about, session.clock.monotonic)


def _proved_on(session: Session, plan: Plan) -> dict[str, tuple[str, ...]]:
    """The other targets of the journal on which the mappings that units of this plan bring were applied, whatever the connection was.

    Mappings are compared by content, for each actor type that changes: a mapping set has no name once it is laid under a connection.
    """
    wanted = {str(unit.address): _mappings(unit.wants, _changed_actors(unit)) for unit in plan.units}
    wanted = {address: mappings for address, mappings in wanted.items() if mappings}
    if not wanted:
        return {}
    store = session.store(create=False)
    found: dict[str, list[str]] = {address: [] for address in wanted}
    for other in store.targets():
        if other == session.target.name:
            continue
        recorded = store.recorded(other)
        settled = [address for address in recorded.settled if address.startswith("connection/")]
        there = {one for wants in last_agreed(session, recorded, settled).values() for one in _mappings(wants, None)}
        for address, mappings in wanted.items():
            if mappings <= there:
                found[address].append(other)
    return {address: tuple(others) for address, others in found.items()}


def _changed_actors(unit: Unit) -> frozenset[str]:
    return frozenset(change.path[1] for change in unit.changes if change.path[0] == "actors" and len(change.path) > 1)


def _mappings(wants: Attributes | None, only: frozenset[str] | None) -> frozenset[str]:
    """The digest of each actor type with its mappings."""
    actors = wants.get("actors") if wants is not None else None
    if not isinstance(actors, Mapping):
        return frozenset()
    return frozenset(digest_of([name, value_to_json(actor)]) for name, actor in actors.items() if only is None or name in only)
