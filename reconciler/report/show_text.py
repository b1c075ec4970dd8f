"""One run as a timeline: per unit what was found, what was sent and what came of it, what was tested, how it ended.

In -> Out: a journal's view of a run -> a page.
Neighbours: called by `cli.show`; the view is added up by `journal.view`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.journal.view import Attempt, RunView, Tested, UnitView
from reconciler.model import End, Value
from reconciler.plan.codec import value_from_json
from reconciler.report.invocation import Invocation
from reconciler.report.page import Page, Span, Style, bold, command, dim, plain
from reconciler.report.run_text import end_words, exit_sentence
from reconciler.report.tested import phase_text, verdict_text
from reconciler.report.untrusted import shortened
from reconciler.report.values import entries_of, path_text, seconds_text, value_text, when

__all__ = ["heading_rows", "observed_leaves", "show_page", "timeline"]

_ENDS = {"as-desired": Style.GOOD, "as-before": Style.WARNING, "untouched": Style.DIM, "needs-attention": Style.DANGER}
_MOST = 10  # names in one line
_READ = {"as-desired": "a read shows it", "as-before": "a read shows it did not happen", "other": "a read shows something else"}


def show_page(view: RunView, *, invocation: Invocation | None = None, width: int | None = None) -> Page:
    """Lay out one run."""
    page = Page(width)
    _heading(page, view)
    for unit in view.units.values():
        page.gap()
        _unit(page, unit)
    if view.tests:
        page.gap()
        page.line(bold("Tests of the run"))
        page.columns([_test_row(test) for test in view.tests], indent=4)
    for note in view.notes:
        page.prose(note, indent=2, lead=[dim("note: ")])
    page.gap()
    for recovery in view.recoveries:
        page.line(f"{when(recovery.at)}  recovery began: --{recovery.choice}")
    if view.unfinished:
        page.prose("This run is unfinished; nothing else is written to the target until it is settled.", style=Style.DANGER)
        page.line("What is known, and the choices: ", command((invocation or Invocation()).type("recover")))
    elif view.exit_code is not None:
        sentence, style = exit_sentence(
            view.exit_code, recovery=view.recoveries[-1].choice if view.recoveries else "", units=len(view.units)
        )
        page.prose(sentence, style=style)
    page.line(dim(f"Events {view.first_seq} to {view.last_seq}, head {view.head}"))
    return page


def _heading(page: Page, view: RunView) -> None:
    ends = end_words(End(unit.end) for unit in view.units.values() if unit.end)
    page.line(bold(f"Run {view.run} on {view.target}"), f": {ends}.")
    page.columns([(dim(label), plain(text)) for label, text in heading_rows(view) if text], indent=2)


def heading_rows(view: RunView) -> list[tuple[str, str]]:
    """Who ran it, why, when, with what, and how it ended; a text is empty where nothing is known."""
    opening = view.opening
    actor = {key: value for key, value in (opening.get("actor") or {}).items() if key != "approval"}
    rows = [("command", str(opening.get("command", ""))), ("by", _people(actor)), ("why", _people(opening.get("why")))]
    rows += [("approved", _approval((opening.get("actor") or {}).get("approval"))), ("glass", _glass(opening.get("break_glass")))]
    rows += [("began", when(view.started)), ("ended", when(view.ended) if view.ended else "not ended by itself")]
    rows += [("exit code", "none" if view.exit_code is None else str(view.exit_code)), ("plan", str(opening.get("plan_digest", "")))]
    rows += [("permits", _permits(view.plan)), ("policy", _policy(opening.get("policy")))]
    return [*rows, ("tool", f"reconciler {opening.get('tool_version', '')}")]


def _permits(plan: Mapping[str, Any]) -> str:
    """The permits of the files that let a barrier through."""
    let = [one for one in plan.get("permits") or () if one["state"] == "permits"]
    told = [f"{one['hazard']}={one['address']} ({shortened(one['ticket'] or one['reason'], 80)})" for one in let]
    return ", ".join(told[:_MOST]) + (f" and {len(told) - _MOST:,} more" if len(told) > _MOST else "")


def _policy(policy: Any) -> str:
    """What the target's policy said right before the run, and which policy that was."""
    if not isinstance(policy, Mapping):
        return ""
    by_ruling: dict[str, list[str]] = {}
    for one in policy["verdicts"]:
        by_ruling.setdefault(str(one["ruling"]), []).append(shortened(str(one["rule"]), 80))
    told = [f"{ruling} {', '.join(by_ruling[ruling][:_MOST])}" for ruling in ("denied", "warned", "passed") if ruling in by_ruling]
    return f"{'; '.join(told) or 'not asked'} ({policy['file']}, {str(policy['digest'])[:12]})"


def _glass(given: Any) -> str:
    """Why somebody went past a control; empty where nobody did."""
    return f"broken, with the reason: {shortened(str(given.get('reason', '')), 200)}" if isinstance(given, Mapping) else ""


def _approval(given: Any) -> str:
    """Who approved the plan, and whether the forge said so or only the one who ran it; empty without an approval."""
    if not isinstance(given, Mapping):
        return ""
    if not given.get("verified"):
        return f"as {shortened(str(given.get('attested', '')), 80)} says; attested, not verified"
    at = f", {when(str(given['at']))}" if given.get("at") else ""
    author = f" by {shortened(str(given['author']), 80)}" if given.get("author") else ""
    change = f"{given.get('forge', '')} change {given.get('change', '')}{author}"
    return f"by {shortened(str(given.get('reviewer', '')), 80)}, verified on {change}{at}"


