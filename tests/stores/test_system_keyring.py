"""Secrets of the system's keyring, through its own library and a backend of ours."""

import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from tests.stores.conftest import CANARY, refusal, resolver, value
from tests.stores.file_keyring import FileKeyring

ALLOWED = "keyring:reconciler/"


@pytest.fixture(autouse=True)
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "keyring.json"
    path.write_text(json.dumps({"reconciler/visma": CANARY, "reconciler/empty": ""}), encoding="utf-8")
    monkeypatch.setenv("TEST_KEYRING", str(path))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield path
    keyring.set_keyring(before)


def test_an_entry_is_read_once_and_a_version_is_a_mark_only(entries: Path) -> None:
    log: list[str] = []
    one = resolver({}, ALLOWED, log=log)
    assert value(one, "keyring:reconciler/visma") == CANARY
    entries.unlink()
    assert value(one, "keyring:reconciler/visma", "2") == CANARY
    assert log == ["secret keyring:reconciler/visma: read"]


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    one = resolver({}, ALLOWED)
    for user in ("nobody", "empty"):
        assert f"has no such entry. Type `keyring set reconciler {user}`." in refusal(one, f"keyring:reconciler/{user}")
    monkeypatch.setenv("TEST_KEYRING", "locked")
    assert "the keyring is locked" in refusal(one, "keyring:reconciler/visma")
    monkeypatch.setenv("TEST_KEYRING", "broken")
    assert "the keyring failed (InitError)" in refusal(one, "keyring:reconciler/visma")
    keyring.set_keyring(keyring.backends.fail.Keyring())
    assert "this machine has no keyring" in refusal(one, "keyring:reconciler/visma")
    assert "is not allowed" in refusal(one, "keyring:other/visma")
