"""docs/reference/commands.md, from click's tree of commands."""

from __future__ import annotations

from collections.abc import Iterator

import click

from reconciler.cli.commands import COMMANDS, reconciler
from reconciler.cli.settings import Settings

SHARED = frozenset({"file", "target", "format", "debug", "no_color", "help"})
CODES = {
    0: "as desired and proved; nothing to do; or a plan was shown",
    1: "refused or failed before any write",
    2: "changes, differences or drift are there (`--detailed-exitcode`)",
    3: "a check said no; nothing was written",
    4: "the plan is stale, expired, altered, used up or for another target; nothing was written",
    5: "stopped short: every unit is as desired, as before (each proved) or untouched",
    6: "needs attention: `reconciler recover`",
    7: "another run holds the lease",
}
COMMON = "Every command may also end with 1 (refused or failed before any write), 64 (wrong command line), 70 (unexpected error before any write), and 130 or 143 (interrupted before any write)."  # fmt: skip
# What a command ends with beside 0 and the common ones. Source: reconciler/cli/exits.py and reconciler/apply/exits.py.
RUNS = (3, 4, 5, 6, 7)
ENDS: dict[str, tuple[int, ...]] = {
    "plan": (2, 3), "drift": (2,), "compare": (2,), "apply": RUNS, "refresh": RUNS, "rollback": RUNS, "recover": (5, 6, 7), "fmt": (3,), "test": (3,),
    "target check": (3,), "audit verify": (3,), "journal check": (3,),
    **dict.fromkeys(("audit changes", "audit exceptions", "audit report", "audit review"), (3,)),
}  # fmt: skip


def commands_page() -> str:
    """The whole page."""
    context = click.Context(reconciler, info_name="reconciler", obj=Settings())
    lines = [
        "# Commands", "", "`reconciler COMMAND --help` says the same at the terminal.", "",
        "## Options of every command", "", "They stand before or after the command's name.", "", *_options(reconciler, context, shared=True),
        "", "## Exit codes", "", "They tell the state of the target.", "", "| code | meaning |", "|---|---|",
        *(f"| {code} | {text} |" for code, text in CODES.items()), "", COMMON,
    ]  # fmt: skip
    for name in COMMANDS:
        command = reconciler.get_command(context, name)
        assert command is not None
        for words, one, within in _flat(name, command, context):
            lines += ["", *_section(words, one, within)]
    return "\n".join(lines) + "\n"


def _flat(name: str, command: click.Command, parent: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    context = click.Context(command, info_name=name, parent=parent)
    words = context.command_path.removeprefix("reconciler ")
    yield words, command, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            if not found.hidden:
                yield from _flat(below, found, context)


def _section(words: str, command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {words}", "", f"`reconciler {words} {usage}`".replace(" `", "`"), ""]
    lines += [" ".join(part.split()) for part in (command.help or "").split("\n\n") for part in (part, "")]
    options = _options(command, context, shared=False)
    if options:
        lines += [*options, ""]
    if not isinstance(command, click.Group):
        more = "".join(f", {code} ({CODES[code].partition(';')[0].partition(':')[0]})" for code in ENDS.get(words, ()))
        lines += [f"Ends with 0{more}."]
    return lines if lines[-1] else lines[:-1]


def _options(command: click.Command, context: click.Context, *, shared: bool) -> list[str]:
    rows = []
    for parameter in command.get_params(context):
        if (parameter.name in SHARED) != shared or parameter.name == "help":
            continue
        record = parameter.get_help_record(context)
        if record is not None:
            name, text = record
            if name == "--help":
                continue
            told = " ".join(text.split())
            rows.append("| `{}` | {} |".format(*(part.replace("|", "\\|") for part in (name, told))))
    return ["| option | what it does |", "|---|---|", *rows] if rows else []
