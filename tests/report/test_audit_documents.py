"""What an auditor reads holds whatever names, reasons and answers the journal holds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from reconciler.audit.account import Account, Review
from reconciler.audit.flags import Flag, FlagKind
from reconciler.audit.period import Period
from reconciler.audit.population import population_of
from reconciler.journal.chain import Break
from reconciler.journal.store import Checked
from reconciler.report.document import Document
from reconciler.report.document_text import document_page
from reconciler.report.exceptions_document import exceptions_document
from reconciler.report.html import html_text
from reconciler.report.markdown import markdown_text
from reconciler.report.population_document import population_document
from reconciler.report.told_run import told_run
from tests.report import hostile, journalled
from tests.report.read_back import expected_markdown, hidden, orders, read_html, read_markdown, same_blocks

SOUND = Checked(12, "ab" * 32)
UNSOUND = replace(SOUND, broken=Break(13, "Event 13 was changed: its content does not match its hash."))


def flags(chance: random.Random) -> list[Flag]:
    review = Review(9, hostile.text(chance), ("x",), "", {}, hostile.text(chance), hostile.text(chance))
    return [
        Flag(f"{kind.value}@{number}", kind, "2026-11-22T14:00:00Z", hostile.text(chance), hostile.text(chance), hostile.text(chance),
             review=review if number % 2 else None)
        for number, kind in enumerate(FlagKind)
    ]  # fmt: skip


def documents(seed: int) -> list[Document]:
    chance = random.Random(seed)
    view = journalled.view()
    text = [hostile.text(chance) for _ in range(12)]
    view.opening = {
        **view.opening,
        "actor": {"user": text[0], "host": text[1], "principal": text[2], "identity": {"sub": text[3], "iss": text[4]},
                  "approval": {"verified": bool(seed % 2), "reviewer": text[5], "at": text[6], "forge": text[7], "attested": text[8]}},
        "why": {"ticket": text[9], "reason": text[10], "class": text[11]},
        "controls": {text[0] or "x": {"digest": text[1], "says": {text[2]: [text[3]]}}},
        "break_glass": {"reason": text[4], "passed": [text[5]]} if seed % 3 else None,
    }  # fmt: skip
    view.notes = [text[6]]
    found = flags(chance)
    account = Account("prod", (view,), events=12)
    return [
        told_run(view, found, SOUND),
        exceptions_document("prod", found, UNSOUND if seed % 4 == 1 else SOUND, period=text[0], reads=1),
        population_document("prod", population_of(account, Period(words=text[1])), found, SOUND),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_every_document_is_what_was_meant_in_every_format(seed: int) -> None:
    for document in documents(seed):
        marked = markdown_text(document)
        same_blocks(read_markdown(marked), expected_markdown(document))
        page = html_text(document)
        read_html(page)
        for text in (marked, page, document_page(document).text(), document_page(document, width=60).text()):
            assert (hidden(text), orders(text)) == ([], [])


def test_a_run_that_was_rolled_back_says_what_proved_that() -> None:
    text = document_page(told_run(journalled.view(), [], SOUND)).text()
    assert "proved that it is as it was found" in text
    assert "It was rolled back:" in text
    assert "Nothing was sent for it." in text


@pytest.mark.parametrize("count", range(1, len(journalled.bodies()) + 1))
def test_what_a_crash_left_is_told(count: int) -> None:
    told = document_page(told_run(journalled.view(count), [], SOUND)).text()
    assert ("This run is unfinished" in told) is journalled.view(count).unfinished