def _people(about: Any) -> str:
    """Who, or why: every member that is not empty, as `user anna, host build-7`."""
    if not isinstance(about, Mapping):
        return ""
    order = {key: place for place, key in enumerate(("user", "host", "principal", "ticket", "reason"))}
    flat: dict[str, Any] = {}
    for key, value in about.items():
        flat.update(value if isinstance(value, Mapping) else {key: value})
    named = sorted(flat.items(), key=lambda entry: (order.get(entry[0], len(order)), entry[0]))
    return ", ".join(f"{key} {shortened(str(value), 80)}" for key, value in named if value not in (None, ""))


def _unit(page: Page, unit: UnitView) -> None:
    end = unit.end or unit.phase.value
    parts = [end.replace("-", " ")]
    parts += ["rolled back"] if unit.rolled_back else []
    parts += [f"was inactive for {seconds_text(unit.window_s)}"] if unit.window_s is not None else []
    page.line(bold(unit.address), f"  {unit.kind}  " if unit.kind else "  ", Span("; ".join(parts), _ENDS.get(end, Style.WARNING)))
    if unit.reason:
        page.prose(unit.reason, indent=4)
    if unit.observed:
        found = "; ".join(f"{path_text(path)} {value_text(value, 60)}" for path, value in observed_leaves(unit.observed))
        page.prose(found, indent=4, lead=[dim("found:  ")])
    rows = [row for _, row in sorted(_timeline(unit), key=lambda entry: entry[0])]
    if rows:
        page.columns(rows, indent=4)
    for name, secret in sorted(unit.sent.items()):
        page.line(dim("sent:   "), f"{path_text(('config', name))} from {secret.ref}", indent=4)
    for text in unit.residue:
        page.prose(text, indent=4, lead=[dim("stays behind: ")])


def observed_leaves(observed: Any) -> Iterator[tuple[tuple[str, ...], Value]]:
    """What was found, one entry per attribute, language and config field; of what lies below a connection only for which actor types.

    The rows below it are kept for the way back, ids and all: pages of them, which nobody reads. JSON has them.
    """
    attributes = value_from_json(observed)
    if isinstance(attributes, Mapping):
        for name, value in attributes.items():
            if name == "below" and isinstance(value, Mapping):
                yield ("below",), tuple(sorted(value.get("actors") or ()))
                continue
            yield from entries_of((name,), value)


def _timeline(unit: UnitView) -> Iterator[tuple[int, tuple[Span, ...]]]:
    """Every write and test with its sequence number, as a row of the table."""
    for test in unit.tests:
        yield test.seq, _test_row(test)
    for attempt in unit.attempts:
        yield attempt.seq, _attempt_row(attempt)


def timeline(tests: Iterable[Tested], attempts: Iterable[Attempt]) -> Iterator[tuple[str, ...]]:
    """Tests and writes in their order, each as time of day, act, call, outcome and what else is known."""
    rows = [(test.seq, _test_row(test)) for test in tests] + [(attempt.seq, _attempt_row(attempt)) for attempt in attempts]
    for _, row in sorted(rows, key=lambda entry: entry[0]):
        yield tuple(span.text for span in row)


def _test_row(test: Tested) -> tuple[Span, ...]:
    verdict = Span(verdict_text(test.passed), Style.PLAIN if test.passed else Style.DANGER)
    about = f"{seconds_text(test.seconds)}{f'; {shortened(test.detail, 200)}' if test.detail else ''}"
    return dim(_clock(test.at)), plain(f"test {phase_text(test.phase)}"), dim(test.address), verdict, dim(about)


def _attempt_row(attempt: Attempt) -> tuple[Span, ...]:
    act = f"undo: {attempt.act}" if attempt.rollback else attempt.act
    again = f", try {attempt.attempt}" if attempt.attempt > 1 else ""
    call = f"{attempt.operation} {attempt.id or ''}{again}".strip()
    return dim(_clock(attempt.at)), plain(act), dim(call), *_outcome(attempt)


def _outcome(attempt: Attempt) -> tuple[Span, Span]:
    """What came of a write: the outcome, then everything that is known of it."""
    if attempt.outcome is None:
        return Span("unknown", Style.DANGER), plain("the process ended before an answer was recorded")
    style = {"applied": Style.PLAIN, "not-applied": Style.WARNING}.get(attempt.outcome, Style.DANGER)
    parts = [seconds_text(attempt.seconds)] if attempt.seconds is not None else []
    parts += [shortened(text, 200) for text in (attempt.detail, *attempt.reasons) if text]
    parts += [f"waited {seconds_text(attempt.settled_s)}"] if attempt.settled_s else []
    doubtful = attempt.outcome != "applied" and attempt.operation == "SaveConnection"
    read = {**_READ, "as-desired": "a read shows what was sent, not whether the connector took it"} if doubtful else _READ
    parts += [read.get(reading.verdict, "could not be read") for reading in attempt.readings]
    return Span(attempt.outcome.replace("-", " "), style), dim("; ".join(dict.fromkeys(parts)))


def _clock(at: str) -> str:
    """The time of day of an ISO text."""
    return at[11:19] if len(at) >= 19 and at[10] == "T" else at
