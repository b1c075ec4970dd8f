"""The emulator's page shows the switches and faults that the code has."""

import os
from pathlib import Path

import pytest

from reconciler.emulator.page import faults_markdown, switches_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "emulator.md"
UPDATE = os.environ.get("RECONCILER_UPDATE_CASES") == "1"  # read before the house fixture removes it


@pytest.mark.parametrize(("name", "table"), [("switches", switches_markdown()), ("faults", faults_markdown())], ids=["switches", "faults"])
def test_the_table_is_the_code_s(name: str, table: str) -> None:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    shown, _, after = rest.partition(end)
    if UPDATE:
        PAGE.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}", encoding="utf-8")
        return
    assert shown.strip() == table


def test_every_switch_and_fault_is_explained() -> None:
    assert not [line for line in (switches_markdown() + "\n" + faults_markdown()).splitlines() if line.endswith("|  |")]
