"""Full disks, forbidden folders, links, and processes that are killed: what was acknowledged stays, and the rest is a JournalError."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import JournalError
from reconciler.journal.store import journal_path, open_store
from tests.journal.bodies import RUN, TARGET, StepClock, body
from tests.journal.children import answer, as_ordinary_user, child, end, open_folder, posix_only


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal_path(tmp_path)


# --- permissions and links ---------------------------------------------------------------------------------------------


@posix_only
def test_only_the_owner_may_look_into_a_new_journal(path: Path) -> None:
    before = os.umask(0)
    try:
        with open_store(path, clock=StepClock()) as store:
            store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
            modes = {file.name: file.stat().st_mode & 0o777 for file in [path.parent, *path.parent.iterdir()]}
    finally:
        os.umask(before)
    assert modes == {".reconciler": 0o700, "journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o660, 0o610])
def test_a_journal_that_others_may_read_or_write_is_refused(path: Path, mode: int) -> None:
    open_store(path, clock=StepClock()).close()
    path.chmod(mode)
    with pytest.raises(JournalError, match="others may read or write") as caught:
        open_store(path, clock=StepClock(), create=False)
    assert caught.value.hint == f"chmod 600 {path}"


@posix_only
@pytest.mark.parametrize(("mode", "refused"), [(0o770, True), (0o702, True), (0o755, False), (0o500, False)])
def test_a_folder_in_which_others_may_swap_the_journal_is_refused(path: Path, mode: int, refused: bool) -> None:
    open_store(path, clock=StepClock()).close()
    path.parent.chmod(mode)
    try:
        if refused:
            with pytest.raises(JournalError, match="in the place of") as caught:
                open_store(path, clock=StepClock())
            assert caught.value.hint == f"chmod 700 {path.parent}"
        elif os.geteuid() == 0 or mode != 0o500:
            open_store(path, clock=StepClock()).close()
    finally:
        path.parent.chmod(0o700)


@posix_only
@pytest.mark.parametrize("create", [True, False])
def test_links_are_refused(tmp_path: Path, create: bool) -> None:
    real = journal_path(tmp_path / "elsewhere")
    real.parent.parent.mkdir()
    open_store(real, clock=StepClock()).close()
    (tmp_path / ".reconciler").symlink_to(real.parent)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "linked").mkdir(mode=0o700)
    (tmp_path / "linked" / "journal.db").symlink_to(real)
    for place in (tmp_path / ".reconciler" / "journal.db", tmp_path / "linked" / "journal.db", tmp_path / "dangling"):
        with pytest.raises(JournalError, match="symbolic link"):
            open_store(place, clock=StepClock(), create=create)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_at_the_journals_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    with pytest.raises(JournalError, match="is not a file"):
        open_store(path, clock=StepClock())


def test_a_journal_in_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="nothing is sent without a record"):
        open_store(journal_path(tmp_path / "missing"), clock=StepClock())


@posix_only
def test_a_folder_that_may_not_be_written_is_an_error() -> None:
    with open_folder() as folder:
        folder.chmod(0o500)

        def act() -> None:
            with pytest.raises(JournalError, match="nothing is sent without a record"):
                open_store(journal_path(folder), clock=StepClock())

        as_ordinary_user(act)


@posix_only
def test_a_file_that_may_not_be_written_is_an_error_and_keeps_its_events() -> None:
    with open_folder() as folder:
        path = journal_path(folder)

        def act() -> None:
            with open_store(path, clock=StepClock()) as store:
                store.journal(TARGET, RUN).append("run-opened", body("run-opened"))
            path.chmod(0o400)
            with pytest.raises(JournalError, match="nothing was recorded"), open_store(path, clock=StepClock()) as store:
                store.journal(TARGET, RUN).append("note", body("note"))
            path.chmod(0o600)
            with open_store(path, clock=StepClock()) as store:
                assert store.verify().events == 1

        as_ordinary_user(act)


# --- full disks --------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_an_error_and_when_there_is_room_it_goes_on(path: Path) -> None:
    with open_store(path, clock=StepClock()) as store:
        journal = store.journal(TARGET, RUN)
        journal.append("run-opened", body("run-opened"))
        ((pages,),) = store.database.rows("PRAGMA page_count")
        store.database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError, match="the disk is full; nothing was recorded, and nothing is sent without a record"):
            journal.append("note", {"text": "x" * 100_000})
        assert store.verify().events == 1
        store.database.rows("PRAGMA max_page_count = 1000000")
        assert journal.append("note", {"text": "x" * 100_000}) == 2
        assert store.verify().sound


FILL = """
import resource
with open_store(path, clock=StepClock()) as store:
    journal = store.journal(TARGET, "r1")
    journal.append("run-opened", body("run-opened"))
    if sys.argv[2] == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    last = 1
    try:
        while True:
            last = journal.append("note", {"text": "x" * 1000})
    except ReconcilerError as error:
        say("refused", last, type(error).__name__)
    try:
        journal.append("note", {"text": "x" * 5000})
        say("went on")
    except ReconcilerError as error:
        say("refused", last, type(error).__name__)
