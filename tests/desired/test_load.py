"""What comes out of sound files, and what does not change the digest."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.desired import load_desired
from reconciler.errors import InputError
from reconciler.model import Address, Desired, DesiredScope, Marked, Plain, SecretRef, Source

ROOT = Path(__file__).resolve().parents[2]
TEXT = """\
version: 1
language: no
connectors:
  visma: {name: Visma, url: "https://one.example.com/", identifies_erp: [Filename, Company], protect: true}
connections:
  one:
    id: 01234567-89AB-cdef-0123-456789abcdef
    name: {en: One, nb: En}
    connector: visma
    active: true
    scope: {groups: [Sales, Support], users: [ANNA]}
    config: {A: 0010, B: "0010", C: {secret: env:P, version: 3}, D: true}
    renamed_from: Uno
    moved_from: uno
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str) -> Desired:
    Path("a.yaml").write_text(text, encoding="utf-8")
    return load_desired(["a.yaml"])


def codes(*names: str | Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_desired(names)
    return [problem.code for problem in caught.value.problems]


def test_values_come_out_with_their_places() -> None:
    desired = load(TEXT)
    assert desired.language == "nb"
    connector, connection = desired.connectors["visma"], desired.connections["one"]
    assert (connector.protect, connector.absent, connector.renamed_from) == (True, False, None)
    assert connector.url == Marked("https://one.example.com/", Source("a.yaml", 4, 29))
    assert connection.id == Marked("01234567-89AB-cdef-0123-456789abcdef", Source("a.yaml", 7, 9))
    assert connection.name == Marked({"en": "One", "nb": "En"}, Source("a.yaml", 8, 11))
    assert connection.active == Marked(value=True, source=Source("a.yaml", 10, 13))
    assert connection.source == Source("a.yaml", 6, 3)
    assert connection.description is None
    assert connection.scope == Marked(
        DesiredScope(
            everyone=False,
            groups=(Marked("Sales", Source("a.yaml", 11, 22)), Marked("Support", Source("a.yaml", 11, 29))),
            users=(Marked("ANNA", Source("a.yaml", 11, 47)),),
        ),
        Source("a.yaml", 11, 12),
    )
    assert {key: value.value for key, value in connection.config.items()} == {
        "A": Plain("0010", quoted=False),
        "B": Plain("0010", quoted=True),
        "C": SecretRef("env", "P", "3"),
        "D": Plain("true", quoted=False),
    }


def test_what_is_not_written_is_not_managed() -> None:
    connection = load("version: 1\nconnections: {one: {}}\n").connections["one"]
    assert (connection.name, connection.active, connection.scope, connection.config) == (None, None, None, {})
    assert load("version: 1\n").language == "en"


def test_things_are_sorted_by_key() -> None:
    assert [*load("version: 1\nconnections: {b: {}, a: {}, C: {}}\n").connections] == ["C", "a", "b"]


SAME = {
    "order of keys": TEXT.replace("version: 1\n", "") + "version: 1\n",
    "comments and blank lines": TEXT.replace("\n", "   # why\n\n"),
    "CRLF": TEXT.replace("\n", "\r\n"),
    "a mark": "\ufeff" + TEXT,
    "quotes that change nothing": TEXT.replace("Visma,", "'Visma',").replace("env:P", '"env:P"').replace("En}", '"En"}'),
    "order of names": TEXT.replace("[Sales, Support]", "[Support, Sales]").replace("[Filename, Company]", "[Company, Filename]"),
    "languages by other codes": TEXT.replace("nb:", "no:").replace("en:", "US:").replace("language: no", "language: nb"),
    "case of a GUID": TEXT.replace("cdef-0123", "CDEF-0123"),
    "an escape": TEXT.replace("name: Visma", 'name: "\\x56isma"'),
}
OTHER = {
    "quotes that change the meaning": TEXT.replace("A: 0010", 'A: "0010"'),
    "a version": TEXT.replace("version: 3", "version: 4"),
    "a reference": TEXT.replace("env:P", "env:Q"),
    "protection": TEXT.replace("protect: true", "protect: false"),
    "a language": TEXT.replace("language: no", "language: sv"),
    "a key": TEXT.replace("  one:", "  two:"),
    "a text": TEXT.replace("En}", "Ein}"),
    "an attribute": TEXT.replace("    active: true\n", ""),
    "a former key": TEXT.replace("moved_from: uno", "moved_from: eins"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_the_digest_stays(text: str) -> None:
    assert text != TEXT
    assert load(text).digest == load(TEXT).digest


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_the_digest_changes(text: str) -> None:
    assert text != TEXT
    assert load(text).digest != load(TEXT).digest


def test_the_digest_does_not_depend_on_the_place(tmp_path: Path) -> None:
    digest = load(TEXT).digest
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.yaml").write_text(TEXT, encoding="utf-8")
    assert load_desired([tmp_path / "b" / "c.yaml"]).digest == digest
    assert load_desired(["a.yaml", "a.yaml"]).digest == digest
    assert len(digest) == 64


def test_files_that_cannot_be_read_are_problems() -> None:
    assert codes() == ["no-file"]
    assert codes("gone.yaml") == ["no-file"]
    assert codes("") == ["not-a-file"]
    assert codes(Path.cwd()) == ["not-a-file"]
    assert codes("a\0b") == ["unreadable-file"]
    assert codes("n" * 5000) == ["unreadable-file"]


def test_problems_name_the_file_as_it_was_given(tmp_path: Path) -> None:
    Path("a.yaml").write_text("version: 2\n", encoding="utf-8")
    for name in ("a.yaml", "./a.yaml", str(tmp_path / "a.yaml")):
        with pytest.raises(InputError) as caught:
            load_desired([name])
        assert [str(problem.source) for problem in caught.value.problems] == [f"{name}:1:10"]


def test_problems_carry_the_address_of_their_thing() -> None:
    connections = "{b: {active: no}, c: {name: 12}, d: {name: {xx: D}}, e: {config: {A: {secret: x}}}}"
    Path("a.yaml").write_text(f"version: 1\nconnectors: {{a: {{url: x}}}}\nconnections: {connections}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_desired(["a.yaml"])
    addresses = [problem.address for problem in caught.value.problems]
    assert addresses == [Address.connector("a"), *map(Address.connection, "bcde")]


def test_of_very_many_problems_the_first_hundred_are_told_and_the_rest_counted() -> None:
    Path("a.yaml").write_text("version: 1\nconnections:\n" + "".join(f"  c{n}: {{active: no}}\n" for n in range(1000)), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_desired(["a.yaml"])
    problems = caught.value.problems
    assert [problem.source.line for problem in problems if problem.source] == list(range(3, 103))
    assert problems[-1].hint.endswith("(And 900 more problems of the kind `wrong-type` in this file.)")


def test_the_shipped_example_is_sound_and_teaches_its_parts() -> None:
    desired = load_desired([ROOT / "connections.yaml"])
    assert [*desired.connectors] == ["fortnox", "visma"]
    assert [*desired.connections] == ["fortnox-se", "visma-no", "visma-se"]
    first = (ROOT / "connections.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./schemas/connections.schema.json"
    references = {
        str(value.value) for one in desired.connections.values() for value in one.config.values() if isinstance(value.value, SecretRef)
    }
    assert references == {"env:VISMA_PASSWORD (version 1)", "env:FORTNOX_PASSWORD (version 1)"}


def test_the_shipped_file_shows_each_part() -> None:
    desired = load_desired([ROOT / "connections.yaml"])
    first = desired.connections["visma-no"]
    assert {key: sorted(actor.fields) for key, actor in first.actors.items()} == {
        "customer": ["CatErp", "CustGr", "CustNo", "IntField", "NAME", "POSTALAD1", "POSTALAD2", "POSTALCITY", "POSTALZIP"],
        "person": ["FIRSTNAME", "LASTNAME"],
    }
    assert [mark.value for mark in desired.sync_priority or ()] == ["visma-no", "SuperOffice"]
    assert desired.automatic_sync is not None


def test_the_collector_runs_again_afterwards() -> None:
    load(TEXT)
    assert gc.isenabled()
    codes("gone.yaml")
    assert gc.isenabled()


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ["yaml", "jsonschema", "jsonschema_rs"]
    program = f"import json, sys; import reconciler.desired; print(json.dumps([name for name in {heavy} if name in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(result.stdout) == []
