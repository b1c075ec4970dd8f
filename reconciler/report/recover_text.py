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
from reconciler.report.values import counted

__all__ = ["Unsettled", "recover_page"]

_CHOICES = {
    "back": "undo what the run wrote and prove by a read that every unit is as it was before",
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
        """`back` or `accept-current`."""
        ...

    @property
    def why(self) -> str:
        """Why that one."""
        ...


def recover_page(target: str, units: Sequence[Unsettled], *, invocation: Invocation | None = None, width: int | None = None) -> Page:
    """Lay out the choices."""
    page = Page(width)
    if not units:
        page.line(bold(f"Recovery on {target}"), ": no run is unfinished; there is nothing to settle.")
        return page
    runs = list(dict.fromkeys(unit.run for unit in units))
    page.line(bold(f"Recovery on {target}"), f": {counted(len(runs), 'unfinished run')}, {counted(len(units), 'unit')} to settle.")
    for run in runs:
        page.gap()
        page.line(f"Run {run}", dim("  (reconciler show tells all of it)"))
        for unit in (unit for unit in units if unit.run == run):
            page.gap()
            page.line(bold(str(unit.address)), indent=2)
            for number, text in enumerate(unit.known):
                page.prose(text, indent=4, lead=[dim("known        " if number == 0 else " " * 13)])
            page.prose(unit.now, indent=4, lead=[dim("now          ")])
            page.prose(unit.why, indent=4, lead=[dim("recommended  "), Span(f"--{unit.recommended}", Style.GOOD), Span("  ")])
    page.gap()
    page.line(bold("The choices"), dim("  (one for everything that is unfinished)"))
    typed = invocation or Invocation()
    advised = {unit.recommended for unit in units}
    for choice, meaning in _CHOICES.items():
        page.line(
            command(typed.type("recover", f"--{choice}")), Span("   recommended", Style.GOOD) if advised == {choice} else "", indent=2
        )
        page.prose(f"{meaning[0].upper()}{meaning[1:]}.", indent=4)
    return page
