"""docs/reference says what the program says."""

import re

import pytest

from reconciler.cli.commands import COMMANDS
from reconciler.model import HazardName
from tests.pages.pages import ROOT
from tests.pages.reference import written

PAGES = written()


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_as_the_program_is_now(page: str) -> None:
    stale = not (ROOT / page).exists() or (ROOT / page).read_text("utf-8") != PAGES[page]
    assert not stale, f"{page} is not as the program is now. Type: make docs"


def test_every_command_and_every_hazard_has_its_entry() -> None:
    commands, hazards = PAGES["docs/reference/commands.md"], PAGES["docs/reference/hazards.md"]
    assert [name for name in COMMANDS if f"\n## {name}\n" not in commands] == []
    assert [name.value for name in HazardName if f"| `{name.value}` |" not in hazards] == []


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for page, text in PAGES.items():
        wide = 0
        for line in text.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (wide and cells and cells != wide), f"{page}: {line}"
            wide = cells
