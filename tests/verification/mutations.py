"""The small changes of mutation testing, and how a running process takes one over.

Every change is one node of a module's syntax tree that becomes another. Where only the code of functions differs, a process that has
imported the module long ago can take it over: each function that lives gets its changed code. What differs outside of functions (constants,
tables, default values) was used up by the import, so such a mutant needs a process of its own.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

__all__ = ["ROOT", "Mutant", "count_of", "file_of", "mutant_of", "mutants_of", "only_in_functions", "source_of", "take_over"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        number: which of its module, from 0.
        line: where it begins.
        last: the line where it ends.
        text: what, for people.
        tree: the whole module, changed; what was not changed has its lines.
    """

    number: int
    line: int
    last: int
    text: str
    tree: ast.Module


_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may become."""
    match node:
        case ast.Compare(left=left, ops=[op, *rest], comparators=others) if type(op) in _COMPARED:
            yield ast.Compare(left, [_COMPARED[type(op)](), *rest], others)
        case ast.BoolOp(op=ast.And(), values=values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(op=ast.Or(), values=values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _COUNTED:
            yield ast.BinOp(left, _COUNTED[type(op)](), right)
        case ast.If(test=test, body=body, orelse=orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test=test, body=then, orelse=otherwise):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), then, otherwise)
        case ast.Return(value=value) if value is not None and not (isinstance(value, ast.Constant) and not value.value):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield ast.Pass()
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case _:
            return


def _skipped(tree: ast.AST) -> set[int]:
    """Nodes that decide nothing: annotations, decorators, what is exported, texts of f-strings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts += node.decorator_list
        if isinstance(node, ast.FunctionDef):
            parts += [node.returns, *(each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg))]
        if isinstance(node, ast.AnnAssign):
            parts.append(node.annotation)
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id in ("__all__", "T") for to in node.targets):
            parts.append(node)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts.append(node)
        if isinstance(node, ast.JoinedStr):
            parts.append(node)
        for part in parts:
            found |= {id(each) for each in ast.walk(part)} if part is not None else set()
    return found


def file_of(module: str) -> Path:
    """Where it stands."""
    return ROOT / (module.replace(".", "/") + ".py")


def source_of(module: str) -> str:
    """Its text, without importing it."""
    return file_of(module).read_text(encoding="utf-8")


def count_of(source: str) -> int:
    """How many mutants a module has."""
    return sum(len(list(_changed(node))) for node in _candidates(ast.parse(source)))


def mutants_of(source: str) -> list[Mutant]:
    """All of a module."""
    return [mutant_of(source, number) for number in range(count_of(source))]


def _candidates(tree: ast.Module) -> list[ast.AST]:
    skipped = _skipped(tree)
    return [node for node in ast.walk(tree) if id(node) not in skipped]


def mutant_of(source: str, wanted: int) -> Mutant:
    """One of a module, by its number."""
    tree, number = ast.parse(source), 0
    for node in _candidates(tree):
        for becomes in _changed(node):
            if number == wanted:
                ast.copy_location(becomes, node)
                was, line = ast.unparse(node).splitlines()[0], getattr(node, "lineno", 0)
                last = max(line, getattr(node.test if isinstance(node, ast.If) else node, "end_lineno", line))
                text = f"{was}  →  {ast.unparse(becomes).splitlines()[0]}"
                _Put(node, becomes).visit(tree)
                return Mutant(wanted, line, last, text, ast.fix_missing_locations(tree))
            number += 1
    raise IndexError(wanted)


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        """Put the new node in place of the old one."""
        return self._new if node is self._old else super().visit(node)


# --- taking one over ----------------------------------------------------------------------------------------------------

_Key = tuple[str, int, int]


def _codes(code: CodeType, seen: dict[_Key, CodeType] | None = None) -> dict[_Key, CodeType]:
    """A module's code and all that is nested in it, by qualified name, line, and number among those of one line."""
    found = {} if seen is None else seen
    number = sum(key[:2] == (code.co_qualname, code.co_firstlineno) for key in found)
    found[code.co_qualname, code.co_firstlineno, number] = code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            _codes(part, found)
    return found


def _outside(codes: Mapping[_Key, CodeType]) -> list[tuple[object, ...]]:
    """What runs when the module is imported: its own code and that of its classes, without what their functions do."""
    ran = (code for code in codes.values() if not code.co_flags & CO_OPTIMIZED)
    return [(code.co_qualname, code.co_code, code.co_names, [x for x in code.co_consts if not isinstance(x, CodeType)]) for code in ran]


def _compiled(module: str, tree: ast.Module) -> dict[_Key, CodeType]:
    return _codes(compile(tree, str(file_of(module)), "exec"))


def only_in_functions(module: str, mutant: Mutant) -> bool:
    """Whether nothing differs that the import of the module runs."""
    return _outside(_compiled(module, mutant.tree)) == _outside(_compiled(module, ast.parse(source_of(module))))


def take_over(module: str, mutant: Mutant) -> int:
    """Give the functions of the module that live in this process their changed code; to how many.

    Raises:
        ValueError: one of them needs other variables of the function around it.
    """
    new, old = _compiled(module, mutant.tree), _compiled(module, ast.parse(source_of(module)))
    differs = {key[:2]: new[key] for key in old if key in new and new[key] != old[key]}
    path, changed = str(file_of(module)), 0
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename == path:
            code = differs.get((one.__code__.co_qualname, one.__code__.co_firstlineno))
            if code is not None:
                one.__code__ = code
                changed += 1
    return changed
