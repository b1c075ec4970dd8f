"""Loads desired state: read, parse, overlay, check, build. What comes out is sound, or every problem is told at once.

In -> Out: names of files, later ones over earlier ones -> `Desired`.
Effects: reads disk (the named files and the schema).
Neighbours: called by `flow`; the target, where one is given, only adds what it allows. Nothing is resolved or sent.
"""

from __future__ import annotations

import dataclasses
import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.desired import files
from reconciler.desired.build import build
from reconciler.desired.digest import digest
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Node
from reconciler.desired.overlay import merge, prepare, things, without
from reconciler.desired.permits import check_expiry
from reconciler.desired.sets import resolve, without_sets
from reconciler.desired.shape import check
from reconciler.desired.strict import parse
from reconciler.desired.validate import check_rules, check_target
from reconciler.model import Desired, Target

SCHEMA = "connections"


def load_desired(paths: Sequence[Path | str], *, target: Target | None = None, now: datetime | None = None) -> Desired:
    """The desired state that files describe.

    Args:
        paths: the files, later ones laid over earlier ones; shown in problems as given.
        target: checks its `secrets` and `connector_hosts` too. None checks the files alone.
        now: an expired permit is a problem. None leaves that to the plan, where it permits nothing and is told.

    Raises:
        errors.InputError: with every problem of every file, sorted by place.
    """
    findings = Findings()
    with _collector_paused():
        merged, digests = _load_files([str(path) or "." for path in paths], findings)
        if merged is None:
            findings.raise_if_any()
            raise AssertionError("without a problem every file was read")
        merged = resolve(merged, findings)
        desired = build(merged, findings)
        del merged  # before the collector walks what is left
        check_rules(desired, findings)
        if target is not None:
            check_target(desired, target, findings)
        if now is not None:
            check_expiry(desired, now, findings)
        findings.raise_if_any()
        return dataclasses.replace(desired, files=tuple(digests), digest=digest(desired))


def load_text(text: str, name: str, *, target: Target | None = None) -> Desired:
    """The desired state that a text of our own describes, held to every rule of a file.

    Args:
        name: what to call it in problems and plans.

    Raises:
        errors.InputError: with every problem.
    """
    findings = Findings()
    file = _of_text(text, name, findings, first=True, partial=False)
    if file.root is None:
        findings.raise_if_any()
        raise AssertionError("without a problem the text was read")
    desired = build(resolve(file.root, findings), findings)
    check_rules(desired, findings)
    if target is not None:
        check_target(desired, target, findings)
    findings.raise_if_any()
    return dataclasses.replace(desired, files=((name, str(file.digest)),), digest=digest(desired))


def load_layers(paths: Sequence[Path | str]) -> tuple[Node, ...]:
    """The files each on its own, prepared for laying over each other: what `explain` reads.

    Raises:
        errors.InputError: with every problem of every file, sorted by place.
    """
    findings = Findings()
    names = [str(path) or "." for path in paths]
    read = [_read(name, findings, first=number == 0, partial=len(names) > 1) for number, name in enumerate(names)]
    findings.raise_if_any()
    return tuple(one.root for one in read if one.root is not None)


def load_merged(paths: Sequence[Path | str], *, resolved: bool = False) -> Node:
    """The files laid over each other, short forms written out: what `render` shows.

    Args:
        resolved: lay the mapping sets under the connections that use them, and leave the sets out.

    Raises:
        errors.InputError: with every problem of every file, sorted by place.
    """
    findings = Findings()
    merged, _ = _load_files([str(path) or "." for path in paths], findings)
    findings.raise_if_any()
    assert merged is not None
    return without_sets(resolve(merged, findings)) if resolved else merged


@dataclass(frozen=True, slots=True)
class _File:
    """One file: its tree, None where it could not be read to its end, and the digest of its bytes, None where there are none."""

    root: Node | None
    digest: str | None = None


def _load_files(names: Sequence[str], findings: Findings) -> tuple[Node | None, list[tuple[str, str]]]:
    """The merged tree of all files, and each one's digest; None where a file could not be read to its end."""
    if not names:
        findings.add("no-file", "No file was named; expected at least one.", None, "Name one with -f, such as connections.yaml.")
    merged: Node | None = None
    checked: dict[int, Node] = {}  # keeps the nodes, so that no other one gets the same id
    digests: list[tuple[str, str]] = []
    complete = bool(names)
    for number, name in enumerate(names):
        file = _read(name, findings, first=number == 0, partial=len(names) > 1)
        if file.digest is not None:
            digests.append((name, file.digest))
        if file.root is None:
            complete = False
            continue
        checked |= {id(thing): thing for thing in things(file.root)}
        merged = file.root if merged is None else merge(merged, file.root, findings)
    if not complete:
        return None, digests
    if merged is not None and len(names) > 1:  # what only one file writes was checked with that file
        check(without(merged, checked), SCHEMA, findings)
    return merged, digests


def _read(name: str, findings: Findings, *, first: bool, partial: bool) -> _File:
    """Read, parse, prepare and check one file."""
    content = files.read_bytes(Path(name), name, findings)
    text = None if content is None else files.decode(content, name, findings)
    if content is None or text is None:
        return _File(None)
    return _of_text(text, name, findings, first=first, partial=partial, digest_of_bytes=hashlib.sha256(content).hexdigest())


def _of_text(text: str, name: str, findings: Findings, *, first: bool, partial: bool, digest_of_bytes: str = "") -> _File:
    """Parse, prepare and check the text of one file."""
    digest_of_bytes = digest_of_bytes or hashlib.sha256(text.encode()).hexdigest()
    parsed = parse(text, name, findings)
    if parsed.root is None or not parsed.complete:
        return _File(None, digest_of_bytes)
    root = prepare(parsed.root, findings, first=first)
    check(root, SCHEMA, findings, partial=partial)
    return _File(root, digest_of_bytes)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking a tree that only grows.

    Source: measured: a third of the time of a large file, with PyYAML 6.0.3 on Python 3.11.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
