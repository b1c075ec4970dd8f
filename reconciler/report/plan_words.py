"""What a plan's parts are called, whichever form shows them: acts and steps, reasons, who changed a value, the counts.

In -> Out: a plan, a unit, a step or changes -> words.
Neighbours: `plan_text` and `plan_document` lay them out; `progress` says the same of a run.

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.model import Act, Attribution, Change, Plan, Step, Unit, UnitKind, Why
from reconciler.report.actors_text import step_title
from reconciler.report.values import counted, path_text

__all__ = ["act_text", "attribution_text", "common_reason", "common_told", "remark_text", "step_reason", "step_text", "summary"]

_ACTS = {
    Act.REHEARSE: "Test it as it is now",
    Act.TEST_CONFIG: "Test the new configuration",
    Act.TEST_URL: "Ask whether a connector answers there",
    Act.REHEARSE_ALL: "Test every connection on it, as they are now",
    Act.DEACTIVATE: "Deactivate",
    Act.SAVE: "Save",
    Act.CREATE: "Create",
    Act.REFRESH: "Refresh its fields",
    Act.ACTIVATE: "Activate",
    Act.TEST: "Test it",
    Act.TEST_ALL: "Test every connection on it again",
    Act.MAP: "Save the field mappings",
    Act.ITEMS: "Save the list items",
    Act.DEFAULT: "Save the default",
    Act.RANK: "Put the fields in order",
    Act.PRIORITY: "Put the sync priority in order",
    Act.INTERVAL: "Set the interval of automatic sync",
    Act.ENGINE: "Switch automatic sync",
    Act.DELETE: "Delete",
    Act.VERIFY: "Read it back and compare",
}

_TOLD: dict[Attribution | None, str] = {
    Attribution.DRIFT: "drift: changed on the tenant, not in the files",
    Attribution.BOTH: "changed in the files and on the tenant",
}


def summary(plan: Plan) -> str:
    """`1 to create, 2 to update, 11 unchanged, 3 not managed`."""
    kinds = Counter(unit.kind for unit in plan.units)
    parts = [f"{kinds[kind]:,} to {kind.value}" for kind in UnitKind if kinds[kind]]
    parts += [f"{len(plan.unchanged):,} unchanged"] if plan.unchanged else []
    parts += [f"{len(plan.unmanaged):,} not managed"] if plan.unmanaged else []
    return ", ".join(parts)


def act_text(act: Act) -> str:
    """An act in words, as steps and progress show it."""
    return _ACTS[act]


def attribution_text(plan: Plan) -> str:
    """How many values the tenant changed, in one sentence; empty when the files alone did."""
    counts = Counter(change.attribution for unit in plan.units for change in unit.changes)
    told = []
    if number := counts[Attribution.DRIFT]:
        told.append(f"{counted(number, 'value was', 'values were')} changed on the tenant and not in the files, and would be changed back")
    if number := counts[Attribution.BOTH]:
        told.append(f"{counted(number, 'value was', 'values were')} changed on both sides")
    return f"{'; '.join(told)}." if told else ""


def step_text(step: Step) -> str:
    """What a step does; a save and a creation name what they write, a step below a connection names what it is about."""
    if step.act is Act.SAVE and step.sets:
        return f"Save {', '.join(path_text((name,)) for name in sorted(step.sets))}"
    if step.act is Act.CREATE:
        return "Create it, inactive" if step.address.kind == "connection" else "Create it"
    return step_title(step) or _ACTS[step.act]


def step_reason(step: Step) -> str:
    """Why the step is there, and a warning where nothing undoes it."""
    final = f"; {step.no_inverse}" if step.act is Act.DELETE and step.no_inverse else ""
    return f"{step.why.value}{final}"


def common_reason(changes: Sequence[Change]) -> Why | None:
    """The reason that most changes of a unit share: said once, on its first line."""
    counts = Counter(change.why for change in changes)
    return counts.most_common(1)[0][0] if counts else None


def common_told(unit: Unit) -> str:
    """Who changed it, where that is the same for all of a unit and was not the file alone; said once, on its first line."""
    kinds = {change.attribution for change in unit.changes}
    return _TOLD.get(kinds.pop(), "") if len(kinds) == 1 else ""


def remark_text(changes: Sequence[Change], unit: Unit, common: Why | None) -> str:
    """Reasons other than the common one, who changed it where that was not the file alone, and places in other files than the unit's."""
    reasons = [change.why.value for change in changes if change.why is not common]
    if not common_told(unit):
        reasons += [_TOLD[change.attribution] for change in changes if change.attribution in _TOLD]
    places = [change.source for change in changes if change.source is not None]
    elsewhere = [str(place) for place in places if not unit.source or place.file != unit.source.file]
    remark = "; ".join(dict.fromkeys([*reasons, *elsewhere]))
    return f"  ({remark})" if remark else ""
