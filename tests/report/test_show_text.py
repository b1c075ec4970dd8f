"""One run as a timeline, and what is left of one that was cut short at any point."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.model import Address, RecoverUnit
from reconciler.report.invocation import Invocation
from reconciler.report.json import json_text
from reconciler.report.recover_text import recover_page
from reconciler.report.show_json import show_object
from reconciler.report.show_text import show_page
from tests.report import journalled
from tests.report.golden import check

LENGTH = len(journalled.bodies())


def test_a_run_from_its_first_event_to_its_last() -> None:
    check("show.txt", show_page(journalled.view()).text())


@pytest.mark.parametrize("count", range(1, LENGTH))
def test_a_run_that_was_cut_short_shows_what_is_known_and_what_to_type(count: int) -> None:
    view = journalled.view(count)
    text = show_page(view, invocation=Invocation("prod"), width=80).text()
    assert "This run is unfinished" in text
    assert "reconciler --target prod recover" in text
    json.loads(json_text(show_object(view)))


def test_a_write_without_an_answer_says_so() -> None:
    count = next(number for number, (kind, _) in enumerate(journalled.bodies(), 1) if kind == "intent")
    assert "the process ended before an answer was recorded" in show_page(journalled.view(count)).text()


def test_neither_form_shows_what_is_sealed() -> None:
    view = journalled.view()
    for text in (show_page(view).text(), json_text(show_object(view))):
        assert "SEALED" not in text
        assert "FINGERPRINT" not in text


def test_the_choices_of_a_recovery() -> None:
    unit = RecoverUnit(
        "20261122-140000-7f3a",
        Address.connection("visma-no"),
        ("ToggleActive (deactivate): acknowledged; a read then showed what it asked for.", "SaveConnection (save): no answer came."),
        "It is inactive: users do not see its ERP tab, and nothing synchronises.",
        "back",
        "Going back restores what was found before this run, and tests it.",
    )
    check("recover.txt", recover_page("prod", [unit], invocation=Invocation("prod")).text())
    why = "the connector no longer reports this mapped field"
    refused = replace(unit, known=("It was active.", f"Refused: customer NAME: {why}; customer CustGr: {why}."))
    assert recover_page("prod", [refused]).text().count(why) == 1
    assert recover_page("prod", []).text() == "Recovery on prod: no run is unfinished; there is nothing to settle.\n"
