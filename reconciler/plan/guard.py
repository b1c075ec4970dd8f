"""Hazards: what a reviewer must know, and what needs permission.

In -> Out: the units, what was matched, what the journal knows, the target's policy -> hazards sorted for reading.
Effects: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from reconciler.model import (
    Act,
    Address,
    Attributes,
    Change,
    Desired,
    Grade,
    Hazard,
    HazardName,
    Limits,
    Live,
    Recorded,
    SecretRef,
    Unit,
    UnitKind,
)
from reconciler.plan.identity import Identity, Rows, name_matches
from reconciler.wire import languages

_MOST_TOLD = 5  # rows named in one sentence
_ARROWS = {"to-crm": ">", "to-erp": "<", "both": "< >"}

_OF_LIMIT: Final = " would be "
_NOTICES = frozenset({HazardName.STARTS_DATA_FLOW, HazardName.LEFT_INACTIVE, HazardName.TAKES_OVER, HazardName.ACCESS_FLAGS})


@dataclass(frozen=True, slots=True)
class Policy:
    """What the target allows.

    Attributes:
        has_key: values of secrets can be sealed, so that they can be restored.
        digest: over limits and policy; part of the plan.
        deactivate_for: which changes make a connection inactive.
    """

    target: str
    limits: Limits
    barriers: frozenset[str] = frozenset()
    has_key: bool = False
    digest: str = ""
    deactivate_for: frozenset[str] = frozenset({"config", "mappings"})


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything the hazards are judged from."""

    desired: Desired
    live: Live
    identity: Identity
    recorded: Recorded
    units: tuple[Unit, ...]
    policy: Policy


def find_hazards(scene: Scene, permissions: Iterable[str]) -> tuple[Hazard, ...]:
    """Every hazard, barriers that stop first, then permitted ones, then notices; by address within."""
    allowed = frozenset(permissions)
    found = [
        Hazard(name, address, grade, text, grade is Grade.BARRIER and f"{name.value}={address}" in allowed)
        for name, address, text in _all(scene)
        for grade in [_grade(name, scene.policy)]
    ]
    return tuple(sorted(found, key=lambda one: (not one.stops, one.grade is Grade.NOTICE, one.address, one.name)))


def _grade(name: HazardName, policy: Policy) -> Grade:
    return Grade.NOTICE if name in _NOTICES and name.value not in policy.barriers else Grade.BARRIER


_Found = Iterator[tuple[HazardName, Address, str]]


def _all(scene: Scene) -> _Found:
    for unit in scene.units:
        if unit.address.kind == "connection":
            yield from _connection(scene, unit)
        elif unit.address.kind == "connector":
            yield from _connector(scene, unit)
    yield from _maybe_same(scene)
    yield from _whole(scene)


def _connection(scene: Scene, unit: Unit) -> _Found:
    yield from _activity(scene, unit)
    yield from _deletion(scene, unit)
    if unit.kind is UnitKind.CREATE:
        yield from _creation(scene, unit)
        return
    if unit.row is not None and unit.row.guid.lower() in scene.recorded.elsewhere:
        other = scene.recorded.elsewhere[unit.row.guid.lower()]
        text = f"The same GUID belongs to target {other} in this journal (a cloned tenant?): tests and saves could reach the other's ERP."
        yield HazardName.KNOWN_ELSEWHERE, unit.address, text
    if unit.kind is UnitKind.UPDATE:
        yield from _update(scene, unit)


