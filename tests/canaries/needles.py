"""Every form in which a secret may leak: in clear, encoded, reversed, and in part."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

PART = 6  # this many characters from either end are unique enough to give a secret away


@dataclass(frozen=True)
class Hit:
    """One form of one secret, found in one place."""

    secret: str
    form: str
    place: str


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """The name of each form, and its bytes."""
    raw = value.encode()
    yield "clear", raw
    yield "beginning", value[:PART].encode()
    yield "end", value[-PART:].encode()
    yield "reversed", value[::-1].encode()
    yield "upper case", value.upper().encode()
    yield "json", json.dumps(value)[1:-1].encode()
    yield "html", html.escape(value).encode()
    for name, text in (("url", quote(value, safe="")), ("url path", quote(value)), ("form", quote_plus(value))):
        yield name, text.encode()
        yield f"{name}, small escapes", _small_escapes(text).encode()
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        yield encoding, value.encode(encoding)
    for name, octets in (("", raw), ("utf-16 ", value.encode("utf-16-le"))):
        yield f"{name}hex", octets.hex().encode()
        yield f"{name}HEX", octets.hex().upper().encode()
        for shift in range(3):
            inside = base64.b64encode(b"\0" * shift + octets)[shift and 4 : (len(octets) + shift) // 3 * 4]
            yield f"{name}base64+{shift}", inside
            yield f"{name}base64url+{shift}", inside.translate(bytes.maketrans(b"+/", b"-_"))


def find(secrets: dict[str, str], haystacks: dict[str, bytes]) -> list[Hit]:
    """Every form of every secret in every haystack."""
    return [
        Hit(name, form, place)
        for name, value in secrets.items()
        for form, needle in forms(value)
        for place, haystack in haystacks.items()
        if needle in haystack
    ]


def _small_escapes(text: str) -> str:
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
