"""What goes where, with and without colour, and what happens when nobody listens."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import FILE, Folder

pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")


def on_terminal(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, typed: str = "", columns: int = 100
) -> tuple[int, str]:
    """Run a command on a terminal of its own; what the screen gets, both streams together."""
    import fcntl
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", **(environ or {})}
    command = [sys.executable, "-m", "reconciler", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=follower, stdout=follower, stderr=follower, close_fds=True)
    os.close(follower)
    if typed:
        os.write(leader, typed.encode())
    shown = bytearray()
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # Linux says EIO when the last writer is gone
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    return process.wait(30), shown.decode("utf-8").replace("\r\n", "\n")


def test_a_terminal_gets_colour(applied: Folder) -> None:
    code, screen = on_terminal(applied.path, "plan")
    assert code == 0
    assert "\x1b[1mPlan for emulator\x1b[0m: \x1b[32;1mnothing to do\x1b[0m" in screen


@pytest.mark.parametrize(("environ", "option"), [({"NO_COLOR": "1"}, ()), ({"TERM": "dumb"}, ()), ({}, ("--no-color",))])
def test_colour_can_be_refused(applied: Folder, environ: Mapping[str, str], option: tuple[str, ...]) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    code, screen = on_terminal(applied.path, "plan", *option, environ=environ)
    assert code == 0
    # Only the spinner may move the cursor, and that not where the terminal is dumb.
    assert "[1m" not in screen
    assert "[32m" not in screen
    assert environ.get("TERM") != "dumb" or "\x1b" not in screen


def test_an_empty_no_color_refuses_nothing(applied: Folder) -> None:
    assert "\x1b[1mPlan" in on_terminal(applied.path, "plan", environ={"NO_COLOR": ""})[1]


def test_a_narrow_terminal_loses_no_address_and_no_digest(applied: Folder) -> None:
    applied.change("F0001.xlsm", "F0002.xlsm")
    code, screen = on_terminal(applied.path, "plan", columns=42, environ={"NO_COLOR": "1"})
    assert code == 3
    assert "--allow points-elsewhere=connection/visma-no\n" in screen
    assert any(len(line.removeprefix("Plan ")) == 64 for line in screen.splitlines() if line.startswith("Plan "))


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [("y\n", 0, "Done: every unit is as desired"), ("\n", 1, "The answer was not yes."), ("n\n", 1, "Nothing was applied")],
)
def test_the_question(applied: Folder, answer: str, code: int, said: str) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    ended, screen = on_terminal(applied.path, "apply", typed=answer, environ={"NO_COLOR": "1"})
    assert "Apply this unit to emulator? [y/N] " in screen
    assert (ended, said in screen) == (code, True)


def test_the_answer_permits_no_hazard(applied: Folder) -> None:
    applied.change("F0001.xlsm", "F0002.xlsm")
    code, screen = on_terminal(applied.path, "apply", typed="y\n", environ={"NO_COLOR": "1"})
    assert code == 3
    assert "[y/N]" not in screen


def test_a_reader_that_leaves_is_no_error(applied: Folder) -> None:
    command = [sys.executable, "-m", "reconciler", "plan", "--detailed-exitcode"]
    applied.change("IntegerField: 12", "IntegerField: 13")
    process = subprocess.Popen(command, cwd=applied.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), complaint) == (2, "")


def test_an_apply_goes_on_when_its_reader_leaves(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", "--yes"], cwd=applied.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 0
    assert applied.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error(applied: Folder) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "plan"],
            cwd=applied.path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Standard output could not be written: ")


def test_a_run_is_drawn_and_leaves_one_line_per_unit(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    code, screen = on_terminal(applied.path, "apply", "--yes", environ={"NO_COLOR": "1"})
    assert code == 0
    assert "\x1b[?25l" in screen  # the cursor was hidden for the picture
    assert "\x1b[?25h" in screen  # and came back
    assert "1/1  ok  update  connection/visma-no  as desired" in screen


def test_without_a_terminal_there_is_no_escape(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    started = time.monotonic()
    done = applied.spawn("apply", "--yes", environ={"TERM": "xterm-256color"})
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert time.monotonic() - started < 30


def test_an_encoding_without_a_letter_gets_an_escape(folder: Folder) -> None:
    folder.write(FILE.replace("Visma Norge", "Visma Ł"))
    done = folder.spawn("plan", environ={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert done.code == 0
    assert 'name.nb               "Visma \\u0141"\n' in done.out


def test_the_picture_keeps_to_the_letters_of_the_terminal(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    code, screen = on_terminal(applied.path, "apply", "--yes", environ={"NO_COLOR": "1", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert code == 0
    assert screen.isascii()
    assert "\\u" not in screen
