"""A tenant with one connection that says something about everything below it, and another one that says nothing yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mappings.workbench import Document, Workbench

VISMA = "https://connectors.example.com/visma/ErpConnectorWS.svc"
SPARE = "https://spare.example.com/visma/ErpConnectorWS.svc"


def connection(name: str, filename: str, **more: Any) -> Document:
    """An active connection for everyone."""
    config = {"Filename": filename, "PasswordField": {"secret": "env:VISMA_PASSWORD", "version": 1}}
    return {"name": name, "connector": "visma", "active": True, "scope": "everyone", "config": config, **more}


def norway() -> Document:
    """One connection with everything below it."""
    fields = {
        "NAME": {"crm": "NAME", "direction": "both", "show": ["erp-tab"]},
        "CustGr": {"crm": "BUSINESS", "direction": "to-crm", "items": {"A": "Retail", "B": "IT"}, "default": {"value": "A", "ask": True}},
        "IntField": {"default": {"value": 30}},
        "POSTALZIP": {"crm": "POSTALZIP", "direction": "to-erp"},
    }
    return {
        "version": 1,
        "language": "en",
        "connectors": {"visma": {"name": "Visma Business", "url": VISMA}},
        "connections": {
            "norway": connection(
                "Visma Norway", "F0001.xlsm", actors={"customer": {"sync": True, "fields": fields, "rank": ["CustGr", "NAME"]}}
            )
        },
    }


@pytest.fixture
def bench() -> Iterator[Workbench]:
    """An empty tenant."""
    made = Workbench()
    yield made
    errors = made.emulator.errors
    made.close()
    assert errors == []


@pytest.fixture
def wanted(bench: Workbench) -> Document:
    """The document, applied."""
    document = norway()
    report = bench.apply(bench.plan(document))
    assert report.exit_code == 0, report
    assert bench.plan(document).units == ()
    bench.emulator.clear_calls()
    return document


def customer(document: Document, name: str = "norway") -> Document:
    """The fields that a document writes of the customers of one connection."""
    fields: Document = document["connections"][name]["actors"]["customer"]["fields"]
    return fields
