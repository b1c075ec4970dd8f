"""What the actors of a connection should become: mappings, display, items, defaults and order, on top of what is live.

Fields that exist only after a refresh are modelled from what the file says of them, and checked again when they exist.

In -> Out: one desired connection, its live `actors` attributes and rows -> the goal's `actors`, or problems.
Effects: none (problems and things not checked are collected in what is handed in).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model import (
    ACTOR_TYPES,
    Address,
    Attributes,
    DesiredActor,
    DesiredConnection,
    DesiredField,
    ErpField,
    FieldMapping,
    FieldType,
    Mappings,
    Named,
    NotChecked,
    Problem,
    Source,
    Value,
    Why,
)
from reconciler.plan.nearest import did_you_mean
from reconciler.wire import values
from reconciler.wire.crm_items import item_ids, item_names, list_name


@dataclass(slots=True)
class ActorsGoal:
    """What one connection's actors should be.

    Attributes:
        attributes: complete for the actors that the file mentions, as far as they are known.
        managed: paths that the file writes.
        late: (actor, field key) that exist only after a refresh.
    """

    attributes: dict[str, Value] = field(default_factory=dict)
    managed: set[tuple[str, ...]] = field(default_factory=set)
    sources: dict[tuple[str, ...], Source] = field(default_factory=dict)
    whys: dict[tuple[str, ...], Why] = field(default_factory=dict)
    late: set[tuple[str, str]] = field(default_factory=set)
    not_checked: list[NotChecked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the goal of the actors of one connection is judged on.

    Attributes:
        mappings: the live rows; None when the connection does not exist yet.
        refreshes: the unit refreshes the fields, so that a field that is missing may still appear.
    """

    address: Address
    mappings: Mappings | None
    crm_items: Mapping[str, tuple[Named, ...]]
    language: str
    refreshes: bool

    def mapping(self, actor: str, key: str) -> FieldMapping | None:
        """The live mapping row of a field."""
        found = self.mappings.actors.get(actor) if self.mappings is not None else None
        return next((one for one in found.fields if one.key == key), None) if found is not None else None

    def is_silent_about(self, mapping: FieldMapping | None, crm: str) -> bool:
        """Whether the list items of a mapped field could not be read: they are not known, which is not the same as none."""
        unread = self.mappings is not None and self.mappings.lists is None
        return unread and mapping is not None and mapping.crm != "" and mapping.crm == crm

    def offered(self) -> list[str]:
        """Every actor type of the connection, by our names, whether or not the file mentions it."""
        found = {row.actor_type for row in self.mappings.fields} if self.mappings is not None else set()
        return sorted(ours for ours, wire in ACTOR_TYPES.items() if wire in found)

    def row(self, actor: str, key: str) -> ErpField | None:
        """The live field row."""
        rows = self.mappings.fields if self.mappings is not None else ()
        return next((one for one in rows if one.actor_type == ACTOR_TYPES[actor] and one.key == key), None)


def actors_goal(one: DesiredConnection, live: Attributes, ground: Ground, problems: list[Problem]) -> ActorsGoal:
    """Lay the desired actors over the live ones."""
    goal = ActorsGoal({key: dict(value) for key, value in live.items()})
    for name, actor in sorted(one.actors.items()):
        if name not in live and not ground.refreshes and ground.mappings is not None:
            known = ", ".join(ground.offered()) or "none"
            message = f"The connector of {one.address} offers no actor type {name} (it offers: {known})."
            problems.append(
                Problem("unknown-actor", message, actor.source, "Take it out, or plan a refresh after the connector has it.", one.address)
            )
            continue
        _actor(goal, actor, ground, problems)
    return goal


def _actor(goal: ActorsGoal, actor: DesiredActor, ground: Ground, problems: list[Problem]) -> None:
    name = actor.type
    attributes: dict[str, Value] = dict(goal.attributes.get(name, {}))
    goal.attributes[name] = attributes
    if actor.sync is not None:
        attributes["sync"] = actor.sync.value
        _manage(goal, ("actors", name, "sync"), actor.sync.source)
    fields: dict[str, Value] = dict(attributes.get("fields", {}))
    attributes["fields"] = fields
    for _, written in sorted(actor.fields.items()):
        if _carry_over(goal, name, written, fields, problems, ground) and actor.rank is None:
            _carry_place(goal, name, written, attributes)
        _field(goal, name, written, fields, ground, problems)
    _not_listed(goal, actor, fields, ground)
    if actor.rank is not None:
        attributes["rank"] = _rank(goal, actor, attributes, fields, ground, problems)


