"""What a check of the whole journal found, as one sentence, as a warning, and for a machine.

In -> Out: the outcome of a check -> text, or an object for JSON.
Neighbours: reports and lists that were read from the journal say by it whether they can be relied on.

Effects: none.
"""

from __future__ import annotations

from typing import Any

from reconciler.report.keeping_text import Check
from reconciler.report.values import counted

__all__ = ["chain_object", "chain_sentence", "chain_warning"]


def chain_sentence(checked: Check) -> str:
    """What a check of the whole chain found, in one sentence."""
    if checked.broken is not None:
        hold = f"Its first {counted(checked.events, 'event')} hold; then" if checked.events else "None of its events is known to hold"
        return f"{hold}: {checked.broken.reason}"
    if checked.missing:
        return f"Heads that were kept elsewhere are not in it: {', '.join(checked.missing)}."
    events = counted(checked.events, "event")
    return f"All {events} of the journal hold: they count from 1 without a gap, and each carries the hash of the one before."


def chain_warning(checked: Check) -> str:
    """What stands at the top of what was read from a journal that does not hold."""
    return f"The journal cannot be trusted. {chain_sentence(checked)}"


def chain_object(checked: Check) -> dict[str, Any]:
    """What a check of the whole chain found, for a machine."""
    broken = checked.broken.reason if checked.broken is not None else None
    return {"sound": checked.sound, "events": checked.events, "head": checked.head, "broken": broken}
