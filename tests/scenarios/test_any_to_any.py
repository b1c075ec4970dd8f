"""From any file to any other file: applied over real HTTP, then nothing is left to do and the tenant holds what was written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenarios.stage import SPARE, VISMA, Stage, staged

KEYS = ("a", "b", "c")
ENCODED = {"IntegerField": lambda value: f"[I:{value}]", "CheckboxField": lambda value: f"[I:{int(value)}]"}


@st.composite
def connections(draw: st.DrawFn) -> dict[str, Any]:
    """What a file may say of one connection that exists or is to exist."""
    name = draw(st.sampled_from(["plain", {"en": "English"}, {"en": "English", "nb": "Norsk"}, {"sv": "Svenska", "nb": "Norsk"}]))
    others = {"IntegerField": st.integers(-1, 1), "CheckboxField": st.booleans(), "TextField": st.sampled_from(["", "0012", "ø;\\"])}
    config = {
        "Filename": draw(st.sampled_from(["F0001.xlsm", "F0002.xlsm", "F0003.xlsm"])),
        "PasswordField": {"secret": "env:VISMA_PASSWORD", "version": draw(st.integers(1, 2))},
        **draw(st.fixed_dictionaries({}, optional=others)),
    }
    written: dict[str, Any] = {
        "name": name,
        "connector": draw(st.sampled_from(["one", "one", "two"])),
        "scope": draw(st.sampled_from(["everyone", {"groups": ["Sales"], "users": []}, {"groups": ["Support", "#2"], "users": ["ANNA"]}])),
        "config": config,
    }
    more = {"active": st.booleans(), "description": st.sampled_from(["", "text", {"en": "text"}])}
    return {**written, **draw(st.fixed_dictionaries({}, optional=more))}


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """A whole file; each connection is there, to be absent, or not mentioned."""
    made: dict[str, Any] = {}
    for key in KEYS:
        kind = draw(st.sampled_from(["there", "there", "there", "absent", "unmentioned"]))
        if kind == "absent":
            made[key] = {"absent": True}
        elif kind == "there":
            made[key] = named(key, draw(connections()))
    made = made or {"a": named("a", draw(connections()))}
    url = {"one": draw(st.sampled_from([VISMA, SPARE])), "two": VISMA}
    connectors = {key: {"name": f"Connector {key}", "url": url[key]} for key in url}
    return {"version": 1, "connectors": connectors, "connections": made}


def named(key: str, connection: dict[str, Any]) -> dict[str, Any]:
    """Names differ between connections, so that nothing is ambiguous."""
    name = connection["name"]
    connection["name"] = f"{key} {name}" if isinstance(name, str) else {code: f"{key} {text}" for code, text in name.items()}
    return connection


def permitted(stage: Stage) -> list[str]:
    return [hazard.permission for hazard in stage.plan().stopping]


def holds(stage: Stage, file: dict[str, Any]) -> None:
    """The tenant, as it is really stored, has what the file says."""
    for key, written in file["connections"].items():
        if written.get("absent"):
            continue
        name = written["name"] if isinstance(written["name"], str) else next(iter(written["name"].values()))
        row = stage.connection(name)
        assert row["DisplayName"].startswith(key) or f'"{key} ' in row["DisplayName"]
        for field, value in written["config"].items():
            wanted = "winter-2026" if field == "PasswordField" else ENCODED.get(field, str)(value)
            assert row["ConfigFields"][field] == wanted
        assert stage.emulator.inspect.remembered_by_connector(row["ErpConnectionId"]) == row["ConfigFields"]
        assert row["AllAccess"] is (written["scope"] == "everyone")
        if "active" in written:
            assert row["Active"] is written["active"]


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(files(), min_size=2, max_size=2))
def test_any_file_can_follow_any_other(story: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        for file in story:
            stage.write(json.dumps(file))
            stage.emulator.clear_calls()
            report = stage.apply(*permitted(stage))
            assert report.exit_code == 0, report
            again = stage.plan()
            assert (again.units, again.not_checked) == ((), ())
            holds(stage, file)
            toggled = [call.request["ErpConnectionId"] for call in stage.calls("ToggleErpConnectionActive")]
            assert all(toggled.count(one) <= 2 for one in toggled)
