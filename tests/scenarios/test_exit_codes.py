"""Exit codes tell the state of the target: each of them through the real command line, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator import Fault, FaultKind
from reconciler.journal.lease import acquire
from tests.scenarios.stage import CONNECTIONS, PASSWORD, TARGET, VISMA, Ended, RealClock, Stage, staged, truth

SHORT = "timeouts: {connect: 1s, read: 1s, connector: 1s, settle: 1s}"
CONFIG = ("IntegerField: 12", "IntegerField: 13")
TOGGLE = "ToggleErpConnectionActive"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Stage]:
    """Nothing applied yet; all processes share the machine's time."""
    with staged(tmp_path, clock=RealClock()) as stage:
        stage.write_targets(SHORT)
        yield stage


@pytest.fixture
def shell(fresh: Stage) -> Stage:
    """The file is applied."""
    assert fresh.apply().exit_code == 0
    fresh.emulator.clear_calls()
    return fresh


def typed(stage: Stage, *arguments: str, **environ: str) -> Ended:
    """Type a command for the target; whatever happens there is no traceback."""
    ended = stage.type("--target", TARGET, *arguments, **environ)
    assert "Traceback" not in ended.err
    return ended


def test_0_and_2_a_plan_and_an_apply(fresh: Stage) -> None:
    assert typed(fresh, "plan").code == 0
    assert typed(fresh, "plan", "--detailed-exitcode").code == 2
    assert typed(fresh, "apply", "--yes").code == 0
    assert typed(fresh, "plan", "--detailed-exitcode").code == 0
    fresh.emulator.clear_calls()
    assert typed(fresh, "apply").code == 0, "nothing to do needs no answer"
    assert fresh.writes == []


def test_0_a_saved_plan(shell: Stage) -> None:
    shell.change(CONFIG)
    made = typed(shell, "plan", "-o", "plan.json")
    digest = json.loads((shell.folder / "plan.json").read_text(encoding="utf-8"))["digest"]
    assert (made.code, digest in made.out) == (0, True)
    assert shell.type("apply", "plan.json", "--expect-digest", digest).code == 0


def test_1_bad_input_no_answer_no_secret_no_network(shell: Stage) -> None:
    shell.change(CONFIG)
    unanswered = typed(shell, "apply")
    assert (unanswered.code, "--yes" in unanswered.err) == (1, True)
    shell.environ.pop("VISMA_PASSWORD")
    secretless = typed(shell, "apply", "--yes")
    assert (secretless.code, "VISMA_PASSWORD" in secretless.err) == (1, True)
    assert typed(shell, "plan").code == 0
    shell.environ["VISMA_PASSWORD"] = PASSWORD
    shell.emulator.stop()
    assert typed(shell, "plan").code == 1
    shell.emulator.start()
    shell.change(("active: true", "active: perhaps"))
    for command in (["validate"], ["plan"], ["apply", "--yes"]):
        assert typed(shell, *command).code == 1
    assert shell.writes == []


def test_3_a_check_said_no(shell: Stage) -> None:
    before = truth(shell)
    shell.change(("Filename: F0003.xlsm", "Filename: none.xlsm"))
    barred = typed(shell, "plan", "--detailed-exitcode", "-o", "plan.json")
    assert (barred.code, "points-elsewhere=connection/norway" in barred.out) == (3, True)
    assert typed(shell, "apply", "--yes").code == 3
    assert shell.type("apply", "plan.json").code == 3
    candidate = typed(shell, "apply", "--yes", "--allow", "points-elsewhere=connection/norway")
    assert (candidate.code, "candidate" in candidate.err) == (3, True)
    shell.emulator.edit.connector_fails_tests(VISMA)
    assert typed(shell, "test").code == 3
    assert (shell.writes, truth(shell)) == ([], before)


def test_3_a_limit(shell: Stage) -> None:
    shell.write_targets(SHORT, "limits: {max_changed: 0}")
    shell.change(CONFIG)
    assert typed(shell, "apply", "--yes").code == 3
    assert typed(shell, "apply", "--yes", "--allow", f"limits=target/{TARGET}").code == 0


def test_4_a_plan_that_is_not_to_be_run(shell: Stage) -> None:
    """Altered, no plan at all, for another target, another digest, stale, used up."""
    shell.change(CONFIG)
    assert typed(shell, "plan", "-o", "plan.json").code == 0
    good = (shell.folder / "plan.json").read_text(encoding="utf-8")
    shell.write(good.replace('"IntegerField":13', '"IntegerField":14'), "altered.json")
    shell.write("{}", "other.json")
    assert shell.type("apply", "altered.json").code == 4
    assert shell.type("apply", "other.json").code == 4
    assert shell.type("apply", "plan.json", "--target", "emulator").code == 4
    assert shell.type("apply", "plan.json", "--expect-digest", "0" * 64).code == 4
    key = shell.connection("Visma Norway")["ErpConnectionId"]
    shell.emulator.edit.describe(key, "somebody was here")
    stale = shell.type("apply", "plan.json")
    assert (stale.code, "description" in stale.err, shell.writes) == (4, True, [])
    shell.emulator.edit.describe(key, "Company F0003")
    assert shell.type("apply", "plan.json").code == 0
    assert shell.type("apply", "plan.json").code == 4


