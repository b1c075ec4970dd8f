"""Turns the actors of a tree into the model; what several connections share is built once.

In -> Out: an `actors` mapping that was held against the schema, its sets laid under it -> `DesiredActor` by type; what cannot be
used is left out, and a problem says why.
Effects: none.
"""

from __future__ import annotations

from reconciler.desired import fields
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Entry, Node, Scalar, Table, show
from reconciler.desired.readings import is_no_value
from reconciler.model import Address, DesiredActor, DesiredDefault, DesiredField, Marked, Plain

# Source: SuperOffice database table ErpField, FirstSyncDefaultValue String(254).
MOST_DEFAULT = 254


class ActorReader:
    """Reads the actors of all connections of one tree, which has to outlive it: nodes are recognised by their identity."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._actors: dict[int, DesiredActor] = {}
        self._fields: dict[int, DesiredField] = {}
        self._judged: set[int] = set()  # defaults, which a connection may share with its set though the field is its own

    def read(self, node: Node | None, address: Address | None) -> dict[str, DesiredActor]:
        """The actors of one connection, or of a mapping set, by type."""
        if not isinstance(node, Table):
            return {}
        return {kind: self._actor(kind, entry, address) for kind, entry in sorted(node) if isinstance(entry.value, Table)}

    def _actor(self, kind: str, entry: Entry, address: Address | None) -> DesiredActor:
        known = self._actors.get(id(entry.value))
        if known is None or (known.type, known.source) != (kind, entry.key):
            assert isinstance(entry.value, Table)
            known = self._actors[id(entry.value)] = self._new_actor(kind, entry, entry.value, address)
        return known

    def _new_actor(self, kind: str, entry: Entry, node: Table, address: Address | None) -> DesiredActor:
        written = node.get("fields")
        found = {} if not isinstance(written, Table) else {key: self._field(key, one, address) for key, one in sorted(written)}
        return DesiredActor(
            type=kind,
            source=entry.key,
            sync=fields.flag(node.get("sync")),
            fields={key: one for key, one in found.items() if one is not None},
            rank=fields.texts(node.get("rank")),
            fields_not_listed=_word(node.get("fields_not_listed"), "leave"),
        )

    def _field(self, key: str, entry: Entry, address: Address | None) -> DesiredField | None:
        known = self._fields.get(id(entry.value))
        if isinstance(entry.value, Table) and (known is None or (known.key, known.source) != (key, entry.key)):
            known = self._fields[id(entry.value)] = self._new_field(key, entry, entry.value, address)
        return known

    def _new_field(self, key: str, entry: Entry, node: Table, address: Address | None) -> DesiredField:
        items = node.get("items")
        named = {item: _text(one.value) for item, one in sorted(items)} if isinstance(items, Table) else {}
        return DesiredField(
            key=key,
            source=entry.key,
            crm=_text(node.get("crm")),
            direction=_direction(node.get("direction")),
            show=_show(node.get("show")),
            items={item: name for item, name in named.items() if name is not None},
            items_not_listed=_word(node.get("items_not_listed"), "leave"),
            default=self._default(key, node.get("default"), address),
            renamed_from=fields.text(node.get("renamed_from")),
        )

    def _default(self, key: str, node: Node | None, address: Address | None) -> Marked[DesiredDefault] | None:
        """What is not written in a default is off, so that the empty mapping removes it."""
        if not isinstance(node, Table):
            return None
        value, ask, mandatory = node.get("value"), fields.flag(node.get("ask")), fields.flag(node.get("mandatory"))
        plain = Plain(value.text, quoted=not value.plain) if isinstance(value, Scalar) else None
        default = DesiredDefault(plain, ask=ask is not None and ask.value, mandatory=mandatory is not None and mandatory.value)
        if id(node) not in self._judged:
            self._judged.add(id(node))
            if mandatory is not None and mandatory.value and value is None and not default.ask:
                message = f"The default of {show(key)} is mandatory and offers nothing: neither a value nor a question."
                hint = "Write `value:` or `ask: true` beside it."
                self._findings.add("default-incomplete", message, mandatory.source, hint, address)
            if plain is not None:
                fields.check_stored(key, plain.text, MOST_DEFAULT, node.source, address, self._findings)
        return Marked(default, node.source)


def _word(node: Node | None, otherwise: str) -> str:
    return node.text if isinstance(node, Scalar) else otherwise


def _text(node: Node | None) -> Marked[str] | None:
    """A text that may be empty. An empty place without quotes is none, and has a problem."""
    return None if isinstance(node, Scalar) and node.plain and is_no_value(node.text) else fields.text(node)


def _direction(node: Node | None) -> Marked[str] | None:
    """What cannot be read counts as `none`, so that no second problem says that a direction is missing."""
    return None if node is None else _text(node) or Marked("none", node.source)


def _show(node: Node | None) -> Marked[frozenset[str]] | None:
    listed = fields.texts(node)
    return None if listed is None or node is None else Marked(frozenset(item.value for item in listed), node.source)
