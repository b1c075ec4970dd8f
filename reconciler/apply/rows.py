"""Pure functions on live rows: what a save would send, whether a row holds what was asked for, what a rollback restores.

Rows keep the wire's own texts, so that everything that is not changed is echoed byte for byte.

Effects: none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from reconciler.model import Attributes, ConfigField, Connection, Connector, FieldType, SecretRef, Text, Value, same
from reconciler.model.values import is_secret
from reconciler.wire import languages, values

Fields = Mapping[str, ConfigField]

# What a save may change; the rest of a row belongs to the server or the engine.
SETTABLE = ("name", "description", "scope", "config", "active")


def by_key(fields: Collection[ConfigField]) -> Fields:
    """Declared fields by key, labels left out: they carry no value."""
    return {one.key: one for one in fields if one.type is not FieldType.LABEL}


def candidate(fresh: Connection, sets: Attributes, fields: Fields, secret_keys: Collection[str]) -> Connection:
    """The row a save would send: the fresh one with only the planned attributes changed.

    Its config holds the declared keys that are not secret; those in `secret_keys` travel beside it.
    """
    row = fresh
    if "name" in sets:
        row = replace(row, name=languages.merge(row.name, sets["name"]))
    if "description" in sets:
        row = replace(row, description=languages.merge(row.description, sets["description"]))
    if "scope" in sets:
        row = _with_scope(row, sets["scope"])
    config = {key: raw for key, raw in row.config.items() if key in fields and key not in secret_keys}
    for key, value in sets.get("config", {}).items():
        if key in secret_keys or value is None or isinstance(value, SecretRef):
            continue
        config[key] = encoded(value, fields[key].type)
    return replace(row, config=config)


def encoded(value: Value, field_type: FieldType) -> str:
    """The wire form of a config value; the empty text means "nothing" for every type."""
    return "" if value == "" else values.encode(value, field_type)


def holds(row: Connection, wants: Attributes, fields: Fields, secret_keys: Collection[str] = ()) -> bool:
    """Whether a row has every readable attribute that is wanted; secrets are not looked at."""
    return not missing(row, wants, fields, secret_keys)


def missing(row: Connection, wants: Attributes, fields: Fields, secret_keys: Collection[str] = ()) -> tuple[str, ...]:
    """The paths that a row does not have as wanted, as texts such as `config.Filename`; empty when all hold."""
    paths = [name for name in ("name", "description") if name in wants and not has_text(getattr(row, name), wants[name])]
    if "active" in wants and row.active is not wants["active"]:
        paths.append("active")
    if "scope" in wants and not _has_scope(row, wants["scope"]):
        paths.append("scope")
    for key, value in wants.get("config", {}).items():
        if key in secret_keys or is_secret(value):
            continue
        if not _has_config(row, key, value, fields):
            paths.append(f"config.{key}")
    return tuple(paths)


def has_text(raw: str, wanted: Text) -> bool:
    """Whether a raw text has the wanted languages, or is the wanted plain text."""
    live = languages.parse(raw)
    if isinstance(wanted, str):
        return live == languages.parse(wanted)
    return not isinstance(live, str) and all(live.get(code) == text for code, text in wanted.items())


def _has_config(row: Connection, key: str, value: Value, fields: Fields) -> bool:
    raw = row.config.get(key)
    if value is None or raw is None:
        return value is None and raw is None
    declared = fields.get(key)
    live = values.generic_decode(raw) if declared is None else values.decode(raw, declared.type)
    return same(live, value)


def _has_scope(row: Connection, scope: Mapping[str, Value]) -> bool:
    if scope["everyone"]:
        return row.everyone
    groups, users = set(scope["groups"].values()), set(scope["users"].values())
    return not row.everyone and set(row.groups) == groups and set(row.users) == users


def _with_scope(row: Connection, scope: Mapping[str, Value]) -> Connection:
    if scope["everyone"]:
        return replace(row, everyone=True, groups=(), users=())
    return replace(row, everyone=False, groups=tuple(sorted(scope["groups"].values())), users=tuple(sorted(scope["users"].values())))


def new_row(connector_id: int) -> Connection:
    """The row a creation starts from: id 0, no GUID (the server makes one), inactive, no cursor."""
    return Connection(0, "", connector_id, "", "", False, False, "", False, (), (), {})


# --- the way back ------------------------------------------------------------------------------------------------


def restored(fresh: Connection, observed: Connection, wrote: Attributes, fields: Fields, secret_keys: Collection[str]) -> Connection:
    """The row a rollback sends: the fresh one with what we wrote put back to what was observed, everything else echoed."""
    row = fresh
    for name in ("name", "description"):
        if name in wrote:
            row = replace(row, **{name: getattr(observed, name)})
    if "scope" in wrote:
        row = replace(row, everyone=observed.everyone, groups=observed.groups, users=observed.users)
    config = dict(row.config)
    for key in wrote.get("config", {}):
        if key in observed.config:
            config[key] = observed.config[key]
        else:
            config.pop(key, None)
    return replace(row, config={key: raw for key, raw in config.items() if key in fields and key not in secret_keys})


def foreign(fresh: Connection, observed: Connection, wrote: Attributes, fields: Fields) -> tuple[str, ...]:
    """Paths that we wrote and that now hold neither our value nor the observed one: somebody else's work."""
    strange = [
        name
        for name in ("name", "description")
        if name in wrote and not has_text(getattr(fresh, name), wrote[name]) and getattr(fresh, name) != getattr(observed, name)
    ]
    if "scope" in wrote and not _has_scope(fresh, wrote["scope"]) and not same_scope(fresh, observed):
        strange.append("scope")
    for key, value in wrote.get("config", {}).items():
        if isinstance(value, SecretRef):
            continue
        if not _has_config(fresh, key, value, fields) and not same_config(fresh, observed, key, fields):
            strange.append(f"config.{key}")
    return tuple(strange)


