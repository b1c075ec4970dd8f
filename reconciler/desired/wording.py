"""Says what a schema error means for the person who wrote the file: what, where, what is expected, what to do.

The schema carries the words: `x-expected` completes "must be …", `x-hint` is the next step, `x-secret` marks the notation of a
secret (for `shape`: `x-code` a word that needs no quotes, `x-lines` a text that may have several lines, `x-key` a mapping of
things by name, `x-repeats` the code of a repeat in a list). Values are never repeated, since any of them may be a secret.

Effects: none.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from reconciler.desired.nodes import Items, Node, Scalar, Table, show
from reconciler.desired.readings import meant_bool
from reconciler.model import Address, Problem, Source

if TYPE_CHECKING:
    from jsonschema import ValidationError

_KINDS = {"connections": "connection", "connectors": "connector", "targets": "target"}
_SECRETS_STAND = "Secret references stand only where a value is secret: under `config`."
_MOST_COMPARED = 200  # names that are compared letter by letter; with thousands of them a file full of typos would take minutes
_CODES = {
    "type": "wrong-type",
    "pattern": "wrong-form",
    "enum": "wrong-value",
    "const": "wrong-value",
    "minLength": "too-short",
    "maxLength": "too-long",
    "minItems": "too-short",
    "minProperties": "too-short",
    "minimum": "out-of-range",
    "maximum": "out-of-range",
    "exclusiveMinimum": "out-of-range",
}


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word that is most like the one written, or all of them where none is like it."""
    names = sorted(known)
    similar = difflib.get_close_matches(word, names, n=1, cutoff=0.6) if len(names) <= _MOST_COMPARED else []
    if close := similar or [name for name in names if name.casefold() == word.casefold()]:
        return f"Did you mean {show(close[0])}?"
    if not names:
        return "There is none yet."
    listed = ", ".join(show(name) for name in names[:20])
    return f"Known here: {listed}{', …' if len(names) > 20 else ''}."


def address_of(path: Iterable[str | int]) -> Address | None:
    """The connector, connection or target that a path lies in."""
    parts = [str(part) for part in path][:2]
    if len(parts) < 2 or parts[0] not in _KINDS:
        return None
    return Address((_KINDS[parts[0]], parts[1]))


def describe(error: ValidationError, root: Node, complained: set[int]) -> Iterator[Problem]:
    """The problems that one schema error stands for; none when another problem stands for it already.

    Args:
        error: what jsonschema found.
        root: the tree it was found in.
        complained: ids of nodes whose value has a problem already; this one's is added.
    """
    path = list(error.absolute_path)
    node, label = _locate(root, path)
    if id(node) in complained:
        return
    address = address_of(path)
    rule = error.validator
    if rule == "additionalProperties":
        yield from _unknown_keys(error, node, address)
    elif rule == "required":
        yield from _missing_keys(error, node, label, address)
    elif rule == "not":  # what may not stand beside `absent: true`
        message = f"{label} stands beside `absent: true`, which asks for deletion."
        yield Problem("beside-absent", message, _key_place(root, path), f"Take out {label} or `absent: true`.", address)
    else:
        complained.add(id(node))
        yield _wrong(error, node, label, address)


def _locate(root: Node, path: list[str | int]) -> tuple[Node, str]:
    """The node at a path, and its name in a sentence."""
    node, label, key = root, "The file", ""
    for part in path:
        if isinstance(node, Table) and isinstance(part, str):
            node, key = node.entries[part].value, part
            label = show(part)
        elif isinstance(node, Items) and isinstance(part, int):
            node = node.items[part]
            label = f"Item {part + 1} of {show(key)}"
    return node, label


def _key_place(root: Node, path: list[str | int]) -> Source:
    """Where the key that ends a path stands."""
    parent, _ = _locate(root, path[:-1])
    if isinstance(parent, Table) and path and isinstance(path[-1], str):
        return parent.entries[path[-1]].key
    return parent.source


def _unknown_keys(error: Any, node: Node, address: Address | None) -> Iterator[Problem]:
    schema = error.schema
    if not isinstance(node, Table):
        return
    if schema.get("x-secret") and "secret" not in node.entries:
        return  # the missing key `secret` says it all
    known = schema.get("properties", {})
    for key, entry in node:
        if key in known or key not in error.instance:
            continue
        if key == "secret" and isinstance(schema.get("type"), list):  # where a plain value could stand
            message = "A secret reference cannot stand here."
            yield Problem("secret-misplaced", message, entry.key, _SECRETS_STAND, address)
        else:
            yield Problem("unknown-key", f"The key {show(key)} is not known here.", entry.key, nearest(key, known), address)


def _missing_keys(error: Any, node: Node, label: str, address: Address | None) -> Iterator[Problem]:
    schema = error.schema
    if not isinstance(node, Table):
        return
    if schema.get("x-secret"):
        message = f"{label} is a mapping without the key `secret`; expected {schema['x-expected']}."
        yield Problem("wrong-type", message, node.source, "Write {secret: provider:name}, or one plain value.", address)
        return
    for key in error.validator_value:
        if key in error.instance:
            continue
        known = schema["properties"][key]
        resolved = known.get("x-expected", "")
        hint = known.get("x-hint") or f"Add `{key}:`{f', {resolved}' if resolved else ''}."
        message = f"The key {show(key)} is missing{'' if label == 'The file' else f' in {label}'}."
        yield Problem("missing-key", message, node.source, hint, address)


def _wrong(error: Any, node: Node, label: str, address: Address | None) -> Problem:
    """A value of the wrong type, form or size."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    expected = schema.get("x-expected") or "another value"
    if isinstance(node, Table) and "secret" in node.entries:
        message = f"{label} cannot be a secret reference; expected {expected}."
        return Problem("secret-misplaced", message, node.source, _SECRETS_STAND, address)
    code = _CODES.get(str(error.validator), "wrong-value")
    message = f"{label} must be {expected}."
    hint = str(schema.get("x-hint", ""))
    if code == "too-long" and isinstance(node, Scalar):
        message = f"{label} has {len(node.text)} characters; expected at most {error.validator_value}."
        hint = f"Shorten it by {len(node.text) - error.validator_value}."
    elif schema.get("type") == "boolean":
        meant = meant_bool(node.text) if isinstance(node, Scalar) else None
        hint = "Write true or false, without quotes." if meant is None else f"Write {str(meant).lower()}, without quotes."
    elif isinstance(node, Scalar) and not node.plain and schema.get("type") in ("integer", "number"):
        hint = hint or "Write it without quotes."
    elif not hint and isinstance(node, (Table, Items)) and schema.get("type") == "string":
        hint = "Write one text."
    elif not hint and schema.get("type") == "object":
        hint = "Write {secret: provider:name}." if schema.get("x-secret") else "Write it as `key: value` lines."
    return Problem(code, message, node.source, hint, address)