def _manage(goal: ActorsGoal, path: tuple[str, ...], source: Source) -> None:
    goal.managed.add(path)
    goal.sources[path] = source


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


def _field(goal: ActorsGoal, actor: str, written: DesiredField, fields: dict[str, Value], ground: Ground, problems: list[Problem]) -> None:
    key, path = written.key, ("actors", actor, "fields", written.key)
    mapping = ground.mapping(actor, key)
    if mapping is None:
        if ground.mappings is not None and not ground.refreshes:
            hint = f"{did_you_mean(key, fields)} If the connector was upgraded, ask it again with `reconciler refresh`.".strip()
            problems.append(
                Problem("unknown-field", f"{ground.address} has no {actor} field {key!r}.", written.source, hint, ground.address)
            )
            return
        goal.late.add((actor, key))
    live: Mapping[str, Value] = fields.get(key, {})
    result: dict[str, Value] = dict(live)
    fields[key] = result
    for part, mark in (("crm", written.crm), ("direction", written.direction)):
        if mark is not None:
            result[part] = mark.value
            _manage(goal, (*path, part), mark.source)
    if result.get("crm") == "" and "direction" in result:
        result["direction"] = "none"
    if written.show is not None:
        result["show"] = tuple(sorted(written.show.value))
        _manage(goal, (*path, "show"), written.show.source)
    if written.default is not None:
        result["default"] = _default(written, ground.row(actor, key), ground.address, problems)
        _manage(goal, (*path, "default"), written.default.source)
    if written.items or written.items_not_listed != "leave":
        if ground.is_silent_about(mapping, str(result.get("crm", ""))):
            goal.not_checked.append(NotChecked(ground.address, (*path, "items"), "the connector does not tell its list items now"))
        else:
            result["items"] = _items(goal, written, path, result, mapping, ground, problems)
    _check_field(written, result, mapping, ground, problems, moves=any(result.get(part) != live.get(part) for part in ("crm", "direction")))


def _default(written: DesiredField, row: ErpField | None, address: Address, problems: list[Problem]) -> Mapping[str, Value]:
    assert written.default is not None
    wanted = written.default.value
    if wanted.value is None and not wanted.ask:
        return {}
    default: dict[str, Value] = {"ask": wanted.ask, "mandatory": wanted.mandatory or (row is not None and row.mandatory)}
    if wanted.value is not None:
        default["value"] = wanted.value.text
        if row is not None:
            try:
                default["value"] = values.from_plain(wanted.value.text, wanted.value.quoted, row.field_type)
            except ValueError as error:
                message = f"The default of {written.key}, a {row.field_type.value} field: {error}."
                problems.append(Problem("wrong-default-type", message, written.default.source, "", address))
    return default


def _items(
    goal: ActorsGoal,
    written: DesiredField,
    path: tuple[str, ...],
    result: Mapping[str, Value],
    mapping: FieldMapping | None,
    ground: Ground,
    problems: list[Problem],
) -> Mapping[str, Value]:
    live: Mapping[str, Value] = result.get("items", {})
    # Another CRM field: SuperOffice forgets the pairs, and they would mean nothing for the other list.
    moves = mapping is not None and mapping.crm != "" and result.get("crm") != mapping.crm
    items = dict.fromkeys(live, "") if moves else dict(live)
    if mapping is not None and mapping.field_type is not FieldType.LIST:
        message = f"{written.key} is a {mapping.field_type.value} field, and only a List field has items."
        problems.append(Problem("not-a-list", message, written.source, "Take `items` out.", ground.address))
        return items
    if not result.get("crm"):
        message = f"{written.key} has items but is not mapped: SuperOffice shows lists only for mapped fields."
        problems.append(
            Problem("items-unmapped", message, written.source, "Write `crm:` and `direction:` beside the items.", ground.address)
        )
    for key, mark in written.items.items():
        if live and key not in live:
            problems.append(
                Problem(
                    "unknown-item",
                    f"The ERP list of {written.key} has no item {key!r}.",
                    mark.source,
                    did_you_mean(key, live),
                    ground.address,
                )
            )
        items[key] = _crm_item(mark.value, mark.source, None if moves else mapping, ground, problems)
        _manage(goal, (*path, "items", key), mark.source)
    for key in sorted(live.keys() - written.items.keys()):
        if written.items_not_listed == "no-selection" and items[key]:
            items[key] = ""
            goal.whys[(*path, "items", key)] = Why.NOT_LISTED
        elif written.items_not_listed == "report" and items[key]:
            goal.not_checked.append(
                NotChecked(ground.address, (*path, "items", key), f"not listed in the file; it stands for {live[key]!r}")
            )
    return items


