"""What holds for any input: nothing but our own error comes out, and the meaning does not depend on how it is written."""

from __future__ import annotations

import contextlib
import functools
import json
import random
import re
import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import load_desired, load_target
from reconciler.desired.readings import is_text_everywhere
from reconciler.errors import InputError, UsageProblem
from reconciler.model import Desired
from tests.desired.cases import CASES

BRIEF = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

fragments = st.sampled_from(
    [
        *(
            "version: 1\n",
            "connections:\n",
            "connectors:\n",
            "  a:\n",
            "    config: ",
            "    scope: ",
            "    name: ",
            "    active: ",
            "targets:\n",
        ),
        *(
            "{",
            "}",
            "[",
            "]",
            ": ",
            ", ",
            "- ",
            "? ",
            "\n",
            "  ",
            "\t",
            "#",
            "&a ",
            "*a",
            "!x ",
            "<<: ",
            "---\n",
            "...\n",
            "%",
            "|\n",
            ">\n",
        ),
        *(
            '"',
            "'",
            "\\",
            "\\u0000",
            "~",
            "null",
            "true",
            "no",
            "0010",
            "secret: ",
            "env:A",
            "file:a",
            "en: ",
            "absent: true\n",
            "everyone",
        ),
        *("\ufeff", "\u202e", "\x00", "\x1b", "\r", "\r\n", "\u2028", "\x85", "é", "🙂", "groups: [a]", "kind: emulator"),
        *("mapping_sets:\n", "    uses: [a]\n", "    actors: ", "customer: ", "fields: ", "NAME: ", "default: ", "items: ", "crm: ''"),
        *("direction: both\n", "sync_priority: [a]\n", "automatic_sync: ", "interval: 5m\n"),
    ]
)
documents = st.lists(fragments | st.text(max_size=5), max_size=40).map("".join)


def outcome(path: Path) -> Desired | tuple[str, ...]:
    """Either the desired state or problems that each have a place in the file; any other end is a failure."""
    try:
        return load_desired([path])
    except InputError as error:
        problems = error.problems
    assert problems
    assert all(problem.source and problem.message for problem in problems)
    assert all(str(problem).isprintable() for problem in problems)
    return tuple(problem.code for problem in problems)


@BRIEF
@given(documents)
def test_any_text_is_loaded_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    outcome(path)


@BRIEF
@given(st.binary(max_size=200))
def test_any_bytes_are_loaded_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    outcome(path)


@BRIEF
@given(st.data())
def test_any_damage_to_a_case_is_loaded_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(sorted(CASES.glob("*/connections.yaml")))).read_bytes()
    start = data.draw(st.integers(0, max(len(original) - 1, 0)))
    length = data.draw(st.integers(0, 30))
    patch = data.draw(st.binary(max_size=8) | fragments.map(lambda text: text.encode("utf-8", "replace")))
    path = tmp_path / "a.yaml"
    path.write_bytes(original[:start] + patch + original[start + length :])
    outcome(path)


@BRIEF
@given(documents)
def test_any_targets_file_is_read_or_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "targets.yaml").write_text(text, encoding="utf-8", errors="replace", newline="")
    for name in (None, "a", "emulator"):
        with contextlib.suppress(InputError, UsageProblem):
            load_target(name, directory=tmp_path, environ={})


# --- sound documents -------------------------------------------------------------------------------------------------

keys = st.text(string.ascii_letters + string.digits + "-_ .æ/", min_size=1, max_size=8)
texts = st.text(string.ascii_letters + string.digits + " -_.:#{}[]&*!%@'æøå,", min_size=1, max_size=12)
values = texts | st.booleans() | st.integers(-1000, 1000)
references = st.fixed_dictionaries({"secret": st.sampled_from(["env:A", "env:B_1", "file:a/b"])}, optional={"version": st.integers(0, 9)})
names = texts | st.dictionaries(st.sampled_from(["en", "nb", "sv"]), texts, min_size=1)
scopes = st.just("everyone") | st.fixed_dictionaries({"groups": st.lists(texts, min_size=1, max_size=3, unique=True)})
plain_values = texts.filter(lambda text: len(text) < 200) | st.booleans() | st.integers(-1000, 1000)
defaults = plain_values | st.fixed_dictionaries({"value": plain_values}, optional={"ask": st.booleans(), "mandatory": st.booleans()})
items = st.dictionaries(keys, st.sampled_from(["", "%s/1", "%s/2"]), max_size=3).map(
    lambda listed: {key: name.replace("%s", key) for key, name in listed.items()}
)
directions = st.sampled_from(["to-crm", "to-erp", "both", "none"])
mapped = st.fixed_dictionaries({"crm": texts, "direction": directions}, optional={"items": items})
shown = st.fixed_dictionaries(
    {},
    optional={"show": st.lists(st.sampled_from(["erp-tab", "search"]), unique=True), "default": defaults | st.just({})},
)
fields = st.tuples(mapped | st.just({"crm": ""}) | st.just({}), shown).map(lambda both: {**both[0], **both[1]})
actor = st.fixed_dictionaries(
    {},
    optional={
        "sync": st.booleans(),
        "fields": st.dictionaries(st.sampled_from(["NAME", "1.10", "no", "a/b c", "🙂"]), fields, max_size=4),
        "rank": st.lists(texts, min_size=1, max_size=3, unique=True),
        "fields_not_listed": st.sampled_from(["leave", "report", "unmap"]),
    },
)
actors = st.dictionaries(st.sampled_from(["customer", "person"]), actor, max_size=2)
SETS = ("low", "middle", "high")
sets = st.fixed_dictionaries(dict.fromkeys(SETS, actors))
connections = st.fixed_dictionaries(
    {},
    optional={
        "description": names,
        "active": st.booleans(),
        "scope": scopes,
        "config": st.dictionaries(keys, values | references, max_size=4),
        "protect": st.booleans(),
        "actors": actors,
        "uses": st.lists(st.sampled_from(SETS), max_size=3, unique=True),
    },
)
engines = st.fixed_dictionaries({}, optional={"on": st.booleans(), "interval": st.sampled_from(["1s", "5m", "300s", "23h"])})
sound = st.fixed_dictionaries(
    {"version": st.just(1), "mapping_sets": sets},
    optional={"connections": st.dictionaries(keys, connections, max_size=4), "automatic_sync": engines},
)


