"""Secrets resolve late, once, from where the target allows, and no message gives one away."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reconciler.desired import Resolver, secrets
from reconciler.errors import InputError
from reconciler.model import SecretRef, Target
from reconciler.ports import Secrets

CANARY = "canary-7f3a"
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def target(directory: Path, *allowed: str, **own: SecretRef) -> Target:
    return Target(name="prod", kind="emulator", directory=str(directory), secrets=allowed, **own)  # type: ignore[arg-type]


def resolver(directory: Path, *allowed: str, **environ: str) -> Resolver:
    return Resolver(target(directory, *(allowed or ("env:*", "file:./"))), environ)


def refused(one: Resolver, reference: str) -> str:
    with pytest.raises(InputError) as caught:
        one.resolve(SecretRef.parse(reference))
    (problem,) = caught.value.problems
    assert CANARY not in str(caught.value) + repr(caught.value) + repr(problem)
    assert caught.value.__cause__ is None
    assert reference in problem.message
    return f"{problem.code}: {problem.message} {problem.hint}"


def test_it_is_what_the_core_asks_for(tmp_path: Path) -> None:
    one: Secrets = resolver(tmp_path, A=CANARY)
    assert one.resolve(SecretRef("env", "A", "3")).reveal() == CANARY


def test_a_variable_that_is_missing_or_empty_says_what_to_set(tmp_path: Path) -> None:
    expected = "secret-missing: The secret env:A cannot be used: the environment variable A is {}. Set A and run again."
    assert refused(resolver(tmp_path), "env:A") == expected.format("not set")
    assert refused(resolver(tmp_path, A=""), "env:A") == expected.format("empty")


def test_a_value_is_read_once(tmp_path: Path) -> None:
    environ = {"A": CANARY}
    one = Resolver(target(tmp_path, "env:*"), environ)
    first = one.resolve(SecretRef("env", "A"))
    environ["A"] = "changed"
    assert one.resolve(SecretRef("env", "A", "2")) is first


@pytest.mark.parametrize(
    ("pattern", "reference", "allowed"),
    [
        ("env:VISMA_*", "env:VISMA_PASSWORD", True),
        ("env:VISMA_*", "env:visma_password", False),
        ("env:VISMA_*", "env:FORTNOX_PASSWORD", False),
        ("env:VISMA_?", "env:VISMA_A", True),
        ("env:A", "env:AB", False),
        ("env:*", "file:A", False),
        ("file:./", "file:a/b/c", True),
        ("file:secrets/", "file:secrets/a", True),
        ("file:secrets/", "file:secrets/b/a", True),
        ("file:secrets/", "file:secrets", False),
        ("file:secrets/", "file:secretsx/a", False),
        ("file:secrets/a", "file:secrets/a", True),
        ("file:secrets/a", "file:secrets/a/b", False),
        ("file:secrets/a", "file:secrets/ab", False),
    ],
)
def test_the_list_decides(tmp_path: Path, pattern: str, reference: str, allowed: bool) -> None:
    text = refused(resolver(tmp_path, pattern), reference)  # nothing is there, so everything fails, one way or the other
    assert text.startswith("secret-missing" if allowed else "secret-not-allowed")
    assert allowed or f"its `secrets` are: {pattern}." in text


def test_desired_state_never_gets_what_the_target_itself_uses(tmp_path: Path) -> None:
    own = target(tmp_path, "env:*", "file:./", fingerprint_key=SecretRef("env", "KEY"), journal=SecretRef("file", "journal"))
    one = Resolver(own, {"KEY": CANARY, "key": CANARY, "OTHER": CANARY})
    (tmp_path / "journal").write_text("url", encoding="utf-8")
    for reference in ("env:KEY", "env:key", "file:journal", "file:JOURNAL"):
        assert refused(one, reference).startswith(f"secret-not-allowed: The secret {reference} belongs to the target prod itself")
    assert one.resolve_own(SecretRef("env", "KEY")).reveal() == CANARY
    assert one.resolve_own(SecretRef("file", "journal")).reveal() == "url"
    with pytest.raises(InputError):
        one.resolve_own(SecretRef("env", "OTHER"))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"abc", "abc"),
        (b"abc\n", "abc"),
        (b"abc\r\n", "abc"),
        (b"abc\n\n", "abc\n"),
        (b" abc ", " abc "),
        (b"a\nb\n", "a\nb"),
        ("åß🙂\n".encode(), "åß🙂"),
        (b"x" * 65536, "x" * 65536),
    ],
)
def test_a_file_gives_its_text_without_the_last_line_end(tmp_path: Path, content: bytes, value: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a").write_bytes(content)
    assert resolver(tmp_path).resolve(SecretRef("file", "secrets/a")).reveal() == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"x" * 65537, "the file is larger than 64 KiB"),
        (CANARY.encode() + b"\xff", "the file is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_secret_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a").write_bytes(content)
    assert reason in refused(resolver(tmp_path), "file:a")


def test_the_folder_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(CANARY, encoding="utf-8")
    assert Resolver(target(tmp_path / "elsewhere", "file:./"), {}, tmp_path).resolve(SecretRef("file", "a")).reveal() == CANARY


@pytest.mark.parametrize(
    "name",
    ["../a", "/etc/passwd", "b/../a", "./a", "b//a", "b\\a", "C:/a", "a:stream", "a.", "a ", "..", ".", "b/", "a\0b", "x/" * 30 + "a"],
)
def test_a_path_that_could_lead_elsewhere_is_refused_before_anything_is_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_text(CANARY, encoding="utf-8")
    (tmp_path / "b").mkdir()
    assert refused(resolver(tmp_path / "b"), f"file:{name}").startswith(("secret-not-allowed", "secret-form"))


@needs_links
@pytest.mark.parametrize("link", ["one", "one/two", "one/two/three"])
@pytest.mark.parametrize("way", ["handles", "names"])
def test_a_link_at_any_step_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, way: str) -> None:
    """Also where the system cannot open one step after the other."""
    if way == "names":
        monkeypatch.setattr(secrets, "_open_below", secrets._open_resolved)
    outside = tmp_path / "outside" / "two"
    outside.mkdir(parents=True)
    (outside / "three").write_text(CANARY, encoding="utf-8")
    root = tmp_path / "root"
    place = root / link
    place.parent.mkdir(parents=True)
    place.symlink_to({"one": tmp_path / "outside", "one/two": outside, "one/two/three": outside / "three"}[link])
    assert "a link" in refused(resolver(root), "file:one/two/three")
    place.unlink()
    place.parent.mkdir(exist_ok=True)
    (root / "one" / "two").mkdir(parents=True, exist_ok=True)
    (root / "one" / "two" / "three").write_text("fine", encoding="utf-8")
    assert resolver(root).resolve(SecretRef("file", "one/two/three")).reveal() == "fine"


@needs_links
def test_the_folder_itself_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text(CANARY, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert resolver(tmp_path / "link").resolve(SecretRef("file", "a")).reveal() == CANARY
    os.close(secrets._open_resolved(tmp_path / "link", ("a",)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text(CANARY, encoding="utf-8")
    assert "not a regular file" in refused(resolver(tmp_path), "file:pipe")
    assert "not a regular file" in refused(resolver(tmp_path), "file:folder")
    assert "does not exist" in refused(resolver(tmp_path), "file:gone")
    assert "no folder" in refused(resolver(tmp_path), "file:file/below")
    assert "does not exist" in refused(resolver(tmp_path / "gone"), "file:a")


@pytest.mark.skipif(sys.platform == "win32", reason="rights differ on Windows")
def test_a_file_without_rights_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(CANARY, encoding="utf-8")
    path.chmod(0)
    steps_down = os.geteuid() == 0
    if steps_down:
        os.seteuid(65534)
    try:
        assert "permission denied" in refused(resolver(tmp_path), "file:a")
    finally:
        if steps_down:
            os.seteuid(0)


def test_no_handle_is_left_open(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a").write_text(CANARY, encoding="utf-8")
    before = len([*Path("/proc/self/fd").iterdir()])
    resolver(tmp_path).resolve(SecretRef("file", "b/a"))
    for reference in ("file:b/gone", "file:gone/a", "file:b"):
        refused(resolver(tmp_path), reference)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
