"""Findings as SARIF 2.1.0, for code scanning.

In -> Out: findings -> one SARIF log of one run.
Neighbours: called by `formats`. Foreign text is made visible and loses the brackets of SARIF's own links in `_message`; JSON does the rest.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; docs.github.com, SARIF support for code scanning.

Effects: none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.model import Source
from reconciler.report.findings import Finding
from reconciler.report.untrusted import visible

__all__ = ["MOST", "sarif_object"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST = 5_000  # results that GitHub keeps of one run. Source: docs.github.com, SARIF results exceed one or more limits

_LINK = re.compile(r"[\[\]\\]")
_DRIVE = re.compile(r"[A-Za-z]:/")
_UNSAFE_RULE = re.compile(r"[^\w.-]+", re.ASCII)


def sarif_object(findings: Sequence[Finding], *, command: str, target: str | None, exit_code: int) -> dict[str, Any]:
    """The log of one command. Its category tells it from those of other commands and targets, so that none closes another's alerts."""
    rules = sorted({_rule(one.rule) for one in findings})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "reconciler", "version": __version__, "rules": [{"id": rule} for rule in rules]}},
                "automationDetails": {"id": f"reconciler/{command}/{quote(visible(target or ''), safe='')}/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": exit_code in (0, 2, 3), "exitCode": exit_code}],
                "results": [_result(one, rules) for one in findings[:MOST]],
            }
        ],
    }


def _result(one: Finding, rules: Sequence[str]) -> dict[str, Any]:
    rule = _rule(one.rule)
    identity = "\n".join((rule, one.source.file if one.source else "", one.address, one.message))
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": one.level.value,
        "message": {"text": _message(one)},
        "partialFingerprints": {"reconciler/v1": sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()},
    }
    location: dict[str, Any] = {}
    if one.source is not None and one.source.file:
        location["physicalLocation"] = _place(one.source)
    if one.address:
        location["logicalLocations"] = [{"fullyQualifiedName": one.address, "kind": "object"}]
    if location:
        result["locations"] = [location]
    return result


def _place(source: Source) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(source.file)}}
    if source.line:
        place["region"] = {"startLine": source.line, **({"startColumn": source.column} if source.column else {})}
    return place


def _uri(file: str) -> str:
    """A path as a URI reference: relative where it is."""
    path = file.replace("\\", "/")
    if _DRIVE.match(path):
        path = f"/{path}"
    return (
        f"file://{quote(path, safe='/:', errors='surrogatepass')}"
        if path.startswith("/")
        else quote(path, safe="/", errors="surrogatepass")
    )


def _message(one: Finding) -> str:
    about = f"{one.address}: " if one.address else ""
    return _LINK.sub(lambda found: f"\\{found[0]}", visible(f"{about}{one.message}"))


def _rule(rule: str) -> str:
    return _UNSAFE_RULE.sub("-", rule) or "problem"
