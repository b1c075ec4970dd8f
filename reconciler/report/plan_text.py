"""A plan as a person reads it: the target, what stands in the way, what changes from what to what and why, the steps.

In -> Out: a plan -> a page.
Neighbours: called by `cli.plan` and `cli.apply`; values are put into words by `values`, lines by `page`.

Everything can be read without colour: `+`, `~` and `-` mark units, an arrow separates before and after, a bar marks the
steps during which users do without the connection.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model import Grade, Hazard, NotChecked, Plan, RuleVerdict, Ruling, Unit, UnitKind, Why
from reconciler.report.actors_text import Row, actor_rows, is_below, place_text, sides_text
from reconciler.report.page import Page, Span, Style, bold, cells, command, dim, good, plain
from reconciler.report.permits_text import IDLE, grounds, idle_permits
from reconciler.report.plan_words import attribution_text, common_reason, common_told, remark_text, step_reason, step_text, summary
from reconciler.report.policy_text import DENIED, NOTHING, WARNED, passed_text, rule_text
from reconciler.report.untrusted import visible
from reconciler.report.values import before_after, counted, entries, path_text, seconds_text, when

__all__ = ["plan_page", "write_not_checked"]

_MARK = {UnitKind.CREATE: ("+", Style.GOOD), UnitKind.UPDATE: ("~", Style.WARNING), UnitKind.DELETE: ("-", Style.DANGER)}

# A change longer than this stands on two lines, before above after.
_ONE_LINE = 100


def plan_page(
    plan: Plan, *, window_seconds: Mapping[str, float] | None = None, width: int | None = None, next_steps: Sequence[tuple[str, str]] = ()
) -> Page:
    """Lay out a plan.

    Args:
        window_seconds: how long inactive windows took in earlier runs, by address text.
        next_steps: what can be typed next, as (when, command).
    """
    page = Page(width)
    _headline(page, plan)
    _rules(page, plan.denied, f"{DENIED}. {NOTHING}", "x", Style.DANGER)
    _hazards(page, plan)
    _policy(page, plan)
    for unit in plan.units:
        page.gap()
        _unit(page, unit, (window_seconds or {}).get(str(unit.address)))
    _rest(page, plan)
    if next_steps:
        page.gap()
        page.columns([(plain(f"{label}:"), command(typed)) for label, typed in next_steps])
    return page


def _headline(page: Page, plan: Plan) -> None:
    """The first line names the target; where there is nothing to do, one calm sentence says it all."""
    if plan.units or plan.stopping:
        page.line(bold(f"Plan for {plan.target}"), f": {summary(plan) or 'no changes'}.")
        windows = [unit.window_calls for unit in plan.units if unit.window_calls is not None]
        if len(windows) == 1:
            page.line(f"While it runs, one connection is inactive for {counted(windows[0], 'call')}.")
        elif windows:
            calls = f"{min(windows)} to {max(windows)}" if min(windows) < max(windows) else f"{max(windows)}"
            page.line(f"While it runs, {len(windows):,} connections are inactive, one after the other, for {calls} calls each.")
        if told := attribution_text(plan):
            page.prose(told, style=Style.WARNING)
        return
    count = len(plan.unchanged)
    state = f"all {count:,} managed things are as the files ask" if count > 1 else "everything managed is as the files ask"
    page.line(bold(f"Plan for {plan.target}"), ": ", good("nothing to do"), f"; {state}.")


def _hazards(page: Page, plan: Plan) -> None:
    """Barriers that stop the plan, then permitted ones, then notices."""
    stopping = plan.stopping
    permitted = [hazard for hazard in plan.hazards if hazard.permitted]
    notices = [hazard for hazard in plan.hazards if hazard.grade is Grade.NOTICE]
    if stopping:
        page.gap()
        one = len(stopping) == 1
        title = f"{len(stopping):,} {'barrier stands' if one else 'barriers stand'} in the way."
        page.prose(f"{title} Nothing of this plan is applied until {'it is' if one else 'each is'} permitted.", style=Style.DANGER)
    for group, title, mark, style in (
        (stopping, "", "x", Style.DANGER),
        (permitted, "Permitted", "!", Style.WARNING),
        (notices, "Good to know", "!", Style.WARNING),
    ):
        if group and title:
            page.gap()
            page.line(bold(title))
        for hazard in group:
            _hazard(page, hazard, mark, style, grounds(plan, hazard))
    _idle_permits(page, plan)


def _hazard(page: Page, hazard: Hazard, mark: str, style: Style, permitted: str) -> None:
    page.line(Span(f"{mark} {hazard.name.value}", style), "  ", bold(str(hazard.address)), indent=2)
    page.prose(hazard.text, indent=4)
    if permitted:
        page.prose(permitted, indent=4, style=Style.DIM)
    if hazard.stops:
        page.line(dim("to permit it:  "), command(f"--allow {hazard.permission}"), indent=4)


def _idle_permits(page: Page, plan: Plan) -> None:
    """Permits of the files that let nothing through: expired, used up, or not needed."""
    idle = idle_permits(plan)
    if idle:
        page.gap()
        page.line(bold(IDLE))
    for one in idle:
        page.line(Span(f"! {one.name}", Style.WARNING), "  ", bold(one.address), dim(f"  ({one.source})"), indent=2)
        page.prose(one.text, indent=4)


def _rules(page: Page, verdicts: Sequence[RuleVerdict], title: str, mark: str, style: Style) -> None:
    """Rules that speak, with what each says."""
    if verdicts:
        page.gap()
        page.prose(title, style=style)
    for one in verdicts:
        page.line(Span(f"{mark} {one.rule}", style), dim(f"  ({one.source})"), indent=2)
        page.prose(rule_text(one), indent=4)


def _policy(page: Page, plan: Plan) -> None:
    """The rules that warn, and the names of those that passed; what denies stands before everything else."""
    if plan.policy is not None:
        _rules(page, plan.policy.of(Ruling.WARNED), f"{WARNED}.", "!", Style.WARNING)
        page.gap()
        page.prose(passed_text(plan.policy), style=Style.DIM)


def _unit(page: Page, unit: Unit, last_window: float | None) -> None:
    mark, style = _MARK[unit.kind]
    common = common_reason(unit.changes)
    about = [common.value] if common else []
    about += [told] if (told := common_told(unit)) else []
    about += [str(unit.source)] if unit.source else []
    page.line(Span(f"{mark} {unit.kind.value}", style), "  ", bold(str(unit.address)), dim(f"  ({'; '.join(about)})" if about else ""))
    lines = [(change, *entry) for change in unit.changes for entry in entries(change) if not is_below(entry[0])]
    shown = [path_text(path) for _, path, _, _ in lines]
    room = max((cells(visible(path)) for path in shown), default=0)
    for (change, place, before, after), path in zip(lines, shown, strict=True):
        lead = plain(path + " " * (room - cells(visible(path))))
        _change(page, lead, before_after(before, after, path=place), unit, remark_text((change,), unit, common))
    _below(page, unit, common)
    _steps(page, unit, last_window)


def _below(page: Page, unit: Unit, common: Why | None) -> None:
    """What changes below a connection, by actor type."""
    rows = actor_rows(unit.changes, unit.before)
    room = max((cells(visible(path_text((row.field,)))) for row in rows if row.field), default=0)
    earlier: Row | None = None
    for row in rows:
        begins = earlier is None or earlier.actor != row.actor
        remark = remark_text(row.changes, unit, common)
        if not row.field and not row.label:
            _change(page, bold(path_text((row.actor,))), (row.old, row.new), unit, remark)
        else:
            if begins:
                page.line(bold(path_text((row.actor,))), indent=6)
            again = not begins and earlier is not None and earlier.field == row.field
            field = "" if again or not row.field else path_text((row.field,))
            fill = " " * (room - cells(visible(field))) if row.field else ""
            label = f"  {row.label}" if row.field and row.label else row.label
            _change(page, plain(f"  {field}{fill}{label}"), (row.old, row.new), unit, remark)
        earlier = row


def _change(page: Page, path: Span, sides: tuple[str, str], unit: Unit, remark: str) -> None:
    """One line of a change: the new value, the old value, or both."""
    old, new = sides
    size = 6 + cells(visible(path.text)) + cells(old) + cells(new) + cells(visible(remark)) + 6
    below = remark.strip() if page.width is not None and size > page.width else ""
    beside = dim("" if below else remark)
    if unit.kind is UnitKind.CREATE:
        page.line(path, "  ", Span(new, Style.ADDED), beside, indent=6)
    elif unit.kind is UnitKind.DELETE:
        page.line(path, "  ", Span(old, Style.REMOVED), beside, indent=6)
    elif len(old) + len(new) <= _ONE_LINE:
        page.line(path, "  ", Span(old, Style.REMOVED), " -> ", Span(new, Style.ADDED), beside, indent=6)
    else:
        page.line(path, beside, indent=6)
        page.line(Span(f"- {old}", Style.REMOVED), indent=8)
        page.line(Span(f"+ {new}", Style.ADDED), indent=8)
    if below:
        page.prose(below, indent=8, style=Style.DIM)


def _steps(page: Page, unit: Unit, last_window: float | None) -> None:
    """The steps in the order in which they run, and the inactive window."""
    if not unit.steps:
        return
    page.gap()
    wide = len(str(len(unit.steps)))
    bar, no_bar = Span("|", Style.WARNING), plain(" ")
    rows: list[tuple[Span, ...]] = []
    for step in unit.steps:
        number = Span(f"{step.number:>{wide}} ", Style.DIM)
        rows.append((number, bar if step.in_window else no_bar, plain(step_text(step)), plain(""), dim(step_reason(step))))
    page.columns(rows, indent=6, gap=1)
    if unit.window_calls is not None:
        earlier = f", {seconds_text(last_window)} last time" if last_window is not None else ""
        page.line(" " * (wide + 2), bar, f" inactive meanwhile: {counted(unit.window_calls, 'call')}{earlier}", indent=6)


def write_not_checked(page: Page, left: Sequence[NotChecked]) -> None:
    """Write what could not be compared or judged, and why."""
    page.gap()
    page.line(bold("Not checked"), dim("  (neither in order nor different)"))
    rows = [(bold(str(entry.address)), plain(place_text(entry.path)), dim(entry.reason)) for entry in left]
    page.columns(rows, indent=2)


def _rest(page: Page, plan: Plan) -> None:
    """What was not checked, then what the plan leaves alone, then what identifies it."""
    if plan.drift:
        page.gap()
        page.line(bold("Drift, left alone"), dim("  (changed on the tenant, not in the files)"))
        for change in plan.drift:
            for path, before, after in entries(change):
                live, written = sides_text(path, before, after)
                lead = [bold(str(change.address)), plain(f"  {place_text(path)}  ")]
                page.line(*lead, "is ", live, ", the files say ", written, indent=2)
    if plan.not_checked:
        write_not_checked(page, plan.not_checked)
    page.gap()
    if plan.units or plan.stopping:
        alone = [f"{len(plan.unchanged):,} managed unchanged"] if plan.unchanged else []
        alone += [f"{len(plan.unmanaged):,} not managed"] if plan.unmanaged else []
        if alone:
            page.line(f"Left alone: {', '.join(alone)}.")
    elif plan.unmanaged:
        page.line(f"Not managed and left alone: {len(plan.unmanaged):,}.")
    if plan.digest:
        page.line(dim(f"Plan {plan.digest}"))
        page.line(dim(f"made {when(plan.created)}, good until {when(plan.expires)}"))
