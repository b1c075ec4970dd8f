"""One run, told for an auditor who does not have the tool: who, why, approved by whom, what changed, tested, proved, and how it ended.

In -> Out: a run's view, its exceptions and what a check of the chain found -> a document.
Neighbours: the technical account of the same run is `run_document`; the words of single facts come from there and from `show_text`.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.audit.flags import Flag
from reconciler.audit.people import job_address, person_of, workflow_of
from reconciler.journal.events import Verdict
from reconciler.journal.view import RunView, UnitView
from reconciler.model import Unit
from reconciler.report.chain_text import chain_sentence, chain_warning
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
    words,
)
from reconciler.report.exceptions_document import flags_table
from reconciler.report.invocation import Invocation
from reconciler.report.keeping_text import Check
from reconciler.report.page import Style
from reconciler.report.plan_document import address_text, unit_changes
from reconciler.report.run_document import planned_units
from reconciler.report.run_text import exit_sentence
from reconciler.report.tested import phase_text, verdict_text
from reconciler.report.untrusted import shortened
from reconciler.report.values import seconds_text, when

__all__ = ["told_run"]

_LONGEST: Final = 600
_NOT_SAID: Final = "not said"
_TONES: Final = {Style.GOOD: Tone.GOOD, Style.WARNING: Tone.WARNING, Style.DANGER: Tone.DANGER}


def told_run(view: RunView, flags: Sequence[Flag], checked: Check, *, invocation: Invocation | None = None) -> Document:
    """Lay one run out in sentences.

    Args:
        flags: the exceptions of this run.
    """
    sentence, tone = _ending(view)
    blocks: list[Block] = [
        Paragraph((words(sentence),), tone),
        Paragraph(
            (
                faint(
                    "This page tells one run of reconciler, which changes the ERP connections of SuperOffice from reviewed files. It is "
                    "made from the run's journal alone: every step was recorded there before it was sent and after it was answered."
                ),
            )
        ),
        Section((words("Who, and why"),), (Facts(tuple(_who(view))),)),
        Section((words("Approval"),), tuple(_approval(view))),
        *_units(view),
        Section((words("What was tested"),), (_tests(view),)),
        Section((words("How it ended"),), tuple(_ended(view, sentence))),
        Section((words("Exceptions and reviews"),), tuple(_flags(flags))),
        Section((words("What limited the run"),), tuple(_controls(view))),
        Section((words("Why this can be relied on"),), tuple(_chain(view, checked, invocation or Invocation()))),
    ]
    title = (words("Change report: run "), code(view.run), words(" on "), code(shortened(view.target, 160)))
    foot: tuple[tuple[str, Cell], ...] = (
        ("Run", (code(view.run),)),
        ("plan", (code(str(view.opening.get("plan_digest", ""))),)),
        ("events", (words(f"{view.first_seq} to {view.last_seq}"),)),
        ("head", (code(view.head),)),
    )
    return Document("audit", view.target, title, tuple(blocks), foot, tone if checked.sound else Tone.DANGER)


def _ending(view: RunView) -> tuple[str, Tone]:
    if view.unfinished:
        return "This run is unfinished; nothing else is written to the target until it is settled.", Tone.DANGER
    if view.exit_code is None:
        return "The process ended without saying how.", Tone.DANGER
    sentence, style = exit_sentence(view.exit_code, recovery=view.recoveries[-1].choice if view.recoveries else "", units=len(view.units))
    return sentence, _TONES.get(style, Tone.PLAIN)


def _who(view: RunView) -> Iterator[tuple[str, Cell]]:
    opening = view.opening
    actor, why = opening.get("actor") or {}, opening.get("why") or {}
    identity = actor.get("identity") or {}
    where = f" (account {actor.get('user') or 'unknown'} on {actor.get('host') or 'an unknown machine'})"
    facts = [
        ("Run by", f"{person_of(actor) or 'not known'}{where}"),
        ("Pipeline", workflow_of(actor)),
        ("Its log", job_address(actor)),
        ("Its identity", f"{identity['sub']}, from {identity.get('iss', '')}; as it was shown, not checked" if identity.get("sub") else ""),
        ("SuperOffice login", str(actor.get("principal") or "not known")),
        ("Ticket", str(why.get("ticket") or _NOT_SAID)),
        ("Reason", str(why.get("reason") or _NOT_SAID)),
        ("Class of change", str(why.get("class") or _NOT_SAID)),
        ("Began", when(view.started)),
        ("Ended", when(view.ended) if view.ended else "not by itself"),
        ("Clock", _clock(opening.get("clock"))),
    ]
    yield from ((label, (words(shortened(text, _LONGEST)),)) for label, text in facts if text)


def _clock(clock: Any) -> str:
    ahead = clock.get("ahead_s") if isinstance(clock, Mapping) else None
    if not isinstance(ahead, (int, float)):
        return ""
    side = "ahead of" if ahead > 0 else "behind"
    return f"{abs(ahead):.0f} s {side} SuperOffice's" if abs(ahead) >= 1 else "within a second of SuperOffice's"


_RAW: Final = ("forge", "change", "author", "reviewer", "executor", "merged_by", "writers", "review", "at", "commit", "digest")


def _approval(view: RunView) -> Iterator[Block]:
    glass, approval = view.opening.get("break_glass"), (view.opening.get("actor") or {}).get("approval") or {}
    if glass:
        text = f"The glass was broken: the run went on without what would have stopped it. The reason given: {glass.get('reason', '')}"
        yield Paragraph((strong(shortened(text, _LONGEST)),), Tone.DANGER)
        passed = tuple((words(shortened(str(one), _LONGEST)),) for one in glass.get("passed") or ())
        if passed:
            yield Points(passed)
    if not approval:
        if not glass:
            yield Paragraph((words("No approval by somebody else is recorded for this run."),), Tone.WARNING)
        return
    if not approval.get("verified"):
        text = f"The one who ran it says that it was approved: {approval.get('attested', '')}. No forge confirmed that."
        yield Paragraph((words(shortened(text, _LONGEST)),), Tone.WARNING)
        return
    yield Paragraph((words(shortened(_verified(approval, view), 2 * _LONGEST)),), Tone.GOOD)
    raw = [(name.replace("_", " "), _raw(approval[name])) for name in _RAW if approval.get(name)]
    yield Facts(tuple((name, (code(shortened(text, 160)),)) for name, text in raw))


def _raw(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _verified(approval: Mapping[str, Any], view: RunView) -> str:
    at = f" at {when(str(approval['at']))}" if approval.get("at") else ""
    told = f"{approval.get('reviewer', '')} approved it{at}, on {approval.get('forge', '')}, in change {approval.get('change', '')}."
    author, executor = (f" ({approval[name]})" if approval.get(name) else "" for name in ("author", "executor"))
    told += " The tool asked the forge before the run, which confirmed that; it is "
    told += f"neither the author of the change{author} nor the one who ran it{executor}."
    if approval.get("digest") == view.opening.get("plan_digest"):
        return f"{told} What was approved, by its digest, is exactly the plan that ran."
    return f"{told} The approval is of an earlier plan; only units that are the same in both were run under it."


def _units(view: RunView) -> Iterator[Section]:
    planned = planned_units(view)
    sections = tuple(_unit(unit, planned.get(unit.address)) for unit in view.units.values())
    nothing = Paragraph((words("The plan had nothing to write."),))
    yield Section((words("What changed"),), sections or (nothing,))


def _unit(unit: UnitView, planned: Unit | None) -> Section:
    sentences = [_proved(unit)]
    sentences += [f"It was rolled back: {unit.rollback_reason or unit.reason}."] if unit.rolled_back else []
    sentences += [unit.reason] if unit.reason and not unit.rolled_back else []
    sentences += [f"It was inactive for {seconds_text(unit.window_s)}."] if unit.window_s is not None else []
    sentences += [f"It was switched off on purpose: {unit.parked}."] if unit.parked else []
    text = " ".join(one if one.endswith(".") else f"{one}." for one in (one.replace("..", ".") for one in sentences) if one)
    blocks: list[Block] = [Paragraph((words(shortened(text, 2 * _LONGEST)),))]
    rows = tuple(unit_changes(planned)) if planned is not None else ()
    if rows:
        done = unit.end == "as-desired"
        blocks.append(Changes("From what, to what" if done else "What the plan wanted, from what to what", rows))
    sent = [f"{name} was sent from {secret.ref}" for name, secret in sorted(unit.sent.items())]
    if sent:
        blocks.append(Paragraph((words(f"{shortened('; '.join(sent), _LONGEST)}. The value stands in no report."),)))
    residue = tuple((words(f"Stays behind: {shortened(one, _LONGEST)}"),) for one in unit.residue)
    blocks += [Points(residue)] if residue else []
    title = (strong(unit.kind or "unit"), words(" "), code(address_text(unit.address)))
    return Section(title, tuple(blocks))


def _proved(unit: UnitView) -> str:
    """What the last read that could be read showed."""
    if not unit.touched:
        return "Nothing was sent for it."
    reads = [reading for reading in unit.readings if reading.verdict != Verdict.UNREADABLE]
    at = f", at {when(reads[-1].at)}," if reads else ""
    return {
        "as-desired": f"The last read{at} proved that it is as the plan wants it.",
        "as-before": f"The last read{at} proved that it is as it was found.",
    }.get(unit.end, f"The last read{at} did not prove a state that was meant." if reads else "No read proved its state.")


def _tests(view: RunView) -> Block:
    tests = sorted([*view.tests, *(test for unit in view.units.values() for test in unit.tests)], key=lambda test: test.seq)
    if not tests:
        return Paragraph((words("No test was made: nothing that was changed reaches an ERP, or nothing was sent."),))
    rows = tuple(
        (
            (words(when(test.at)[11:19]),),
            (code(address_text(test.address)),),
            (words(phase_text(test.phase)),),
            (words("passed"),) if test.passed else (strong(verdict_text(test.passed)),),
            (faint(f"{seconds_text(test.seconds)}{f'; {shortened(test.detail, _LONGEST)}' if test.detail else ''}"),),
        )
        for test in tests
    )
    return Table(
        "Tests by SuperOffice against the ERP, before the first write and after the last",
        ("Time (UTC)", "Connection", "Tested", "Answer", "About it"),
        rows,
        row_head=1,
    )


def _ended(view: RunView, sentence: str) -> Iterator[Block]:
    yield Paragraph((words(sentence),))
    for recovery in view.recoveries:
        who = person_of(recovery.actor) or "somebody"
        text = f"At {when(recovery.at)}, {who} settled it with --{recovery.choice}."
        text += f" The reason given: {recovery.why['reason']}." if recovery.why.get("reason") else ""
        yield Paragraph((words(shortened(text, _LONGEST)),))
    notes = tuple((words(shortened(note, _LONGEST)),) for note in view.notes)
    if notes:
        yield Points(notes)


def _flags(flags: Sequence[Flag]) -> Iterator[Block]:
    if not flags:
        yield Paragraph((words("This run left the usual way in nothing that the journal knows."),))
        return
    waiting = sum(1 for flag in flags if flag.review is None)
    told = (
        f"{waiting} of {len(flags)} wait for a review by somebody who did not run it."
        if waiting
        else "Somebody who did not run it reviewed each."
    )
    yield Paragraph((words(told),), Tone.WARNING if waiting else Tone.PLAIN)
    yield flags_table("What left the usual way, oldest first", flags, of_one_run=True)


def _controls(view: RunView) -> Iterator[Block]:
    opening = view.opening
    tool, controls = opening.get("tool") or {}, opening.get("controls") or {}
    version = f"reconciler {tool.get('version') or opening.get('tool_version', '')}"
    rows: list[tuple[Cell, ...]] = [((words("tool"),), (words(version),), (code(str(tool.get("digest", ""))[:16]),))]
    for name, control in sorted(controls.items()):
        says = "" if "says" not in control else shortened(_control_text(name, control["says"]), _LONGEST)
        rows.append(((words(name.replace("_", " ")),), (words(says),), (code(str(control.get("digest", ""))[:16]),)))
    if not controls:
        rows.append(((words("target"),), (words("a digest only"),), (code(str(opening.get("target_digest", ""))[:16]),)))
    yield from _policy(opening.get("policy"))
    yield Table(
        "What held while it ran; the beginning of each digest shows whether two runs had the same",
        ("Control", "What it says", "Digest"),
        tuple(rows),
    )


def _policy(policy: Any) -> Iterator[Block]:
    """What each rule of the target's policy said right before the run."""
    if not isinstance(policy, Mapping):
        yield Paragraph((words("The target names no policy, so none was asked."),))
        return
    ruled = tuple(
        (
            (code(shortened(str(one.get("rule", "")), 80)),),
            (words("passed"),) if one.get("ruling") == "passed" else (strong(str(one.get("ruling", ""))),),
            (words(shortened(str(one.get("owner", "")), 120)),),
            (words(shortened(str(one.get("failure") or one.get("message", "")), _LONGEST)),),
        )
        for one in policy.get("verdicts") or ()
    )
    if ruled:
        yield Table("What each rule of the policy said right before the run", ("Rule", "Ruling", "Owner", "What it asks for"), ruled)


def _control_text(name: str, says: Any) -> str:
    if name == "plan_expires" and isinstance(says, (int, float)):
        return f"a saved plan is good for {says / 3600:g} h"
    if name == "retention" and isinstance(says, int):
        return f"{says:,} days"
    return _says(says)


def _says(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        parts = [f"{key.replace('_', ' ')} {_says(part)}" for key, part in value.items() if part not in (None, "", [], {})]
        return ", ".join(parts) or "none"
    if isinstance(value, list):
        return ", ".join(_says(part) for part in value) or "none"
    return "none" if value is None else str(value)


def _chain(view: RunView, checked: Check, typed: Invocation) -> Iterator[Block]:
    if checked.sound:
        yield Paragraph((words(f"When this page was made, the whole journal was checked. {chain_sentence(checked)}"),))
    else:
        yield Paragraph((words(chain_warning(checked)),), Tone.DANGER)
    text = (
        f"The events of this run are the numbers {view.first_seq} to {view.last_seq} in it. The hash of the last one is the head that the "
        "run printed at its end: where that was kept elsewhere, it shows that nothing was cut off or made anew afterwards."
    )
    yield Paragraph((words(text),))
    yield Typed("To check it again", typed.type("audit", "verify", "--anchor", view.head))
