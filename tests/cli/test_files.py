"""The commands that need nothing but the files: render, explain, fmt; and schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from reconciler.desired import load_desired
from reconciler.schemas import schema
from tests.cli.conftest import FILE, Folder

OVERLAY = """\
connections:
  visma-no:
    active: false
    config: {IntegerField: 13, Filename: null}
"""
SETS = (
    FILE.replace("    config:\n", "    uses: [low]\n    config:\n")
    + "mapping_sets: {low: {customer: {fields: {NAME: {crm: NAME, direction: both}}}}}\n"
)


def test_render_shows_the_merged_file(folder: Folder) -> None:
    folder.write()
    folder.write(OVERLAY, "prod.yaml")
    done = folder.run("render", "-f", "connections.yaml", "-f", "prod.yaml")
    assert done.code == 0
    assert done.out.startswith("# Merged from connections.yaml, prod.yaml\n")
    rendered = folder.write(done.out, "merged.yaml")
    assert load_desired([rendered]).digest == load_desired([folder.file, folder.path / "prod.yaml"]).digest
    assert "IntegerField: 13" in done.out
    assert "Filename:" not in done.out


def test_render_resolved_has_the_sets_laid_down(folder: Folder) -> None:
    folder.write(SETS)
    plain, resolved = folder.run("render").out, folder.run("render", "--resolved").out
    assert "uses: [low]" in plain
    assert "mapping_sets" not in resolved
    assert "uses" not in resolved
    assert yaml.safe_load(resolved)["connections"]["visma-no"]["actors"] == {
        "customer": {"fields": {"NAME": {"crm": "NAME", "direction": "both"}}}
    }


@pytest.mark.parametrize("command", [["render"], ["explain", "visma-no"], ["fmt"], ["fmt", "--check"]])
def test_what_cannot_be_read_is_refused_at_its_place(folder: Folder, command: list[str]) -> None:
    folder.write(FILE + "language: en\n")
    done = folder.run(*command)
    assert (done.code, done.out) == (1, "")
    assert "connections.yaml:19:1" in done.err


def test_explain_says_who_won(folder: Folder) -> None:
    folder.write(SETS)
    folder.write("connections: {visma-no: {actors: {customer: {fields: {NAME: {direction: to-crm}}}}}}\n", "prod.yaml")
    done = folder.run("explain", "connection/visma-no/actor/customer/field/NAME", "-f", "connections.yaml", "-f", "prod.yaml")
    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert ["customer", "NAME,", "direction", "to-crm", "prod.yaml:1:73"] in lines
    assert ["overrides", "both", "connections.yaml:20:71", "(set", "low)"] in lines


def test_explain_for_a_machine(folder: Folder) -> None:
    folder.write()
    done = folder.run("explain", "connection/visma-no/config/Filename", "--format", "json")
    origin = {"file": "connections.yaml", "line": 16, "column": 17, "set": None}
    assert json.loads(done.out) == {
        "format": "reconciler/explain/v1",
        "address": "connection/visma-no",
        "path": ["config", "Filename"],
        "values": [{"path": ["config", "Filename"], "value": "F0001.xlsm", "origin": origin, "overrides": []}],
    }


@pytest.mark.parametrize(
    ("address", "code", "told"),
    [
        ("connection/visma-n", 1, "`visma-no`"),
        ("connection/visma-no/config/Filenam", 1, "`Filename`"),
        ("sync-priority", 1, "No file says anything"),
        ("target/prod", 64, "connector/visma"),
        ("connection//x", 64, "empty part"),
        ("connection/%ff", 64, "not UTF-8"),
    ],
)
def test_explain_of_nothing(folder: Folder, address: str, code: int, told: str) -> None:
    folder.write()
    done = folder.run("explain", address)
    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_fmt_writes_and_check_only_looks(folder: Folder) -> None:
    messy = FILE.replace("  visma-no:", '  "visma-no":  # ours').replace("\n", "\r\n")
    folder.file.write_bytes(b"\xef\xbb\xbf" + messy.encode())
    before, meaning = folder.files(), load_desired([folder.file]).digest
    looked = folder.run("fmt", "--check")
    assert (looked.code, looked.out) == (3, "not canonical  connections.yaml\n")
    assert folder.files() == before
    done = folder.run("fmt")
    assert (done.code, done.out) == (0, "rewritten  connections.yaml\n")
    assert list(folder.files()) == list(before)
    assert b"\r" not in folder.file.read_bytes()
    assert b"  visma-no:    # ours\n" in folder.file.read_bytes()
    assert load_desired([folder.file]).digest == meaning
    assert folder.run("fmt", "--check", "--format", "json").code == 0
    assert json.loads(folder.run("fmt", "--format", "json").out) == {
        "format": "reconciler/fmt/v1",
        "files": [{"file": "connections.yaml", "changed": False}],
        "exit_code": 0,
    }


def test_fmt_writes_none_of_several_files_when_one_is_wrong(folder: Folder) -> None:
    folder.write(FILE.replace("connections:", "\n\n\nconnections:"))
    folder.write("a: [\n", "bad.yaml")
    before = folder.files()
    assert folder.run("fmt", "-f", "connections.yaml", "-f", "bad.yaml").code == 1
    assert folder.files() == before


def test_fmt_keeps_a_link_and_its_rights(folder: Folder) -> None:
    real = folder.write(FILE.replace("connections:", "\n\n\nconnections:"), "real.yaml")
    real.chmod(0o640)
    try:
        folder.file.symlink_to(real)
    except OSError:
        pytest.skip("no links here")
    assert folder.run("fmt").code == 0
    assert folder.file.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "\n\n\n" not in real.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["connections", "targets", "plan", "journal"])
def test_schema_prints_what_is_shipped(folder: Folder, kind: str) -> None:
    done = folder.run("schema", *([] if kind == "connections" else [kind]))
    assert done.code == 0
    assert json.loads(done.out) == schema(kind)


@pytest.mark.parametrize("arguments", [["other"], ["plan", "--online"], ["--language", "nb"], ["--online", "--language", "xx"]])
def test_schema_of_nothing(folder: Folder, arguments: list[str]) -> None:
    assert folder.run("schema", *arguments).code == 64


def test_schema_online_has_the_names_of_the_tenant(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write()
    monkeypatch.setenv("VISMA_PASSWORD", "winter-2026")
    (folder.path / "F0001.xlsm").write_bytes(b"")
    done = folder.run("schema", "--online")
    assert done.code == 0, done.err
    made = json.loads(done.out)
    assert {"ADMIN", "ANNA"} & set(made["$defs"]["scope"]["properties"]["users"]["items"]["anyOf"][0]["enum"])


def test_validate_online_tells_what_the_tenant_refuses_and_what_it_cannot_tell(folder: Folder) -> None:
    """Items of a list that nothing maps yet: by line and nearest name, else as a thing that only an apply can see."""
    (folder.path / "F0001.xlsm").write_bytes(b"")
    lists = "    actors: {customer: {fields: {CustGr: {crm: BUSINESS, direction: to-crm, items: {A: Retial}}}}}\n"
    folder.write(FILE.replace("    config:\n", f"{lists}    config:\n"))
    refused = folder.run("validate", "--online")
    assert refused.code == 1
    line = folder.file.read_text(encoding="utf-8").splitlines().index(lists.rstrip()) + 1
    assert f"connections.yaml:{line}:" in refused.err
    assert "Did you mean 'Retail'?" in refused.err
    folder.change("Retial", "Retail")
    valid = folder.run("validate", "--online")
    assert (valid.code, valid.out.splitlines()[0][:5]) == (0, "valid")
    assert "checked after the refresh that brings these fields: customer CustGr" in valid.out
    told = json.loads(folder.run("validate", "--online", "--format", "json").out)
    assert ["actors"] in [one["path"] for one in told["not_checked"]]
    assert "::notice" in folder.run("validate", "--online", "--format", "github").out
    assert "checked after the refresh" in folder.run("validate", "--online", "--format", "markdown").out
    assert "Not checked" not in folder.run("validate").out


def test_none_of_it_needs_a_tenant(folder: Folder) -> None:
    folder.write()
    before: list[Path] = sorted(folder.path.iterdir())
    for arguments in (["render"], ["explain", "visma-no"], ["fmt", "--check"], ["schema"]):
        folder.run(*arguments)
    assert sorted(folder.path.iterdir()) == before
