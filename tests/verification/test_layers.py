"""A fixed sample of the layers that work in their own way; `make verify` runs all of them."""

from __future__ import annotations

import os
import random

import pytest

from reconciler.wire import languages
from tests.faults.matrix import operations
from tests.faults.stage import Stage
from tests.verification import fuzz, images, model
from tests.verification.catalogue import ALL, MORE, every_batch
from tests.verification.edits import CROSSED, EDITED, EDITS, EditCase, crossed_batches, crossed_cases
from tests.verification.figures import gather, page
from tests.verification.results import outcome

SEED = 20261122
CROSSES = 4

# Where an edit was once lost, or an end was claimed that was not true: one before a call of each of these kinds.
ONCE_WRONG = (
    EditCase("edits", "metadata", "toggle", 11),  # the rollback switched on what somebody had switched off, and this run never had
    EditCase("edits", "update", "toggle", 19),  # the same after an activation that a read had proved
    EditCase("edits", "delete", "rename", 5),  # a connection that was changed since the plan was checked was deleted
    EditCase("edits", "map", "direction", 17),  # a mapping that was read as somebody else's was saved over
    EditCase("edits", "map", "item", 27),  # the way back put a list item back that somebody had changed
    EditCase("edits", "mappings", "default", 15),  # a default that was read as somebody else's was saved over
    EditCase("edits", "tenant", "order", 3),  # the rest of a stale plan was applied before the order was looked at
    EditCase("edits", "mappings-back", "order", 52),  # the way back put an order back that somebody had changed
)


@pytest.mark.slow
@pytest.mark.parametrize("case", ONCE_WRONG, ids=str)
def test_what_somebody_else_wrote_is_kept_and_told(stage: Stage, case: EditCase) -> None:
    trial, made = case.run(stage)
    assert made
    assert trial.first.code in (4, 6)
    assert [str(one) for one in trial.violations] == []


def test_what_somebody_changes_before_the_final_read_is_not_claimed(stage: Stage) -> None:
    """Every write was proved by then, and the connection passed its test."""
    trial, made = EditCase("edits", "update", "owned", len(operations(stage, "update"))).run(stage)
    assert made
    assert trial.operation == "GetConnection"
    assert trial.first.code == 6
    assert [str(one) for one in trial.violations] == []


@pytest.mark.slow
def test_a_fixed_sample_of_edits_meets_faults(stage: Stage) -> None:
    chooser = random.Random(f"{SEED} crossed")
    found, bad = list(crossed_batches(stage)), []
    for _ in range(CROSSES):
        case = chooser.choice(list(crossed_cases(stage, chooser.choice(found))))
        trial, made = case.run(stage)
        bad += [] if made else [f"{case} made no edit"]
        bad += [f"{case} -> {trial.first.code}: {violation}" for violation in trial.violations]
    assert not bad, "\n".join(bad)


def test_every_edit_of_the_catalogue_of_faults_is_there() -> None:
    everywhere = {"toggle", "delete", "rename", "twin", "cursor"}  # H01, H04, H05, H06, H07
    names = {plan: {name for one, name in EDITS if one == plan} for plan in EDITED}
    of = {plan: {edit.of for _, edit in EDITS.items() if edit in EDITED[plan][1]} for plan in EDITED}
    connections = [plan for plan in EDITED if of[plan] == {"connections"}]
    assert set(EDITED) - set(connections) == {"tenant", "url", "url-back", "connectors"}
    assert all(names[plan] >= everywhere for plan in connections)
    assert all(names[plan] & {"owned", "direction"} for plan in connections if plan != "delete")  # H02
    assert all(names[plan] & {"unowned", "describe"} for plan in connections)  # H03
    assert names["tenant"] == {"interval", "order"}
    assert all(names[plan] == {"rename", "url", "delete"} for plan in ("url", "url-back", "connectors"))
    assert set(CROSSED) <= set(EDITED)


# --- the journal ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def traced() -> images.Recorded:
    if not images.is_traceable() and not os.environ.get("CI"):
        pytest.skip("no process can be traced here: strace is missing or not allowed")
    return images.record()


