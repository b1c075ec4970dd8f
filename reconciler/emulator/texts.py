"""The emulator's own reading of multi-language strings and language headers.

It shares no code with the client's codecs, so that a misreading on one side shows up against the other.

Effects: none.
"""

from __future__ import annotations

import re
from typing import Any

LEGACY_CODES = {
    "nb": "NO", "nn": "NO", "no": "NO", "es": "SP", "sp": "SP", "en": "US", "us": "US", "cs": "CZ", "cz": "CZ", "sv": "SW", "sw": "SW",
    "zh": "CN", "cn": "CN", "da": "DA", "ja": "JP", "jp": "JP", "de": "GE", "ge": "GE", "fi": "FI", "nl": "NL", "ru": "RU", "fr": "FR",
    "pl": "PL", "it": "IT",
}  # fmt: skip
"""Language codes as a header may carry them, and the code used inside stored texts.

Source: SuperOffice docs, Globalization and localization, legacy language codes.
"""

MULTI_LANGUAGE_MEMBERS = frozenset({
    "DisplayName", "DisplayDescription", "ErpDisplayName", "ErpDisplayTooltip", "CrmDisplayName", "CrmDisplayTooltip", "UserExplanation",
    "ConnectionName", "ErpConnectionName", "ErpListItemName", "Name", "ToolTip", "FullName", "Defaults", "Mappings", "StatusMessage",
    "name", "description", "usergroup.name", "RoleName", "RoleDescription",
})  # fmt: skip
"""Members whose strings the server translates when a language is asked for. A connector's own name is not among
the declared ones, so operations on connectors switch translation off.

Source: SuperOffice docs, ErpSync agent carriers; HTTP headers.
"""

_ENTRY = r'[A-Z]{2}:"[^"]*"'
_BLOCK = re.compile(rf"(?<![A-Za-z]){_ENTRY}(?:;{_ENTRY})*;?")
_PAIR = re.compile(r'([A-Z]{2}):"([^"]*)"')


def wanted_language(so_language: str | None, accept_language: str | None) -> str | None:
    """The legacy code that the headers ask for, or None for raw texts.

    `SO-Language` wins over `Accept-Language`; `*` and `x` switch translation off.

    Source: SuperOffice docs, HTTP headers.
    """
    for header in (so_language, accept_language):
        if header is None or not header.strip():
            continue
        first = header.split(",")[0].split(";")[0].strip().lower()
        if first in ("*", "x"):
            return None
        return LEGACY_CODES.get(first.split("-")[0], first.split("-")[0].upper())
    return None


def in_language(text: str, language: str) -> str:
    """Reduce every multi-language block in a text to one language.

    Where the language is absent, English is taken, else the first text of the block: the vendor does not say what happens then.
    A text without a well-formed block comes back unchanged.
    """
    if ':"' not in text:
        return text

    def reduce(block: re.Match[str]) -> str:
        texts = dict(_PAIR.findall(block.group()))
        return str(texts.get(language) or texts.get("US") or next(iter(texts.values())))

    return _BLOCK.sub(reduce, text)


def translated(content: Any, language: str) -> Any:
    """A copy of an answer in which every multi-language member is reduced to one language."""
    if isinstance(content, list):
        return [translated(item, language) for item in content]
    if isinstance(content, dict):
        return {
            name: in_language(value, language) if name in MULTI_LANGUAGE_MEMBERS and isinstance(value, str) else translated(value, language)
            for name, value in content.items()
        }
    return content
