"""CRM fields that several connections map: judged on what all of them will be, not on what they are.

A field that another connection maps, too, may not flow one way to SuperOffice. The tenant flags such fields as they are now; a
plan may release one mapping and take the other, or make two that did not exist.

Source: TypeScript client, ErpSyncFieldMapping.AlreadyMapped. Which connections count is not documented; the flag is trusted, and
what the files say of each other is added.

In -> Out: desired connections, their live mappings and their goals, what flows through all others -> problems.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model import ACTOR_TYPES, Address, Attributes, DesiredConnection, FieldMapping, Mappings, Problem, Source
from reconciler.plan.ground import CRM_TYPES

_OURS = {wire: ours for ours, wire in ACTOR_TYPES.items()}
_Held = frozenset[tuple[str, str]]
_Path = tuple[str, str]


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


def shared_field_problems(sharers: Mapping[Address, Sharer], others: Mapping[str, frozenset[tuple[str, str]]]) -> list[Problem]:
    """A problem at each line that makes a one-way flow to a CRM field which several connections will map.

    What is so already and is not changed is left alone: the tenant has it, and no save of this plan is about it.

    Args:
        others: what flows through connections that no file describes below, by the names they are told by: the wire's actor type and
            the CRM field in small letters.
    """
    now = {str(address): _held_now(one) for address, one in sharers.items()}
    then = {str(address): _held_then(one) for address, one in sharers.items()}
    for name, flows in others.items():
        now[name] = then[name] = frozenset((CRM_TYPES.get(_OURS.get(actor, ""), "Contact"), crm) for actor, crm in flows)
    judge = _Judge(sharers, now, then)
    return [problem for address, one in sorted(sharers.items()) for problem in judge.problems(address, one)]


@dataclass(frozen=True, slots=True)
class _Judge:
    sharers: Mapping[Address, Sharer]
    now: Mapping[str, _Held]
    then: Mapping[str, _Held]

    def problems(self, address: Address, sharer: Sharer) -> Iterator[Problem]:
        """Those of the fields of one connection."""
        for actor, attributes in sorted(sharer.goal.get("actors", {}).items()):
            for key, field in sorted(attributes.get("fields", {}).items()):
                if field.get("crm") and field.get("direction") == "to-crm":
                    yield from self._problem(address, sharer, (actor, key), field["crm"].lower())

    def _problem(self, address: Address, sharer: Sharer, path: _Path, crm: str) -> Iterator[Problem]:
        target = (_crm_type(sharer.mappings, path[0]), crm)
        holding = sorted(other for other, held in self.then.items() if other != str(address) and target in held)
        fresh = [other for other in holding if target not in self.now[other]]
        row = _row(sharer.mappings, *path)
        is_new = row is None or row.crm.lower() != crm or (row.to_crm, row.to_erp) != (True, False)
        if not is_new:
            # It flows so already. Only somebody who joins makes it worse.
            for other in fresh:
                yield self._joins(address, path, target, other)
            return
        held = any(target in fields for other, fields in self.now.items() if other != str(address))
        # The flag tells of the CRM field that the row has now, and of connections that we may not see at all; it goes only when those
        # that we know of let go.
        flagged = row is not None and row.crm.lower() == crm and row.already_mapped and (bool(holding) or not held)
        place = _place(sharer, *path)
        if place is not None and (holding or flagged):
            also = f" ({', '.join(holding)})" if holding else ""
            message = f"{path[1]} is mapped on another connection too{also}, so it may not flow one way to SuperOffice."
            yield Problem("already-mapped", message, place, "Write `direction: both` or `to-erp`.", address)

    def _joins(self, address: Address, path: _Path, target: tuple[str, str], other: str) -> Problem:
        """Another connection takes a CRM field to which this one flows one way."""
        taker = next(one for one in self.sharers if str(one) == other)
        sharer = self.sharers[taker]
        actor, key = next(
            (actor, key)
            for actor, attributes in sorted(sharer.goal.get("actors", {}).items())
            for key, field in sorted(attributes.get("fields", {}).items())
            if _flows(field) and (_crm_type(sharer.mappings, actor), field["crm"].lower()) == target
        )
        message = f"{key} would be mapped to the CRM field to which {path[1]} of {address} flows one way; then it may not any more."
        hint = f"Let {path[1]} of {address} flow both ways or to the ERP, or map {key} to something else."
        return Problem("already-mapped", message, _place(sharer, actor, key) or sharer.one.source, hint, taker)


def _place(sharer: Sharer, actor: str, key: str) -> Source | None:
    """The line that asks for a mapping: of the field, or of what was renamed."""
    its = sharer.one.actors.get(actor)
    written = its.fields.get(key) if its is not None else None
    mark = (written.direction or written.crm or written.renamed_from) if written is not None else None
    return mark.source if mark is not None else None


def _flows(field: Attributes) -> bool:
    return bool(field.get("crm")) and field.get("direction", "none") != "none"


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
        if _flows(field)
    )


def _row(mappings: Mappings | None, actor: str, key: str) -> FieldMapping | None:
    found = mappings.actors.get(actor) if mappings is not None else None
    return next((one for one in found.fields if one.key == key), None) if found is not None else None


def _crm_type(mappings: Mappings | None, actor: str) -> str:
    found = mappings.actors.get(actor) if mappings is not None else None
    return found.crm if found is not None else CRM_TYPES.get(actor, "Contact")