class BlockDumper(yaml.SafeDumper):
    """Writes block form as a careful person does: quotes what another reader would take for something else."""


BlockDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_text_everywhere(text) else "'")
)


def laid(under: Any, over: Any, depth: int = 0) -> Any:
    """One set of actors over another, written down a second time: actors, fields, items and what stands in a field merge."""
    merged = dict(under)
    if depth == 3 and over.get("crm") == "":
        merged = {key: value for key, value in merged.items() if key not in ("direction", "items")}
    for key, value in over.items():
        inner = depth in (0, 2) or key in ("fields", "items")
        merged[key] = laid(merged[key], value, depth + 1) if inner and key in merged else value
    return merged


def shuffled(value: Any, seed: int) -> Any:
    if isinstance(value, dict):
        entries = [(key, shuffled(item, seed)) for key, item in value.items()]
        random.Random(seed).shuffle(entries)
        return dict(entries)
    return value


def load(path: Path, text: str) -> Desired:
    path.write_text(text, encoding="utf-8")
    return load_desired([path])


@BRIEF
@given(sound, st.integers(0, 9))
def test_the_digest_is_over_the_meaning(tmp_path: Path, document: Any, seed: int) -> None:
    """Flow or block form, any order of keys, comments: one digest."""
    flow = load(tmp_path / "a.yaml", json.dumps(document, ensure_ascii=False))
    block = yaml.dump(shuffled(document, seed), Dumper=BlockDumper, sort_keys=False, allow_unicode=True, width=1000)
    block = re.sub(r"\n", "\n# a comment\n", block)
    assert load(tmp_path / "b.yaml", block).digest == flow.digest


@BRIEF
@given(sound)
def test_a_file_over_itself_is_the_file(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "a.yaml"
    once = load(path, json.dumps(document, ensure_ascii=False))
    twice = load_desired([path, path])
    assert (twice.digest, twice.connections, twice.connectors) == (once.digest, once.connections, once.connectors)


@BRIEF
@given(sound)
def test_sets_written_out_by_hand_mean_the_same(tmp_path: Path, document: Any) -> None:
    by_hand = json.loads(json.dumps(document, ensure_ascii=False))
    for connection in by_hand.get("connections", {}).values():
        layers = [*(document["mapping_sets"][name] for name in connection.pop("uses", ())), connection.get("actors", {})]
        connection["actors"] = functools.reduce(laid, layers, {})
    del by_hand["mapping_sets"]
    assert (
        load(tmp_path / "a.yaml", json.dumps(document, ensure_ascii=False)).digest
        == load(tmp_path / "b.yaml", json.dumps(by_hand, ensure_ascii=False)).digest
    )


@BRIEF
@given(sound, sound)
def test_an_empty_overlay_changes_nothing_and_the_last_file_wins(tmp_path: Path, document: Any, other: Any) -> None:
    one, two, empty = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"
    alone = load(one, json.dumps(document, ensure_ascii=False))
    later = load(two, json.dumps(other, ensure_ascii=False))
    load(empty, "version: 1\n")
    assert load_desired([one, empty]).digest == alone.digest == load_desired([empty, one]).digest
    merged = load_desired([one, two])
    for key, connection in later.connections.items():
        for name, value in connection.config.items():
            assert merged.connections[key].config[name] == value


@BRIEF
@given(sound)
def test_every_value_can_be_found_where_it_is_said_to_be(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "a.yaml"
    desired = load(path, json.dumps(document, ensure_ascii=False, indent=1))
    lines = path.read_text(encoding="utf-8").split("\n")
    for connection in desired.connections.values():
        for name, value in connection.config.items():
            line = lines[value.source.line - 1]
            assert line[: value.source.column - 1].endswith(f"{json.dumps(name, ensure_ascii=False)}: ")


PATHOLOGICAL = [
    "a" * 50_000 + "!",
    "-" * 50_000,
    "1:" * 25_000,
    "1_" * 25_000 + ".",
    ". " * 25_000,
    "a." * 25_000 + "/",
    "*" * 50_000,
    " \t" * 25_000,
]


@pytest.mark.parametrize("text", PATHOLOGICAL, ids=lambda text: text[:4])
def test_no_pattern_takes_long(text: str) -> None:
    """Every expression of the package, on texts made to keep it busy."""
    import importlib
    import pkgutil
    import time

    import reconciler.desired

    modules = [importlib.import_module(f"reconciler.desired.{found.name}") for found in pkgutil.iter_modules(reconciler.desired.__path__)]
    patterns = [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]
    assert len(patterns) >= 10
    for pattern in patterns:
        started = time.process_time()
        pattern.fullmatch(text)
        pattern.search(text)
        assert time.process_time() - started < 0.25, pattern.pattern
