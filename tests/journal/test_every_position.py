"""A journal of two hundred events, tampered with at every position, as somebody would who owns the file: the head is made to fit, too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.cli.entry import run
from reconciler.journal.store import Checked, journal_path
from tests.journal.places import open_at, tamper
from tests.journal.test_store import write_good_run

COUNT = 200
TARGET = "emulator"
Row = tuple[int, str, str, str, str, str, str, str, str]


class Owned:
    """The file, the rows that belong into it, and what the check of the journal finds in other ones."""

    def __init__(self, place: Path) -> None:
        self.place = place
        with open_at(str(place)) as store:
            for number in range(COUNT // 8):
                write_good_run(store.journal(TARGET, f"20261122-1430{number:02}-7f3a"))
        tamper(str(place))
        with closing(sqlite3.connect(place)) as file:
            self.whole: list[Row] = file.execute("SELECT * FROM event ORDER BY seq").fetchall()
            self.fields = [column[0] for column in file.execute("SELECT * FROM event").description]

    @property
    def head(self) -> str:
        return str(self.whole[-1][self.fields.index("hash")])

    def put(self, rows: list[Row]) -> None:
        """Make these the events, with a head that fits."""
        with closing(sqlite3.connect(self.place, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = OFF")
            file.execute("BEGIN")
            file.execute("DELETE FROM event")
            file.executemany(f"INSERT INTO event VALUES ({', '.join('?' * len(self.fields))})", rows)
            last = rows[-1] if rows else None
            file.execute("UPDATE head SET seq = ?, hash = ?", (last[0], last[self.fields.index("hash")]) if last else (0, ""))
            file.execute("COMMIT")

    def check(self, rows: list[Row], *anchors: str) -> Checked:
        self.put(rows)
        with open_at(str(self.place), create=False) as store:
            return store.verify(anchors)


@pytest.fixture(scope="module", name="owned")
def an_owned_file(tmp_path_factory: pytest.TempPathFactory) -> Owned:
    folder = tmp_path_factory.mktemp("owned")
    owned = Owned(journal_path(folder))
    assert len(owned.whole) == COUNT
    assert owned.check(owned.whole, owned.head).sound
    return owned


def renumbered(rows: list[Row]) -> list[Row]:
    """Numbers from 1 without a gap, as a journal has them."""
    return [(number, *row[1:]) for number, row in enumerate(rows, 1)]


def changed(owned: Owned, at: int) -> list[Row]:
    """One thing that an event says is another one; which, changes with the position."""
    name = owned.fields[1 + at % (len(owned.fields) - 1)]
    row = list(owned.whole[at])
    place = owned.fields.index(name)
    row[place] = f"{row[place]} " if name != "bulk" else '{"more":1}'
    return [*owned.whole[:at], tuple(row), *owned.whole[at + 1 :]]  # type: ignore[list-item]


def inserted(owned: Owned, at: int) -> list[Row]:
    """An event stands there twice."""
    return renumbered([*owned.whole[: at + 1], *owned.whole[at:]])


def deleted(owned: Owned, at: int) -> list[Row]:
    """An event is gone; at the end that is the same as cutting it off."""
    return renumbered([*owned.whole[:at], *owned.whole[at + 1 :]])


def reordered(owned: Owned, at: int) -> list[Row]:
    """Two neighbours changed places."""
    one, other = (at, at + 1) if at + 1 < COUNT else (0, at)
    rows = list(owned.whole)
    rows[one], rows[other] = rows[other], rows[one]
    return renumbered(rows)


@pytest.mark.parametrize("how", [changed, inserted, deleted, reordered])
def test_whatever_is_done_to_an_event_is_found_at_every_position(owned: Owned, how: Callable[[Owned, int], list[Row]]) -> None:
    for at in range(COUNT):
        found = owned.check(how(owned, at), owned.head)
        assert not found.sound, at
        if how is changed:
            assert found.broken is not None
            assert found.broken.seq == at + 1


def test_a_journal_that_is_cut_off_anywhere_is_found_by_a_head_that_was_kept(owned: Owned) -> None:
    for kept in range(COUNT):
        found = owned.check(owned.whole[:kept], owned.head)
        assert (found.broken, found.missing) == (None, (owned.head,)), kept  # the chain alone shows nothing: that is what the anchor is for


@pytest.fixture
def typed(owned: Owned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[list[Row]], int]]:
    """What `audit verify --anchor` ends with."""
    monkeypatch.chdir(owned.place.parent.parent)
    for name in ("CI", "RECONCILER_TARGETS"):
        monkeypatch.delenv(name, raising=False)

    def verify(rows: list[Row]) -> int:
        owned.put(rows)
        code = run(["audit", "verify", "--anchor", owned.head])
        capsys.readouterr()
        return code

    yield verify
    owned.put(owned.whole)


def test_the_command_says_so_with_3(owned: Owned, typed: Callable[[list[Row]], int]) -> None:
    assert typed(owned.whole) == 0
    for at in range(0, COUNT, 40):
        for how in (changed, inserted, deleted, reordered):
            assert typed(how(owned, at)) == 3, (how, at)
        assert typed(owned.whole[:at]) == 3, at
