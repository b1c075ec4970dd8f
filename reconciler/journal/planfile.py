"""plan.json on the disk: written whole or not at all, read once, so that what was checked is what is run.

Only bytes pass through here; `plan/` reads them and compares digests.

Effects: reads and writes one file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path

from reconciler.errors import InputError, StalePlan
from reconciler.model import Problem, Source

__all__ = ["MAX_PLAN_BYTES", "read_plan", "write_plan"]

MAX_PLAN_BYTES = 64 * 1024 * 1024
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer must not hang us before we see that it is one
_BINARY = getattr(os, "O_BINARY", 0)


def write_plan(path: Path, payload: bytes) -> None:
    """Put the plan at a path, replacing a plan that is there; readable for its owner only, durable when this returns.

    Raises:
        InputError: it cannot be written there; an earlier file is as it was.
    """
    try:
        _refuse_odd(path)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:
        raise _problem(path, f"The plan cannot be written: {_reason(error)}.", "Choose another place with: -o FILE") from error


def read_plan(path: Path) -> bytes:
    """The bytes of a saved plan, read once from one open file.

    Raises:
        InputError: there is no such file, it cannot be read, or it is not a file.
        StalePlan: it is a link, or larger than any plan (64 MiB).
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT | _BINARY)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(file.fileno())
            if not _NO_FOLLOW and not os.path.samestat(path.lstat(), about):
                # Windows has no such flag, but lets nobody move an open file: what the name is now, it was when it was opened.
                raise _linked(path)
            if not stat.S_ISREG(about.st_mode):
                raise _problem(path, "The plan has to be a file.", "Name the file that `plan -o` wrote.")
            payload = file.read(MAX_PLAN_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        if getattr(error, "errno", None) == errno.ELOOP or _is_link(path):
            raise _linked(path) from error
        raise _problem(path, f"The plan cannot be read: {_reason(error)}.", "Make one with: reconciler plan -o FILE") from error
    if len(payload) > MAX_PLAN_BYTES:
        raise StalePlan("Not a plan", f"{path} is larger than {MAX_PLAN_BYTES // 2**20} MiB", "Make one with: reconciler plan -o FILE")
    return payload


def _refuse_odd(path: Path) -> None:
    """Replacing a link or a device would take away something that other programs use."""
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise _problem(path, "This is a symbolic link, and what it leads to is not ours to replace.", "Name the file itself.")
        if not stat.S_ISREG(mode):
            raise _problem(path, "The plan has to be a file, and this is something else.", "Choose another place with: -o FILE")


def _sync_folder(folder: Path) -> None:
    """Make the new name durable where the system can; the content already is."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _is_link(path: Path) -> bool:
    """Whether the name is a link; of a name that no file can have it is not."""
    try:
        return path.is_symlink()
    except (OSError, ValueError):
        return False


def _linked(path: Path) -> StalePlan:
    return StalePlan(
        "The plan is a link",
        f"{path} leads to another file, and which one that is can change after a plan was approved.",
        "Name the file itself.",
    )


def _problem(path: Path, message: str, hint: str) -> InputError:
    return InputError([Problem("plan-file", message, Source(str(path)), hint)], "Plan file")
