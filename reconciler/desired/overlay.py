"""Puts several files on top of each other, later ones over earlier ones; every value keeps the place it was written at.

Mappings merge key by key. Everything else replaces as a whole: texts, lists, `scope`, `default`, secret references; a plain
name and a mapping of languages replace each other. `null` takes a key of an earlier file out. A later `absent: true` replaces
what earlier files wrote about the thing, and a later `crm: ""` what they wrote about the mapping (`layers`).

Effects: none.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from reconciler.desired.expand import expanded
from reconciler.desired.findings import Findings
from reconciler.desired.layers import BESIDE_ABSENT, FILE, THINGS, Shape, below, voided
from reconciler.desired.nodes import Broken, Entry, Gone, Node, Scalar, Table, show
from reconciler.desired.readings import is_null
from reconciler.desired.wording import nearest
from reconciler.model import Address
from reconciler.wire.languages import LANGUAGES, LanguageError, iso

_TEXTS: Final = ("name", "description")


def prepare(root: Node, findings: Findings, *, first: bool) -> Node:
    """Bring one file into the form that merges: short forms written out, languages under ISO codes, later files' `null` as a removal."""
    root = _with_languages(expanded(root), findings)
    return root if first else _with_removals(root, FILE)


def merge(earlier: Node, later: Node, findings: Findings) -> Node:
    """Lay a prepared file over the merged earlier ones."""
    return _merge(earlier, later, FILE, findings, depth=0)


def things(root: Node) -> Iterator[Node]:
    """Every connector, connection and mapping set of a tree."""
    for kind in THINGS:
        listed = root.get(kind) if isinstance(root, Table) else None
        if isinstance(listed, Table):
            yield from (entry.value for _, entry in listed)


def without(root: Node, known: Container[int]) -> Node:
    """The tree without the connectors, connections and mapping sets whose node is known by its `id()`."""
    if not isinstance(root, Table):
        return root
    entries = dict(root.entries)
    for kind in THINGS:
        entry = entries.get(kind)
        if entry is not None and isinstance(entry.value, Table):
            rest = {key: thing for key, thing in entry.value if id(thing.value) not in known}
            entries[kind] = Entry(entry.key, Table(rest, entry.value.source))
    return Table(entries, root.source)


def _merge(earlier: Node, later: Node, shape: Shape | None, findings: Findings, *, depth: int) -> Node:
    if shape is None or not isinstance(earlier, Table) or not isinstance(later, Table):
        return _settled(later, findings) if shape is not None else later
    entries = dict(earlier.entries)
    void = voided(later, shape, depth)
    if void is None:
        entries = {key: entry for key, entry in entries.items() if key in BESIDE_ABSENT}
    elif void:
        entries = {key: entry for key, entry in entries.items() if key not in void}
    for key, entry in later:
        before = entries.get(key)
        if isinstance(entry.value, Gone):
            if before is None and key not in earlier.entries:
                _report_nothing(key, entry, earlier, findings)
            entries.pop(key, None)
        elif before is None:
            entries[key] = Entry(entry.key, _settled(entry.value, findings))
        else:
            merged = _merge(before.value, entry.value, below(shape, key), findings, depth=depth + 1)
            stays = isinstance(before.value, Table) and isinstance(merged, Table) and below(shape, key) is not None
            entries[key] = Entry(before.key if stays else entry.key, merged)
    return Table(entries, earlier.source)


def _settled(node: Node, findings: Findings) -> Node:
    """A value that lies over nothing: removals in it remove nothing. The very same node where there are none."""
    if not isinstance(node, Table):
        return node
    changed: dict[str, Entry] = {}
    gone: set[str] = set()
    for key, entry in node:
        value = entry.value
        if isinstance(value, Gone):
            _report_nothing(key, entry, None, findings)
            gone.add(key)
        elif isinstance(value, Table) and (after := _settled(value, findings)) is not value:
            changed[key] = Entry(entry.key, after)
    if not changed and not gone:
        return node
    return Table({key: entry for key, entry in {**node.entries, **changed}.items() if key not in gone}, node.source)


def _report_nothing(key: str, entry: Entry, earlier: Table | None, findings: Findings) -> None:
    message = f"No earlier file has the key {show(key)} here, so there is nothing to take out."
    known = earlier.entries if earlier is not None else {}
    findings.add("nothing-to-remove", message, entry.key, nearest(key, known) if known else "Delete the line.")


def _with_removals(node: Node, shape: Shape | None) -> Node:
    """The tree with `Gone` for every `null` in a mapping that merges."""
    if shape is None or not isinstance(node, Table):
        return node
    changed: dict[str, Entry] = {}
    for key, entry in node:
        value = entry.value
        if isinstance(value, Scalar):
            if value.plain and is_null(value.text):
                changed[key] = Entry(entry.key, Gone(value.source))
        elif isinstance(value, Table) and (after := _with_removals(value, below(shape, key))) is not value:
            changed[key] = Entry(entry.key, after)
    return Table({**node.entries, **changed}, node.source) if changed else node


def _with_languages(root: Node, findings: Findings) -> Node:
    """The tree with ISO codes as keys of names and descriptions, so that `no` in one file meets `nb` in another."""
    connections = root.get("connections") if isinstance(root, Table) else None
    if not isinstance(root, Table) or not isinstance(connections, Table):
        return root
    changed = dict(connections.entries)
    for key, entry in connections:
        if isinstance(entry.value, Table):
            entries = dict(entry.value.entries)
            for name in _TEXTS:
                text = entries.get(name)
                if text is not None and isinstance(text.value, Table):
                    entries[name] = Entry(text.key, _languages(name, text.value, Address.connection(key), findings))
            changed[key] = Entry(entry.key, Table(entries, entry.value.source))
    return Table({**root.entries, "connections": Entry(root.entries["connections"].key, Table(changed, connections.source))}, root.source)


def _languages(name: str, texts: Table, address: Address, findings: Findings) -> Node:
    if "secret" in texts.entries:
        message = f"{show(name)} cannot be a secret reference; expected a text, or a mapping of language to text."
        hint = "Secret references stand only where a value is secret: under `config`."
        findings.add("secret-misplaced", message, texts.source, hint, address)
        return Broken(texts.source)
    entries: dict[str, Entry] = {}
    broken = False
    for key, entry in texts:
        try:
            code = iso(key)
        except LanguageError:
            message = f"{show(key)} is not a language of SuperOffice; expected an ISO code."
            findings.add("unknown-language", message, entry.key, nearest(key, LANGUAGES.values()), address)
            broken = True
            continue
        if code in entries:
            message = f"{show(key)} is the same language as {show(code)}, which is written on line {entries[code].key.line} already."
            findings.add("duplicate-language", message, entry.key, "Keep one of the two.", address)
            broken = True
        else:
            entries[code] = entry
    return Broken(texts.source) if broken and not entries else Table(entries, texts.source)
