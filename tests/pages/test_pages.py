"""Every command of the documentation is executed, in its order, and what a page shows is what comes out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.pages import COMMANDS, ROOT, blocks_of, page_names
from tests.pages.stage import Stage, warm_command

MEND = "If the page should say what came out: make docs"

PLAYED = [page for page in page_names() if any(block.language in COMMANDS for block in blocks_of(page, (ROOT / page).read_text("utf-8")))]


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if os.name == "nt" or shutil.which("bash") is None:
        pytest.skip("the pages are typed in a POSIX shell")
    with warm_command(tmp_path_factory.mktemp("warm")) as place:
        yield place


@pytest.mark.parametrize("page", PLAYED)
def test_every_command_ends_as_the_page_says_and_prints_what_it_shows(page: str, commands: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, commands)
    try:
        found = stage.play(blocks_of(page, (ROOT / page).read_text("utf-8")))
    finally:
        stage.close()
    assert not found.complaints, "\n\n".join([*found.complaints, MEND])


def test_every_block_is_executed() -> None:
    assert [block.place for page in page_names() for block in blocks_of(page, (ROOT / page).read_text("utf-8")) if block.note("skip")] == []


def test_no_command_hides_in_a_block_without_a_language() -> None:
    """A block without one is not executed, and nobody would notice."""
    bare = [
        b.place for page in page_names() for b in blocks_of(page, (ROOT / page).read_text("utf-8")) if b.language == "" and "$ " in b.text
    ]
    assert bare == []
