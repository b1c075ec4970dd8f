"""The events of a run, folded as they come, for whoever watches: one line per unit, and what goes on right now.

In -> Out: a plan, then each event's kind and body -> lines to print, and a view to draw.
Neighbours: `cli.live` owns the clock and the screen; `run_text` gets the tests collected here.

The fold is forgiving: an event of an unknown kind or with a body it does not understand changes nothing, since showing progress must
never stop a run.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.model import Act, Plan, Unit
from reconciler.report.page import Page, Span, Style, bold, dim
from reconciler.report.plan_words import act_text
from reconciler.report.tested import Tested, phase_text, verdict_text
from reconciler.report.values import seconds_text

__all__ = ["Mark", "Progress", "StepView"]


class Mark(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class StepView:
    """One step of the unit that is under way."""

    number: int
    act: Act
    in_window: bool
    mark: Mark = Mark.WAITING

    @property
    def text(self) -> str:
        """What the step does, in words."""
        return act_text(self.act)


@dataclass(slots=True)
class Progress:
    """What is known of a run while it runs.

    Attributes:
        total: units of the plan; 0 when the run has no plan (a recovery).
        unit, kind, steps: of the unit that is under way; empty between units.
        now: what goes on, as a sentence; empty between units.
        act: of the write that was announced last.
        settle_s: seconds that a settling wait lasts, while one lasts.
        inactive: the unit's connection is switched off for the moment.
    """

    total: int = 0
    done: int = 0
    unit: str = ""
    kind: str = ""
    now: str = ""
    act: str = ""
    rolling_back: bool = False
    inactive: bool = False
    settle_s: float | None = None
    settle_default_s: float | None = None
    run: str = ""
    steps: list[StepView] = field(default_factory=list)
    tests: list[Tested] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan | None) -> Progress:
        """Start with the steps of a plan."""
        units = {str(unit.address): unit for unit in plan.units} if plan else {}
        return cls(total=len(units), units=units)

    def take(self, kind: str, body: Mapping[str, Any]) -> Page:
        """Fold one event in; the page holds what is worth a line of its own."""
        page = Page()
        act = getattr(self, f"_{kind.replace('-', '_')}", None)
        if callable(act):
            act(page, body)
        return page

    def _run_opened(self, _page: Page, body: Mapping[str, Any]) -> None:
        settle = body.get("settle_s")
        self.settle_default_s = float(settle) if isinstance(settle, (int, float)) else None
        units = body.get("units")
        self.total = self.total or (len(units) if isinstance(units, (list, tuple)) else 0)
        self.now = self._rehearsing()

    def _recovery_opened(self, _page: Page, body: Mapping[str, Any]) -> None:
        self.now = f"Finishing the run ({body.get('choice', '')})"

    def _test(self, page: Page, body: Mapping[str, Any]) -> None:
        test = Tested.of(body)
        self.tests.append(test)
        if not self.unit:
            self.now = self._rehearsing()
        self._mark(_TEST_ACTS.get(test.phase, frozenset()), Mark.DONE if test.passed else Mark.FAILED)
        if not test.passed:
            verdict = f"{verdict_text(test.passed)} ({seconds_text(test.seconds)})"
            detail = f": {test.detail}" if test.detail else ""
            page.line(Span("test", Style.WARNING), "  ", bold(test.address), f"  {phase_text(test.phase)}: {verdict}{detail}", indent=2)

    def _unit_opened(self, _page: Page, body: Mapping[str, Any]) -> None:
        self.unit = str(body.get("unit", ""))
        planned = self.units.get(self.unit)
        self.kind = str(body.get("kind", ""))
        self.steps = [StepView(step.number, step.act, step.in_window) for step in planned.steps] if planned else []
        for step in self.steps:
            if step.act in _BEFORE_WRITING:
                step.mark = Mark.DONE
        self.now, self.rolling_back, self.inactive = "", False, False

    def _intent(self, _page: Page, body: Mapping[str, Any]) -> None:
        self.settle_s = None
        self.act = str(body.get("act", ""))
        self.now = _OPERATIONS.get(self.act, self.act)
        if not self.rolling_back:
            self._at(body, Mark.RUNNING)

    def _outcome(self, _page: Page, body: Mapping[str, Any]) -> None:
        outcome = body.get("outcome")
        if outcome == "unknown":
            self.settle_s = self.settle_default_s
            self.now = "No answer came; waiting until a late request must have landed or died"
        marks = {"applied": Mark.RUNNING, "not-applied": Mark.FAILED, "unknown": Mark.UNKNOWN}
        if not self.rolling_back and isinstance(outcome, str) and outcome in marks:
            self._at(body, marks[outcome])

    def _settled(self, _page: Page, _body: Mapping[str, Any]) -> None:
        self.settle_s = None
        self.now = "Reading what became of it"

    def _observed(self, _page: Page, body: Mapping[str, Any]) -> None:
        self.settle_s = None
        marks = {"as-desired": Mark.DONE, "as-before": Mark.FAILED, "other": Mark.FAILED, "unreadable": Mark.UNKNOWN}
        verdict = body.get("verdict")
        if not self.rolling_back and isinstance(verdict, str) and verdict in marks:
            self._at(body, marks[verdict])
        if verdict == "as-desired" and not self.rolling_back:
            self.now = self._begin_next()
        if verdict == "as-desired" and self.act in ("deactivate", "activate"):
            self.inactive = self.act == "deactivate" and any(step.in_window for step in self.steps)

    def _noop(self, _page: Page, body: Mapping[str, Any]) -> None:
        self._at(body, Mark.DONE)
        self.now = "" if self.rolling_back else self._begin_next()

    def _rollback_opened(self, page: Page, body: Mapping[str, Any]) -> None:
        self.unit = str(body.get("unit", self.unit))
        self.rolling_back, self.now = True, "Rolling back"
        page.line(Span("rolling back", Style.WARNING), "  ", bold(self.unit), f"  {body.get('reason') or ''}", indent=2)

    def _unit_closed(self, page: Page, body: Mapping[str, Any]) -> None:
        end, unit = str(body.get("end", "")), str(body.get("unit", ""))
        self.done += 1
        self.unit, self.now, self.steps, self.rolling_back, self.inactive, self.settle_s = "", "", [], False, False, None
        if end == "untouched":
            return
        kind = self.units[unit].kind.value if unit in self.units else self.kind
        mark, style = _END_MARKS.get(end, (end, Style.PLAIN))
        count = f"{self.done}/{max(self.total, self.done)}"
        parts = [end.replace("-", " ")]
        if body.get("rolled_back"):
            parts.append("rolled back")
        window = body.get("window_s")
        if isinstance(window, (int, float)):
            parts.append(f"was inactive for {seconds_text(float(window))}")
        reason = f": {body['reason']}" if body.get("reason") else ""
        text = f"  {'; '.join(parts)}{reason}"
        page.line(dim(count), "  ", Span(mark, style), "  ", dim(f"{kind}  " if kind else ""), bold(unit), text, indent=2)

    def _note(self, page: Page, body: Mapping[str, Any]) -> None:
        page.line(dim("note"), f"  {body.get('text') or ''}", indent=2)

    def _run_closed(self, _page: Page, _body: Mapping[str, Any]) -> None:
        self.now, self.unit, self.steps, self.settle_s = "", "", [], None

    def _rehearsing(self) -> str:
        """How far the tests before the first write are; they are journalled when they are done."""
        acts = [step.act for unit in self.units.values() for step in unit.steps if step.act in _BEFORE_WRITING]
        return f"Testing before anything is written: {len(self.tests)} of {len(acts)} done" if acts else ""

    def _begin_next(self) -> str:
        """Show the step that comes after the one that was just proved as under way; writes announce themselves, tests do not."""
        for step in self.steps:
            if step.mark is Mark.WAITING:
                step.mark = Mark.RUNNING
                return step.text
        return ""

    def _at(self, body: Mapping[str, Any], mark: Mark) -> None:
        """Mark the step that an event names."""
        for step in self.steps:
            if step.number == body.get("step"):
                step.mark = mark

    def _mark(self, acts: frozenset[Act], mark: Mark) -> None:
        """Mark the last test step of a kind, which has no intent of its own."""
        for step in reversed(self.steps):
            if step.act in acts:
                step.mark = mark
                return


_BEFORE_WRITING = frozenset({Act.REHEARSE, Act.TEST_CONFIG, Act.TEST_URL, Act.REHEARSE_ALL})
_TEST_ACTS = {
    "rehearse": frozenset({Act.REHEARSE, Act.REHEARSE_ALL}),
    "candidate": frozenset({Act.TEST_CONFIG}),
    "url": frozenset({Act.TEST_URL}),
    "test": frozenset({Act.TEST, Act.TEST_ALL}),
    "retest": frozenset({Act.TEST, Act.TEST_ALL}),
}
_OPERATIONS = {
    "deactivate": "Deactivating",
    "save": "Saving",
    "create": "Creating",
    "refresh": "Refreshing its fields",
    "activate": "Activating",
    "map": "Saving the field mappings",
    "items": "Saving the list items",
    "default": "Saving a default",
    "rank": "Putting the fields in order",
    "priority": "Putting the sync priority in order",
    "interval": "Setting the interval of automatic sync",
    "engine": "Switching automatic sync",
    "delete": "Deleting",
}
_END_MARKS = {
    "as-desired": ("ok", Style.GOOD),
    "as-before": ("back", Style.WARNING),
    "needs-attention": ("ATTENTION", Style.DANGER),
}
