"""Prove that a dump is valid and plans to no changes, and leave out of it what the rules do not let a file say.

The rules are those of `validate` and `plan` themselves, asked about the text that would be written. What they refuse (a mapping that
SuperOffice once took and would not take again, a value that no type has a word for) becomes a note with the rule's own sentence.

Effects: reads the journal through what is handed in; writes and removes a temporary file.
Neighbours: called by `taking_over`; asks the tenant nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired import load_desired
from reconciler.desired.characters import hidden_character
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Table as NodeTable
from reconciler.desired.strict import parse
from reconciler.errors import InputError, ReconcilerError
from reconciler.flow.planning import inputs_of
from reconciler.live.document import Path as Place
from reconciler.live.document import Table, texts_in, without
from reconciler.model import Address, Live, Plan, Problem, Recorded
from reconciler.plan.identity import match
from reconciler.plan.plan import make_plan as plan_from
from reconciler.session import Session

_NAME = "dump.yaml"
_ROUNDS = 20  # each leaves out everything that one look finds
# What a person has to decide about, and what leaving out would hide.
_TOLD_ONLY = frozenset({"mandatory-without-direction"})


@dataclass(frozen=True, slots=True)
class Proof:
    """What the rules say of a dump.

    Attributes:
        holds: it is valid, and plans to no changes.
        left_out: places that the rules refused, with their sentences.
        told: what is wrong and stands in the file nevertheless.
    """

    holds: bool
    left_out: tuple[tuple[Place, str], ...] = ()
    told: tuple[str, ...] = ()


def proved(
    session: Session,
    live: Live,
    recorded: Recorded,
    document: Table,
    render: Callable[[Table], str],
    base: tuple[str, ...],
    shown: Callable[[str], str],
) -> tuple[Table, Proof]:
    """The document without what the rules refuse, and what they say of the rest.

    Args:
        live: the reading that the document was made of.
        base: files that the document lies over.
        shown: makes a sentence fit to stand in a comment.
    """
    left_out = _unspeakable(document)
    for place, why in left_out:
        document = without(document, place, shown(f"left out: {place[-1]}. {why}"))
    refused: list[tuple[Place, str]] = []
    told: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="reconciler-dump-") as folder:
        path = Path(folder) / _NAME
        for _ in range(_ROUNDS):
            text = render(document)
            path.write_bytes(text.encode("utf-8", "replace"))
            refused, told = _refused(session, live, recorded, (*map(Path, base), path), text)
            before = document
            for place, why in refused:
                document = without(document, place, shown(f"left out: {place[-1]}. {why}"))
                left_out.append((place, why))
            if document is before:
                break
        else:
            raise ReconcilerError(
                "The dump cannot be made valid",
                f"After {_ROUNDS} rounds the rules still refuse {len(refused)} places of it. This is a bug in reconciler.",
                "Please report it with the output of `reconciler dump --debug`.",
            )
    return document, Proof(not refused and not told, tuple(left_out), told)


def _unspeakable(document: Table) -> list[tuple[Place, str]]:
    """Places with characters that no file may hold: they would make what stands around them hard to read."""
    found: dict[Place, str] = {}
    for path, text in texts_in(document):
        in_lines = len(path) == 4 and path[2] == "config" and text != path[-1]  # the one place for texts of several lines
        name = hidden_character(text, one_line=not in_lines)
        if name is not None and (place := _whole_thing(path)) is not None and not any(place[: len(other)] == other for other in found):
            found[place] = f"A file may not hold {name}."
    return list(found.items())


def _refused(
    session: Session, live: Live, recorded: Recorded, paths: tuple[Path, ...], text: str
) -> tuple[list[tuple[Place, str]], tuple[str, ...]]:
    """What the rules refuse, deepest first, with their sentences; and what they say that has no place in the text."""
    try:
        plan = _plan(session, live, recorded, paths)
    except InputError as error:
        return _placed(error.problems, text, str(paths[-1]))
    except ReconcilerError as error:
        return [], (str(error),)
    found = {
        _place_of(change.address, change.path): "It cannot be told apart from another value."
        for unit in plan.units
        for change in unit.changes
    }
    return sorted(found.items(), key=lambda one: (-len(one[0]), one[0])), ()


def _plan(session: Session, live: Live, recorded: Recorded, paths: tuple[Path, ...]) -> Plan:
    desired = load_desired(paths)
    identity = match(desired, live, recorded)
    return plan_from(inputs_of(session, desired, live, identity, recorded))


def _placed(problems: tuple[Problem, ...], text: str, file: str) -> tuple[list[tuple[Place, str]], tuple[str, ...]]:
    places = list(_keys(parse(text, file, Findings()).root, ()))
    found: dict[Place, str] = {}
    told = []
    for problem in problems:
        place = _place_at(places, problem, file)
        if place is None or problem.code in _TOLD_ONLY:
            told.append(problem.message)
        else:
            found.setdefault(place, problem.message)
    # Where a part of a thing is refused, the thing itself may well stand without it.
    inner = {place: why for place, why in found.items() if not any(other[: len(place)] == place and other != place for other in found)}
    return sorted(inner.items(), key=lambda one: (-len(one[0]), one[0])), tuple(told)


def _keys(node: object, path: Place) -> Iterator[tuple[int, int, Place]]:
    """Line, column and path of every key, in the order in which they stand."""
    if isinstance(node, NodeTable):
        for key, entry in node:
            yield entry.key.line, entry.key.column, (*path, key)
            yield from _keys(entry.value, (*path, key))


def _place_at(places: list[tuple[int, int, Place]], problem: Problem, file: str) -> Place | None:
    """What can be left out because of a problem: the smallest whole thing that it stands in."""
    if problem.source is None or problem.source.file != file:
        return None
    at = (problem.source.line, problem.source.column)
    before = [place for line, column, place in places if (line, column) <= at]
    return _whole_thing(before[-1]) if before else None


def _whole_thing(place: Place) -> Place | None:
    """The part of a path that can be taken out alone: a mapped field as a whole, an item or a default by itself."""
    if place[:1] == ("connections",) and place[2:3] == ("actors",):
        return place[:8] if place[6:7] == ("items",) and len(place) > 7 else place[:7] if place[6:7] == ("default",) else place[:6]
    if place[:1] == ("connections",):
        return place[:4] if place[2:3] == ("config",) else place[:3] if len(place) > 1 else None
    return place[:3] if place[:1] == ("connectors",) and len(place) > 1 else place[:2] if place[:1] == ("automatic_sync",) else place[:1]


def _place_of(address: Address, path: tuple[str, ...]) -> Place:
    """Where a change stands in the file."""
    top = {"connection": "connections", "connector": "connectors"}.get(address.kind)
    if top is None:
        return (address.kind.replace("-", "_"),) if path != ("interval",) else ("automatic_sync", "interval")
    return _whole_thing((top, address.key, *path)) or (top,)
