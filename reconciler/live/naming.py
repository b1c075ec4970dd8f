"""Keys and variable names for what a tenant calls by display names: stable, ASCII, each once.

In -> Out: rows and what the journal knows of them -> keys; a key and a field -> a variable name.
Effects: none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from reconciler.model import Address, Binding, Connection, FieldType
from reconciler.wire import languages, values

_MOST: Final = 60  # characters of a key that is made from a name
_LETTERS: Final = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "Ł": "L"})


def bound_keys(kind: str, bindings: Mapping[str, Binding], rows: Mapping[int, str]) -> tuple[dict[int, str], set[str]]:
    """What the journal calls these rows, by id; and the keys that it keeps for others.

    Args:
        kind: `connection` or `connector`.
        bindings: the journal's, by address text.
        rows: id to GUID; the empty text for rows that have none.
    """
    known: dict[int, str] = {}
    kept: set[str] = set()
    for text, binding in sorted(bindings.items()):
        address = Address.parse(text)
        if address.kind != kind or len(address.parts) != 2:
            continue
        guid = rows.get(binding.id)
        if guid is not None and guid.lower() == binding.guid.lower() and binding.id not in known:
            known[binding.id] = address.key
        else:
            kept.add(address.key)
    return known, kept


def keys_for(kind: str, names: Mapping[int, str], known: Mapping[int, str], taken: Collection[str] = ()) -> dict[int, str]:
    """A key for every row: the one that is known, else one made from its name.

    Args:
        names: raw display names by id.
        known: keys that rows have already.
        taken: keys that must not be given.
    """
    keys = {row: key for row, key in known.items() if row in names}
    used = {*keys.values(), *taken}
    for row, name in sorted(names.items()):
        if row in keys:
            continue
        wanted = key_of(name, kind)
        key, number = wanted, 1
        while key in used:
            number += 1
            key = f"{wanted}-{number}"
        keys[row] = key
        used.add(key)
    return keys


def key_of(name: str, kind: str) -> str:
    """A name as a key: its English text (else its first) in small ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", languages.shown(name, "en").translate(_LETTERS)).encode("ascii", "ignore").decode("ascii")
    key = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_MOST].strip("-")
    if not key:
        return kind
    try:
        values.from_plain(key, quoted=False, field_type=FieldType.TEXT)
    except values.ValueProblem:
        return f"{kind}-{key}"
    return key


def variable_name(key: str, field: str, taken: Iterable[str]) -> str:
    """A variable for the secret of one config field: `VISMA_NORWAY_PASSWORDFIELD`; never one that is taken."""
    words = "".join(char if char.isascii() and char.isalnum() else "_" for char in f"{key}_{field}").upper()
    wanted = words if not words[0].isdigit() else f"ERP_{words}"
    used, name, number = set(taken), wanted, 1
    while name in used:
        number += 1
        name = f"{wanted}_{number}"
    return name


def sharing_a_name(rows: Iterable[Connection], group: Mapping[int, str | None]) -> set[int]:
    """Ids of connections that no name tells apart from every other one on the same connector.

    Args:
        group: by id, the key of the connector that the file gives; None where it gives none.
    """
    seen: dict[tuple[str | None, str], list[tuple[str, int]]] = {}
    for row in rows:
        parsed = languages.parse(row.name)
        for language, text in [("", parsed)] if isinstance(parsed, str) else parsed.items():
            seen.setdefault((group[row.id], text), []).append((language, row.id))
    shared: set[int] = set()
    for those in seen.values():
        for language, one in those:
            if any(other != one and (language == its or "" in (language, its)) for its, other in those):
                shared.add(one)
    return shared
