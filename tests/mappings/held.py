"""The same paths twice, both told without the product's code: what a document asks for, and what SuperOffice really holds.

A path is an address and the parts that a plan shows, such as `("connection/visma-no", "actors", "customer", "sync")`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from reconciler.emulator import Emulator
from tests.mappings.workbench import Document

Path = tuple[str, ...]
Facts = dict[Path, Any]

_LANGUAGES = {"US": "en", "NO": "nb", "SW": "sv", "DA": "da", "GE": "de"}
_ACTORS = {"Customer": "customer", "Supplier": "supplier", "Partner": "partner", "Person": "person", "Project": "project"}
_DIRECTIONS = {(False, False): "none", (True, False): "to-crm", (False, True): "to-erp", (True, True): "both"}


def ids_of(emulator: Emulator, wanted: Document) -> dict[str, int]:
    """The rows of a document's connectors and connections, by address, as long as they carry its names."""
    found = {}
    for key, one in wanted["connectors"].items():
        found[f"connector/{key}"] = next(
            row["ErpConnectorId"] for row in emulator.inspect.connectors(deleted=False) if row["DisplayName"] == one["name"]
        )
    for key, one in wanted["connections"].items():
        name = one["name"] if isinstance(one["name"], str) else one["name"]["en"]
        (row,) = emulator.inspect.find(name)
        found[f"connection/{key}"] = row["ErpConnectionId"]
    return found


# ---- what is held ------------------------------------------------------------------------------------------------------


def held(emulator: Emulator, ids: Mapping[str, int], secrets: Facts) -> Facts:
    """Every fact of the tenant that a file could state. `secrets` are those last sent, because no read can tell."""
    facts: Facts = {}
    for address, key in ids.items():
        if address.startswith("connector/"):
            row = emulator.inspect.connector(key)
            facts |= {(address, "name"): row["DisplayName"], (address, "url"): row["URL"]}
        else:
            facts |= _connection(emulator, address, key)
    engine = emulator.inspect.engine()
    names = {0: "SuperOffice"} | {key: address for address, key in ids.items() if address.startswith("connection/")}
    facts["sync-priority", "order"] = [names[key] for key in engine["Order"]]
    facts["automatic-sync", "on"] = engine["SyncRunning"]
    facts["automatic-sync", "interval"] = engine["SyncInterval"]
    return facts | secrets


def _connection(emulator: Emulator, address: str, key: int) -> Facts:
    row = emulator.inspect.connection(key)
    facts: Facts = {(address, "active"): row["Active"]}
    for name, column in (("name", "DisplayName"), ("description", "DisplayDescription")):
        texts = dict(re.findall(r'([A-Z]{2}):"([^"]*)"', row[column]))
        facts[address, name] = {_LANGUAGES[code]: text for code, text in texts.items()} if texts else row[column]
    groups = {one["UserGroupId"]: _shown(one["Name"]) for one in emulator.inspect.rows("UserGroup")}
    users = {one["AssociateId"]: one["Name"] for one in emulator.inspect.rows("Associate")}
    restricted = {
        "groups": sorted(groups[one] for one in row["UserGroupAccessIds"]),
        "users": sorted(users[one] for one in row["AssociateAccessIds"]),
    }
    facts[address, "scope"] = "everyone" if row["AllAccess"] else restricted
    facts |= {(address, "config", name): _decoded(value) for name, value in row["ConfigFields"].items()}
    items = {one["CrmListItemId"]: _shown(one["Name"]) for one in emulator.inspect.rows("CrmListItem")}
    for wire, actor in row["Actors"].items():
        base: Path = (address, "actors", _ACTORS[wire])
        facts[(*base, "sync")] = actor["IsActive"]
        facts[(*base, "rank")] = list(actor["Fields"])
        for name, field in actor["Fields"].items():
            facts |= {((*base, "fields", name, part)): value for part, value in _field(field).items()}
            facts[(*base, "fields", name, "forced")] = field["Access"] == "Mandatory"
            for item, crm in field["Items"].items():
                facts[(*base, "fields", name, "items", item)] = "" if crm is None else items[crm]
    return facts


def _field(row: Mapping[str, Any]) -> dict[str, Any]:
    value = {"value": _decoded(row["FirstSyncDefaultValue"])} if row["HasFirstSyncDefaultValue"] else {}
    flags = {"ask": row["PromptUser"], "mandatory": row["Mandatory"]}
    return {
        "crm": row["CrmFieldKey"],
        "direction": _DIRECTIONS[row["SyncToCrm"], row["SyncToErp"]],
        "show": [name for name, column in (("erp-tab", "ShowInGui"), ("search", "ShowInSearch")) if row[column]],
        "default": {**value, **flags} if value or row["PromptUser"] else {},
    }


def _shown(raw: str) -> str:
    return dict(re.findall(r'([A-Z]{2}):"([^"]*)"', raw)).get("US", raw)


