"""`reconciler recover`: finish runs that were interrupted; without a choice, show what is known and recommend one.

Effects: reads the journal and the tenant; with a choice it writes both; writes the standard streams.
"""

from __future__ import annotations

import os

import click

from reconciler.cli import exits
from reconciler.cli.settings import Settings, command
from reconciler.errors import UsageProblem

__all__ = ["recover"]


@command("recover")
@click.option("--back", "choices", flag_value="back", multiple=True, help="Undo what the run wrote, and prove it.")
@click.option(
    "--forward", "choices", flag_value="forward", multiple=True, help="Go on to what the plan wanted, and prove it; back if that fails."
)
@click.option("--park", "choices", flag_value="park", multiple=True, help="Leave the connections switched off, with a --reason.")
@click.option(
    "--accept-current", "choices", flag_value="accept-current", multiple=True, help="Take what the tenant shows now for what it is."
)
@click.option("--ticket", metavar="TEXT", help="Goes into the journal.")
@click.option("--reason", metavar="TEXT", help="Goes into the journal; required with --park, and shown to who would activate it again.")
def recover(settings: Settings, *, choices: tuple[str, ...], ticket: str | None, reason: str | None) -> int:
    """Finish what an interrupted run left open. Without a choice: show what is known, what users see now, and what is recommended.

    Exits with 6 while a run is open and nothing was chosen; 5 after --back, and after a --forward that had to go back or that leaves
    units which the run had not begun; 0 after any other --forward, --park and --accept-current.
    """
    choice = _one_choice(choices, reason)
    from reconciler import flow
    from reconciler.cli.running import run_watched, show_report
    from reconciler.cli.session import busy, invocation, opened
    from reconciler.cli.who import who, why
    from reconciler.report.progress import Progress
    from reconciler.report.recover_text import recover_page

    streams, typed = settings.streams, invocation(settings)
    with opened(settings) as session:
        if choice is not None and session.recorded().open_runs:
            chosen, progress = choice, Progress.of(None)
            report = run_watched(
                settings,
                progress,
                lambda listener: flow.recover(
                    session,
                    chosen,
                    reason=reason or "",
                    who=who(os.environ, token=flow.identity_token(os.environ)),
                    why=why(ticket, reason),
                    listener=listener,
                ),
            )
            return show_report(settings, report, progress, typed, recovery=choice)
        with busy(settings, f"Reading {session.target.name}"):
            units = flow.recover_view(session)
        runs = [run.run for run in session.recorded().open_runs]
        code = exits.of_recover(len(runs))
        if settings.json:
            from reconciler.report.json import json_text, recover_object

            streams.data(json_text(recover_object(session.target.name, units, code)))
        else:
            streams.out(recover_page(session.target.name, units, runs=runs, invocation=typed, width=streams.width()))
    return code


def _one_choice(choices: tuple[str, ...], reason: str | None) -> str | None:
    """The choice that was made; None for none.

    Raises:
        UsageProblem: several, or parking without a reason.
    """
    made = dict.fromkeys(choices)
    if len(made) > 1:
        listed = " and ".join(f"`--{choice}`" for choice in made)
        raise UsageProblem("Several choices", f"{listed} contradict each other.", "Give one; bare, the command recommends one.")
    choice = next(iter(made), None)
    if choice == "park" and not (reason or "").strip():
        text = "A parked connection stays off until somebody permits it; whoever meets it then has to know why."
        raise UsageProblem("No reason", text, 'Write: reconciler recover --park --reason "why it stays off"')
    return choice
