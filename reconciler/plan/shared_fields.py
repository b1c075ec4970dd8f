"""CRM fields that several connections map: judged on what all of them will be, not on what they are.

A field that another connection maps, too, may not flow one way to SuperOffice. The tenant flags such fields as they are now; a
plan may release one mapping and take the other, or make two that did not exist.

Source: TypeScript client, ErpSyncFieldMapping.AlreadyMapped. Which connections count is not documented; the flag is trusted, and
what the files say of each other is added.

In -> Out: desired connections, their live mappings and their goals -> problems.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model import Address, Attributes, DesiredConnection, FieldMapping, Mappings, Problem

# Which CRM type an actor type becomes, for those that no read shows yet. Source: TypeScript client, CrmActorType.
_CRM_TYPES: Mapping[str, str] = {"person": "Person", "project": "Project"}
_Held = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sharer:
    """One connection that the files describe.

    Attributes:
        mappings: its live rows; None when it does not exist yet.
        goal: its attributes after the plan.
    """

    one: DesiredConnection
    mappings: Mappings | None
    goal: Attributes


def shared_field_problems(sharers: Mapping[Address, Sharer]) -> list[Problem]:
    """A problem at each line that asks for a one-way flow to a CRM field which another connection will map."""
    now = {address: _held_now(one) for address, one in sharers.items()}
    then = {address: _held_then(one) for address, one in sharers.items()}
    return [problem for address, one in sorted(sharers.items()) for problem in _problems(address, one, now, then)]


def _problems(address: Address, sharer: Sharer, now: Mapping[Address, _Held], then: Mapping[Address, _Held]) -> Iterator[Problem]:
    for name, actor in sorted(sharer.one.actors.items()):
        for key, written in sorted(actor.fields.items()):
            field = sharer.goal.get("actors", {}).get(name, {}).get("fields", {}).get(key, {})
            place = written.direction or written.crm
            if place is None or not field.get("crm") or field.get("direction") != "to-crm":
                continue
            target = (_crm_type(sharer.mappings, name), field["crm"].lower())
            holding = {other for other, held in then.items() if other != address and target in held}
            held = {other for other, fields in now.items() if other != address and target in fields}
            row = _row(sharer.mappings, name, key)
            if row is not None and row.crm.lower() == target[1]:
                # The flag tells of connections that no file names as well; it goes only when those we know let go.
                shared = bool(holding - held) or (row.already_mapped and (bool(holding) or not held))
            else:
                shared = bool(holding)
            if shared:
                also = f" ({', '.join(map(str, sorted(holding)))})" if holding else ""
                message = f"{key} is mapped on another connection too{also}, so it may not flow one way to SuperOffice."
                yield Problem("already-mapped", message, place.source, "Write `direction: both` or `to-erp`.", address)


def _held_now(sharer: Sharer) -> _Held:
    actors = sharer.mappings.actors if sharer.mappings is not None else {}
    return frozenset(
        (mapping.crm, field.crm.lower())
        for mapping in actors.values()
        if mapping is not None
        for field in mapping.fields
        if field.crm and (field.to_crm or field.to_erp)
    )


def _held_then(sharer: Sharer) -> _Held:
    return frozenset(
        (_crm_type(sharer.mappings, name), field["crm"].lower())
        for name, actor in sharer.goal.get("actors", {}).items()
        for field in actor.get("fields", {}).values()
        if field.get("crm") and field.get("direction", "none") != "none"
    )


def _row(mappings: Mappings | None, actor: str, key: str) -> FieldMapping | None:
    found = mappings.actors.get(actor) if mappings is not None else None
    return next((one for one in found.fields if one.key == key), None) if found is not None else None


def _crm_type(mappings: Mappings | None, actor: str) -> str:
    found = mappings.actors.get(actor) if mappings is not None else None
    return found.crm if found is not None else _CRM_TYPES.get(actor, "Contact")
