"""Mutation testing of the safety modules: one small change at a time, and some test has to fail.

    python -m tests.verification.mutants [MODULE…] [--seconds N] [--every N]

A library for this (mutmut, which forks a process in which the tests ran already; cosmic-ray, which changes files in place and starts
pytest anew each time) does not go with tests that keep servers in threads, nor with a checkout in which others work. So: a process that
has imported what is not ours is forked for each mutant, and the changed source is handed to the import, so that no file is touched.

Results go to `.verification/mutants-<module>.jsonl`; what is there already is not run again, as long as neither module nor tests changed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

__all__ = ["TESTS", "Mutant", "count_of", "counted", "main", "mutants_of", "source_of"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".verification"
LIMIT_S = 240
"""A mutant that takes longer never comes back; that is found, too."""

_PLAYED = ("tests/verification/test_surroundings.py::test_games_of_edits_faults_deaths_and_recoveries_follow_the_reference",)
_RIGHT = ("tests/faults/test_matrix.py::test_without_faults_everything_is_right",)
# Fast ones first: a mutant needs one test that fails.
TESTS: dict[str, tuple[str, ...]] = {
    "reconciler.apply.ensure": (
        "tests/scenarios/test_calls.py",
        "tests/verification/test_sample.py",
        "tests/scenarios/test_connections.py",
        "tests/faults/test_bugs.py",
        "tests/faults/test_signals.py",
        "tests/scenarios/test_stopping.py",
        *_RIGHT,
        *_PLAYED,
    ),
    "reconciler.apply.recover": (
        "tests/cli/test_recover.py",
        "tests/scenarios/test_stopping.py",
        "tests/verification/test_kills.py",
        *_PLAYED,
    ),
    "reconciler.plan.guard": ("tests/plan/test_cases.py", "tests/plan/test_saved.py"),
    "reconciler.journal.lease": ("tests/journal/test_lease.py", "tests/scenarios/test_stopping.py"),
    "reconciler.journal.chain": ("tests/journal/test_chain.py",),
    "reconciler.journal.transitions": ("tests/journal/test_transitions.py", "tests/journal/test_store.py"),
    "reconciler.apply.exits": ("tests/scenarios/test_stopping.py", "tests/scenarios/test_exit_codes.py", "tests/faults/test_bugs.py"),
    "reconciler.apply.rollback": ("tests/scenarios/test_secrets.py", "tests/scenarios/test_stopping.py", *_RIGHT, "tests/faults/test_bugs.py", *_PLAYED),
}  # fmt: skip

# Imported before the fork, since none of it is ours.
_FOREIGN = (
    *("pytest", "hypothesis", "hypothesis.stateful", "xdist", "urllib3", "click", "rich.console", "ruamel.yaml", "jinja2", "jwt"),
    *("cryptography.fernet", "psycopg", "deepdiff", "trustme", "http.server", "sqlite3"),
)


# What is imported before the fork has plain assertions; none of it is tests.
_KNOWN = "ignore::pytest.PytestAssertRewriteWarning"


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        number: which of its module, from 0.
        line: where.
        text: what, for people.
        code: the whole module, changed.
    """

    number: int
    line: int
    text: str
    code: str


