"""Play a plan on the live snapshot. What comes out must be the desired snapshot, or the plan is not shown.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model import Act, Address, Attributes, Snapshot, Unit, Value

_WRITES = frozenset(
    {Act.SAVE, Act.ACTIVATE, Act.DEACTIVATE, Act.MAP, Act.ITEMS, Act.DEFAULT, Act.RANK, Act.PRIORITY, Act.INTERVAL, Act.ENGINE}
)


def simulate(live: Snapshot, units: Iterable[Unit]) -> Snapshot:
    """The snapshot after every step of every unit did exactly what it says."""
    snapshot: dict[Address, Attributes] = dict(live)
    for unit in units:
        for step in unit.steps:
            if step.act is Act.DELETE:
                snapshot.pop(step.address, None)
            elif step.act is Act.CREATE:
                snapshot[step.address] = overlay({}, step.sets)
            elif step.act in _WRITES:
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
        elif key == "actors":
            result[key] = _overlay_actors(current if isinstance(current, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _overlay_actors(live: Attributes, sets: Attributes) -> Attributes:
    """Actors, fields and list items one by one; what a field holds (direction, default, ...) whole."""
    result: dict[str, Value] = dict(live)
    for actor, change in sets.items():
        merged = {"fields": {}, **result.get(actor, {}), **{key: value for key, value in change.items() if key != "fields"}}
        fields = dict(merged["fields"])
        for key, written in change.get("fields", {}).items():
            field = fields.get(key, {})
            fields[key] = {**field, **written}
            if "items" in written:
                fields[key]["items"] = {**field.get("items", {}), **written["items"]}
        result[actor] = {**merged, "fields": fields}
    return result
