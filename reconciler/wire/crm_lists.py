"""Lists, both ways: list mappings, the items of CRM lists, and the order of connections.

A save of list mappings echoes the container that was read, in which only the items that changed are others.

Source: SuperOffice docs, ErpSync agent swagger, definitions ErpConnectionListMappingContainer, ErpConnectionListMapping,
ErpCrmListItemMapping; list swagger, items of a list; MDO list swagger, MDOListItem; MDO list provider erpconnections.

Effects: none.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from reconciler.model import ListItemMapping, ListMapping, ListMappings, Named
from reconciler.wire.carriers import RIGHTS, Row, WireError, each_once, list_of

__all__ = ["list_items_from", "list_mappings_from", "list_mappings_to", "mdo_items_from", "priority_from", "with_headings"]

Json = Any  # what json.loads gives

_ITEM_KEYS: Final = ("countryid", "saletypeid", "currencyid")
"""How some lists call the id of an item, in lower case. Source: SuperOffice docs, list swagger (entities of a list's items)."""


def list_mappings_from(json: Json) -> ListMappings:
    """ErpConnectionListMappingContainer; the container itself is kept, because a save echoes it."""
    row = Row(json, "ErpConnectionListMappingContainer")
    lists = tuple(_list_from(one, f"ErpConnectionListMapping[{at}]") for at, one in enumerate(row.rows("ErpListItemMappings")))
    each_once([one.field_id for one in lists], "ErpConnectionListMapping[].ErpFieldId")
    return ListMappings(row.identity("ErpConnectionId"), lists, json)


def _list_from(json: Json, place: str) -> ListMapping:
    row = Row(json, place)
    items = tuple(_pair_from(one, f"{place}.ErpCrmListItemMapping[{at}]") for at, one in enumerate(row.rows("ErpCrmListItemMappings")))
    each_once([one.erp_key for one in items], f"{place}.ErpCrmListItemMapping[].ErpListItemId")
    return ListMapping(
        field_id=row.identity("ErpFieldId"),
        actor_type=row.text("ErpActorTypeName"),
        erp_list=row.text("ErpListName"),
        crm_list=_crm_list(row),
        items=items,
    )


def _crm_list(row: Row) -> str:
    """Which CRM list a mapping goes to, as far as the container says: a reference `table=<name>`, or a name.

    Which member of CrmList holds it is not documented; the field's own ListReference is what is to be relied on.
    """
    if row.member("CrmList") is None:
        return ""
    crm_list = Row(row.member("CrmList"), f"{row.place}.CrmList")
    reference = dict(part.partition("=")[::2] for part in crm_list.text("ExtraInfo").split("&"))
    return reference.get("table") or crm_list.text("Type") or crm_list.text("Name")


def _pair_from(json: Json, place: str) -> ListItemMapping:
    """One pair. Both null and an item with id 0 are "(No selection)"."""
    row = Row(json, place)
    crm_id, name = None, ""
    if row.member("CrmListItem") is not None:
        item = Row(row.member("CrmListItem"), f"{place}.CrmListItem")
        if item.integer("Id"):
            crm_id, name = item.identity("Id"), item.text("Name")
    return ListItemMapping(row.text("ErpListItemId"), row.text("ErpListItemName"), crm_id, name)


def list_mappings_to(lists: ListMappings) -> dict[str, Any]:
    """The container to save: `raw` as it was read, in which only the items that differ are others.

    Raises:
        ValueError: `lists` holds a list or an item that `raw` does not have, or an id that is none.
    """
    stored = list_mappings_from(lists.raw)
    known = {(one.field_id, item.erp_key): item.crm_id for one in stored.lists for item in one.items}
    wanted = {(one.field_id, item.erp_key): item for one in lists.lists for item in one.items}
    if stored.connection_id != lists.connection_id or not wanted.keys() <= known.keys():
        raise ValueError("list mappings are saved on top of what was read, and some of these were not read")
    if any(item.crm_id is not None and item.crm_id <= 0 for item in wanted.values()):
        raise ValueError("the id of a CRM list item is above 0; None is no selection")
    container = copy.deepcopy(dict(lists.raw))
    for one in container["ErpListItemMappings"] or ():
        for pair in one["ErpCrmListItemMappings"] or ():
            key = (one["ErpFieldId"], pair["ErpListItemId"] or "")
            if key in wanted and wanted[key].crm_id != known[key]:
                pair["CrmListItem"] = _crm_item(wanted[key])
    return container


def _crm_item(item: ListItemMapping) -> dict[str, Any] | None:
    """MDOListItem of a chosen CRM item; only its id is stored."""
    if item.crm_id is None:
        return None
    texts = dict.fromkeys(("ToolTip", "Type", "IconHint", "ExtraInfo", "StyleHint"), "")
    numbers = {"Deleted": False, "Rank": 0, "ColorBlock": 0, "ChildItems": []}
    return {"Id": item.crm_id, "Name": item.crm_name, "FullName": item.crm_name, **texts, **numbers, **RIGHTS}


def list_items_from(json: Json, list_name: str) -> tuple[Named, ...]:
    """Every item of a CRM list (`List/<name>/Items`), by id; the id's member is `Id`, `<list>Id` or one of a few others."""
    found = []
    for at, one in enumerate(list_of(json, "list items")):
        row = Row(one, f"list item[{at}]")
        members = {name.lower(): name for name in one}
        key = next((members[name] for name in ("id", f"{list_name.lower()}id", *_ITEM_KEYS) if name in members), "Id")
        found.append(Named(row.identity(key), row.text("Name"), row.flag("Deleted")))
    each_once([one.id for one in found], "list item.Id")
    return tuple(sorted(found, key=lambda one: one.id))


def mdo_items_from(json: Json) -> tuple[Named, ...]:
    """The items of an MDO list, by id, each with its headings. A heading is not an item, its items are, and one may stand under several."""
    found: dict[int, Named] = {}
    for heading, row in _leaves(json, (), 0):
        key = row.identity("Id")
        headings = found[key].headings if key in found else ()
        headings += tuple(one for one in heading if one and one not in headings)
        found[key] = Named(key, row.text("Name"), row.boolean("Deleted"), headings)
    return tuple(found[key] for key in sorted(found))


def with_headings(items: Sequence[Named], shown: Sequence[Named]) -> tuple[Named, ...]:
    """The items of a list, with the headings under which the MDO list shows those of them that it shows."""
    headings = {one.id: one.headings for one in shown}
    return tuple(replace(one, headings=headings.get(one.id, ())) for one in items)


def _leaves(json: Json, heading: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Row]]:
    if depth > 8:  # headings are one level deep
        raise WireError("MDOListItem.ChildItems", "headings that end", json)
    for at, one in enumerate(list_of(json, "MDOListItem[]")):
        row = Row(one, f"MDOListItem[{at}]")
        if inner := row.rows("ChildItems"):
            yield from _leaves(inner, (row.text("Name"),), depth + 1)
        else:
            yield heading, row


def priority_from(json: Json) -> tuple[int, ...]:
    """The ids of MDO list `erpconnections` in the order in which they came; 0 is SuperOffice itself."""
    rows = [Row(one, f"MDOListItem[{at}]") for at, one in enumerate(list_of(json, "MDOListItem[]"))]
    order = tuple(row.identity("Id") if row.integer("Id") else 0 for row in rows if not row.boolean("Deleted"))
    each_once(order, "MDOListItem[].Id")
    return order