def _activity(scene: Scene, unit: Unit) -> _Found:
    acts = {step.act for step in unit.steps}
    before = bool(unit.before and unit.before["active"])
    desired = scene.desired.connections.get(unit.address.key)
    if Act.ACTIVATE in acts and not before and (unit.kind is UnitKind.CREATE or str(unit.address) not in scene.recorded.ever_activated):
        text = (
            "It is activated for the first time from here: the next synchronisation overwrites records, and no rollback brings them back."
        )
        yield HazardName.STARTS_DATA_FLOW, unit.address, text
    opened = sorted(_flow(unit, change) for change in unit.changes if _opens_flow(change))
    if opened and before:
        more = f" and {len(opened) - _MOST_TOLD} more" if len(opened) > _MOST_TOLD else ""
        text = f"Data begins to flow at {', '.join(opened[:_MOST_TOLD])}{more}: the next synchronisation overwrites records for good."
        yield HazardName.STARTS_DATA_FLOW, unit.address, text
    parked = scene.recorded.parked.get(str(unit.address))
    if Act.ACTIVATE in acts and not before and parked is not None:
        yield HazardName.PARKED, unit.address, f"It was switched off on purpose and would be activated again. The reason was: {parked}"
    if before and Act.ACTIVATE not in acts and unit.kind is UnitKind.UPDATE and Act.DEACTIVATE in acts:
        yield (
            HazardName.LEFT_INACTIVE,
            unit.address,
            "It is active now and will be left inactive: its users lose the ERP tab and synchronisation stops.",
        )
    if desired is not None and desired.protect and (Act.DEACTIVATE in acts or unit.kind is UnitKind.DELETE):
        what = "deleted" if unit.kind is UnitKind.DELETE else "deactivated, even if only for the inactive window"
        yield HazardName.PROTECTED, unit.address, f"It is protected in the file and would be {what}."


def _opens_flow(change: Change) -> bool:
    """Whether a change lets data flow in a direction in which it did not flow before."""
    if change.path[0] != "actors":
        return False
    if change.path[-1] == "sync":
        return change.after is True
    flows: dict[str, set[str]] = {"none": set(), "to-crm": {"crm"}, "to-erp": {"erp"}, "both": {"crm", "erp"}}
    if change.path[-1] != "direction":
        return False
    return bool(flows.get(str(change.after), set()) - flows.get(str(change.before), set()))


def _flow(unit: Unit, change: Change) -> str:
    """What begins to flow, as the dialog shows it: `customer CustGr > BUSINESS`."""
    if change.path[-1] == "sync":
        return change.path[1]
    _, actor, _, key, _ = change.path
    sides = [side["actors"][actor]["fields"][key] for side in (unit.wants, unit.before) if side and key in _fields(side, actor)]
    crm = next((one["crm"] for one in sides if one.get("crm")), "")
    return f"{actor} {key} {_ARROWS[str(change.after)]} {crm}".rstrip()


def _fields(side: Attributes, actor: str) -> Attributes:
    found: Attributes = side.get("actors", {}).get(actor, {}).get("fields", {})
    return found


def _deletion(scene: Scene, unit: Unit) -> _Found:
    if unit.kind is not UnitKind.DELETE:
        return
    yield HazardName.DELETE, unit.address, "It is deleted. A deletion cannot be undone by this tool."
    never_used = str(unit.address) in scene.recorded.applied and str(unit.address) not in scene.recorded.ever_activated
    if not (never_used and unit.before is not None and not unit.before["active"]):
        text = "Records or quote connections may hang on it; the tenant offers no way to rule that out."
        yield HazardName.LINKED_RECORDS, unit.address, text


def _creation(scene: Scene, unit: Unit) -> _Found:
    if unit.address in scene.identity.recreated:
        text = "The row that the journal knows was deleted in SuperOffice; it would be created anew, with a new GUID and without its links."
        yield HazardName.RECREATE, unit.address, text
    if unit.address in scene.identity.replaced:
        row = scene.identity.replaced[unit.address]
        text = f"It moves to another connector: a new connection is created and the present one (#{row.id}) is deleted, with its links."
        yield HazardName.REPLACE, unit.address, text


