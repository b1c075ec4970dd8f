"""What changes below a connection, as the vendor's dialogs show it: by actor type, an ERP field with its arrow and its CRM field.

    customer
      CustGr  > BUSINESS -> < > BUSINESS        `>` to the CRM, `<` to the ERP, `< >` both
              item B  "Trade/Wholesale" -> (No selection)

In -> Out: changes and the live attributes -> rows of words, each with the changes that it stands for.
Neighbours: called by `plan_text`; single values are put into words by `values`.

Effects: none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model import Act, Change, Step, Value, same
from reconciler.report.values import before_after, entries, is_plain, path_text, value_text

__all__ = ["Row", "actor_rows", "is_below", "place_text", "sides_text", "step_title"]

_ARROWS = {"to-crm": ">", "to-erp": "<", "both": "< >"}
_PLACES = {"erp-tab": "on the ERP tab", "search": "in search"}
_NO_ITEM = "(No selection)"
_UNMAPPED = "not mapped"
_MOST_MOVES = 6
_MOST_IN_ORDER = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line of what changes.

    Attributes:
        field: the ERP field's key; empty for what is about the actor type as a whole.
        label: what of it, such as `item B`; empty for the mapping itself, and for the actor type's switch.
        old, new: before and after, in words.
        changes: what stands behind it, for reasons and places.
    """

    actor: str
    field: str
    label: str
    old: str
    new: str
    changes: tuple[Change, ...]


Parts = dict[tuple[str, ...], tuple[Value, Value, Change]]


def is_below(path: Sequence[str]) -> bool:
    """Whether a path leads to something below a connection."""
    return path[:1] == ("actors",) and len(path) > 1


def actor_rows(changes: Iterable[Change], live: Mapping[str, Any] | None) -> list[Row]:
    """The rows of all actor types, by type and field.

    Args:
        changes: of one unit; those that are not below a connection are passed over.
        live: the unit's attributes before, for the half of a mapping that stays.
    """
    found: dict[str, dict[str, Parts]] = {}
    for change in changes:
        for path, before, after in entries(change):
            if is_below(path):
                field = path[3] if path[2:3] == ("fields",) and len(path) > 3 else ""
                found.setdefault(path[1], {}).setdefault(field, {})[path[4:] if field else path[2:]] = (before, after, change)
    actors = (live or {}).get("actors", {})
    rows: list[Row] = []
    for actor, fields in sorted(found.items()):
        own, known = fields.pop("", {}), actors.get(actor, {}).get("fields", {})
        rows += [row for row in _of_type(actor, own) if not row.label]
        for field, parts in sorted(fields.items()):
            rows += _of_field(actor, field, parts, known.get(field, {}))
        rows += [row for row in _of_type(actor, own) if row.label]
    return rows


def sides_text(path: tuple[str, ...], before: Value, after: Value) -> tuple[str, str]:
    """Both sides of one value; a direction as the arrow of the dialog."""
    if is_below(path) and path[-1] == "direction" and len(path) == 5:
        old, new = (_ARROWS.get(str(side), "not synchronised") for side in (before, after))
        return old, new
    return before_after(before, after, path=path)


def place_text(path: tuple[str, ...]) -> str:
    """A path in words: `customer CustGr, item B` below a connection, as it is written anywhere else."""
    if not is_below(path):
        return path_text(path)
    if path[2:3] != ("fields",):
        return " ".join([path_text(path[1:2]), *({"rank": "order of fields"}.get(part, part) for part in path[2:])])
    parts = [path_text((part,)) for part in (path[1], *path[3:4])]
    rest = f"item {path_text(path[5:6])}" if path[4:5] == ("items",) and len(path) > 5 else " ".join(path[4:])
    return " ".join(parts) + (f", {rest}" if rest else "")


def step_title(step: Step) -> str | None:
    """What a step below a connection does, with the actor type and the field that it is about; None for any other step."""
    actors = step.sets.get("actors")
    if not isinstance(actors, Mapping) or not actors:
        return None
    where = ", ".join(path_text((actor,)) for actor in sorted(actors))
    if step.act is Act.MAP:
        return f"Save the field mappings of {where}"
    if step.act is Act.ITEMS:
        return f"Save the list items of {where}"
    if step.act is Act.RANK:
        return f"Put the fields of {where} in order"
    if step.act is Act.DEFAULT:
        keys = [
            path_text((actor,)) + f" {path_text((key,))}" for actor in sorted(actors) for key in sorted(actors[actor].get("fields", {}))
        ]
        return f"Save the default of {', '.join(keys)}"
    return None


def _of_type(actor: str, parts: Parts) -> Iterator[Row]:
    for path, (before, after, change) in sorted(parts.items()):
        if path == ("sync",):
            yield Row(actor, "", "", _synchronised(before), _synchronised(after), (change,))
        elif path == ("rank",):
            old, new = _orders(before, after)
            yield Row(actor, "", "order of fields", old, new, (change,))
        elif path:
            yield Row(actor, "", path_text(path), *before_after(before, after), (change,))


