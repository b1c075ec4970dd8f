"""A plan is written whole or not at all, and read once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.errors import InputError, StalePlan
from reconciler.journal import planfile
from reconciler.journal.planfile import read_plan, write_plan
from tests.journal.children import as_ordinary_user, open_folder, posix_only


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, b'{"a":1}\r\n')
    write_plan(path, b'{"b":2}\r\n')
    assert read_plan(path) == b'{"b":2}\r\n'
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_earlier_plan_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, b"one")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_plan(path, b"two")
    assert read_plan(path) == b"one"
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize("place", ["missing/plan.json", ".", "folder", "x\0y"])
def test_a_place_where_no_plan_can_be_written_is_an_input_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as caught:
        write_plan(tmp_path / place, b"x")
    assert caught.value.exit_code == 1
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("place", ["missing.json", "missing/plan.json", "folder", "x\0y"])
def test_a_place_where_no_plan_can_be_read_is_an_input_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as caught:
        read_plan(tmp_path / place)
    assert caught.value.exit_code == 1


@posix_only
def test_links_pipes_and_devices_are_refused_without_hanging_and_left_alone(tmp_path: Path) -> None:
    real, link, dangling, pipe = (tmp_path / name for name in ("real", "link", "dangling", "pipe"))
    write_plan(real, b"real")
    link.symlink_to(real)
    dangling.symlink_to(tmp_path / "nowhere")
    os.mkfifo(pipe)
    for odd in (link, dangling, pipe, Path(os.devnull)):
        with pytest.raises(StalePlan if odd in (link, dangling) else InputError) as caught:
            read_plan(odd)
        assert caught.value.exit_code == (4 if odd in (link, dangling) else 1)
        with pytest.raises(InputError):
            write_plan(odd, b"x")
    assert read_plan(real) == b"real"
    assert link.is_symlink()
    assert pipe.is_fifo()
    assert not (tmp_path / "nowhere").exists()


@posix_only
def test_where_no_flag_refuses_links_what_was_opened_is_held_against_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows; also for a link that takes the file's place at the very moment of the opening."""
    real, path = tmp_path / "real", tmp_path / "plan.json"
    write_plan(real, b"real")
    write_plan(path, b"plan")
    monkeypatch.setattr(planfile, "_NO_FOLLOW", 0)
    assert read_plan(path) == b"plan"
    opened = os.open

    def swapped(name: Path, flags: int, *more: int) -> int:
        path.unlink()
        path.symlink_to(real)
        return opened(name, flags, *more)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(StalePlan):
        read_plan(path)


def test_a_file_larger_than_any_plan_is_not_a_plan(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(planfile.MAX_PLAN_BYTES)
    assert len(read_plan(path)) == planfile.MAX_PLAN_BYTES
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(StalePlan) as caught:
        read_plan(path)
    assert caught.value.exit_code == 4


@posix_only
def test_a_plan_that_may_not_be_read_or_written_is_an_input_error() -> None:
    with open_folder() as folder:
        path = folder / "plan.json"

        def act() -> None:
            write_plan(path, b"x")
            path.chmod(0)
            with pytest.raises(InputError, match="Permission denied"):
                read_plan(path)
            folder.chmod(0o500)
            with pytest.raises(InputError, match="Permission denied"):
                write_plan(path, b"y")

        as_ordinary_user(act)
