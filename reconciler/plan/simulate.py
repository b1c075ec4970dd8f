"""Play a plan on the live snapshot. What comes out must be the desired snapshot, or the plan is not shown.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model import Act, Address, Attributes, Snapshot, Unit, Value


def simulate(live: Snapshot, units: Iterable[Unit]) -> Snapshot:
    """The snapshot after every step of every unit did exactly what it says."""
    snapshot: dict[Address, Attributes] = dict(live)
    for unit in units:
        for step in unit.steps:
            if step.act is Act.DELETE:
                snapshot.pop(step.address, None)
            elif step.act is Act.CREATE:
                snapshot[step.address] = overlay({}, step.sets)
            elif step.act in (Act.SAVE, Act.ACTIVATE, Act.DEACTIVATE):
                snapshot[step.address] = overlay(snapshot[step.address], step.sets)
    return snapshot


def overlay(live: Attributes, sets: Attributes) -> Attributes:
    """Write `sets` onto `live` the way a save does: languages and config keys one by one, everything else whole.

    A config key that is set to None is taken out.
    """
    result: dict[str, Value] = dict(live)
    for key, value in sets.items():
        current = result.get(key)
        if key == "config" or (key in ("name", "description") and isinstance(value, Mapping)):
            merged = {**(current if isinstance(current, Mapping) else {}), **value}
            result[key] = {name: one for name, one in merged.items() if not (key == "config" and one is None)}
        else:
            result[key] = value
    return result
