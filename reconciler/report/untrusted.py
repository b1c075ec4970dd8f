r"""The one output boundary for text that came from elsewhere: the tenant, a file, a server's error, a command line.

In -> Out: any text -> text that cannot move a cursor, hide, reorder, or speak to a build server.
Neighbours: `page` passes every span and every line through here when it paints; `values` shortens and compares.

What cannot be seen as itself becomes a visible escape (`\n`, `\x1b`, `\u202e`): control characters, bidirectional marks,
zero-width and other ignorable characters, line separators, odd spaces, lone surrogates, unassigned and private code points.

Effects: none.
"""

from __future__ import annotations

import re

__all__ = ["disarmed", "escaped", "shortened", "visible"]

# Printable by Python's tables, yet drawn as nothing: Default_Ignorable_Code_Point outside the categories C and Z.
# Source: Unicode 16 DerivedCoreProperties.txt, Default_Ignorable_Code_Point; U+2800 is a blank by its glyph.
_BLANK = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

# Azure DevOps and GitHub take commands from standard output: `##vso[...]`, `##[...]` anywhere in a line. Commands with `::` count
# at the start of a line. Source: actions/runner ActionCommand.TryParse; learn.microsoft.com, logging commands of Azure Pipelines.
_ORDER = re.compile(r"#(?=#\w*\[)|^(\s*):(?=:)")

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Return the text with everything that a person could not see as itself replaced by a visible escape."""
    if text.isprintable() and (text.isascii() or not _BLANK.search(text)):
        return text
    return "".join(char if char.isprintable() and not _BLANK.match(char) else _escape(char) for char in text)


def disarmed(line: str) -> str:
    """Return a finished line that no build server takes for a command of ours."""
    if "##" not in line and "::" not in line:
        return line
    return _ORDER.sub(lambda found: "\\x23" if found[0] == "#" else f"{found[1]}\\x3a", line)


def escaped(text: str) -> str:
    """Return the text with everything outside ASCII escaped too, for two texts that look alike and are not."""
    return "".join(char if char.isascii() else _escape(char) for char in visible(text))


def shortened(text: str, limit: int) -> str:
    """Return a visible text of about `limit` characters at most; a longer one loses its middle and tells its length."""
    if len(text) <= limit:
        return visible(text)
    tail = limit // 3
    head = limit - tail
    return f"{visible(text[:head])} ... {visible(text[len(text) - tail :])} ({len(text):,} characters)"


def _escape(char: str) -> str:
    """One character as an escape that Python, JSON and people read alike."""
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
