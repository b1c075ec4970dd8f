"""What a body holds, for a line of `--debug`: its structure, with nothing in it that could be a secret.

Numbers, flags and short texts stand as they are, so that a line tells which row was meant and what became of it. What may be
secret is known by its place, not by its looks: every value of a connection's configuration, and every text of a login.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["outline"]

HIDDEN: Final = "<hidden>"
_LIMIT: Final = 240  # characters of one outline
_TEXT: Final = 40  # characters of one text
_MEMBERS: Final = 12  # of one object
_DEPTH: Final = 4
_CONFIG: Final = frozenset({"configfields", "configfieldvalues"})
_VALUES_OF_FIELDS: Final = frozenset({"defaultvalue", "fieldvalue", "value"})
_OF_LOGINS: Final = ("token", "secret", "password", "ticket", "credential", "assertion", "signature", "authorization")


@dataclass(frozen=True, slots=True)
class _Outline:
    show: Callable[[str], str]
    hides_texts: bool

    def of(self, value: Any, depth: int) -> str:
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        if isinstance(value, int | float):
            return str(value)
        if isinstance(value, str):
            return HIDDEN if self.hides_texts else f'"{self.short(value)}"'
        if isinstance(value, Mapping):
            return self.of_object(value, depth) if depth < _DEPTH else "{…}"
        if isinstance(value, list | tuple) and value:
            first = self.of(value[0], depth + 1) if depth < _DEPTH else "…"
            return f"[{first}]" if len(value) == 1 else f"[{first}, … {len(value)} in all]"
        return "[]" if isinstance(value, list | tuple) else HIDDEN

    def of_object(self, value: Mapping[Any, Any], depth: int) -> str:
        shown = []
        is_password = str(value.get("FieldType", "")).lower() == "password"
        for name, member in list(value.items())[:_MEMBERS]:
            low = str(name).lower()
            if low in _CONFIG and isinstance(member, Mapping):
                told = "{" + ", ".join(f"{self.short(str(key))}: {HIDDEN}" for key in list(member)[:_MEMBERS]) + "}"
            elif any(word in low for word in _OF_LOGINS) or (is_password and low in _VALUES_OF_FIELDS):
                told = HIDDEN
            else:
                told = self.of(member, depth + 1)
            shown.append(f"{self.short(str(name))}: {told}")
        rest = len(value) - _MEMBERS
        return "{" + ", ".join(shown) + (f", … {rest} more" if rest > 0 else "") + "}"

    def short(self, text: str) -> str:
        shown = self.show(text)  # before it is cut: a part of a secret is a secret
        return shown if len(shown) <= _TEXT else f"{shown[:_TEXT]}…"


def outline(value: Any, *, show: Callable[[str], str], hides_texts: bool = False) -> str:
    """One line for a decoded body.

    Args:
        show: makes somebody else's text fit to be shown.
        hides_texts: no text is shown at all, as in everything that belongs to a login.
    """
    text = _Outline(show, hides_texts).of(value, 0)
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"
