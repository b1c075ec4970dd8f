"""A pytest plugin that plants one mistake for the whole of a process: the one named in `PLANTED`, of `seeded.SEEDED`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.seeded import SEEDED


@pytest.fixture(autouse=True)
def _planted() -> Iterator[None]:
    """The mistake, for as long as a test runs."""
    with pytest.MonkeyPatch.context() as patch:
        if name := os.environ.get("PLANTED"):
            SEEDED[name].plant(patch)
        yield
