"""How a plain scalar reads: the few forms that we accept for what is not text, and whether other readers take it for text.

Effects: none.
"""

from __future__ import annotations

import re

from reconciler.model import FieldType
from reconciler.wire.values import ValueProblem, from_plain

_NULL = frozenset({"~", "null", "Null", "NULL"})
_YES = frozenset({"true", "yes", "y", "on", "1"})
_NO = frozenset({"false", "no", "n", "off", "0"})
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")  # 18 digits: no reader loses precision, and nobody can make us count for long
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")


def is_text_everywhere(text: str) -> bool:
    """Whether every YAML reader takes a plain scalar for this very text; `1.10`, `0010`, `on`, `~` and `2026-01-31` are not."""
    try:
        from_plain(text, quoted=False, field_type=FieldType.TEXT)
    except ValueProblem:
        return False
    return True


def is_null(text: str) -> bool:
    """Whether a plain scalar says that there is no value. An empty one does not count: it is more often a slip."""
    return text in _NULL


def is_no_value(text: str) -> bool:
    """Whether a plain scalar holds nothing that could be meant: it is empty, or says that there is no value."""
    return text == "" or is_null(text)


def as_bool(text: str) -> bool | None:
    """`true` and `false`, nothing else; None for the rest."""
    return {"true": True, "false": False}.get(text)


def meant_bool(text: str) -> bool | None:
    """What a person who wrote `no`, `Off` or `1` probably meant, for a hint."""
    lower = text.lower()
    return True if lower in _YES else False if lower in _NO else None


def as_integer(text: str) -> int | None:
    """A decimal integer without leading zeros or separators; None for the rest."""
    return int(text) if _INTEGER.fullmatch(text) else None


def as_number(text: str) -> int | float | None:
    """A decimal number; None for the rest."""
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)
