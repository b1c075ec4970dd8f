"""`reconciler demo`: the main job, played on an embedded SuperOffice in a temporary folder, one short act after the other.

Every act is a file, a command and what the command prints: the real ones, run as a person would run them. An act that does
not end with the exit code it should ends the demonstration with 70, so a demonstration that lies cannot be shown.

Effects: makes a temporary folder and removes it; runs `reconciler` in it; puts the final state into `.reconciler/` of the
working directory where none exists; writes the standard streams.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from reconciler.cli.settings import Settings, command
from reconciler.errors import ReconcilerError

__all__ = ["demo", "shipped_example"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demonstration plays.

    Attributes:
        folder: the temporary folder; the working directory of every command.
        environ: of every command.
    """

    settings: Settings
    folder: Path
    environ: Mapping[str, str]

    def say(self, title: str, sentence: str) -> None:
        """Open an act."""
        from reconciler.report.page import Page, Style, bold

        page = Page(self.settings.streams.width())
        page.line()
        page.line(bold(title))
        page.prose(sentence, style=Style.PLAIN)
        self.settings.streams.out(page)

    def run(self, *words: str, ends: int) -> None:
        """Type one command, show what it prints, and see that it ends as it should.

        Raises:
            ReconcilerError: it did not.
        """
        self._show_typed(*words)
        sys.stdout.flush()
        done = subprocess.run([sys.executable, "-m", "reconciler", *words], cwd=self.folder, env=dict(self.environ), check=False)  # noqa: S603 - our own command, our own words
        self._show_code(done.returncode)
        if done.returncode != ends:
            raise _Lied(words, done.returncode, ends)

    def quietly(self, *words: str) -> None:
        """Type one command of somebody else, without its output.

        Raises:
            ReconcilerError: it failed.
        """
        self._show_typed(*words)
        done = subprocess.run(  # noqa: S603 - our own command, our own words
            [sys.executable, "-m", "reconciler", *words],
            cwd=self.folder,
            env=dict(self.environ),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise _Lied(words, done.returncode, 0)

    def row_id(self, address: str) -> str:
        """The embedded SuperOffice's own number of a connection, as `status` tells it."""
        words = [sys.executable, "-m", "reconciler", "status", "--format", "json"]
        told = subprocess.run(words, cwd=self.folder, env=dict(self.environ), check=True, capture_output=True)  # noqa: S603 - our own command
        return next(str(row["id"]) for row in json.loads(told.stdout)["connections"] if row["address"] == address)

    def edit(self, name: str, base: str, before: str, after: str) -> None:
        """Write a copy of a file with one change, and show the change."""
        text = (self.folder / base).read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise ReconcilerError("The demonstration is out of date", f"{base} does not hold {before!r} exactly once.")
        (self.folder / name).write_text(text.replace(before, after), encoding="utf-8")
        from reconciler.report.page import Page, Span, Style

        page = Page(self.settings.streams.width())
        page.line(f"{name} is {base} with one change:")
        page.line(Span(f"- {before}", Style.REMOVED), indent=2)
        page.line(Span(f"+ {after}", Style.ADDED), indent=2)
        self.settings.streams.out(page)

    def _show_typed(self, *words: str) -> None:
        from reconciler.report.page import Page, command, quoted

        page = Page()
        page.line()
        page.line("$ ", command(" ".join(["reconciler", *(quoted(word) for word in words)])))
        self.settings.streams.out(page)

    def _show_code(self, code: int) -> None:
        from reconciler.report.page import Page, dim

        page = Page()
        page.line(dim(f"(exit code {code})"))
        self.settings.streams.out(page)


class _Lied(ReconcilerError):
    exit_code = 70

    def __init__(self, words: tuple[str, ...], code: int, expected: int) -> None:
        super().__init__(
            "The demonstration went wrong",
            f"`reconciler {' '.join(words)}` ended with {code} instead of {expected}. This is a bug in reconciler.",
            "Please report it with what stands above.",
        )


@command("demo", formats=("text",))
def demo(settings: Settings) -> int:
    """Watch plan, apply and rollback on an embedded SuperOffice of your own.

    It plays in a temporary folder and needs nothing. At the end the state is put into .reconciler/ of this folder, and the
    connections.yaml that it plays with beside it, unless there is one already.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-", ignore_cleanup_errors=True) as folder:
        stage = Stage(settings, Path(folder), _environment())
        shutil.copyfile(shipped_example(), stage.folder / "connections.yaml")
        _first(stage)
        _change(stage)
        _bad_candidate(stage)
        _rollback(stage)
        _stale(stage)
        _last(stage)
        _keep(stage)
    return 0


def _environment() -> dict[str, str]:
    """This process's environment, without what would point a command at another target, with the two passwords."""
    from reconciler.emulator.example import PASSWORDS

    ours = {name: value for name, value in os.environ.items() if name not in ("RECONCILER_TARGETS", "CI")}
    return {**ours, **PASSWORDS}


def shipped_example() -> Path:
    """`connections.yaml` as it is shipped: inside an installed package, or at the top of a checkout."""
    inside = Path(str(resources("reconciler"))) / "_example" / "connections.yaml"
    return inside if inside.is_file() else Path(__file__).resolve().parents[2] / "connections.yaml"


def _first(stage: Stage) -> None:
    stage.say(
        "From nothing",
        "An empty SuperOffice listens on this machine. connections.yaml asks for three connections on two connectors, with names in "
        "several languages, passwords that stand only as references, field mappings with list items and defaults, and one connection that"
        " only some people may use.",
    )
    stage.run("validate", ends=0)
    stage.run("apply", "--yes", ends=0)
    stage.say("Again", "What the file asks for is there, so a second plan is empty.")
    stage.run("plan", "--detailed-exitcode", ends=0)


def _change(stage: Stage) -> None:
    stage.say(
        "Act 1: a field of an active connection changes",
        "SuperOffice wants a connection inactive while its configuration changes. The new value is tested before anything is touched, "
        "and the connection is away for six calls.",
    )
    stage.edit("change.yaml", "connections.yaml", "IntegerField: 12 ", "IntegerField: 14 ")
    stage.run("-f", "change.yaml", "apply", "--yes", ends=0)


def _bad_candidate(stage: Stage) -> None:
    stage.say(
        "Act 2: a bad configuration is refused",
        "The ERP does not know this user. The candidate's test says so while the old configuration is still in place: nothing is written.",
    )
    stage.edit("bad.yaml", "change.yaml", "User: erp", "User: nobody")
    stage.run("-f", "bad.yaml", "apply", "--yes", ends=3)


def _rollback(stage: Stage) -> None:
    stage.say(
        "Act 3: an activation fails after the new values were saved",
        "We make this SuperOffice refuse the second toggle. The run goes back to what it had found, and a read and a test prove it.",
    )
    stage.quietly("emulator", "edit", "fault", "ToggleErpConnectionActive", "reasons-without-flip", "--nth", "2")
    stage.edit("refused.yaml", "change.yaml", "IntegerField: 14 ", "IntegerField: 99 ")
    stage.run("-f", "refused.yaml", "apply", "--yes", ends=5)
    stage.quietly("emulator", "edit", "clear-faults")


def _stale(stage: Stage) -> None:
    stage.say(
        "Act 4: somebody edits the tenant between plan and apply",
        "A plan is a value: saved, reviewed, run. When the tenant is no longer as the plan found it, the plan is refused.",
    )
    stage.run("plan", "-o", "plan.json", ends=0)
    stage.quietly("emulator", "edit", "set-config", stage.row_id("connection/visma-no"), "IntegerField", "[I:55]")
    stage.run("apply", "plan.json", ends=4)


def _last(stage: Stage) -> None:
    stage.say("At the end", "The shipped file is applied again, and what somebody changed by hand is put right with it.")
    stage.run("apply", "--yes", ends=0)
    stage.run("history", ends=0)


def _typed() -> str:
    """How this command was typed: by its path where the shell would not find it by its name."""
    if shutil.which("reconciler") is not None:
        return "reconciler"
    path = Path(sys.argv[0])
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _keep(stage: Stage) -> None:
    """Say where the final state is, and what to type on it."""
    from reconciler.report.page import Page, bold, command

    said, kept = keep(stage.folder, Path.cwd())
    page = Page(stage.settings.streams.width())
    page.line()
    page.prose(said)
    if kept:
        page.line(bold("Next: "), command(f"{_typed()} plan"), "   (empty, until you change connections.yaml)")
    stage.settings.streams.out(page)


def keep(folder: Path, here: Path) -> tuple[str, bool]:
    """Put the state where the next command finds it, and the file that it was made from where there is none: a sentence, and whether."""
    if (here / ".reconciler").exists():
        return "There is a .reconciler folder here already, so it was left alone; the demonstration's own state is gone.", False
    if not os.access(here, os.W_OK):
        return "This folder cannot be written, so the demonstration's state was not kept.", False
    shutil.copytree(folder / ".reconciler", here / ".reconciler")
    (here / ".reconciler").chmod(0o700)
    if (here / "connections.yaml").exists():
        return "This SuperOffice now lives in .reconciler/ of this folder.", True
    shutil.copyfile(shipped_example(), here / "connections.yaml")
    return "This SuperOffice now lives in .reconciler/ of this folder, beside the connections.yaml that it was made from.", True
