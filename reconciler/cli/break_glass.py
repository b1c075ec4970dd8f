"""Break-glass: going past a missing approval, or a denial that says it may be broken, on purpose, with a reason, and seen by all.

What it never passes: a barrier that nobody permitted, a lease, a stale or altered plan, a failed test.

Effects: writes standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click

from reconciler.cli.settings import Settings
from reconciler.errors import ReconcilerError, UsageProblem

__all__ = ["Glass", "glass_of", "why_options"]


@dataclass(slots=True)
class Glass:
    """A person's word that this run may go past a control.

    Attributes:
        passed: what would have stopped it, as sentences.
    """

    reason: str
    passed: list[str] = field(default_factory=list)

    def past(self, refusal: ReconcilerError) -> None:
        """Go past this refusal, and keep what it said for the journal."""
        self.passed.append(f"{refusal.summary}. {refusal.detail}".strip())

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        return {"reason": self.reason, "passed": list(self.passed)}

    def announce(self, settings: Settings) -> None:
        """Say it where everybody who watches sees it."""
        from reconciler.report.page import Page, Style

        page = Page(settings.streams.width(err=True))
        page.prose(f"BREAK-GLASS: {self.reason}", style=Style.DANGER)
        for one in self.passed or ["Nothing stood in its way so far."]:
            page.prose(one, indent=2, style=Style.WARNING)
        page.prose("The journal flags this run until somebody else closes the flag: reconciler audit review RUN --reason TEXT", indent=2)
        settings.streams.err(page)


def why_options(run: Callable[..., int]) -> Callable[..., int]:
    """The options of every command that runs a plan: why it runs, and the way past a control."""
    options = (
        click.option("--ticket", metavar="TEXT", help="Goes into the journal."),
        click.option("--reason", metavar="TEXT", help="Goes into the journal."),
        click.option(
            "--class", "change_class", type=click.Choice(["normal", "standard", "emergency"]), help="Which kind of change this is."
        ),
        click.option(
            "--break-glass",
            is_flag=True,
            help="Go past a missing approval, or a rule that may be broken; needs --reason, and somebody else's review afterwards.",
        ),
    )
    for option in reversed(options):
        run = option(run)
    return run


def glass_of(given: dict[str, Any], command: str = "apply …") -> Glass | None:
    """What `--break-glass` and its reason say; None without it.

    Args:
        command: as a person would type it, for the hint.

    Raises:
        UsageProblem: there is no reason, or the change is called something other than an emergency.
    """
    if not given.get("break_glass"):
        return None
    reason = (given.get("reason") or "").strip()
    if not reason:
        raise UsageProblem(
            "Break-glass needs a reason",
            "`--break-glass` goes past a control, and the journal keeps why.",
            f"Write: reconciler {command} --break-glass --reason TEXT",
        )
    if given.get("change_class") not in (None, "emergency"):
        raise UsageProblem(
            "Break-glass is for emergencies",
            f"`--break-glass` and `--class {given['change_class']}` contradict each other.",
            "Leave --class out: the journal says emergency.",
        )
    return Glass(reason)
