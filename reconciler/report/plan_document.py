"""A plan as a document: what stands in the way first, then the units in one table, then the detail of each.

In -> Out: a plan -> a document for `markdown` and `html`.
Neighbours: called by `formats`; words come from `plan_text`, `actors_text` and `values`, so that every format says the same.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model import Change, Grade, Hazard, NotChecked, Plan, RuleVerdict, Ruling, SecretRef, Unit, UnitKind, Value
from reconciler.report.actors_text import actor_rows, is_below, place_text, sides_text
from reconciler.report.document import (
    Block,
    Cell,
    ChangeRow,
    Changes,
    Document,
    HazardEntry,
    Hazards,
    Paragraph,
    Section,
    Table,
    Tone,
    Typed,
    code,
    faint,
    strong,
    table,
    words,
)
from reconciler.report.permits_text import IDLE, grounds, idle_permits
from reconciler.report.plan_words import attribution_text, common_reason, common_told, remark_text, step_reason, step_text, summary
from reconciler.report.policy_text import DENIED, NOTHING, WARNED, passed_text, rule_text
from reconciler.report.untrusted import shortened
from reconciler.report.values import before_after, counted, entries, path_text, seconds_text, value_text, when

__all__ = ["address_text", "drift_table", "hazard_blocks", "plan_document", "unit_changes"]

_LONGEST = 160  # of an address, a path, a place: longer ones lose their middle
_LONGEST_SENTENCE = 600
_PATHS = 3  # that the table names; the rest is counted
_TONES = {UnitKind.CREATE: Tone.GOOD, UnitKind.UPDATE: Tone.WARNING, UnitKind.DELETE: Tone.DANGER}


def plan_document(plan: Plan, *, window_seconds: Mapping[str, float] | None = None, next_steps: Sequence[tuple[str, str]] = ()) -> Document:
    """Lay out a plan.

    Args:
        window_seconds: how long inactive windows took in earlier runs, by address text.
        next_steps: what can be typed next, as (when, command).
    """
    windows = window_seconds or {}
    blocks: list[Block] = [*_windows(plan), *_rules(plan.denied, DENIED, NOTHING, Tone.DANGER), *hazard_blocks(plan), *_policy(plan)]
    if plan.units:
        blocks.append(_unit_table(plan, windows))
        blocks += [_unit_section(unit) for unit in plan.units]
    blocks += _left_alone(plan)
    blocks += [Typed(label, typed) for label, typed in next_steps]
    return Document("plan", plan.target, _title(plan), tuple(blocks), _foot(plan), _tone(plan))


def hazard_blocks(plan: Plan) -> Iterator[Block]:
    """Barriers that stop the plan, then permitted ones with what permits them, then notices, then permits that do nothing."""
    listed = plan.hazards
    stopping = [one for one in listed if one.stops]
    if stopping:
        one = len(stopping) == 1
        title = f"{len(stopping):,} {'barrier stands' if one else 'barriers stand'} in the way"
        text = f"Nothing of this plan is applied until {'it is' if one else 'each is'} permitted."
        yield Hazards(title, text, tuple(map(_hazard, stopping)), Tone.DANGER)
    permitted = [one for one in listed if one.permitted]
    if permitted:
        yield Hazards("Permitted", "", tuple(_hazard(one, grounds(plan, one)) for one in permitted), Tone.WARNING)
    notices = [one for one in listed if one.grade is Grade.NOTICE]
    if notices:
        yield Hazards("Good to know", "", tuple(map(_hazard, notices)), Tone.WARNING)
    idle = idle_permits(plan)
    if idle:
        told = (
            HazardEntry(one.name, address_text(one.address), shortened(f"{one.text} ({one.source})", _LONGEST_SENTENCE)) for one in idle
        )
        yield Hazards(IDLE, "", tuple(told), Tone.WARNING)


def _rules(verdicts: Iterable[RuleVerdict], title: str, text: str, tone: Tone) -> Iterator[Block]:
    """Rules that speak, as risks: of a document that is too long they are never left out."""
    spoken = tuple(_rule(one) for one in verdicts)
    if spoken:
        yield Hazards(title, text, spoken, tone)


def _policy(plan: Plan) -> Iterator[Block]:
    """The rules that warn, and the names of those that passed; what denies stands before everything else."""
    if plan.policy is not None:
        yield from _rules(plan.policy.of(Ruling.WARNED), WARNED, "", Tone.WARNING)
        yield Paragraph((faint(passed_text(plan.policy)),))


def _rule(verdict: RuleVerdict) -> HazardEntry:
    name = shortened(" ".join(verdict.rule.split()) or "rule", _LONGEST)  # as a file has it; a plan may come from anywhere
    return HazardEntry(name, shortened(str(verdict.source), _LONGEST), shortened(rule_text(verdict), _LONGEST_SENTENCE))


def address_text(address: object) -> str:
    """An address as a document shows it: whole, unless it is out of all proportion."""
    return shortened(str(address), _LONGEST)


def unit_changes(unit: Unit) -> Iterator[ChangeRow]:
    """What a unit changes, one row for each value, as the text shows it."""
    common = common_reason(unit.changes)
    for change in unit.changes:
        for path, before, after in entries(change):
            if not is_below(path):
                yield _row(
                    unit, "", path_text(path), _sides(path, before, after), remark_text((change,), unit, common), is_new=before is None
                )
    for row in actor_rows(unit.changes, unit.before):
        label = " ".join(part for part in (path_text((row.field,)) if row.field else "", row.label) if part) or "sync"
        yield _row(
            unit, path_text((row.actor,)), label, (row.old, row.new), remark_text(row.changes, unit, common), is_new=_is_new(row.changes)
        )


def _sides(path: tuple[str, ...], before: Value, after: Value) -> tuple[str, str]:
    """Both sides in full, since each stands on a line or in a cell of its own."""
    if isinstance(before, SecretRef) and isinstance(after, SecretRef):
        return value_text(before), value_text(after)
    return before_after(before, after, path=path)


def _is_new(changes: Sequence[Change]) -> bool:
    return all(change.before is None for change in changes)


def _row(unit: Unit, group: str, label: str, sides: tuple[str, str], remark: str, *, is_new: bool) -> ChangeRow:
    old, new = (None if is_new else sides[0]), sides[1]
    if unit.kind is UnitKind.CREATE:
        old = None
    if unit.kind is UnitKind.DELETE:
        old, new = sides[0], ""
    return ChangeRow(
        shortened(group, _LONGEST), shortened(label, _LONGEST), old, new or None, shortened(remark.strip(" ()"), _LONGEST_SENTENCE)
    )


def _hazard(hazard: Hazard, permitted: str = "") -> HazardEntry:
    permission = hazard.permission if hazard.stops and len(hazard.permission) <= 2 * _LONGEST else ""
    told = " ".join(shortened(part, _LONGEST_SENTENCE) for part in (hazard.text, permitted) if part)
    return HazardEntry(hazard.name.value, address_text(hazard.address), told, permission)


def _title(plan: Plan) -> Cell:
    target = code(shortened(plan.target, _LONGEST))
    if plan.units or plan.stopping:
        return words("Plan for "), target, words(f": {summary(plan) or 'no changes'}")
    return words("Plan for "), target, words(": nothing to do")


def _tone(plan: Plan) -> Tone:
    return Tone.DANGER if plan.stopping or plan.denied else Tone.WARNING if plan.units else Tone.GOOD


def _windows(plan: Plan) -> Iterator[Block]:
    """What users of the connections will notice, or that there is nothing to do."""
    if not plan.units and not plan.stopping:
        count = len(plan.unchanged)
        state = f"All {count:,} managed things are as the files ask." if count > 1 else "Everything managed is as the files ask."
        yield Paragraph((words(state),), Tone.GOOD)
    windows = [unit.window_calls for unit in plan.units if unit.window_calls is not None]
    if len(windows) == 1:
        yield Paragraph((words(f"While it runs, one connection is inactive for {counted(windows[0], 'call')}."),))
    elif windows:
        calls = f"{min(windows)} to {max(windows)}" if min(windows) < max(windows) else f"{max(windows)}"
        text = f"While it runs, {len(windows):,} connections are inactive, one after the other, for {calls} calls each."
        yield Paragraph((words(text),))
    if told := attribution_text(plan):
        yield Paragraph((words(told),), Tone.WARNING)


def _unit_table(plan: Plan, windows: Mapping[str, float]) -> Table:
    head = ("", "Unit", "What changes", "Inactive for", "Where")
    rows = tuple(
        (
            (strong(unit.kind.value),),
            (code(address_text(unit.address)),),
            _what(unit),
            _inactive(unit, windows.get(str(unit.address))),
            (code(shortened(str(unit.source), _LONGEST)),) if unit.source else (),
        )
        for unit in plan.units
    )
    return table("The units of the plan, in the order in which they run", head, rows, row_head=1)


def _what(unit: Unit) -> Cell:
    """The paths that change, the first of them by name."""
    if unit.kind is not UnitKind.UPDATE:
        return (words("all of it"),)
    paths = list(dict.fromkeys(_where(row) for row in unit_changes(unit)))
    pieces: list[Cell] = [(code(path),) for path in paths[:_PATHS]]
    if len(paths) > _PATHS:
        pieces.append((words(f"{len(paths) - _PATHS:,} more"),))
    if not pieces:
        return (words(", ".join(dict.fromkeys(step_text(step) for step in unit.steps[:1])) or "nothing"),)
    return tuple(piece for number, cell in enumerate(pieces) for piece in ((words(", "),) if number else ()) + cell)


def _where(row: ChangeRow) -> str:
    return shortened(" ".join(part for part in (row.group, row.label) if part), 80)


def _inactive(unit: Unit, last: float | None) -> Cell:
    if unit.window_calls is None:
        return ()
    earlier = f", {seconds_text(last)} last time" if last is not None else ""
    return (words(f"{counted(unit.window_calls, 'call')}{earlier}"),)


def _unit_section(unit: Unit) -> Section:
    """The detail of one unit: why, every value before and after, every step."""
    common = common_reason(unit.changes)
    blocks: list[Block] = []
    if common:
        told = common_told(unit)
        blocks.append(Paragraph((faint(f"Why: {common.value}{f'; {told}' if told else ''}."),)))
    rows = tuple(unit_changes(unit))
    if rows:
        blocks.append(Changes("Changes", rows))
    if unit.steps:
        blocks.append(_steps(unit))
    title = (strong(unit.kind.value), words(" "), code(address_text(unit.address)))
    return Section(title, tuple(blocks), detail=True, tone=_TONES[unit.kind])


def _steps(unit: Unit) -> Table:
    windowed = unit.window_calls is not None
    head = ("", "Step", *(("Inactive",) if windowed else ()), "Why")
    rows = []
    for step in unit.steps:
        inactive: tuple[Cell, ...] = (((words("inactive"),) if step.in_window else ()),) if windowed else ()
        text = shortened(step_text(step), _LONGEST_SENTENCE)
        rows.append(((words(str(step.number)),), (words(text),), *inactive, (faint(step_reason(step)),)))
    return Table("Steps, in the order in which they run", head, tuple(rows), frozenset({0}), 1)


def drift_table(changes: Iterable[Change]) -> Table:
    """What the tenant has where the files say something else."""
    rows = []
    for change in changes:
        for path, before, after in entries(change):
            live, written = sides_text(path, before, after)
            place = code(shortened(place_text(path), _LONGEST))
            source = (code(shortened(str(change.source), _LONGEST)),) if change.source else ()
            rows.append(((code(address_text(change.address)),), (place,), (code(live),), (code(written),), source))
    return table("Values that differ", ("What", "Value", "On the tenant", "In the files", "Where"), tuple(rows))


def not_checked_section(left: Sequence[NotChecked]) -> Section:
    """What could not be compared or judged, and why."""
    rows = tuple(
        ((code(address_text(one.address)),), (words(shortened(place_text(one.path), _LONGEST)),), (words(one.reason),)) for one in left
    )
    table = Table("Managed values that could not be compared", ("Unit", "What", "Why"), rows)
    return Section((words(f"Not checked ({len(rows):,}): neither in order nor different"),), (table,), detail=True)


def _left_alone(plan: Plan) -> Iterator[Block]:
    if plan.drift:
        yield Section(
            (words(f"Drift, left alone ({len(plan.drift):,}): changed on the tenant, not in the files"),), (drift_table(plan.drift),)
        )
    if plan.not_checked:
        yield not_checked_section(plan.not_checked)
    if plan.units or plan.stopping:
        alone = [f"{len(plan.unchanged):,} managed unchanged"] if plan.unchanged else []
        alone += [f"{len(plan.unmanaged):,} not managed"] if plan.unmanaged else []
        if alone:
            yield Paragraph((words(f"Left alone: {', '.join(alone)}."),))
    elif plan.unmanaged:
        yield Paragraph((words(f"Not managed and left alone: {len(plan.unmanaged):,}."),))


def _foot(plan: Plan) -> tuple[tuple[str, Cell], ...]:
    """What identifies the plan, and what it was made from."""
    facts: tuple[tuple[str, Cell], ...] = (
        ("Plan", (code(plan.digest),)),
        ("made", (words(when(plan.created)),)),
        ("good until", (words(when(plan.expires)),)),
        ("files", (code(plan.desired_digest),)),
        ("live state", (code(plan.live_digest),)),
        ("target, limits and policy", (code(plan.target_digest),)),
        ("tool", (words(f"reconciler {plan.tool_version}"),)),
    )
    return tuple((label, cell) for label, cell in facts if cell[0].text)
