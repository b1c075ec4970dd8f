"""docs/reference pages of documents, from their JSON Schemas: key, type, default, meaning, example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Node = dict[str, Any]
OWN = {"properties", "enum", "anyOf"}  # a definition with one of these has a table or a sentence of its own
_DEFAULT = re.compile(r"\s*Default: (.+?)\.(?=\s|$)")


def schema_page(name: str, title: str) -> str:
    """One document's page: a table for the document, then one for each thing in it."""
    schema: Node = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    lines = [f"# {title}", "", schema["description"], "", f"From [`schemas/{name}.schema.json`](../../schemas/{name}.schema.json), which editors understand.", ""]  # fmt: skip
    lines += _table(schema, schema)
    for key, node in _sections(schema):
        lines += ["", f"## {key}", ""]
        if text := _meaning(node):
            lines += [text, ""]
        lines += _table(node, schema) or [f"One of: {_type(node, schema)}."]
    return "\n".join(lines).rstrip() + "\n"


def _sections(schema: Node) -> Iterator[tuple[str, Node]]:
    """Everything that has a table of its own: definitions with keys, and mappings within them, by the path of keys that leads there."""
    yield from ((f"{key}", node) for key, node in _inner("", schema))
    for name, node in schema.get("$defs", {}).items():
        if set(node) & OWN and node.get("type") != "string":
            yield name, node
        yield from _inner(f"{name}.", node)


def _inner(path: str, node: Node) -> Iterator[tuple[str, Node]]:
    for key, below in node.get("properties", {}).items():
        within = below
        if isinstance(below.get("items"), dict) and "properties" in below["items"]:
            within = below["items"]
        elif isinstance(below.get("additionalProperties"), dict) and "properties" in below["additionalProperties"]:
            within = below["additionalProperties"]
        if "properties" in within:
            yield f"{path}{key}", within
            yield from _inner(f"{path}{key}.", within)


def _table(node: Node, schema: Node) -> list[str]:
    properties: Node = node.get("properties", {})
    if not properties:
        return []
    rows = []
    for key, raw in properties.items():
        one = _resolved(raw, schema)
        text = _meaning(one)
        default = json.dumps(one["default"], ensure_ascii=False) if "default" in one else ""
        if found := _DEFAULT.search(text):
            default = default or found[1]
            if found[1] == default or json.dumps(found[1]) == default:
                text = _DEFAULT.sub("", text, count=1).strip() or f"{one.get('title', key)}."
        needed = " (needed)" if key in node.get("required", ()) else ""
        rows.append(
            f"| `{key}`{needed} | {_cell(_type(raw, schema))} | {_code(default) if ' ' not in default else _cell(default)} | {_cell(text)} | {_example(one)} |"
        )
    return ["| key | type | default | meaning | example |", "|---|---|---|---|---|", *rows]


def _resolved(node: Node, schema: Node) -> Node:
    """A node with what it refers to; its own words win."""
    while "$ref" in node:
        there = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            there = there[part]
        node = {**there, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _meaning(node: Node) -> str:
    title, text = node.get("title", ""), node.get("description", "")
    return text or (f"{title}." if title else "")


def _type(node: Node, schema: Node) -> str:
    name = node["$ref"].rpartition("/")[2] if "$ref" in node else ""
    there = schema["$defs"].get(name, {})
    if name and (set(there) & OWN) and there.get("type") != "string":
        return f"[{name}](#{name.lower()})"
    node = _resolved(node, schema)
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return ", ".join(f"`{one}`" for one in node["enum"])
    if node.get("type") == "array":
        return f"list of {_type(node['items'], schema)}" if isinstance(node.get("items"), dict) else "list"
    if node.get("type") == "object" and isinstance(node.get("additionalProperties"), dict) and "properties" not in node:
        return f"mapping to {_type(node['additionalProperties'], schema)}"
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "mapping",
        "array": "list",
        "null": "null",
    }
    kinds = node.get("type")
    if isinstance(kinds, list):
        return " or ".join(words[one] for one in kinds)
    if kinds is None and "anyOf" in node:
        return " or ".join(_type(one, schema) for one in node["anyOf"])
    return words.get(str(kinds), "any value")


def _example(node: Node) -> str:
    shown = node.get("examples", [])[:2]
    return ", ".join(_code(one if isinstance(one, str) and one else json.dumps(one, ensure_ascii=False)) for one in shown)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
