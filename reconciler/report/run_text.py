"""What a run did, as a person reads it: how each unit ended and why, what was tested, what stays to do.

In -> Out: a run report and the tests of its events -> a page.
Neighbours: called by `cli.apply` and `cli.recover`.

The wording is bound to the exit code: a line says "proved by a read" only for ends that were, and the last sentence says what
the exit code says.

Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model import End, RunReport, UnitEnd
from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Span, Style, bold, command, dim
from reconciler.report.tested import Tested, verdicts_text
from reconciler.report.values import path_text, said_once, seconds_text

__all__ = ["end_words", "exit_sentence", "next_commands", "run_page", "unit_remarks"]

_ENDS = {
    End.AS_DESIRED: ("ok", Style.GOOD, "as desired"),
    End.AS_BEFORE: ("back", Style.WARNING, "as before"),
    End.UNTOUCHED: ("-", Style.DIM, "untouched"),
    End.NEEDS_ATTENTION: ("ATTENTION", Style.DANGER, "needs attention"),
}

_SENTENCES = {
    0: ("Done: every unit is as desired, proved by a read.", Style.GOOD),
    1: ("Nothing was written.", Style.DANGER),
    3: ("A check said no; nothing was written.", Style.DANGER),
    4: ("The tenant is not as the plan expected; nothing was written.", Style.DANGER),
    5: ("Stopped short: every unit is as desired or as before, each proved by a read, or untouched.", Style.WARNING),
    6: ("Needs attention: at least one unit is in a state that was not asked for or could not be proved.", Style.DANGER),
    7: ("Another run holds the right to write; nothing was written.", Style.DANGER),
    130: ("Interrupted; nothing was written.", Style.WARNING),
    143: ("Interrupted; nothing was written.", Style.WARNING),
}


def run_page(
    report: RunReport, *, tests: Sequence[Tested] = (), invocation: Invocation | None = None, recovery: str = "", width: int | None = None
) -> Page:
    """Lay out what a run did.

    Args:
        tests: the tests of the run, in order.
        recovery: the choice of `recover` that this run was finished with; empty for an apply.
    """
    page = Page(width)
    typed = invocation or Invocation()
    what = f"Recovery of run {report.run}" if recovery else f"Run {report.run}"
    page.line(
        bold(f"{what} on {report.target}"), f": {end_words(unit.end for unit in report.units)}", dim(f"  ({seconds_text(report.seconds)})")
    )
    if report.units:
        page.gap()
    label = max((len(_ENDS[unit.end][0]) for unit in report.units), default=0)
    kind = max((len(unit.kind) for unit in report.units), default=0)
    for unit in report.units:
        own = [test for test in tests if test.unit == str(unit.address)]
        # A recovery sees its own tests only, and not whether an earlier process had activated what is new.
        tested = verdicts_text(own, created=unit.kind == "create" and not recovery)
        _unit(page, unit, tested, typed, label=label, kind=kind)
    loose = verdicts_text(test for test in tests if not test.unit)
    if loose:
        page.prose(loose, indent=2, style=Style.DIM)
    page.gap()
    if report.stopped and not any(report.stopped in unit.reason for unit in report.units):
        page.prose(report.stopped)
    sentence, style = exit_sentence(report.exit_code, recovery=recovery, units=len(report.units))
    page.prose(sentence, style=style)
    page.gap()
    if report.head:
        page.line(dim(f"Journal head {report.head}"))
    for label_text, line in next_commands(report, typed, recovery):
        page.line(f"{label_text}: ", command(line))
    return page


def end_words(ends: Iterable[End]) -> str:
    """`2 as desired, 1 as before, 3 untouched`."""
    counts = Counter(ends)
    return ", ".join(f"{counts[end]:,} {_ENDS[end][2]}" for end in End if counts[end]) or "no units"


def exit_sentence(code: int, *, recovery: str = "", units: int = 1) -> tuple[str, Style]:
    """What an exit code says of the target, in one sentence."""
    if recovery == "forward" and code == 0:
        return "Done: every unit is as desired, proved by a read; the run is closed.", Style.GOOD
    if recovery == "forward" and code == 5:
        settled = "every unit is as desired or as before, each proved by a read, or untouched; the run is closed."
        return f"Settled, short of the plan: {settled}", Style.WARNING
    if recovery and code == 0:
        return "Done: what the tenant shows now was confirmed by a read, and the run is closed.", Style.GOOD
    if recovery and code == 5:
        return "Done: every unit is as before or as desired, each proved by a read, or untouched; the run is closed.", Style.GOOD
    if code == 0 and not units:
        return "Nothing to do; nothing was written.", Style.GOOD
    return _SENTENCES.get(code, ("An unexpected error stopped the run before any write.", Style.DANGER))


def _unit(page: Page, unit: UnitEnd, tested: str, typed: Invocation, *, label: int, kind: int) -> None:
    """One unit: how it ended on the first line, then everything worth knowing below."""
    mark, style, words = _ENDS[unit.end]
    page.line(
        Span(f"{mark:<{label}}", style),
        "  ",
        dim(f"{unit.kind:<{kind}}"),
        "  ",
        bold(str(unit.address)),
        f"  {words}{_how(unit)}",
        indent=2,
    )
    below = 2 + label + 2 + kind + 2
    if unit.reason:
        page.prose(said_once(unit.reason), indent=below)
    for text in unit.residue:
        page.prose(text, indent=below, lead=[dim("stays behind: ")])
    if unit.not_readable:
        named = ", ".join(_path(path) for path in unit.not_readable)
        page.prose(f"{named}: not readable; proved by the fingerprint of the value sent and a passing test", indent=below)
    if tested:
        page.prose(tested, indent=below, style=Style.DIM)
    if unit.next_step:
        page.line("next: ", command(typed.retype(unit.next_step)), indent=below)


def unit_remarks(unit: UnitEnd) -> list[str]:
    """Everything that is to be said about the end of a unit, the reason first."""
    told = [said_once(unit.reason)] if unit.reason else []
    told += _parts(unit)
    told += [f"stays behind: {text}" for text in unit.residue]
    if unit.not_readable:
        named = ", ".join(_path(path) for path in unit.not_readable)
        told.append(f"{named}: not readable; proved by the fingerprint of the value sent and a passing test")
    return told


def _how(unit: UnitEnd) -> str:
    """What belongs to the end, in the fewest words."""
    return "".join(f"; {part}" for part in _parts(unit))


def _parts(unit: UnitEnd) -> list[str]:
    parts = []
    if unit.end is End.AS_BEFORE:
        parts.append(
            "rolled back, proved by a read" if unit.rolled_back else "nothing of it was written" if not unit.written else "proved by a read"
        )
    if unit.repair:
        parts.append("repair: the test failed before")
    if unit.window_s is not None:
        parts.append(f"was inactive for {seconds_text(unit.window_s)}")
    return parts


def _path(path: str | tuple[str, ...]) -> str:
    return path if isinstance(path, str) else path_text(path)


def next_commands(report: RunReport, typed: Invocation, recovery: str) -> list[tuple[str, str]]:
    """The command that goes on from here."""
    if report.exit_code == 6:
        return [("What is known, and the choices", typed.type("recover")), ("What happened", typed.type("show", report.run))]
    if report.exit_code == 5 and recovery in ("", "forward"):
        return [("What happened", typed.type("show", report.run)), ("What is still to do", typed.type("plan", files=True))]
    if report.exit_code == 0 and report.units:
        return [("Evidence", typed.type("show", report.run))]
    return []
