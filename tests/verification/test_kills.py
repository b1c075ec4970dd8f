"""A run that dies at any boundary, and a recovery that dies at any boundary, end as desired or as before.

`RECONCILER_KILLS=all` tries every boundary of every scenario with every choice; the gate tries a fixed sample.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable

import pytest

from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import Stage
from tests.verification.deaths import CHOICES
from tests.verification.kills import kill_and_recover, told, unsettled
from tests.verification.server_kills import KILLS, PART, on_server, random_deaths

WHOLE = os.environ.get("RECONCILER_KILLS") == "all"
STEP = 5 if WHOLE else 17  # a whole scenario takes several tests, so that none takes longer than a test may
SAMPLE = (("three", ""), ("create-back", ""), ("mappings", "forward"), ("tenant", "back"), ("url", "park"), ("onoff", "accept-current"))
PAIRS = (
    [(name, choice, part) for name in SCENARIOS for choice in CHOICES for part in range(STEP)] if WHOLE else [(*one, 0) for one in SAMPLE]
)
Record = Callable[[str, object], None]


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


def test_a_way_forward_that_leaves_a_unit_untouched_ends_with_5_and_one_that_reaches_all_of_the_plan_with_0(stage: Stage) -> None:
    boundaries = kill_and_recover(stage, "three", 0).passed
    for at in range(4, boundaries - 3, 9):
        death = kill_and_recover(stage, "three", at, choice="forward")
        assert death.codes == [0 if set(death.stands.values()) == {"desired"} else 5], told(death)
    assert kill_and_recover(stage, "three", 4, choice="forward").stands["connection/visma-no"] == "before"
    assert kill_and_recover(stage, "three", boundaries - 3, choice="forward").codes == [0]


@pytest.mark.parametrize("during", range(8, 18))
def test_a_way_back_that_dies_around_its_delete_of_a_creation_is_settled_by_the_next(stage: Stage, during: int) -> None:
    """It deleted a connector that the run had created, and the next recovery believed its outcome without a read."""
    death = kill_and_recover(stage, "fresh", 15, during=during)
    assert death.choices == ["back", "back"]
    assert not unsettled(death, ""), told(death)


@pytest.mark.parametrize("during", range(8, 18))
def test_who_chooses_forward_after_a_way_back_that_died_gets_one_connector_and_not_two(stage: Stage, during: int) -> None:
    death = kill_and_recover(stage, "fresh", 15, choice="back", during=during, then="forward")
    assert death.choices == ["back", "forward"]
    assert not unsettled(death, "forward"), told(death)


@pytest.mark.parametrize("at", [31, 36])
def test_a_creation_that_a_way_back_had_deleted_is_made_again_on_the_way_forward(stage: Stage, at: int) -> None:
    death = kill_and_recover(stage, "create-back", at, choice="forward")
    assert death.choices == ["forward"]
    assert not unsettled(death, "forward"), told(death)


@pytest.mark.postgres
@pytest.mark.parametrize("part", range(KILLS // PART) if WHOLE else [0])
def test_a_run_that_dies_at_a_random_boundary_is_settled_from_the_shared_journal(
    postgres_address: str, part: int, record_property: Record
) -> None:
    """`RECONCILER_KILLS=all` tries a thousand of them."""
    with on_server(postgres_address) as shared:
        deaths = list(random_deaths(shared, part, PART if WHOLE else 6))
    record_property("kills", len(deaths))
    assert any(len(death.choices) == 2 for death in deaths), "none of them died while it was recovered"
    assert not [told(death) for death in deaths if unsettled(death, "")]
