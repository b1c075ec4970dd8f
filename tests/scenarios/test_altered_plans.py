"""A plan that was altered after somebody looked at it: through the command it ends with 4, and the tenant hears nothing of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.cli.entry import run
from tests.scenarios.stage import TARGET, Stage

CHANGE = ("description: Company F0003", "description: Company F0004")


@pytest.fixture
def typed(applied: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, int]]:
    """A plan in `plan.json`; what types `apply` for it and returns the exit code and how many calls the tenant got."""
    applied.change(CHANGE)
    monkeypatch.chdir(applied.folder)
    for name, value in applied.environ.items():
        monkeypatch.setenv(name, value)
    assert run(["--target", TARGET, "plan", "-o", "plan.json"]) == 0

    def apply(*arguments: str) -> tuple[int, int]:
        applied.emulator.clear_calls()
        code = run(["apply", "plan.json", *arguments])
        capsys.readouterr()
        return code, len(applied.calls())

    return apply


def test_one_altered_byte_anywhere_ends_with_4_and_no_request(applied: Stage, typed: Callable[..., tuple[int, int]]) -> None:
    """Fifty places through the command, spread over the whole file; tests/plan/test_saved.py alters every one in process."""
    path = Path("plan.json")
    raw = path.read_bytes()
    chance = random.Random(5)
    places = sorted({0, len(raw) - 1, *(number * len(raw) // 48 for number in range(48))})
    assert len(places) >= 49
    for place in places:
        path.write_bytes(raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(7))]) + raw[place + 1 :])
        assert typed() == (4, 0), place
    for cut in (b"", raw[: len(raw) // 2], raw + b"\n", raw[:-1]):
        path.write_bytes(cut)
        assert typed() == (4, 0)
    path.write_bytes(raw)
    assert typed()[0] == 0


def test_a_plan_that_is_swapped_after_it_was_read_runs_as_it_was_read(
    applied: Stage, typed: Callable[..., tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are read once, and these same bytes are checked and parsed: another file under the name changes nothing."""
    path = Path("plan.json")
    read = flow.load_plan

    def swapped(name: Path, **options: str | None) -> object:
        plan = read(name, **options)
        path.write_bytes(b"{}")
        return plan

    monkeypatch.setattr(flow, "load_plan", swapped, raising=False)
    assert typed()[0] == 0
    assert "F0004" in applied.connection("Visma Norway")["DisplayDescription"]


def test_a_link_is_not_followed_and_nobody_is_asked(typed: Callable[..., tuple[int, int]]) -> None:
    Path("plan.json").rename("real.json")
    Path("plan.json").symlink_to("real.json")
    assert typed() == (1, 0)  # it cannot be read, so nobody knows whether it is a plan


def test_an_expected_digest_of_another_plan_and_a_replay_send_nothing(typed: Callable[..., tuple[int, int]]) -> None:
    assert typed("--expect-digest", "0" * 64) == (4, 0)
    assert typed()[0] == 0
    code, _ = typed()
    assert code == 4
