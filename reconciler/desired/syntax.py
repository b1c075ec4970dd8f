"""Says in our own words what the YAML parser stumbled over: its own texts are terse and may quote the file.

The two parsers of PyYAML (libyaml and pure Python) word and place some failures differently; here they become the same.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.desired.findings import Findings
from reconciler.model import Source


@dataclass(frozen=True, slots=True)
class Failure:
    """What a parser said, with places counted from 0; `context` is where the thing began that it could not finish."""

    problem: str
    context: str
    line: int
    column: int
    context_line: int | None = None
    context_column: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """One kind of failure: what identifies it in the parser's words, and what we say."""

    words: str
    code: str
    message: str
    hint: str
    at_context: bool = False


_QUOTE_IT = "Put the text in quotes."
# The first row whose words occur in the parser's problem or context counts, so the special ones come first.
_ROWS = (
    _Row("document start", "several-documents", "Something follows the end of the document; expected one document.", "Remove the `...`."),
    _Row(
        "unicode character escape",
        "control-character",
        "This text holds an escape for a character that does not exist.",
        "Delete the escape; a backslash that is meant stands in single quotes.",
    ),
    _Row(
        "unknown escape",
        "syntax",
        "A backslash in double quotes begins an escape, and this one does not exist.",
        "Use single quotes, or write the backslash twice.",
    ),
    _Row("hex", "syntax", "This escape is not complete; expected hexadecimal digits.", "Use single quotes, or write the backslash twice."),
    _Row("quoted scalar", "syntax", "The quote that opens here is not closed.", "Close it, and double a quote inside.", at_context=True),
    _Row("anchor", "anchor", "A text without quotes cannot begin with `&`; anchors are not used here.", _QUOTE_IT),
    _Row("alias", "alias", "A text without quotes cannot begin with `*`; aliases are not used here.", _QUOTE_IT),
    _Row("tag", "tag", "A text without quotes cannot begin with `!`; tags are not used here.", _QUOTE_IT),
    _Row("block scalar", "syntax", "Expected the end of the line after `|` or `>`.", "Begin the text on the next line."),
    _Row("cannot start any token", "syntax", "A text without quotes cannot begin with this character.", _QUOTE_IT),
    _Row(
        "mapping values are not allowed",
        "syntax",
        "A `:` stands where no key can be.",
        "Put a text that holds `: ` in quotes; if this is a key, indent it as its neighbours.",
    ),
    _Row(
        "expected ':'",
        "syntax",
        "This line is neither a key with a value nor an item of a list.",
        "Write `key: value`, with a space after the colon.",
        at_context=True,
    ),
    _Row(
        "sequence entries are not allowed",
        "syntax",
        "An item of a list cannot begin here.",
        "Begin it on a line of its own, or write [a, b].",
    ),
    _Row("mapping keys are not allowed", "syntax", "A `?` stands where no key can be.", _QUOTE_IT),
    _Row("flow sequence", "syntax", "Expected `,` or `]`: the list that opens at {place} is not closed.", "Write [a, b]."),
    _Row("flow mapping", "syntax", "Expected `,` or `}}`: the mapping that opens at {place} is not closed.", "Write {{a: 1, b: 2}}."),
    _Row(
        "block mapping",
        "syntax",
        "Expected a key of the mapping that begins at {place}, exactly below it.",
        "Indent the line as its neighbours; put a text in quotes as a whole or not at all.",
    ),
    _Row(
        "block collection", "syntax", "Expected an item of the list that begins at {place}, exactly below it.", "Begin the line with `- `."
    ),
)
_OTHER = _Row("", "syntax", "This is not YAML: a value is expected here.", "Look for a bracket, comma or quote that is missing.")


def report(failure: Failure, lines: list[str], file: str, findings: Findings) -> None:
    """Turn a parser's failure into a problem.

    Args:
        failure: what the parser said.
        lines: the text, to look at the place itself.
        file: how the person called it.
        findings: takes the problem.
    """
    said = f"{failure.problem}\n{failure.context}".lower().replace("block sequence", "sequence")
    row = next((row for row in _ROWS if row.words in said), _OTHER)
    line, column = failure.line, failure.column
    place = f"line {line + 1}, column {column + 1}"
    if failure.context_line is not None:
        place = f"line {failure.context_line + 1}, column {failure.context_column + 1}"
        if row.at_context:
            line, column = failure.context_line, failure.context_column
    if row.words == "unknown escape" and lines[line][column - 1 : column] == "\\":
        column -= 1  # the pure parser points behind the backslash
    if row.words == "block mapping" and lines[line][:column].strip(" -"):
        row = _Row("", "syntax", "Expected the end of the line here.", "Put the text in quotes as a whole, or not at all.")
    message, hint = row.message.format(place=place), row.hint.format()
    findings.add(row.code, message, Source(file, line + 1, column + 1), hint)
