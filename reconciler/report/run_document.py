"""What a run did as a document: how each unit ended; from the journal also who ran it and why, and every step with its proof.

In -> Out: a run report, or a journal's view of a run -> a document for `markdown` and `html`.
Neighbours: called by `formats`; words come from `run_text`, `show_text` and `tested`, so that every format says the same.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.journal.view import RunView, UnitView
from reconciler.model import End, RunReport, Unit, UnitEnd
from reconciler.plan.codec import from_json
from reconciler.report.document import (
    Block,
    Cell,
    Changes,
    Document,
    Facts,
    Paragraph,
    Points,
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
from reconciler.report.invocation import Invocation
from reconciler.report.page import Style
from reconciler.report.plan_document import address_text, unit_changes
from reconciler.report.run_text import end_words, exit_sentence, next_commands, unit_remarks
from reconciler.report.show_text import heading_rows, observed_leaves, timeline
from reconciler.report.tested import Tested, verdicts_text
from reconciler.report.untrusted import shortened
from reconciler.report.values import path_text, seconds_text, value_text

__all__ = ["planned_units", "run_document", "show_document"]

_LONGEST = 600
_TONES = {Style.GOOD: Tone.GOOD, Style.WARNING: Tone.WARNING, Style.DANGER: Tone.DANGER}


def run_document(report: RunReport, *, tests: Sequence[Tested] = (), invocation: Invocation | None = None) -> Document:
    """Lay out what a run did."""
    sentence, style = exit_sentence(report.exit_code, units=len(report.units))
    tone = _TONES.get(style, Tone.PLAIN)
    blocks: list[Block] = [Paragraph((words(sentence),), tone)]
    if report.stopped:
        blocks.append(Paragraph((words(shortened(report.stopped, _LONGEST)),)))
    if report.units:
        rows = tuple(_unit_row(unit, [test for test in tests if test.unit == str(unit.address)]) for unit in report.units)
        blocks.append(table("How each unit ended", ("", "Unit", "End", "About it", "Tested"), rows, row_head=1))
    loose = verdicts_text(test for test in tests if not test.unit)
    if loose:
        blocks.append(Paragraph((faint(shortened(loose, 4 * _LONGEST)),)))
    blocks += [Typed(label, typed) for label, typed in next_commands(report, invocation or Invocation(), "")]
    run = (code(report.run), words(" on ")) if report.run else ()
    title = (words("Run "), *run, code(shortened(report.target, 160)), words(f": {end_words(unit.end for unit in report.units)}"))
    foot: tuple[tuple[str, Cell], ...] = (
        ("Run", (code(report.run),)),
        ("plan", (code(report.plan_digest),)),
        ("journal head", (code(report.head),)),
        ("exit code", (words(str(report.exit_code)),)),
        ("took", (words(seconds_text(report.seconds)),)),
    )
    return Document("apply", report.target, title, tuple(blocks), _known(foot), tone)


def show_document(view: RunView) -> Document:
    """Lay out one run from its first event to its last: a change report for somebody who was not there."""
    blocks: list[Block] = list(_verdict(view))
    facts = tuple(
        (label.capitalize(), (words(shortened(text, _LONGEST)),)) for label, text in heading_rows(view) if text and label != "plan"
    )
    blocks.append(Facts(facts))
    if view.units:
        rows = tuple(_view_row(unit) for unit in view.units.values())
        blocks.append(table("How each unit ended", ("", "Unit", "End", "About it"), rows, row_head=1))
    if view.tests:
        tested = tuple(_cells(texts) for texts in timeline(view.tests, ()))
        blocks.append(Section((words("Tests of the run"),), (_timeline_table(tested),), detail=True))
    planned = planned_units(view)
    blocks += [_unit_section(unit, planned.get(unit.address)) for unit in view.units.values() if unit.opened or unit.tests]
    notes = tuple((words(shortened(note, _LONGEST)),) for note in view.notes)
    if notes:
        blocks.append(Section((words("Notes"),), (Points(notes),)))
    ends = [End(unit.end) for unit in view.units.values() if unit.end]
    title = (words("Run "), code(view.run), words(" on "), code(shortened(view.target, 160)), words(f": {end_words(ends)}"))
    foot: tuple[tuple[str, Cell], ...] = (
        ("Run", (code(view.run),)),
        ("plan", (code(str(view.opening.get("plan_digest", ""))),)),
        ("events", (words(f"{view.first_seq} to {view.last_seq}"),)),
        ("journal head", (code(view.head),)),
    )
    return Document("show", view.target, title, tuple(blocks), _known(foot), _view_tone(view))


def _known(rows: tuple[tuple[str, Cell], ...]) -> tuple[tuple[str, Cell], ...]:
    return tuple((label, cell) for label, cell in rows if cell[0].text)


def _unit_row(unit: UnitEnd, tests: Sequence[Tested]) -> tuple[Cell, ...]:
    about = "; ".join(shortened(text.rstrip("."), _LONGEST) for text in unit_remarks(unit))
    tested = shortened(verdicts_text(tests, created=unit.kind == "create").removeprefix("tested "), 4 * _LONGEST)
    end = strong(unit.end.value.replace("-", " ")) if unit.end is not End.AS_DESIRED else words("as desired")
    return (words(unit.kind),), (code(address_text(unit.address)),), (end,), _maybe(about), _maybe(tested)


def _maybe(text: str) -> Cell:
    return (words(text),) if text else ()


def _view_row(unit: UnitView) -> tuple[Cell, ...]:
    end = (unit.end or unit.phase.value).replace("-", " ")
    about = ["rolled back"] if unit.rolled_back else []
    about += [f"was inactive for {seconds_text(unit.window_s)}"] if unit.window_s is not None else []
    about += [shortened(unit.reason, _LONGEST)] if unit.reason else []
    shown = words(end) if unit.end == End.AS_DESIRED else strong(end)
    return (words(unit.kind),), (code(address_text(unit.address)),), (shown,), _maybe("; ".join(about))


def _verdict(view: RunView) -> list[Block]:
    if view.unfinished:
        text = "This run is unfinished; nothing else is written to the target until it is settled."
        return [Paragraph((words(text),), Tone.DANGER), Typed("What is known, and the choices", "reconciler recover")]
    if view.exit_code is None:
        return []
    recovery = view.recoveries[-1].choice if view.recoveries else ""
    sentence, style = exit_sentence(view.exit_code, recovery=recovery, units=len(view.units))
    return [Paragraph((words(sentence),), _TONES.get(style, Tone.PLAIN))]


def _view_tone(view: RunView) -> Tone:
    if view.unfinished:
        return Tone.DANGER
    return Tone.PLAIN if view.exit_code is None else _TONES.get(exit_sentence(view.exit_code)[1], Tone.PLAIN)


def planned_units(view: RunView) -> dict[str, Unit]:
    """The units of the plan that was run, as the journal keeps it; nothing where it does not (a plan of a later format)."""
    try:
        return {str(unit.address): unit for unit in from_json(view.opening.get("plan") or {}).units}
    except (ValueError, TypeError, KeyError):
        return {}


def _unit_section(unit: UnitView, planned: Unit | None) -> Section:
    """What was to change, what was found, and then every write and test with what came of it."""
    blocks: list[Block] = []
    rows = tuple(unit_changes(planned)) if planned is not None else ()
    if rows:
        blocks.append(Changes("What the plan was to change", rows))
    if unit.observed:
        found = tuple((shortened(path_text(path), 160), (code(value_text(value)),)) for path, value in observed_leaves(unit.observed))
        blocks.append(Section((words("Found before its first write"),), (Facts(found),)))
    acts = tuple(_cells(texts) for texts in timeline(unit.tests, unit.attempts))
    if acts:
        blocks.append(_timeline_table(acts))
    for name, secret in sorted(unit.sent.items()):
        text = f" was sent from {shortened(str(secret.ref), 160)}; the value is in no report."
        blocks.append(Paragraph((code(shortened(path_text(("config", name)), 160)), words(text))))
    residue = tuple((words(f"stays behind: {shortened(text, _LONGEST)}"),) for text in unit.residue)
    if residue:
        blocks.append(Points(residue))
    title = (strong(unit.kind or "unit"), words(" "), code(address_text(unit.address)))
    return Section(title, tuple(blocks), detail=True)


def _timeline_table(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    return Table("What was tested and written, and what came of it", ("Time (UTC)", "Act", "Call", "Outcome", "About it"), rows, row_head=1)


def _cells(texts: tuple[str, ...]) -> tuple[Cell, ...]:
    clock, act, call, outcome, about = (shortened(text, 2 * _LONGEST) for text in texts)
    good = outcome in ("applied", "passed")
    return (words(clock),), (words(act),), (code(call),), (words(outcome) if good else strong(outcome),), ((faint(about),) if about else ())
