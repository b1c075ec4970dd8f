"""What the demonstration leaves behind."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from reconciler.cli.demo import keep, shipped_example


def test_the_demonstration_leaves_a_folder_in_which_its_next_command_works(tmp_path: Path) -> None:
    """A file and a state that are there already are left alone."""
    played, here = tmp_path / "played", tmp_path / "here"
    (played / ".reconciler").mkdir(parents=True)
    (played / ".reconciler" / "emulator.db").write_text("state")
    here.mkdir()
    said, kept = keep(played, here)
    assert kept
    assert "connections.yaml" in said
    assert (here / "connections.yaml").read_bytes() == shipped_example().read_bytes()
    assert stat.S_IMODE((here / ".reconciler").stat().st_mode) == 0o700
    (here / "connections.yaml").write_text("mine")
    assert keep(played, here) == (
        "There is a .reconciler folder here already, so it was left alone; the demonstration's own state is gone.", False,
    )  # fmt: skip
    shutil.rmtree(here / ".reconciler")
    assert keep(played, here)[1]
    assert (here / "connections.yaml").read_text() == "mine"
