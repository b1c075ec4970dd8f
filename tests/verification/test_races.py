"""A handful of the races of `races`; the layer `races` of the laboratory runs two hundred on each store."""

from __future__ import annotations

import pytest

from tests.verification.races import races

GATE = 5


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_of_two_that_apply_at_the_same_moment_exactly_one_writes(store: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue("postgres_address") if store == "postgres" else ""
    assert [(one.first, one.second, one.wrong) for one in races(store, GATE, address)] == [(7, 0, ())] * GATE
