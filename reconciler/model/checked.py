"""What a look at a target found: one line per question, in the order in which they depend on each other.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How one question was answered."""

    GOOD = "good"  # as it should be
    NOTICE = "notice"  # works, and somebody should know
    MISSING = "missing"  # something has to be done first
    NOT_CHECKED = "not-checked"  # could not be asked, because something before it is missing


@dataclass(frozen=True, slots=True)
class Checked:
    """One question and its answer.

    Attributes:
        name: a short word for it, such as `login`.
        verdict: how it was answered.
        text: what was found, one or two sentences.
        hint: what to do; empty where nothing has to be done.
    """

    name: str
    verdict: Verdict
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TargetCheck:
    """Everything that was asked of one target.

    Attributes:
        target: its name.
        kind: `emulator`, `onsite` or `online`.
        items: the answers.
    """

    target: str
    kind: str
    items: tuple[Checked, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing, and everything could be asked."""
        return all(item.verdict in (Verdict.GOOD, Verdict.NOTICE) for item in self.items)
