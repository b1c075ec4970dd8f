"""What is wrong with the input, told so that a person can mend it without asking.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address, Source


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file a person wrote.

    Attributes:
        code: short, fixed and searchable, such as `duplicate-key`; never changes its meaning.
        message: a full sentence that says what is wrong and what is expected, without secret values.
        source: file, line and column of the value (or of its parent when the value is missing); None only for problems
            that have no place, such as an unreadable directory.
        hint: what to do next, as text to type where possible.
        address: the entity it belongs to, where that is known.
    """

    code: str
    message: str
    source: Source | None = None
    hint: str = ""
    address: Address | None = None

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by place, then code."""
        place = self.source or Source("")
        return (place.file, place.line, place.column, self.code, self.message)

    def __str__(self) -> str:
        place = f"{self.source}: " if self.source else ""
        return f"{place}{self.message}" + (f" {self.hint}" if self.hint else "")
