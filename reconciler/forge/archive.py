"""One file out of a zip archive that somebody else made: bounded, and only from memory.

In -> Out: the bytes of an archive and a name -> the bytes of that file; empty where there is none.
Effects: none.
"""

from __future__ import annotations

import io
import zipfile
from typing import Final

__all__ = ["member_of"]

_LARGEST: Final = 64 * 1024 * 1024  # as the largest plan


def member_of(archive: bytes, name: str) -> bytes:
    """The file of that name at the top of the archive; empty where there is none, or it is larger than any plan."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(name) as file:
            found = file.read(_LARGEST + 1)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return b""
    return found if len(found) <= _LARGEST else b""
