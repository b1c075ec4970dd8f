"""Set up `.venv` for the Makefile: `python .ci/environment.py run|dev`.

In -> Out: pyproject.toml and the level (`run`: what the program needs; `dev`: also what the checks need) -> `.venv`, ready.
Effects: creates or updates `.venv`, calls pip; nothing else in the checkout, nothing in the home directory but pip's own cache.
Neighbours: called by the Makefile with the Python that `.ci/python` found; standard library only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LEVELS = {"run": ("run",), "dev": ("dev", "run")}  # what each level also provides
OURS = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")


def main(level: str) -> None:
    """Make `.venv` ready for a level; at once when it is."""
    with only_one():
        if is_ready(level):
            return
        started = time.monotonic()
        print(f"Setting up .venv ({level}) …", file=sys.stderr, flush=True)
        if not is_working():
            create()
        install(level)
        for provided in LEVELS[level]:
            stamp(provided).write_text(digest(), encoding="ascii")
        print(f"Set up .venv ({level}) in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other make sets up this checkout; the lock ends with the process that holds it."""
    with (ROOT / ".venv.lock").open("a+b") as lock:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)  # gives up after ten seconds
                    break
                except OSError:
                    continue
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest() -> str:
    """Return what the installation depends on, as one digest: the project file and this script."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + Path(__file__).read_bytes()).hexdigest()


def stamp(level: str) -> Path:
    """Return the file that says for which digest a level was installed."""
    return VENV / f"ready-{level}"


def is_ready(level: str) -> bool:
    """Tell whether the level was installed from this very state, by the Python that was asked for."""
    try:
        return stamp(level).read_text(encoding="ascii") == digest() and is_working()
    except OSError:
        return False


def is_working() -> bool:
    """Tell whether `.venv` was made here and its Python runs, of the version that `PYTHON=` asks for (any, when it asks for none)."""
    ask = "import sys, pip; print(*sys.version_info[:2])"
    try:
        made_here = str(VENV) in (VENV / "pyvenv.cfg").read_text(encoding="utf-8")  # its scripts name their Python by its full path
        answer = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, env=environment(), check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    version = tuple(int(part) for part in answer.split())
    wanted = sys.version_info[:2] if os.environ.get("PYTHON") else version
    return made_here and version == wanted and version >= (3, 11)


def create() -> None:
    """Make an empty `.venv`, in place of one that does not work."""
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", "--clear", str(VENV))


def install(level: str) -> None:
    """Install the checkout in editable form, and what it needs; compile all of it, since bytecode halves the start of a command."""
    what = "." if level == "run" else f".[{level}]"
    run(str(PYTHON), "-m", "pip", "install", "--quiet", "--compile", "--no-input", "--disable-pip-version-check", "--editable", what)
    subprocess.run(
        [PYTHON, "-m", "compileall", "-qq", "reconciler"], cwd=ROOT, env=environment(), check=False
    )  # a mistake there is ruff's to tell


def run(*command: str) -> None:
    """Run a command in the checkout, silently unless it fails; then show all that it printed, and stop."""
    nothing, one, both = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
    result = subprocess.run(command, cwd=ROOT, env=environment(), check=False, stdin=nothing, stdout=one, stderr=both)
    if result.returncode:
        sys.stderr.buffer.write(result.stdout)
        sys.exit(f"make: `{' '.join(command)}` failed with exit code {result.returncode}; .venv is not ready")


def environment() -> dict[str, str]:
    """Return the environment without what would lead an installation elsewhere or keep it from writing bytecode."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | {"PIP_USER": "0"}


if __name__ == "__main__":
    if sys.argv[1:] not in [[level] for level in LEVELS]:
        sys.exit(f"usage: environment.py {'|'.join(LEVELS)}")
    main(sys.argv[1])
