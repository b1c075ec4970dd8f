"""What every test gets: the same environment on a laptop, under make and in CI, and reproducible property tests."""

import os

import hypothesis
import pytest

hypothesis.settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, database=None)
hypothesis.settings.load_profile("house")

FOREIGN = ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
OURS = "RECONCILER_"
KEPT = "RECONCILER_FAULTS"  # how much of the fault matrix to run


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove what would change the behaviour of a command; a test that needs a variable sets it."""
    for name in list(os.environ):
        if name in FOREIGN or (name.startswith(OURS) and name != KEPT):
            monkeypatch.delenv(name)
