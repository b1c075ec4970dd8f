"""The tables: whole pages."""

from __future__ import annotations

from reconciler.model import (
    Address,
    Desired,
    DesiredConnection,
    DesiredConnector,
    Marked,
    Plain,
    RunEnd,
    SecretRef,
    Source,
    Status,
    StatusRow,
    TestResult,
)
from reconciler.report.invocation import Invocation
from reconciler.report.lists_text import history_page, open_runs_page, status_page, valid_page, verdicts_page
from tests.report.golden import check

AT = Source("connections.yaml", 3, 1)
OPEN = RunEnd(
    "20261122-140000-7f3a",
    "2026-11-22T14:00:00+00:00",
    None,
    None,
    "d",
    "anna@build-7",
    {"connection/a": "needs-attention", "connection/b": "as-desired"},
)
DONE = RunEnd(
    "20261121-140000-7f3a",
    "2026-11-21T14:00:00+00:00",
    "2026-11-21T14:00:09+00:00",
    0,
    "d",
    "",
    {"connection/a": "as-desired", "connection/b": "as-desired"},
)
ROWS = (
    StatusRow(Address.connection("visma-no"), "Visma Norway", 7, True, "2026-11-22T13:00:00Z", "2026-11-22T13:30:00Z", True),
    StatusRow(
        Address.connection("visma-se"),
        "Visma Sverige åäö",
        8,
        False,
        None,
        "2026-11-22T13:30:00Z",
        False,
        "Left inactive by run 20261122-140000-7f3a.",
    ),
    StatusRow(None, "Old\u202e SAP", 9, None),
)


def test_status() -> None:
    status = Status("prod", ROWS, (OPEN,), ("reconciler recover",))
    check("status.txt", status_page(status, invocation=Invocation("prod")).text())
    assert status_page(Status("prod", ())).text() == "Status of prod: there are no connections.\n"


def test_verdicts() -> None:
    results = [
        (ROWS[0].address or "", TestResult(True, 0.42)),
        ("Old SAP", TestResult(False, 12.0)),
        ("#9", TestResult(None, 30.0, "no answer in 30 s")),
    ]
    check("tests.txt", verdicts_page("prod", results).text())
    assert verdicts_page("prod", []).text() == "Tests on prod: there is no connection to test.\n"


def test_history() -> None:
    check("history.txt", history_page("prod", [DONE, OPEN]).text())
    assert history_page("prod", []).text() == "History of prod: no runs.\n"


def test_open_runs_are_announced() -> None:
    assert open_runs_page([OPEN], invocation=Invocation("prod")).text() == (
        "Run 20261122-140000-7f3a, begun 2026-11-22 14:00:00 UTC by anna@build-7, is unfinished: connection/a.\n"
        "What is known, and the choices: reconciler --target prod recover\n"
    )
    assert open_runs_page([], invocation=Invocation()).text() == ""


def test_a_valid_file_is_told_with_what_it_holds() -> None:
    config: dict[str, Marked[Plain | SecretRef]] = {"Filename": Marked(Plain("x"), AT), "Password": Marked(SecretRef("env", "X"), AT)}
    desired = Desired(
        "en",
        {"visma": DesiredConnector("visma", AT)},
        {"a": DesiredConnection("a", AT, config=config), "b": DesiredConnection("b", AT)},
        files=(("connections.yaml", "d"), ("overlays/prod.yaml", "e")),
    )
    assert valid_page(desired, target="prod").text() == (
        "valid  connections.yaml, overlays/prod.yaml for target prod: 2 connections, 1 connector, 1 secret reference.\n"
    )
