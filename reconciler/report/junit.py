"""Cases as JUnit XML, for the test tab of a pipeline: one case for each unit, connection, file or problem.

In -> Out: cases -> XML.
Neighbours: called by `formats`. Foreign text is made visible in `_text`, so that it is legal XML; ElementTree does the rest.

Source: the schema that Jenkins' xUnit plugin publishes for its own tests and that GitLab, Azure Pipelines and pytest follow.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler.report.untrusted import shortened

__all__ = ["Case", "Verdict", "junit_text"]

_LONGEST = 2_000


class Verdict(StrEnum):
    """How a case ended, by the name of its element."""

    PASSED = "passed"
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        kind: what sort of verdict it is: a hazard's name, how a unit ended.
        message: why it did not pass; empty where it did.
        seconds: how long it took; 0 where that is not known.
    """

    name: str
    verdict: Verdict = Verdict.PASSED
    kind: str = ""
    message: str = ""
    detail: str = ""
    seconds: float = 0.0


def junit_text(cases: Sequence[Case], *, suite: str) -> str:
    """One suite with these cases."""
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(1 for case in cases if case.verdict is Verdict.FAILURE)),
        "errors": str(sum(1 for case in cases if case.verdict is Verdict.ERROR)),
        "time": _time(sum(case.seconds for case in cases)),
    }
    root = Element("testsuites", {"name": _text(suite), **counts})
    skipped = str(sum(1 for case in cases if case.verdict is Verdict.SKIPPED))
    parent = SubElement(root, "testsuite", {"name": _text(suite), **counts, "skipped": skipped})
    for case in cases:
        element = SubElement(parent, "testcase", {"classname": _text(suite), "name": _text(case.name), "time": _time(case.seconds)})
        if case.verdict is Verdict.PASSED:
            if case.detail:
                SubElement(element, "system-out").text = _text(case.detail)
            continue
        told = {"message": _text(case.message)} if case.message else {}
        kind = {} if case.verdict is Verdict.SKIPPED else {"type": _text(case.kind or case.verdict.value)}
        SubElement(element, case.verdict.value, {**told, **kind}).text = _text(case.detail or case.message) or None
    indent(root)
    return _disarmed(tostring(root, encoding="us-ascii").decode("ascii")) + "\n"


def _text(text: str) -> str:
    return shortened(text, _LONGEST)


def _time(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}"


def _disarmed(xml: str) -> str:
    """XML that gives no build server an order, if it is printed into a log: every text is one line, so only `##` needs care."""
    return xml.replace("##", "&#35;#")
