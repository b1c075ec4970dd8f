"""The stage of a process, for all that happens in the laboratory's tests."""

from __future__ import annotations

import pytest

from tests.faults.stage import Stage, stage


@pytest.fixture(scope="module", name="stage")
def the_stage() -> Stage:
    """The stage of this process, which the faults share."""
    return stage()
