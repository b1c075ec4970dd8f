"""The stage of a process, and whether everything is wanted."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage, stage

# Every signal and every disk error instead of a fixed sample.
WHOLE = os.environ.get("RECONCILER_FAULTS") == "all"


@pytest.fixture(scope="session", name="stage")
def the_stage() -> Iterator[Stage]:
    """The emulator, the journal and the plans of this process."""
    made = stage()
    yield made
    made.close()
    stage.cache_clear()
