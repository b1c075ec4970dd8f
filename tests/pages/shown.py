"""What a page shows against what came out: equal but for what differs from run to run, and put right where it is not."""

from __future__ import annotations

import re

LEFT_OUT = "…"

RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b")
# What no two runs have in common: (what it looks like, what is compared in its place).
_VOLATILE = (
    (RUN, "<run>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"), "<guid>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"), "<digest>"),
    (re.compile(r"(?:\bunder )?\b(\d+\.)?\d+ (?:m?s|min)\b"), "<duration>"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "<port>"),
    (re.compile(r"(?<=localhost:)\d+"), "<port>"),
    (re.compile(r"(?<=\S)  +"), "  "),
)


def comparable(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, put in _VOLATILE:
        line = pattern.sub(put, line)
    return line.rstrip()


def agrees(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed; between two `…` lines everything has to stand there in one piece, in order."""
    return _find([_lines(part) for part in _parts(shown)], _lines(printed), open_ends=_open_ends(shown))


def put_right(shown: str, printed: str) -> str | None:
    """The text that a page should show; None where lines are left out and those that stay cannot be told."""
    if agrees(shown, printed):
        return shown
    parts = _parts(shown)
    if len(parts) == 1:
        return printed.rstrip("\n") + "\n"
    raw, lines, at, renewed = printed.rstrip("\n").split("\n"), _lines(printed), 0, []
    for part in parts:
        wanted = _lines(part)
        if not wanted:
            renewed.append("")
            continue
        try:
            first = lines.index(wanted[0], at)
            last = lines.index(wanted[-1], first)
        except ValueError:
            return None
        renewed.append("\n".join(raw[first : last + 1]) + "\n")
        at = last + 1
    return f"{LEFT_OUT}\n".join(renewed)


def _parts(shown: str) -> list[str]:
    return re.split(rf"^{LEFT_OUT}\n", shown if shown.endswith("\n") else shown + "\n", flags=re.MULTILINE)


def _lines(text: str) -> list[str]:
    return [comparable(line) for line in text.rstrip("\n").split("\n")] if text.strip("\n") else []


def _open_ends(shown: str) -> tuple[bool, bool]:
    parts = _parts(shown)
    return (len(parts) > 1 and not parts[0].strip(), len(parts) > 1 and not parts[-1].strip())


def _find(parts: list[list[str]], lines: list[str], *, open_ends: tuple[bool, bool]) -> bool:
    at = 0
    filled = [part for part in parts if part]
    if not filled:
        return not lines or len(parts) > 1
    for number, part in enumerate(filled):
        starts = range(at, len(lines) - len(part) + 1)
        if number == 0 and not open_ends[0]:
            starts = range(1)
        if number == len(filled) - 1 and not open_ends[1]:
            starts = (
                range(max(at, len(lines) - len(part)), len(lines) - len(part) + 1)
                if number or open_ends[0]
                else range(1 if len(part) == len(lines) else 0)
            )
        found = next((start for start in starts if lines[start : start + len(part)] == part), None)
        if found is None:
            return False
        at = found + len(part)
    return True
