"""`dump`, `fields` and `compare` as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from reconciler.emulator import Emulator
from tests.scenarios.stage import VISMA

PASSWORD = "canary-typed-4711"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an emulator that somebody filled."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".reconciler").mkdir()
    with Emulator(tmp_path / ".reconciler" / "emulator.db") as emulator:
        connector = emulator.edit.add_connector("Visma Business", VISMA)
        emulator.edit.add_connection(connector, 'US:"Visma Norway";NO:"Visma Norge"', {"Filename": "F0001.xlsm", "PasswordField": PASSWORD})
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_take_over_in_one_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = typed(capsys, "dump")
    assert code == 0
    assert out.startswith("# Dumped from target emulator by `reconciler dump`")
    assert "env:VISMA_NORWAY_PASSWORDFIELD  PasswordField of connection/visma-norway" in err
    assert PASSWORD not in out + err
    code, nothing, err = typed(capsys, "dump", "-o", "connections.yaml")
    assert (code, nothing) == (0, "")
    assert "Next: reconciler -f connections.yaml --target emulator plan" in err
    assert (folder / "connections.yaml").read_bytes() == out.encode()
    assert typed(capsys, "validate")[0] == 0
    code, out, _ = typed(capsys, "plan", "--detailed-exitcode")
    assert (code, "nothing to do" in out) == (0, True)


def test_a_file_that_is_no_dump_is_not_replaced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.yaml").write_text("version: 1\n", encoding="utf-8")
    code, _, err = typed(capsys, "dump", "-o", "mine.yaml")
    assert (code, (folder / "mine.yaml").read_text(encoding="utf-8")) == (1, "version: 1\n")
    assert "is no dump" in err
    assert typed(capsys, "dump", "-o", "mine.yaml", "--overwrite")[0] == 0
    assert typed(capsys, "dump", "-o", "mine.yaml")[0] == 0
    (folder / "other").mkdir()
    assert typed(capsys, "dump", "-o", "other")[0] == 1
    assert typed(capsys, "dump", "-o", "nowhere/at.yaml")[0] == 1
    assert sorted(path.name for path in folder.iterdir()) == [".reconciler", "mine.yaml", "other"]


def test_an_overlay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "dump", "-o", "base.yaml")[0] == 0
    text = (folder / "base.yaml").read_text(encoding="utf-8")
    (folder / "base.yaml").write_text(text.replace("F0001.xlsm", "F0002.xlsm"), encoding="utf-8")
    code, out, _ = typed(capsys, "dump", "--base", "base.yaml", "-o", "over.yaml")
    assert (code, out) == (0, "")
    assert "Filename: F0001.xlsm" in (folder / "over.yaml").read_text(encoding="utf-8")
    code, out, _ = typed(capsys, "-f", "base.yaml", "-f", "over.yaml", "plan", "--detailed-exitcode")
    assert code == 0


def test_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = typed(capsys, "dump", "--format", "json")
    document = json.loads(out)
    assert (code, document["format"], document["proved"]) == (0, "reconciler/dump/v1", True)
    assert document["variables"] == [
        {"reference": "env:VISMA_NORWAY_PASSWORDFIELD", "field": "PasswordField", "address": "connection/visma-norway", "known": False}
    ]
    assert "visma-norway:" in document["yaml"]
    code, out, _ = typed(capsys, "fields", "Visma Norway", "Customer", "--format", "json")
    assert (code, json.loads(out)["actors"][0]["actor"]) == (0, "customer")


def test_compare_a_target_with_itself_and_with_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "dump", "-o", "live.yaml")[0] == 0
    assert typed(capsys, "compare", "emulator", "emulator", "--detailed-exitcode")[0] == 0
    assert typed(capsys, "compare", "emulator", "live.yaml", "--detailed-exitcode")[0] == 0
    text = (folder / "live.yaml").read_text(encoding="utf-8")
    (folder / "live.yaml").write_text(text.replace("F0001.xlsm", "F0002.xlsm"), encoding="utf-8")
    code, out, _ = typed(capsys, "compare", "live.yaml", "emulator", "--detailed-exitcode")
    assert code == 2
    assert "config.Filename" in out
    assert typed(capsys, "compare", "live.yaml", "emulator")[0] == 0
    code, out, _ = typed(capsys, "compare", "live.yaml", "emulator", "--format", "json")
    assert json.loads(out)["changes"][0]["path"] == ["config", "Filename"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("dump", "--language", "klingon"), 64), (("dump", "--language", "nb", "--base", "x.yaml"), 64),
        (("dump", "--base", "nowhere.yaml"), 1), (("dump", "--format", "html"), 64),
        (("fields",), 64), (("fields", "Nobody"), 1), (("fields", "Visma Norway", "customers"), 1),
        (("compare", "emulator"), 64), (("compare", "emulator", "nobody"), 64), (("compare", "emulator", "nowhere.yaml"), 1),
    ],
)  # fmt: skip
def test_what_is_typed_wrong(folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int) -> None:
    found, out, err = typed(capsys, *arguments)
    assert (found, out) == (code, "")
    assert err


def test_nothing_but_a_dump_loads_the_writer_of_yaml() -> None:
    for arguments in (["--help"], ["dump", "--help"], ["compare", "--help"], ["fields", "--help"]):
        code = f"import sys; from reconciler.cli.entry import run; run({arguments!r}); sys.exit('ruamel.yaml' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
