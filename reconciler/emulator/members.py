"""Reading request bodies as the server binds them: names in any case, unknown ones ignored, omitted ones empty.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ACTOR_TYPES_ERP = ("Unknown", "Customer", "Supplier", "Partner", "Person", "Project", "Employee", "Sale")
ACTOR_TYPES_CRM = ("Unknown", "Contact", "Person", "Project", "Sale")
"""Positions are the numbers that the database holds.

Source: SuperOffice docs, enums ErpActorType and CrmActorType.
"""


class Malformed(Exception):
    """The body is not what the operation takes: answered 400 with Message and MessageDetail."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Invalid(Exception):
    """The body is well formed but the server will not store it; how that is answered is a switch."""

    def __init__(self, message: str, kind: str = "ArgumentException") -> None:
        super().__init__(message)
        self.kind = kind


class Trouble(Exception):
    """The server could not do it: 500 with an error object, unless a switch says otherwise."""

    def __init__(self, message: str, kind: str = "SoServerException") -> None:
        super().__init__(message)
        self.kind = kind


class ErrorObject(Exception):
    """Answered with status 200 and an error object, whatever the other switches say."""


class Members:
    """One JSON object of a request.

    An omitted or null bool is false, an int 0, and a string, list or object None: the server cannot tell them apart.

    Source: SuperOffice docs, ErpSync agent carriers; the official client posts camel-case names.
    """

    def __init__(self, content: Any, place: str = "the body") -> None:
        if not isinstance(content, Mapping):
            raise Malformed(f"{place} must be a JSON object.")
        self.place = place
        self._values = {str(name).lower(): value for name, value in content.items()}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def _value(self, name: str) -> Any:
        return self._values.get(name.lower())

    def _wrong(self, name: str, wanted: str) -> Malformed:
        return Malformed(f"{self.place}: {name} must be {wanted}.")

    def integer(self, name: str) -> int:
        """A whole number that fits 32 bits; 0 when omitted."""
        value = self._value(name)
        if value is None and name not in self:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
            raise self._wrong(name, "a 32-bit integer")
        return value

    def boolean(self, name: str) -> bool:
        """A truth value; false when omitted."""
        value = self._value(name)
        if value is None and name not in self:
            return False
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def text(self, name: str) -> str | None:
        """A string; None when omitted."""
        value = self._value(name)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "a string")
        return value

    def choice(self, name: str, names: tuple[str, ...]) -> str:
        """One of an enum's names, in any case, or its number; the first name when omitted."""
        value = self._value(name)
        if value is None:
            return names[0]
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
            return names[value]
        found = {one.lower(): one for one in names}.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise self._wrong(name, f"one of {', '.join(names)}")
        return found

    def member(self, name: str) -> Members | None:
        """A nested object; None when omitted."""
        value = self._value(name)
        return None if value is None else Members(value, f"{self.place}: {name}")

    def needed(self, name: str) -> Members:
        """A nested object that must be there."""
        found = self.member(name)
        if found is None:
            raise self._wrong(name, "an object")
        return found

    def members(self, name: str) -> list[Members] | None:
        """A list of objects; None when omitted."""
        values = self._list(name)
        return None if values is None else [Members(value, f"{self.place}: {name}[{at}]") for at, value in enumerate(values)]

    def integers(self, name: str) -> list[int] | None:
        """A list of whole numbers; None when omitted."""
        values = self._list(name)
        if values is not None and any(isinstance(value, bool) or not isinstance(value, int) for value in values):
            raise self._wrong(name, "a list of integers")
        return values

    def texts(self, name: str) -> list[str] | None:
        """A list of strings; None when omitted."""
        values = self._list(name)
        if values is not None and any(not isinstance(value, str) for value in values):
            raise self._wrong(name, "a list of strings")
        return values

    def dictionary(self, name: str) -> dict[str, str] | None:
        """A string to string object, its keys as they were written; None when omitted."""
        value = self._value(name)
        if value is None:
            return None
        if not isinstance(value, Mapping) or any(not isinstance(text, str | None) for text in value.values()):
            raise self._wrong(name, "an object of strings")
        return {str(key): text or "" for key, text in value.items()}

    def _list(self, name: str) -> list[Any] | None:
        value = self._value(name)
        if value is not None and not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value
