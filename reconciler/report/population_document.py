"""The runs of a period for an auditor: the list, why it is complete, and what it cannot know.

In -> Out: a population, its exceptions and what a check of the chain found -> a document; an object for JSON.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reconciler.audit.flags import Flag
from reconciler.audit.people import person_of
from reconciler.audit.population import Population
from reconciler.journal.view import RunView
from reconciler.report.chain_text import chain_object, chain_sentence, chain_warning
from reconciler.report.document import Block, Cell, Document, Paragraph, Points, Section, Table, Tone, Typed, code, faint, strong, words
from reconciler.report.exceptions_document import COVERAGE
from reconciler.report.invocation import Invocation
from reconciler.report.keeping_text import Check
from reconciler.report.untrusted import shortened
from reconciler.report.values import counted, when

__all__ = ["approval_text", "population_document", "population_object"]

_HEAD: Final = ("Run", "Began (UTC)", "By", "Class", "Ticket", "Approved", "Ended", "Exceptions", "What it was about")
_MANY: Final = 12


def population_document(
    target: str, population: Population, flags: Sequence[Flag], checked: Check, *, invocation: Invocation | None = None
) -> Document:
    """Lay the runs of a period out."""
    typed = invocation or Invocation()
    blocks: list[Block] = [Paragraph((words(_summary(population, flags)),), Tone.PLAIN)]
    if not checked.sound:
        blocks.append(Paragraph((words(chain_warning(checked)),), Tone.DANGER))
    if population.runs:
        rows = tuple(_row(run, [flag for flag in flags if flag.run == run.run]) for run in population.runs)
        blocks.append(Table(f"Every run on {target} that began in the period, in the order of the journal", _HEAD, rows))
    blocks.append(Section((words("Why this list is complete"),), (Points(tuple((words(one),) for one in _proof(population, checked))),)))
    blocks.append(Section((words("What it does not cover"),), (Points(tuple((words(one),) for one in COVERAGE)),)))
    if population.runs:
        blocks.append(Typed("One run in full", typed.type("audit", "report", population.runs[0].run, "--html")))
    blocks.append(Typed("The check again, with a head that was kept elsewhere", typed.type("audit", "verify", "--anchor", "HEAD")))
    title = (words("Runs on "), code(shortened(target, 160)), words(f": {counted(len(population.runs), 'run')}"))
    foot: tuple[tuple[str, Cell], ...] = (
        ("Period", (words(population.period.words),)),
        ("Events", (words(f"{checked.events:,}"),)),
        ("Journal head", (code(checked.head or "(none)"),)),
    )
    return Document("population", target, title, tuple(blocks), foot, Tone.PLAIN if checked.sound else Tone.DANGER)


def population_object(target: str, population: Population, flags: Sequence[Flag], checked: Check, exit_code: int) -> dict[str, Any]:
    """The same for a machine."""
    period = population.period
    return {
        "format": "reconciler/population/v1",
        "target": target,
        "exit_code": exit_code,
        "from": period.begin or None,
        "to": period.end or None,
        "runs": [_object(run, [flag for flag in flags if flag.run == run.run]) for run in population.runs],
        "all_runs": population.all_runs,
        "before": population.before.run if population.before else None,
        "after": population.after.run if population.after else None,
        "events_of_target": population.events,
        "clock_went_back": [list(pair) for pair in population.backwards],
        "chain": chain_object(checked),
        "coverage": list(COVERAGE),
    }


def approval_text(actor: Mapping[str, Any], opening: Mapping[str, Any]) -> str:
    """Who approved a run, in a few words."""
    approval = actor.get("approval") or {}
    if approval.get("verified"):
        return f"by {shortened(str(approval.get('reviewer', '')), 80)}"
    if approval:
        return "attested only"
    return "no; glass broken" if opening.get("break_glass") else "no"


def _summary(population: Population, flags: Sequence[Flag]) -> str:
    runs = counted(len(population.runs), "run")
    waiting = sum(1 for flag in flags if flag.review is None)
    told = f"For {population.period.words}: {runs} began."
    if flags:
        belong = "exception belongs" if len(flags) == 1 else "exceptions belong"
        told += f" {len(flags):,} {belong} to the period; {f'{waiting:,} wait for a review' if waiting else 'each was reviewed'}."
    return told


def _row(run: RunView, flags: Sequence[Flag]) -> tuple[Cell, ...]:
    actor, why = run.opening.get("actor") or {}, run.opening.get("why") or {}
    waiting = sum(1 for flag in flags if flag.review is None)
    exceptions: Cell = (faint("none"),)
    if flags:
        told = f"{len(flags)}, {f'{waiting} open' if waiting else 'reviewed'}"
        exceptions = (strong(told),) if waiting else (words(told),)
    approved = approval_text(actor, run.opening)
    return (
        (code(run.run),),
        (words(when(run.started)[:16]),),
        (words(shortened(person_of(actor) or "not known", 60)),),
        (words(str(why.get("class") or "–")),),
        (words(shortened(str(why.get("ticket") or "–"), 60)),),
        (words(approved) if approved.startswith("by") else strong(approved),),
        (words(_ended(run)),),
        exceptions,
        (words(_units(run)),),
    )


def _ended(run: RunView) -> str:
    if run.unfinished:
        return "not settled"
    ends = {unit.end for unit in run.units.values()}
    words_of = [end.replace("-", " ") for end in ("as-desired", "as-before", "needs-attention") if end in ends]
    return ", ".join(words_of) or "untouched"


def _units(run: RunView) -> str:
    names = list(run.units)
    left = f" and {len(names) - _MANY:,} more" if len(names) > _MANY else ""
    return f"{', '.join(names[:_MANY])}{left}" if names else "nothing to write"


def _proof(population: Population, checked: Check) -> list[str]:
    told = [chain_sentence(checked)]
    runs = counted(population.all_runs, "run")
    told.append(
        f"{population.events:,} of these events are about this target. They open {runs} in all; a run has its "
        "first event in the journal before anything is sent, and every one that began in the period is listed."
    )
    near = [
        f"{word} {run.run}, which began {when(run.started)}"
        for word, run in (("the last one before it is", population.before), ("the first one after it is", population.after))
        if run is not None
    ]
    told.append(f"Next to the period, {', and '.join(near)}." if near else "No run stands outside of the period.")
    if population.backwards:
        pairs = ", ".join(f"{one} and {other}" for one, other in population.backwards[:_MANY])
        told.append(f"A clock was set back, or two machines disagree: the later of these events carries the earlier time: {pairs}.")
    else:
        told.append("The times of the events never go back.")
    return told


def _object(run: RunView, flags: Sequence[Flag]) -> dict[str, Any]:
    actor, why = run.opening.get("actor") or {}, run.opening.get("why") or {}
    return {
        "run": run.run,
        "began": run.started,
        "ended": run.ended,
        "exit_code": run.exit_code,
        "unfinished": run.unfinished,
        "by": person_of(actor) or None,
        "class": why.get("class"),
        "ticket": why.get("ticket"),
        "reason": why.get("reason"),
        "approval": actor.get("approval"),
        "break_glass": run.opening.get("break_glass"),
        "units": {address: unit.end or unit.phase.value for address, unit in run.units.items()},
        "exceptions": [flag.id for flag in flags],
        "waiting": [flag.id for flag in flags if flag.review is None],
        "events": {"first": run.first_seq, "last": run.last_seq, "head": run.head},
    }
