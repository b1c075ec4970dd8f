"""What machines point at: one rule, one place, one sentence each; from problems, plans, runs, tests and files.

In -> Out: the values that the text renderers get -> findings.
Neighbours: called by `formats`; written by `sarif`, `annotations` and `code_quality`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import InputError, ReconcilerError
from reconciler.model import Address, Drift, End, Grade, NotChecked, Plan, Problem, Ruling, RunReport, Source, TestResult
from reconciler.report.actors_text import place_text, sides_text
from reconciler.report.permits_text import grounds, idle_permits
from reconciler.report.policy_text import rule_text
from reconciler.report.run_text import unit_remarks
from reconciler.report.tested import verdict_text
from reconciler.report.untrusted import shortened
from reconciler.report.values import entries, seconds_text

__all__ = ["Finding", "Level", "of_drift", "of_error", "of_fmt", "of_not_checked", "of_plan", "of_problems", "of_run", "of_tests"]

_LONGEST = 1_000  # of a message; GitHub cuts an annotation at 64 kB, and nobody reads that far


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing at one place.

    Attributes:
        rule: short, fixed and searchable: a problem's code, a hazard's name, how a unit ended.
        source: where in a file; None where no file asked for it.
        address: of what it is about, as text; empty for the whole.
    """

    rule: str
    level: Level
    message: str
    source: Source | None = None
    address: str = ""


def of_problems(problems: Iterable[Problem]) -> list[Finding]:
    """Every problem at its place, with what to do."""
    return [
        Finding(one.code, Level.ERROR, _sentence(one.message, one.hint), one.source, _named(one.address or ""))
        for one in sorted(problems, key=lambda entry: entry.order)
    ]


def of_plan(plan: Plan) -> list[Finding]:
    """The hazards where the file asks for them, and what could not be compared."""
    places = {unit.address: unit.source for unit in plan.units}
    found = []
    for hazard in plan.hazards:
        level = Level.ERROR if hazard.stops else Level.WARNING if hazard.grade is Grade.BARRIER else Level.NOTE
        how = f"To permit it: --allow {hazard.permission}, or permits: in the files" if hazard.stops else grounds(plan, hazard)
        found.append(Finding(hazard.name.value, level, _sentence(hazard.text, how), places.get(hazard.address), _named(hazard.address)))
    levels = {Ruling.DENIED: Level.ERROR, Ruling.WARNED: Level.WARNING}
    for verdict in plan.policy.verdicts if plan.policy is not None else ():
        if verdict.ruling in levels:  # the policy may lie outside of what the forge knows, so no line is marked
            told = f"{rule_text(verdict)} ({verdict.source})"
            found.append(Finding(f"policy-{verdict.rule}", levels[verdict.ruling], _sentence(told), None, _named(f"target/{plan.target}")))
    for permit in idle_permits(plan):
        level = Level.WARNING if permit.spent else Level.NOTE
        text = _sentence(f"The permit for {permit.name} does nothing here.", permit.text)
        found.append(Finding("permit-idle", level, text, permit.source, _named(permit.address)))
    found += of_not_checked(plan.not_checked, places)
    return sorted(found, key=lambda one: list(Level).index(one.level))


def of_not_checked(left: Iterable[NotChecked], places: Mapping[Address, Source | None]) -> list[Finding]:
    """What could not be compared or judged.

    Args:
        places: where the files ask for each unit.
    """
    return [
        Finding("not-checked", Level.NOTE, _sentence(f"{place_text(one.path)}: {one.reason}"), places.get(one.address), _named(one.address))
        for one in left
    ]


def of_run(report: RunReport, places: Mapping[Address, Source | None]) -> list[Finding]:
    """Every unit that did not end as desired, the worst first.

    Args:
        places: where the files ask for each unit.
    """
    levels = {End.NEEDS_ATTENTION: Level.ERROR, End.AS_BEFORE: Level.ERROR, End.UNTOUCHED: Level.WARNING}
    found = [
        Finding(unit.end.value, levels[unit.end], _sentence("; ".join(unit_remarks(unit))), places.get(unit.address), _named(unit.address))
        for unit in report.units
        if unit.end is not End.AS_DESIRED
    ]
    if report.stopped and not found:
        found.append(Finding("stopped", Level.ERROR, _sentence(report.stopped)))
    return sorted(found, key=lambda one: list(levels.values()).index(one.level))


def of_tests(results: Sequence[tuple[Address | str, TestResult]]) -> list[Finding]:
    """Every test that did not pass."""
    return [
        Finding(
            "test", Level.ERROR, _sentence(f"{verdict_text(one.passed)} after {seconds_text(one.seconds)}", one.detail), None, str(subject)
        )
        for subject, one in results
        if not one.ok
    ]


def of_fmt(files: Sequence[tuple[str, bool]], *, check: bool) -> list[Finding]:
    """Every file that is not in canonical form."""
    text = "The file is not in canonical form. Put it right with `reconciler fmt`." if check else "The file was put into canonical form."
    level = Level.ERROR if check else Level.NOTE
    return [Finding("not-canonical", level, text, Source(name, 1, 1)) for name, changed in files if changed]


def of_drift(drift: Drift) -> list[Finding]:
    """Every value that the tenant changed, at its place in the files."""
    found = []
    for rule, changes in (("drift", drift.changes), ("changed-on-both-sides", drift.both)):
        for change in changes:
            for path, before, after in entries(change):
                live, written = sides_text(path, before, after)
                text = f"{place_text(path)} is {live} on the tenant, and the files say {written}."
                found.append(Finding(rule, Level.WARNING, _sentence(text), change.source, _named(change.address)))
    return found


def of_error(error: ReconcilerError) -> list[Finding]:
    """Why a command did not do what it was asked for."""
    if isinstance(error, InputError):
        return of_problems(error.problems)
    return [Finding("error", Level.ERROR, _sentence(f"{error.summary.rstrip('.')}. {error.detail}".strip(), error.hint))]


def _named(address: object) -> str:
    return shortened(str(address), _LONGEST)


def _sentence(text: str, more: str = "") -> str:
    return " ".join(shortened(part, _LONGEST) for part in (text, more) if part)
