"""The tables of the emulator's page in the documentation, made from the code: what each switch and each fault is.

Effects: reads the sources of this package.
Neighbours: a test of the house holds `docs/emulator.md` to them.
"""

from __future__ import annotations

import ast
import enum
import inspect
import typing
from collections.abc import Iterator
from dataclasses import fields

from reconciler.emulator.faults import FaultKind
from reconciler.emulator.switches import Switches

__all__ = ["faults_markdown", "switches_markdown"]


def switches_markdown() -> str:
    """Every switch in the order of the code: its values, the default first, and what it decides."""
    kinds, told = typing.get_type_hints(Switches), dict(_told(Switches))
    rows = ["| switch | values (the first is the default) | what it decides |", "|---|---|---|"]
    for one in fields(Switches):
        others = typing.get_args(kinds[one.name]) or ((True, False) if kinds[one.name] is bool else ())
        values = [one.default, *(value for value in others if value != one.default)]
        shown = ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values)
        rows.append(f"| `{one.name}` | {shown} | {told[one.name]} |")
    return "\n".join(rows)


def faults_markdown() -> str:
    """Every fault in the order of the code."""
    told = dict(_told(FaultKind))
    return "\n".join(["| fault | what happens |", "|---|---|", *(f"| `{kind.value}` | {told[kind.name]} |" for kind in FaultKind)])


def _told(kind: type[Switches | enum.Enum]) -> Iterator[tuple[str, str]]:
    """The text below each member of a class, which Python itself throws away."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(kind)).body if isinstance(node, ast.ClassDef))
    for at, node in enumerate(body[:-1]):
        after = body[at + 1]
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            yield target.id, " ".join(str(after.value.value).split())
