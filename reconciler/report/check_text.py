"""What a look at a target found, one line per question, and what to do about each thing that is missing.

In -> Out: a `TargetCheck` -> a page.
Neighbours: called by `cli.target`.

Effects: none.
"""

from __future__ import annotations

from reconciler.model import TargetCheck, Verdict
from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Span, Style, bold, command, plain

__all__ = ["check_page"]

_WORDS = {
    Verdict.GOOD: Span("good", Style.GOOD),
    Verdict.NOTICE: Span("notice", Style.WARNING),
    Verdict.MISSING: Span("missing", Style.DANGER),
    Verdict.NOT_CHECKED: Span("not checked", Style.DIM),
}


def check_page(check: TargetCheck, *, invocation: Invocation | None = None, width: int | None = None) -> Page:
    """The answers in order, what to do, and the next command."""
    page = Page(width)
    page.line(bold(f"Target {check.target}"), f", kind {check.kind}.")
    page.gap()
    page.columns([[plain(item.name), _WORDS[item.verdict], plain(item.text)] for item in check.items], indent=2)
    todo = [item for item in check.items if item.hint]
    if todo:
        page.gap()
        page.line(bold("To do"))
        for item in todo:
            page.prose(item.hint, indent=2, lead=[_named(item.name, item.verdict)], hang=4)
    page.gap()
    if check.is_ready:
        page.line("Ready. Nothing was written. Next: ", command((invocation or Invocation(check.target)).type("plan")))
    else:
        page.line("Not ready. Nothing was written.")
    return page


def _named(name: str, verdict: Verdict) -> Span:
    return Span(f"{name}: ", Style.DANGER if verdict is Verdict.MISSING else Style.WARNING)
