"""What each forge offers a job: where its reports are looked for, how a value reaches a later job, what a pending change is there.

Source: docs.github.com, "Workflow commands" (summary, outputs, add-mask); docs.gitlab.com, "CI/CD artifacts reports types" (dotenv);
learn.microsoft.com, "Logging commands" of Azure Pipelines (uploadsummary, setvariable, setsecret, complete); read 2026-11.

Effects: writes standard output and the files that a forge names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

__all__ = ["PENDING", "Azure", "GitHub", "GitLab", "Surroundings", "surroundings_of"]

PENDING: Final = 2
# The most that GitHub keeps of a step's summary. Source: docs.github.com, "Workflow commands", job summaries (1 MiB), read 2026-11.
_SUMMARY_BYTES: Final = 1024 * 1024 - 1024
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Surroundings(Protocol):
    """One forge, as a job sees it.

    Attributes:
        findings: the format in which it marks lines of a file.
        reports: the files that it or its users look for beside a plan, and their formats.
    """

    findings: str
    reports: Mapping[str, str]

    def summary(self, report: Path) -> None:
        """Show a report in Markdown to whoever opens the run."""
        ...

    def output(self, name: str, value: str) -> None:
        """Hand a value to later steps or jobs; of the value only letters, digits, `.`, `_` and `-` are handed on."""
        ...

    def warn(self, text: str) -> None:
        """Say something that changes no verdict."""
        ...

    def mask(self, value: str) -> None:
        """Keep a value out of the log, where the forge can."""
        ...

    def code(self, code: int, *, looking: bool) -> int:
        """The exit code of the job, by that of the command; `looking` where a pending change is news, as for drift."""
        ...


class GitHub:
    """A step of a workflow: a pending change is an output, which the workflow reads."""

    findings = "github"
    reports: Mapping[str, str] = {"plan.html": "html"}

    def __init__(self, environ: Mapping[str, str], reports: Path) -> None:
        del reports
        self._outputs, self._summary = environ.get("GITHUB_OUTPUT", ""), environ.get("GITHUB_STEP_SUMMARY", "")

    def summary(self, report: Path) -> None:
        """Add to the page of the run, up to what it holds."""
        text = report.read_text(encoding="utf-8")
        if self._summary and len(text.encode()) <= _SUMMARY_BYTES:
            _append(self._summary, text)

    def output(self, name: str, value: str) -> None:
        """Set an output of the step."""
        if self._outputs:
            _append(self._outputs, f"{name}={_plain(value)}")

    def warn(self, text: str) -> None:
        """Annotate the run."""
        _say(f"::warning title=reconciler::{text}")

    def mask(self, value: str) -> None:
        """Tell the runner."""
        _say(f"::add-mask::{value}")

    def code(self, code: int, *, looking: bool) -> int:
        """A pending change fails no step."""
        del looking
        return 0 if code == PENDING else code


class GitLab:
    """A job: reports are artefacts, values a dotenv report, and the log is the page that people open."""

    findings = "gitlab"
    reports: Mapping[str, str] = {"plan.html": "html", "junit.xml": "junit", "widget.json": "gitlab"}

    def __init__(self, environ: Mapping[str, str], reports: Path) -> None:
        del environ
        self._outputs = reports / "outputs.env"

    def summary(self, report: Path) -> None:
        """Show it in the log; the file is kept as an artefact."""
        _say(report.read_text(encoding="utf-8"))

    def output(self, name: str, value: str) -> None:
        """Add a variable for later jobs: RECONCILER_DIGEST and so on."""
        _append(str(self._outputs), f"RECONCILER_{name.upper().replace('-', '_')}={_plain(value)}")

    def warn(self, text: str) -> None:
        """Say it in the log."""
        _say(f"Warning: {text}")

    def mask(self, value: str) -> None:
        """GitLab masks what is declared as masked, and nothing else."""

    def code(self, code: int, *, looking: bool) -> int:
        """A plan with changes is what was asked for; drift fails the job, so that GitLab writes to somebody."""
        return 0 if code == PENDING and not looking else code


class Azure:
    """A step of a job: a pending change makes it succeed with issues."""

    findings = "azure"
    reports: Mapping[str, str] = {"plan.html": "html", "junit.xml": "junit"}

    def __init__(self, environ: Mapping[str, str], reports: Path) -> None:
        del environ, reports

    def summary(self, report: Path) -> None:
        """Put it on the page of the run."""
        _say(f"##vso[task.uploadsummary]{report.resolve()}")

    def output(self, name: str, value: str) -> None:
        """Set an output variable of the step."""
        _say(f"##vso[task.setvariable variable={name};isOutput=true]{_plain(value)}")

    def warn(self, text: str) -> None:
        """Raise an issue of the run."""
        _say(f"##vso[task.logissue type=warning]{text}")

    def mask(self, value: str) -> None:
        """Tell the agent."""
        _say(f"##vso[task.setsecret]{value}")

    def code(self, code: int, *, looking: bool) -> int:
        """A pending change, planned or found, is said and fails nothing."""
        del looking
        if code == PENDING:
            _say("##vso[task.complete result=SucceededWithIssues;]Changes are pending.")
        return 0 if code == PENDING else code


def surroundings_of(environ: Mapping[str, str], reports: Path) -> Surroundings:
    """The forge whose variables are set; a plain log as on GitLab where none is."""
    if environ.get("GITHUB_REPOSITORY"):
        return GitHub(environ, reports)
    return Azure(environ, reports) if environ.get("SYSTEM_COLLECTIONURI") else GitLab(environ, reports)


def _plain(value: str) -> str:
    """A line end would set another value, and other signs could end a command."""
    return _NOT_PLAIN.sub("", value)


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
