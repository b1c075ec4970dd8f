"""What differs though nobody changed the files, and the files patched to say what is live.

Effects: reads disk, the journal and the tenant; with `write` replaces files.
Neighbours: called by `cli` through `flow`; `desired.patch` edits, `planning` tells what differs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.desired import load_desired
from reconciler.desired.patch import Edit, patched
from reconciler.errors import InputError, RefusedError, UsageProblem
from reconciler.flow.files import replace_file
from reconciler.flow.planning import load, make_plan
from reconciler.live.dump import duration
from reconciler.model import Address, Attribution, Change, Desired, Drift, Plan, Value
from reconciler.model.values import is_secret
from reconciler.plan.attribution import drifted
from reconciler.session import Session

__all__ = ["find_drift", "write_drift"]

_BOM = b"\xef\xbb\xbf"


def find_drift(session: Session, files: tuple[str, ...], *, since: Desired | None = None) -> Drift:
    """Read the tenant and tell what it changed.

    Raises:
        InputError: the files ask for something that cannot be.
        TargetError: the tenant cannot be read.
    """
    return _drift(make_plan(session, load(session, files), since=since))


def write_drift(session: Session, files: tuple[str, ...], only: Collection[str], *, since: Desired | None = None) -> Drift:
    """Patch the files to say what is live, where only the tenant changed; every other character stays.

    The result is proved before a file is touched: planned with the patched files, what was written no longer differs and everything
    else is as before.

    Args:
        only: addresses as text; empty for all.

    Raises:
        InputError: as `find_drift`.
        UsageProblem: nothing drifted at an address of `only`.
        RefusedError: the patched files would not say what was meant; nothing was written.
    """
    found = find_drift(session, files, since=since)
    chosen = [one for one in found.changes if not only or str(one.address) in only]
    unknown = sorted(set(only) - {str(one.address) for one in chosen})
    if unknown:
        raise UsageProblem("Nothing drifted there", f"{', '.join(unknown)} has no drift.", "Look with: reconciler drift")
    contents, written, by_hand = _patched(session, files, chosen)
    done = tuple(one for ones in written.values() for one in ones)
    if done:
        _prove(session, files, contents, found, done, since)
    for path in written:
        replace_file(path.resolve(), contents[path])
    return replace(found, written=tuple((path.as_posix(), len(ones)) for path, ones in written.items()), by_hand=tuple(by_hand))


def _drift(plan: Plan) -> Drift:
    changes = [change for unit in plan.units for change in unit.changes]
    alone = drifted(plan)
    both = [one for one in changes if one.attribution is Attribution.BOTH]
    both += [one for one in changes if one.attribution is Attribution.DRIFT and one not in alone]
    waiting = sum(1 for one in changes if one.attribution is Attribution.INTENT)
    unknown = sum(1 for one in changes if one.attribution is None)
    return Drift(plan.target, alone, tuple(both), waiting, unknown)


Patched = tuple[dict[Path, bytes], dict[Path, list[Change]], list[tuple[Change, str]]]


def _patched(session: Session, files: tuple[str, ...], changes: Iterable[Change]) -> Patched:
    """Every file of the desired state as it would be, what would be written into each, and what a person has to write."""
    paths = {str(path): path for path in session.desired_paths(files)}
    contents = {path: path.read_bytes() for path in paths.values()}
    edits: dict[Path, list[tuple[Change, Edit]]] = {}
    by_hand: list[tuple[Change, str]] = []
    for change in changes:
        edit, reason = _edit(change)
        path = paths.get(change.source.file) if change.source is not None else None
        if edit is None or path is None:
            by_hand.append((change, reason or "the files do not write it there"))
        else:
            edits.setdefault(path, []).append((change, edit))
    written: dict[Path, list[Change]] = {}
    for path, listed in edits.items():
        raw = contents[path]
        text, refused = patched(raw.removeprefix(_BOM).decode("utf-8"), [edit for _, edit in listed])
        by_hand += [(listed[number][0], why) for number, why in refused.items()]
        made = [change for number, (change, _) in enumerate(listed) if number not in refused]
        if made:
            written[path] = made
            contents[path] = (_BOM if raw.startswith(_BOM) else b"") + text.encode("utf-8")
    return contents, written, by_hand


def _edit(change: Change) -> tuple[Edit | None, str]:
    """What to write for a change, or why nothing can be written."""
    if change.source is None:
        return None, "the files do not write it in one place"
    value, path = change.before, change.path
    if value is None:
        return None, "it is gone on the tenant; take it out of the files, or keep it"
    if is_secret(value):
        return None, "the tenant does not show it"
    below = path[1] if path[0] in ("name", "description") and len(path) == 2 else ""
    if path == ("connector",):
        value = Address.parse(value).key if not value.startswith("#") else None
    elif path == ("interval",):
        value = duration(value) or None
    elif path == ("order",) or (path[0] in ("name", "description") and not isinstance(value, str)):
        value = None
    elif path == ("scope",):
        value = _scope(value)
    elif path[-1] == "default" and path[0] == "actors":
        value = _default(value)
    return (None, "the files have no short way to say it") if value is None else (Edit(change.source, below, value), "")


def _scope(scope: Any) -> Value:
    if scope["everyone"]:
        return "everyone"
    lists = {kind: tuple(scope.get(kind) or ()) for kind in ("groups", "users")}
    return {kind: names for kind, names in lists.items() if names} or None


def _default(default: Any) -> Value:
    """Only what is on is written."""
    return {key: one for key, one in default.items() if key == "value" or one}


def _prove(
    session: Session, files: tuple[str, ...], contents: dict[Path, bytes], found: Drift, done: tuple[Change, ...], since: Desired | None
) -> None:
    """Plan with the patched files: what was written must not differ any more, and nothing else may."""
    with TemporaryDirectory(prefix="reconciler-") as folder:
        copies = []
        for number, path in enumerate(session.desired_paths(files)):
            copy = Path(folder) / f"{number}-{path.name}"
            copy.write_bytes(contents[path])
            copies.append(copy)
        try:
            after = _drift(make_plan(session, load_desired(copies, target=session.target), since=since))
        except InputError as error:
            raise _unproved(str(error.problems[0].message)) from None
    left = {(one.address, one.path) for one in found.changes} - {(one.address, one.path) for one in done}
    same = {(one.address, one.path) for one in after.changes} == left
    if not same or (len(after.both), after.waiting, after.unknown) != (len(found.both), found.waiting, found.unknown):
        raise _unproved("Planned with the patched files, something else would differ.")


def _unproved(why: str) -> RefusedError:
    return RefusedError("The files were left as they are", why, "Write what `reconciler drift` shows by hand; and please report it.")