"""


@posix_only
def test_a_file_that_may_not_grow_is_an_error_and_keeps_its_events(path: Path) -> None:
    writer = child(FILL, path, "limit")
    try:
        said = answer(writer)
        assert (said[0], said[2]) == ("refused", "JournalError")
        assert answer(writer) == said
        assert writer.wait(timeout=20) == 0
    finally:
        end(writer)
    with open_store(path, clock=StepClock()) as store:
        assert int(said[1]) > 3
        assert (store.verify().events, store.verify().sound) == (int(said[1]), True)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "tiny"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and os.name == "posix" and os.geteuid() == 0
    if (
        not made
        or subprocess.run([str(mount), "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], capture_output=True, check=False).returncode
    ):
        pytest.skip("only root may make a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_runs_full_is_an_error_and_keeps_its_events(tiny_disk: Path) -> None:
    path = journal_path(tiny_disk)
    writer = child(FILL, path, "disk")
    try:
        said = answer(writer)
        assert (said[0], said[2]) == ("refused", "JournalError")
        answer(writer)
        assert writer.wait(timeout=20) == 0
    finally:
        end(writer)
    kept = tiny_disk.parent / "kept"
    shutil.copytree(path.parent, kept)
    with open_store(kept / path.name, clock=StepClock()) as store:
        assert int(said[1]) > 3
        assert store.verify().sound
        assert store.verify().events == int(said[1])


# --- killed at any moment ----------------------------------------------------------------------------------------------

APPEND = """
with open_store(path, clock=StepClock()) as store:
    journal = store.journal(TARGET, sys.argv[2])
    say(journal.append("run-opened", body("run-opened")))
    journal.append("unit-opened", body("unit-opened"))
    while True:
        seq = journal.append("intent", body("intent", sets={"text": "x" * 300}))
        say(seq)
        say(journal.append("outcome", body("outcome", intent=seq)))
"""


def acknowledged(writer: subprocess.Popen[str], seconds: float) -> int:
    """Listen for a while, kill, and return the last number that was acknowledged."""
    last = int(answer(writer)[0])
    assert writer.stdout is not None
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        last = int(answer(writer)[0])
    writer.kill()
    for line in writer.stdout:
        if line.endswith("\n"):
            last = int(line)
    return last


def test_a_killed_process_leaves_a_whole_chain_with_every_acknowledged_event(path: Path) -> None:
    chance = random.Random(20261122)
    for number in range(20):
        writer = child(APPEND, path, f"r{number}")
        try:
            last = acknowledged(writer, chance.uniform(0, 0.08))
        finally:
            end(writer)
        with open_store(path, clock=StepClock()) as store:
            checked = store.verify()
            assert checked.sound
            # One more than was acknowledged may be durable: killed between the commit and the word.
            assert last <= checked.events <= last + 1
            assert len(store.recorded(TARGET).open_runs) == number + 1
            assert store.view(f"r{number}").unfinished
