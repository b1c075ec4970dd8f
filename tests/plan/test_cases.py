"""Plans as folders: the desired file, how the tenant came to be as it is, and what a person is then shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.plan.cases import Case, all_cases, stored

UPDATE = os.environ.get("RECONCILER_UPDATE_CASES") == "1"  # read before the house fixture removes it


def compare(golden: Path, text: str) -> None:
    if UPDATE:
        golden.write_bytes(text.encode())
    assert text == golden.read_bytes().decode()


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is as written down, and making it wrote nothing and needed no secret value."""
    monkeypatch.chdir(tmp_path)
    with case.staged(tmp_path) as stage:
        stage.environ.clear()
        stage.emulator.clear_calls()
        text, plan = case.told(stage)
        assert stage.writes == []
        assert [call for call in stage.calls() if call.operation.startswith("Test")] == []
    compare(case.folder / "plan.txt", text)
    if plan is not None and (case.folder / "plan.json").exists():
        compare(case.folder / "plan.json", stored(plan))
