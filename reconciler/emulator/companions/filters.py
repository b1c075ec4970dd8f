"""Archive restrictions: the part of the filter language that configuration reads need.

Effects: none.

Source: SuperOffice docs, REST Archive, filter operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.emulator.members import Invalid

Keep = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(r"""\s*(?:(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<mark><=|>=|<>|[()=<>,])|(?P<word>[\w./:-]+))""")


def parse_filter(text: str) -> Keep:
    """A test for rows whose column names are in lower case.

    Raises:
        Invalid: the text is not a restriction that is understood here.
    """
    tokens: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at:
            raise Invalid(f"The restriction is not understood from {text[at:]!r} on.")
        tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
        at = found.end()
    reader = _Reader(tokens)
    keep = reader.either()
    if reader.tokens:
        raise Invalid(f"The restriction has something left over: {reader.tokens[0][1]!r}.")
    return keep


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def _next(self) -> tuple[str, str]:
        if not self.tokens:
            raise Invalid("The restriction ends too early.")
        return self.tokens.pop(0)

    def _is(self, word: str) -> bool:
        if self.tokens and self.tokens[0][1].lower() == word and self.tokens[0][0] != "text":
            self.tokens.pop(0)
            return True
        return False

    def either(self) -> Keep:
        parts = [self._all()]
        while self._is("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _all(self) -> Keep:
        parts = [self._one()]
        while self._is("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Keep:
        if self._is("("):
            inside = self.either()
            if not self._is(")"):
                raise Invalid("The restriction lacks a closing bracket.")
            return inside
        column = self._next()[1].lower()
        name = self._next()[1].lower()
        if name == "set":
            return lambda row: bool(_column(row, column))
        if name in ("in", "oneof"):
            wanted = self._several()
            return lambda row: any(_equal(_column(row, column), one) for one in wanted)
        if name not in _COMPARE:
            raise Invalid(f"The operator {name!r} is not understood.")
        value, compare = self._value(), _COMPARE[name]
        return lambda row: compare(_column(row, column), value)

    def _several(self) -> list[str]:
        if not self._is("("):
            raise Invalid("A list of values stands in brackets.")
        values = [self._value()]
        while self._is(","):
            values.append(self._value())
        if not self._is(")"):
            raise Invalid("The list of values lacks a closing bracket.")
        return values

    def _value(self) -> str:
        kind, text = self._next()
        return re.sub(r"\\(.)|''", lambda found: found[1] or "'", text[1:-1]) if kind == "text" else text


def _column(row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        raise Invalid(f"There is no column {column}.")
    return row[column]


def _equal(have: Any, wanted: str) -> bool:
    if isinstance(have, bool):
        return have == (wanted.lower() in ("true", "1"))
    if isinstance(have, int):
        return str(have) == wanted
    return str(have or "").lower() == wanted.lower()


def _order(have: Any, wanted: str) -> int:
    if isinstance(have, int) and wanted.lstrip("-").isdigit():
        return (have > int(wanted)) - (have < int(wanted))
    return (str(have or "") > wanted) - (str(have or "") < wanted)


_COMPARE: dict[str, Callable[[Any, str], bool]] = {
    **dict.fromkeys(("eq", "=", "equals", "is"), _equal),
    **dict.fromkeys(("ne", "<>", "unequals", "isnot"), lambda have, wanted: not _equal(have, wanted)),
    **dict.fromkeys(("lt", "<", "less"), lambda have, wanted: _order(have, wanted) < 0),
    **dict.fromkeys(("gt", ">", "greater"), lambda have, wanted: _order(have, wanted) > 0),
    **dict.fromkeys(("le", "<="), lambda have, wanted: _order(have, wanted) <= 0),
    **dict.fromkeys(("ge", ">="), lambda have, wanted: _order(have, wanted) >= 0),
    "contains": lambda have, wanted: wanted.lower() in str(have or "").lower(),
    "begins": lambda have, wanted: str(have or "").lower().startswith(wanted.lower()),
}
