"""The vendor's client is installed before the first test that needs it; where that fails, one clear message says what to do."""

from __future__ import annotations

import pytest

from tests.contract.vendor import NotInstalledError, installed


@pytest.fixture(scope="session", autouse=True)
def _vendors_client() -> None:
    try:
        installed()
    except NotInstalledError as error:
        pytest.fail(str(error), pytrace=False)
