"""`--help` and `--version` start as fast as click alone: they load click and light parts of the standard library, nothing heavy."""

import json
import subprocess
import sys

import pytest

from tests.house.checkout import ROOT

# What costs milliseconds or opens something. What click loads by itself does not count against us.
HEAVY = {
    *("asyncio", "concurrent.futures", "ctypes", "email", "hashlib", "html", "http", "importlib.metadata", "logging", "multiprocessing"),
    *("pdb", "pickle", "pydoc", "secrets", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "unittest", "urllib.request", "uuid"),
    *("xml", "zipfile"),
}

PROBE = """
import json, sys, sysconfig
sys.argv[0] = "reconciler"
before = set(sys.modules)
try:
    {run}
except SystemExit:
    pass
site = sysconfig.get_path("purelib"), sysconfig.get_path("platlib")
files = {{name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items() if name not in before}}
foreign = {{name.partition(".")[0] for name, file in files.items() if file.startswith(site)}}
sys.stderr.write(json.dumps({{"all": sorted(files), "foreign": sorted(foreign)}}))
"""
OURS = PROBE.format(run="from reconciler.cli import main; main()")
CLICK = PROBE.format(run="import click; click.group(lambda: None)()")


def loaded(program: str, *arguments: str) -> dict[str, set[str]]:
    """The modules that a program has loaded when it ends: all, and the top names of those from outside the standard library."""
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert result.stdout
    modules: dict[str, list[str]] = json.loads(result.stderr.splitlines()[-1])
    return {kind: set(names) for kind, names in modules.items()}


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_it_loads_click_and_light_standard_library_only(argument: str) -> None:
    baseline = loaded(CLICK, "--help")
    ours = loaded(OURS, argument)
    assert ours["foreign"] - baseline["foreign"] <= {"reconciler"}
    assert ours["all"] & HEAVY - baseline["all"] == set()


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_it_loads_no_part_of_ours_but_the_commands(argument: str) -> None:
    parts = {name.split(".")[1] for name in loaded(OURS, argument)["all"] if name.startswith("reconciler.")}
    assert parts <= {"cli", "errors"}


def test_the_version_is_the_literal() -> None:
    source = (ROOT / "reconciler" / "__init__.py").read_text(encoding="utf-8")
    result = subprocess.run([sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True, check=True)
    version = result.stdout.split()[-1]
    assert f'__version__ = "{version}"' in source
