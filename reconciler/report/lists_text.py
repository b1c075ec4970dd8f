"""The tables: connections with their state, tests with their times, runs with their ends; and the line of a valid file.

In -> Out: status, test results, runs, desired -> pages.
Neighbours: called by `cli.status`, `cli.test`, `cli.history`, `cli.validate`.

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model import Address, Desired, NotChecked, RunEnd, Status, StatusRow, TestResult
from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Span, Style, bold, command, dim, good, plain
from reconciler.report.plan_text import write_not_checked
from reconciler.report.tested import verdict_text
from reconciler.report.values import counted, seconds_text, value_text, when

__all__ = ["history_page", "open_runs_page", "status_page", "valid_page", "verdicts_page"]

_HEAD = Style.DIM


def valid_page(desired: Desired, *, target: str | None, not_checked: Sequence[NotChecked] = (), width: int | None = None) -> Page:
    """One sentence for files without a problem, with what they hold; and what of them the tenant could not tell."""
    page = Page(width)
    names = ", ".join(name for name, _ in desired.files) or "nothing"
    parts = [counted(len(desired.connections), "connection"), counted(len(desired.connectors), "connector")]
    references = sum(
        1 for connection in desired.connections.values() for entry in connection.config.values() if hasattr(entry.value, "reference")
    )
    parts += [counted(references, "secret reference")] if references else []
    against = f" for target {target}" if target else ""
    page.prose(f"{names}{against}: {', '.join(parts)}.", lead=[good("valid  ")], hang=7)
    if not_checked:
        write_not_checked(page, not_checked)
    return page


def status_page(status: Status, *, invocation: Invocation | None = None, width: int | None = None) -> Page:
    """The connections by name, and what to type next; open runs are announced beside it."""
    page = Page(width)
    page.line(bold(f"Status of {status.target}"), f": {_active_count(status.rows)}.")
    if status.rows:
        page.gap()
        rows: list[list[Span]] = [[Span(title, _HEAD) for title in ("ACTIVE", "CONNECTION", "NAME", "LAST SYNC", "LAST TEST")]]
        rows += [_status_cells(row) for row in status.rows]
        page.columns(rows, indent=2)
    notes = [row for row in status.rows if row.note]
    if notes:
        page.gap()
        for row in notes:
            page.prose(row.note, indent=2, lead=[bold(f"{row.address or value_text(row.name)}: ")], hang=4)
    if status.next_steps:
        page.gap()
        for step in status.next_steps:
            page.line("Next: ", command((invocation or Invocation()).retype(step)))
    return page


def verdicts_page(target: str, results: Sequence[tuple[Address | str, TestResult]], *, width: int | None = None) -> Page:
    """Each test with its verdict and time."""
    page = Page(width)
    counts = Counter(result.passed for _, result in results)
    told = [f"{counts[key]:,} {verdict_text(key)}" for key in (True, False, None) if counts[key]]
    page.line(bold(f"Tests on {target}"), f": {', '.join(told) or 'there is no connection to test'}.")
    if results:
        page.gap()
        page.columns([_test_cells(subject, result) for subject, result in results], indent=2, right=frozenset({2}))
    return page


def history_page(target: str, runs: Sequence[RunEnd], *, width: int | None = None) -> Page:
    """The runs of a target, oldest first, so that the newest stands next to the prompt."""
    page = Page(width)
    page.line(bold(f"History of {target}"), f": {counted(len(runs), 'run')}.")
    if runs:
        page.gap()
        rows: list[list[Span]] = [[Span(title, _HEAD) for title in ("RUN", "STARTED", "EXIT", "BY", "UNITS")]]
        rows += [_run_cells(run) for run in runs]
        page.columns(rows, indent=2)
    return page


def open_runs_page(runs: Sequence[RunEnd], *, invocation: Invocation, width: int | None = None) -> Page:
    """The announcement that every reading command makes while a run is open."""
    page = Page(width)
    for run in runs:
        _open_run(page, run)
    if runs:
        page.line("What is known, and the choices: ", command(invocation.type("recover")))
    return page


def ends_text(ends: Iterable[str]) -> str:
    """`2 as desired, 1 as before`, from the ends of units as the journal spells them."""
    counts = Counter(ends)
    return ", ".join(f"{number:,} {end.replace('-', ' ')}" for end, number in sorted(counts.items())) or "no units"


def _open_run(page: Page, run: RunEnd) -> None:
    by = f" by {run.actor}" if run.actor else ""
    unsettled = [address for address, end in run.units.items() if end in ("open", "needs-attention")]
    about = f": {', '.join(unsettled)}" if unsettled else ""
    page.prose(f"Run {run.run}, begun {when(run.started)}{by}, is unfinished{about}.", style=Style.WARNING, hang=2)


def _active_count(rows: Sequence[StatusRow]) -> str:
    active = sum(1 for row in rows if row.active)
    return f"{active:,} of {counted(len(rows), 'connection')} active" if rows else "there are no connections"


def _status_cells(row: StatusRow) -> list[Span]:
    active = {True: good("yes"), False: plain("no"), None: Span("unknown", Style.WARNING)}[row.active]
    address = bold(str(row.address)) if row.address else dim("(not managed)")
    if row.last_test is None and row.last_test_passed is None:
        tested = dim("-")
    else:
        style = Style.PLAIN if row.last_test_passed else Style.DANGER
        tested = Span(f"{verdict_text(row.last_test_passed)}{f', {when(row.last_test)}' if row.last_test else ''}", style)
    return [active, address, plain(value_text(row.name, 60)), plain(when(row.last_sync)), tested]


def _test_cells(subject: Address | str, result: TestResult) -> list[Span]:
    verdict = Span(verdict_text(result.passed), Style.GOOD if result.ok else Style.DANGER)
    return [verdict, bold(str(subject)), plain(seconds_text(result.seconds)), dim(result.detail)]


def _run_cells(run: RunEnd) -> list[Span]:
    exit_text = Span("open", Style.WARNING) if run.exit_code is None else plain(str(run.exit_code))
    return [bold(run.run), plain(when(run.started)), exit_text, plain(run.actor or "-"), plain(ends_text(run.units.values()))]
