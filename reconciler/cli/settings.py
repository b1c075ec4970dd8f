"""The options that every command takes, before or after its name, and the decorator that makes a command of a function.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import click

from reconciler.cli.streams import Streams
from reconciler.errors import UsageProblem

__all__ = ["FORMATS", "Settings", "command", "shared_options", "split_options"]

# Every format; a command says which of them make sense for it.
FORMATS = ("text", "json", "markdown", "html", "junit", "sarif", "github", "gitlab", "azure")

_NAMES = frozenset({"file", "target", "format", "debug", "no_color"})

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Settings:
    """What was given before and after the command, collected while click parses.

    Attributes:
        files: of `-f`, in the order given.
        command: the command's name, for error documents.
        session: the opened target, once there is one.
        ended: the exit code of a run that ended by itself; from then on nothing can make it less true.
    """

    streams: Streams = field(default_factory=Streams)

    files: list[str] = field(default_factory=list)
    target: str | None = None
    format: str = "text"
    debug: bool = False
    command: str = ""
    session: Any = None
    ended: int | None = None

    @property
    def text(self) -> bool:
        """Whether standard output holds text for the person at the terminal; else it holds one document and nothing beside it."""
        return self.format == "text"

    @property
    def json(self) -> bool:
        """Whether standard output holds JSON."""
        return self.format == "json"

    @property
    def annotates(self) -> bool:
        """Whether standard output holds lines for a build server, so that the log has room for the text as well."""
        return self.format in ("github", "azure")


class _Command(click.Command):
    """A command whose help lists its own options first, then the shared ones."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        split_options(self, ctx, formatter)


def command(name: str, *, formats: tuple[str, ...] = ("text", "json")) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command of a function that gets the settings first and returns the exit code.

    Args:
        formats: what `--format` may name for this command.
    """

    def decorate(function: Callable[..., int]) -> click.Command:
        @wraps(function)
        def run(**arguments: Any) -> int:
            settings = click.get_current_context().ensure_object(Settings)
            if settings.format not in formats:
                raise UsageProblem(
                    "Format not available",
                    f"`{name}` does not write {settings.format}.",
                    f"It writes {', '.join(formats[:-1])} and {formats[-1]}.",
                )
            return function(settings, **arguments)

        return click.command(name, cls=_Command)(shared_options(run))

    return decorate


def shared_options(function: F) -> F:
    """Add the options that stand before or after every command; each is remembered in the settings, the later one wins."""
    options = (
        click.option(
            "-f", "--file", metavar="FILE", multiple=True, help="A file with the desired state; repeat it to lay one over another."
        ),
        click.option("--target", metavar="NAME", help="Which target of targets.yaml."),
        click.option("--format", metavar="FORMAT", help="text (default), json, markdown, html, junit, sarif, github, gitlab or azure."),
        click.option("--debug", is_flag=True, default=None, help="Write a line to standard error for every call."),
        click.option("--no-color", is_flag=True, default=None, help="Plain text; NO_COLOR in the environment does the same."),
    )
    for option in reversed(options):
        function = option(function)
    for parameter in getattr(function, "__click_params__", ()):
        if parameter.name in _NAMES:
            parameter.expose_value, parameter.callback = False, _remember
    return function


def split_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write a command's own options, then the shared ones."""
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            (shared if parameter.name in _NAMES else own).append(record)
    for title, records in (("Options", own), ("Before or after every command", shared)):
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def _remember(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    settings = ctx.ensure_object(Settings)
    if parameter.name == "file":
        settings.files += value
    elif value is not None and parameter.name is not None:
        if parameter.name == "format" and value not in FORMATS:
            from reconciler.cli.commands import nearest

            raise click.UsageError(f"There is no format {value!r}.{nearest(value, FORMATS)}")
        setattr(settings.streams if parameter.name == "no_color" else settings, parameter.name, value)
