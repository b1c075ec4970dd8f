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
    reading = (("status",), ("history",), ("test",), ("lease",), ("journal", "check"), ("compare", "play", "connections.yaml"))
    for command in (*reading, ("validate", "--online"), ("refresh", "visma-no"), ("dump",)):
        assert "is unfinished" in interrupted.run("--target", "play", *command).err, command
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


@pytest.mark.slow
def test_going_on_to_what_was_asked_for(interrupted: Folder) -> None:
    done = interrupted.run("--target", "play", "recover", "--forward", "--ticket", "OPS-7", "--reason", "the change is wanted today")
    assert done.code == 0, done.out + done.err
    assert "1 as desired" in done.out
    again = interrupted.run("--target", "play", "plan", "--detailed-exitcode")
    assert again.code == 0, again.out
    run = json.loads(interrupted.run("--target", "play", "history", "--format", "json").out)["runs"][-1]["run"]
    shown = json.loads(interrupted.run("--target", "play", "show", run, "--format", "json").out)
    (recovery,) = shown["recoveries"]
    assert (recovery["choice"], recovery["why"]) == ("forward", {"ticket": "OPS-7", "reason": "the change is wanted today"})
    assert recovery["actor"]["user"]


@pytest.mark.slow
def test_a_parked_connection_stays_off_until_somebody_permits_it(interrupted: Folder) -> None:
    for wrong in (("--park",), ("--park", "--reason", " "), ("--park", "--back", "--reason", "x")):
        assert interrupted.run("--target", "play", "recover", *wrong).code == 64
    done = interrupted.run("--target", "play", "recover", "--park", "--reason", "the ERP moves until Friday")
    assert done.code == 0, done.out + done.err
    assert "It is parked, switched off on purpose: the ERP moves until Friday" in done.out
    assert "next:" not in done.out
    assert interrupted.run("--target", "play", "recover").code == 0
    plan = interrupted.run("--target", "play", "plan")
    assert plan.code == 3
    assert "parked  connection/visma-no" in plan.out
    assert "The reason was: the ERP moves until Friday" in plan.out
    assert interrupted.run("--target", "play", "apply", "--yes").code == 3
    permit = ("--allow", "parked=connection/visma-no")
    assert interrupted.run("--target", "play", "apply", "--yes", *permit).code == 0
    interrupted.change("active: true", "active: false")
    assert interrupted.run("--target", "play", "apply", "--yes").code == 0
    interrupted.change("active: false", "active: true")
    assert interrupted.run("--target", "play", "plan").code == 0


@pytest.mark.slow
def test_while_the_api_is_down_the_steps_by_hand_are_printed(interrupted: Folder) -> None:
    interrupted.run("emulator", "edit", "fault", "*", "error-500-before", "--times", "0")
    status = interrupted.run("--target", "play", "status")
    assert status.code == 1
    shown = interrupted.run("--target", "play", "recover")
    assert shown.code == 6
    for text in (status.err, shown.out):
        told = " ".join(text.split())
        assert "In SuperOffice Settings and maintenance, choose Sync, and the list of ERP connections: open 'Visma Norway' (#101)." in told
        assert "Clear its checkbox Active" in told
        assert "Set IntegerField to 12." in told
        assert "Check its checkbox Active." in told
        assert "confirm it with: reconciler --target play recover --accept-current" in told
    interrupted.run("emulator", "edit", "clear-faults")
    assert "by hand" not in interrupted.run("--target", "play", "recover").out
