"""Every subject in every format but text: the one table of who writes what.

In -> Out: the values that the text renderers get, and the name of a format -> finished text for standard output.
Neighbours: called by `cli.output`; loads only the writer that is asked for.

    plan      json markdown html junit sarif github gitlab azure   (gitlab: the widget with the counts)
    run       json markdown html junit sarif github gitlab azure
    show      json markdown html junit
    problems  json markdown html junit sarif github gitlab azure   (gitlab: the code quality report)
    tests     json markdown html junit sarif github gitlab azure
    fmt       json markdown html junit sarif github gitlab azure
    drift     json markdown html junit sarif github gitlab azure

Effects: none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.errors import InputError, ReconcilerError
from reconciler.journal.view import RunView
from reconciler.model import Address, Desired, Drift, End, NotChecked, Plan, Problem, Ruling, RunReport, Source, TestResult
from reconciler.plan.codec import to_json
from reconciler.report import findings as found
from reconciler.report import json as objects
from reconciler.report.document import Document
from reconciler.report.files_text import fmt_object
from reconciler.report.findings import Finding
from reconciler.report.invocation import Invocation
from reconciler.report.junit import Case, Verdict, junit_text
from reconciler.report.plan_words import summary
from reconciler.report.policy_text import rule_text
from reconciler.report.run_text import end_words, unit_remarks
from reconciler.report.show_json import show_object
from reconciler.report.tested import Tested, verdict_text, verdicts_text
from reconciler.report.values import seconds_text

__all__ = ["Writer"]

_FALLBACK = "connections.yaml"


def _as_it_is(source: Source) -> Source:
    return source


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one command's subject in one format.

    Attributes:
        format: any but `text`.
        command: as it was typed, for the names of suites and categories.
        place: puts a file where the build server looks for it, relative to the repository.
    """

    format: str
    command: str
    target: str | None = None
    place: Callable[[Source], Source] = field(default=_as_it_is)

    def plan(self, plan: Plan, *, window_seconds: Mapping[str, float], next_steps: Sequence[tuple[str, str]], exit_code: int) -> str:
        """A plan."""
        if self.format == "json":
            return objects.json_text(to_json(plan), compact=True)
        if self.format == "gitlab":
            from reconciler.report.code_quality import widget_object

            return objects.json_text(widget_object(plan))
        if self.format == "junit":
            return self._junit(_plan_cases(plan))
        if self.format in ("markdown", "html"):
            from reconciler.report.plan_document import plan_document

            return self._document(plan_document(plan, window_seconds=window_seconds, next_steps=next_steps))
        told = f"{summary(plan)}." if plan.units or plan.stopping else "Nothing to do."
        return self._findings(found.of_plan(plan), exit_code, f"Plan for {plan.target}", told)

    def run(self, report: RunReport, tests: Sequence[Tested], *, places: Mapping[Address, Source | None], typed: Invocation) -> str:
        """What a run did.

        Args:
            places: where the files ask for each unit.
        """
        if self.format == "json":
            return objects.json_text(objects.apply_object(report, tests))
        if self.format == "junit":
            return self._junit(_run_cases(report, tests))
        if self.format in ("markdown", "html"):
            from reconciler.report.run_document import run_document

            return self._document(run_document(report, tests=tests, invocation=typed))
        told = f"{end_words(unit.end for unit in report.units)}."
        return self._findings(found.of_run(report, places), report.exit_code, f"Run {report.run} on {report.target}", told)

    def show(self, view: RunView) -> str:
        """One run in full, from the journal."""
        if self.format == "json":
            return objects.json_text(show_object(view))
        if self.format == "junit":
            return self._junit(_view_cases(view))
        from reconciler.report.run_document import show_document

        return self._document(show_document(view))

    def problems(self, desired: Desired | None, problems: Sequence[Problem], not_checked: Sequence[NotChecked] = ()) -> str:
        """Whether files are valid, and what of them the tenant could not tell."""
        if self.format == "json":
            return objects.json_text(objects.validate_object(desired, problems, target=self.target, not_checked=not_checked))
        if self.format == "junit":
            names = [name for name, _ in desired.files] if desired else []
            return self._junit([*map(Case, names), *_finding_cases(found.of_problems(problems), Verdict.FAILURE)])
        if self.format in ("markdown", "html"):
            from reconciler.report.lists_document import validate_document

            return self._document(validate_document(desired, problems, target=self.target, not_checked=not_checked))
        return self._findings([*found.of_problems(problems), *found.of_not_checked(not_checked, {})], 1 if problems else 0)

    def tests(self, results: Sequence[tuple[Address | str, TestResult]], exit_code: int) -> str:
        """Every test with its verdict."""
        target = self.target or ""
        if self.format == "json":
            return objects.json_text(objects.verdicts_object(target, results, exit_code))
        if self.format == "junit":
            return self._junit([_test_case(str(subject), one) for subject, one in results])
        if self.format in ("markdown", "html"):
            from reconciler.report.lists_document import verdicts_document

            return self._document(verdicts_document(target, results))
        return self._findings(found.of_tests(results), exit_code)

    def fmt(self, files: Sequence[tuple[str, bool]], exit_code: int, *, check: bool) -> str:
        """Which files are in canonical form."""
        if self.format == "json":
            return objects.json_text(fmt_object(files, exit_code))
        if self.format == "junit":
            verdict = Verdict.FAILURE if check else Verdict.PASSED
            made = [
                Case(name, verdict if one else Verdict.PASSED, "not-canonical", "not canonical: reconciler fmt" if one else "")
                for name, one in files
            ]
            return self._junit(made)
        if self.format in ("markdown", "html"):
            from reconciler.report.lists_document import fmt_document

            return self._document(fmt_document(files, check=check))
        return self._findings(found.of_fmt(files, check=check), exit_code)

    def drift(self, drift: Drift, exit_code: int, *, next_steps: Sequence[tuple[str, str]]) -> str:
        """What the tenant changed."""
        from reconciler.report.drift_text import drift_document, drift_object

        if self.format == "json":
            return objects.json_text(drift_object(drift, exit_code))
        if self.format == "junit":
            return self._junit(_finding_cases(found.of_drift(drift), Verdict.FAILURE) or [Case("no drift")])
        if self.format in ("markdown", "html"):
            return self._document(drift_document(drift, next_steps=next_steps))
        return self._findings(found.of_drift(drift), exit_code)

    def error(self, error: ReconcilerError) -> str:
        """Why a command did not do what it was asked for. The widget of GitLab cannot tell that, so a plan's is empty then."""
        if self.format == "json":
            return objects.json_text(objects.error_object(error, command=self.command, target=self.target))
        if self.format == "gitlab" and self.command == "plan":
            return ""
        if self.format == "junit":
            verdict = Verdict.FAILURE if isinstance(error, InputError) else Verdict.ERROR
            return self._junit(_finding_cases(found.of_error(error), verdict))
        if self.format in ("markdown", "html"):
            from reconciler.report.lists_document import error_document

            return self._document(error_document(error, command=self.command, target=self.target))
        return self._findings(found.of_error(error), error.exit_code)

    def _document(self, document: Document) -> str:
        if self.format == "html":
            from reconciler.report.html import html_text

            return html_text(document)
        from reconciler.report.markdown import markdown_text

        return markdown_text(document)

    def _findings(self, listed: Sequence[Finding], exit_code: int, title: str = "", told: str = "") -> str:
        placed = [replace(one, source=self.place(one.source)) if one.source else one for one in listed]
        if self.format == "sarif":
            from reconciler.report.sarif import sarif_object

            return objects.json_text(sarif_object(placed, command=self.command, target=self.target, exit_code=exit_code))
        if self.format == "gitlab":
            from reconciler.report.code_quality import issues

            return _array_text(issues(placed, file=self.place(Source(_FALLBACK)).file))
        from reconciler.report.annotations import azure_text, github_text

        if self.format == "azure":
            return azure_text(placed, summary=f"{title}: {told}" if told else "")
        return github_text(placed, summary=told, title=title)

    def _junit(self, cases: Sequence[Case]) -> str:
        suite = f"reconciler {self.command}"
        return junit_text(cases, suite=f"{suite} on {self.target}" if self.target else suite)


