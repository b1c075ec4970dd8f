"""What the actors of a connection should become: mappings, display, items, defaults and order, on top of what is live.

Fields that exist only after a refresh are modelled from what the file says of them, and checked again when they exist.

In -> Out: one desired connection, its live `actors` attributes and rows -> the goal's `actors`, or problems.
Effects: none (problems and things not checked are collected in what is handed in).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model import Attributes, DesiredActor, DesiredConnection, DesiredField, NotChecked, Problem, Value, Why
from reconciler.plan.field_goal import lay_field
from reconciler.plan.ground import ActorsGoal, Ground
from reconciler.plan.nearest import did_you_mean

__all__ = ["actors_goal"]


def actors_goal(one: DesiredConnection, live: Attributes, ground: Ground, problems: list[Problem]) -> ActorsGoal:
    """Lay the desired actors over the live ones."""
    goal = ActorsGoal({key: dict(value) for key, value in live.items()})
    for name, actor in sorted(one.actors.items()):
        if name not in live and not _asks(actor):
            reason = "the connection does not have this actor type, of which the file asks nothing"
            goal.not_checked.append(NotChecked(one.address, ("actors", name), reason))
            _not_listed(goal, actor, {}, ground)
            continue
        if name not in live and not ground.refreshes and ground.mappings is not None:
            known = ", ".join(ground.offered()) or "none"
            message = f"The connector of {one.address} offers no actor type {name} (it offers: {known})."
            problems.append(
                Problem("unknown-actor", message, actor.source, "Take it out, or plan a refresh after the connector has it.", one.address)
            )
            continue
        _actor(goal, actor, ground, problems)
        _without_empty(goal, name)
    return goal


def _asks(actor: DesiredActor) -> bool:
    """Whether the file asks anything of an actor type that is not live: naming its fields, or how others are treated, does not."""
    if actor.sync is not None or actor.rank is not None:
        return True
    names = DesiredField("", actor.source)
    return any(replace(one, key="", source=actor.source, renamed_from=None) != names for one in actor.fields.values())


def _without_empty(goal: ActorsGoal, name: str) -> None:
    """Fields that the file names and says nothing of: where they do not exist yet, no step would bring them about."""
    attributes = goal.attributes[name]
    attributes["fields"] = {key: written for key, written in attributes["fields"].items() if written}


def _actor(goal: ActorsGoal, actor: DesiredActor, ground: Ground, problems: list[Problem]) -> None:
    name = actor.type
    attributes: dict[str, Value] = dict(goal.attributes.get(name, {}))
    goal.attributes[name] = attributes
    if actor.sync is not None:
        attributes["sync"] = actor.sync.value
        goal.manage(("actors", name, "sync"), actor.sync.source)
    fields: dict[str, Value] = dict(attributes.get("fields", {}))
    attributes["fields"] = fields
    for _, written in sorted(actor.fields.items()):
        if _carry_over(goal, name, written, fields, problems, ground) and actor.rank is None:
            _carry_place(goal, name, written, attributes)
        lay_field(goal, name, written, fields, ground, problems)
    _not_listed(goal, actor, fields, ground)
    if actor.rank is not None:
        attributes["rank"] = _rank(goal, actor, attributes, fields, ground, problems)


def _carry_over(
    goal: ActorsGoal, actor: str, written: DesiredField, fields: dict[str, Value], problems: list[Problem], ground: Ground
) -> bool:
    """A key that the connector renamed: what was set on the old row moves to the new one, and the old row is unmapped.

    False when there is nothing (left) to move.
    """
    if written.renamed_from is None or written.renamed_from.value not in fields:
        return False
    old_key, old = written.renamed_from.value, fields[written.renamed_from.value]
    row = ground.mapping(actor, old_key)
    # Before a refresh nobody can know; the apply looks when the fields are there.
    if row is not None and not row.missing_in_erp and not ground.refreshes:
        if ground.mapping(actor, written.key) is None:
            return False  # neither is known before a refresh, which is what the missing field is told with
        message = f"{old_key} is still reported by the connector, so {written.key} is not its new name."
        problems.append(Problem("renamed-still-there", message, written.renamed_from.source, "Take renamed_from out.", ground.address))
        return False
    if not old.get("crm") and not old.get("default"):
        return False  # already carried over by an earlier run
    new = fields.get(written.key, {})
    if not new.get("crm") and not new.get("default"):
        fields[written.key] = {**new, **{key: value for key, value in old.items() if key != "items" or value}}
        for part in fields[written.key]:
            goal.whys[("actors", actor, "fields", written.key, part)] = Why.RENAMED
    fields[old_key] = {**old, "crm": "", "direction": "none", "default": {}}
    for part in ("crm", "direction", "default"):
        goal.whys[("actors", actor, "fields", old_key, part)] = Why.RENAMED
    if row is not None and row.missing_in_erp and row.list_reference and not written.items:
        reason = f"SuperOffice no longer shows the items of {old_key}; write those that {written.key} is to have"
        goal.not_checked.append(NotChecked(ground.address, ("actors", actor, "fields", written.key, "items"), reason))
    return True


def _carry_place(goal: ActorsGoal, actor: str, written: DesiredField, attributes: dict[str, Value]) -> None:
    """The new key takes the place of the old one, which follows it."""
    assert written.renamed_from is not None
    order: tuple[str, ...] = attributes.get("rank", ())
    if written.renamed_from.value in order:
        others = [key for key in order if key != written.key]
        at = others.index(written.renamed_from.value)
        attributes["rank"] = (*others[:at], written.key, *others[at:])
        goal.whys[("actors", actor, "rank")] = Why.RENAMED


def _not_listed(goal: ActorsGoal, actor: DesiredActor, fields: dict[str, Value], ground: Ground) -> None:
    if actor.fields_not_listed == "leave":
        return
    if actor.fields_not_listed == "unmap" and ground.refreshes:
        reason = "fields that the refresh brings, and that SuperOffice maps by itself, are not known yet: the next plan unmaps them"
        goal.not_checked.append(NotChecked(ground.address, ("actors", actor.type, "fields_not_listed"), reason))
    listed = set(actor.fields) | {one.renamed_from.value for one in actor.fields.values() if one.renamed_from is not None}
    for key in sorted(fields.keys() - listed):
        if not fields[key].get("crm"):
            continue
        path = ("actors", actor.type, "fields", key)
        if actor.fields_not_listed == "report":
            goal.not_checked.append(NotChecked(ground.address, path, f"not listed in the file; it is mapped to {fields[key]['crm']}"))
        else:
            fields[key] = {**fields[key], "crm": "", "direction": "none"}
            goal.whys[(*path, "crm")] = goal.whys[(*path, "direction")] = Why.NOT_LISTED


def _rank(
    goal: ActorsGoal,
    actor: DesiredActor,
    attributes: Mapping[str, Value],
    fields: Mapping[str, Value],
    ground: Ground,
    problems: list[Problem],
) -> tuple[str, ...]:
    """The listed keys first, in their order; the rest keep theirs."""
    assert actor.rank is not None
    wanted = [mark.value for mark in actor.rank]
    live: tuple[str, ...] = attributes.get("rank", ())
    for mark in actor.rank:
        if mark.value in live or mark.value in fields:
            continue
        if ground.mappings is None or ground.refreshes:
            goal.late.add((actor.type, mark.value))
        else:
            message = f"{ground.address} has no {actor.type} field {mark.value!r} to rank."
            problems.append(Problem("unknown-field", message, mark.source, did_you_mean(mark.value, live), ground.address))
    if actor.rank:
        goal.manage(("actors", actor.type, "rank"), actor.rank[0].source)
    return (*wanted, *(key for key in live if key not in wanted))
