"""The rules that take more than one value: references, uniqueness, moves, and what a target allows.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.desired.actor_rules import check_actors, check_priority
from reconciler.desired.addresses import Refused, connector_host
from reconciler.desired.allow import allowed_list, is_allowed, is_own, opens_store
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import show
from reconciler.desired.permits import check_permits
from reconciler.desired.wording import nearest
from reconciler.model import Desired, DesiredConnection, DesiredConnector, Marked, Plain, SecretRef, Target, Text

_Thing = DesiredConnection | DesiredConnector


def check_rules(desired: Desired, findings: Findings) -> None:
    """Report what does not fit together in the merged files."""
    _check_references(desired, findings)
    _check_guids(desired.connections.values(), findings)
    _check_connection_names(desired, findings)
    _check_connector_names(desired.connectors.values(), findings)
    _check_moves(desired.connectors, findings)
    _check_moves(desired.connections, findings)
    for connection in desired.connections.values():
        _check_users(connection, findings)
    check_actors(desired, findings)
    check_priority(desired, findings)
    check_permits(desired, findings)


def check_target(desired: Desired, target: Target, findings: Findings) -> None:
    """Report what the files ask for and the target does not allow. Nothing is resolved."""
    for connector in desired.connectors.values():
        _check_host(connector, target, findings)
    for connection in desired.connections.values():
        for field, value in connection.config.items():
            if isinstance(value.value, SecretRef):
                _check_secret(connection, field, value.value, value, target, findings)


def _check_references(desired: Desired, findings: Findings) -> None:
    present = {key for key, connector in desired.connectors.items() if not connector.absent}
    for connection in desired.connections.values():
        written = connection.connector
        if written is None or not written.value:
            continue
        if written.value not in desired.connectors:
            message = f"There is no connector {show(written.value)} in the file."
            hint = nearest(written.value, present) if present else "Write it under `connectors:`."
            findings.add("dangling-connector", message, written.source, hint, connection.address)
        elif written.value not in present and not connection.absent:
            message = f"The connector {show(written.value)} is to be deleted (`absent: true`), and this connection is on it."
            hint = "Delete the connection too, or keep the connector."
            findings.add("absent-connector", message, written.source, hint, connection.address)


def _check_guids(connections: Iterable[DesiredConnection], findings: Findings) -> None:
    seen: dict[str, DesiredConnection] = {}
    for connection in connections:
        if connection.id is None:
            continue
        first = seen.setdefault(connection.id.value.lower(), connection)
        if first is not connection:
            message = f"The connection {show(first.key)} has this id already; expected one entry for one GUID."
            findings.add("duplicate-id", message, connection.id.source, "Keep one of the two.", connection.address)


def _check_connection_names(desired: Desired, findings: Findings) -> None:
    """Names are how a connection is found in the tenant, so two of one connector must differ in every text they share, unless
    each says its `id`, which is found first.

    Source: SuperOffice documents no uniqueness of names; our own rule, since the name is the natural key.
    """
    seen: dict[tuple[str, str], dict[str, DesiredConnection]] = {}
    for connection in desired.connections.values():
        if connection.connector is None or connection.name is None or (connection.absent and connection.id is not None):
            continue
        for language, text in _texts(connection.name.value):
            others = seen.setdefault((connection.connector.value, text), {})
            first = others.get(language) or others.get("") or (next(iter(others.values()), None) if not language else None)
            if first is not None and first is not connection and (first.id is None or connection.id is None):
                message = f"The connection {show(first.key)} on the same connector has this name too; expected different names."
                findings.add("duplicate-name", message, connection.name.source, "Rename one of the two.", connection.address)
            others.setdefault(language, connection)
    _check_renames(desired, seen, findings)


def _check_renames(desired: Desired, seen: Mapping[tuple[str, str], Mapping[str, DesiredConnection]], findings: Findings) -> None:
    """A former name must lead to one connection only: not to one that still has it, and not from two entries."""
    former: dict[tuple[str, str], DesiredConnection] = {}
    for connection in desired.connections.values():
        if connection.renamed_from is None or connection.connector is None:
            continue
        name = (connection.connector.value, connection.renamed_from.value)
        owner = next((other for other in seen.get(name, {}).values() if other is not connection), None)
        if owner is not None:
            message = f"The connection {show(owner.key)} on the same connector still has the name given in `renamed_from`."
            hint = "Give the name that the connection has in the tenant, or take `renamed_from` out."
            findings.add("renamed-from-taken", message, connection.renamed_from.source, hint, connection.address)
        _check_once(former.setdefault(name, connection), connection, connection.renamed_from, "renamed_from", findings)


def _check_connector_names(connectors: Iterable[DesiredConnector], findings: Findings) -> None:
    named: dict[str, DesiredConnector] = {}
    former: dict[str, DesiredConnector] = {}
    for connector in connectors:
        if connector.name is not None:
            first = named.setdefault(connector.name.value, connector)
            if first is not connector:
                message = f"The connector {show(first.key)} has this name too; expected different names."
                findings.add("duplicate-name", message, connector.name.source, "Rename one of the two.", connector.address)
    for connector in connectors:
        if connector.renamed_from is None:
            continue
        owner = named.get(connector.renamed_from.value)
        if owner is not None and owner is not connector:
            message = f"The connector {show(owner.key)} still has the name given in `renamed_from`."
            hint = "Give the name that the connector has in the tenant, or take `renamed_from` out."
            findings.add("renamed-from-taken", message, connector.renamed_from.source, hint, connector.address)
        first = former.setdefault(connector.renamed_from.value, connector)
        _check_once(first, connector, connector.renamed_from, "renamed_from", findings)


def _check_moves(things: Mapping[str, _Thing], findings: Findings) -> None:
    former: dict[str, _Thing] = {}
    for thing in things.values():
        if thing.moved_from is None:
            continue
        if thing.moved_from.value in things:
            message = f"The key {show(thing.moved_from.value)} given in `moved_from` is still in the file."
            hint = "Remove the old entry, or take `moved_from` out."
            findings.add("moved-from-exists", message, thing.moved_from.source, hint, thing.address)
        _check_once(former.setdefault(thing.moved_from.value, thing), thing, thing.moved_from, "moved_from", findings)


def _check_once(first: _Thing, thing: _Thing, written: Marked[str], key: str, findings: Findings) -> None:
    if first is not thing:
        message = f"The entry {show(first.key)} has the same {show(key)}; expected one entry for one thing."
        findings.add("claimed-twice", message, written.source, "Keep it in the entry that continues the old one.", thing.address)


def _check_users(connection: DesiredConnection, findings: Findings) -> None:
    """Logins differ in more than their case. Source: our own rule; the schema has reported exact repeats."""
    seen: dict[str, str] = {}
    for user in connection.scope.value.users if connection.scope else ():
        first = seen.setdefault(user.value.casefold(), user.value)
        if first != user.value:
            message = "This login stands in the list already, in another spelling."
            findings.add("duplicate-item", message, user.source, "Keep one of the two.", connection.address)


def _check_host(connector: DesiredConnector, target: Target, findings: Findings) -> None:
    if connector.url is None or not target.connector_hosts:
        return
    host = connector_host(connector.url.value)
    if isinstance(host, Refused) or host in {allowed.lower().rstrip(".") for allowed in target.connector_hosts}:
        return
    listed = ", ".join(target.connector_hosts)
    message = f"The target {show(target.name)} does not allow connectors on {show(host)}; its `connector_hosts` are: {listed}."
    hint = "Check the URL; a host that is meant is added to the target by whoever looks after it."
    findings.add("host-not-allowed", message, connector.url.source, hint, connector.address)


def _check_secret(
    connection: DesiredConnection, field: str, ref: SecretRef, written: Marked[Plain | SecretRef], target: Target, findings: Findings
) -> None:
    if is_allowed(ref, target):
        return
    if is_own(ref, target):
        message = f"{show(field)} refers to {ref.reference}, which belongs to the target {show(target.name)} itself."
        hint = "Desired state never refers to the target's own secrets; name another one."
    elif opens_store(ref):
        message = f"{show(field)} refers to {ref.reference}, which opens a store of secrets."
        hint = "Desired state never gets it, whatever the target allows; refer to the secret that is meant, in its store."
    else:
        message = (
            f"{show(field)} refers to {ref.reference}, which the target {show(target.name)} does not allow; "
            f"its `secrets` are: {allowed_list(target)}."
        )
        hint = "Refer to one that is allowed; whoever looks after the target can add one to its list."
    findings.add("secret-not-allowed", message, written.source, hint, connection.address)


def _texts(name: Text) -> Iterator[tuple[str, str]]:
    """Language and text; the language of a plain text is empty."""
    if isinstance(name, str):
        yield "", name
    else:
        yield from name.items()
