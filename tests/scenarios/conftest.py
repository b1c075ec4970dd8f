"""The stages on which scenarios are played."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.stage import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A fresh tenant and a file that nobody has applied yet."""
    with staged(tmp_path) as made:
        yield made


@pytest.fixture
def applied(stage: Stage) -> Stage:
    """The same after a first apply, with its calls forgotten."""
    report = stage.apply()
    assert report.exit_code == 0, report
    stage.emulator.clear_calls()
    return stage
