"""Multi-language strings: `NO:"Kunde";US:"Customer"` <-> `{"nb": "Kunde", "en": "Customer"}`.

The format is strict: what does not conform in full is ordinary text, and is treated as such here. Codes inside the
string are SuperOffice's own, not ISO (`US` is English, `SW` Swedish); a code that we do not know is kept in capitals.

Source: SuperOffice docs, quote connector API, "Reason fields" (the layout, no double quotes inside a text); globalization,
table of legacy language codes (the codes); CultureDataFormatter page and HTTP headers page (both a trailing semicolon and
its absence occur in stored data).

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from reconciler.model import Text

__all__ = ["LANGUAGES", "LanguageError", "encode", "encoded_length", "iso", "merge", "parse", "shown"]

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "NO": "nb",
        "SP": "es",
        "US": "en",
        "CZ": "cs",
        "SW": "sv",
        "CN": "zh",
        "DA": "da",
        "JP": "ja",
        "GE": "de",
        "FI": "fi",
        "NL": "nl",
        "RU": "ru",
        "FR": "fr",
        "PL": "pl",
        "IT": "it",
    }
)
"""The vendor's code -> ISO 639-1. Source: SuperOffice docs, globalization, table of legacy language codes."""

_LEGACY: Final[Mapping[str, str]] = MappingProxyType({iso_code: legacy for legacy, iso_code in LANGUAGES.items()})
_ONE: Final = re.compile(r'([A-Z]{2}):"([^"]*)"')
_WHOLE: Final = re.compile(r'[A-Z]{2}:"[^"]*"(?:;[A-Z]{2}:"[^"]*")*;?')
_UNKNOWN: Final = re.compile(r"[A-Z]{2}")


class LanguageError(ValueError):
    """A language code or a text that cannot be written as a multi-language string; the message says what is expected."""


def iso(code: str) -> str:
    """The ISO code of a language as a person may write it: `nb`, `no`, `NO`, `en`, `US`.

    Capitals are the vendor's codes and small letters are ISO, because they overlap with other meanings (`SW`, `sw`).

    Raises:
        LanguageError: SuperOffice has no such language.
    """
    if code == "no":
        return "nb"
    if code in _LEGACY:
        return code
    if code in LANGUAGES:
        return LANGUAGES[code]
    raise LanguageError(f"expected a language of SuperOffice, one of {', '.join(sorted(_LEGACY))}")


def parse(raw: str) -> str | dict[str, str]:
    """Read a stored text: a mapping of language to text, or the text itself when it is not multi-language.

    A string that names a language twice does not say which text counts, so it is ordinary text too.
    """
    pairs = _pairs(raw)
    if pairs is None:
        return raw
    return {LANGUAGES.get(code, code): text for code, text in pairs}


def encode(text: Text) -> str:
    """Write a text in its stored form, the same for the same meaning: languages sorted by the vendor's code.

    A plain string is stored as it is. An empty mapping is the empty string.

    Raises:
        LanguageError: a key is no language, two keys are the same one, or a text holds a double quote.
    """
    if isinstance(text, str):
        return text
    return _join(sorted(_by_code(text).items()))


def merge(raw: str, desired: Text) -> str:
    """Set in a live stored text what is desired, and keep every other byte of it.

    A mapping sets the languages it names, in place, and adds new ones at the end; the others, their order and the
    trailing semicolon stay as they are. Ordinary live text has no languages, so a mapping that is not empty replaces it.
    A plain string replaces the whole. What already means the desired text is returned as it is.

    Raises:
        LanguageError: as `encode`.
    """
    if isinstance(desired, str):
        return raw if parse(raw) == parse(desired) else desired
    wanted = _by_code(desired)
    if not wanted:
        return raw
    pairs = _pairs(raw)
    if pairs is None:
        return _join(sorted(wanted.items()))
    live = {code for code, _ in pairs}
    merged = [(code, wanted.get(code, text)) for code, text in pairs]
    merged += sorted((code, text) for code, text in wanted.items() if code not in live)
    return _join(merged) + (";" if raw.endswith(";") else "")


def encoded_length(text: Text) -> int:
    """How long the stored form is, in UTF-16 code units, the unit in which the database counts its columns.

    Source: SuperOffice docs, database tables (String(254) columns); Microsoft SQL Server docs, nvarchar(n) counts byte pairs.
    """
    return len(encode(text).encode("utf-16-le", "surrogatepass")) // 2


@lru_cache(maxsize=4096)
def shown(raw: str, language: str) -> str:
    """The text to show a person: in `language` (ISO), else in English, else the first there is."""
    texts = parse(raw)
    if isinstance(texts, str):
        return texts
    return texts.get(language) or texts.get("en") or next((text for text in texts.values() if text), "")


def _pairs(raw: str) -> list[tuple[str, str]] | None:
    """The (vendor code, text) pairs in order; None for ordinary text."""
    if _WHOLE.fullmatch(raw) is None:
        return None
    pairs: list[tuple[str, str]] = _ONE.findall(raw)
    return pairs if len({code for code, _ in pairs}) == len(pairs) else None


def _by_code(texts: Mapping[str, str]) -> dict[str, str]:
    coded: dict[str, str] = {}
    for language, text in texts.items():
        code = language if _UNKNOWN.fullmatch(language) and language not in LANGUAGES else _LEGACY[iso(language)]
        if code in coded:
            raise LanguageError("expected each language once (nb, no and NO are the same)")
        if '"' in text:
            raise LanguageError("expected a text without double quotes: SuperOffice cannot store them inside a language")
        coded[code] = text
    return coded


def _join(pairs: list[tuple[str, str]]) -> str:
    return ";".join(f'{code}:"{text}"' for code, text in pairs)