def _array_text(listed: Sequence[Mapping[str, Any]]) -> str:
    """A list as JSON, as `json_text` writes an object."""
    return objects.disarmed_json(json.dumps(listed, indent=2, ensure_ascii=True, allow_nan=False)) + "\n"


def _plan_cases(plan: Plan) -> list[Case]:
    """A unit fails while a barrier stands in its way; barriers of no unit are cases of their own."""
    units = {str(unit.address) for unit in plan.units}
    cases = []
    for unit in plan.units:
        stopping = [hazard for hazard in plan.stopping if hazard.address == unit.address]
        name = f"{unit.kind.value} {unit.address}"
        if stopping:
            cases.append(Case(name, Verdict.FAILURE, stopping[0].name.value, " ".join(hazard.text for hazard in stopping)))
        else:
            cases.append(Case(name))
    cases += [
        Case(str(hazard.address), Verdict.FAILURE, hazard.name.value, hazard.text)
        for hazard in plan.stopping
        if str(hazard.address) not in units
    ]
    for verdict in plan.policy.verdicts if plan.policy is not None else ():
        if verdict.ruling is Ruling.DENIED:
            cases.append(Case(f"policy {verdict.rule}", Verdict.FAILURE, "policy", rule_text(verdict)))
        else:
            cases.append(Case(f"policy {verdict.rule}"))
    return cases or [Case("nothing to do")]


