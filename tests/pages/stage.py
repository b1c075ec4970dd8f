"""Executes a page: its commands in one folder, one after the other, and compares what it shows."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.pages.pages import COMMANDS, ROOT, Block
from tests.pages.shown import RUN, agrees, put_right
from tests.pages.warm import script

TIMEOUT_S = 120
# Runs some lines as the next ones of a session: with its variables and its folder, which it hands on.
_SESSION = """\
[ -f "$STAGE/variables" ] && . "$STAGE/variables"
[ -f "$STAGE/folder" ] && cd "$(cat "$STAGE/folder")"
trap 'code=$?; export -p > "$STAGE/variables"; pwd > "$STAGE/folder"; exit $code' EXIT
set -e
"""


@contextmanager
def warm_command(folder: Path) -> Iterator[Path]:
    """A folder for the path with the command `reconciler` in it, which starts fast."""
    address = folder / "warm"
    place = folder / "bin"
    place.mkdir()
    command = [sys.executable, str(Path(__file__).with_name("warm.py")), str(address)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=plain_environment()) as warm:
        try:
            assert warm.stdout is not None
            assert warm.stdout.readline() == "warm\n"
            path = place / "reconciler"
            path.write_text(script(address), encoding="utf-8")
            path.chmod(0o755)
            yield place
        finally:
            os.killpg(warm.pid, signal.SIGKILL)


def plain_environment() -> dict[str, str]:
    """This process's environment without what changes a command's behaviour or names a person."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


@dataclass
class Found:
    """What differs from the page.

    Attributes:
        complaints: sentences for a person, each with its place.
        renewed: what a block should show, by block; None where a person has to decide.
    """

    complaints: list[str] = field(default_factory=list)
    renewed: dict[Block, str | None] = field(default_factory=dict)


class Stage:
    """One page's folder and session."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self._home = folder / "home"
        self._work = self._home / "work"
        self._notes = folder / "session"
        for made in (self._work, self._notes):
            made.mkdir(parents=True)
        self._commands = commands
        self._printed = ""
        self._runs: dict[str, str] = {}  # a run's name on the page -> its name here
        self._serving: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        """End what still serves."""
        for process in self._serving:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=TIMEOUT_S)

    def play(self, blocks: list[Block]) -> Found:
        """Execute a page to its end, or to the first command that ends otherwise than it says."""
        found = Found()
        before: Block | None = None
        for block in blocks:
            if block.note("skip"):
                before = None
                continue
            if block.language == "setup" or block.language in COMMANDS:
                if not self._perform(block, found):
                    return found
                before = block if block.language != "setup" else before
            elif note := block.note("write"):
                self._path(note.words).parent.mkdir(parents=True, exist_ok=True)
                self._path(note.words).write_text(block.text, encoding="utf-8")
            elif note := block.note("edit"):
                self._edit(block, self._path(note.words), found)
            elif note := block.note("shows"):
                self._compare(block, self._path(note.words).read_text(encoding="utf-8"), found)
            elif block.language == "text":
                if before is None:
                    found.complaints.append(f"{block.place}: what is shown stands behind no command")
                else:
                    self._compare(block, self._printed, found)
                before = None
        return found

    def _path(self, name: str) -> Path:
        folder = self._notes / "folder"
        here = Path(folder.read_text(encoding="utf-8").strip()) if folder.exists() else self._work
        return here / name

    def _perform(self, block: Block, found: Found) -> bool:
        instead, exits = block.note("instead"), block.note("exits")
        text = instead.lines if instead else block.text
        text = RUN.sub(lambda run: self._runs.get(run.group(), run.group()), text)
        if block.note("background"):
            self._serve(text)
            return True
        expected = int(exits.words) if exits else 0
        code, self._printed = self._type(text)
        if code != expected:
            found.complaints.append(f"{block.place}: ended with {code} instead of {expected}\n{text}\n{self._printed}")
        return code == expected

    def _environment(self, *, warm: bool) -> Mapping[str, str]:
        own = Path(sys.executable).parent
        places = [*([str(self._commands)] if warm else []), str(own), plain_environment()["PATH"]]
        git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_AUTHOR_NAME": "Kari", "GIT_AUTHOR_EMAIL": "kari@example.com",
               "GIT_COMMITTER_NAME": "Kari", "GIT_COMMITTER_EMAIL": "kari@example.com"}  # fmt: skip
        return {
            **plain_environment(), **git, "HOME": str(self._home), "STAGE": str(self._notes), "PATH": os.pathsep.join(places), "CHECKOUT": str(ROOT),
            "PYTHONUNBUFFERED": "1", "LOGNAME": "kari", "USER": "kari",
        }  # fmt: skip

    def _type(self, text: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", _SESSION + text], cwd=self._work, env=self._environment(warm=True), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        return done.returncode, self._told(done.stdout.decode("utf-8"))

    def _serve(self, text: str) -> None:
        """Start what serves, as a process that is no fork of the warm one, and wait until it has said what it says at its start."""
        log = self._notes / f"serving-{len(self._serving)}"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", _SESSION.replace("trap", "# trap") + text], cwd=self._work, env=self._environment(warm=False), stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._serving.append(process)
        deadline, size, quiet = time.monotonic() + TIMEOUT_S, 0, 0
        while quiet < 10 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
            now = log.stat().st_size
            quiet = quiet + 1 if now and now == size else 0
            size = now
        shutil.copyfile(log, self._home / "served")
        self._printed = self._told(log.read_text(encoding="utf-8"))

    def _told(self, text: str) -> str:
        """What was printed, with the folder and the machine of this test as a person would have them."""
        return text.replace(str(self._home), "/home/kari").replace(f"@{platform.node()}", "@pc")

    def _compare(self, block: Block, printed: str, found: Found) -> None:
        shown_runs, printed_runs = _runs(block.text), _runs(printed)
        if agrees(block.text, printed):
            if "…\n" not in block.text or len(shown_runs) == len(printed_runs):
                self._runs |= dict(zip(shown_runs, printed_runs, strict=False))
            else:
                self._runs |= _paired(block.text, printed)
            return
        named = {here: there for there, here in self._runs.items()}
        printed = RUN.sub(lambda run: named.get(run.group(), run.group()), printed)
        found.renewed[block] = put_right(block.text, printed)
        found.complaints.append(f"{block.place}: the page shows\n{block.text}\nbut this was printed\n{printed}")

    def _edit(self, block: Block, path: Path, found: Found) -> None:
        """Play a diff: each part between lines `@@` has to be in the file exactly once as it was, and is then as it becomes."""
        text = path.read_text(encoding="utf-8")
        for part in re.split(r"^@@.*\n", block.text, flags=re.MULTILINE):
            lines = part.splitlines()
            before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
            after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
            if text.count(before) == 1:
                text = text.replace(before, after)
            else:
                found.complaints.append(f"{block.place}: {path.name} holds this {text.count(before)} times:\n{before}\n{text}")
        path.write_text(text, encoding="utf-8")


def _runs(text: str) -> list[str]:
    return list(dict.fromkeys(RUN.findall(text)))


def _paired(shown: str, printed: str) -> dict[str, str]:
    """Runs by the lines that they stand in, where the page leaves lines out: both are read from the top."""
    from tests.pages.shown import comparable

    pairs: dict[str, str] = {}
    rest = printed.splitlines()
    for line in shown.splitlines():
        for number, there in enumerate(rest):
            if comparable(there) == comparable(line):
                pairs |= dict(zip(RUN.findall(line), RUN.findall(there), strict=True))
                rest = rest[number + 1 :]
                break
    return pairs
