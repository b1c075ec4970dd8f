"""The client comes from a lock file that names no registry; it is installed once; without a network a person reads what to do."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.contract import vendor

PACKAGE = "node_modules/@superoffice/webapi"


def test_the_lock_file_names_no_registry_and_a_recent_client() -> None:
    packages = json.loads((vendor.HERE / "package-lock.json").read_bytes())["packages"]
    assert [name for name, its in packages.items() if "resolved" in its] == []
    assert [name for name, its in packages.items() if name and not its["integrity"].startswith("sha512-")] == []
    assert tuple(int(part) for part in packages[PACKAGE]["version"].split(".")) >= (12, 4)


def test_what_is_installed_is_what_the_lock_file_says() -> None:
    locked = json.loads((vendor.HERE / "package-lock.json").read_bytes())["packages"]
    for name, its in locked.items():
        if name:
            assert json.loads((vendor.installed() / name / "package.json").read_bytes())["version"] == its["version"]


def test_several_processes_install_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installs: list[Path] = []

    def slowly(folder: Path, _environ: dict[str, str]) -> None:
        installs.append(folder)
        time.sleep(0.1)

    monkeypatch.setattr(vendor, "_install", slowly)
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: vendor.installed(tmp_path), range(4)))
    assert len(installs) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"lock", *(folder.name for folder in folders)}


def test_without_a_registry_a_person_reads_what_to_do(tmp_path: Path) -> None:
    nowhere = {
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_fetch_retries": "0",
    }
    with pytest.raises(vendor.NotInstalledError, match="ECONNREFUSED") as caught:
        vendor.installed(tmp_path, {**os.environ, **nowhere})
    assert "pytest --ignore tests/contract" in str(caught.value)
    with pytest.raises(vendor.NotInstalledError):  # a half-made folder does not count as installed
        vendor.installed(tmp_path, {**os.environ, **nowhere})
