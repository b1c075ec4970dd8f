"""What a plan's changes are compared with to tell who made them: what the journal settled, or what the files said at a commit.

Effects: reads the journal; `agreed_at` reads the repository through git and the tenant.
Neighbours: called by `planning` and `drifting`; `plan.attribution` compares.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.desired import load_desired
from reconciler.errors import InputError
from reconciler.model import Attributes, Desired, Plan, Problem, Recorded, Source
from reconciler.plan.attribution import agreed_in
from reconciler.plan.codec import from_json
from reconciler.session import Session

__all__ = ["desired_at", "last_agreed", "still_agreed"]

_GIT_SECONDS = 60


def last_agreed(session: Session, recorded: Recorded, addresses: Iterable[str]) -> dict[str, Attributes]:
    """What the files and the tenant last agreed on, as far as the journal knows.

    Args:
        addresses: as text; only these are looked up, and only the plans of the runs that settled them are read.
    """
    plans: dict[str, Plan | None] = {}
    found: dict[str, Attributes] = {}
    for address in addresses:
        settled = recorded.settled.get(address)
        if settled is None:
            continue
        if settled.run not in plans:
            plans[settled.run] = _plan_of(session, settled.run)
        plan = plans[settled.run]
        wants = agreed_in(plan, settled.address) if plan is not None else None
        if wants is not None:
            found[address] = wants
    return found


def still_agreed(session: Session, recorded: Recorded, plan: Plan) -> dict[str, Attributes]:
    """Of what a plan found agreed on, what the journal knows already.

    Where an address was settled with these very files nothing has to be looked up.
    """
    digests = {address: one.desired_digest for address, one in recorded.settled.items()}
    known = {address: wants for address, wants in plan.agreed.items() if digests.get(address) == plan.desired_digest}
    return known | last_agreed(session, recorded, plan.agreed.keys() - known.keys())


def _plan_of(session: Session, run: str) -> Plan | None:
    """The plan of a run; None where it is not in a form that this version reads."""
    try:
        return from_json(session.store(create=False).plan_of(run))
    except (ValueError, TypeError, KeyError):
        return None


def desired_at(session: Session, revision: str, files: tuple[str, ...]) -> Desired:
    """The desired state as the repository has it at a revision; files that did not exist then say nothing.

    Raises:
        InputError: there is no such revision, no repository, or the files were not valid.
    """
    paths = session.desired_paths(files)
    commit = _git(paths[0].parent, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        hint = "Name a commit, a branch or a tag of the repository that holds the files; a shallow clone may not have it (fetch-depth: 0)."
        raise InputError(
            [Problem("unknown-revision", f"git knows no revision {revision!r} here.", None, hint)], "There is nothing to compare with"
        )
    with TemporaryDirectory(prefix="reconciler-") as made:
        written: list[Path] = []
        names: dict[str, str] = {}
        for number, path in enumerate(paths):
            content = _git(path.parent, "cat-file", "blob", f"{commit.decode().strip()}:./{path.name}")
            if content is not None:
                copy = Path(made) / f"{number}-{path.name}"
                copy.write_bytes(content)
                written.append(copy)
                names[str(copy)] = f"{revision}:{path.as_posix()}"
        if not written:
            written.append(Path(made) / "nothing.yaml")
            written[0].write_text("version: 1\n", encoding="utf-8")
        try:
            return load_desired(written, target=session.target)
        except InputError as error:
            raise InputError([_renamed(one, names) for one in error.problems], f"The files are not valid at {revision}") from None


def _renamed(problem: Problem, names: Mapping[str, str]) -> Problem:
    source = problem.source
    if source is None:
        return problem
    place = Source(names.get(source.file, source.file), source.line, source.column)
    return Problem(problem.code, problem.message, place, problem.hint, problem.address)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git answers in a folder; None when it says no.

    Raises:
        InputError: there is no git, or no folder.
    """
    program = shutil.which("git")
    try:
        if program is None:
            raise FileNotFoundError
        done = subprocess.run([program, "-C", str(folder), *arguments], capture_output=True, timeout=_GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        hint = "Install git, or leave --since out: then the journal tells what was last applied."
        raise InputError(
            [Problem("no-git", "git cannot be asked for earlier files.", None, hint)], "There is nothing to compare with"
        ) from None
    return done.stdout if done.returncode == 0 else None
