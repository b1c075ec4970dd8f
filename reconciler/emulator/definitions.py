"""Connector definitions: data files that say where a connector answers, what it asks for and what its test really does.

Effects: reads definition files.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FIELD_TYPES = ("Checkbox", "Text", "Password", "Integer", "Double", "List", "Date", "Label")
ACCESSES = ("Normal", "Mandatory", "ReadOnly")
SHIPPED = Path(__file__).parent / "connectors"


class DefinitionError(Exception):
    """A definition file does not say what a connector needs."""


@dataclass(frozen=True)
class FieldDefinition:
    """One config field or actor field, as the connector describes it."""

    key: str
    name: str
    type: str = "Text"
    access: str = "Normal"
    description: str = ""
    list_name: str = ""
    default: str = ""
    max_length: int = 0
    rank: int = 0
    searchable: bool = True


@dataclass(frozen=True)
class ProbeDefinition:
    """What a connector's test does: `file`, `http` or `sql`, and the config fields it takes things from."""

    kind: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Definition:
    """One connector program."""

    name: str
    urls: tuple[str, ...]
    probe: ProbeDefinition
    config: tuple[FieldDefinition, ...]
    actors: Mapping[str, tuple[FieldDefinition, ...]]
    lists: Mapping[str, Mapping[str, str]]

    def passwords(self) -> frozenset[str]:
        """The config keys that hold secrets."""
        return frozenset(field.key for field in self.config if field.type == "Password")


def definition_from(content: Any, place: str) -> Definition:
    """A definition from the content of a file.

    Raises:
        DefinitionError: something is missing or misspelt.
    """
    try:
        return Definition(
            name=str(content["name"]),
            urls=tuple(str(url) for url in content.get("urls", ())),
            probe=_probe(content["test"]),
            config=tuple(_field(one) for one in content["config"]),
            actors={str(actor): tuple(_field(one) for one in fields) for actor, fields in content["actors"].items()},
            lists={str(name): {str(key): str(text) for key, text in items.items()} for name, items in content.get("lists", {}).items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DefinitionError(f"{place}: not a connector definition ({type(error).__name__}: {error})") from error


def _probe(content: Mapping[str, Any]) -> ProbeDefinition:
    settings = dict(content)
    kind = settings.pop("kind")
    if kind not in ("file", "http", "sql"):
        raise ValueError(f"test kind {kind!r}; there are file, http and sql")
    return ProbeDefinition(kind, settings)


def _field(content: Mapping[str, Any]) -> FieldDefinition:
    made = FieldDefinition(**{**content, "key": str(content["key"]), "name": str(content.get("name", content["key"]))})
    if made.type not in FIELD_TYPES or made.access not in ACCESSES:
        raise ValueError(f"field {made.key}: type {made.type!r} or access {made.access!r} is not one that exists")
    return made


def as_content(definition: Definition) -> dict[str, Any]:
    """The definition in the form of its file, for storing an edited one."""
    return {
        "name": definition.name,
        "urls": list(definition.urls),
        "test": {"kind": definition.probe.kind, **definition.probe.settings},
        "config": [vars(field) for field in definition.config],
        "actors": {actor: [vars(field) for field in fields] for actor, fields in definition.actors.items()},
        "lists": {name: dict(items) for name, items in definition.lists.items()},
    }


@functools.lru_cache(maxsize=256)
def _read(path: Path, _stamp: int) -> Definition:
    """`_stamp` is the file's time, so that a changed file is read again."""
    text = path.read_text(encoding="utf-8")
    try:
        content = json.loads(text) if path.suffix == ".json" else _from_yaml(text)
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise DefinitionError(f"{path}: {error}") from error
    return definition_from(content, str(path))


def _from_yaml(text: str) -> Any:
    """Read with libyaml where it is there: ten times faster."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


@functools.lru_cache(maxsize=256)
def parsed(text: str) -> Definition:
    """The definition in a stored JSON text; the same text gives the same object."""
    return definition_from(json.loads(text), "a stored definition")


def load(folders: Iterable[Path]) -> dict[str, Definition]:
    """The shipped definitions and those of more folders, by name; a later one of the same name wins.

    Raises:
        DefinitionError: a file cannot be read as a definition.
    """
    found: dict[str, Definition] = {}
    for folder in (SHIPPED, *folders):
        if not folder.is_dir():
            raise DefinitionError(f"{folder}: no such folder of connector definitions")
        for path in sorted(folder.iterdir()):
            if path.suffix in (".yaml", ".yml", ".json"):
                definition = _read(path, path.stat().st_mtime_ns)
                found[definition.name] = definition
    return found


def normal_url(url: str) -> str:
    """A URL for comparison: no surrounding blanks or final slash, scheme and host in lower case."""
    text = url.strip().rstrip("/")
    scheme, mark, rest = text.partition("://")
    if not mark:
        return text.lower()
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"
