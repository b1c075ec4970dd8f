"""Collects problems, so that a person sees all of them in one run instead of one per run.

Effects: none.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from reconciler.errors import InputError
from reconciler.model import Address, Problem, Source

# A generated or damaged file can hold one mistake a million times; nobody reads more than this many of one kind.
MOST_OF_ONE_KIND = 100
_MOST_KEPT = 10_000  # so that sorting, and not the order of discovery, decides which ones are shown


class Findings:
    """The problems found so far, each once."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self._count: Counter[tuple[str, str]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._problems)

    def add(self, code: str, message: str, source: Source | None, hint: str = "", address: Address | None = None) -> None:
        """Add a problem unless it is known already."""
        problem = Problem(code, message, source, hint, address)
        if problem in self._problems:
            return
        kind = (source.file if source else "", code)
        self._count[kind] += 1
        if self._count[kind] <= _MOST_KEPT:
            self._problems[problem] = None

    def sorted(self) -> tuple[Problem, ...]:
        """The problems by place; where there are many of one kind in a file, the last one shown says how many there are."""
        shown: list[Problem] = []
        seen: Counter[tuple[str, str]] = Counter()
        for problem in sorted(self._problems, key=lambda problem: problem.order):
            kind = (problem.source.file if problem.source else "", problem.code)
            seen[kind] += 1
            if seen[kind] == MOST_OF_ONE_KIND and (more := self._count[kind] - MOST_OF_ONE_KIND):
                hint = f"{problem.hint} (And {more} more problems of the kind `{problem.code}` in this file.)"
                shown.append(dataclasses.replace(problem, hint=hint.strip()))
            elif seen[kind] <= MOST_OF_ONE_KIND:
                shown.append(problem)
        return tuple(shown)

    def raise_if_any(self) -> None:
        """End here if anything was found.

        Raises:
            InputError: with every problem, sorted by place.
        """
        if self._problems:
            raise InputError(self.sorted())
