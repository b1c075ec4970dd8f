"""A run dies, somebody edits, and a person recovers with any choice: what was edited stands afterwards as they left it.

A recovery begins with a read, so there is no window in which an edit from before it may be lost, whatever the choice and whatever the end.
Where that ends with 6 the run stays open, and accepting what is there closes it, without touching the edit either.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.scenarios import ids_of
from tests.faults.stage import Stage
from tests.faults.truth import Picture, picture
from tests.verification.edits import EDITED
from tests.verification.kills import Death, kill_and_recover
from tests.verification.layers import Batch
from tests.verification.results import Results, outcome

__all__ = ["CHOICES", "PLANNED", "batches", "perform", "tried"]

CHOICES = ("back", "forward", "park", "accept-current")
STEP = 3
"""Every third boundary, another one for each choice."""
Path = tuple[Any, ...]


# A toggle is left out: which one came last is what a run in doubt cannot know. `crossed` and `machine` have it.
PLANNED = {
    (plan, edit.name): (key, edit.act) for plan, (key, edits) in EDITED.items() for edit in edits if edit.name not in ("toggle", "cursor")
}


@dataclass
class Tried:
    """One death with an edit after it.

    Attributes:
        lost: what the edit had set and the recovery did not leave, in words.
    """

    death: Death
    lost: list[str]


def _flat(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, (*path, name))
    else:
        yield path, value


def _values(seen: Picture) -> dict[Path, Any]:
    """Every value of the tenant by its place, without what the engine or a connector keeps for itself."""
    whole = {"connection": seen.connections, "connector": seen.connectors, "setting": seen.settings}
    return {path: value for path, value in _flat(whole) if not {"LastSyncCursor", "Remembered", "Cursor"} & {*map(str, path)}}


def tried(stage: Stage, plan: str, edit: str, at: int, choice: str) -> Tried | None:
    """Let a run die, edit, and recover; None where it lived, or nothing was there to be edited."""
    rows = {one.address.rpartition("/")[2]: one.row for one in stage.prepare(plan).expected}
    changed: dict[Path, Any] = {}

    def between() -> None:
        emulator = stage.emulator
        before = _values(picture(emulator))
        with contextlib.suppress(KeyError, LookupError):
            key, act = PLANNED[plan, edit]
            act(emulator, (rows.get(key) or ids_of(emulator)[key]) if key else 0)
        after = _values(picture(emulator))
        moved = {path: value for path, value in after.items() if before.get(path) != value}
        # SuperOffice itself takes a row in or out of the order.
        changed.update({path: value for path, value in moved.items() if edit == "order" or path[-1] != "ConnectionRank"})

    death = kill_and_recover(stage, plan, at, choice=choice, between=between)
    if not death.at or not changed or not death.choices:
        return None
    now = _values(picture(stage.emulator))
    left = {path: value for path, value in changed.items() if not (choice == "park" and path[-1] == "Active")}
    lost = [
        f"{'.'.join(map(str, path))} was set to {value!r} and is {now.get(path)!r}"
        for path, value in left.items()
        if now.get(path) != value
    ]
    return Tried(death, lost)


def batches(_stage: Stage) -> Iterator[Batch]:
    """One for each plan and edit."""
    yield from (Batch("between", plan, edit, 0) for plan, edit in PLANNED)


def perform(stage: Stage, batch: Batch) -> Results:
    """Every third boundary with every choice."""
    boundaries = kill_and_recover(stage, batch.scenario, 0).passed
    found = []
    for number, choice in enumerate(CHOICES):
        for at in range(4 + number, boundaries, STEP):
            one = tried(stage, batch.scenario, batch.kind, at, choice)
            if one is None:
                continue
            illegal = [str(each) for each in one.death.violations if "Illegal journal event" in str(each)]
            code = one.death.codes[-1]
            wrong = [*one.lost, *illegal, *([] if code in (0, 5, 6) else [f"recover --{choice} ended with {code}"])]
            found.append(outcome("between", f"{batch.scenario}/{batch.kind} at {at} --{choice}", wrong, kills=1, recoveries=1))
    return found
