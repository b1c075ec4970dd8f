"""docs/reference/hazards.md and problems.md: what a plan warns of, and what is refused in a file, with messages as they really come."""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
from pathlib import Path

from reconciler.model import Grade, HazardName
from reconciler.plan.guard import _NOTICES
from tests.desired.cases import all_cases
from tests.desired.test_cases import problems_of

ROOT = Path(__file__).resolve().parents[2]
_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
_MAKERS = frozenset({"Problem", "add"})

# When it is raised, and what to look at before it is permitted.
MEANING: dict[HazardName, tuple[str, str]] = {
    HazardName.STARTS_DATA_FLOW: ("a connection is activated for the first time, or data flows in a new direction", "the next synchronisation overwrites records, and no rollback brings them back"),
    HazardName.LEFT_INACTIVE: ("an active connection is left off", "nobody is synchronised through it until it is on again"),
    HazardName.TAKES_OVER: ("the first change of something that this journal has never applied", "whoever set it up by hand may not know"),
    HazardName.ACCESS_FLAGS: ("a connection whose access is restricted is saved", "flags per user that the API does not show may be reset"),
    HazardName.DELETE: ("something is deleted", "a deletion cannot be undone"),
    HazardName.PROTECTED: ("something with `protect: true` is switched off or deleted", "why it is protected"),
    HazardName.PARKED: ("something that was parked would be activated", "the reason with which it was parked"),
    HazardName.LINKED_RECORDS: ("something is deleted while records may hang on it", "the records in SuperOffice that came through it"),
    HazardName.POINTS_ELSEWHERE: ("a field of `identifies_erp` changes", "whether it is meant that another ERP company is reached"),
    HazardName.MOVES_SECRETS: ("a connector that holds secrets moves to another host or client id", "who runs the new address: it gets the passwords"),
    HazardName.NO_WAY_BACK: ("a save replaces a password whose present value nobody here has", "a rollback could not restore it; have the old one at hand"),
    HazardName.MAYBE_SAME: ("a creation beside a live connection that may be the same", "write `id:` to take that one over instead"),
    HazardName.REPLACE: ("a connection moves to another connector", "it is created anew, and the present one is deleted with its links"),
    HazardName.RECREATE: ("the row that the journal knows was deleted", "it is created anew, with a new GUID and without its links"),
    HazardName.KNOWN_ELSEWHERE: ("the same GUID belongs to another target of this journal", "whether this tenant is a copy: its tests and saves reach the other one's ERP"),
    HazardName.LIMITS: ("more units than the target allows", "whether so many changes are meant"),
    HazardName.EMPTY: ("the file names no connection although there are some or were applied, or the tenant shows none although some were applied", "whether this is the right file and the right tenant"),
}  # fmt: skip


def hazards_page() -> str:
    """The closed list of hazards."""
    lines = [
        "# Hazards", "",
        "A plan shows hazards before everything else. A *notice* informs. A *barrier* stops the whole plan until it is permitted by name and address:",
        "`--allow NAME=ADDRESS` when it is planned, or a permit in `connections.yaml`. `barriers: [NAME, …]` at a target makes barriers of notices.",
    ]  # fmt: skip
    said = _said_hazards()
    for grade, title in ((Grade.BARRIER, "Barriers"), (Grade.NOTICE, "Notices")):
        lines += ["", f"## {title}", "", "| name | when | look at | for example |", "|---|---|---|---|"]
        for name in HazardName:
            if (name in _NOTICES) == (grade is Grade.NOTICE):
                when, look = MEANING[name]
                lines.append(f"| `{name.value}` | {when} | {look} | {_cell(said.get(name.value, ''))} |")
    return "\n".join(lines) + "\n"


def _said_hazards() -> dict[str, str]:
    """A sentence for each hazard, from the plans of tests/cases/plan; the shortest, then the first."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests" / "cases" / "plan").glob("*/plan.json"):
        for hazard in json.loads(path.read_text(encoding="utf-8")).get("hazards", []):
            found.setdefault(hazard["name"], set()).add(hazard["text"])
    return {name: min(texts, key=lambda text: (len(text), text)) for name, texts in found.items()}


def problems_page() -> str:
    """Every code of a problem, with the message of a case, or as it is made in the code."""
    lines = [
        "# Problems", "",
        "What can be wrong in a file or on a command line; one run tells all of it. The code stands in `--format json`, `sarif` and `junit`, and never",
        "changes its meaning. Messages are examples; in some `…` stands for what was found.", "", "| code | message | what to do |", "|---|---|---|",
    ]  # fmt: skip
    coded, said = _coded(), _said_problems()
    silent = []
    for code in sorted(coded | said):
        message, hint = said.get(code) or coded[code]
        if message:
            lines.append(f"| `{code}` | {_cell(message)} | {_cell(hint)} |")
        else:
            silent.append(f"`{code}`")
    return "\n".join(lines) + ("\n\nAlso: " + ", ".join(silent) + ".\n" if silent else "\n")


def _said_problems() -> dict[str, tuple[str, str]]:
    """The shortest message of every code that comes up in tests/cases/validate, with its hint."""
    found: dict[str, set[tuple[str, str]]] = {}
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as made:
        for case in all_cases():
            if case.posix_only or (case.folder / "prepare.py").exists():
                continue
            folder = Path(made) / case.name
            case.copy_to(folder)
            os.chdir(folder)
            try:
                for problem in problems_of(case):
                    found.setdefault(problem.code, set()).add((problem.message, problem.hint))
            finally:
                os.chdir(here)
    return {code: min(texts, key=lambda one: (len(one[0]), one)) for code, texts in found.items()}


def _coded() -> dict[str, tuple[str, str]]:
    """Message and hint of every code, as the code spells them; the first place that has a message in words wins."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((ROOT / "reconciler").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or ast.unparse(call.func).rpartition(".")[2] not in _MAKERS or len(call.args) < 2:
                continue
            code, message, *more = call.args
            if isinstance(code, ast.Constant) and isinstance(code.value, str) and _CODE.fullmatch(code.value):
                hints = [one.value for one in call.keywords if one.arg == "hint"] or more[1:2]
                if not found.get(code.value, ("",))[0]:
                    found[code.value] = _words(message), "".join(map(_words, hints))
    return found


def _words(node: ast.expr) -> str:
    """A text in the code, with `…` for what is put into it; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
