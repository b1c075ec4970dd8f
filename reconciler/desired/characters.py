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
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f"
)
# A zero-width joiner between two emoji makes them one, and shows; anywhere else it hides. Source: UTS #51, emoji ZWJ sequences.
_EMOJI = r"[\u2190-\u2bff\U0001f000-\U0001faff]"
_JOINER = rf"(?<!{_EMOJI})(?<!\ufe0f)\u200d|\u200d(?!{_EMOJI})"
_RAW = re.compile(f"[{_HIDDEN}]|{_JOINER}|\\r(?!\\n)")
_VALUE = re.compile(f"[{_HIDDEN}\\r\\t]|{_JOINER}")
_ONE_LINE = re.compile(f"[{_HIDDEN}\\r\\t\\n]|{_JOINER}")
_COMMENT = re.compile(r"(?:^| )#")
STAND_IN = "\ufffd"  # as long as what it replaces, so that columns stay right


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
    for (line, column), char in _hidden(text):
        broken_lines = broken_lines or char == "\r"
        message = f"The character {_named(char)} stands here; it does not show, and is not allowed even in a comment."
        hint = "Delete it."
        if char == "\r":
            message, hint = "A carriage return without a line feed stands here.", "Save the file with LF or CRLF line ends."
        findings.add("control-character", message, Source(file, line, column), hint)
    text = _RAW.sub(STAND_IN, text)
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


def _hidden(text: str) -> list[tuple[tuple[int, int], str]]:
    """Line, column and character of what may not stand in a file: the first of each line, and every bare carriage return."""
    found: list[tuple[tuple[int, int], str]] = []
    line, last_line, position = 1, 0, 0
    for match in _RAW.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        if line != last_line or (match[0] == "\r" and found[-1][1] != "\r"):
            found.append(((line, position - text.rfind("\n", 0, position)), match[0]))
        last_line = line
    return found


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
    code = f"U+{ord(char):04X}"
    return f"{code} ({name})" if name else f"{code} (a control character)" if unicodedata.category(char) == "Cc" else code
