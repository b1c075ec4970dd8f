"""The list of commands, each loaded when it is asked for, and the nearest name for one that does not exist.

Effects: imports a command's module when that command is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

import click

from reconciler import __version__
from reconciler.cli.settings import Settings, shared_options, split_options

__all__ = ["COMMANDS", "nearest", "reconciler"]

# Name -> (module, attribute, short help). Order is the order of the daily work, and of `--help`.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "validate": ("reconciler.cli.validate", "validate", "Check the files; needs no tenant."),
    "fmt": ("reconciler.cli.fmt", "fmt", "Put the files into canonical form."),
    "render": ("reconciler.cli.render", "render", "Show the files laid over each other as one."),
    "explain": ("reconciler.cli.explain", "explain", "Show where a value comes from and what it overrides."),
    "plan": ("reconciler.cli.plan", "plan", "Show what would change, and save it with -o."),
    "drift": ("reconciler.cli.drift", "drift", "Show what was changed on the tenant and not in the files."),
    "apply": ("reconciler.cli.apply", "apply", "Make the tenant as the files ask, or run a saved plan."),
    "target": ("reconciler.cli.target", "target", "Look whether a target is ready: login, rights, agent, clock."),
    "test": ("reconciler.cli.test", "test", "Let the tenant test its connections."),
    "status": ("reconciler.cli.status", "status", "Show each connection: active, last sync, last test."),
    "history": ("reconciler.cli.history", "history", "List the runs on a target."),
    "show": ("reconciler.cli.show", "show", "Show one run, step by step, or a saved plan."),
    "dump": ("reconciler.cli.dump", "dump", "Write what is live as a file."),
    "compare": ("reconciler.cli.compare", "compare", "Show where two targets, or a target and a file, differ."),
    "fields": ("reconciler.cli.fields", "fields", "Show a connection's ERP fields, ready to paste."),
    "schema": ("reconciler.cli.schema", "schema", "Print the JSON Schema of a file, for editors."),
    "refresh": ("reconciler.cli.refresh", "refresh", "Ask a connector for its fields again."),
    "recover": ("reconciler.cli.recover", "recover", "Finish a run that was interrupted."),
    "init": ("reconciler.cli.init", "init", "Write the pipeline file for a repository."),
    "comment": ("reconciler.cli.comment", "comment", "Keep one comment on the pull or merge request current."),
    "fetch": ("reconciler.cli.fetch", "fetch", "Get the plan that a change's comment names."),
    "rollback": ("reconciler.cli.rollback", "rollback", "Plan the way back to what a finished run found."),
    "lease": ("reconciler.cli.lease", "lease", "Show who may write to the target now."),
    "journal": ("reconciler.cli.journal", "journal", "Check, export or import the journal."),
    "audit": ("reconciler.cli.audit", "audit", "Verify the account, list its changes, export it as evidence."),
    "emulator": ("reconciler.cli.emulator", "emulator", "Serve, reset or edit the embedded SuperOffice."),
    "demo": ("reconciler.cli.demo", "demo", "Watch plan, apply and rollback on an embedded SuperOffice."),
}


class _Commands(click.Group):
    """Loads a command when it is named; `--help` shows the list without loading any."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, in the order of the daily work."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        name = args[0]
        if name in COMMANDS:
            ctx.ensure_object(Settings).command = name
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"There is no command {name!r}.{nearest(name, COMMANDS)}")

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first, then the options that each of them takes."""
        self.format_commands(ctx, formatter)
        split_options(self, ctx, formatter)


def nearest(written: str, known: Iterable[str]) -> str:
    """` Did you mean ...?` for the closest of the known names; empty when none is close."""
    from difflib import get_close_matches

    found = get_close_matches(written.casefold(), list(known), n=1, cutoff=0.6)
    return f" Did you mean {found[0]!r}?" if found else ""


@click.group(
    cls=_Commands,
    name="reconciler",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 as asked for; 1 refused or failed, nothing written; 2 changes pending (--detailed-exitcode); "
    "3 a check said no, nothing written; 4 the plan is stale, nothing written; 5 stopped short, all of it proved; "
    "6 needs attention; 7 another run writes; 64 wrong command line.",
)
@click.version_option(__version__, prog_name="reconciler", message="%(prog)s %(version)s")
@shared_options
def reconciler() -> None:
    """Keep SuperOffice ERP connections as code: plan, test, apply, prove, roll back.

    Without a targets file the commands use an emulator, a SuperOffice of your own that lives in .reconciler/.
    """
