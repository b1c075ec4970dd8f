"""Who holds the lease, what a check of the journal found, and what a way back leaves, for people.

In -> Out: a lease, the outcome of a check, sentences -> a page.
Neighbours: called by `cli.lease`, `cli.journal` and `cli.rollback`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Style, bold, command
from reconciler.report.values import counted, seconds_text

__all__ = ["Breach", "Check", "Held", "Retained", "check_page", "lease_page", "stays_page"]


class Held(Protocol):
    """What is shown of a lease."""

    @property
    def fencing(self) -> int:
        """Grows with every acquisition."""
        ...

    @property
    def run(self) -> str:
        """The run that took it."""
        ...

    @property
    def who(self) -> str:
        """The holder's name."""
        ...

    @property
    def host(self) -> str:
        """The holder's machine."""
        ...

    @property
    def pid(self) -> int:
        """The holder's process there."""
        ...

    @property
    def since(self) -> datetime:
        """When it was taken, by the store's clock."""
        ...

    @property
    def until(self) -> datetime:
        """When it is over unless it is renewed."""
        ...

    @property
    def held(self) -> bool:
        """Neither given back nor over."""
        ...


class Breach(Protocol):
    """The first place where a chain does not hold."""

    @property
    def reason(self) -> str:
        """A sentence."""
        ...


class Check(Protocol):
    """What a check found."""

    @property
    def events(self) -> int:
        """How many hold, from the first."""
        ...

    @property
    def head(self) -> str:
        """The hash of the last of them."""
        ...

    @property
    def broken(self) -> Breach | None:
        """The first place that does not hold."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """Heads kept elsewhere that are not in it."""
        ...

    @property
    def sound(self) -> bool:
        """Everything holds."""
        ...


def lease_page(
    target: str,
    lease: Held | None,
    now: datetime,
    *,
    place: str,
    shared: bool,
    broken: str | None = None,
    invocation: Invocation | None = None,
    width: int | None = None,
) -> Page:
    """Lay out who may write now."""
    page, typed = Page(width), invocation or Invocation()
    if broken is not None:
        page.prose(f"The lease of {broken} is broken: from here on that run can record nothing more, and so send nothing more.")
        page.gap()
    if lease is None or not lease.held:
        page.line(bold(f"Lease of {target}"), ": nobody holds it.")
    else:
        age = seconds_text(max(0.0, (now - lease.since).total_seconds()))
        page.line(bold(f"Lease of {target}"), f": held by {lease.who or '(no name)'}, for {age}.")
        page.gap()
        page.columns(
            [
                ["host", f"{lease.host}, process {lease.pid}"],
                ["run", lease.run],
                ["since", f"{lease.since:%Y-%m-%d %H:%M:%S} UTC"],
                ["until", f"{lease.until:%Y-%m-%d %H:%M:%S} UTC, unless it is renewed"],
            ],
            indent=2,
        )
        page.gap()
        page.line("If that run has died: ", command(typed.type("lease", "--break", lease.who or "NAME")))
    page.gap()
    reach = "every runner that uses it" if shared else "the processes of this machine that share its folder"
    page.prose(f"It lies in {place} and covers {reach}.", style=Style.DIM)
    return page


class Retained(Protocol):
    """What a retention says of the runs."""

    @property
    def days(self) -> int:
        """How long a run has to be kept."""
        ...

    @property
    def before(self) -> date:
        """The day before which a run is older."""
        ...

    @property
    def older(self) -> int:
        """How many runs are."""
        ...


def check_page(
    place: str, found: Check, *, kept: Retained | None = None, invocation: Invocation | None = None, width: int | None = None
) -> Page:
    """Lay out what a check of the journal found, and what the target's retention says of it."""
    page = Page(width)
    page.line(bold("Journal"), f": {place}")
    if found.broken is not None:
        page.prose(f"The first {counted(found.events, 'event')} hold; then: {found.broken.reason}", style=Style.DANGER)
    for head in found.missing:
        page.prose(f"The head {head} is not in it: its end was cut off, or it was replaced.", style=Style.DANGER)
    if found.sound:
        page.prose(f"All {counted(found.events, 'event')} hold, from the first to the head {found.head or '(none)'}.", style=Style.GOOD)
    if kept is not None:
        _retention(page, kept, invocation or Invocation())
    return page


def _retention(page: Page, kept: Retained, typed: Invocation) -> None:
    page.gap()
    if not kept.older:
        page.prose(f"Retention is {counted(kept.days, 'day')}; no run is older.", style=Style.DIM)
        return
    begun = "1 run that began" if kept.older == 1 else f"{kept.older:,} runs that began"
    page.prose(
        f"Retention is {counted(kept.days, 'day')}: {begun} before {kept.before.isoformat()} need not be kept any longer. Nothing is "
        "removed from a journal, because its chain and what later runs know of the tenant rest on all of it."
    )
    page.line("To put them into an archive: ", command(typed.type("audit", "export", "-o", "evidence.zip")))


def stays_page(stays: Sequence[str], *, width: int | None = None) -> Page:
    """Lay out what a way back does not bring back."""
    page = Page(width)
    page.line(bold("Stays as it is"))
    for text in stays:
        page.prose(text, indent=2)
    page.gap()
    return page
