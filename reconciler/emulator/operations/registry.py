"""The table of ErpSync operations: name, what runs it, and how its answer is shaped.

Effects: none.
Neighbours: every module of this package registers here; `dispatch` looks up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.emulator.office import Operation


@dataclass(frozen=True)
class Registered:
    """One operation.

    Attributes:
        writes: it can change SuperOffice's state (or the ERP's).
        void: it answers 204 without a body.
        talks: it may call the connector, so the state is not locked while it runs.
        raw: its texts are not multi-language.
        select: it knows `$select`.
    """

    name: str
    run: Operation
    writes: bool = False
    void: bool = False
    talks: bool = False
    raw: bool = False
    select: bool = True


OPERATIONS: dict[str, Registered] = {}


def operation(
    name: str, *, writes: bool = False, void: bool = False, talks: bool = False, raw: bool = False, select: bool = True
) -> Callable[[Operation], Operation]:
    """Register a function as an operation of the ErpSync agent."""

    def register(run: Operation) -> Operation:
        OPERATIONS[name] = Registered(name, run, writes, void, talks, raw, select)
        return run

    return register
