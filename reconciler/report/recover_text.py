"""What `recover` knows of unfinished runs: per unit what is known, what users see now, and the choice that is recommended.

In -> Out: the units that are to be settled -> a page.
Neighbours: called by `cli.recover` without a choice; what a choice did is a run report.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.model import Address
from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Span, Style, bold, command, dim
from reconciler.report.values import counted, said_once

__all__ = ["Unsettled", "by_hand_page", "recover_page"]

_CHOICES = {
    "back": "undo what the run wrote and prove by a read that every unit is as it was before",
    "forward": "go on to what the plan wanted, test it and prove it by a read; where that fails, go back",
    "park --reason WHY": "leave the connections switched off on purpose; no later plan activates one without --allow parked=ADDRESS",
    "accept-current": "take what the tenant shows now for what it is, confirm it by a read, and close the run",
}


class Unsettled(Protocol):
    """What is shown of one unit that is to be settled."""

    @property
    def run(self) -> str:
        """The run it belongs to."""
        ...

    @property
    def address(self) -> Address | str:
        """The unit."""
        ...

    @property
    def known(self) -> tuple[str, ...]:
        """What the journal and the tenant tell, as sentences."""
        ...

    @property
    def now(self) -> str:
        """What users see now."""
        ...

    @property
    def recommended(self) -> str:
        """The name of a choice, such as `back`."""
        ...

    @property
    def why(self) -> str:
        """Why that one."""
        ...

    @property
    def by_hand(self) -> tuple[str, ...]:
        """Steps in the administration client; empty while the tenant answers."""
        ...


def recover_page(
    target: str,
    units: Sequence[Unsettled],
    *,
    runs: Sequence[str] = (),
    invocation: Invocation | None = None,
    width: int | None = None,
) -> Page:
    """Lay out the choices.

    Args:
        runs: every unfinished run; one may have no unit that is to be settled.
    """
    page = Page(width)
    if not units and not runs:
        page.line(bold(f"Recovery on {target}"), ": no run is unfinished; there is nothing to settle.")
        return page
    typed = invocation or Invocation()
    runs = list(dict.fromkeys([*runs, *(unit.run for unit in units)]))
    page.line(bold(f"Recovery on {target}"), f": {counted(len(runs), 'unfinished run')}, {counted(len(units), 'unit')} to settle.")
    for run in runs:
        page.gap()
        page.line(f"Run {run}", dim("  (reconciler show tells all of it)"))
        if all(unit.run != run for unit in units):
            page.prose(
                "Nothing is left in doubt: every unit has its end, or nothing was sent for it. Only the end of the run is missing.",
                indent=2,
            )
        for unit in (unit for unit in units if unit.run == run):
            page.gap()
            page.line(bold(str(unit.address)), indent=2)
            for number, text in enumerate(unit.known):
                page.prose(said_once(text), indent=4, lead=[dim("known        " if number == 0 else " " * 13)])
            page.prose(unit.now, indent=4, lead=[dim("now          ")])
            by_hand(page, unit, typed)
            page.prose(unit.why, indent=4, lead=[dim("recommended  "), Span(f"--{unit.recommended}", Style.GOOD), Span("  ")])
    page.gap()
    page.line(bold("The choices"), dim("  (one for everything that is unfinished)"))
    advised = {unit.recommended for unit in units} or {"forward"}
    for choice, meaning in _CHOICES.items():
        page.line(
            command(typed.type("recover", *f"--{choice}".split())),
            Span("   recommended", Style.GOOD) if advised == {choice.partition(" ")[0]} else "",
            indent=2,
        )
        page.prose(f"{meaning[0].upper()}{meaning[1:]}.", indent=4)
    return page


def by_hand(page: Page, unit: Unsettled, typed: Invocation) -> None:
    """Write the steps that a person can take while the API does not answer."""
    for number, text in enumerate(unit.by_hand, start=1):
        page.prose(
            text.replace("reconciler recover", typed.type("recover")),
            indent=4,
            lead=[dim("by hand      " if number == 1 else " " * 13), Span(f"{number}. ")],
        )


def by_hand_page(units: Sequence[Unsettled], *, invocation: Invocation | None = None, width: int | None = None) -> Page:
    """Only those steps, for a command that could not read the tenant."""
    page = Page(width)
    for unit in units:
        if unit.by_hand:
            page.line(
                bold(str(unit.address)),
                " was left unfinished. While the API does not answer, it can be put back in the administration client:",
            )
            by_hand(page, unit, invocation or Invocation())
    return page
