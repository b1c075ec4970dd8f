"""Reads one file that a person named: bounded, regular files only, UTF-8 only, every failure a problem and none a traceback.

Effects: reads disk.
"""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from reconciler.desired.findings import Findings
from reconciler.model import Source

MOST_BYTES = 4 * 1024 * 1024  # DESIGN §3.1; more than 5,000 connections

# Without O_NONBLOCK the open of a named pipe waits for a writer; without O_BINARY Windows changes line ends.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_bytes(path: Path, name: str, findings: Findings, *, instead: str = "name another one with -f") -> bytes | None:
    """The content of a file; None when it cannot be used, and then a problem says why.

    Args:
        path: where it is.
        name: how the person called it, for the problem.
        findings: takes the problem.
        instead: how a person names another file, for the hint.
    """
    place = Source(name)
    try:
        if path.is_dir():  # before the open, which Windows refuses without saying why
            findings.add("not-a-file", "This is a directory; expected a YAML file.", place, f"Look at the name, or {instead}.")
            return None
        return _read(path, place, findings)
    except FileNotFoundError:
        findings.add("no-file", "This file does not exist.", place, f"Create it, or {instead}.")
    except PermissionError:
        findings.add("unreadable-file", "This file cannot be read: permission denied.", place, f"Let this user read it, or {instead}.")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the name is not one that a file can have"
        findings.add("unreadable-file", f"This file cannot be read: {reason}.", place, f"Look at the name, or {instead}.")
    return None


def decode(content: bytes, name: str, findings: Findings) -> str | None:
    """The text of a file without a byte order mark; None when it is not UTF-8, and then a problem says so."""
    place = Source(name)
    if content.startswith(_WIDE) or _looks_wide(content[:2]):
        findings.add("not-utf-8", "This file is UTF-16 or UTF-32; expected UTF-8.", place, "Save it as UTF-8.")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        place = Source(name, line, column)
        findings.add("not-utf-8", "A byte here is not UTF-8; expected a text file in UTF-8.", place, "Save it as UTF-8.")
        return None


def _looks_wide(start: bytes) -> bool:
    """Whether a file begins as UTF-16 without a mark does: a printable ASCII character beside a zero byte."""
    return len(start) == 2 and 0 in start and 0x20 <= max(start) < 0x7F


def _read(path: Path, place: Source, findings: Findings) -> bytes | None:
    descriptor = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            message = "This is a pipe or a device; expected a YAML file."
            findings.add("not-a-file", message, place, "Write the content to a file and name that.")
            return None
        content = bytearray()
        while len(content) <= MOST_BYTES and (block := os.read(descriptor, MOST_BYTES + 1 - len(content))):
            content += block
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:
        message = "This file is larger than 4 MiB, the most that is read."
        findings.add("file-too-large", message, place, "Split it and name each part with -f.")
        return None
    return bytes(content)
