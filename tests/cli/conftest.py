"""A folder with a connections file, and commands run in it: in this process where that is enough, else as people run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.entry import run

CANARY = "hunter2-canary"
FILE = """\
version: 1
language: en
connectors:
  visma:
    name: Visma Business
    url: https://connectors.example.com/visma/ErpConnectorWS.svc
    identifies_erp: [Filename]
connections:
  visma-no:
    name: {en: Visma Norway, nb: Visma Norge}
    description: Customers of company F0001
    connector: visma
    active: true
    scope: everyone
    config:
      Filename: F0001.xlsm
      IntegerField: 12
      PasswordField: {secret: env:VISMA_PASSWORD, version: 1}
"""


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


class Folder:
    """A working folder in which commands are run."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.file = path / "connections.yaml"
        self._capsys = capsys

    def write(self, text: str = FILE, name: str = "connections.yaml") -> Path:
        """Write a file."""
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        return path

    def change(self, old: str, new: str) -> None:
        """Change the connections file."""
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new))

    def run(self, *arguments: str) -> Ran:
        """Run a command in this process, with everything but the process itself being real."""
        self._capsys.readouterr()
        code = run(arguments)
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def spawn(self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: str = "") -> Ran:
        """Run a command as a process of its own."""
        environment = {**os.environ, **(environ or {})}
        command = [sys.executable, "-m", "reconciler", *arguments]
        done = subprocess.run(
            command, cwd=self.path, env=environment, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def files(self) -> dict[str, bytes]:
        """Every file below the folder, to see that nothing was written."""
        return {str(path.relative_to(self.path)): path.read_bytes() for path in sorted(self.path.rglob("*")) if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """An empty working folder, and a password in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISMA_PASSWORD", CANARY)
    return Folder(tmp_path, capsys)


@pytest.fixture
def applied(folder: Folder) -> Folder:
    """A folder whose file was applied to the emulator."""
    folder.write()
    done = folder.run("apply", "--yes")
    assert done.code == 0, done.err
    return folder


Runner = Callable[..., Ran]
