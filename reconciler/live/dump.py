"""A live tenant as a document that a person could have written: only what differs from defaults, named by labels beside it.

In -> Out: `Whole` and what may stand in a file -> document, the variables its secrets need, and where a file has no words.
Effects: none.
Neighbours: `flow` reads, asks for the document, proves it by a plan, and lets `dump_yaml` write it.

Nothing secret is written: Password fields become references; so does what the journal once sent as a secret; what is not declared, or
not known because the connector is silent, is left out with a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.live.document import Entry, Scalar, Table, Value, flag, inline, text, texts, with_comments
from reconciler.live.dump_actors import actor_facts, actor_table, label, scalar
from reconciler.live.file_rules import Rules
from reconciler.live.naming import sharing_a_name, variable_name
from reconciler.live.whole import Whole
from reconciler.model import ACTOR_TYPES, HIDDEN, Attributes, ConfigField, Connection, Connector, FieldType, SecretRef
from reconciler.model import Value as Leaf
from reconciler.wire import languages, timespan, values

_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WHOLE_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_LANGUAGES: Final = frozenset(languages.LANGUAGES.values())
_TEXTS: Final = frozenset({FieldType.TEXT, FieldType.LIST, FieldType.PASSWORD})
SUPEROFFICE: Final = "SuperOffice"


@dataclass(frozen=True, slots=True)
class Variable:
    """A secret that the document refers to.

    Attributes:
        connection: the key of the connection.
        field: the config field.
        known: the journal knows this reference: it is the one last sent.
    """

    connection: str
    field: str
    ref: SecretRef
    known: bool


@dataclass(slots=True)
class Dump:
    """What a dump is made of, and what it made.

    Attributes:
        whole: the tenant.
        rules: what may stand in a file.
        base: by connection key, what earlier files write of it; their secrets and orders are kept where they say the same.
        base_order: what earlier files write of the sync priority.
        is_overlay: it lies over files, and says nothing of what is as SuperOffice made it.
        variables: the secrets that the document refers to.
    """

    whole: Whole
    rules: Rules
    base: Mapping[str, Attributes] = field(default_factory=dict)
    base_order: tuple[str, ...] = ()
    is_overlay: bool = False
    variables: list[Variable] = field(default_factory=list)

    def document(self, *, complete: bool = False) -> Table:
        """The whole file.

        Args:
            complete: also what is as it is by default.
        """
        self.variables.clear()
        connectors, left_out = [], []
        written: dict[int, str] = {}
        for key, row in self.whole.connectors().items():
            if (why := self._unwritable(row)) is None:
                connectors.append(Entry(key, self._connector(row)))
                written[row.id] = key
            else:
                left_out.append(f"left out: connector {self.rules.brief(row.name)}. {why}")
        rows = self.whole.connections()
        group = {row.id: written.get(row.connector_id) for row in rows.values()}
        shared = sharing_a_name(rows.values(), group)
        order = sorted(rows, key=lambda key: (group[rows[key].id] or "\uffff", key))
        connections = [
            Entry(key, self._connection(key, rows[key], group[rows[key].id], shared=rows[key].id in shared, complete=complete))
            for key in order
        ]
        sections = [
            Entry("version", Scalar("1", bare=True)),
            Entry("language", text(self.whole.language)),
            Entry("connectors", Table(tuple(connectors), tuple(left_out))),
            Entry("connections", Table(tuple(connections))),
            *self._tenant_wide(complete=complete),
        ]
        return with_comments(Table(tuple(sections)), self.rules.comment)

    # ---- connectors --------------------------------------------------------------------------------------------

    def _unwritable(self, row: Connector) -> str | None:
        """Why a connector cannot be written: connectors are found by name alone."""
        if not row.name or self.rules.hidden(row.name):
            return "Its name cannot stand in a file."
        if sum(1 for other in self.whole.connectors().values() if other.name == row.name) > 1:
            return "Another connector has this name too; rename one of them in SuperOffice."
        return None

    def _connector(self, row: Connector) -> Table:
        why = self.rules.refused_url(row.url)
        url = (Entry("url", text(row.url)),) if not why else ()
        return Table((Entry("name", text(row.name)), *url), (f"left out: url. {why}",) if why else ())

    # ---- connections -------------------------------------------------------------------------------------------

    def _connection(self, key: str, row: Connection, connector: str | None, *, shared: bool, complete: bool) -> Table:
        attributes = self.whole.attributes[key]
        entries: list[Entry] = []
        notes: list[str] = []
        name = self._text("name", attributes["name"], notes)
        if (shared or name is None or connector is None) and _GUID.fullmatch(row.guid):
            entries.append(Entry("id", text(row.guid), comment="the name alone does not tell it from others" if shared else ""))
        entries += [Entry("name", name)] if name is not None else []
        description = self._text("description", attributes["description"], notes)
        if description is not None and (complete or attributes["description"]):
            entries.append(Entry("description", description))
        if connector is not None:
            entries.append(Entry("connector", text(connector)))
        else:
            notes.append("left out: connector. It is deleted, or cannot be named.")
        entries.append(Entry("active", flag(attributes["active"])))
        scope = scope_value(attributes["scope"], self.rules)
        entries += [Entry("scope", scope)] if scope is not None else []
        notes += ["left out: scope. It is restricted, and names nobody."] if scope is None else []
        entries.append(Entry("config", self._config(key, row, complete=complete)))
        entries.append(Entry("actors", self._actors(key, row, complete=complete)))
        return Table(tuple(entries), tuple(notes))

    def _text(self, name: str, value: Leaf, notes: list[str]) -> Value | None:
        """A name or description; None, and a note, when a file has no words for it."""
        if isinstance(value, str):
            if self.rules.hidden(value) is None and (value or name == "description"):
                return text(value)
            notes.append(f"left out: {name}, {self.rules.brief(value)}. {self._why_hidden(value)}")
            return None
        order = sorted(value, key=lambda code: (code != self.whole.language, code != "en", code))
        fit = [code for code in order if code in _LANGUAGES and value[code] and self.rules.hidden(value[code]) is None]
        for code in order:
            if value[code] and code not in fit:
                why = self._why_hidden(value[code]) if code in _LANGUAGES else "It is no language that SuperOffice documents."
                notes.append(f"left out: {name} in {code}, {self.rules.brief(value[code])}. {why}")
        return Table(tuple(Entry(code, text(value[code])) for code in fit), inline=True) if fit else None

    def _why_hidden(self, value: str) -> str:
        name = self.rules.hidden(value)
        return f"A file may not hold {name}." if name else "It is empty."

    # ---- config ------------------------------------------------------------------------------------------------

    def _config(self, key: str, row: Connection, *, complete: bool) -> Table:
        declared = self.whole.live.fields.get(row.connector_id)
        config = self.whole.attributes[key]["config"]
        entries: list[Entry] = []
        notes: list[str] = []
        types = {one.key: one for one in declared or ()}
        for name in [*types, *(name for name in config if name not in types)]:
            if name not in config:
                continue
            about = types.get(name)
            value = self._config_value(key, name, config[name], about, notes)
            if value is None or not (complete or _tells(config[name], about)):
                continue
            comment = self.rules.brief(label(about.label, name, self.whole.language)) if about is not None else ""
            if about is not None and about.type is FieldType.PASSWORD and row.config[name] == "":
                comment = f"{comment or name}: shown as empty; without one, delete this line"
            entries.append(Entry(name, value, comment))
        if declared is None and any(value is HIDDEN for value in config.values()):
            notes.insert(0, "left out: config values. The connector did not answer, so any of them may be a password.")
        return Table(tuple(entries), tuple(notes))

    def _config_value(self, key: str, name: str, value: Leaf, about: ConfigField | None, notes: list[str]) -> Value | None:
        known = self.base.get(key, {}).get("config", {}).get(name)
        if isinstance(value, SecretRef):
            self.variables.append(Variable(key, name, value, known=True))
            return secret(value)
        if value is HIDDEN:
            if (key, name) in self.whole.doubted:
                notes.append(f"left out: {self.rules.brief(name)}. Whether the last write reached SuperOffice is not settled.")
            elif isinstance(known, SecretRef):
                self.variables.append(Variable(key, name, known, known=False))
                return secret(known)
            elif about is not None and about.type is FieldType.PASSWORD:
                taken = [one.ref.name for one in self.variables if one.ref.provider == "env"]
                ref = SecretRef("env", variable_name(key, name, taken))
                self.variables.append(Variable(key, name, ref, known=False))
                return secret(ref)
            elif known is not None:
                return scalar(known, FieldType.TEXT)
            elif self.whole.live.fields.get(self.whole.connections()[key].connector_id) is not None:
                notes.append(f"left out: {self.rules.brief(name)}. The connector does not declare it, so it may be a password.")
            return None
        assert about is not None  # a value that is shown has a declared type
        if about.type not in _TEXTS and value == "":
            return None  # nothing is stored, and a number or a date has no empty form
        return scalar(value, about.type)

    # ---- what lies below, and the whole tenant ------------------------------------------------------------------

    def _actors(self, key: str, row: Connection, *, complete: bool) -> Table:
        below = self.whole.live.mappings.get(row.id)
        actors = self.whole.attributes[key].get("actors", {})
        written = self.base.get(key, {}).get("actors", {})
        entries = []
        for name in ACTOR_TYPES:
            if name not in actors or below is None:
                continue
            facts = actor_facts(below, name, self.whole.language, self.rules)
            first = written.get(name, {}).get("rank", ())
            table = actor_table(actors[name], facts, complete=complete, first=first, lean=self.is_overlay and not complete)
            entries += [Entry(name, table)] if table.entries or complete else []
        return Table(tuple(entries))

    def _tenant_wide(self, *, complete: bool) -> list[Entry]:
        live, keys = self.whole.live, self.whole.keys.connections
        entries = []
        order = tuple(SUPEROFFICE if row == 0 else keys[row] for row in live.priority or () if row == 0 or row in keys)
        first = self.base_order
        if complete and first and (*first, *(key for key in order if key not in first)) == order:
            order = first
        if any(key != SUPEROFFICE for key in order):
            entries.append(Entry("sync_priority", texts(order)))
        if live.engine is not None:
            # A file may not ask for a day or more, because servers read such a span in different ways.
            interval = duration(live.engine.interval_s) if live.engine.interval_s <= timespan.LONGEST else None
            entries.append(Entry("automatic_sync", inline(on=flag(live.engine.running), interval=text(interval) if interval else None)))
        return entries


def _tells(value: Leaf, about: ConfigField | None) -> bool:
    """Whether a config value says more than that it is as the connector declares it."""
    if about is None or about.mandatory or isinstance(value, SecretRef) or value is HIDDEN or values.has_template_tag(about.default):
        return True
    empty: Leaf = {FieldType.CHECKBOX: False, FieldType.INTEGER: 0, FieldType.DOUBLE: 0.0}.get(about.type, "")
    default = values.decode(about.default, about.type) if about.default else empty
    return not (type(value) is type(default) and value == default)


def secret(ref: SecretRef) -> Table:
    """`{secret: env:NAME, version: 3}`."""
    version = None if ref.version is None else Scalar(ref.version, bare=_WHOLE_NUMBER.fullmatch(ref.version) is not None)
    return inline(secret=text(ref.reference), version=version)


def scope_value(scope: Mapping[str, Leaf], rules: Rules) -> Value | None:
    """`everyone`, or groups and users by name; None when nobody is named. What cannot be written by name stands as `#<id>`."""
    if scope["everyone"]:
        return text("everyone")
    lists = {}
    for kind in ("groups", "users"):
        named: Mapping[str, int] = scope.get(kind, {})
        found: list[str] = []
        for name, row in sorted(named.items()):
            spelled = {one.casefold() for one in found}
            found.append(f"#{row}" if rules.hidden(name) or name.casefold() in spelled else name)
        lists[kind] = texts(found) if found else None
    return inline(**lists) if any(lists.values()) else None


def duration(seconds: int) -> str:
    """`5m`; empty for what a file cannot say."""
    for unit, length in (("h", 3600), ("m", 60), ("s", 1)):
        if seconds > 0 and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return ""
