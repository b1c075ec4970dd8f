"""Findings as the commands by which GitHub Actions and Azure Pipelines mark lines of files.

In -> Out: findings -> lines for standard output.
Neighbours: called by `formats`. These lines are meant as orders to a build server, so here foreign text is escaped for it: `_data` and
`_property` for each of the two. No other module writes such a line.

Source: docs.github.com, workflow commands (escapes as in actions/toolkit, command.ts); learn.microsoft.com, logging commands of Azure
Pipelines (escapes as in azure-pipelines-task-lib, taskcommand.ts).

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.report.findings import Finding, Level
from reconciler.report.untrusted import disarmed, visible

__all__ = ["azure_text", "github_text"]

_GITHUB = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_GITHUB_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_GITHUB_PROPERTY = {**_GITHUB_DATA, ":": "%3A", ",": "%2C"}
_AZURE_DATA = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_AZURE_PROPERTY = {**_AZURE_DATA, "]": "%5D", ";": "%3B"}


def github_text(findings: Iterable[Finding], *, summary: str = "", title: str = "") -> str:
    """One workflow command for each finding.

    Args:
        summary: a sentence that stands first, as a notice below `title`; empty for none.
    """
    lines = [f"::notice title={_escaped(title, _GITHUB_PROPERTY)}::{_escaped(summary, _GITHUB_DATA)}"] if summary else []
    for one in findings:
        about = f"{one.rule}: {one.address}" if one.address else one.rule
        named = {"title": about}
        if one.source is not None and one.source.file:
            line = {"line": str(one.source.line)} if one.source.line else {}
            column = {"col": str(one.source.column)} if one.source.line and one.source.column else {}
            named = {"file": one.source.file, **line, **column, **named}
        properties = ",".join(f"{name}={_escaped(value, _GITHUB_PROPERTY)}" for name, value in named.items())
        lines.append(f"::{_GITHUB[one.level]} {properties}::{_escaped(one.message, _GITHUB_DATA)}")
    return "".join(f"{line}\n" for line in lines)


def azure_text(findings: Iterable[Finding], *, summary: str = "") -> str:
    """One logging command for each error and warning; Azure Pipelines has no smaller one, so notes are plain lines."""
    lines = [disarmed(visible(summary))] if summary else []
    for one in findings:
        about = f"{one.address}: " if one.address else ""
        if one.level is Level.NOTE:
            lines.append(disarmed(visible(f"Note: {about}{one.message}")))
            continue
        named = {"type": one.level.value}
        if one.source is not None and one.source.file:
            named["sourcepath"] = one.source.file
            named |= {"linenumber": str(one.source.line), "columnnumber": str(one.source.column or 1)} if one.source.line else {}
        named["code"] = one.rule
        properties = ";".join(f"{name}={_escaped(value, _AZURE_PROPERTY)}" for name, value in named.items())
        lines.append(f"##vso[task.logissue {properties}]{_escaped(f'{about}{one.message}', _AZURE_DATA)}")
    return "".join(f"{line}\n" for line in lines)


def _escaped(text: str, table: Mapping[str, str]) -> str:
    """Foreign text inside of a command: visible first, so that only ours is a command, then as the build server wants it."""
    shown = disarmed(visible(text))
    return "".join(table.get(char, char) for char in shown)
