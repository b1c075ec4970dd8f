"""What differs though nobody changed the files.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.plan import Change


@dataclass(frozen=True, slots=True)
class Drift:
    """What a look at the tenant found.

    Attributes:
        changes: what only the tenant changed; `before` is what is live, `after` what the files say.
        both: what the files and the tenant changed since they last agreed, to different values.
        waiting: how many values only the files changed: no drift, but waiting to be applied.
        unknown: how many differ where the journal does not know what was agreed on.
        written: the files that were patched, each with how many values.
        by_hand: what could not be patched, with the reason.
    """

    target: str
    changes: tuple[Change, ...]
    both: tuple[Change, ...]
    waiting: int = 0
    unknown: int = 0
    written: tuple[tuple[str, int], ...] = ()
    by_hand: tuple[tuple[Change, str], ...] = ()

    @property
    def found(self) -> bool:
        """Whether the tenant was changed in a way that the files do not say."""
        return bool(self.changes or self.both)
