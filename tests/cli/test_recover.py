"""An interrupted run: announced by reading commands, refused by writing ones, shown and settled by `recover`."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Folder

TARGETS = (
    "targets: {play: {kind: emulator, journal: local, secrets: ['env:*'], timeouts: {connect: 1s, read: 1s, connector: 1s, settle: 3s}}}\n"
)


@pytest.fixture
def interrupted(folder: Folder) -> Folder:
    """A run on `play` whose save was never answered and could not be read afterwards."""
    folder.write()
    folder.write(TARGETS, "targets.yaml")
    assert folder.run("--target", "play", "apply", "--yes").code == 0
    folder.change("IntegerField: 12", "IntegerField: 13")
    for operation, kind, nth in (("SaveConnection", "drop-after", "1"), ("GetConnection", "error-500-before", "6")):
        folder.run("emulator", "edit", "fault", operation, kind, "--nth", nth, "--times", "0")
    done = folder.run("--target", "play", "apply", "--yes")
    folder.run("emulator", "edit", "clear-faults")
    assert done.code == 6, done.out + done.err
    assert "What is known, and the choices: reconciler --target play recover\n" in done.out
    return folder


@pytest.mark.slow
def test_the_way_back(interrupted: Folder) -> None:
    refused = interrupted.run("--target", "play", "apply", "--yes")
    assert refused.code == 6
    assert "unfinished" in refused.err
    plan = interrupted.run("--target", "play", "plan")
    assert plan.code == 0
    assert "is unfinished: connection/visma-no." in plan.err
    assert plan.out.endswith("First:  reconciler --target play recover\n")
    for command in (("status",), ("history",), ("test",)):
        assert "is unfinished" in interrupted.run("--target", "play", *command).err
    shown = interrupted.run("--target", "play", "recover")
    assert shown.code == 6
    assert "reconciler --target play recover --back" in shown.out
    document = json.loads(interrupted.run("--target", "play", "recover", "--format", "json").out)
    assert [unit["address"] for unit in document["units"]] == ["connection/visma-no"]
    back = interrupted.run("--target", "play", "recover", "--back")
    assert back.code == 5, back.out + back.err
    assert "proved by a read" in back.out
    again = interrupted.run("--target", "play", "recover")
    assert (again.code, again.out) == (0, "Recovery on play: no run is unfinished; there is nothing to settle.\n")
    assert interrupted.run("--target", "play", "plan").err == ""


@pytest.mark.slow
def test_accepting_what_is_there(interrupted: Folder) -> None:
    done = interrupted.run("--target", "play", "recover", "--accept-current", "--format", "json")
    document = json.loads(done.out)
    assert (done.code, document["choice"], document["exit_code"]) == (0, "accept-current", 0)
    assert interrupted.run("--target", "play", "history").code == 0


def test_nothing_to_recover(folder: Folder) -> None:
    folder.write()
    assert folder.run("recover").code == 0
    assert folder.run("recover", "--back").code == 0
