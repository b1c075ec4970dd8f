"""Nothing leaves this package that holds a secret: text from outside is cleaned, cut and freed of every secret we sent.

A secret is found in clear and in the forms in which a server may echo it: JSON, URL, HTML and base64 encoded, and in
part, because database errors quote the beginning of a value that was too long. Where a secret begins with a name that is
none, the name by itself stays: it is in everybody's texts.

Source: Microsoft SQL Server docs, error 2628 ("String or binary data would be truncated ... Truncated value").

Effects: none outside itself; remembers the secrets it was told.
"""

from __future__ import annotations

import base64
import html
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, quote_plus

from reconciler.model import Secret

__all__ = ["Named", "Redactor", "clean"]

MARK: Final = "<secret>"
LIMIT: Final = 300  # characters of somebody else's text in one message of ours
_WORKED_ON: Final = 4000  # longer texts are cut before they are searched; what is shown is far shorter
_PART: Final = 8  # this many characters of a secret in a row count as the secret
_BLOCK: Final = 4  # a run of `_PART` characters holds a whole block, wherever it begins
_SHORT: Final = 4  # a secret shorter than this cannot be replaced without showing it by its absence


class Named(str):
    """A secret that begins with a name which is none, as tokens of an app begin with the app's name.

    Args:
        value: the secret as a whole.
        name: what it begins with and what may be shown by itself.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, value: str, name: str) -> Self:
        """The text, with what is known of it."""
        made = super().__new__(cls, value)
        made.name = name if value.startswith(name) and len(value) - len(name) >= _PART else ""
        return made


class Redactor:
    """Remembers secrets and takes them out of texts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}
        self._lock = threading.Lock()

    def learn(self, secrets: Iterable[Secret | str]) -> None:
        """Remember values that must never be shown."""
        for secret in secrets:
            value = secret if isinstance(secret, str) else secret.reveal()
            name = secret.name if isinstance(secret, Named) else ""
            if value and (value, name) not in self._known:
                known = _Known.of(_forms(value), _shown_forms(name))
                with self._lock:
                    self._known[value, name] = known

    def show(self, text: str) -> str:
        """The text in one line, without control characters, without secrets, and not longer than a message should be."""
        text = text[:_WORKED_ON]
        for _ in range(2):  # before and after cleaning, which may join what a control character had parted
            echoed = self._echoed(text)
            for form, _ in echoed:  # whole ones first: taking out a part of one secret could leave the rest of another
                text = text.replace(form, MARK) if len(form) >= _SHORT else text
            for form, open_parts in echoed:
                if len(form) < _SHORT and form in text:
                    return "(text withheld: it may hold a secret)"
                text = _without(text, form, open_parts)
            text = clean(text)
        return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"

    def _echoed(self, text: str) -> list[tuple[str, frozenset[str]]]:
        """The forms of which the text may hold at least a part, the longest first, each with its parts that are no secret.

        Costs little where there are none.
        """
        blocks = {text[at : at + _BLOCK] for at in range(len(text) - _BLOCK + 1)}
        with self._lock:
            known = list(self._known.values())
        found = [(form, one.open_parts) for one in known if one.may_occur(text, blocks) for form in one.forms]
        return sorted(found, key=lambda one: len(one[0]), reverse=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """A secret's forms, and a quick way to rule them out.

    Attributes:
        short: forms that are looked for only as a whole.
        blocks: of the others every block in line; whoever quotes `_PART` characters in a row quotes one of these blocks whole.
        open_parts: parts that lie within the name it begins with.
    """

    forms: tuple[str, ...]
    short: tuple[str, ...]
    blocks: frozenset[str]
    open_parts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, forms: tuple[str, ...], names: tuple[str, ...]) -> _Known:
        long = [form for form in forms if len(form) >= _PART]
        blocks = (form[at : at + _BLOCK] for form in long for at in range(0, len(form) - _BLOCK + 1, _BLOCK))
        open_parts = frozenset(part for name in names for part in _parts(name))
        return cls(forms, tuple(form for form in forms if len(form) < _PART), frozenset(blocks), open_parts)

    def may_occur(self, text: str, blocks: set[str]) -> bool:
        return not self.blocks.isdisjoint(blocks) or any(form in text for form in self.short)


def clean(text: str) -> str:
    """The text in one line: control, format and line characters become blanks, and blanks are joined."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _shown_forms(value: str) -> tuple[str, ...]:
    """Every form in which a value may be echoed and a person may still read it."""
    forms = {value, clean(value), html.escape(value), html.escape(value, quote=False)}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {quote(value, safe="", errors="replace"), quote(value, errors="replace"), quote_plus(value, errors="replace")}
    forms |= {_lower_escapes(form) for form in tuple(forms) if "%" in form}
    return tuple(forms)


def _forms(value: str) -> tuple[str, ...]:
    """Every form in which a value may be echoed."""
    forms = set(_shown_forms(value))
    if len(value) >= _SHORT:
        for encoding in ("utf-8", "utf-16-le"):
            octets = value.encode(encoding, "replace")
            forms |= {octets.hex(), octets.hex().upper()}
            for shift in range(3):  # base64 looks different at each offset in what was encoded around it
                inside = base64.b64encode(b"\0" * shift + octets)[shift and 4 : (len(octets) + shift) // 3 * 4].decode()
                forms |= {inside, inside.replace("+", "-").replace("/", "_")}
    return tuple(form for form in forms if form and (form == value or len(form) >= _SHORT))


def _lower_escapes(text: str) -> str:
    """Percent escapes in small letters, as .NET writes them."""
    first, *rest = text.split("%")
    return "%".join([first, *(one[:2].lower() + one[2:] for one in rest)])


def _parts(text: str) -> set[str]:
    return {text[at : at + _PART] for at in range(len(text) - _PART + 1)}


def _without(text: str, form: str, open_parts: frozenset[str]) -> str:
    """The text without a form, nor long parts of it but the open ones."""
    text = text.replace(form, MARK)
    parts = _parts(text) - open_parts
    at = 0
    while at + _PART <= len(form):
        part = form[at : at + _PART]
        found = text.find(part) if part in parts else -1
        if found < 0:
            at += 1
            continue
        end = at + _PART
        while end < len(form) and text.startswith(form[at : end + 1], found):
            end += 1
        text = text[:found] + MARK + text[found + end - at :]
    return text
