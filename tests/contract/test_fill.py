"""The tenant to take over is what it is said to be, and only SuperOffice's own client made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator import Emulator
from reconciler.emulator.operations import OPERATIONS
from tests.contract import fill

pytestmark = pytest.mark.xdist_group("fill")  # one worker runs this module, so that the tenant is filled once


@pytest.fixture(scope="module")
def filled() -> Iterator[Emulator]:
    with Emulator() as made:
        fill.fill(made)
        yield made


def living(filled: Emulator, name: str) -> dict[str, Any]:
    (found,) = (row for row in filled.inspect.connections(deleted=False) if row["DisplayName"] == name)
    return found


def test_nobody_else_wrote(filled: Emulator) -> None:
    assert {call.operation for call in filled.calls} <= set(OPERATIONS)
    assert {call.status for call in filled.calls} <= {200, 204}
    assert {(entry.by, entry.table) for entry in filled.history if entry.by != "call"} == {("edit", "ConnectorDefinition")}


def test_names_repeat_among_the_living_and_the_dead(filled: Emulator) -> None:
    names = Counter((row["DisplayName"], row["Deleted"]) for row in filled.inspect.connections())
    assert names[fill.TWINS, False] == 2
    assert names[fill.TWINS, True] == names[fill.NORWAY, True] == names[fill.NORWAY, False] == names[fill.QUOTED, False] == 1
    connectors = Counter((row["DisplayName"], row["Deleted"]) for row in filled.inspect.connectors())
    assert connectors["Fortnox", False] == connectors["Fortnox", True] == 1


def test_keys_and_texts_that_yaml_would_bend_are_stored_as_they_are(filled: Emulator) -> None:
    norway = living(filled, fill.NORWAY)
    fields = norway["Actors"]["Customer"]["Fields"]
    assert set(fill.FIELDS) <= set(fields)
    assert list(fields)[:3] == ["NAME", "Pay terms/days", "CustGr"]
    assert set(fields["CustGr"]["Items"]) == {"01", "1", "no", "null", "1.10"}
    defaults = {key: field["FirstSyncDefaultValue"] for key, field in fields.items()}
    assert (defaults["no"], defaults["1.10"], defaults["CustGr"]) == ("null", "1.10", "1.10")
    assert defaults["a: b # c"] == " 'no' \"yes\" 🚀 "
    assert norway["ConfigFields"]["TextField"] == "0012"


def test_everything_that_can_be_set_is_set_somewhere(filled: Emulator) -> None:
    rows = filled.inspect.connections(deleted=False)
    assert {(row["Active"], row["AllAccess"]) for row in rows} == {(True, True), (True, False), (False, False)}
    fields = [field for row in rows for actor in row["Actors"].values() for field in actor["Fields"].values()]
    directions = {(field["SyncToCrm"], field["SyncToErp"]) for field in fields if field["CrmFieldKey"]}
    assert directions == {(False, False), (True, False), (False, True), (True, True)}
    for flag in ("ShowInGui", "ShowInSearch", "HasFirstSyncDefaultValue", "PromptUser"):
        assert {field[flag] for field in fields} == {True, False}
    engine = filled.inspect.engine()
    assert (engine["SyncRunning"], engine["SyncInterval"]) == (True, 5400)
    assert [filled.inspect.connection(key)["DisplayName"] if key else "SuperOffice" for key in engine["Order"]] == [
        fill.QUOTED,
        "SuperOffice",
        fill.NORWAY,
        fill.TWINS,
        fill.TWINS,
    ]
