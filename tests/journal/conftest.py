"""An empty journal, as a file and on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.journal.store import journal_path
from tests.journal.places import clear


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the journal of a test lies."""
    if request.param == "sqlite":
        yield str(journal_path(tmp_path))
        return
    address: str = request.getfixturevalue("postgres_address")
    clear(address)
    yield address
