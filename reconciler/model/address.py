"""Addresses and places: what a thing is called here, and where in a file a value was written.

Effects: none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

# Characters that need no percent-encoding in an address part. Space, slash, percent and control characters do.
_PLAIN = "-._~!$&'()*+,;=:@"
_IS_PLAIN = re.compile(rf"[A-Za-z0-9{re.escape(_PLAIN)}]*").fullmatch


@dataclass(frozen=True, order=True, slots=True)
class Address:
    """Our stable name of a thing: `connection/visma-no`, `connector/visma`, `sync-priority`, `target/prod`.

    Matched exactly, never by pattern or by case folding. The text form percent-encodes each part (UTF-8), so that a key
    with a slash or a space survives a round trip.
    """

    parts: tuple[str, ...]

    @classmethod
    def connection(cls, key: str) -> Address:
        """The address of the ERP connection that the file calls `key`."""
        return cls(("connection", key))

    @classmethod
    def connector(cls, key: str) -> Address:
        """The address of the connector that the file calls `key`."""
        return cls(("connector", key))

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read the text form back.

        Raises:
            ValueError: an empty text or an empty part.
        """
        parts = tuple(unquote(part, errors="surrogatepass") for part in text.split("/"))
        if not all(parts):
            raise ValueError(f"not an address: {text!r}")
        return cls(parts)

    @property
    def kind(self) -> str:
        """The first part: `connection`, `connector`, `target`, ..."""
        return self.parts[0]

    @property
    def key(self) -> str:
        """The second part, as written in the file; empty for things that exist once, such as `sync-priority`."""
        return self.parts[1] if len(self.parts) > 1 else ""

    @property
    def replaced(self) -> Address:
        """The address under which the old row of a connection that moves to another connector is deleted."""
        return Address((*self.parts, "replaced"))

    @property
    def moved(self) -> Address | None:
        """Of the old row of a connection that moves (`connection/KEY/replaced`): the address whose new row takes its place; else None."""
        return Address(self.parts[:2]) if self.parts[2:] == ("replaced",) else None

    def __str__(self) -> str:
        return "/".join(part if _IS_PLAIN(part) is not None else quote(part, safe=_PLAIN, errors="surrogatepass") for part in self.parts)


@dataclass(frozen=True, order=True, slots=True)
class Source:
    """Where a value was written. Lines and columns count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file
