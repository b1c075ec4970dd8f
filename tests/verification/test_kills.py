"""A run that dies at any boundary, and a recovery that dies at any boundary, end as desired or as before.

`RECONCILER_KILLS=all` tries every boundary of every scenario with every choice; the gate tries a fixed sample.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage, stage
from tests.verification.kills import Death, kill_and_recover

WHOLE = os.environ.get("RECONCILER_KILLS") == "all"
STEP = 5 if WHOLE else 17  # a whole scenario takes several tests, so that none takes longer than a test may
CHOICES = ("", "back", "forward", "accept-current", "park")  # the first one stands for what is recommended
SAMPLE = (("three", ""), ("create-back", ""), ("mappings", "forward"), ("tenant", "back"), ("url", "park"), ("onoff", "accept-current"))
PAIRS = (
    [(name, choice, part) for name in SCENARIOS for choice in CHOICES for part in range(STEP)] if WHOLE else [(*one, 0) for one in SAMPLE]
)
Record = Callable[[str, object], None]


@pytest.fixture(scope="module", name="stage")
def the_stage() -> Iterator[Stage]:
    made = stage()
    yield made
    made.close()
    stage.cache_clear()


def unsettled(death: Death, choice: str) -> bool:
    """Whether a death did not end as it should have.

    A creation that had been active is not deleted again: going back switches it off and leaves the rest to a person.
    """
    if (
        choice == "back"
        and death.codes[-1:] == [6]
        and any("had been active, so records may hang on it" in str(one) for one in death.violations)
    ):
        return False
    between = choice not in ("accept-current", "park") and not set(death.stands.values()) <= {"desired", "before"}
    return between or bool(death.violations)


def told(death: Death) -> str:
    return f"{death.scenario} at {death.at}: {death.choices} {death.codes} {death.stands} {[str(one) for one in death.violations]}"


@pytest.mark.parametrize(("name", "choice", "part"), PAIRS)
def test_a_run_that_dies_at_any_boundary_is_settled(stage: Stage, name: str, choice: str, part: int, record_property: Record) -> None:
    boundaries = kill_and_recover(stage, name, 0).passed
    assert boundaries > 10
    first = 1 + (part if WHOLE else zlib.crc32(f"{name} {choice}".encode()) % STEP)
    deaths = [kill_and_recover(stage, name, at, choice=choice) for at in range(first, boundaries + 1, STEP)]
    assert all(death.at for death in deaths)
    record_property("kills", len(deaths))
    assert not [told(death) for death in deaths if unsettled(death, choice)]


@pytest.mark.parametrize("name", list(SCENARIOS) if WHOLE else ["update-back", "fresh"])
def test_a_recovery_that_dies_at_any_boundary_is_settled_by_the_next(stage: Stage, name: str, record_property: Record) -> None:
    boundaries = kill_and_recover(stage, name, 0).passed
    deaths = []
    for at in range(boundaries // 3, boundaries + 1, max(1, boundaries // 4) if WHOLE else boundaries):
        during = 1 if WHOLE else 5
        while True:
            death = kill_and_recover(stage, name, at, during=during)
            deaths.append(death)
            if len(death.choices) < 2:
                break
            during += 1 if WHOLE else 13
    record_property("kills", len(deaths))
    assert any(len(death.choices) == 2 for death in deaths)
    assert not [told(death) for death in deaths if unsettled(death, "")]