_ENDS = {
    End.AS_DESIRED: Verdict.PASSED,
    End.AS_BEFORE: Verdict.FAILURE,
    End.UNTOUCHED: Verdict.SKIPPED,
    End.NEEDS_ATTENTION: Verdict.ERROR,
}


def _run_cases(report: RunReport, tests: Sequence[Tested]) -> list[Case]:
    cases = []
    for unit in report.units:
        verdict = _ENDS[unit.end]
        own = [test for test in tests if test.unit == str(unit.address)]
        message = "" if verdict is Verdict.PASSED else "; ".join(unit_remarks(unit))
        seconds = sum(test.seconds for test in own) + (unit.window_s or 0.0)
        detail = "; ".join(text for text in (message, verdicts_text(own, created=unit.kind == "create")) if text)
        cases.append(Case(f"{unit.kind} {unit.address}", verdict, unit.end.value, message, detail, seconds))
    if report.stopped and all(case.verdict is Verdict.PASSED for case in cases):
        cases.append(Case("the run", Verdict.ERROR, "stopped", report.stopped))
    return cases or [Case("nothing to do")]


def _view_cases(view: RunView) -> list[Case]:
    cases = []
    for unit in view.units.values():
        verdict = _ENDS[End(unit.end)] if unit.end else Verdict.ERROR
        message = "" if verdict is Verdict.PASSED else unit.reason or ("" if unit.end else "unfinished")
        seconds = sum(test.seconds for test in unit.tests) + (unit.window_s or 0.0)
        cases.append(Case(f"{unit.kind} {unit.address}".strip(), verdict, unit.end or "unfinished", message, "", seconds))
    return cases or [Case("nothing to do")]


def _test_case(name: str, one: TestResult) -> Case:
    if one.ok:
        return Case(name, seconds=one.seconds)
    message = f"{verdict_text(one.passed)} after {seconds_text(one.seconds)}"
    verdict = Verdict.ERROR if one.passed is None else Verdict.FAILURE
    return Case(name, verdict, "test", message, f"{message}: {one.detail}" if one.detail else "", one.seconds)


def _finding_cases(listed: Sequence[Finding], verdict: Verdict) -> list[Case]:
    return [
        Case(
            f"{one.rule} at {one.source}" if one.source else one.rule,
            verdict,
            one.rule,
            one.message,
            f"{one.source}: {one.message}" if one.source else "",
        )
        for one in listed
    ]
