"""One emulator per test, in memory, and a client for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.emulator import Emulator
from tests.emulator.api import Api


class VirtualClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.emulators: list[Emulator] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        for emulator in self.emulators:
            emulator.on_time_passes()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as made:
        yield made
        assert made.errors == []


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    made = Api(emulator)
    with contextlib.closing(made.http):
        yield made


@pytest.fixture
def connector(api: Api) -> int:
    return api.connector()


@pytest.fixture
def connection(api: Api, connector: int) -> int:
    """A connection whose fields were refreshed, inactive."""
    key = int(api.connection(connector)["ErpConnectionId"])
    assert api.refresh(key)
    return key
