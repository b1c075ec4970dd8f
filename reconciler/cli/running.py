"""From a plan that was made to the report of its run: shown, asked about, run while somebody watches, and told in the end.

Effects: writes the tenant and the journal through `flow`; reads and writes the standard streams.
Neighbours: every command that runs a plan: `apply`, `refresh`, `rollback`, and `recover` from the watching on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.cli.output import writer
from reconciler.cli.settings import Settings
from reconciler.errors import RefusedError

if TYPE_CHECKING:
    from reconciler.cli.break_glass import Glass
    from reconciler.cli.live import Listener
    from reconciler.model import Plan, RunReport
    from reconciler.report.invocation import Invocation
    from reconciler.report.progress import Progress
    from reconciler.session import Session

__all__ = ["ask", "reasons", "refuse_denied", "run", "run_watched", "show_plan", "show_report"]


def refuse_denied(made: Plan, given: dict[str, Any]) -> None:
    """Refuse what the policy denied, unless somebody breaks the glass; what that goes past is kept for the journal.

    Raises:
        CheckFailed
    """
    from reconciler import flow

    glass: Glass | None = given.get("glass")
    flow.refuse_denied(made, glass=glass is not None)
    if glass is not None:
        glass.passed += flow.passed_by_glass(made.denied)


def reasons(given: dict[str, Any]) -> dict[str, str]:
    """Why a plan runs, as the options of `why_options` say it; who breaks the glass has an emergency."""
    from reconciler.cli.who import why

    return why(given["ticket"], given["reason"], "emergency" if given.get("glass") is not None else given.get("change_class"))


def show_plan(settings: Settings, session: Session, made: Plan) -> None:
    """Show what will run; where a machine reads standard output, a person may still read the other one."""
    from reconciler.report.plan_text import plan_page

    streams = settings.streams
    windows = session.recorded().window_seconds
    if settings.text:
        streams.out(plan_page(made, window_seconds=windows, width=streams.width()))
    else:
        streams.err(plan_page(made, window_seconds=windows, width=streams.width(err=True)))


def ask(settings: Settings, made: Plan) -> None:
    """Let a person decide. The answer permits no hazard.

    Raises:
        RefusedError: nobody can be asked, or the answer is not yes.
    """
    from reconciler.report.untrusted import visible

    if not settings.streams.interactive:
        raise RefusedError(
            "Nothing was applied", "There is no terminal on which to ask.", "Give --yes, or save the plan with -o and apply that file."
        )
    units = "this unit" if len(made.units) == 1 else f"these {len(made.units):,} units"
    if not settings.streams.ask(f"\nApply {units} to {visible(made.target)}? [y/N] "):
        raise RefusedError("Nothing was applied", "The answer was not yes.")


def run(settings: Settings, session: Session, made: Plan, typed: Invocation, given: dict[str, Any], *, saved: bool) -> int:
    """Run a plan that was shown, with progress, and show what it did; the exit code is the run's."""
    from reconciler import flow
    from reconciler.cli.who import who
    from reconciler.report.progress import Progress

    glass: Glass | None = given.get("glass")
    if glass is not None:
        glass.announce(settings)
    progress = Progress.of(made)
    options = {name: given[name] for name in ("atomic", "keep_going", "retry_failed")}
    attested = given.get("attest_approval")
    approval = given.get("approval") or ({"attested": attested, "verified": False} if attested else None)
    actor = {**who(os.environ, token=flow.identity_token(os.environ)), **({"approval": approval} if approval else {})}
    report = run_watched(
        settings,
        progress,
        lambda listener: flow.apply_plan(
            session,
            made,
            **options,
            saved=saved,
            who=actor,
            why=reasons(given),
            glass=None if glass is None else glass.as_json(),
            listener=listener,
            left=given.get("left", ()),
            under=given.get("under", frozenset()),
        ),
    )
    if glass is not None:
        settings.streams.say(f"BREAK-GLASS: run {report.run} is flagged until somebody else reviews it.\n")
    return show_report(settings, report, progress, typed)


def run_watched(settings: Settings, progress: Progress, run: Callable[[Listener], RunReport]) -> RunReport:
    """Run something that writes while its events are shown; from its report on, the exit code is known."""
    from reconciler.cli.live import watching

    streams = settings.streams
    with watching(progress, streams, drawn=streams.lively and not settings.debug) as listener:
        report = run(listener)
    settings.ended = report.exit_code
    return report


def show_report(settings: Settings, report: RunReport, progress: Progress, typed: Invocation, *, recovery: str = "") -> int:
    """Write what a run did, for a person or a machine."""
    from reconciler.report.run_text import run_page

    streams = settings.streams
    if settings.json and recovery:
        from reconciler.report.json import json_text, recovered_object

        streams.data(json_text(recovered_object(report, progress.tests, recovery)))
        return report.exit_code
    if settings.text or settings.annotates:
        aside = not settings.text
        page = run_page(report, tests=progress.tests, invocation=typed, recovery=recovery, width=streams.width(err=aside))
        if not recovery:
            page.lines.insert(0, ())
        (streams.err if aside else streams.out)(page)
    if not settings.text:
        places = {unit.address: unit.source for unit in progress.units.values()}
        streams.data(writer(settings).run(report, progress.tests, places=places, typed=typed))
    return report.exit_code
