"""A wrong command line exits with 64, says what is wrong and what may have been meant, and touches nothing."""

from __future__ import annotations

import pytest

from reconciler.cli.commands import COMMANDS
from tests.cli.conftest import Folder

WRONG = [
    ((), "Usage: reconciler"),
    (("aply",), "There is no command 'aply'. Did you mean 'apply'?"),
    (("xyzzy",), "There is no command 'xyzzy'."),
    (("plan", "--alow", "x"), "Did you mean '--allow'?"),
    (("--formt", "json", "plan"), "Did you mean '--format'?"),
    (("plan", "extra"), "extra"),
    (("plan", "--target"), "--target"),
    (("show",), "RUN"),
    (("plan", "--format", "jsn"), "There is no format 'jsn'. Did you mean 'json'?"),
    (("--format", "html", "status"), "`status` does not write html.\nhint: It writes text and json."),
    (("history", "--format", "sarif"), "`history` does not write sarif.\nhint: It writes text and json."),
    (("plan", "--allow", "delet=connection/x"), "Did you mean 'delete'?"),
    (("plan", "--allow", "delete"), "needs `=` and an address"),
    (("plan", "--allow", "delete="), "needs an address"),
    (("apply", "--allow", "delete=a//b", "--yes"), "needs an address"),
    (("apply", "plan.json", "-f", "a.yaml"), "`-f` cannot be given beside plan.json"),
    (("-f", "a.yaml", "apply", "plan.json", "--allow", "delete=connection/x"), "`-f` and `--allow` cannot be given beside plan.json"),
    (("apply", "--expect-digest", "abc"), "--expect-digest"),
    (("apply", "--atomic", "--keep-going"), "contradict"),
    (("recover", "--forward", "--back"), "contradict each other"),
    (("recover", "--park"), "No reason"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_a_wrong_command_line(folder: Folder, arguments: tuple[str, ...], said: str) -> None:
    done = folder.run(*arguments)
    assert (done.code, done.out) == (64, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert folder.files() == {}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(folder: Folder, name: str) -> None:
    done = folder.run(name, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: reconciler {name}")
    assert done.err == ""


GROUPS = {"target": ("target", "check"), "audit": ("audit", "verify")}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("emulator", "demo")])
def test_shared_options_stand_before_and_after_every_command(folder: Folder, name: str) -> None:
    assert "Before or after every command:" in folder.run(*(GROUPS.get(name, (name,))), "--help").out


def test_the_help_lists_the_commands_of_this_version_only(folder: Folder) -> None:
    done = folder.run("--help")
    assert done.code == 0
    listed = done.out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == list(COMMANDS)


def test_an_odd_argument_cannot_disturb_the_terminal(folder: Folder) -> None:
    done = folder.run("\x1b[2J\u202eplan")
    assert done.code == 64
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err
