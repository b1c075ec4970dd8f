"""docs/reference: pages that are written from the program itself, so that they cannot say something else.

`written` makes all of them; `python -m tests.pages` puts them in their places, and a test compares.
"""

from __future__ import annotations

from tests.pages.reference_commands import commands_page
from tests.pages.reference_rules import hazards_page, problems_page
from tests.pages.reference_schemas import schema_page

FOOT = "\nThis page is written by `make docs`; a change of it by hand is lost.\n"


def written() -> dict[str, str]:
    """Every generated page, by its path from the top of the checkout."""
    pages = {
        "commands": commands_page(),
        "connections": schema_page("connections", "connections.yaml"),
        "targets": schema_page("targets", "targets.yaml"),
        "policy": schema_page("policy", "policy.yaml"),
        "plan": schema_page("plan", "A saved plan"),
        "journal": schema_page("journal", "The journal"),
        "reports": schema_page("report", "What --format json says"),
        "hazards": hazards_page(),
        "problems": problems_page(),
    }
    return {f"docs/reference/{name}.md": text + FOOT for name, text in pages.items()}
