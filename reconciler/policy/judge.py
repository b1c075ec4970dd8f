"""Judges a plan by a policy: every rule gets a verdict, and what cannot be judged is denied.

Effects: reads the time zones of the system, and a monotonic clock that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.model import Plan, PolicyVerdict, RuleVerdict, Ruling, Source
from reconciler.policy.cel import Engine
from reconciler.policy.document import Circumstances, document, names
from reconciler.policy.rules import Policy, Rule

MOST_SECONDS: Final = 20.0
"""For all rules of a policy; those that are left then are denied."""


def judge(policy: Policy, plan: Plan, about: Circumstances, monotonic: Callable[[], float]) -> PolicyVerdict:
    """What a policy says of a plan. A plan without units changes nothing, and is not judged.

    Args:
        monotonic: seconds that never go back.

    Raises:
        InputError: the extra `policy` is not installed.
    """
    if not plan.units:
        return PolicyVerdict(policy.file, policy.digest)
    engine = Engine(names(policy.windows), Source(policy.file))
    values = document(plan, about, policy.time_zone, policy.windows)
    began = monotonic()
    verdicts = []
    for rule in policy.rules:
        late = monotonic() - began > MOST_SECONDS
        verdicts.append(_verdict(rule, "the rules before it took too long" if late else engine.evaluate(rule.when, values)))
    return PolicyVerdict(policy.file, policy.digest, tuple(verdicts))


def _verdict(rule: Rule, answer: bool | str) -> RuleVerdict:
    ruling = Ruling.PASSED if answer is False else Ruling.WARNED if answer is True and not rule.denies else Ruling.DENIED
    return RuleVerdict(rule.name, ruling, rule.owner, rule.message, rule.source, answer if isinstance(answer, str) else "", rule.breakable)