def foreign_languages(fresh: Connection, observed: Connection, wrote: Attributes) -> tuple[str, ...]:
    """Texts that hold what we wrote, and beside it a language that is neither as it was nor ours."""

    def is_told(name: str) -> bool:
        now, was = languages.parse(getattr(fresh, name)), getattr(observed, name)
        return now in (languages.parse(was), languages.parse(languages.merge(was, wrote[name])))

    ours = [name for name in ("name", "description") if name in wrote and has_text(getattr(fresh, name), wrote[name])]
    return tuple(name for name in ours if not is_told(name))


def settled(row: Connection | Connector | None) -> Connection | Connector | None:
    """A row without what the engine moves."""
    return replace(row, cursor="") if isinstance(row, Connection) else row


def differing(fresh: Connection, observed: Connection, paths: Attributes, fields: Fields, secret_keys: Collection[str]) -> tuple[str, ...]:
    """Which of the attributes named by `paths` differ between two reads of a row; secrets are not looked at."""
    found = [name for name in ("name", "description", "active") if name in paths and getattr(fresh, name) != getattr(observed, name)]
    if "scope" in paths and not same_scope(fresh, observed):
        found.append("scope")
    keys = [key for key in paths.get("config", {}) if key not in secret_keys]
    found += [f"config.{key}" for key in keys if not same_config(fresh, observed, key, fields)]
    return tuple(found)


def settable(row: Connection) -> Attributes:
    """Every settable attribute of a row, as paths for `differing`."""
    return {"name": None, "description": None, "scope": None, "active": None, "config": dict.fromkeys(row.config)}


def same_scope(one: Connection, other: Connection) -> bool:
    """Whether two rows let the same people in."""
    if one.everyone or other.everyone:
        return one.everyone is other.everyone
    return set(one.groups) == set(other.groups) and set(one.users) == set(other.users)


def same_config(one: Connection, other: Connection, key: str, fields: Fields) -> bool:
    """Whether two rows hold the same value for a key, by meaning where the type is known."""
    left, right = one.config.get(key), other.config.get(key)
    if left is None or right is None:
        return left == right
    declared = fields.get(key)
    return left == right or (declared is not None and same(values.decode(left, declared.type), values.decode(right, declared.type)))


# --- what the journal keeps --------------------------------------------------------------------------------------


def row_to_json(row: Connection, secret_keys: Collection[str], fields: Fields) -> dict[str, Any]:
    """A row without its secrets: values of keys that are secret, or whose type is not known, are left out."""
    body = asdict(row)
    body["config"] = {key: raw for key, raw in row.config.items() if key in fields and key not in secret_keys}
    return body


def row_from_json(body: Mapping[str, Any]) -> Connection:
    """The inverse of `row_to_json`."""
    return Connection(
        **{**{key: value for key, value in body.items() if key != "below"}, "groups": tuple(body["groups"]), "users": tuple(body["users"])}
    )


def connector_to_json(row: Connector) -> dict[str, Any]:
    """A connector row for the journal."""
    return asdict(row)


def connector_from_json(body: Mapping[str, Any]) -> Connector:
    """The inverse of `connector_to_json`."""
    return Connector(**body)


def seen(row: Connection | Connector | None, secret_keys: Collection[str] = (), fields: Fields | None = None) -> str:
    """A short digest of what a read showed, secrets left out, so that two reads can be told apart in the journal."""
    if row is None:
        return "absent"
    body = connector_to_json(row) if isinstance(row, Connector) else row_to_json(row, secret_keys, fields or {})
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
