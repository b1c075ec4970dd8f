"""What the results of a layer belong to: the text of all that its runs import, followed from module to module.

A change of a report or of a pipeline leaves the figures of the laboratory as they are; a change of anything that could alter a
verdict begins the layers anew that import it. Imports inside functions count, and those for types. `reconciler.flow` names there what it
loads late, which is everything: of that only `LOADED` counts, which a test holds against what the laboratory calls.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import grimp

__all__ = ["LOADED", "ROOT", "digest", "files"]

ROOT = Path(__file__).resolve().parents[2]
READ = ("connections", "journal", "plan", "policy", "targets")
"""Schemas of what a run reads or writes."""
LOADED = ("reconciler.flow.applying", "reconciler.flow.planning", "reconciler.flow.recovering", "reconciler.session")


@cache
def _imports() -> grimp.ImportGraph:
    graph = grimp.build_graph("reconciler", "tests", cache_dir=None)
    for late in graph.find_modules_directly_imported_by("reconciler.flow") - set(LOADED):
        graph.remove_import(importer="reconciler.flow", imported=late)
    return graph


def _file(module: str) -> Path:
    bare = ROOT.joinpath(*module.split("."))
    package = bare / "__init__.py"
    return package if package.exists() else bare.with_suffix(".py")


def _package(file: Path) -> Path:
    return next(folder for folder in file.parents if (folder / "__init__.py").exists())


def files(*modules: str) -> list[Path]:
    """The files of these modules, of all that they import, what lies beside them that is no module, and schemas; sorted."""
    found = {_file(one) for module in modules for one in {module, *_imports().find_upstream_modules(module)}}
    packages = {file.parent for file in found}
    others = (one for one in (ROOT / "reconciler").rglob("*") if one.is_file() and one.suffix not in {".py", ".pyc"})
    beside = {one for one in others if _package(one) in packages}
    return sorted(found | beside | {ROOT / "schemas" / f"{name}.schema.json" for name in READ})


@cache
def digest(*modules: str) -> str:
    """16 hexadecimal digits over the names and texts of these files; the line ends of a checkout do not count."""
    taken = hashlib.sha256()
    for file in files(*modules):
        taken.update(f"{file.relative_to(ROOT).as_posix()}\0".encode() + file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return taken.hexdigest()[:16]
