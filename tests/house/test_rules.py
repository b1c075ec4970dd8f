"""The house rules that no linter knows: sizes, `Effects:` lines, counted escapes, no registry host in any file."""

import ast
import re
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house.checkout import ROOT, files_of_the_project, name_of

PACKAGE = ROOT / "reconciler"
TREES = {path: ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
Function = ast.FunctionDef | ast.AsyncFunctionDef

MODULE_LINES = 400
FUNCTION_LINES = 60  # without its docstring

# Every escape from a check, by kind. A new one raises the number here, where a reviewer sees it; one fewer lowers it.
ESCAPES = {"type: ignore": 1, "noqa": 9, "pragma: no cover": 0}

PURE = ("audit", "errors", "model", "plan", "ports", "report", "wire")  # the same as in the import contract of pyproject.toml


def front_doors() -> list[Path]:
    """Every package's `__init__` and every module beside one at the top."""
    return sorted({*PACKAGE.glob("*.py"), *PACKAGE.rglob("__init__.py")})


def comments(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        yield from (token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT)


def test_every_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_every_front_door_says_what_it_touches() -> None:
    """One line of its docstring begins with `Effects:` (`none`, `reads disk`, …); a pure package has none."""
    effects = {
        name_of(path): re.findall(r"^\s*Effects: (.+)", ast.get_docstring(TREES[path]) or "", re.MULTILINE) for path in front_doors()
    }
    assert [name for name, lines in effects.items() if len(lines) != 1] == []
    assert [name for name, lines in effects.items() if is_pure(ROOT / name) and lines[0] != "none."] == []


def test_pure_packages_parse_addresses_but_open_none_and_read_no_clock() -> None:
    """What the import contract cannot tell apart: `urllib.parse` from `urllib.request`, a `datetime` from the time of day."""
    impure = re.compile(r"urllib\.(?!parse\b)|\b(?:datetime|date)\.(?:now|utcnow|today)\b|^open\(")
    found = [
        f"{name_of(path)}:{node.lineno}: {text}"
        for path, tree in TREES.items()
        if is_pure(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Call) and impure.search(text := what(node))
    ]
    assert found == []


def is_pure(path: Path) -> bool:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py") in PURE


def what(node: ast.Import | ast.ImportFrom | ast.Call) -> str:
    """What is imported or called, as a dotted name."""
    if isinstance(node, ast.ImportFrom):
        return f"{node.module}." + ",".join(alias.name for alias in node.names) if node.module == "urllib" else f"{node.module}"
    return ",".join(alias.name for alias in node.names) if isinstance(node, ast.Import) else f"{ast.unparse(node.func)}("


def test_what_the_package_imports_is_declared() -> None:
    """What stands in a development environment only would be missing where the program is installed alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for name, listed in project["optional-dependencies"].items() if name != "dev" for one in listed]
    requirements = [*project["dependencies"], *extras]
    declared = {normal(re.split(r"[\[<>=~]", requirement)[0]) for requirement in requirements}
    homes = packages_distributions()
    imported = {name.partition(".")[0] for tree in TREES.values() for node in ast.walk(tree) for name in imports(node)}
    foreign = imported - sys.stdlib_module_names - {"reconciler"}
    assert {name for name in foreign if not declared & {normal(home) for home in homes.get(name, [])}} == set()


def normal(distribution: str) -> str:
    """The name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imports(node: ast.AST) -> list[str]:
    """The modules that a statement imports, by their full names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def test_modules_and_functions_stay_readable() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in TREES}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}
    functions = {
        f"{name_of(path)}:{node.lineno} {node.name}": body_lines(node) for path, tree in TREES.items() for node in functions_of(tree)
    }
    assert {name: lines for name, lines in functions.items() if lines > FUNCTION_LINES} == {}


def functions_of(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def body_lines(function: Function) -> int:
    """The lines of a function, its signature included, its docstring not."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_escapes_from_the_checks_are_counted() -> None:
    found = [(kind, name_of(path)) for path in TREES for comment in comments(path) for kind in ESCAPES if kind in comment]
    listing = "\n".join(f"{kind}: {place}" for kind, place in sorted(found))
    assert {**dict.fromkeys(ESCAPES, 0), **Counter(kind for kind, _ in found)} == ESCAPES, listing


def test_no_file_names_a_package_registry() -> None:
    hosts = (
        "py" + "pi.org",
        "python" + "hosted.org",
        "npm" + "js.",
        "deb" + ".debian.org",
        "crates" + ".io",
        "artifact" + "ory",
        "pkgs" + ".dev.",
    )
    found = [
        f"{name_of(path)}: {host}"
        for path in files_of_the_project()
        for text in [path.read_bytes().decode("utf-8", "replace").lower()]
        for host in hosts
        if host in text
    ]
    assert found == []


def test_the_import_contract_and_this_test_agree_on_what_is_pure() -> None:
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split('name = "Pure packages', 1)[1]
    listed = re.search(r"source_modules = \[(.*?)\]", contract, re.DOTALL)
    assert listed is not None
    modules = re.findall(r'"reconciler\.([\w.]+)"', listed[1])
    assert sorted(module for module in modules if "." not in module) == sorted(PURE)
