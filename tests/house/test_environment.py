"""`.ci/python` finds a Python that can make a virtual environment, or prints the one command to type."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

SH = "/bin/sh"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")

GOOD = f'#!{SH}\nexec "{sys.executable}" "$@"\n'
OLD = f"#!{SH}\nexit 1\n"  # what an older Python answers, whose version fails the assertion
WITHOUT_VENV = f"""#!{SH}
exec "{sys.executable}" -c 'import sys; sys.modules["ensurepip"] = None; exec(sys.argv[1])' "$2"
"""


def find(folder: Path, programs: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/python` where nothing but these programs can be found."""
    for name, text in programs.items():
        program = folder / name
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
    command = [SH, str(ROOT / ".ci" / "python")]
    return subprocess.run(command, env={"PATH": str(folder), **environment}, capture_output=True, text=True, check=False)


def commands_to_type(message: str) -> list[str]:
    return [line.strip() for line in message.splitlines() if line.startswith("    ")]


@pytest.mark.parametrize("name", ["python3", "python", "python3.11", "python3.14"])
def test_it_prints_the_python_that_it_found(tmp_path: Path, name: str) -> None:
    result = find(tmp_path, {name: GOOD})
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{sys.executable}\n", "")


def test_it_goes_on_after_one_that_is_too_old_or_has_no_venv(tmp_path: Path) -> None:
    result = find(tmp_path, {"python3": OLD, "python3.14": WITHOUT_VENV, "python3.12": GOOD})
    assert (result.returncode, result.stdout) == (0, f"{sys.executable}\n")


def test_it_takes_no_other_than_the_one_that_was_asked_for(tmp_path: Path) -> None:
    result = find(tmp_path, {"python3": GOOD, "python3.9": OLD}, PYTHON="python3.9")
    assert result.returncode == 1
    assert "no Python 3.11 or newer was found (PYTHON=python3.9)" in result.stderr


def test_without_venv_it_prints_the_one_command_to_type(tmp_path: Path) -> None:
    result = find(tmp_path, {"python3": WITHOUT_VENV, "apt-get": GOOD, "id": f"#!{SH}\necho 0\n"})
    assert (result.returncode, result.stdout) == (1, "")
    assert commands_to_type(result.stderr) == [f"apt-get install -y python3.{sys.version_info.minor}-venv"]


def test_without_python_it_prints_the_one_command_to_type(tmp_path: Path) -> None:
    result = find(tmp_path, {"python3": OLD, "apt-get": GOOD, "id": f"#!{SH}\necho 1000\n"})
    assert (result.returncode, result.stdout) == (1, "")
    assert commands_to_type(result.stderr) == ["sudo apt-get install -y python3 python3-venv"]


def test_on_an_unknown_system_it_says_what_is_needed(tmp_path: Path) -> None:
    result = find(tmp_path, {})
    assert (result.returncode, result.stdout) == (1, "")
    assert commands_to_type(result.stderr) == ["install Python 3.11 or newer with its venv module"]
