"""Finds what must not stand in a file at all: characters that do not show, or show something else than they are.

A control character can drive a terminal, a bidirectional one can make a line read otherwise than it is parsed, a
zero-width one makes two keys look equal. They are refused in comments too, because reviewers read comments.

Effects: none.
"""

from __future__ import annotations

import re
import unicodedata

from reconciler.desired.findings import Findings
from reconciler.model import Source

# Source: Unicode 15 general categories Cc and Cf, bidirectional controls by UAX #9, line and paragraph separators (YAML 1.1
# line breaks), noncharacters; lone surrogates can only come from escapes. Tab and line feed are judged apart.
_HIDDEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f"
)
_RAW = re.compile(f"[{_HIDDEN}]|\\r(?!\\n)")
_VALUE = re.compile(f"[{_HIDDEN}\\r\\t]")
_ONE_LINE = re.compile(f"[{_HIDDEN}\\r\\t\\n]")
_COMMENT = re.compile(r"(?:^| )#")
_STAND_IN = "\ufffd"


def hidden_character(text: str, *, one_line: bool) -> str | None:
    """The name of the first character of a value that must not be there; None when all are fine.

    Args:
        text: the value after its escapes were read.
        one_line: line breaks are refused too, as in keys and in quoted texts, where they come from a Windows path in double quotes.
    """
    found = (_ONE_LINE if one_line else _VALUE).search(text)
    return None if found is None else _named(found[0])


def check_characters(text: str, file: str, findings: Findings) -> str | None:
    """Report characters that may not stand in a file, and return the text with something harmless in their place.

    None means that lines or indentation are in doubt, so that nothing more can be said about the file.
    """
    broken_lines = False
    if _RAW.search(text):
        for number, line in enumerate(text.split("\n"), start=1):
            found = _RAW.search(line.removesuffix("\r"))
            if found is None:
                continue
            broken_lines = broken_lines or "\r" in line[:-1]
            message, hint = f"{_named(found[0])} stands here; it does not show, and is not allowed even in a comment.", "Delete it."
            if found[0] == "\r":
                message, hint = "A carriage return without a line feed stands here.", "Save the file with LF or CRLF line ends."
            findings.add("control-character", message, Source(file, number, found.start() + 1), hint)
        text = _RAW.sub(_STAND_IN, text)
    if "\t" not in text:
        return None if broken_lines else text
    tabs = _tabs(text)
    for place, indents in tabs:
        message = "This line is indented with a tab; YAML indents with spaces." if indents else "A tab stands here; expected spaces."
        hint = "Write as many spaces as its neighbours have." if indents else "Write a space."
        findings.add("tab", message, Source(file, *place), hint)
    if broken_lines or any(indents for _, indents in tabs):
        return None
    return text.replace("\t", " ") if tabs else text


def _tabs(text: str) -> list[tuple[tuple[int, int], bool]]:
    """Line and column of the first tab of each line that has one outside a comment, and whether it indents the line."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        column = line.find("\t")
        if column >= 0 and not _COMMENT.search(line, 0, column):
            found.append(((number, column + 1), not line[:column].strip(" ")))
    return found


def _named(char: str) -> str:
    name = unicodedata.name(char, "")
    kind = f"The character U+{ord(char):04X}"
    return f"{kind} ({name})" if name else f"{kind} (a control character)" if unicodedata.category(char) == "Cc" else kind
