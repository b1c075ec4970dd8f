"""The account of a target for an audit: what is exceptional in it, a person's review of that, and a read of the tenant to compare with.

Effects: reads the journal; `review` and `read_tenant` write one event each; `read_tenant` reads the tenant.
Neighbours: called by `cli.audit` through `flow`; `audit` adds up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.audit.account import Account, account_of, around
from reconciler.audit.flags import Flag, FlagKind, flags_of
from reconciler.audit.people import names_of, person_of
from reconciler.audit.period import Period
from reconciler.audit.population import Population, population_of
from reconciler.errors import CheckFailed, InputError, ReadError, RefusedError
from reconciler.flow.applying import refuse_unshared
from reconciler.flow.taking_over import whole_tenant
from reconciler.journal.events import Kind
from reconciler.model import Hidden, Problem, SecretRef, Stamp
from reconciler.plan.codec import digest_of
from reconciler.session import Session
from reconciler.wire import languages

__all__ = ["Reviewed", "account", "exceptions", "population", "read_tenant", "review", "run_exceptions"]

_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review came to.

    Attributes:
        closed: exceptions that it closed.
        before: those that were closed already, with the review that did.
    """

    person: str
    closed: tuple[Flag, ...]
    before: tuple[Flag, ...]


def account(session: Session) -> Account:
    """All that the journal holds of the target.

    Raises:
        JournalError: it cannot be trusted.
    """
    store = session.store(create=False)
    return account_of(session.target.name, store.events(target=session.target.name))


def exceptions(found: Account, period: Period, kinds: Sequence[str] = ()) -> tuple[Flag, ...]:
    """The exceptions of a period, oldest first; of some kinds, where they are named."""
    return tuple(flag for flag in flags_of(found) if period.holds(flag.at) and (not kinds or flag.kind in kinds))


def population(found: Account, period: Period) -> tuple[Population, tuple[Flag, ...]]:
    """The runs that began in a period; and its exceptions, with those of its runs whenever they came up."""
    runs = population_of(found, period)
    listed = {run.run for run in runs.runs}
    return runs, tuple(flag for flag in flags_of(found) if flag.run in listed or (not flag.run and period.holds(flag.at)))


def run_exceptions(session: Session, run: str) -> tuple[Flag, ...]:
    """The exceptions of one run, oldest first; nothing is added up but what they depend on."""
    name = session.target.name
    events = around(run, session.store(create=False).events(target=name))
    return tuple(flag for flag in flags_of(account_of(name, events)) if flag.run == run)


def review(session: Session, subject: str, *, who: Mapping[str, Any], reason: str) -> Reviewed:
    """Close an exception, or all of a run, in the name of somebody who did not cause it. Again, it changes nothing.

    Args:
        subject: an exception's id, or a run's, or enough of its beginning.

    Raises:
        InputError: there is no such exception or run.
        RefusedError: nobody can be named; or the run is not settled yet.
        CheckFailed: the person is one of those who ran it, or the journal does not hold. Nothing was written.
    """
    refuse_unshared(session)
    checked = session.store(create=False).verify()
    if checked.broken is not None:
        # Who signs for what was altered would close something else than what happened.
        detail = f"{checked.broken.reason} Nothing was reviewed."
        raise CheckFailed("Journal cannot be trusted", detail, "Look for the place with: reconciler audit verify")
    run, flags = _meant(session, subject)
    person, names = person_of(who), names_of(who)
    waiting = tuple(flag for flag in flags if flag.review is None)
    before = tuple(flag for flag in flags if flag.review is not None)
    if not waiting:
        return Reviewed(person, (), before)
    if not person:
        raise RefusedError(
            "Nobody can be named", "Neither this machine nor its pipeline says who reviews.", "Review from your own account."
        )
    for flag in waiting:
        if flag.kind is FlagKind.UNFINISHED:
            raise RefusedError("The run is not settled", f"{flag.run} is unfinished.", "Settle it first: reconciler recover")
        if names & flag.executors:
            raise CheckFailed(
                "Four eyes are needed",
                f"{person} ran what {flag.id} is about, so somebody else has to review it. Nothing was written.",
                f"Let somebody else type: reconciler audit review {subject} --reason TEXT",
            )
    body = {"subjects": [flag.id for flag in waiting], "run": run, "actor": {**who, "person": person}, "reason": reason}
    _record(session, Kind.REVIEWED, body)
    return Reviewed(person, waiting, before)


def read_tenant(session: Session, *, who: Mapping[str, Any]) -> int:
    """Read every connection and keep digests of what was seen, so that the next read shows what changed in between.

    Returns:
        How many connections there are.

    Raises:
        TargetError: the tenant cannot be read; nothing was written.
    """
    refuse_unshared(session)
    whole = whole_tenant(session, _LANGUAGE)
    bound = {row.guid: address for address, row in session.recorded().bindings.items() if row.guid}
    try:
        stamps: Mapping[int, Stamp] = session.gateway.stamps()
    except ReadError:  # a server without this archive: everything else can be told without it
        stamps = {}
    found = []
    for key, row in whole.connections().items():
        stamp = stamps.get(row.id, Stamp("", ""))
        found.append(
            {
                "guid": row.guid,
                "id": row.id,
                "address": bound.get(row.guid, ""),
                "name": languages.shown(row.name, _LANGUAGE),
                "updated": stamp.at,
                "updated_by": stamp.by,
                "parts": _parts(whole.attributes[key], known=whole.live.fields.get(row.connector_id) is not None),
            }
        )
    try:
        principal = session.gateway.principal()
    except ReadError:
        principal = ""
    _record(session, Kind.TENANT_READ, {"actor": dict(who), "principal": principal, "connections": found})
    return len(found)


def _meant(session: Session, subject: str) -> tuple[str, tuple[Flag, ...]]:
    """The run and the exceptions that a person means."""
    flags = flags_of(account(session))
    if "@" in subject:
        found = tuple(flag for flag in flags if flag.id == subject)
        if not found:
            message = f"The journal of {session.target.name} has no exception {subject!r}."
            raise InputError([Problem("unknown-exception", message, hint="See them with: reconciler audit exceptions")], "Not found")
        return found[0].run, found
    run = session.store(create=False).find_run(subject, session.target.name)
    return run, tuple(flag for flag in flags if flag.run == run)


def _record(session: Session, kind: Kind, body: Mapping[str, Any]) -> None:
    store = session.store(create=True)
    store.journal(session.target.name, store.new_run_id(os.urandom)).append(kind, body)


def _parts(attributes: Mapping[str, Any], *, known: bool) -> dict[str, str | None]:
    """Digests by part, so that a connector which did not answer makes one part unknown and not the whole different.

    List items stay out: they are only known while the connector answers.
    """
    row = {name: attributes[name] for name in ("name", "description", "connector", "active", "scope")}
    actors = attributes.get("actors")
    return {
        "row": digest_of(_open(row)),
        "config": digest_of(_open(attributes["config"])) if known else None,
        "below": None if actors is None else digest_of(_open(actors)),
    }


def _open(value: Any) -> Any:
    """The value without what is secret and without list items."""
    if isinstance(value, (SecretRef, Hidden)):
        return "(secret)"
    if isinstance(value, Mapping):
        return {str(key): _open(part) for key, part in value.items() if key != "items"}
    return [_open(part) for part in value] if isinstance(value, (list, tuple)) else value
