"""A fixed few of what the layers `chaos`, `clocks` and `machine` try in full."""

from __future__ import annotations

import pytest

from tests.faults.matrix import operations
from tests.faults.stage import Stage
from tests.verification.chaos import attempt_spoiled, behind_a_proxy
from tests.verification.clocks import Jump, attempt_jump, recover_after_jump
from tests.verification.machine import play
from tests.verification.plans import enter
from tests.verification.proxy import WAYS

enter()


@pytest.mark.slow
def test_an_exchange_that_is_spoiled_on_the_wire_ends_as_it_is_told() -> None:
    """Every way, at a toggle, and at the read after the last write; `make verify` spoils every call of six plans."""
    bad, codes = [], set()
    with behind_a_proxy() as proxied:
        writes = [place for place, (_, writes) in enumerate(operations(proxied, "update"), 1) if writes]
        for place in (writes[0], writes[-1] + 1):
            for way in WAYS:
                trial, hit = attempt_spoiled(proxied, "update", way, place)
                codes.add(trial.first.code)
                bad += [] if hit else [f"{way} at {place} hit nothing"]
                bad += [f"{way} at {place} -> {trial.first.code}: {violation}" for violation in trial.violations]
    assert not bad, "\n".join(bad)
    assert 0 in codes
    assert codes != {0}


@pytest.mark.parametrize(("hours", "place", "code"), [(-26.0, 12, 5), (26.0, 1, 7), (26.0, 12, 6), (1.0, 20, 6)])
def test_a_wall_clock_that_is_set_in_a_run_costs_at_most_the_right_to_write(stage: Stage, hours: float, place: int, code: int) -> None:
    """Back, it costs nothing; forward, the lease is over by the journal's clock, and nothing more is sent."""
    trial, jumped = attempt_jump(stage, Jump("update-back", hours, place))
    assert jumped
    assert (trial.first.code, [str(one) for one in trial.violations]) == (code, [])


@pytest.mark.parametrize("hours", [-26.0, 26.0])
def test_a_wall_clock_that_is_set_between_a_death_and_its_recovery_changes_nothing(stage: Stage, hours: float) -> None:
    assert [wrong for at in (18, 30, 44) for wrong in recover_after_jump(stage, "update", hours, at)] == []


@pytest.mark.slow
def test_games_of_edits_faults_deaths_and_recoveries_follow_the_reference() -> None:
    play(20261122, examples=5, steps=15)
