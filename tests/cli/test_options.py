"""The options that stand before or after the command."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import FILE, Folder

OVERLAY = "connections: {visma-no: {description: Changed}}\n"


@pytest.mark.parametrize(
    "arguments", [("--format", "json", "validate"), ("validate", "--format", "json"), ("--format", "text", "validate", "--format", "json")]
)
def test_format_before_or_after_and_the_later_one_wins(folder: Folder, arguments: tuple[str, ...]) -> None:
    folder.write()
    assert json.loads(folder.run(*arguments).out)["valid"] is True


def test_files_before_and_after_are_laid_over_each_other_in_their_order(folder: Folder) -> None:
    folder.write(FILE, "base.yaml")
    folder.write(OVERLAY, "overlay.yaml")
    done = folder.run("-f", "base.yaml", "validate", "-f", "overlay.yaml", "--format", "json")
    assert [entry["path"] for entry in json.loads(done.out)["files"]] == ["base.yaml", "overlay.yaml"]


def test_the_target_stands_before_or_after(folder: Folder) -> None:
    folder.write()
    folder.write("targets: {play: {kind: emulator, journal: local, secrets: ['env:*']}}\n", "targets.yaml")
    for arguments in (("--target", "play", "history"), ("history", "--target", "play")):
        assert folder.run(*arguments).out == "History of play: no runs.\n"


def test_next_commands_repeat_what_was_given(folder: Folder) -> None:
    folder.write(FILE, "my file.yaml")
    done = folder.run("-f", "my file.yaml", "plan", "--target", "emulator")
    assert done.out.endswith('Next:  reconciler -f "my file.yaml" --target emulator apply\n')


def test_debug_writes_a_line_per_call_to_standard_error(applied: Folder) -> None:
    done = applied.run("plan", "--debug")
    lines = [line for line in done.err.splitlines() if line.startswith("debug  ")]
    assert len(lines) >= 3
    assert "debug" not in done.out
