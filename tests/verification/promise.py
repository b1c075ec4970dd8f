"""Every sentence of the promise in README.md, with the rules of the checker, the layers and the tests that hold it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PROMISE", "Sentence"]


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes:
        text: as it stands in README.md, in one line.
        rules: of `tests/faults/checker.py`; each run of the layers is judged by all of them.
        layers: that try to break it.
        tests: that show it on one example each, as pytest names them.
    """

    text: str
    rules: tuple[str, ...]
    layers: tuple[str, ...]
    tests: tuple[str, ...]


PROMISE = (
    Sentence(
        "Every unit of a plan ends in exactly one of: as desired, as before, untouched, or *needs attention* with the precise state, the "
        "reason and the command that resumes.",
        ("ends", "code", "next", "strangers", "leftovers"),
        ("singles", "outages", "persistent", "pairs", "edits", "crossed", "chaos"),
        (
            "tests/scenarios/test_stopping.py::test_after_the_first_failure_the_rest_stays_untouched",
            "tests/scenarios/test_stopping.py::test_a_change_that_breaks_the_connection_only_afterwards_is_rolled_back",
            "tests/cli/test_recover.py::test_the_way_back",
        ),
    ),
    Sentence(
        "The first three are reported only when a read made after the last write proved them.",
        ("look", "settle", "honest", "plan"),
        ("singles", "pairs", "edits", "crossed"),
        (
            "tests/verification/test_layers.py::test_what_somebody_changes_before_the_final_read_is_not_claimed",
            "tests/scenarios/test_connections.py::test_a_creation_that_had_no_effect_is_sent_again_after_a_read_proved_it",
        ),
    ),
    Sentence(
        "A toggle whose outcome is unknown is never re-sent on a guess.",
        ("toggles", "settle", "intents", "bounded"),
        ("singles", "pairs", "crossed", "kills", "syscalls", "model"),
        (
            "tests/verification/test_sample.py::test_one_stale_read_after_an_unknown_toggle_does_not_flip_it_back",
            "tests/verification/test_sample.py::test_one_stale_read_is_no_proof_that_a_lost_toggle_had_its_effect",
            "tests/verification/test_sample.py::test_who_takes_back_a_change_of_unknown_outcome_is_not_overruled",
            "tests/verification/test_sample.py::test_reads_that_go_on_contradicting_each_other_leave_the_outcome_in_doubt",
        ),
    ),
    Sentence(
        "A connection that was active is never left inactive against the plan without a non-zero exit code, a loud line and an open journal.",
        ("loud", "works", "code"),
        ("singles", "outages", "persistent", "pairs", "recoveries", "edits"),
        (
            "tests/scenarios/test_stopping.py::test_an_open_run_refuses_the_next_one",
            "tests/cli/test_recover.py::test_while_the_api_is_down_the_steps_by_hand_are_printed",
            "tests/verification/test_processes.py::test_a_second_signal_stops_at_once_and_leaves_the_rest_to_recover",
        ),
    ),
    Sentence(
        "Killing the process at any instruction leaves a journal from which `recover` reaches one of these ends.",
        ("recovery", "chain", "intents"),
        ("kills", "between", "syscalls", "server-kills", "images", "machine"),
        (
            "tests/verification/test_kills.py::test_a_run_that_dies_at_any_boundary_is_settled",
            "tests/verification/test_kills.py::test_a_recovery_that_dies_at_any_boundary_is_settled_by_the_next",
            "tests/verification/test_recoveries.py::test_what_somebody_edits_between_a_death_and_its_recovery_stands_whatever_is_chosen",
            "tests/verification/test_processes.py::test_a_process_that_is_killed_at_a_system_call_is_settled",
            "tests/verification/test_layers.py::test_a_journal_survives_a_crash_at_a_sample_of_moments",
        ),
    ),
)
