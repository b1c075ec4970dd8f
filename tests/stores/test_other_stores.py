"""Stores that other packages bring, extras that are missing, and that nothing is loaded before it is needed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.stores import opening
from tests.stores.conftest import CANARY, refusal, resolver, value

ROOT = Path(__file__).resolve().parents[2]
STORE = """
from reconciler.model import Secret
from reconciler.stores import Found, StoreError

opened = []


class Strange(Exception):
    pass


class Mine:
    def fetch(self, name, version):
        if name == "crash":
            raise Strange("{canary}")
        if name == "missing":
            raise StoreError("cannot be used: it is gone", "Look again.")
        if name == "nothing":
            return None
        if name == "empty":
            return Found(Secret(""))
        return Found(Secret(f"{canary} {name} {version}"), "v7")


def open_mine(environ):
    if environ.get("MINE") == "crash":
        raise Strange("{canary}")
    opened.append(dict(environ))
    return Mine()
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that is installed beside ours, with an entry point."""
    monkeypatch.delitem(sys.modules, "brought_store", raising=False)
    (tmp_path / "brought_store.py").write_text(STORE.replace("{canary}", CANARY), encoding="utf-8")
    about = tmp_path / "brought_store-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: brought-store\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(
        f"[{opening.ENTRY_POINTS}]\nmine = brought_store:open_mine\nvault = brought_store:open_mine\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    opening.others.cache_clear()
    yield tmp_path
    opening.others.cache_clear()


@pytest.mark.usefixtures("package")
def test_a_store_of_another_package_resolves_late_and_within_what_is_allowed() -> None:
    assert opening.others() == {"mine"}
    log: list[str] = []
    one = resolver({"A": "b"}, "mine:team/", log=log)
    assert "brought_store" not in sys.modules
    assert "is not allowed" in refusal(one, "mine:other/x")
    assert "brought_store" not in sys.modules
    assert value(one, "mine:team/x", "2") == f"{CANARY} team/x 2"
    assert log == ["secret mine:team/x: version v7"]
    value(one, "mine:team/y")
    assert sys.modules["brought_store"].opened == [{"A": "b"}]


@pytest.mark.usefixtures("package")
def test_a_store_of_another_package_that_fails_says_nothing_of_its_own() -> None:
    one = resolver({}, "mine:crash", "mine:missing", "mine:nothing", "mine:empty")
    assert "the store of the package brought-store failed (Strange). Ask whoever looks after that package." in refusal(one, "mine:crash")
    assert "it is gone. Look again." in refusal(one, "mine:missing")
    for name in ("nothing", "empty"):
        assert "the store of the package brought-store found nothing" in refusal(one, f"mine:{name}")
    broken = resolver({"MINE": "crash"}, "mine:missing")
    assert "the store of the package brought-store failed (Strange)" in refusal(broken, "mine:missing")


@pytest.mark.usefixtures("package")
def test_another_package_cannot_take_the_place_of_a_store_of_ours() -> None:
    assert "VAULT_ADDR is not set" in refusal(resolver({}, "vault:secret/"), "vault:secret/x#y")
    assert "brought_store" not in sys.modules


@pytest.mark.parametrize(("reference", "extra", "library"), [
    ("vault:secret/x#y", "vault", "hvac"), ("azure-key-vault:abc/x", "azure", "azure.identity"), ("keyring:a/b", "keyring", "keyring"),
])  # fmt: skip
def test_an_extra_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, reference: str, extra: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    module, _ = opening._OURS[reference.partition(":")[0]]
    monkeypatch.delitem(sys.modules, module, raising=False)
    said = refusal(resolver({}, reference), reference)
    assert f"the extra `{extra}` of reconciler is not installed. Install it: pip install 'reconciler[{extra}]'" in said


def test_files_are_checked_without_loading_any_library_of_a_store(tmp_path: Path) -> None:
    (tmp_path / "connections.yaml").write_text(
        "version: 1\nconnectors: {c: {name: C, url: 'https://c.example.com/x.svc'}}\nconnections:\n  a:\n    name: A\n    connector: c\n    scope: everyone\n    config:\n"
        "      A: {secret: 'vault:secret/x#y', version: 3}\n      B: {secret: azure-key-vault:abc/x}\n      C: {secret: keyring:a/b, version: x}\n",
        encoding="utf-8",
    )
    (tmp_path / "targets.yaml").write_text(
        "targets: {t: {kind: emulator, secrets: ['vault:secret/', 'azure-key-vault:abc/', 'keyring:a/b']}}\n", encoding="utf-8"
    )
    code = (
        "import json, sys\nfrom reconciler.cli.entry import run\nprint(json.dumps([run(['validate', '--target', 't']), "
        "[name for name in sys.modules if name.partition('.')[0] in ('hvac', 'azure', 'keyring', 'requests', 'msal')]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []], done.stderr
