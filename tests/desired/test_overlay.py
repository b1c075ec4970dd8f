"""Several files on top of each other: what merges, what replaces, what goes, and that every value keeps its file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from reconciler.desired import load_desired
from reconciler.errors import InputError
from reconciler.model import Desired, DesiredConnection, Plain, SecretRef

BASE = """\
version: 1
connectors:
  visma: {name: Visma, url: "https://one.example.com/", identifies_erp: [Filename, Company]}
connections:
  one:
    name: {en: One, nb: En}
    description: Plain
    connector: visma
    active: true
    scope: {groups: [Sales], users: [ANNA]}
    config:
      A: 1
      B: x
      P: {secret: env:P, version: 1}
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(*texts: str) -> Desired:
    names = [f"{number}.yaml" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        Path(name).write_text(text, encoding="utf-8")
    return load_desired(names)


def one(*overlays: str) -> DesiredConnection:
    return load(BASE, *overlays).connections["one"]


def codes(*overlays: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(BASE, *overlays)
    return [problem.code for problem in caught.value.problems]


def test_mappings_merge_and_texts_replace() -> None:
    connection = one("connections: {one: {active: false, config: {B: y, C: z}}}\n")
    assert connection.active is not None
    assert (connection.active.value, str(connection.active.source)) == (False, "1.yaml:1:29")
    values = {key: (value.value, value.source.file) for key, value in connection.config.items()}
    assert values == {
        "A": (Plain("1"), "0.yaml"),
        "B": (Plain("y"), "1.yaml"),
        "C": (Plain("z"), "1.yaml"),
        "P": (SecretRef("env", "P", "1"), "0.yaml"),
    }


def test_languages_merge_under_their_iso_code() -> None:
    connection = one("connections: {one: {name: {no: Ein}}}\n", "connections: {one: {name: {NO: Noko, US: Some}}}\n")
    assert connection.name is not None
    assert connection.name.value == {"en": "Some", "nb": "Noko"}


def test_a_plain_name_and_a_mapping_of_languages_replace_each_other() -> None:
    plain = one("connections: {one: {name: Only, description: {en: Mapped}}}\n")
    assert plain.name is not None
    assert plain.description is not None
    assert (plain.name.value, plain.description.value) == ("Only", {"en": "Mapped"})


def test_a_scope_replaces_as_a_whole() -> None:
    connection = one("connections: {one: {scope: {users: [OLAV]}}}\n")
    assert connection.scope is not None
    scope = connection.scope.value
    assert (scope.everyone, scope.groups, [user.value for user in scope.users]) == (False, (), ["OLAV"])


def test_a_list_replaces_as_a_whole() -> None:
    connector = load(BASE, "connectors: {visma: {identifies_erp: [Server]}}\n").connectors["visma"]
    assert [field.value for field in connector.identifies_erp] == ["Server"]


def test_a_secret_reference_replaces_as_a_whole() -> None:
    connection = one("connections: {one: {config: {P: {secret: env:Q}, A: {secret: env:A}}}}\n")
    assert connection.config["P"].value == SecretRef("env", "Q")
    assert connection.config["A"].value == SecretRef("env", "A")


def test_null_takes_a_key_out() -> None:
    connection = one("connections: {one: {description: null, scope: ~, name: {nb: null}, config: {A: NULL}}}\n")
    assert connection.description is None
    assert connection.scope is None
    assert connection.name is not None
    assert connection.name.value == {"en": "One"}
    assert [*connection.config] == ["B", "P"]


def test_null_takes_a_whole_connection_out_and_a_later_file_writes_it_anew() -> None:
    assert load(BASE, "connections: {one: null}\n").connections == {}
    again = one("connections: {one: null}\n", "connections: {one: {active: false}}\n")
    assert (again.config, again.name, again.source.file) == ({}, None, "2.yaml")


def test_null_is_a_problem_in_the_first_file_and_where_nothing_is_to_be_taken_out() -> None:
    with pytest.raises(InputError) as caught:
        load("version: 1\nconnections: {one: null}\n")
    assert [problem.code for problem in caught.value.problems] == ["no-value"]
    assert codes("connections: {two: null, one: {id: null}}\n") == ["nothing-to-remove"] * 2


def test_an_empty_value_is_never_a_removal() -> None:
    """A key whose lines were commented out must not take everything below it out of the earlier file."""
    assert codes("connections:\n#  one: {}\n") == ["no-value"]


def test_what_is_to_be_deleted_keeps_only_what_identifies_it() -> None:
    connection = one("connections: {one: {absent: true}}\n")
    assert connection.absent
    assert connection.name is not None
    assert (connection.active, connection.scope, connection.config, connection.description) == (None, None, {}, None)
    assert codes("connections: {one: {absent: true, active: false}}\n") == ["beside-absent"]
    assert codes("connections: {one: {absent: true}}\n", "connections: {one: {active: false}}\n") == ["beside-absent"]


def test_a_later_file_takes_a_deletion_back() -> None:
    connection = one("connections: {one: {absent: true}}\n", "connections: {one: {absent: false, active: false}}\n")
    assert not connection.absent


def test_things_keep_the_place_where_they_were_first_written() -> None:
    desired = load(BASE, "connections: {one: {active: false}, two: {}}\n")
    assert {key: str(connection.source) for key, connection in desired.connections.items()} == {
        "one": "0.yaml:5:3",
        "two": "1.yaml:1:37",
    }


def test_the_version_may_stand_in_any_file() -> None:
    assert load("connections: {}\n", "version: 1\n").connections == {}


def test_each_file_is_checked_even_where_a_later_one_replaces_the_mistake() -> None:
    assert codes("connections: {one: {active: no}}\n", "connections: {one: {active: true}}\n") == ["wrong-type"]


def test_files_are_listed_in_their_order_with_the_digest_of_their_bytes() -> None:
    files = load(BASE, "version: 1\n").files
    assert [name for name, _ in files] == ["0.yaml", "1.yaml"]
    assert files[1][1] == hashlib.sha256(b"version: 1\n").hexdigest()
