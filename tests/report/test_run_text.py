"""The run as a person reads it; the wording tells the same as the exit code."""

from __future__ import annotations

import pytest

from reconciler.model import End, RunReport, UnitEnd
from reconciler.report.invocation import Invocation
from reconciler.report.run_text import exit_sentence, run_page
from reconciler.report.tested import Tested, verdicts_text
from tests.report import samples
from tests.report.golden import check

HEAD = "9c1e" * 16
OK = UnitEnd(samples.VISMA, "update", End.AS_DESIRED, written=True, window_s=2.34, not_readable=("config.PasswordField",))
BACK = UnitEnd(
    samples.FORTNOX,
    "create",
    End.AS_BEFORE,
    reason='SuperOffice refused: ToggleActive: "A mandatory field has no direction."',
    rolled_back=True,
    written=True,
    residue=("a soft-deleted connection #7 that this run created",),
)
LEFT = UnitEnd(samples.OLD, "delete", End.UNTOUCHED, reason="an earlier unit stopped the run")
BAD = UnitEnd(samples.OLD, "delete", End.NEEDS_ATTENTION, reason="The outcome is unknown.", written=True, next_step="reconciler recover")
TESTS = (
    Tested("connection/visma-no", "connection/visma-no", "rehearse", False, 0.31, "wrong password"),
    Tested("connection/visma-no", "connection/visma-no", "candidate", True, 0.42),
    Tested("connection/visma-no", "connection/visma-no", "test", True, 1.2),
    Tested("connector/visma", "connection/other", "test", None, 30.0, "no answer"),
)


def report(*units: UnitEnd, code: int, stopped: str = "") -> RunReport:
    return RunReport("20261122-140000-7f3a", "prod", "3f2a" * 16, units, code, HEAD, 42.4, stopped)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("run-done.txt", report(OK, code=0)),
        ("run-stopped-short.txt", report(OK, BACK, LEFT, code=5, stopped="SuperOffice refused: ToggleActive")),
        ("run-attention.txt", report(OK, BAD, code=6)),
        ("run-nothing.txt", report(code=0)),
    ],
)
def test_a_run(name: str, made: RunReport) -> None:
    check(name, run_page(made, tests=TESTS, invocation=Invocation("prod", ("a.yaml",))).text())


def test_a_recovery() -> None:
    check("run-recovered.txt", run_page(report(OK, BACK, code=5), recovery="back").text())


def test_a_recovery_forward_that_leaves_something_of_the_plan_says_so_and_what_shows_it() -> None:
    short = run_page(report(OK, BACK, code=5), recovery="forward").text()
    assert "Settled, short of the plan:" in short
    assert "What is still to do" in short
    whole = run_page(report(OK, code=0), recovery="forward").text()
    assert "Done: every unit is as desired, proved by a read; the run is closed." in whole
    assert "still to do" not in whole


@pytest.mark.parametrize("code", [1, 3, 4, 7, 130, 143])
def test_a_code_that_says_nothing_was_written_is_told_so(code: int) -> None:
    assert "nothing was written" in exit_sentence(code)[0].casefold()


@pytest.mark.parametrize(("code", "proved"), [(0, True), (5, True), (6, False)])
def test_proof_is_claimed_only_where_the_code_claims_it(code: int, proved: bool) -> None:
    assert ("proved by a read" in exit_sentence(code)[0]) is proved


def test_only_attention_and_stopping_short_name_what_to_do() -> None:
    assert "reconciler recover" in run_page(report(BAD, code=6)).text()
    assert "reconciler recover" not in run_page(report(OK, code=0)).text()


def test_the_run_stopped_is_said_once() -> None:
    assert run_page(report(BACK, code=5, stopped=BACK.reason)).text().count("ToggleActive") == 1


def test_tests_in_one_sentence() -> None:
    assert verdicts_text(()) == ""
    assert verdicts_text(TESTS[:2]) == "tested as it was: failed (0.3 s), wrong password; with the new configuration: passed (0.4 s)"


def test_the_two_tests_of_a_new_connection_are_told_apart() -> None:
    """It is tested before its activation and after it; a test that failed at first and then passed is no activation."""
    made = UnitEnd(samples.FORTNOX, "create", End.AS_DESIRED, written=True)
    own = str(samples.FORTNOX)
    tests = [
        Tested(own, own, phase, passed, 0.3) for phase, passed in (("candidate", True), ("test", False), ("test", True), ("test", True))
    ]
    told = "with the new configuration: passed (0.3 s); as created, inactive: failed (0.3 s); as created, inactive: passed (0.3 s);"
    assert f"tested {told} after activation: passed (0.3 s)" in run_page(report(made, code=0), tests=tests).text()
    recovered = run_page(report(made, code=0), tests=tests[-1:], recovery="forward").text()
    assert "tested afterwards: passed" in recovered  # what came before is in another process
