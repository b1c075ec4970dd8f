"""Markdown for a comment: what it says, that it always fits, and that the risk is never what gives way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model import Address, HazardName, Plan
from reconciler.report.document import Document, Paragraph, Piece, Tone, words
from reconciler.report.markdown import LIMIT, markdown_text, marker
from reconciler.report.plan_document import plan_document
from reconciler.report.run_document import run_document, show_document
from tests.report import journalled, samples
from tests.report.golden import check
from tests.report.read_back import expected_markdown, read_markdown, same_blocks
from tests.report.test_actors_text import PLAN as ACTORS
from tests.report.test_plan_text import FULL, NEXT
from tests.report.test_run_text import BACK, LEFT, OK, TESTS, report


def document(made: Plan) -> Document:
    return plan_document(made, window_seconds={"connection/visma-no": 2.34}, next_steps=NEXT)


def test_a_plan_with_everything_in_it() -> None:
    text = markdown_text(document(FULL))
    check("plan-full.md", text)
    assert text.splitlines()[0] == "<!-- reconciler:plan target=prod -->"
    assert text.splitlines()[2].startswith("## Plan for `prod`: ")


def test_mappings_have_the_arrows_of_the_dialog() -> None:
    text = markdown_text(plan_document(ACTORS))
    check("plan-actors.md", text)
    assert "- CustGr > BUSINESS\n+ CustGr < > BUSINESS\n" in text


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("run-stopped-short.md", run_document(report(OK, BACK, LEFT, code=5, stopped="SuperOffice refused: ToggleActive"), tests=TESTS)),
        ("show.md", show_document(journalled.view())),
    ],
)
def test_runs(name: str, made: Document) -> None:
    text = markdown_text(made)
    check(name, text)
    same_blocks(read_markdown(text), expected_markdown(made))


def many(units: int, hazards: int) -> Plan:
    listed = [replace(samples.update(), address=Address.connection(f"c-{number:05}")) for number in range(units)]
    risks = [samples.barrier(HazardName.DELETE, Address.connection(f"c-{number:05}"), "It is deleted. " * 20) for number in range(hazards)]
    return samples.plan(*listed, hazards=(*risks, *[samples.STARTS] * hazards))


@pytest.mark.parametrize(("units", "hazards"), [(40, 5), (300, 50), (1_000, 150), (2_000, 2_000), (20, 20_000)])
def test_a_plan_that_is_too_long_loses_detail_and_never_its_risk(units: int, hazards: int) -> None:
    made = many(units, hazards)
    text = markdown_text(document(made))
    assert len(text.encode()) <= LIMIT
    blocks = read_markdown(text)
    assert blocks[3] == ("p", f"{hazards:,} barriers stand in the way. Nothing of this plan is applied until each is permitted.")
    sort, items = blocks[4]
    assert sort == "ul"
    told = sum(int(item.split(":")[1].split()[0].replace(",", "")) if item.startswith("And ") else 1 for item in items)
    assert told == hazards
    assert sum(1 for item in items if item.startswith("delete connection/c-")) >= min(hazards, 20)
    assert ("left out here" in text) == (units > 20)
    assert "3f2a" * 16 in text


def test_what_fits_is_all_there() -> None:
    assert "left out" not in markdown_text(document(many(3, 3)))


def test_the_marker_tells_targets_and_commands_apart_and_cannot_be_closed() -> None:
    made = {marker(Document(kind, target, (), ())) for kind in ("plan", "drift") for target in ("prod", "test", "-->x", "a b")}
    assert len(made) == 8
    assert all(one.count("-->") == 1 for one in made)


@pytest.mark.parametrize("text", ["1. one", "- two", "+ x", "=== y", "> q", "# h", "/close", ": d", "12) z", "    code", "***", "| a |"])
def test_a_sentence_that_starts_like_markdown_is_a_sentence(text: str) -> None:
    made = Document("plan", "prod", (words("x"),), (Paragraph((Piece(text),)), Paragraph((Piece(text),), Tone.DANGER)))
    assert [block[0] for block in read_markdown(markdown_text(made))] == ["html", "h2", "p", "p"]
    assert "\n/" not in markdown_text(made)