def test_4_a_plan_that_has_expired(shell: Stage) -> None:
    shell.write_targets(SHORT, "plan_expires: 1s")
    shell.change(CONFIG)
    assert typed(shell, "plan", "-o", "plan.json").code == 0
    import time

    time.sleep(2.1)
    expired = shell.type("apply", "plan.json")
    assert (expired.code, "expired" in expired.err, shell.writes) == (4, True, [])


def test_5_and_3_a_failure_that_was_rolled_back_and_is_not_repeated(shell: Stage) -> None:
    before = truth(shell)
    shell.change(CONFIG)
    shell.emulator.faults.add(Fault(TOGGLE, FaultKind.REASONS_WITHOUT_FLIP, nth=2, reason="Some reason of the server."))
    failed = typed(shell, "apply", "--yes")
    assert (failed.code, "Some reason of the server." in failed.out) == (5, True)
    assert truth(shell) == before
    assert typed(shell, "apply", "--yes").code == 3
    assert typed(shell, "apply", "--yes", "--retry-failed").code == 0


@pytest.fixture
def unfinished(shell: Stage) -> Stage:
    """The toggle-on got no answer, and then nothing could be read."""
    shell.change(CONFIG)
    shell.emulator.before_call = lambda call: blind(shell) if call.operation == "UpdateConnectionFields" else None
    ended = typed(shell, "apply", "--yes")
    shell.emulator.before_call = None
    shell.emulator.faults.clear()
    assert (ended.code, f"reconciler --target {TARGET} recover" in ended.out) == (6, True)
    return shell


def blind(stage: Stage) -> None:
    stage.emulator.faults.add(Fault(TOGGLE, FaultKind.DROP_BEFORE, times=None))
    stage.emulator.faults.add(Fault("GetConnection", FaultKind.FORBIDDEN, times=None))


def test_6_and_5_an_open_run_is_recovered_back(unfinished: Stage) -> None:
    """Bare it shows and writes nothing; the next run is refused; back goes back, once."""
    unfinished.emulator.clear_calls()
    shown = typed(unfinished, "recover")
    assert (shown.code, "connection/norway" in shown.out) == (6, True)
    refused = typed(unfinished, "apply", "--yes")
    assert (refused.code, "recover" in refused.err) == (6, True)
    announced = typed(unfinished, "status")
    assert (announced.code, "recover" in announced.err) == (0, True)
    assert unfinished.writes == []
    back = typed(unfinished, "recover", "--back")
    row = unfinished.connection("Visma Norway")
    assert (back.code, row["Active"], row["ConfigFields"]["IntegerField"]) == (5, True, "[I:12]")
    unfinished.emulator.clear_calls()
    assert [typed(unfinished, "recover", *choice).code for choice in ([], ["--back"], ["--accept-current"])] == [0, 0, 0]
    assert unfinished.writes == []
    assert typed(unfinished, "plan", "--detailed-exitcode").code == 2


def test_6_and_0_an_open_run_is_accepted_as_it_is(unfinished: Stage) -> None:
    unfinished.emulator.clear_calls()
    assert typed(unfinished, "recover", "--accept-current").code == 0
    assert typed(unfinished, "recover", "--accept-current").code == 0
    assert unfinished.writes == []
    assert typed(unfinished, "apply", "--yes").code == 0
    assert unfinished.connection("Visma Norway")["Active"] is True


def test_7_somebody_else_may_write_now(shell: Stage) -> None:
    shell.change(CONFIG)
    with shell.session() as session:
        held = acquire(session.store(create=True), TARGET, "another-run", "anna", 600, shell.clock)
        refused = typed(shell, "apply", "--yes")
        held.release()
    assert (refused.code, "anna" in refused.err, shell.writes) == (7, True, [])
    assert typed(shell, "apply", "--yes").code == 0


def test_64_a_command_line_that_makes_no_sense(shell: Stage) -> None:
    """Nothing is read, so not even the tenant is asked."""
    shell.write(CONNECTIONS, "plan.json")
    for arguments in (
        ["aply"],
        ["plan", "--allow", "delete"],
        ["plan", "--allow", "no-such-hazard=connection/norway"],
        ["apply", "--expect-digest", "0" * 64],
        ["apply", "plan.json", "-f", "connections.yaml"],
        ["apply", "plan.json", "--allow", "delete=connection/norway"],
        ["apply", "--atomic", "--keep-going"],
        ["recover", "--forward"],
        ["--target", "nowhere", "plan"],
    ):
        ended = shell.type(*arguments)
        assert (ended.code, ended.out, "Traceback" in ended.err) == (64, "", False), (arguments, ended)
    assert shell.calls() == []
