"""Reads a tree by a schema: scalars become what the schema declares at their place, and the result is held against it.

In -> Out: a tree of `nodes` and a JSON Schema -> problems, each at its place in the file.
Effects: reads disk (the schema, once).
Neighbours: `load` and `targets` call `check`; `wording` says in words what jsonschema found.

YAML itself decides no type here: `active: no` is the text "no" where true or false is declared, and `name: 0010` is a text
that has to be quoted, because other readers of the file would take it for a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any

from reconciler.desired import readings
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Gone, Items, Node, Scalar, Table
from reconciler.desired.wording import describe
from reconciler.model import Address
from reconciler.schemas import schema as read_schema

Schema = Mapping[str, Any]

MOST_ERRORS = 20_000  # nobody reads more, and each holds a good part of the schema


def check(root: Node, schema_name: str, findings: Findings, *, partial: bool = False) -> None:
    """Report everything in a tree that the schema does not allow.

    Args:
        root: the file, or several merged.
        schema_name: `connections` or `targets`.
        findings: takes the problems.
        partial: the file is one of several, so what the schema requires at the top may stand in another one.
    """
    reader = _Reader(schema_name, findings)
    document = reader.read(root, reader.root)
    if not reader.complained and _accepted_fast(schema_name, document, partial=partial):
        return
    errors = list(islice(_validator(schema_name, partial=partial).iter_errors(document), MOST_ERRORS))
    errors.sort(key=lambda error: (error.validator != "type", [str(part) for part in error.absolute_path]))
    for error in errors:  # a wrong type first: then the value's form needs no second problem
        for problem in describe(error, root, reader.complained):
            findings.add(problem.code, problem.message, problem.source, problem.hint, problem.address)


class _Reader:
    """Turns nodes into the JSON document that the schema describes, reporting what only the source text shows."""

    def __init__(self, schema_name: str, findings: Findings) -> None:
        self.root = _schema(schema_name, partial=False)
        self.findings = findings
        self.complained: set[int] = set()  # ids of nodes that a problem stands for already
        self.address: Address | None = None  # of the thing that is being read

    def read(self, node: Node, schema: Schema | None) -> Any:
        """The JSON value of a node; None, and the node marked, where a problem was reported for it."""
        if isinstance(node, Scalar):
            return self._scalar(node, self._resolved(schema) if schema is not None else None)
        if isinstance(node, Table):
            resolved = self._resolved(schema) if schema is not None else {}
            document = {}
            for key, entry in node:
                if not isinstance(entry.value, Gone):
                    if "x-key" in resolved:
                        self.address = Address((resolved["x-key"], key))
                    document[key] = self.read(entry.value, self._child(resolved, key))
            if "x-key" in resolved:
                self.address = None
            if node.entries and not document:  # an overlay only takes keys out here; what is left is judged when merged
                self.complained.add(id(node))
            return document
        if isinstance(node, Items):
            resolved = self._resolved(schema) if schema is not None else {}
            self._check_repeats(node, resolved)
            return [self.read(child, resolved.get("items")) for child in node.items]
        self.complained.add(id(node))
        return None

    def _scalar(self, node: Scalar, schema: Schema | None) -> Any:
        if schema is None:  # below a key that the schema does not know: that is the problem, not what stands there
            return node.text
        types = _types(schema)
        any_scalar = "string" in types and len(types - {"object", "array"}) > 1
        if node.plain and readings.is_no_value(node.text):
            return self._no_value(node, schema)
        if "\n" in node.text and not schema.get("x-lines"):
            message = "This text has line breaks; expected one line."
            return self._complain("line-break", node, message, "Write it on one line, in quotes.")
        if any_scalar or not node.plain:
            return node.text
        value: Any = None
        if "boolean" in types:
            value = readings.as_bool(node.text)
        if value is None and "integer" in types:
            value = readings.as_integer(node.text)
        if value is None and "number" in types:
            value = readings.as_number(node.text)
        if value is None and "string" in types and not schema.get("x-code") and not readings.is_text_everywhere(node.text):
            message = "Other readers of YAML take this for a number, a date, true or false, or nothing; expected a text."
            return self._complain("quote-it", node, message, "Quote it.")
        return node.text if value is None else value

    def _check_repeats(self, node: Items, schema: Schema) -> None:
        """Report texts that a list holds twice. Here, since the validator compares every item with every other one."""
        seen: set[str] = set()
        for item in node.items if schema.get("uniqueItems") else ():
            if isinstance(item, Scalar):
                if item.text in seen:
                    code = str(schema.get("x-repeats", "duplicate-item"))
                    self._complain(code, item, "This item stands in the list already.", "Keep one of the two.")
                seen.add(item.text)

    def _no_value(self, node: Scalar, schema: Schema) -> None:
        expected = schema.get("x-expected", "a value")
        if node.text:
            message = f"This says that there is no value; expected {expected}."
            hint = "Delete the key, or quote the text. Only an overlay takes a key of an earlier file out by null."
        else:
            message = f"No value is written here; expected {expected}."
            may_be_empty = "string" in _types(schema) and not schema.get("x-code")
            hint = "Write one, or delete the key." + (" An empty text is written as ''." if may_be_empty else "")
        self._complain("no-value", node, message, hint)

    def _complain(self, code: str, node: Scalar, message: str, hint: str) -> None:
        self.complained.add(id(node))
        self.findings.add(code, message, node.source, hint, self.address)

    def _resolved(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        return {**self._resolved(self.root["$defs"][reference.rpartition("/")[2]]), **schema}

    def _child(self, schema: Schema, key: str) -> Schema | None:
        """The schema of the value of a key; None for a key that the schema does not know."""
        known: Schema | None = schema.get("properties", {}).get(key)
        if known is not None:
            return known
        for pattern, by_pattern in schema.get("patternProperties", {}).items():
            if re.search(pattern, key):
                matching: Schema = by_pattern
                return matching
        rest = schema.get("additionalProperties")
        return rest if isinstance(rest, Mapping) else None


def _types(schema: Schema) -> set[str]:
    declared = schema.get("type", ())
    return {declared} if isinstance(declared, str) else set(declared)


@cache
def _schema(name: str, *, partial: bool) -> dict[str, Any]:
    full = read_schema(name)
    return {key: value for key, value in full.items() if key != "required"} if partial else full


def _without_repeats(schema: Any) -> Any:
    """The schema without `uniqueItems`, which is checked while reading."""
    if isinstance(schema, dict):
        return {key: _without_repeats(value) for key, value in schema.items() if key != "uniqueItems"}
    return [_without_repeats(item) for item in schema] if isinstance(schema, list) else schema


@cache
def _validator(name: str, *, partial: bool) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_without_repeats(_schema(name, partial=partial)))


@cache
def _fast_validator(name: str, *, partial: bool) -> Any:
    """The validator of the optional extra `fast`; None without it."""
    try:
        from jsonschema_rs import Draft202012Validator
    except ImportError:
        return None
    return Draft202012Validator(_without_repeats(_schema(name, partial=partial)))


def _accepted_fast(name: str, document: Any, *, partial: bool) -> bool:
    """Whether the fast validator is there and finds nothing. What it refuses is told by jsonschema, in one wording."""
    validator = _fast_validator(name, partial=partial)
    return validator is not None and bool(validator.is_valid(document))
