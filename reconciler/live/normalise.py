"""Turn rows of the tenant into the attributes that desired state has too: decoded, named, ordered, without secrets.

In -> Out: a row, what the connector declares, names of groups and users -> `Attributes`.
Effects: none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from reconciler.model import HIDDEN, Attributes, ConfigField, Connection, Connector, FieldType, Named, SecretRef, Value
from reconciler.wire import languages, values

# Decides whether a live raw value of a field without a known type means the same as the plain value in the file.
Compare = Callable[[str, str], Value]


def connector_attributes(row: Connector) -> Attributes:
    """`name` and `url` of a connector."""
    return {"name": row.name, "url": row.url}


def connection_attributes(
    row: Connection,
    *,
    connector: str,
    fields: tuple[ConfigField, ...] | None,
    groups: Mapping[int, Named] | None,
    users: Mapping[int, Named] | None,
    language: str,
    references: Collection[str] = (),
    sent: Mapping[str, SecretRef] | None = None,
    unknown: Compare | None = None,
) -> Attributes:
    """The attributes of one connection, in the shape described in `model.values`.

    A config value is a secret when the connector declares a Password, when the file uses a reference for it, when a secret
    was sent for it earlier, or when the connector did not answer (then everything is): its attribute is the reference last
    sent, or `HIDDEN`.

    Args:
        connector: how plans call its connector (address text, or `#<id>`).
        fields: what the connector declares; None when it did not answer.
        groups, users: by id; None where they were not read (then the scope must be `everyone`).
        language: the language in which groups are named in the file.
        references: config keys for which the file writes a secret reference, or for which one was sent earlier.
        sent: the reference last sent, by config key.
        unknown: asked for each value whose type is not known, or that may still be a secret although the file writes it in
            clear by now; answers with the value to show, or `HIDDEN`.
    """
    types = None if fields is None else {field.key: field.type for field in fields}
    return {
        "name": languages.parse(row.name),
        "description": languages.parse(row.description),
        "connector": connector,
        "active": row.active,
        "scope": scope_of(row, groups or {}, users or {}, language),
        "config": {key: _config_value(key, raw, types, references, sent or {}, unknown) for key, raw in sorted(row.config.items())},
    }


def scope_of(row: Connection, groups: Mapping[int, Named], users: Mapping[int, Named], language: str) -> Mapping[str, Value]:
    """Who may use the connection, by name; an id without a name (or with a name used twice) is shown as `#<id>`.

    With access for everyone the two lists mean nothing and are left out.
    """
    if row.everyone:
        return {"everyone": True}
    return {
        "everyone": False,
        "groups": _named(row.groups, groups, lambda raw: text_in(raw, language)),
        "users": _named(row.users, users, lambda login: login),
    }


def text_in(raw: str, language: str) -> str:
    """The text of a raw name in one language; its first text where that language is missing."""
    parsed = languages.parse(raw)
    if isinstance(parsed, str):
        return parsed
    return parsed.get(language) or next(iter(parsed.values()), raw)


def _named(ids: tuple[int, ...], names: Mapping[int, Named], text: Callable[[str], str]) -> Mapping[str, int]:
    live = [text(row.name) for row in names.values() if not row.deleted]
    result = {}
    for key in ids:
        row = names.get(key)
        name = text(row.name) if row is not None and not row.deleted else ""
        result[name if name and live.count(name) == 1 else f"#{key}"] = key
    return dict(sorted(result.items()))


def _config_value(
    key: str,
    raw: str,
    types: Mapping[str, FieldType] | None,
    references: Collection[str],
    sent: Mapping[str, SecretRef],
    unknown: Compare | None,
) -> Value:
    declared = None if types is None else types.get(key)
    if declared is FieldType.PASSWORD:
        return sent.get(key, HIDDEN)
    if key in references or declared is None:
        # Sent as a secret, not declared, or the connector is silent: it may be a password, unless it is what the file says.
        known = unknown(key, raw) if unknown is not None and (key in references or types is None) else HIDDEN
        return sent.get(key, HIDDEN) if known is HIDDEN else known
    return values.decode(raw, declared)