@pytest.mark.slow
def test_a_journal_survives_a_crash_at_a_sample_of_moments(traced: images.Recorded) -> None:
    chooser = random.Random(SEED)
    wrong = []
    for moment in chooser.sample(range(len(traced.acts) + 1), 60):
        for how, files, said in chooser.sample(list(images.images_at(traced, moment, chooser)), 1):
            wrong += [f"{moment}, {how}: {text}" for text in [images.judge_image(traced, files, said)] if text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_a_damaged_journal_is_refused_or_found_out(traced: images.Recorded) -> None:
    chooser = random.Random(SEED)
    wrong = []
    for how, files in (images.damage(traced, chooser) for _ in range(40)):
        wrong += [f"{how}: {text}" for text in [images.judge_damaged(traced, files)] if text]
    assert not wrong, "\n".join(wrong)


def test_a_journal_that_was_never_synced_would_be_found_out(traced: images.Recorded) -> None:
    """The judge is not blind: without its syncs the same writer loses what it acknowledged."""
    careless = images.Recorded(tuple(act for act in traced.acts if act.kind != "sync"), traced.events, traced.whole)
    found = [
        images.judge_image(careless, files, said) for _, files, said in images.images_at(careless, len(traced.acts) // 2, random.Random(0))
    ]
    assert any("were acknowledged" in text for text in found)


# --- the decoders --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz.DECODERS)
def test_a_decoder_raises_nothing_but_our_errors(stage: Stage, name: str) -> None:
    del stage
    decoder, chooser = fuzz.DECODERS[name], random.Random(f"{SEED} {name}")
    seeds = decoder.seeds()
    assert not any(fuzz.feed(name, seed) for seed in seeds)
    assert any(fuzz.takes(name, seed) for seed in seeds), "no seed is valid, so that nothing behind the first check is reached"
    for _ in range(12 if name.startswith(("files/", "plans/")) else 40):
        assert not fuzz.feed(name, fuzz.mutate(chooser, chooser.choice(seeds), structured=decoder.structured))


def test_a_decoder_that_breaks_a_rule_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(raw: bytes) -> object:
        raise languages.LanguageError(f"cannot read {raw!r}") if fuzz.CANARY.encode() in raw else KeyError("x")

    monkeypatch.setitem(fuzz.DECODERS, "values/careless", fuzz.Decoder(careless, lambda: (b"",), secret=True))
    assert "KeyError" in fuzz.feed("values/careless", b"a")
    assert "shows the canary" in fuzz.feed("values/careless", fuzz.CANARY.encode())


# --- the model -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", ["alone", "crashed", "edited"])
def test_the_protocol_keeps_the_promise_in_every_state(budget: str) -> None:
    faults, crashes, edits = model.BUDGETS[budget]
    states, violations = model.explore(model.Rules(), faults=faults, crashes=crashes, edits=edits)
    assert states > 300
    assert violations == []


@pytest.mark.parametrize("bug", model.BUGS)
def test_a_protocol_that_is_wrong_breaks_the_promise(bug: str) -> None:
    faults, crashes, edits = model.BUDGETS["edited"]
    assert model.explore(model.BUGS[bug], faults=faults, crashes=crashes, edits=edits)[1]


# --- what is published ---------------------------------------------------------------------------------------------------


def test_the_layers_are_counted_and_published(stage: Stage) -> None:
    assert set(MORE) < set(ALL)
    assert {batch.layer for batch in every_batch(stage, ("model", "fuzz"))} == {"model", "fuzz"}
    entry = {
        "batch": "model/whole/protocol/0",
        "commit": "abc",
        "seconds": 1.0,
        "results": [outcome("model", "x", ["exit 0, and it is off"], states=1234)],
    }
    found = gather(stage, [entry])
    assert found["model"].as_json()["figures"] == {"states": 1234}
    assert "1,234 states" in page(found, {}, {})
    assert "model: x -> None: exit 0, and it is off" in page(found, {}, {})
