"""Finds the target that a command is for: the built-in emulator, or an entry of `targets.yaml`.

In -> Out: a name, the working directory and the environment -> `Target`.
Effects: reads disk (the targets file and its schema).
Neighbours: called by `flow`; `settings` reads one entry.

`emulator` is always a target, so that everything can be tried with nothing at hand. Which target is meant is never guessed
where it could matter: in CI, or beside a targets file, it has to be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired import files
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Entry, Table, show
from reconciler.desired.settings import ALL_SECRETS, read_target
from reconciler.desired.shape import check
from reconciler.desired.strict import parse
from reconciler.errors import UsageProblem
from reconciler.model import Target

VARIABLE = "RECONCILER_TARGETS"
SCHEMA = "targets"
DEFAULT_FILE = "targets.yaml"
EMULATOR = "emulator"


@dataclass(frozen=True, slots=True)
class _Found:
    """A targets file that was read: its tree, the folder that its paths are relative to, and its name as given."""

    root: Table
    directory: Path
    name: str

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The targets in the file."""
        listed = self.root.get("targets")
        return listed.entries if isinstance(listed, Table) else {}


def load_target(name: str | None, *, directory: Path, environ: Mapping[str, str]) -> Target:
    """The target that a command is for.

    Args:
        name: what `--target` said; None when it was not given.
        directory: the working directory.
        environ: the environment variables; `RECONCILER_TARGETS` and `CI` count.

    Raises:
        errors.UsageProblem: no name was given where one is needed, or there is no such target; the names are listed.
        errors.InputError: the targets file is wrong, with every problem in it.
    """
    findings = Findings()
    found = _read_file(directory, environ, findings)
    findings.raise_if_any()
    if name is None:
        if found is not None or in_ci(environ):
            why = f"beside {found.name}" if found else "in CI"
            hint = f"Add --target with one of: {', '.join(_names(found))}."
            raise UsageProblem("No target is named", f"Which one is meant has to be said {why}; it is never guessed there.", hint)
        name = EMULATOR
    targets = {} if found is None else _read_entries(found, findings)
    findings.raise_if_any()
    if name in targets:
        return targets[name]
    if name == EMULATOR:
        return built_in(directory)
    where = found.name if found else f"there is no {DEFAULT_FILE} here, so only the built-in one is known"
    detail = f"{show(name)} is not in {where}." if found else f"{show(name)} is not known: {where}."
    raise UsageProblem("Unknown target", detail, f"Name one of: {', '.join(_names(found))}.")


def built_in(directory: Path) -> Target:
    """The emulator that is always there: no limits, and everything below the working directory may be referred to."""
    return Target(name=EMULATOR, kind="emulator", directory=str(directory), secrets=ALL_SECRETS, journal_local=True)


def _read_file(directory: Path, environ: Mapping[str, str], findings: Findings) -> _Found | None:
    """The targets file; None when there is none, or when it cannot be read, and then a problem says why."""
    chosen = environ.get(VARIABLE, "")
    name = chosen or DEFAULT_FILE
    path = directory / name
    if not chosen and not _may_exist(path):
        return None
    content = files.read_bytes(path, name, findings, instead=f"name another one in {VARIABLE}")
    text = None if content is None else files.decode(content, name, findings)
    parsed = None if text is None else parse(text, name, findings, begins="targets:")
    if parsed is None or parsed.root is None or not parsed.complete:
        return None
    if not isinstance(parsed.root, Table):
        check(parsed.root, SCHEMA, findings)
        return None
    return _Found(parsed.root, path.parent.absolute(), name)


def _may_exist(path: Path) -> bool:
    """Whether something of that name is there; also when that cannot be seen, so that the attempt to read it says why."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _read_entries(found: _Found, findings: Findings) -> dict[str, Target]:
    """Every target of the file, checked whichever is meant: a mistake in another one would show on the day it is needed."""
    check(found.root, SCHEMA, findings)
    return {key: read_target(key, entry.value, found.directory, findings) for key, entry in found.entries.items()}


def _names(found: _Found | None) -> list[str]:
    return sorted({EMULATOR, *(found.entries if found else ())})


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this runs in CI. Source: GitHub and GitLab document CI=true; people switch it off with false or 0."""
    return environ.get("CI", "").strip().lower() not in ("", "0", "false")
