"""The events of a run, folded as they come."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.progress import Mark, Progress
from tests.report import journalled, samples


def played(count: int | None = None) -> tuple[Progress, str]:
    progress = Progress.of(samples.plan(samples.update(), samples.deletion()))
    text = "".join(progress.take(kind, body).text() for kind, body in journalled.bodies()[:count])
    return progress, text


def test_one_line_per_unit_and_one_for_what_goes_wrong() -> None:
    _, text = played()
    assert text == (
        "  rolling back  connection/visma-no  SuperOffice refused\n"
        "  1/2  back  update  connection/visma-no  as before; rolled back; was inactive for 2.3 s: "
        "SuperOffice refused: A mandatory field has no direction.\n"
        "  note  The clock of the tenant is 3 s behind.\n"
    )


def test_the_steps_are_ticked_off_as_they_are_proved() -> None:
    marks = [step.mark for step in played(8)[0].steps]
    assert marks == [Mark.DONE, Mark.DONE, Mark.DONE, Mark.RUNNING, *[Mark.WAITING] * 4]


def test_a_refused_step_is_marked_and_a_rollback_ticks_nothing_off() -> None:
    progress = played(len(journalled.bodies()) - 6)[0]
    assert progress.rolling_back
    assert [step.mark for step in progress.steps][5] is Mark.FAILED


def test_a_wait_for_a_late_request_is_counted_down() -> None:
    progress = played(20)[0]
    assert progress.inactive
    assert progress.settle_s == 120.0
    assert played(21)[0].settle_s is None
    assert not played(22)[0].inactive


def test_the_tests_are_kept_for_the_report() -> None:
    assert [(test.phase, test.passed) for test in played()[0].tests] == [("rehearse", True), ("candidate", True), ("test", True)]


def test_a_test_that_fails_is_told_at_once() -> None:
    progress = Progress.of(None)
    kind, body = journalled.verdict("candidate", False, 1.5, "no such file")
    assert progress.take(kind, body).text() == "  test  connection/visma-no  with the new configuration: failed (1.5 s): no such file\n"


SCALAR = st.none() | st.booleans() | st.integers() | st.text()
KINDS = sorted(
    {kind for kind, _ in journalled.bodies()}
    | {"recovery-opened", "noop", "bound", "activated", "no-such-kind", "take", "of", "at", "mark"}
)
KEYS = [
    "unit",
    "step",
    "act",
    "end",
    "outcome",
    "verdict",
    "phase",
    "address",
    "passed",
    "seen",
    "reason",
    "window_s",
    "text",
    "units",
    "kind",
]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), SCALAR | st.lists(SCALAR, max_size=2)))))
def test_no_event_stops_a_run(events: list[tuple[str, dict[str, Any]]]) -> None:
    progress = Progress.of(samples.plan(samples.update()))
    for kind, body in events:
        text = progress.take(kind, body).text()
        assert all(char.isprintable() for char in text.replace("\n", ""))
