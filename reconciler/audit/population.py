"""The runs of a period as a population, with what shows that none is missing.

In -> Out: an `Account` and a `Period` -> a `Population`.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.audit.account import Account
from reconciler.audit.period import Period
from reconciler.journal.view import RunView

__all__ = ["Population", "population_of"]


@dataclass(frozen=True, slots=True)
class Population:
    """The runs that began in a period, in the journal's order.

    Attributes:
        all_runs: how many runs the account holds.
        before, after: the runs next to the period, so that its edges can be checked; None where there is none.
        events: how many events of the target there are.
        backwards: pairs of events, by number, of which the later one carries the earlier time: a clock was set back there.
    """

    period: Period
    runs: tuple[RunView, ...]
    all_runs: int
    before: RunView | None
    after: RunView | None
    events: int
    backwards: tuple[tuple[int, int], ...]


def population_of(account: Account, period: Period) -> Population:
    """The runs of a period."""
    runs = tuple(run for run in account.runs if period.holds(run.started))
    before = [run for run in account.runs if period.begin and run.started < period.begin]
    after = [run for run in account.runs if period.end and run.started >= period.end]
    pairs = zip(account.times, account.times[1:], strict=False)
    backwards = tuple((one[0], other[0]) for one, other in pairs if other[1] < one[1])
    return Population(
        period,
        runs,
        len(account.runs),
        before[-1] if before else None,
        after[0] if after else None,
        account.events,
        backwards,
    )
