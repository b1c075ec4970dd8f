"""Expressions in the Common Expression Language: checked against the declared names and types, then evaluated within bounds.

In -> Out: an expression -> a `Check`; with the values of the names -> true, false, or why not.
Effects: none. The engine is loaded when the first expression is compiled.
Neighbours: the only home of the library cel-expr-python.

The engine bounds itself: 32 levels of nesting, 10,000 steps of all macros of an evaluation, regular expressions in linear time.
Source: measured with cel-expr-python 0.1.3 (tests/policy/test_cel.py holds each).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.errors import InputError
from reconciler.model import Problem, Source

_PLACE: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_ASIDE: Final = re.compile(r" \(in container ''\)|\[[A-Z_]+\]$|^[A-Z_]+: ")
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an expression; line and column count from 1 within it, 0 stands for the whole."""

    line: int
    column: int
    text: str


class Engine:
    """Compiles and evaluates expressions over names of given types.

    Args:
        names: each name (`who.actor`) with its type: `bool`, `int`, `string`, `timestamp`, or `rows` for a list of mappings.
        place: where to say that the library is missing.

    Raises:
        InputError: the library is not installed.
    """

    def __init__(self, names: Mapping[str, str], place: Source) -> None:
        try:
            from cel_expr_python import cel
        except ImportError:
            message = "This policy cannot be read: the extra `policy` of reconciler is not installed."
            hint = "Install it: pip install 'reconciler[policy]'."
            raise InputError([Problem("extra-missing", message, place, hint)]) from None
        types = cel.Type
        rows = types.List(types.Map(types.STRING, types.DYN))
        known = {"bool": types.BOOL, "int": types.INT, "string": types.STRING, "timestamp": types.TIMESTAMP, "rows": rows}
        known["strings"] = types.List(types.STRING)
        self._types: Any = types
        self._environment: Any = cel.NewEnv(variables={name: known[kind] for name, kind in names.items()})

    def check(self, expression: str) -> Fault | None:
        """What is wrong with an expression; None for one that says yes or no."""
        try:
            compiled = self._environment.compile(expression)
        except (RuntimeError, ValueError, UnicodeError) as error:
            found = _PLACE.search(str(error))
            if found is None:
                return Fault(0, 0, _short(str(error)))
            return Fault(max(int(found[1]), 0), max(int(found[2]), 0), _short(found[3]))
        if compiled.return_type() not in (self._types.BOOL, self._types.DYN):
            return Fault(0, 0, f"it gives {compiled.return_type().name().lower()}, and a rule says yes or no")
        return None

    def evaluate(self, expression: str, values: Mapping[str, Any]) -> bool | str:
        """What an expression says of the values, or why it says nothing."""
        try:
            result = self._environment.compile(expression).eval(self._environment.Activation(_encodable(values)))
            answer = result.plain_value()
            kind = result.type()
        except (RuntimeError, ValueError, TypeError, UnicodeError, OverflowError, MemoryError) as error:
            return _short(str(error) or type(error).__name__)
        if isinstance(answer, bool) and kind == self._types.BOOL:
            return answer
        return _short(str(answer)) if kind == self._types.ERROR else f"it gave {kind.name().lower()}, and a rule says yes or no"


def _short(text: str) -> str:
    """The engine's words on one line, without what only its own authors need."""
    line = " ".join(_ASIDE.sub("", text).split())
    return line[:_LONGEST].rstrip(". ")


def _encodable(value: Any) -> Any:
    """Texts as UTF-8 can hold them: half of a surrogate pair, which a tenant may store, is replaced."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, (list, tuple)) else value
