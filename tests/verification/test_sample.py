"""A fixed sample of every layer, and the laboratory's own habits. `make verify` runs everything."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.checker import _settle
from tests.faults.matrix import Cell
from tests.faults.stage import Harm, Stage
from tests.faults.trial import attempt
from tests.verification.campaign import perform, remember
from tests.verification.edits import EditCase
from tests.verification.figures import gather, page
from tests.verification.layers import LAYERS, Case, batches, cases
from tests.verification.plans import PLANS

SEED = 20261122
SHARE = {"singles": 15, "outages": 9, "persistent": 9, "recoveries": 9, "pairs": 9}


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_a_fixed_sample_of_each_layer_holds(stage: Stage, layer: str) -> None:
    chooser = random.Random(f"{SEED} {layer}")
    found = list(batches(stage, (layer,)))
    chosen: list[Case] = []
    while len(chosen) < SHARE[layer]:
        there = list(cases(stage, chooser.choice(found)))
        chosen += chooser.sample(there, min(3, len(there)))
    results = perform(stage, chosen[: SHARE[layer]])
    bad = [f"{one['case']} -> {one['code']}: {one['violations']}" for one in results if one["violations"] or not one["hit"]]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("plan", PLANS)
def test_without_faults_every_plan_of_one_kind_is_right(stage: Stage, plan: str) -> None:
    trial = attempt(stage, plan)
    assert (trial.first.code, trial.violations) == (0, [])


def test_a_line_that_a_stop_cut_off_is_not_a_finished_batch(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    whole = {"batch": "singles/update/late/0", "seconds": 1.0, "results": []}
    log.write_text(json.dumps(whole) + "\n" + json.dumps(whole)[:30], encoding="utf-8")
    assert list(remember(log)) == ["singles/update/late/0"]


def test_a_violation_is_counted_and_shown(stage: Stage) -> None:
    one = {"case": "singles: update/late/3", "cells": [["update", "late", 3, 1]], "hit": True, "operation": "SaveConnection"}
    entry = {
        "batch": "singles/update/late/0",
        "commit": "abc",
        "seconds": 1.0,
        "results": [{**one, "code": 0, "ends": [], "after": [5], "violations": ["code: no"]}],
    }
    found = gather(stage, [entry])
    assert (found["singles"].runs, found["singles"].commands, found["singles"].violations) == (1, 2, 1)
    assert "**1 runs, 1 with a violation**" in page(found, {}, {})
    assert "singles: update/late/3 -> 0: code: no" in page(found, {}, {})


def test_one_stale_read_after_an_unknown_toggle_does_not_flip_it_back(stage: Stage) -> None:
    """The answer said nothing, the toggle had flipped, and the first read after the settling still showed it as before."""
    trial = attempt(stage, "update", Harm("null-body", 1, 1, "ToggleErpConnectionActive"), Harm("stale-read", 12, 1))
    toggles = [call for call in trial.first.calls if call.operation == "ToggleErpConnectionActive"]
    assert trial.violations == []
    assert trial.first.fired == 2
    assert len(toggles) == 2, "one off and one on"


def test_a_refusal_that_switched_it_off_all_the_same_and_was_confirmed_by_a_stale_read_ends_loudly(stage: Stage) -> None:
    """Nobody can tell it from what somebody else did: it is told with 6 until a person accepts it."""
    trial = attempt(stage, "update", Harm("reasons-with-flip", 11, 1), Harm("stale-read", 12, 1))
    assert ([account.code for account in (trial.first, *trial.then)], trial.violations) == ([6, 6, 6, 0], [])


def test_after_a_refusal_that_surely_did_nothing_one_look_is_enough(stage: Stage) -> None:
    """The toggle was refused with 429 and sent again after a read, which was older than the save before it: nobody could tell."""
    trial = attempt(stage, "update", Harm("too-many", 17, 1), Harm("stale-read", 18, 1))
    assert (trial.first.code, trial.first.fired, trial.violations) == (0, 2, [])


def test_the_checker_takes_no_stale_read_for_a_look_at_what_had_its_effect(stage: Stage) -> None:
    trial = attempt(stage, "update", Harm("too-many", 17, 1), Harm("stale-read", 18, 1))
    refused = next(call for call in trial.first.calls if call.status == 429)
    flipped = [replace(call, effect=True) if call is refused else call for call in trial.first.calls]
    assert "look" in {one.rule for one in _settle(replace(trial.first, calls=flipped))}


LOST_ON_THE_WAY_BACK = 22
"""The call of `update-back` that switches the connection off for the rollback."""


@pytest.mark.parametrize(("lost", "ends"), [("drop-before", 6), ("too-many", 5)])
def test_one_stale_read_is_no_proof_that_a_lost_toggle_had_its_effect(stage: Stage, lost: str, ends: int) -> None:
    """The toggle of a rollback did nothing, and the first read after it is from before the run, so that it shows what was wanted.

    After an unknown outcome it could as well have had its effect, and somebody took it back: then nothing is sent on a guess.
    """
    trial = attempt(stage, "update-back", Harm(lost, LOST_ON_THE_WAY_BACK), Harm("stale-read", LOST_ON_THE_WAY_BACK + 1))
    assert trial.operation == "ToggleErpConnectionActive"
    assert (trial.first.fired, trial.first.code, trial.violations) == (2, ends, [])


def test_who_takes_back_a_change_of_unknown_outcome_is_not_overruled(stage: Stage) -> None:
    """The answer to the activation was lost, a read showed it, and then somebody switched the connection off."""
    place = 25
    trial, made = EditCase("crossed", "map", "toggle", place + 2, Cell("map", "drop-after", place, 1)).run(stage)
    lost = trial.first.calls[place - 1]
    assert (made, lost.operation, lost.effect, lost.active_after) == (True, "ToggleErpConnectionActive", True, True)
    assert (trial.first.code, trial.violations) == (6, [])
    assert [call.operation for call in trial.first.calls[place:] if call.writes] == []


def test_a_rollback_looks_again_before_it_toggles_after_what_takes_its_time(stage: Stage) -> None:
    """While the order was put back, somebody switched the connection off: it stays off, and a person decides."""
    trial, made = EditCase("edits", "mappings-back", "toggle", 60).run(stage)
    after = [call for call in trial.first.calls[60:] if call.operation == "ToggleErpConnectionActive"]
    assert (made, trial.first.code, after, trial.violations) == (True, 6, [], [])


def test_reads_that_go_on_contradicting_each_other_leave_the_outcome_in_doubt(stage: Stage) -> None:
    """Every second read after the lost toggle is stale: nothing more is sent, the run stays open, and `recover` settles it."""
    stale = [Harm("stale-read", LOST_ON_THE_WAY_BACK + place) for place in (1, 3, 5)]
    trial = attempt(stage, "update-back", Harm("drop-before", LOST_ON_THE_WAY_BACK), *stale)
    assert (trial.first.fired, trial.first.code, trial.violations) == (4, 6, [])
    assert [call.operation for call in trial.first.calls][LOST_ON_THE_WAY_BACK:] == ["GetConnection"] * 5
    assert [account.code for account in trial.then] == [6, 5]