def _decoded(raw: str) -> Any:
    kind, _, text = raw[1:-1].partition(":") if raw.startswith("[") else ("", "", raw)
    if kind == "I":
        return int(text)
    if kind == "F":
        return float(text)
    if kind in ("D", "DT"):
        month, day, year = text.split()[0].split("/")
        return f"{year}-{month}-{day}"
    return raw


# ---- what is asked for -------------------------------------------------------------------------------------------------


def asked(wanted: Document, facts: Facts) -> Facts:
    """Every fact that a document states, in the same words; what it leaves open is taken from `facts` where a rule says so."""
    stated: Facts = {}
    for key, one in wanted.get("connectors", {}).items():
        stated |= {(f"connector/{key}", name): one[name] for name in ("name", "url") if name in one}
    for key, one in wanted["connections"].items():
        stated |= _asked_connection(f"connection/{key}", one, wanted.get("mapping_sets", {}), facts)
    if "sync_priority" in wanted:
        stated["sync-priority", "order"] = [one if one == "SuperOffice" else f"connection/{one}" for one in wanted["sync_priority"]]
    automatic = wanted.get("automatic_sync", {})
    if "on" in automatic:
        stated["automatic-sync", "on"] = automatic["on"]
    if "interval" in automatic:
        stated["automatic-sync", "interval"] = int(automatic["interval"][:-1]) * {"s": 1, "m": 60, "h": 3600}[automatic["interval"][-1]]
    return stated


def _asked_connection(address: str, one: Document, sets: Document, facts: Facts) -> Facts:
    stated: Facts = {(address, name): one[name] for name in ("name", "description", "active") if name in one}
    if "scope" in one:
        scope = one["scope"]
        stated[address, "scope"] = scope if scope == "everyone" else {kind: sorted(scope.get(kind, [])) for kind in ("groups", "users")}
    stated |= {(address, "config", name): value for name, value in one.get("config", {}).items()}
    actors: Document = {}
    for layer in (*(sets[name] for name in one.get("uses", [])), one.get("actors", {})):
        for actor, its in layer.items():
            actors[actor] = _laid_over(actors.get(actor, {}), its)
    for actor, its in actors.items():
        stated |= _asked_actor((address, "actors", actor), its, facts)
    return stated


def _laid_over(lower: Document, upper: Document) -> Document:
    merged = copy.deepcopy(lower)
    for key, value in upper.items():
        whole = key in ("rank", "show", "default", "direction", "crm")
        deeper = not whole and isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if deeper else value
    return merged


def _asked_actor(base: Path, its: Document, facts: Facts) -> Facts:
    stated: Facts = {(*base, name): its[name] for name in ("sync", "rank") if name in its}
    for key, field in its.get("fields", {}).items():
        path = (*base, "fields", key)
        stated |= {(*path, part): field[part] for part in ("crm", "direction") if part in field}
        if field.get("crm") == "":
            stated[(*path, "direction")] = "none"
        if "show" in field:
            stated[(*path, "show")] = sorted(field["show"])
        if "default" in field:
            stated[(*path, "default")] = _asked_default(field["default"], forced=facts.get((*path, "forced"), False))
        stated |= {(*path, "items", item): crm for item, crm in field.get("items", {}).items()}
        if field.get("items_not_listed") == "no-selection":
            held_items = [one for one in facts if one[: len(path) + 1] == (*path, "items") and one[-1] not in field.get("items", {})]
            stated |= dict.fromkeys(held_items, "")
    if its.get("fields_not_listed") == "unmap":
        for path in facts:
            if path[:4] == (*base, "fields") and path[-1] in ("crm", "direction") and path[4] not in its.get("fields", {}):
                stated[path] = "" if path[-1] == "crm" else "none"
    return stated


def _asked_default(default: Any, *, forced: bool) -> Any:
    """The connector's own word that a field is mandatory stands above the file."""
    written = default if isinstance(default, dict) else {"value": default}
    if not written:
        return {}
    value = {"value": written["value"]} if "value" in written else {}
    return {**value, "ask": written.get("ask", False), "mandatory": written.get("mandatory", False) or forced}


def differing(stated: Facts, facts: Facts) -> set[Path]:
    """The paths at which a tenant does not hold what is asked, as a plan names them."""
    found: set[Path] = set()
    for path, value in stated.items():
        there = facts.get(path)
        if path[-1] in ("name", "description") and len(path) == 2 and isinstance(value, dict) and isinstance(there, dict):
            found |= {(*path, language) for language, text in value.items() if there.get(language) != text}
        elif path[-1] in ("rank", "order"):
            found |= set() if (there or [])[: len(value)] == value else {path}
        elif len(path) > 3 and path[-2] == "items":
            found |= {path} if (there or "") != value else set()
        elif there != value:
            found.add(path)
    return found
