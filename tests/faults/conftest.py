"""The stage of a process, and the page that is written when the whole matrix was run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.matrix import Result, page
from tests.faults.stage import Stage, stage

WHOLE = os.environ.get("RECONCILER_FAULTS") == "all"
PROPERTY = "faults"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


@pytest.fixture(scope="session", name="stage")
def the_stage() -> Iterator[Stage]:
    """The emulator, the journal and the plans of this process."""
    made = stage()
    yield made
    made.close()
    stage.cache_clear()


class Collected:
    """The results of all workers, as their tests report them."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.figures: dict[str, int] = {}
        self.begun = time.monotonic()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call":
            for name, value in report.user_properties:
                if name == PROPERTY:
                    self.results += [Result.from_json(one) for one in json.loads(value)]
                elif name.startswith(f"{PROPERTY}:"):
                    key = name.partition(":")[2]
                    self.figures[key] = self.figures.get(key, 0) + int(value)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.results:
            return
        seconds = time.monotonic() - self.begun
        bad = [one for one in self.results if one.violations]
        terminalreporter.write_line(f"\nfaults: {len(self.results)} runs, {len(bad)} with violations, {seconds:.0f} s")
        if WHOLE:
            DOCS.parent.mkdir(exist_ok=True)
            DOCS.write_text(page(self.results, self.figures), encoding="utf-8")
            terminalreporter.write_line(f"written: {DOCS}")


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the process that the others report to."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collected(), "faults-collected")
