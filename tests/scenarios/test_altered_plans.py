"""A plan that was altered after somebody looked at it: through the command it ends with 4, and the tenant hears nothing of it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.cli.entry import run
from reconciler.flow import planning
from reconciler.journal import planfile
from reconciler.plan.codec import canonical, digest_of
from tests.journal.children import posix_only
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


def other_plan(applied: Stage) -> bytes:
    """A sound plan of the same tenant that nobody looked at."""
    applied.change(("description: Company F0004", "description: Company F0666"))
    assert run(["--target", TARGET, "plan", "-o", "other.json"]) == 0
    return Path("other.json").read_bytes()


def test_a_plan_that_is_swapped_before_it_is_read_is_not_the_expected_one(applied: Stage, typed: Callable[..., tuple[int, int]]) -> None:
    path = Path("plan.json")
    digest = json.loads(path.read_bytes())["digest"]
    path.write_bytes(other_plan(applied))
    assert typed("--expect-digest", digest) == (4, 0)


@pytest.mark.parametrize("moment", ["read", "parsed", "loaded"])
def test_a_plan_that_is_swapped_once_it_is_read_runs_as_it_was_read(
    applied: Stage, typed: Callable[..., tuple[int, int]], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The bytes are read once, and these same bytes are checked and parsed: another plan under the name changes nothing."""
    path, other = Path("plan.json"), other_plan(applied)
    module, name = {"read": (planfile, "read_plan"), "parsed": (planning, "from_bytes"), "loaded": (flow, "load_plan")}[moment]
    act = getattr(module, name)
    swaps = []

    def swapped(*given: object, **options: object) -> object:
        found = act(*given, **options)
        path.unlink()
        path.write_bytes(other)
        swaps.append(moment)
        return found

    monkeypatch.setattr(module, name, swapped, raising=False)
    assert typed()[0] == 0
    assert swaps == [moment]
    assert "F0004" in applied.connection("Visma Norway")["DisplayDescription"]


@posix_only
def test_a_link_is_not_followed_and_nobody_is_asked(typed: Callable[..., tuple[int, int]]) -> None:
    Path("plan.json").rename("real.json")
    for leads_to in ("real.json", "nowhere.json", "plan.json"):
        Path("plan.json").symlink_to(leads_to)
        assert typed() == (4, 0), leads_to
        Path("plan.json").unlink()


def reforged(**members: str) -> None:
    """What somebody can do who writes the file: other members, and a digest that fits."""
    path = Path("plan.json")
    body = {**json.loads(path.read_bytes()), **members, "digest": ""}
    path.write_bytes(canonical({**body, "digest": digest_of(body)}) + b"\n")


@pytest.mark.parametrize(
    "members",
    [{"expires": "2025-12-31T00:00:00Z"}, {"target": "emulator"}, {"tool_version": "0.0.9"}],
    ids=["expired", "tenant", "version"],
)
def test_a_plan_that_is_not_for_now_or_not_for_here_sends_nothing(typed: Callable[..., tuple[int, int]], members: dict[str, str]) -> None:
    reforged(**members)
    assert typed() == (4, 0)
    assert typed("--target", TARGET) == (4, 0)


def test_an_expected_digest_of_another_plan_and_a_replay_send_nothing(typed: Callable[..., tuple[int, int]]) -> None:
    assert typed("--expect-digest", "0" * 64) == (4, 0)
    assert typed()[0] == 0
    assert typed() == (4, 0)
