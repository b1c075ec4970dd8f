"""Every object that a command prints with `--format json` is as schemas/report.schema.json tells it, member by member."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Folder
from tests.report.test_json import DOCUMENTS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))


def closed(node: Any) -> Any:
    """The schema for ourselves: what it does not name is not there. Readers get it open, since members are added within a version."""
    if isinstance(node, list):
        return [closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    more = {"additionalProperties": False} if isinstance(node.get("properties"), dict) and node.get("type") == "object" else {}
    return {**{key: closed(value) for key, value in node.items()}, **more}


STRICT = closed(SCHEMA)


def check(document: Any) -> None:
    """Against the one definition of its format, so that an error says what is wrong; it has to be the only one that fits."""
    name = re.fullmatch(r"reconciler/([a-z-]+)/v1", document["format"])
    assert name is not None
    one = {"$ref": f"#/$defs/{name[1]}", "$defs": STRICT["$defs"]}
    jsonschema.Draft202012Validator(one).validate(document)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_objects_made_by_hand(name: str) -> None:
    check(DOCUMENTS[name])


def commands(folder: Folder) -> Iterator[tuple[str, ...]]:
    """One command line for each kind of object; what they need was done before."""
    run = json.loads(folder.run("history", "--format", "json").out)["runs"][-1]["run"]
    yield from (("validate",), ("fmt", "--check"), ("explain", "connection/visma-no"), ("test",), ("status",), ("history",), ("drift",))
    yield from (("dump",), ("fields", "visma-no"), ("compare", "emulator", "emulator"), ("target", "check", "emulator"), ("lease",))
    yield from (("show", run), ("recover",), ("journal", "check"), ("audit", "verify"), ("audit", "read"), ("audit", "exceptions"))
    yield ("audit", "export", "-o", "evidence.zip")
    yield from (("audit", "report"), ("audit", "report", run), ("refresh", "visma-no", "--yes"), ("rollback", run, "--yes"))
    yield from (("apply", "--yes"), ("rollback", "19990101"))


def test_what_every_command_prints(applied: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("apply", "--yes").code == 0
    formats = set()
    monkeypatch.setenv("LOGNAME", "anna")
    for command in commands(applied):
        told = json.loads(applied.run(*command, "--format", "json").out)
        check(told)
        formats.add(told["format"])
    applied.run("apply", "--yes", "--reason", "x")
    flag = json.loads(applied.run("audit", "exceptions", "--format", "json").out)["exceptions"][-1]
    monkeypatch.setenv("LOGNAME", "berit")
    reviewed = json.loads(applied.run("audit", "review", flag["id"], "--reason", "looked", "--format", "json").out)
    check(reviewed)
    assert reviewed["target"] == "emulator"
    check(json.loads(applied.run("audit", "exceptions", "--format", "json").out))
    assert {*formats, reviewed["format"]} == {told for told in written() if told != "reconciler/plan/v1"}


def written() -> set[str]:
    """Every format that the program's text names."""
    return set(
        re.findall(r"reconciler/[a-z-]+/v1", "".join(path.read_text(encoding="utf-8") for path in (ROOT / "reconciler").rglob("*.py")))
    )


def test_the_schema_knows_every_format_and_no_other() -> None:
    named = {SCHEMA["$defs"][one["$ref"].rpartition("/")[2]]["properties"]["format"]["const"] for one in SCHEMA["oneOf"]}
    assert named == written() - {"reconciler/plan/v1"}


def test_the_schema_refuses_what_is_otherwise() -> None:
    """Else the tests above would prove nothing."""
    for name, document in DOCUMENTS.items():
        for member in document:
            if name == "recovered" and member in SCHEMA["$defs"]["recover"]["properties"].keys() - SCHEMA["$defs"]["recover"]["required"]:
                continue
            fewer = {key: value for key, value in document.items() if key != member}
            assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(fewer), (name, member)
        with pytest.raises(jsonschema.ValidationError):
            check({**deepcopy(document), "more": 1})