def _maybe_same(scene: Scene) -> _Found:
    """Creations beside connections that no file claims: on the same connector, or of the same name."""
    creations = [unit for unit in scene.units if unit.kind is UnitKind.CREATE and unit.address.kind == "connection"]
    if not creations:
        return
    language = scene.desired.language
    claimed = {row.id for row in (*scene.identity.connections.values(), *scene.identity.replaced.values())}
    strangers = [row for _, row in sorted(scene.live.connections.items()) if not row.deleted and row.id not in claimed]
    by_name, by_connector = Rows(strangers), defaultdict(list)
    for row in strangers:
        by_connector[row.connector_id].append(row)
    for unit in creations:
        name = scene.desired.connections[unit.address.key].name
        namesakes = (
            [] if name is None else [row for row in by_name.with_any_text(name.value) if name_matches(name.value, row.name, language)]
        )
        neighbours = by_connector.get(unit.connector_id or 0, [])[:_MOST_TOLD]
        twins = {row.id: row for row in (*neighbours, *namesakes)}
        if twins:
            listed = ", ".join(f"#{key} {languages.shown(twins[key].name, language)!r}" for key in sorted(twins)[:_MOST_TOLD])
            text = f"The tenant has connections that no file claims and that may be the same: {listed}. Write `id:` to take one over."
            yield HazardName.MAYBE_SAME, unit.address, text


def _update(scene: Scene, unit: Unit) -> _Found:
    saves = any(step.act is Act.SAVE for step in unit.steps)
    if str(unit.address) not in scene.recorded.applied:
        yield HazardName.TAKES_OVER, unit.address, "This journal has never applied anything to it: from now on the file decides."
    if saves and unit.before is not None and unit.wants is not None:
        scopes = [unit.before["scope"], unit.wants.get("scope", unit.before["scope"])]
        if any(not scope.get("everyone") for scope in scopes):
            text = (
                "Its access is restricted; a save may reset the flags per user that the API does not show (may connect, may create in ERP)."
            )
            yield HazardName.ACCESS_FLAGS, unit.address, text
    yield from _points_elsewhere(scene, unit)
    if saves:
        yield from _no_way_back(scene, unit)


def _points_elsewhere(scene: Scene, unit: Unit) -> _Found:
    connector = scene.desired.connectors.get(Address.parse(unit.connector).key) if not unit.connector.startswith("#") else None
    identifying = {mark.value for mark in connector.identifies_erp} if connector is not None else set()
    changed = sorted(change.path[1] for change in unit.changes if change.path[0] == "config" and change.path[1] in identifying)
    if changed:
        text = f"{', '.join(changed)} decides which ERP company is reached, and changes: another company's records would be synchronised."
        yield HazardName.POINTS_ELSEWHERE, unit.address, text


def _no_way_back(scene: Scene, unit: Unit) -> _Found:
    """A save sends every secret and every declared key; what could not be sent again makes the way back impossible."""
    changed = {change.path[1]: change for change in unit.changes if change.path[0] == "config" and len(change.path) > 1}
    lost = []
    for key, ref in sorted(unit.secrets.items()):
        sent = scene.recorded.secrets.get((str(unit.address), key))
        if sent is None or sent.in_doubt:
            lost.append(f"{key} (never sent from here)")
        elif not (sent.sealed and scene.policy.has_key) and key in changed and _cannot_resolve_old(sent.ref, ref, scene.policy):
            lost.append(f"{key} (its old value is not in the journal)")
    lost += [f"{key} (the connector no longer declares it)" for key, change in sorted(changed.items()) if change.after is None]
    if lost:
        text = f"The present value of {', '.join(lost)} cannot be sent again, so a rollback could not restore it."
        yield HazardName.NO_WAY_BACK, unit.address, text


def _cannot_resolve_old(old: SecretRef, new: SecretRef, policy: Policy) -> bool:
    # With another reference apply resolves the old one first, and its fingerprint tells whether it is the value last sent.
    return old.reference == new.reference or not policy.has_key


