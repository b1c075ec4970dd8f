"""Take a tenant over, or lay it beside another: dump it as a file, list its fields, compare it.

Effects: reads disk, the tenant and the journal; a dump is proved on a temporary file; `save_dump` writes a file.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.desired import load_desired
from reconciler.desired.addresses import Refused, connector_host
from reconciler.desired.allow import is_allowed
from reconciler.desired.characters import hidden_character
from reconciler.desired.layers import FILE
from reconciler.errors import InputError
from reconciler.flow.proving import Proof, proved
from reconciler.live.document import Entry, Scalar, Table, difference
from reconciler.live.dump import Dump, Variable
from reconciler.live.dump_base import base_document
from reconciler.live.dump_yaml import render
from reconciler.live.file_rules import Rules
from reconciler.live.whole import Keys, Whole, keys_of, read_everything, whole_of
from reconciler.model import Address, Attributes, Connection, Desired, Live, Problem, Recorded, Source
from reconciler.plan.identity import Identity, match
from reconciler.plan.known import known_of
from reconciler.plan.written import written_attributes
from reconciler.session import Session

_HEADER = "Dumped from target"


@dataclass(frozen=True, slots=True)
class Dumped:
    """A tenant as a file.

    Attributes:
        text: YAML.
        variables: the secrets that it refers to.
        not_allowed: references that the target's `secrets` do not allow.
        hosts: hosts of connectors that the target's `connector_hosts` do not allow.
        proof: whether the file is valid and plans to no changes, and what had to be left out for that.
    """

    target: str
    text: str
    variables: tuple[Variable, ...]
    not_allowed: tuple[str, ...]
    hosts: tuple[str, ...]
    proof: Proof


def dump(session: Session, *, language: str = "en", base: tuple[str, ...] = ()) -> Dumped:
    """The live tenant as YAML; with `base`, the overlay that makes these files say what is live.

    Raises:
        InputError: the base files are wrong, or it is not clear which of their entries stand for which live rows.
        TargetError: the tenant cannot be read.
    """
    desired = load_desired([Path(name) for name in base]) if base else None
    live = read_everything(session.gateway, parallel=session.target.limits.parallel_reads)
    recorded = session.recorded()
    known, taken, rows = _claimed(desired, live, recorded)
    keys = keys_of(live, recorded, known, taken)
    whole = _whole(live, keys, recorded, desired.language if desired is not None else language)
    made = Dump(whole, RULES, _written(desired, live, rows))
    if desired is not None:
        made.is_overlay = True
        made.base_order = tuple(mark.value for mark in desired.sync_priority or ())
    document = _overlay(made, desired, rows) if desired is not None else made.document()
    header = _header(session.target.name, base)
    document, proof = proved(session, live, recorded, document, lambda one: render(one, header), base, RULES.comment)
    variables = tuple(one for one in made.variables if _refers(document, one))
    return Dumped(
        session.target.name,
        render(document, header),
        variables,
        tuple(sorted({one.ref.reference for one in variables if not is_allowed(one.ref, session.target)})),
        _strange_hosts(session, document),
        proof,
    )


def whole_tenant(session: Session, language: str) -> Whole:
    """Everything that is live, normalised, under the journal's keys or keys made from names.

    Raises:
        TargetError: the tenant cannot be read.
    """
    live = read_everything(session.gateway, parallel=session.target.limits.parallel_reads)
    recorded = session.recorded()
    return _whole(live, keys_of(live, recorded), recorded, language)


def _whole(live: Live, keys: Keys, recorded: Recorded, language: str) -> Whole:
    rows = {str(Address.connection(key)): live.connections[row].guid for row, key in keys.connections.items()}
    return whole_of(live, keys, known_of(recorded, rows), language)


def _claimed(desired: Desired | None, live: Live, recorded: Recorded) -> tuple[Keys | None, Keys | None, Mapping[str, Connection]]:
    """What files call live rows; their keys that stand for none; and the rows by key."""
    if desired is None:
        return None, None, {}
    identity: Identity = match(desired, live, recorded)
    if identity.problems:
        raise InputError(identity.problems, "It is not clear which live rows the file means")
    rows = {address.key: row for address, row in {**identity.replaced, **identity.connections}.items()}
    connectors = {address.key: row for address, row in identity.connectors.items()}
    known = Keys({row.id: key for key, row in connectors.items()}, {row.id: key for key, row in rows.items()})
    taken = Keys(
        dict(enumerate(key for key in desired.connectors if key not in connectors)),
        dict(enumerate(key for key in desired.connections if key not in rows)),
    )
    return known, taken, rows


def _written(desired: Desired | None, live: Live, rows: Mapping[str, Connection]) -> dict[str, Attributes]:
    if desired is None:
        return {}
    found = {}
    for key, one in desired.connections.items():
        row = rows.get(key)
        fields = live.fields.get(row.connector_id) if row is not None else None
        found[key] = written_attributes(one, fields, live.mappings.get(row.id) if row is not None else None)
    return found


def _overlay(made: Dump, desired: Desired, rows: Mapping[str, Connection]) -> Table:
    """What has to lie over the files for them to say what is live."""
    complete = made.document(complete=True)
    shown = made.document()
    left = difference(shown, complete, base_document(desired, made, rows), FILE)
    for kind, things in (("connectors", desired.connectors), ("connections", desired.connections)):
        for key, thing in things.items():
            entry = left.get(kind)
            its = entry.get(key) if isinstance(entry, Table) else None
            if thing.absent and isinstance(entry, Table) and isinstance(its, Table):
                wanted = replace(its, entries=(*its.entries, Entry("absent", Scalar("null", bare=True))))
                entries = tuple(replace(one, value=wanted) if one.key == key else one for one in entry.entries)
                left = replace(
                    left,
                    entries=tuple(replace(one, value=replace(entry, entries=entries)) if one.key == kind else one for one in left.entries),
                )
    return replace(left, entries=(Entry("version", Scalar("1", bare=True)), *left.entries))


def _header(target: str, base: tuple[str, ...]) -> tuple[str, ...]:
    if base:
        files = RULES.comment(", ".join(base))
        return (f"{_HEADER} {RULES.comment(target)} by `reconciler dump`: an overlay.", f"Laid over {files}, it says what is live.")
    return (
        f"{_HEADER} {RULES.comment(target)} by `reconciler dump`: what is live, as a file.",
        "What is not written here is as it is by default, or is left alone.",
    )


def _refers(document: Table, variable: Variable) -> bool:
    value: object = document
    for key in ("connections", variable.connection, "config", variable.field):
        value = value.get(key) if isinstance(value, Table) else None
    return value is not None


def _strange_hosts(session: Session, document: Table) -> tuple[str, ...]:
    """Hosts that a file for this target may not name yet."""
    allowed = {host.lower().rstrip(".") for host in session.target.connector_hosts}
    connectors = document.get("connectors")
    if not allowed or not isinstance(connectors, Table):
        return ()
    urls = [one.value.get("url") for one in connectors.entries if isinstance(one.value, Table)]
    hosts = {connector_host(url.text) for url in urls if isinstance(url, Scalar)}
    return tuple(sorted(host for host in hosts if isinstance(host, str) and host not in allowed))


def _hidden(value: str) -> str | None:
    return hidden_character(value, one_line=True)


def _refused_url(url: str) -> str:
    host = connector_host(url)
    return host.message if isinstance(host, Refused) else ""


RULES = Rules(_hidden, _refused_url)
"""What may stand in a file, as `desired` has it."""


def save_dump(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a dump to a file, whole or not at all. A file that is no dump is not replaced, unless that is asked for.

    Raises:
        InputError: there is another file, or it cannot be written.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise _problem(path, "This is no file of its own, and is not replaced.", "Name another one with -o.")
        if path.exists() and not overwrite and not path.read_bytes().startswith(f"# {_HEADER} ".encode()):
            raise _problem(path, "This file exists, and is no dump.", "Name another one with -o, or add --overwrite.")
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
            Path(draft).chmod(0o644)
            Path(draft).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
    except (OSError, ValueError) as error:
        raise _problem(
            path, f"The dump cannot be written: {getattr(error, 'strerror', None) or error}.", "Name another file with -o."
        ) from error


def _problem(path: Path, message: str, hint: str) -> InputError:
    return InputError([Problem("dump-file", message, Source(str(path)), hint)], "Dump file")