# --- the changes --------------------------------------------------------------------------------------------------------

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
        case ast.Return(value=value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
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
        if isinstance(node, ast.JoinedStr):
            parts.append(node)
        for part in parts:
            found |= {id(each) for each in ast.walk(part)} if part is not None else set()
    return found


def count_of(source: str) -> int:
    """How many there are of a module."""
    return sum(len(list(_changed(node))) for node in _candidates(ast.parse(source)))


def mutants_of(source: str) -> list[Mutant]:
    """All of a module."""
    return [_mutant(source, number) for number in range(count_of(source))]


def _candidates(tree: ast.Module) -> list[ast.AST]:
    skipped = _skipped(tree)
    return [node for node in ast.walk(tree) if id(node) not in skipped]


def _mutant(source: str, wanted: int) -> Mutant:
    tree, number = ast.parse(source), 0
    for node in _candidates(tree):
        for becomes in _changed(node):
            if number == wanted:
                ast.copy_location(becomes, node)
                was, line = ast.unparse(node).splitlines()[0], getattr(node, "lineno", 0)
                made = ast.fix_missing_locations(_Put(node, becomes).visit(tree))
                return Mutant(wanted, line, f"{was}  →  {ast.unparse(becomes).splitlines()[0]}", ast.unparse(made))
            number += 1
    raise IndexError(wanted)


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        """Put the new node in place of the old one."""
        return self._new if node is self._old else super().visit(node)


# --- running them -------------------------------------------------------------------------------------------------------


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Hands the changed source to whoever imports the module."""

    def __init__(self, module: str, code: str) -> None:
        self._module, self._code = module, code

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def get_source(self, _fullname: str) -> str:
        return self._code

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._code, f"<mutant of {fullname}>", "exec")


def source_of(module: str) -> str:
    """Its text, without importing it."""
    return (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")


def _child(module: str, code: str) -> int:
    """In a forked process: pytest's exit code, 0 for a mutant that no test found."""
    import pytest

    os.setsid()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.meta_path.insert(0, _Changed(module, code))
    return int(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-W", _KNOWN, "--tb=no", *TESTS[module]]))


def _start(module: str, code: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    result = 3
    with contextlib.suppress(BaseException):
        result = _child(module, code)
    os._exit(result)


def _wait(pid: int, until: float) -> str:
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "killed"
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "killed (it never came back)"


def _log(module: str) -> Path:
    text = source_of(module) + "".join((ROOT / one.partition("::")[0]).read_text(encoding="utf-8") for one in TESTS[module])
    return FOLDER / f"mutants-{module.rpartition('.')[2]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.jsonl"


def run(module: str, *, until: float, every: int) -> dict[str, int]:
    """Run the mutants of a module that are not done; how many there are, were run, and survived.

    Raises:
        RuntimeError: its tests fail without any change, so that nothing could be told from their failing.
    """
    FOLDER.mkdir(exist_ok=True)
    source, path = source_of(module), _log(module)
    done = {entry["number"]: entry for entry in map(json.loads, path.read_text(encoding="utf-8").splitlines())} if path.exists() else {}
    count = count_of(source)
    if not done and _wait(_start(module, ast.unparse(ast.parse(source))), time.monotonic() + 2 * LIMIT_S) != "survived":
        raise RuntimeError(f"the tests of {module} fail without a mutant")
    with path.open("a", encoding="utf-8") as log:
        for number in range(0, count, every):
            if number in done or time.monotonic() > until:
                continue
            one, begun = _mutant(source, number), time.monotonic()
            end = _wait(_start(module, one.code), begun + LIMIT_S)
            done[one.number] = entry = {"number": one.number, "line": one.line, "text": one.text, "end": end, "seconds": round(time.monotonic() - begun, 1)}  # fmt: skip
            log.write(json.dumps(entry) + "\n")
            log.flush()
            if end == "survived":
                sys.stdout.write(f"{module}:{one.line}: {one.text}\n")
                sys.stdout.flush()
    survived = sum(entry["end"] == "survived" for entry in done.values())
    return {"mutants": count, "run": len(done), "survived": survived}


def counted() -> dict[str, tuple[int, int, int]]:
    """Of each module, as it is now: how many mutants were found, were run, and there are."""
    found = {}
    for module in TESTS:
        ends = [json.loads(line)["end"] for line in _log(module).read_text(encoding="utf-8").splitlines()] if _log(module).exists() else []
        found[module] = (sum(end != "survived" for end in ends), len(ends), count_of(source_of(module)))
    return found


def main() -> int:
    """The command line; 0 unless nothing could be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.verification.mutants", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("modules", nargs="*", metavar="MODULE", default=[], help=f"of {', '.join(TESTS)}; all without any")
    parser.add_argument("--seconds", type=float, default=0, help="begin no more mutants after so long")
    parser.add_argument("--every", type=int, default=1, help="only every n-th of a module")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    for name in _FOREIGN:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    until = time.monotonic() + options.seconds if options.seconds else float("inf")
    for module in options.modules or TESTS:
        found = run(module, until=until, every=options.every)
        share = 100 * (found["run"] - found["survived"]) / max(found["run"], 1)
        sys.stdout.write(
            f"{module}: {found['run']} of {found['mutants']} mutants run, {found['survived']} survived ({share:.0f} % found)\n"
        )
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
