"""What a policy says of a plan, in words: the rules that deny, those that warn, and the names of those that passed.

In -> Out: a plan's verdict -> sentences.
Neighbours: called by every renderer of plans, so that each says the same.

Effects: none.
"""

from __future__ import annotations

from reconciler.model import PolicyVerdict, RuleVerdict, Ruling

__all__ = ["DENIED", "NOTHING", "WARNED", "passed_text", "rule_text"]

DENIED = "The target's policy denies this plan"
NOTHING = "Nothing of it is applied while a rule denies it."
WARNED = "The target's policy warns"
_MOST = 20  # names in one sentence


def rule_text(verdict: RuleVerdict) -> str:
    """What one rule says, as full sentences: the message, why it could not be evaluated, whom to ask."""
    failed = f"It could not be evaluated, which denies: {verdict.failure}." if verdict.failure else ""
    return " ".join(part for part in (f"{verdict.message.rstrip('.')}.", failed, f"Owner: {verdict.owner}.") if part)


def passed_text(policy: PolicyVerdict) -> str:
    """Which rules passed, in one sentence."""
    names = [one.rule for one in policy.of(Ruling.PASSED)]
    if not policy.verdicts:
        return f"Policy {policy.file}: not asked, since nothing changes."
    if not names:
        return f"Policy {policy.file}: no rule passed."
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return f"Policy {policy.file}: passed {', '.join(names[:_MOST])}{more}."
