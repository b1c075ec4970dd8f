"""Reads a policy: strict YAML with places, held against its schema, every expression checked before anything is judged.

In -> Out: the file that a target names -> `Policy`, or every problem in it.
Effects: reads disk (the file, its schema) and the time zones of the system.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.desired import files
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Items, Node, Scalar, Table, show
from reconciler.desired.shape import check
from reconciler.desired.strict import parse
from reconciler.model import Source, Target
from reconciler.policy.cel import Engine, Fault
from reconciler.policy.document import names
from reconciler.policy.windows import Window, local_time

SCHEMA: Final = "policy"
MOST_BYTES: Final = 256 * 1024
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_INSTEAD: Final = "name another one under `policy` at the target"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says when its expression holds, and how much that matters.

    Attributes:
        denies: its severity is `error`; else it warns.
        breakable: `apply --break-glass` may go past it.
        when: the expression in CEL; the rule speaks when it is true.
    """

    name: str
    denies: bool
    owner: str
    message: str
    when: str
    source: Source
    breakable: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a target, with the time zone of its change windows.

    Attributes:
        file: as the target names it.
        digest: SHA-256 of the file's bytes.
    """

    file: str
    digest: str
    time_zone: str
    windows: Mapping[str, Window]
    rules: tuple[Rule, ...]


def load_policy(target: Target) -> Policy | None:
    """The policy that a target names; None when it names none.

    Raises:
        InputError: it cannot be read, with every problem in it; or the extra `policy` is missing.
    """
    if not target.policy:
        return None
    findings = Findings()
    content = files.read_bytes(Path(target.directory) / target.policy, target.policy, findings, instead=_INSTEAD)
    if content is not None and len(content) > MOST_BYTES:
        findings.add("file-too-large", "This policy is larger than 256 KiB, the most that is read.", Source(target.policy), "Shorten it.")
    findings.raise_if_any()
    assert content is not None
    text = files.decode(content, target.policy, findings)
    parsed = None if text is None else parse(text, target.policy, findings)
    findings.raise_if_any()
    assert text is not None
    assert parsed is not None
    assert parsed.root is not None
    check(parsed.root, SCHEMA, findings)
    policy = _built(parsed.root, target.policy, hashlib.sha256(content).hexdigest(), findings)
    _check_expressions(policy, parsed.root, text, findings)
    findings.raise_if_any()
    return policy


def _built(root: Node, name: str, digest: str, findings: Findings) -> Policy:
    top = root if isinstance(root, Table) else Table({}, root.source)
    zone = _text(top.get("time_zone")) or "UTC"
    try:
        local_time(datetime(2026, 1, 1, tzinfo=UTC), zone)
    except (KeyError, ValueError, OSError):
        place = top.get("time_zone") or top
        hint = "Write a name such as Europe/Oslo; `pip install tzdata` brings all of them."
        findings.add("unknown-time-zone", "There is no such time zone on this machine.", place.source, hint)
    windows = {}
    written = top.get("windows")
    for key, entry in written if isinstance(written, Table) else ():
        if not _NAME.fullmatch(key):
            hint = "Write small letters, digits and _, such as year_end: expressions say windows.year_end."
            findings.add("wrong-form", f"{show(key)} cannot be the name of a window.", entry.key, hint)
        if isinstance(entry.value, Table) and {"from", "to"} <= entry.value.entries.keys():
            windows[key] = Window(_text(entry.value.get("from")), _text(entry.value.get("to")))
            if windows[key].problem:
                findings.add(
                    "wrong-window", windows[key].problem, entry.value.source, "Write it as {from: friday 16:00, to: monday 00:00}."
                )
    rules: dict[str, Rule] = {}
    for item in _rules(top):
        rule = _rule(item)
        if not rule.name:
            continue  # reported with the schema
        if rule.name in rules:
            message = f"The rule at {rules[rule.name].source} is called {show(rule.name)} already."
            findings.add("duplicate-rule", message, rule.source, "Name each rule once: verdicts are compared by name.")
        rules.setdefault(rule.name, rule)
    return Policy(name, digest, zone, windows, tuple(rules.values()))


def _rule(item: Table) -> Rule:
    values = {key: _text(item.get(key)) for key in ("name", "severity", "owner", "message", "when")}
    return Rule(
        values["name"],
        values["severity"] == "error",
        values["owner"],
        " ".join(values["message"].split()),
        values["when"],
        item.source,
        _text(item.get("break_glass")) == "true",
    )


def _rules(top: Table) -> list[Table]:
    listed = top.get("rules")
    return [one for one in listed.items if isinstance(one, Table)] if isinstance(listed, Items) else []


def _check_expressions(policy: Policy, root: Node, text: str, findings: Findings) -> None:
    engine = Engine(names({*_written_windows(root), *policy.windows}), Source(policy.file))  # a wrong window is a problem of its own
    for item in _rules(root) if isinstance(root, Table) else ():
        node = item.get("when")
        fault = engine.check(node.text) if isinstance(node, Scalar) else None
        if fault is not None and isinstance(node, Scalar):
            place = _place(node, fault, text)
            within = f" (line {fault.line}, column {fault.column} of it)" if fault.line and place == node.source else ""
            message = f"The expression of {show(_text(item.get('name')))} cannot be evaluated: {fault.text}{within}."
            hint = "docs/policy.md lists every name, and what CEL can say of it."
            findings.add("wrong-expression", message, place, hint)


def _written_windows(root: Node) -> list[str]:
    written = root.get("windows") if isinstance(root, Table) else None
    return [key for key, _ in written if _NAME.fullmatch(key)] if isinstance(written, Table) else []


def _place(node: Scalar, fault: Fault, text: str) -> Source:
    """Where in the file a fault is; where the expression begins, when its text is not written as it is read."""
    source = node.source
    line = text.splitlines()[source.line - 1] if source.line else ""
    for skipped in (0, 1):  # a quote
        if fault.line == 1 and line[source.column - 1 + skipped :].startswith(node.text):
            return Source(source.file, source.line, source.column + skipped + fault.column - 1)
    return source


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""