def _crm_item(name: str, source: Source, mapping: FieldMapping | None, ground: Ground, problems: list[Problem]) -> str:
    """The item's name as attributes have it; a problem when the CRM list has no such item, or several."""
    rows = ground.crm_items.get(list_name(mapping.list_reference)) if mapping is not None and mapping.list_reference else None
    if not name or rows is None:
        return name
    found, names = item_ids(name, rows, ground.language), item_names(rows, ground.language)
    if len(found) == 1:
        return names[found[0]]
    if found:
        message = f"The CRM list has {len(found)} items {name!r} ({', '.join(f'#{key}' for key in found)})."
        hint = f"Write the one you mean as {' or '.join(f'`{names[key]}`' for key in found[:6])}."
    else:
        message, hint = f"The CRM list has no item {name!r}.", did_you_mean(name, names.values())
    problems.append(Problem("unknown-crm-item", message, source, hint, ground.address))
    return name


def _check_field(
    written: DesiredField,
    result: Mapping[str, Value],
    mapping: FieldMapping | None,
    ground: Ground,
    problems: list[Problem],
    *,
    moves: bool,
) -> None:
    """Rules that need the live row. They hold for what the file writes, not for what it leaves alone.

    Args:
        moves: the plan would change the CRM field or the direction: what a tenant has already is no matter of the plan.
    """
    if mapping is None:
        return
    place = written.direction or written.crm
    if place is None:
        return
    synchronised = bool(result.get("crm")) and result.get("direction", "none") != "none"
    if mapping.missing_in_erp and synchronised:
        message = f"The connector no longer reports {written.key}."
        problems.append(
            Problem(
                "missing-in-erp",
                message,
                place.source,
                'Unmap it with `crm: ""`, or name its new key with renamed_from there.',
                ground.address,
            )
        )
    if mapping.access == "ReadOnly" and synchronised and moves:
        message = f"{written.key} is read-only in the ERP and cannot be synchronised."
        problems.append(Problem("read-only-field", message, place.source, "Take crm and direction out; `show` works.", ground.address))


def _not_listed(goal: ActorsGoal, actor: DesiredActor, fields: dict[str, Value], ground: Ground) -> None:
    if actor.fields_not_listed == "leave":
        return
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
        known = mark.value in live or mark.value in fields
        if not known and ground.mappings is not None and not ground.refreshes:
            message = f"{ground.address} has no {actor.type} field {mark.value!r} to rank."
            problems.append(Problem("unknown-field", message, mark.source, did_you_mean(mark.value, live), ground.address))
    if actor.rank:
        _manage(goal, ("actors", actor.type, "rank"), actor.rank[0].source)
    return (*wanted, *(key for key in live if key not in wanted))


def activation_problems(one: DesiredConnection, goal: ActorsGoal, ground: Ground) -> list[Problem]:
    """Mandatory ERP fields that would have no direction in an actor type that is synchronised: SuperOffice would not activate.

    Judged on the goal; fields that exist only after a refresh are judged then.
    Source: SuperOffice manual, "Configure ERP connection".
    """
    problems = []
    for name, attributes in sorted(goal.attributes.items()):
        live = ground.mappings.actors.get(name) if ground.mappings is not None else None
        if live is None or not attributes.get("sync") or name not in one.actors:
            continue
        for mapping in live.fields:
            field = attributes["fields"].get(mapping.key, {})
            renamed = goal.whys.get(("actors", name, "fields", mapping.key, "direction")) is Why.RENAMED
            gone = mapping.missing_in_erp or (renamed and not field.get("crm"))
            if mapping.access == "Mandatory" and not gone and field.get("direction", "none") == "none":
                message = f"{mapping.key} is mandatory in the ERP, and {name} is synchronised: it needs a direction."
                hint = f"Write `{mapping.key}: {{crm: {field.get('crm') or '...'}, direction: both}}` below the fields of {name}."
                written = one.actors[name].fields.get(mapping.key)
                mark = (written.direction or written.crm) if written is not None else None
                place = mark.source if mark is not None else one.actors[name].source
                problems.append(Problem("mandatory-without-direction", message, place, hint, ground.address))
    return problems
