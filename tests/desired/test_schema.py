"""The schemas themselves: valid, made for editors, and read the same by both validators."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.desired import load_desired, load_target, shape
from reconciler.errors import InputError
from reconciler.model import HazardName
from reconciler.schemas import schema
from reconciler.wire.languages import LANGUAGES
from tests.desired.cases import Case, all_cases

NAMES = ("connections", "targets")


def subschemas(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for key, value in node.items():
            if key not in ("enum", "const", "default", "examples"):
                yield from subschemas(value)
    elif isinstance(node, list):
        for item in node:
            yield from subschemas(item)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_type_says_what_is_expected(name: str) -> None:
    """The messages are made of it: "`active` must be true or false."."""
    assert [one for one in subschemas(schema(name)) if "x-expected" not in one] == []


@pytest.mark.parametrize("name", NAMES)
def test_mappings_are_closed(name: str) -> None:
    assert [one for one in subschemas(schema(name)) if "object" in one["type"] and "additionalProperties" not in one] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_person_writes_has_a_title_for_editors(name: str) -> None:
    root = schema(name)
    parts = ("connection", "connector", "target", "actors", "actor", "field")
    entries = [root, *(root["$defs"].get(part, {}) for part in parts)]
    resolved = [
        {**(root["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else {}), **one}
        for entry in entries
        for one in entry.get("properties", {}).values()
    ]
    assert resolved
    assert [
        one for one in resolved if "title" not in one or ("description" not in one and one["title"] != "What is changed while inactive")
    ] == []


def test_languages_are_those_of_the_wire() -> None:
    root = schema("connections")
    codes = {*LANGUAGES.values(), *LANGUAGES, "no"}
    assert set(root["properties"]["language"]["enum"]) == codes
    texts = root["$defs"]["languages"]
    pattern = next(iter(texts["patternProperties"]))
    assert {*texts["properties"], *pattern.strip("^$()").split("|")} == codes


def test_barriers_are_hazards() -> None:
    enum = schema("targets")["$defs"]["target"]["properties"]["barriers"]["items"]["enum"]
    assert set(enum) <= {name.value for name in HazardName}


def verdict(case: Case) -> list[str]:
    try:
        target = load_target(case.target, directory=Path(), environ={}) if case.target else None
        load_desired(case.files, target=target)
    except InputError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("case", [case for case in all_cases() if not (case.folder / "prepare.py").exists()], ids=lambda case: case.name)
def test_both_validators_come_to_the_same_verdict(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the extra `fast` is installed changes no answer."""
    pytest.importorskip("jsonschema_rs")
    monkeypatch.chdir(case.folder)
    fast = verdict(case)
    monkeypatch.setattr(shape, "_accepted_fast", lambda *_, **__: False)
    assert fast == verdict(case)


ATTRIBUTES = ("id", "name", "active", "scope", "config", "absent", "uses", "actors", "other")
FIELD_VALUES: list[Any] = [
    None,
    True,
    1,
    1.5,
    "both",
    "erp-tab",
    "",
    "x" * 255,
    [],
    ["erp-tab"],
    ["x"],
    {},
    {"A": ""},
    {"A": 1},
    {"value": 1},
]
FIELDS: list[Any] = [
    {key: value} for key in ("crm", "direction", "show", "items", "default", "renamed_from", "other") for value in FIELD_VALUES
]
ACTORS: list[Any] = [{"customer": {"fields": {"A": field}}} for field in FIELDS]
ACTORS += [{"customer": {key: value}} for key in ("sync", "rank", "fields_not_listed") for value in FIELD_VALUES]
ACTORS += [{"employee": {}}, {"person": None}]
VALUES: list[Any] = [None, True, 1, "everyone", "", [], ["x"], {}, {"en": "x"}, {"xx": "x"}, {"groups": ["A"]}]
CONFIGS: list[Any] = [{"A": {"secret": "env:A"}}, {"A": {"secret": "env:A", "version": 1}}, {"A": {}}, {"A": None}, {"A": 1.5}]
BESIDE: list[tuple[str, Any]] = [("uses", []), ("actors", {})]
THINGS: list[Any] = [
    *({key: value} for key in ATTRIBUTES for value in VALUES),
    *({"config": config} for config in CONFIGS),
    *({"absent": absent, "config": {}} for absent in (True, False, "true")),
    *({"absent": absent, key: value} for absent in (True, False) for key, value in BESIDE),
    *({"actors": actors} for actors in ACTORS),
]
PRIORITIES: list[Any] = [None, "a", [], ["a"], [1], ["a", "a"]]
ENGINES: list[Any] = [None, True, {}, {"on": 1}, {"interval": "5m"}, {"interval": "0s"}, {"interval": 5}, {"x": 1}]
SETS: list[Any] = [None, [], {}, {"a": {}}, {"a": None}, {"a": {"b": {}}}, {"a": {"person": {"sync": 1}}}]
WHOLE: list[Any] = [
    *({"sync_priority": value} for value in PRIORITIES),
    *({"automatic_sync": value} for value in ENGINES),
    *({"mapping_sets": value} for value in SETS),
]
TOPS: list[Any] = [
    {},
    [],
    None,
    "x",
    *({"version": 1, **whole} for whole in WHOLE),
    *({"version": version} for version in (1, 2, True, 1.0, "1")),
]
DOCUMENTS: list[Any] = [*TOPS, *({"version": 1, "connections": {"a": thing}} for thing in THINGS)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document)[:60])
def test_both_validators_agree_on_any_document(document: Any) -> None:
    rust = pytest.importorskip("jsonschema_rs").Draft202012Validator(schema("connections"))
    assert rust.is_valid(document) == Draft202012Validator(schema("connections")).is_valid(document)


def test_without_the_fast_validator_the_other_one_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    shape._fast_validator.cache_clear()
    try:
        path = tmp_path / "a.yaml"
        path.write_text("version: 1\n", encoding="utf-8")
        assert load_desired([path]).connections == {}
    finally:
        shape._fast_validator.cache_clear()


def test_a_list_with_very_many_items_is_checked_quickly(tmp_path: Path) -> None:
    """`uniqueItems` compares every item with every other one when kinds are mixed."""
    path = tmp_path / "a.yaml"
    path.write_text("version: 1\nconnections: {a: {scope: {groups: [" + "a, {}, ~, " * 5000 + "]}}}\n", encoding="utf-8")
    started = time.process_time()
    with pytest.raises(InputError):
        load_desired([path])
    assert time.process_time() - started < 5
