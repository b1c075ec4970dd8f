"""Suggest what a person may have meant.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """A sentence with the nearest candidates, or with all of them when none is near; empty when there are none."""
    names = sorted(known)
    by_folded = {name.casefold(): name for name in names}
    near = [by_folded[folded] for folded in get_close_matches(written.casefold(), by_folded, n=3, cutoff=0.6)]
    if near:
        return f"Did you mean {' or '.join(repr(name) for name in near)}?"
    if not names:
        return ""
    shown = ", ".join(repr(name) for name in names[:12])
    return f"Known are {shown}{' and others' if len(names) > 12 else ''}."
