"""HTML reports: one file, strict, without a script, readable on paper and to those who cannot see it."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from reconciler.report.document import Document
from reconciler.report.html import POLICY, html_text
from reconciler.report.html_style import STYLE
from reconciler.report.plan_document import plan_document
from reconciler.report.run_document import run_document, show_document
from tests.report import journalled, samples
from tests.report.golden import check
from tests.report.read_back import read_html
from tests.report.test_actors_text import PLAN as ACTORS
from tests.report.test_plan_text import FULL, NEXT
from tests.report.test_run_text import BACK, LEFT, OK, TESTS, report

DOCUMENTS = {
    "plan-full.html": plan_document(FULL, window_seconds={"connection/visma-no": 2.34}, next_steps=NEXT),
    "plan-actors.html": plan_document(ACTORS),
    "plan-nothing.html": plan_document(samples.plan()),
    "run-stopped-short.html": run_document(report(OK, BACK, LEFT, code=5, stopped="SuperOffice refused"), tests=TESTS),
    "show.html": show_document(journalled.view()),
}


@pytest.mark.parametrize(("name", "made"), DOCUMENTS.items())
def test_a_report_is_one_strict_page(name: str, made: Document) -> None:
    text = html_text(made)
    check(name, text.replace(STYLE, "@style@"))
    root = read_html(text)
    assert root.findtext("head/title") == "".join(piece.text for piece in made.title)


def test_nothing_can_be_loaded_or_run_and_the_sheet_is_the_only_one() -> None:
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in POLICY
    assert b64encode(sha256(STYLE.encode()).digest()).decode() in POLICY
    assert not re.search(r"url\(|@import|https?:", STYLE)
    assert not re.search(
        r"<(?:script|img|link|iframe|object|form)|\s(?:href|src|on\w+)=|https?://(?!connectors\.example\.com)",
        html_text(DOCUMENTS["plan-full.html"]),
    )


def test_the_sheet_knows_dark_screens_phones_and_paper() -> None:
    assert re.findall(r"@media \(?([\w-]+)", STYLE) == ["prefers-color-scheme", "max-width", "print"]


def colours(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", sheet))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("part", [0, 1, 2], ids=["light", "dark", "paper"])
def test_every_colour_of_text_can_be_read_on_what_it_stands_on(part: int) -> None:
    """At least 4.5 to 1, as WCAG 2.2 asks for at level AA (1.4.3)."""
    scheme = colours(re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[part])
    pairs = [
        ("text", "page"),
        ("faint", "page"),
        ("text", "soft"),
        *((tone, ground) for tone in ("good", "warning", "danger") for ground in ("page", f"{tone}-soft")),
    ]
    pairs += [("text", "danger-soft"), ("text", "warning-soft"), ("faint", "danger-soft"), ("faint", "warning-soft")]
    for ink, ground in pairs:
        light, dark = sorted((luminance(scheme[ink]), luminance(scheme[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
