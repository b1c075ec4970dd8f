"""What may stand in a file, as far as a dump has to know it; `desired` decides, and is handed in.

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_LONGEST_TEXT: Final = 80  # of something from the tenant
_LONGEST_LINE: Final = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules.

    Attributes:
        hidden: the name of the first character of a text on one line that may not be there; None when all are fine.
        refused_url: why the URL of a connector may not stand in a file; empty when it may.
    """

    hidden: Callable[[str], str | None]
    refused_url: Callable[[str], str]

    def brief(self, value: str) -> str:
        """A text from the tenant as a part of a comment."""
        return self.comment(value, _LONGEST_TEXT)

    def comment(self, value: str, longest: int = _LONGEST_LINE) -> str:
        """A text as it may stand in a comment: on one line, nothing hidden, not too long."""
        line = re.sub(r"[\r\n\t]+", " ", value).strip()
        clean = line if self.hidden(line) is None else "".join("\ufffd" if self.hidden(char) else char for char in line)
        return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
