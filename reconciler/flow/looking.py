"""Look without changing: tests, status, one run in full.

Effects: reads the tenant and the journal; tests reach the ERP.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.errors import InputError, ReadError, UnauthorizedError
from reconciler.flow.planning import load
from reconciler.flow.reading import read_and_match
from reconciler.journal.events import Kind, TestPhase
from reconciler.journal.fold import MISSHAPEN, misshapen
from reconciler.journal.view import RunView
from reconciler.model import ACTOR_TYPES, Address, Binding, ErpField, Problem, Status, StatusRow, TestResult
from reconciler.plan.nearest import did_you_mean
from reconciler.session import Session
from reconciler.wire import languages

_OF_WHAT_IS_STORED = (TestPhase.REHEARSE, TestPhase.TEST, TestPhase.RETEST)


def test_connections(session: Session, names: Sequence[str], files: tuple[str, ...]) -> list[tuple[str, TestResult]]:
    """Test connections by id: those named (by address, key or display name), else those that the files manage, else every live one.

    Raises:
        InputError: a name that nothing is called.
        TargetError: the tenant cannot be read.
    """
    rows = {row.id: row for row in session.gateway.list_connections(include_deleted=False)}
    labels = _labels(session, {key: row.name for key, row in rows.items()})
    wanted = [_find(name, labels, rows) for name in names] or _managed(session, files) or sorted(rows)
    return [(labels[key][0], session.gateway.test_connection(key)) for key in wanted]


def _managed(session: Session, files: tuple[str, ...]) -> list[int]:
    """Ids of the connections that the files name; empty when no files were given."""
    if not files:
        return []
    desired = load(session, files)
    _, identity = read_and_match(session, desired, session.recorded())
    return sorted(row.id for row in identity.connections.values())


def find_connection(session: Session, name: str) -> tuple[int, str]:
    """The id of a live connection by address, key, display name or `#<id>`, and its address text (`#<id>` where it has none).

    Raises:
        InputError: nothing, or more than one connection, is called that.
    """
    rows = {row.id: row for row in session.gateway.list_connections(include_deleted=False)}
    labels = _labels(session, {key: row.name for key, row in rows.items()})
    key = _find(name, labels, rows)
    return key, next((one for one in labels[key] if one.startswith("connection/")), f"#{key}")


def _labels(session: Session, names: Mapping[int, str]) -> dict[int, list[str]]:
    """How each live connection may be called: its address first where the journal knows one, then its texts."""
    bound = _addresses(session.recorded().bindings)
    labels: dict[int, list[str]] = {}
    for key, raw in names.items():
        parsed = languages.parse(raw)
        texts = [parsed] if isinstance(parsed, str) else list(parsed.values())
        address = bound.get(key)
        labels[key] = [*([address, "/".join(Address.parse(address).parts[1:])] if address else []), *texts, f"#{key}"]
    return labels


def _addresses(bindings: Mapping[str, Binding]) -> dict[int, str]:
    """What the journal calls each live connection; one that a move is still to replace has its own address where nothing took that."""
    named: dict[int, str] = {}
    for text, binding in sorted(bindings.items(), reverse=True):
        address = Address.parse(text)
        if address.kind == "connection":
            own = str(address.moved or text)
            named[binding.id] = text if own in bindings else own
    return named


def _find(name: str, labels: Mapping[int, Sequence[str]], rows: Mapping[int, Any]) -> int:
    found = [key for key in sorted(rows) if name in labels[key]]
    if len(found) == 1:
        return found[0]
    if found:
        problem = Problem(
            "ambiguous-name",
            f"{len(found)} connections are called {name!r}.",
            None,
            f"Name one by id: {', '.join(f'#{key}' for key in found)}.",
        )
    else:
        problem = Problem(
            "unknown-connection", f"No live connection is called {name!r}.", None, did_you_mean(name, [one[0] for one in labels.values()])
        )
    raise InputError([problem])


def status(session: Session, files: tuple[str, ...] = ()) -> Status:
    """Every live connection, open runs, and what to type next: where no file speaks of them yet, the command that writes one."""
    gateway, recorded = session.gateway, session.recorded()
    bound = _addresses(recorded.bindings)
    tests = _last_tests(session)
    rows = []
    there = gateway.list_connections(include_deleted=False)
    notes = _field_notes(session, frozenset(one.id for one in there))
    for listed in there:
        row = gateway.connection(listed.id)
        address = bound.get(listed.id)
        tested = tests.get(address or "")
        rows.append(
            StatusRow(
                address=Address.parse(address) if address else None,
                name=languages.shown(listed.name, "en"),
                id=listed.id,
                active=row.active if row is not None else None,
                last_sync=gateway.last_sync(listed.id),
                last_test=tested[0] if tested else None,
                last_test_passed=tested[1] if tested else None,
                note=notes.get(listed.id, ""),
            )
        )
    if recorded.open_runs:
        steps: tuple[str, ...] = ("reconciler recover",)
    elif rows and not files and not any(path.exists() for path in session.desired_paths(())):
        steps = ("reconciler dump -o connections.yaml",)
    else:
        steps = ("reconciler plan",)
    return Status(session.target.name, tuple(sorted(rows, key=lambda one: one.name)), recorded.open_runs, steps)


def _field_notes(session: Session, connections: frozenset[int]) -> dict[int, str]:
    """What a connector that changed its fields left behind, by connection: mappings of fields that are gone, and what stops an activation.

    Read from what SuperOffice stores, a page of the archive at a time; what a connector offers by now is not asked.
    Source: SuperOffice manual, "Configure ERP connection" (a mandatory field needs a synchronisation direction).
    """
    try:
        stored = [row for row in session.gateway.all_erp_fields() if row.connection_id in connections] if connections else []
    except (ReadError, UnauthorizedError):
        return dict.fromkeys(connections, "Its fields could not be read, so what its connector changed is not known.")
    gone: defaultdict[int, list[str]] = defaultdict(list)
    idle: defaultdict[int, list[str]] = defaultdict(list)
    used = {(row.connection_id, row.actor_type) for row in stored if row.has_direction}  # who maps nothing there is not asked about
    asked: dict[tuple[int, str], bool] = {}
    for row in stored:
        place = (row.connection_id, row.actor_type)
        vanished = row.missing_in_erp and row.crm and row.has_direction
        if not vanished and not (place in used and row.mandatory and not row.missing_in_erp and not row.has_direction):
            continue
        if place not in asked:
            asked[place] = session.gateway.actor_is_active(*place)
        if asked[place]:
            (gone if vanished else idle)[row.connection_id].append(_called(row))
    return {key: _field_note(gone[key], idle[key]) for key in sorted(gone.keys() | idle.keys())}


def _called(row: ErpField) -> str:
    actor = next((ours for ours, wire in ACTOR_TYPES.items() if wire == row.actor_type), row.actor_type)
    return f"{actor} {row.key}"


def _field_note(gone: Sequence[str], idle: Sequence[str]) -> str:
    told = []
    if gone:
        told.append(f"The connector no longer reports {', '.join(gone)}, which SuperOffice still maps.")
    if idle:
        told.append(f"Mandatory and without a direction, so that SuperOffice does not activate it: {', '.join(idle)}.")
    way = "with `renamed_from` where one continues another field" if gone and idle else "as they are to be"
    return " ".join([*told, f"Write these fields into the file, {way}; `plan` names the lines."])


def _last_tests(session: Session) -> dict[str, tuple[str, bool | None]]:
    """The newest test of a stored connection by address; tests of candidates tell nothing about what is there."""
    found: dict[str, tuple[str, bool | None]] = {}
    for event in session.store(create=False).events(target=session.target.name):
        if event.kind != Kind.TEST:
            continue
        try:
            if event.body["phase"] in _OF_WHAT_IS_STORED:
                found[event.body["address"]] = (event.at, event.body["passed"])
        except MISSHAPEN as error:
            raise misshapen(event) from error
    return found


def run_view(session: Session, prefix: str) -> RunView:
    """One run in full.

    Raises:
        InputError: no run, or several, begin with the prefix.
    """
    store = session.store(create=False)
    return store.view(store.find_run(prefix, session.target.name))