def _connector(scene: Scene, unit: Unit) -> _Found:
    desired = scene.desired.connectors.get(unit.address.key)
    if unit.kind is UnitKind.DELETE:
        yield HazardName.DELETE, unit.address, "It is deleted. A deletion cannot be undone by this tool."
        if desired is not None and desired.protect:
            yield HazardName.PROTECTED, unit.address, "It is protected in the file and would be deleted."
    if unit.kind is UnitKind.CREATE and unit.address in scene.identity.recreated:
        yield (
            HazardName.RECREATE,
            unit.address,
            "The row that the journal knows for it was deleted in SuperOffice; it would be created anew.",
        )
    if unit.kind is UnitKind.UPDATE and "url" in unit.sets and unit.before is not None:
        old, new = endpoint(unit.before["url"]), endpoint(unit.sets["url"])
        if old != new and _holds_secrets(scene, unit):
            text = f"Its connections hold secrets, and SuperOffice would send them to {new} instead of {old}."
            yield HazardName.MOVES_SECRETS, unit.address, text


def endpoint(url: str) -> str:
    """The part of a connector URL that decides who receives what is sent: host and port, client id, or plugin name."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower() or url


def _holds_secrets(scene: Scene, unit: Unit) -> bool:
    """Whether a live connection is on it whose config has a secret; a URL that changes made the reader read them all."""
    assert unit.row is not None
    if all(row.connector_id != unit.row.id or row.deleted for row in scene.live.connections.values()):
        return False
    fields = scene.live.fields.get(unit.row.id)
    if fields is None:  # the connector is silent: it may well declare a password
        return True
    written = (
        isinstance(mark.value, SecretRef)
        for one in scene.desired.connections.values()
        if one.connector is not None and one.connector.value == unit.address.key
        for mark in one.config.values()
    )
    return any(field.type.value == "Password" for field in fields) or any(written)


def limit_of(hazard: Hazard) -> str:
    """Which limit a hazard is about, and what it allows, without the count; empty for a hazard of another name."""
    return hazard.text.partition(_OF_LIMIT)[2] if hazard.name is HazardName.LIMITS else ""


def _whole(scene: Scene) -> _Found:
    target = Address(("target", scene.policy.target))
    connections = len(scene.live.listed)
    limits = scene.policy.limits
    left_off = sum(1 for unit in scene.units if _leaves_inactive(unit))
    counts: Mapping[str, tuple[int, int | float | None]] = {
        "changed": (len(scene.units), limits.max_changed),
        "deleted": (sum(1 for unit in scene.units if unit.kind is UnitKind.DELETE), limits.max_deleted),
        "deactivated": (left_off, limits.max_deactivated),
    }
    for what, (count, limit) in counts.items():
        if limit is None:
            continue
        most = limit * connections if isinstance(limit, float) else limit
        if count > most:
            allowed = f"{limit:.0%} of {connections}" if isinstance(limit, float) else str(limit)
            yield HazardName.LIMITS, target, f"{count}{_OF_LIMIT}{what}, and the target allows {allowed}."
    if not scene.desired.connections:
        # Where there is nothing on either side, and never was, nothing can have got lost: a new tenant begins like that.
        if scene.live.listed or _expects_connections(scene):
            yield HazardName.EMPTY, target, "The file names no connection."
    elif not scene.live.listed and _expects_connections(scene):
        yield (
            HazardName.EMPTY,
            target,
            "The tenant shows no connection at all, although this journal knows some: is it the right tenant?",
        )


def _expects_connections(scene: Scene) -> bool:
    """Whether the journal knows a connection that was neither deleted from here nor is to be absent."""
    absent = {str(one.address) for one in scene.desired.connections.values() if one.absent}
    known = [Address.parse(text) for text in scene.recorded.bindings]
    return any(one.kind == "connection" and str(one.moved or one) not in absent for one in known)


def _leaves_inactive(unit: Unit) -> bool:
    if unit.address.kind != "connection" or unit.before is None or not unit.before["active"]:
        return False
    return unit.kind is UnitKind.DELETE or (
        all(step.act is not Act.ACTIVATE for step in unit.steps if step.act is not Act.DEACTIVATE)
        and any(step.act is Act.DEACTIVATE for step in unit.steps)
    )


__all__ = ["Policy", "Scene", "endpoint", "find_hazards", "limit_of"]
