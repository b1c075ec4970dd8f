"""The plan's schema says all that plans hold, in the code's own words, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.errors import InputError
from reconciler.model import ACTOR_TYPES, Act, Attribution, Grade, HazardName, PermitState, Ruling, UnitKind, Why
from reconciler.plan.codec import FORMAT, from_json, to_bytes, to_json
from reconciler.schemas import schema
from tests.plan.cases import CASES, Case
from tests.plan.worlds import World, worlds
from tests.scenarios.stage import Stage, staged

SCHEMA = schema("plan")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EVERYTHING = Path(__file__).resolve().parents[2] / "connections.yaml"
ENUMS: dict[tuple[str, str], type[StrEnum]] = {
    ("hazard", "name"): HazardName,
    ("hazard", "grade"): Grade,
    ("unit", "kind"): UnitKind,
    ("step", "act"): Act,
}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The file that uses everything, beside an empty tenant."""
    with staged(tmp_path_factory.mktemp("stage")) as stage:
        stage.environ |= {"FORTNOX_PASSWORD": "erp-password"}
        stage.write(EVERYTHING.read_text(encoding="utf-8"))
        yield stage


@pytest.fixture(scope="module")
def created(everything: Stage) -> Any:
    """The plan that creates all of it."""
    return json.loads(to_bytes(everything.plan()))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"]["const"] == FORMAT


@pytest.mark.parametrize("place", ENUMS)
def test_the_schema_and_the_code_list_the_same_values(place: tuple[str, str]) -> None:
    kind, member = place
    assert SCHEMA["$defs"][kind]["properties"][member]["enum"] == [one.value for one in ENUMS[place]]


def test_the_schema_and_the_code_list_the_same_reasons_and_actor_types() -> None:
    assert SCHEMA["$defs"]["why"]["enum"] == [one.value for one in Why]
    assert list(SCHEMA["$defs"]["attributes"]["properties"]["actors"]["patternProperties"]) == [f"^({'|'.join(ACTOR_TYPES)})$"]


def test_every_enum_is_one_of_the_code() -> None:
    """A list of values that no test above holds against the code would go stale unseen."""
    connections = schema("connections")["$defs"]["field"]["properties"]
    enums: list[type[StrEnum]] = [*ENUMS.values(), Why, Attribution, PermitState, Ruling]
    known = {tuple(one.value for one in enum) for enum in enums}
    known |= {tuple(sorted(connections["direction"]["enum"])), tuple(connections["show"]["items"]["enum"])}
    found = [part["enum"] for part in parts(SCHEMA) if "enum" in part]
    assert [one for one in found if tuple(one) not in known and tuple(sorted(one)) not in known] == [["$secret", "$hidden", "$float"]]


def test_every_member_is_described_and_no_other_one_allowed() -> None:
    for part in parts(SCHEMA):
        if "properties" in part:
            assert part["additionalProperties"] is False, part
            referred = {name: SCHEMA["$defs"].get(one.get("$ref", "").rpartition("/")[2], {}) for name, one in part["properties"].items()}
            assert [name for name, one in part["properties"].items() if not {**referred[name], **one}.get("description")] == []
    assert [name for name, one in SCHEMA["$defs"].items() if not one.get("description")] == []


def parts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from parts(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(worlds())
def test_every_plan_fits(world: World) -> None:
    try:
        plan = world.planned()
    except InputError:
        return
    VALIDATOR.validate(to_json(plan))


@pytest.mark.parametrize(
    "name",
    [
        "create",
        "delete-active",
        "known-elsewhere",
        "connector-url-elsewhere",
        "config-key-with-odd-characters",
        "silent-text-without-quotes",
    ],
)
def test_the_plan_of_a_case_fits(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = Case(CASES / name)
    with case.staged(tmp_path) as stage:
        VALIDATOR.validate(json.loads(to_bytes(case.planned(stage))))


def test_a_plan_that_uses_everything_fits(everything: Stage, created: Any) -> None:
    VALIDATOR.validate(created)
    assert everything.apply().exit_code == 0
    everything.change(
        ("direction: to-crm  ", "direction: both  "),
        ("B: Trade/Wholesale", '"B": ""'),
        ("IntField: {default: 30}", "IntField: {default: {}}"),
        ("rank: [NAME, CustNo, CustGr]", "rank: [CustGr, NAME]"),
        ("interval: 5m", "interval: 6m"),
        ("DoubleField: 12.5", "DoubleField: 12.25"),
    )
    changed = json.loads(to_bytes(everything.plan()))
    VALIDATOR.validate(changed)
    assert {one["act"] for unit in changed["units"] for one in unit["steps"]} >= {"map", "items", "default", "rank", "interval", "save"}


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member of every object of a plan."""
    listed = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in listed:
        if isinstance(key, str):
            yield (*path, key)
        yield from places(value, (*path, key))


def test_what_the_reader_needs_the_schema_requires(created: Any) -> None:
    """Whatever is taken out of a plan: the schema refuses it, or it can still be read back."""
    created = {**created, "units": [unit for unit in created["units"] if unit["address"] == "connection/fortnox-se"]}
    kinds = {tuple("*" if isinstance(key, int) else key for key in path): path for path in places(created)}
    for path in kinds.values():
        body = json.loads(json.dumps(created))
        parent = body
        for key in path[:-1]:
            parent = parent[key]
        del parent[path[-1]]
        if VALIDATOR.is_valid(body):
            from_json(body)


@pytest.mark.parametrize("change", [{"format": "reconciler/plan/v2"}, {"more": 1}, {"digest": "x"}, {"created": "today"}, {"units": [{}]}])
def test_what_is_no_plan_does_not_fit(created: Any, change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({**created, **change})
