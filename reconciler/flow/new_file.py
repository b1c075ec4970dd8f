"""Writes a file that must not be there yet, readable for its owner only: what leaves the journal holds names, hosts and sealed values.

Effects: writes one file.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from reconciler.errors import InputError
from reconciler.model import Problem

__all__ = ["write_new"]


def write_new(path: Path, octets: bytes, code: str) -> None:
    """Write the bytes, durably: all of them, or no file is left.

    Args:
        code: of the problem, when the file is there already.

    Raises:
        InputError: it is there already, and was left as it is.
        OSError: it cannot be written.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise InputError([Problem(code, f"{path} is there already; it was left as it is.", None, "Name another file.")]) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        with contextlib.suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            error.filename = str(path)  # a full disk does not say of which file it is
        raise
