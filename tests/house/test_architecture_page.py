"""The architecture page shows what the code does."""

from pathlib import Path

from reconciler.journal.transitions import transitions_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def test_the_table_of_transitions_is_the_code_s() -> None:
    begin, end = "<!-- transitions: begin -->", "<!-- transitions: end -->"
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition(begin)[2].partition(end)[0].strip() == transitions_markdown().strip()


def test_every_package_of_the_code_has_its_row() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (PAGE.parents[1] / "reconciler").glob("*/__init__.py")}
    assert {room for room in rooms if f"`{room}`" not in text} == set()
