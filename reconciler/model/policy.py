"""What a target's policy says of a plan: one verdict for each of its rules.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Source


class Ruling(StrEnum):
    """What came of one rule."""

    PASSED = "passed"
    WARNED = "warned"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one rule says of a plan.

    Attributes:
        rule, owner, message: as the policy has them.
        source: where the rule stands; its file is named as the target names it.
        breakable: `apply --break-glass` may go past it.
        failure: why the expression could not be evaluated, which denies; empty when it could.
    """

    rule: str
    ruling: Ruling
    owner: str
    message: str
    source: Source
    failure: str = ""
    breakable: bool = False


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """What a policy says of a plan.

    Attributes:
        file: as the target names it.
        digest: SHA-256 of the file's bytes.
        verdicts: of every rule, in the order of the file; none for a plan without units, which changes nothing.
    """

    file: str
    digest: str
    verdicts: tuple[RuleVerdict, ...] = ()

    def of(self, ruling: Ruling) -> tuple[RuleVerdict, ...]:
        """The verdicts that came out so."""
        return tuple(one for one in self.verdicts if one.ruling is ruling)
