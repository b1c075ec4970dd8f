"""A fingerprint and a sealed value belong to one key, target, address and field, and show nothing."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InputError
from reconciler.journal.sealing import KeyedSealer, NoKey, comparable, generated_key
from reconciler.model import Secret
from tests.journal.bodies import A, B
from tests.journal.children import as_ordinary_user, open_folder, posix_only

KEY = Secret("0123456789abcdef-test-key")
FIELD = "PasswordField"
VALUE = Secret("Ærøskøbing/hunter2-canary")


def sealer(key: Secret = KEY, target: str = "prod") -> KeyedSealer:
    return KeyedSealer(key, target=target)


def test_a_fingerprint_is_the_same_for_the_same_value_and_place_only() -> None:
    one = sealer().fingerprint(VALUE, address=A, field=FIELD)
    assert one == sealer().fingerprint(Secret("Ærøskøbing/hunter2-canary"), address=A, field=FIELD)
    others = {
        sealer().fingerprint(Secret("Ærøskøbing/hunter3-canary"), address=A, field=FIELD),
        sealer().fingerprint(VALUE, address=B, field=FIELD),
        sealer().fingerprint(VALUE, address=A, field="Other"),
        sealer(target="test").fingerprint(VALUE, address=A, field=FIELD),
        sealer(Secret("another key of 16 bytes")).fingerprint(VALUE, address=A, field=FIELD),
        one,
    }
    assert len(others) == 6


def test_places_that_run_together_differ() -> None:
    made = sealer()
    assert made.fingerprint(VALUE, address="a", field="bc") != made.fingerprint(VALUE, address="ab", field="c")
    assert made.fingerprint(Secret("x"), address="a", field='b","c') != made.fingerprint(Secret("x"), address='a","b', field="c")


def test_fingerprints_of_different_keys_are_not_comparable() -> None:
    one = sealer().fingerprint(VALUE, address=A, field=FIELD)
    changed = sealer().fingerprint(Secret("x"), address=A, field=FIELD)
    rekeyed = sealer(Secret("another key of 16 bytes")).fingerprint(VALUE, address=A, field=FIELD)
    assert comparable(one, changed)
    assert not comparable(one, rekeyed)
    assert not comparable("", "")
    assert not comparable(one, "")


def test_a_sealed_value_comes_back_at_its_place_only() -> None:
    sealed = sealer().seal(VALUE, address=A, field=FIELD)
    back = sealer().unseal(sealed, address=A, field=FIELD)
    assert back is not None
    assert back.same_as(VALUE)
    assert sealer().unseal(sealed, address=B, field=FIELD) is None
    assert sealer().unseal(sealed, address=A, field="Other") is None
    assert sealer(target="test").unseal(sealed, address=A, field=FIELD) is None
    assert sealer(Secret("another key of 16 bytes")).unseal(sealed, address=A, field=FIELD) is None


def test_sealing_twice_gives_two_texts_and_none_shows_the_value() -> None:
    one, two = (sealer().seal(VALUE, address=A, field=FIELD) for _ in range(2))
    assert one != two
    assert b"hunter2" not in base64.b64decode(one) + one.encode()


@pytest.mark.parametrize("at", [0, 1, 5, 13, 20, -1])
def test_a_changed_sealed_value_does_not_open(at: int) -> None:
    content = bytearray(base64.b64decode(sealer().seal(VALUE, address=A, field=FIELD)))
    content[at] ^= 1
    assert sealer().unseal(base64.b64encode(content).decode(), address=A, field=FIELD) is None


@pytest.mark.parametrize("sealed", ["", "AA==", "AQ==", "not base64!", "ø", "AQ" * 40, base64.b64encode(b"\x01" + bytes(12)).decode()])
def test_what_is_no_sealed_value_does_not_open(sealed: str) -> None:
    assert sealer().unseal(sealed, address=A, field=FIELD) is None


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_comes_back(text: str) -> None:
    made = sealer()
    back = made.unseal(made.seal(Secret(text), address=A, field=FIELD), address=A, field=FIELD)
    assert back is not None
    assert back.reveal() == text
    assert made.fingerprint(Secret(text), address=A, field=FIELD)


@pytest.mark.parametrize("key", ["", "short-canary", "fifteen-canary-"])
def test_a_short_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InputError) as caught:
        KeyedSealer(Secret(key), target="prod", reference="env:RECONCILER_KEY")
    assert "env:RECONCILER_KEY" in str(caught.value)
    assert "canary" not in str(caught.value) + repr(caught.value)


def test_a_sealer_shows_nothing() -> None:
    assert "0123456789" not in repr(sealer())


def test_without_a_key_every_answer_is_empty() -> None:
    none = NoKey()
    assert not none.has_key
    assert none.fingerprint(VALUE, address=A, field=FIELD) == ""
    assert none.seal(VALUE, address=A, field=FIELD) == ""
    assert none.unseal("AQ==", address=A, field=FIELD) is None


def test_a_generated_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / ".reconciler" / "key"
    one, two = generated_key(path), generated_key(path)
    assert one.same_as(two)
    assert len(one.reveal()) == 64
    assert KeyedSealer(one, target="emulator").has_key
    assert [file.name for file in path.parent.iterdir()] == ["key"]
    if os.name == "posix":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_those_who_start_together_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    found: list[str] = []
    together = threading.Barrier(8)

    def make() -> None:
        together.wait()
        found.append(generated_key(path).reveal())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


@posix_only
def test_a_key_file_that_is_not_safe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    generated_key(path)
    path.chmod(0o640)
    with pytest.raises(InputError, match=f"chmod 600 {path}"):
        generated_key(path)
    link = tmp_path / "link"
    path.chmod(0o600)
    link.symlink_to(path)
    with pytest.raises(InputError):
        generated_key(link)
    empty = tmp_path / "empty"
    empty.touch(0o600)
    with pytest.raises(InputError, match="holds no key"):
        generated_key(empty)
    with pytest.raises(InputError, match="cannot be made or read"):
        generated_key(tmp_path / "missing" / "deeper" / "key")
    with pytest.raises(InputError):
        generated_key(tmp_path)


@posix_only
def test_a_key_file_in_a_forbidden_folder_is_an_input_error() -> None:
    with open_folder() as folder:
        folder.chmod(0o500)

        def act() -> None:
            with pytest.raises(InputError, match="cannot be made or read"):
                generated_key(folder / "key")

        as_ordinary_user(act)


def test_cryptography_and_sqlite_are_loaded_late() -> None:
    script = """
import sys
import reconciler.journal, reconciler.journal.sealing, reconciler.journal.transitions, reconciler.journal.fold, reconciler.journal.view
import reconciler.journal.planfile, reconciler.journal.chain
print(sorted({"cryptography", "sqlite3"} & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert said.stdout == "[]\n"
