"""The journal's schema says what the table asks for, and every event we write fits it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from reconciler.journal.events import Event, Kind
from reconciler.journal.transitions import LISTED_VALUES, TABLE
from reconciler.schemas import schema
from tests.journal.bodies import Account, good_run
from tests.journal.legal import legal_events

SCHEMA = schema("journal")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def as_json(event: Event) -> Any:
    return json.loads(json.dumps(dataclasses.asdict(event)))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_every_kind_and_only_those() -> None:
    assert set(SCHEMA["properties"]["kind"]["enum"]) == set(Kind)
    assert {rule["if"]["properties"]["kind"]["const"] for rule in SCHEMA["allOf"]} == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_schema_and_the_table_ask_for_the_same_members(kind: Kind) -> None:
    assert SCHEMA["$defs"][kind]["required"] == list(TABLE[kind].keys)


@pytest.mark.parametrize(("place", "values"), LISTED_VALUES.items())
def test_the_schema_and_the_table_list_the_same_values(place: tuple[Kind, str], values: frozenset[str]) -> None:
    kind, key = place
    found = SCHEMA["$defs"][kind]["properties"][key]
    listed = SCHEMA["$defs"]["end"] if "$ref" in found else found
    assert listed["enum"] == sorted(values)


@settings(max_examples=30, deadline=None)
@given(legal_events())
def test_every_event_fits(events: list[Event]) -> None:
    for event in events:
        VALIDATOR.validate(as_json(event))


@pytest.mark.parametrize("change", [{"seq": 0}, {"kind": "other"}, {"at": "yesterday"}, {"hash": ""}, {"body": {}}, {"more": 1}])
def test_what_is_no_event_does_not_fit(change: dict[str, Any]) -> None:
    event = as_json(good_run(Account()).events[0])
    assert list(VALIDATOR.iter_errors(event)) == []
    assert list(VALIDATOR.iter_errors({**event, **change})) != []