def _of_field(actor: str, field: str, parts: Parts, live: Mapping[str, Any]) -> Iterator[Row]:
    """The mapping first, as the dialog has it; then items, display and default."""
    mapping = {path: one for path, one in parts.items() if path in (("crm",), ("direction",))}
    if mapping:
        old, new = ({part: _side(part, parts, live, side) for part in ("crm", "direction")} for side in (0, 1))
        yield Row(actor, field, "", *_mappings(old, new), tuple(change for *_, change in mapping.values()))
    default = {path: one for path, one in parts.items() if path[:1] == ("default",)}
    for path, (before, after, change) in sorted(parts.items()):
        if path[:1] == ("items",) and len(path) == 2:
            old_item, new_item = before_after(before, after)
            yield Row(actor, field, f"item {path_text(path[1:])}", _item(before, old_item), _item(after, new_item), (change,))
        elif path == ("show",):
            yield Row(actor, field, "shown", _shown(before), _shown(after), (change,))
        elif path not in mapping and path not in default:
            yield Row(actor, field, path_text(path), *before_after(before, after), (change,))
    if default:
        yield Row(actor, field, "default", *_defaults(default, live), tuple(change for *_, change in default.values()))


def _side(part: str, parts: Parts, live: Mapping[str, Any], side: int) -> Value:
    """Half of a mapping before (0) or after (1): what changes, else what is live."""
    return parts[part,][side] if (part,) in parts else live.get(part)


def _mappings(old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[str, str]:
    keys = _pair(old["crm"], new["crm"])
    before, after = (_mapping(one, key) for one, key in zip((old, new), keys, strict=True))
    return before, after


def _mapping(one: Mapping[str, Value], shown: str) -> str:
    """`> BUSINESS`; `BUSINESS, not synchronised` without a direction."""
    crm, arrow = one["crm"], _ARROWS.get(str(one["direction"]), "")
    if not crm:
        return f"{arrow} (CRM field as it is)" if crm is None and arrow else _UNMAPPED
    key = crm if isinstance(crm, str) and is_plain(crm) else shown
    return f"{arrow} {key}" if arrow else f"{key}, not synchronised"


def _pair(old: Value, new: Value) -> tuple[str, str]:
    """Two values in words; the same words for the same value."""
    return (value_text(old), value_text(new)) if same(old, new) else before_after(old, new)


def _synchronised(value: Value) -> str:
    return "synchronised" if value else "not synchronised"


def _item(value: Value, shown: str) -> str:
    return _NO_ITEM if value == "" else shown


def _shown(value: Value) -> str:
    places = [_PLACES.get(one, value_text(one)) for one in value or ()]
    return " and ".join(places) or "nowhere"


def _defaults(parts: Parts, live: Mapping[str, Any]) -> tuple[str, str]:
    """Both sides of a default as a whole: what stays of it stands on both."""
    old = dict(live.get("default") or {})
    new = dict(old)
    for path, (before, after, _) in parts.items():
        for side, value in ((old, before), (new, after)):
            if len(path) == 1:
                side.clear()
                side.update(value or {})
            elif value is None:
                side.pop(path[1], None)
            else:
                side[path[1]] = value
    values = _pair(old.get("value"), new.get("value"))
    return _default(old, values[0]), _default(new, values[1])


def _default(one: Mapping[str, Value], shown: str) -> str:
    words = [shown] if one.get("value") is not None else []
    words += ["users are asked"] if one.get("ask") else []
    words += ["mandatory"] if one.get("mandatory") and words else []
    return ", ".join(words) or "none"


def _orders(before: Value, after: Value) -> tuple[str, str]:
    """Only what moves, with its places counted from 1; a first order as it will be."""
    old, new = tuple(before or ()), tuple(after or ())
    stays = _kept_in_order([old.index(key) for key in new if key in old])
    moved = [key for key in new if key not in old or old.index(key) not in stays]
    if not old or not new or not moved:
        return _listed(old), _listed(new)
    shown = moved if len(moved) <= _MOST_MOVES else [*moved[: _MOST_MOVES - 2], *moved[-2:]]
    ends = [[f"{path_text((key,))} {_place(key, order)}" for key in shown] for order in (old, new)]
    left = len(moved) - len(shown)
    for words in ends if left else ():
        words.insert(_MOST_MOVES - 2, f"... {left:,} more ...")
    return ", ".join(ends[0]), ", ".join(ends[1])


def _place(key: str, order: tuple[str, ...]) -> str:
    return f"at {order.index(key) + 1}" if key in order else "not there"


def _listed(order: tuple[str, ...]) -> str:
    keys = [path_text((key,)) for key in order]
    if len(keys) > _MOST_IN_ORDER:
        keys = [*keys[: _MOST_IN_ORDER - 2], f"... {len(keys) - _MOST_IN_ORDER:,} more ...", *keys[-2:]]
    return ", ".join(keys) or "as it comes"


def _kept_in_order(places: Sequence[int]) -> frozenset[int]:
    """The most of these different numbers that already rise: what need not move."""
    tails: list[int] = []  # the smallest last number of a rising row of each length
    before: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(tails, place)
        before[place] = tails[at - 1] if at else None
        tails[at : at + 1] = [place]
    kept: list[int] = []
    last: int | None = tails[-1] if tails else None
    while last is not None:
        kept.append(last)
        last = before[last]
    return frozenset(kept)
